"""The record of a run: every evaluation, on disk before the next one starts."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.history_file import disk_error, replace_file, temporary_path
from adjointdesign.optimize.history_layout import Column, Layout, Segment, read_at, read_layout, write_at

PARTS = ("x", "values", "jacobian", "constraints", "constraint_jacobian")
READINGS = "readings/"
FIRST_BYTES = 1 << 22
"""Room made for a stage's first rows, bytes."""


@dataclass(frozen=True)
class Record:
    """One recorded evaluation: the stage it belongs to, and the run's age when it was done, s."""

    stage: int
    elapsed: float
    evaluation: Evaluation


class History:
    """Evaluations in an HDF5 file that a kill at any moment leaves readable.

    Made by `create` or `open`; a context manager that closes the file. ``attributes`` is the dictionary given to
    `create`. In the file, ``/stage_NNNN`` holds one dataset a column with one row an evaluation; ``/count`` says how
    many rows are in use over all stages, and what lies beyond is padding. Two processes must not write one history.
    """

    def __init__(self, path: Path, layout: Layout, count: int, descriptor: int):
        self.path, self.attributes = path, layout.attributes
        self._layout, self._count, self._descriptor = layout, count, descriptor

    @classmethod
    def create(cls, path: str | os.PathLike, attributes: dict | None = None) -> History:
        """Start an empty history.

        Parameters
        ----------
        path : path-like
            Must not exist; its folder must.
        attributes : dict, optional
            What identifies the run (configuration, seed, version); anything that JSON can hold.

        Raises
        ------
        InputError
            When the file exists, the folder does not, or the disk is full.
        """
        path = Path(path)
        if path.exists():
            raise InputError("history", "a new file", path, "resume that run, or choose another folder")
        if not path.parent.is_dir():
            raise InputError("history", "a file in an existing folder", path, "make the folder first")
        layout = replace_file(path, Layout(attributes or {}), 0)
        return cls(path, layout, 0, os.open(path, os.O_RDWR))

    @classmethod
    def open(cls, path: str | os.PathLike, writable: bool = False) -> History:
        """Open a history and check every record in it.

        Raises
        ------
        InputError
            When there is no such file, or it is damaged.
        """
        path = Path(path)
        if not path.is_file():
            raise InputError("history", "an existing file", path, "name the folder of a run")
        descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        try:
            layout = read_layout(descriptor)
            count = int(np.frombuffer(read_at(descriptor, 8, layout.count_offset), np.int64)[0])
            history = cls(path, layout, count, descriptor)
            history._check()
        except (OSError, LookupError, ValueError, TypeError, OverflowError) as error:
            os.close(descriptor)
            remedy = "restore it from a copy, or start a new run from the last design"
            raise InputError(f"history {path}", "an undamaged history", f"a damaged file ({error})", remedy) from error
        if writable:
            temporary_path(path).unlink(missing_ok=True)  # left by a kill during a change of structure
        return history

    def append(self, stage: int, evaluation: Evaluation, elapsed: float) -> None:
        """Record an evaluation; it is on disk when this returns.

        Parameters
        ----------
        stage : int
            Never less than the last record's. All records of one stage have the same shapes and readings.
        evaluation : Evaluation
            What to record.
        elapsed : float
            Age of the run, s.

        Raises
        ------
        InputError
            When shapes or readings differ from the stage's first record, or the disk is full.
        """
        row = {name: np.asarray(getattr(evaluation, name), dtype=float) for name in PARTS}
        row |= {READINGS + name: _reading(name, value) for name, value in evaluation.readings.items()}
        row["elapsed"] = np.asarray(elapsed, dtype=float)
        row = {key: value for key, value in row.items() if value.size}  # HDF5 gives a column of nothing no place
        row["crc"] = np.asarray(_checksum(self._count, row), dtype=np.uint64)
        segment = self._room({key: Column(value.dtype, value.shape) for key, value in row.items()}, stage)
        try:
            for key, value in row.items():
                place = segment.columns[key].offset + (self._count - segment.start) * value.nbytes
                write_at(self._descriptor, value.tobytes(), place)
            os.fdatasync(self._descriptor)
            write_at(self._descriptor, np.int64(self._count + 1).tobytes(), self._layout.count_offset)
            os.fdatasync(self._descriptor)
        except OSError as error:
            raise disk_error(self.path, error) from error
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Record:
        number = self._segment_of(range(self._count)[index])
        segment = self._layout.segments[number]
        row = self._row(number, range(self._count)[index] - segment.start)
        n = row["x"].size
        shapes = {"constraints": (0,), "constraint_jacobian": (0, n)}
        parts = {name: row.get(name, np.zeros(shapes.get(name, ()))) for name in PARTS}
        readings = {key.removeprefix(READINGS): value for key, value in row.items() if key.startswith(READINGS)}
        return Record(segment.stage, float(row["elapsed"]), Evaluation(**parts, readings=readings, replayed=True))

    def values(self, name: str, stage: int | None = None) -> np.ndarray:
        """One column over all evaluations, or those of one stage.

        Parameters
        ----------
        name : str
            "objective" (the largest of the values), "stage", "elapsed", "x", "values", "jacobian", "constraints",
            "constraint_jacobian", or the name of a reading.
        stage : int, optional
            Leave others out.

        Returns
        -------
        ndarray, shape (evaluations, ...)

        Raises
        ------
        InputError
            When a stage has no such column, or the stages differ in its shape.
        """
        parts = []
        for number, segment in enumerate(self._layout.segments):
            if stage is not None and segment.stage != stage:
                continue
            rows = self._layout.rows(number, self._count)
            if name == "stage":
                parts.append(np.full(rows, segment.stage))
            elif name == "objective":
                parts.append(self._read(segment.columns["values"], 0, rows).max(axis=1))
            else:
                key = name if name in segment.columns else READINGS + name
                if key not in segment.columns:
                    known = ", ".join(k.removeprefix(READINGS) for k in segment.columns if k != "crc")
                    expected = f"in stage {segment.stage} one of objective, stage, {known}"
                    raise InputError("name", expected, name, "choose one of these")
                parts.append(self._read(segment.columns[key], 0, rows))
        if len({part.shape[1:] for part in parts}) > 1:
            raise InputError("stage", f"one stage, since they differ in the shape of {name}", "all", "name the stage")
        return np.concatenate(parts) if parts else np.zeros(0)

    def close(self) -> None:
        """Close the file; nothing is lost without."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> History:
        return self

    def __exit__(self, *exception) -> None:
        self.close()

    def _room(self, columns: dict[str, Column], stage: int) -> Segment:
        """The last segment, made fit to take one more row of these columns."""
        segments = list(self._layout.segments)
        if not segments or stage > segments[-1].stage:
            if segments:  # the new stage takes over the padding of the last one
                last = segments.pop()
                segments += [replace(last, capacity=self._count - last.start)] if self._count > last.start else []
            capacity = max(2, min(64, FIRST_BYTES // sum(c.nbytes for c in columns.values())))
            self._restructure((*segments, Segment(stage, self._count, capacity, columns)))
            return self._layout.segments[-1]
        last = segments.pop()
        if stage < last.stage:
            raise InputError("stage", f"{last.stage} or more", stage, "run the stages in their order")
        known = {key: replace(column, offset=0) for key, column in last.columns.items()}
        odd = sorted(key for key in columns.keys() | known.keys() if columns.get(key) != known.get(key))
        if odd:
            remedy = "return the same readings and shapes from every evaluation of a stage"
            expected, got = "the columns of the stage's first record", f"a change in {', '.join(odd)}"
            raise InputError("history", expected, got, remedy)
        if self._count - last.start == last.capacity:
            self._restructure((*segments, replace(last, capacity=2 * last.capacity)))
        return self._layout.segments[-1]

    def _restructure(self, segments: tuple[Segment, ...]) -> None:
        """Go over to a file of another structure; on failure this history and its file are as before."""
        layout = Layout(self.attributes, segments)
        layout = replace_file(self.path, layout, self._count, (self._descriptor, self._layout))
        descriptor = os.open(self.path, os.O_RDWR)
        os.close(self._descriptor)
        self._layout, self._descriptor = layout, descriptor

    def _read(self, column: Column, first: int, rows: int) -> np.ndarray:
        """Rows of a column, as a new array of shape (rows, ...)."""
        data = read_at(self._descriptor, rows * column.nbytes, column.offset + first * column.nbytes)
        return np.frombuffer(data, column.dtype).reshape(rows, *column.shape).copy()

    def _row(self, number: int, row: int) -> dict[str, np.ndarray]:
        """Every column of one row."""
        return {key: self._read(column, row, 1)[0] for key, column in self._layout.segments[number].columns.items()}

    def _segment_of(self, index: int) -> int:
        """Number of the segment that holds an evaluation."""
        return max(i for i, segment in enumerate(self._layout.segments) if segment.start <= index)

    def _check(self) -> None:
        """Raise ValueError unless the segments follow each other and every record matches its checksum."""
        segments = self._layout.segments
        ends = [0, *(s.start + s.capacity for s in segments)]
        first = segments[-1].start if segments else 0
        if [s.start for s in segments] != ends[:-1] or not first <= self._count <= ends[-1]:
            raise ValueError(f"a count of {self._count} does not fit the stages")
        for index in range(self._count):
            number = self._segment_of(index)
            row = self._row(number, index - segments[number].start)
            if int(row.pop("crc")) != _checksum(index, row):
                raise ValueError(f"record {index} does not match its checksum")


def _reading(name: str, value) -> np.ndarray:
    """A reading as an array that a column can hold."""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc" or array.size == 0 or not name or set("/.") & set(name):
        expected = "numbers, under a name without slash or dot"
        got = f"{array.dtype} of shape {array.shape}"
        raise InputError(f"readings[{name!r}]", expected, got, "correct the objective")
    return array


def _checksum(index: int, row: dict[str, np.ndarray]) -> int:
    """CRC-32 over an evaluation's index and bytes, so that a row is good in its own place only."""
    crc = zlib.crc32(np.int64(index).tobytes())
    for key in sorted(row):
        crc = zlib.crc32(row[key].tobytes(), crc)
    return crc
