"""Where compiled kernels are kept when neither the package's folder nor the user's cache can be written."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def provide_kernel_cache() -> None:
    """Name a folder for numba's cache where it would find none and refuse to compile; call it before numba is imported.

    Numba keeps what it compiled beside the sources, else below ``XDG_CACHE_HOME`` or ``~/.cache``. On a read-only
    installation without a home that leaves a folder of the user's own below the temporary one.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    package = Path(__file__).parent / "solvers"
    users = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    if os.access(package, os.W_OK) or _can_be_made(users):
        return
    folder = Path(tempfile.gettempdir()) / f"adjointdesign-kernels-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        # Compiled code is loaded from there: a folder that somebody else made or can write is not to be trusted.
        mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    except FileExistsError:
        mine = False
    os.environ["NUMBA_CACHE_DIR"] = str(folder) if mine else tempfile.mkdtemp(prefix="adjointdesign-kernels-")


def _can_be_made(folder: Path) -> bool:
    """Whether the folder, or the nearest one above it that exists, can be written."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)
