"""The file under a history: HDF5 whose structure is written once, and rows that are overwritten in place.

Killing a process while HDF5 changes its own structures can leave a file that no one can read. So the structure is
never changed: a new one is written to a second file, which then takes the first one's name in one atomic step. Between
two such steps every dataset is contiguous, preallocated and at a known position; a row is written there past HDF5, and
counts from the moment when the 8 bytes of ``/count`` say so. A kill leaves an unfinished row that nobody counts.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError

FORMAT = "adjointdesign history 1"
CHUNK = 1 << 24
"""Bytes that are copied at a time."""


@dataclass(frozen=True)
class Column:
    """One dataset: type and shape of a row, and (once in a file) where the first row begins, in bytes."""

    dtype: np.dtype
    shape: tuple[int, ...]
    offset: int = 0

    @property
    def nbytes(self) -> int:
        """Bytes a row."""
        return self.dtype.itemsize * int(np.prod(self.shape, dtype=int))


@dataclass(frozen=True)
class Segment:
    """The rows of one stage: its index, the index of its first row, room for ``capacity`` rows, columns by name."""

    stage: int
    start: int
    capacity: int
    columns: dict[str, Column] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """Everything about a file but its rows: attributes, segments in order, position of the count."""

    attributes: dict
    segments: tuple[Segment, ...] = ()
    count_offset: int = 0

    def rows(self, number: int, count: int) -> int:
        """Rows in use in segment ``number`` of a file that holds ``count`` in all."""
        last = number + 1 == len(self.segments)
        return (count if last else self.segments[number + 1].start) - self.segments[number].start


def full_disk(path: Path, error: OSError) -> InputError | OSError:
    """The error to raise for a failed write: a clear one if there is no room, else the same."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return error
    remedy = "free some and resume: what is recorded is intact"
    return InputError(f"history {path}", "room on the disk for its next record", error.strerror, remedy)


def write_at(descriptor: int, data, offset: int) -> None:
    """Write all of ``data`` at ``offset``."""
    view = memoryview(data).cast("B")
    while view:
        done = os.pwrite(descriptor, view, offset)
        view, offset = view[done:], offset + done


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Read ``size`` bytes at ``offset``; raises OSError at the end of the file."""
    parts = []
    while size:
        part = os.pread(descriptor, min(size, CHUNK), offset)
        if not part:
            raise OSError(errno.EIO, "the file ends early")
        parts.append(part)
        size, offset = size - len(part), offset + len(part)
    return b"".join(parts)


def replace(path: Path, layout: Layout, count: int, old: tuple[int, Layout] | None = None) -> Layout:
    """Put a file of the given structure in the place of ``path``, atomically.

    Parameters
    ----------
    path : Path
        The history.
    layout : Layout
        The structure wanted (offsets are ignored).
    count : int
        Number of rows in use.
    old : tuple of int and Layout, optional
        Open descriptor and structure of the present file, whose segments come first and whose rows are copied.

    Returns
    -------
    Layout
        With the offsets of the new file.

    Raises
    ------
    InputError
        When the disk is full; the present file is then as it was.
    """
    temporary = temporary_path(path)
    try:
        size = sum(s.capacity * c.nbytes for s in layout.segments for c in s.columns.values())
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            # A full disk is better met here than inside HDF5.
            os.posix_fallocate(descriptor, 0, size + CHUNK // 16)
        finally:
            os.close(descriptor)
        _write_structure(temporary, layout)
        new = read_layout(temporary)
        descriptor = os.open(temporary, os.O_RDWR)
        try:
            os.posix_fallocate(descriptor, 0, os.fstat(descriptor).st_size)
            if old is not None:
                _copy_rows(old, (descriptor, new), count)
            write_at(descriptor, np.int64(count).tobytes(), new.count_offset)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise full_disk(path, error) from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return new


def temporary_path(path: Path) -> Path:
    """Where a new structure is written before it takes the place of ``path``."""
    return path.with_name(path.name + ".new")


def read_layout(path: Path) -> Layout:
    """Read the structure of a file.

    Raises
    ------
    OSError, KeyError, ValueError, RuntimeError, TypeError
        When it is not the structure of a history (h5py has no one error for a damaged file).
    """
    import h5py  # imported late: 0.1 s at the start of the command

    with h5py.File(path, "r", locking=False) as file:
        if file.attrs["format"] != FORMAT:
            raise ValueError(f"format {file.attrs['format']}")
        segments = []
        for name in sorted(key for key in file if key != "count"):
            columns: dict[str, Column] = {}

            def add(key, item, columns=columns):
                if isinstance(item, h5py.Dataset):
                    columns[key] = Column(item.dtype, item.shape[1:], _offset(item))

            file[name].visititems(add)
            attributes = file[name].attrs
            segments.append(Segment(*(int(attributes[key]) for key in ("stage", "start", "capacity")), columns))
            if any(file[name][key].shape[0] != segments[-1].capacity for key in columns):
                raise ValueError(f"{name} has columns of unequal length")
        return Layout(json.loads(file.attrs["attributes"]), tuple(segments), _offset(file["count"]))


def _offset(dataset) -> int:
    """Position of a contiguous dataset in its file, in bytes."""
    offset = dataset.id.get_offset()
    if offset is None:
        raise ValueError(f"dataset {dataset.name} is not contiguous")
    return offset


def _write_structure(path: Path, layout: Layout) -> None:
    """Write an HDF5 file with the space of every dataset allocated and nothing in it."""
    import h5py

    space = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    space.set_layout(h5py.h5d.CONTIGUOUS)
    space.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    space.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    # The earliest format keeps no mark of an open file; the alignment keeps the 8 bytes of the count in one sector.
    with h5py.File(path, "w", libver="earliest", alignment_threshold=1, alignment_interval=8) as file:
        file.attrs["format"] = FORMAT
        file.attrs["attributes"] = json.dumps(layout.attributes)
        file.create_dataset("count", (1,), np.int64, dcpl=space)
        for number, segment in enumerate(layout.segments):
            group = file.create_group(f"stage_{number:04d}")
            for key in ("stage", "start", "capacity"):
                group.attrs[key] = getattr(segment, key)
            for key, column in segment.columns.items():
                group.create_dataset(key, (segment.capacity, *column.shape), column.dtype, dcpl=space)


def _copy_rows(old: tuple[int, Layout], new: tuple[int, Layout], count: int) -> None:
    """Copy the rows in use from one open file to another."""
    for number, segment in enumerate(old[1].segments):
        rows = old[1].rows(number, count)
        for key, column in segment.columns.items() if rows else ():
            size, target = rows * column.nbytes, new[1].segments[number].columns[key].offset
            for done in range(0, size, CHUNK):
                write_at(new[0], read_at(old[0], min(CHUNK, size - done), column.offset + done), target + done)
