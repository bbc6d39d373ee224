"""Tables with a header line, as data centers write them: columns have many names, units are never guessed."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError

LONGITUDE = ("longitude", "lon", "long", "lng")
LATITUDE = ("latitude", "lat")


class Table:
    """A table with commas, semicolons, tabs or bars, whose first line (after comments, ``#``) names the columns.

    Names are compared in small letters. The unit is what stands behind in brackets, or one of `UNITS` behind an
    underscore or a space.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    InputError
        When the file cannot be read, is empty, or a row has another number of columns than the header.
    """

    UNITS = {name: name for name in ("km", "m", "deg", "db", "s", "hz", "ft")} | {
        "meters": "m",
        "metres": "m",
        "kilometers": "km",
        "kilometres": "km",
        "feet": "ft",
        "degrees": "deg",
    }

    def __init__(self, path):
        self.path = Path(path)
        lines = [(number, line) for number, line in enumerate(read_text(path).splitlines(), 1) if line.strip()]
        # A header may hide behind the sign of a comment, as in the text files of FDSN web services.
        body = [(number, line) for number, line in lines if not line.startswith("#")]
        if lines and lines[0][1].startswith("#") and "|" in lines[0][1]:
            body = [(lines[0][0], lines[0][1].lstrip("# "))] + body
        if len(body) < 2:
            raise InputError(
                str(path), "a header line and rows", f"{len(body)} lines", "write the names of the columns first"
            )
        separator = next((s for s in "|\t;," if s in body[0][1]), ",")
        rows = list(
            csv.reader(io.StringIO("\n".join(line for _, line in body)), delimiter=separator, skipinitialspace=True)
        )
        self.columns = [_name_and_unit(cell) for cell in rows[0]]
        self.rows, self.lines = rows[1:], [number for number, _ in body[1:]]
        for row, line in zip(self.rows, self.lines):
            if len(row) != len(self.columns):
                raise InputError(
                    f"{path}, line {line}", f"{len(self.columns)} columns, as in the header", len(row), "mend the row"
                )

    def find(self, names) -> int | None:
        """Number of the first column that has one of the names; None where there is none."""
        return next((k for name in names for k, (column, _) in enumerate(self.columns) if column == name), None)

    def unit(self, names) -> str:
        """The unit that the header gives the column; empty where it says none."""
        return self.columns[self._needed(names)][1]

    def text(self, names) -> list[str]:
        """A column as it stands.

        Raises
        ------
        InputError
            When there is none of these names.
        """
        k = self._needed(names)
        return [row[k].strip() for row in self.rows]

    def numbers(self, names) -> np.ndarray:
        """A column of numbers.

        Raises
        ------
        InputError
            When there is none of these names, or a cell holds no finite number.
        """
        values = []
        for cell, line in zip(self.text(names), self.lines):
            try:
                values.append(float(cell))
            except ValueError:
                values.append(np.nan)
            if not np.isfinite(values[-1]):
                raise InputError(
                    f"{names[0]} in {self.path}, line {line}", "a number", repr(cell), "mend or leave out the row"
                )
        return np.array(values)

    def _needed(self, names) -> int:
        k = self.find(names)
        if k is None:
            got = ", ".join(column for column, _ in self.columns)
            raise InputError(
                f"header of {self.path}", f"a column {' or '.join(names)}", got, "name the columns in the first line"
            )
        return k


def _name_and_unit(cell: str) -> tuple[str, str]:
    text = cell.strip().strip("\ufeff").lower()
    match = re.fullmatch(r"([^(\[]*?)\s*[(\[]\s*([^)\]]*?)\s*[)\]]", text)
    name, unit = match.groups() if match else (text, "")
    name = re.sub(r"[\s-]+", "_", name.strip())
    if not unit and "_" in name and name.rsplit("_", 1)[1] in Table.UNITS:
        name, unit = name.rsplit("_", 1)
    return name, Table.UNITS.get(unit, unit)


def read_text(path) -> str:
    """A text file, whole.

    Raises
    ------
    InputError
        When it cannot be read, or is not text.
    """
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(str(path), "a file that can be read", error.strerror, "check the path") from error
    except UnicodeDecodeError as error:
        raise InputError(
            str(path), "text in UTF-8", f"another byte at {error.start}", "check what the file is"
        ) from error
