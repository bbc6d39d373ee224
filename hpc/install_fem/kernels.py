"""Compiled kernels, kept for every environment of the same user with the same packages on the same kind of machine."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
from pathlib import Path

from .cache import cache_folder


def share_kernels(python: Path, wheels: dict[str, str]) -> None:
    """Lead the folder in which Firedrake keeps what it compiled, ``.cache`` of its environment, to a shared one.

    Compiling the forms of a problem takes longer than solving it. What is compiled depends on the form and on the
    packages between it and the machine, all of which name the shared folder. A ``.cache`` that is there already stays.

    Parameters
    ----------
    python : Path
        The interpreter that runs this, with everything installed.
    wheels : dict
        Keys of the wheels, from `cache.keys`: they change with the machine.
    """
    own = python.parents[1] / ".cache"
    if own.exists() and not own.is_symlink():
        return
    content = json.dumps([wheels, _requirements("firedrake")], sort_keys=True)
    shared = cache_folder().parent / "kernels" / hashlib.sha256(content.encode()).hexdigest()[:16]
    shared.mkdir(parents=True, exist_ok=True)
    own.unlink(missing_ok=True)
    own.symlink_to(shared, target_is_directory=True)


def _requirements(name: str, found: dict[str, str] | None = None) -> dict[str, str]:
    """Versions of a package and of all that it needs, as far as they are installed."""
    found = {} if found is None else found
    name = re.sub(r"[-_.]+", "-", name).lower()
    if name in found:
        return found
    try:
        distribution = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return found
    found[name] = distribution.version
    for requirement in distribution.requires or ():
        # What only an extra needs takes no part in compiling.
        if not re.search(r"\bextra\s*==", requirement):
            _requirements(re.match(r"[\w.-]+", requirement)[0], found)
    return found
