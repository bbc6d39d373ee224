"""Where everything is in a history's file, and how that is kept safe from damage.

The HDF5 library can crash on a damaged file. So what is needed to read the rows also stands as JSON in the file's user
block (bytes that HDF5 leaves to others), with a checksum over itself and one over all of HDF5's own bytes. This package
reads and checks that alone; other programs read the file as plain HDF5.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import zlib
from dataclasses import dataclass, field

import numpy as np

FORMAT = b"adjointdesign history 1\n"
HEAD = 64
"""Bytes before the JSON: format, length and checksum of the JSON, as text."""
CHUNK = 1 << 24
"""Bytes that are read at a time."""


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
    """Everything about a file but its rows.

    Parameters
    ----------
    attributes : dict
        What the owner says about the run.
    segments : tuple of Segment
        In order.
    user_block, size, count_offset : int
        Size of the user block, of the file, and position of the count, bytes.
    structure_crc : int
        CRC-32 of HDF5's own bytes.
    """

    attributes: dict
    segments: tuple[Segment, ...] = ()
    user_block: int = 0
    size: int = 0
    count_offset: int = 0
    structure_crc: int = 0

    def rows(self, number: int, count: int) -> int:
        """Rows in use in segment ``number`` of a file that holds ``count`` in all."""
        last = number + 1 == len(self.segments)
        return (count if last else self.segments[number + 1].start) - self.segments[number].start

    def description(self) -> bytes:
        """The text of the user block."""
        content = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        content["segments"] = [
            [s.stage, s.start, s.capacity, [[key, c.dtype.str, c.shape, c.offset] for key, c in s.columns.items()]]
            for s in self.segments
        ]
        text = json.dumps(content).encode()
        return (FORMAT + b"%d %d\n" % (len(text), zlib.crc32(text))).ljust(HEAD) + text

    def checksum(self, descriptor: int) -> int:
        """CRC-32 of all bytes of the open file but the user block, the rows and the count."""
        data = [(c.offset, s.capacity * c.nbytes) for s in self.segments for c in s.columns.values()]
        crc, position = 0, self.user_block
        for offset, length in [*sorted([*data, (self.count_offset, 8)]), (self.size, 0)]:
            crc = zlib.crc32(read_at(descriptor, offset - position, position), crc)
            position = offset + length
        return crc


def read_layout(descriptor: int) -> Layout:
    """Read the layout of an open file, and check HDF5's bytes.

    Raises
    ------
    OSError, ValueError, LookupError, TypeError
        When it is not that of a history.
    """
    head = read_at(descriptor, HEAD, 0)
    if not head.startswith(FORMAT):
        raise ValueError("it does not begin like a history")
    length, crc = head[len(FORMAT) :].split()
    text = read_at(descriptor, int(length), HEAD)
    if zlib.crc32(text) != int(crc):
        raise ValueError("its description does not match its checksum")
    content = json.loads(text)
    segments = tuple(
        Segment(*where, {key: Column(np.dtype(kind), tuple(shape), offset) for key, kind, shape, offset in columns})
        for *where, columns in content.pop("segments")
    )
    layout = Layout(segments=segments, **content)
    if os.fstat(descriptor).st_size != layout.size or layout.checksum(descriptor) != layout.structure_crc:
        raise ValueError("its structure does not match its checksum")
    return layout


def read_at(descriptor: int, size: int, offset: int) -> bytes:
    """Read ``size`` bytes at ``offset``; raises OSError at the end of the file."""
    parts = []
    while size > 0:
        part = os.pread(descriptor, min(size, CHUNK), offset)
        if not part:
            raise OSError(errno.EIO, "it ends early")
        parts.append(part)
        size, offset = size - len(part), offset + len(part)
    return b"".join(parts)


def write_at(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of ``data`` at ``offset``."""
    view = memoryview(data)
    while view:
        done = os.pwrite(descriptor, view, offset)
        view, offset = view[done:], offset + done
