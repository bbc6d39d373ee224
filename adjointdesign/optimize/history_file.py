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
from dataclasses import replace
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.optimize.history_layout import CHUNK, Layout, read_at, write_at

SLACK = 1 << 20
"""Room for HDF5's own bytes."""


def disk_error(path: Path, error: OSError) -> OSError | InputError:
    """The error to raise for a failed write: a clear one if there is no room, else the same."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return error
    remedy = "free some and resume: what is recorded is intact"
    return InputError(f"history {path}", "room on the disk for the next record", error.strerror, remedy)


def temporary_path(path: Path) -> Path:
    """Where a new structure is written before it takes the place of ``path``."""
    return path.with_name(path.name + ".new")


def replace_file(path: Path, layout: Layout, count: int, old: tuple[int, Layout] | None = None) -> Layout:
    """Put a file of the given structure in the place of ``path``, atomically.

    Parameters
    ----------
    path : Path
        The history.
    layout : Layout
        The attributes and segments wanted; all positions are ignored.
    count : int
        Number of rows in use.
    old : tuple of int and Layout, optional
        Open descriptor and layout of the present file, whose segments come first and whose rows are copied.

    Returns
    -------
    Layout
        That of the new file.

    Raises
    ------
    InputError
        When the disk is full; the present file is then as it was.
    """
    temporary = temporary_path(path)
    try:
        size = sum(s.capacity * c.nbytes for s in layout.segments for c in s.columns.values())
        _reserve(temporary, size + SLACK)  # a full disk is better met here than inside HDF5
        layout = _write_structure(temporary, layout)
        # HDF5 leaves the rows' places unwritten: they get their blocks on the disk now, not when a row comes.
        _reserve(temporary, layout.size)
        descriptor = os.open(temporary, os.O_RDWR)
        try:
            if old is not None:
                _copy_rows(old, (descriptor, layout), count)
            write_at(descriptor, np.int64(count).tobytes(), layout.count_offset)
            layout = replace(layout, structure_crc=layout.checksum(descriptor))
            write_at(descriptor, layout.description(), 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_error(path, error) from error
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name
    finally:
        os.close(folder)
    return layout


def _reserve(path: Path, size: int) -> None:
    """Make the file exist with ``size`` bytes on the disk, keeping what it holds."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        os.posix_fallocate(descriptor, 0, size)
    finally:
        os.close(descriptor)


def _write_structure(path: Path, layout: Layout) -> Layout:
    """Write an HDF5 file with a place for every dataset and nothing in it; say where the places are."""
    import h5py  # imported late: 0.1 s at the start of the command

    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_layout(h5py.h5d.CONTIGUOUS)
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    # A power of two that has room for the description, in which every number may still grow to 20 digits.
    numbers = 5 + sum(1 + len(s.columns) for s in layout.segments)
    user_block = 1 << max(9, (len(layout.description()) + 20 * numbers).bit_length())
    # The alignment keeps the 8 bytes of the count within one sector of the disk.
    with h5py.File(path, "w", userblock_size=user_block, alignment_threshold=1, alignment_interval=8) as file:
        file["attributes"] = np.bytes_(json.dumps(layout.attributes))
        count = file.create_dataset("count", (1,), np.int64, dcpl=plan)
        segments = []
        for number, segment in enumerate(layout.segments):
            group = file.create_group(f"stage_{number:04d}")
            group.attrs["stage"], group.attrs["start"] = segment.stage, segment.start
            columns = {}
            for key, column in segment.columns.items():
                dataset = group.create_dataset(key, (segment.capacity, *column.shape), column.dtype, dcpl=plan)
                columns[key] = replace(column, offset=dataset.id.get_offset())
            segments.append(replace(segment, columns=columns))
        count_offset = count.id.get_offset()
    size = path.stat().st_size
    return replace(layout, segments=tuple(segments), user_block=user_block, size=size, count_offset=count_offset)


def _copy_rows(old: tuple[int, Layout], new: tuple[int, Layout], count: int) -> None:
    """Copy the rows in use from one open file to another."""
    for number, segment in enumerate(old[1].segments):
        rows = old[1].rows(number, count)
        for key, column in segment.columns.items() if rows else ():
            size, target = rows * column.nbytes, new[1].segments[number].columns[key].offset
            for done in range(0, size, CHUNK):
                write_at(new[0], read_at(old[0], min(CHUNK, size - done), column.offset + done), target + done)
