"""Where compiled kernels are kept: by their content in the user's cache, for all copies of the package, or where there is room."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from adjointdesign.errors import InputError

KEPT = 4
"""Folders of kernels that stay however long nobody has used them: those used last."""
UNUSED = 30 * 86400.0
"""Time without a use after which kernels beyond those are removed, s."""


def provide_kernel_cache() -> None:
    """Name a folder for numba's cache where it would find none and refuse to compile; call it before a function is cached.

    Numba itself keeps what it compiled beside the sources, else below ``XDG_CACHE_HOME`` or ``~/.cache``. On a read-only
    installation without a home that leaves a folder of the user's own below the temporary one.

    Raises
    ------
    InputError
        When there is no temporary folder either.
    """
    numba = sys.modules.get("numba")
    if os.environ.get("NUMBA_CACHE_DIR") or (numba is not None and numba.config.CACHE_DIR):
        return
    package = Path(__file__).parent / "solvers"
    if os.access(package, os.W_OK) or _can_be_made(_users_cache()):
        return
    try:
        chosen = _folder_of_ones_own()
    except OSError as error:
        raise InputError(
            "NUMBA_CACHE_DIR", "a folder for compiled kernels, as nothing else can be written", f"none ({error.strerror})",
            "set it to one that you can write",
        ) from error  # fmt: skip
    os.environ["NUMBA_CACHE_DIR"] = chosen
    if numba is not None:  # which has read the environment already
        numba.config.CACHE_DIR = chosen


def shared_folder(content: str) -> str | None:
    """A folder in the user's cache for kernels of this content, from whichever copy of the package; None where there is none.

    Nor where ``NUMBA_CACHE_DIR`` or numba's configuration names another place. What other versions have not used for long is removed.
    """
    numba = sys.modules.get("numba")
    if os.environ.get("NUMBA_CACHE_DIR") or (numba is not None and numba.config.CACHE_DIR):
        return None
    folder = _users_cache() / "adjointdesign" / "numba" / content[:16]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError:
        return None
    # Compiled code is loaded from there: not from what somebody else can write.
    if found.st_uid != os.getuid() or found.st_mode & 0o022 or not os.access(folder, os.W_OK):
        return None
    with suppress(OSError):
        os.utime(folder)  # its last use
        _remove_unused(folder.parent)
    return str(folder)


def _remove_unused(place: Path) -> None:
    """Empty the folders that nobody has used for long, but for the newest few; remove what has been empty for as long.

    Safe beside other processes: numba takes files that are gone for kernels that are not compiled yet, but would fail to keep some in a
    folder that is gone. What cannot be removed stays.
    """
    limit, kept = time.time() - UNUSED, 0
    for _, folder in sorted(((p.lstat().st_mtime, p) for p in place.iterdir() if re.fullmatch("[0-9a-f]{16}", p.name)), reverse=True):
        with suppress(OSError):
            if folder.is_symlink():
                continue
            # Index files first: no index then names what is gone. What is new is being written.
            files = sorted(folder.iterdir(), key=lambda path: path.suffix != ".nbi")
            kept += bool(files)
            if (files and kept <= KEPT) or folder.lstat().st_mtime > limit:
                continue
            for path in files:
                if path.lstat().st_mtime <= limit:
                    path.unlink(missing_ok=True)
            if not files:
                folder.rmdir()


def _users_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))


def _folder_of_ones_own() -> str:
    """A folder below the temporary one that is found again the next time, unless somebody else has prepared that."""
    folder = Path(tempfile.gettempdir()) / f"adjointdesign-kernels-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        # Compiled code is loaded from there: a folder that somebody else made or can write is not to be trusted.
        mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
    except FileExistsError:
        mine = False
    return str(folder) if mine else tempfile.mkdtemp(prefix="adjointdesign-kernels-")


def _can_be_made(folder: Path) -> bool:
    """Whether the folder, or the nearest one above it that exists, can be written; not where it may not even be seen."""
    try:
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        return folder.is_dir() and os.access(folder, os.W_OK)
    except OSError:
        return False
