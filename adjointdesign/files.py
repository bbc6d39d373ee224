"""Files that are whole or not there at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from adjointdesign.errors import InputError

PART = ".part"
"""Ending of files that are being written; their names begin with a dot."""


def atomic_write(path, data: str | bytes) -> None:
    """Write a file such that a reader, or a crash at any moment, finds the old contents or the new, never a part.

    Parameters
    ----------
    path : path-like
        Where to. What is there already is replaced.
    data : str or bytes
        The contents; text is written as UTF-8.

    Raises
    ------
    OSError
        When it cannot be written (a full disk, say); the old contents then stay, and nothing else is left behind.
    """
    path = Path(path)
    contents = data.encode() if isinstance(data, str) else data
    # Only within one folder is a rename sure to stay on one file system, and so to be atomic.
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for their owner's eyes alone; give this one what an ordinary new file would get.
        os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


@contextmanager
def replacing(path):
    """Yield a temporary path beside ``path`` for a library that writes files itself; take its place there on success.

    Raises
    ------
    OSError
        As `atomic_write`.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    try:
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make the folder that ``--out`` names, before the work whose results go there.

    Raises
    ------
    InputError
        When it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("--out", "a folder that can be written", f"{folder} ({error.strerror})", "free space, or choose another folder") from error


def remove_parts(folder) -> None:
    """Remove what processes that were killed while they wrote left in a folder and those in it; none may be writing there."""
    for path in Path(folder).rglob(f".*{PART}"):
        path.unlink(missing_ok=True)
