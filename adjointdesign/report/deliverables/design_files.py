"""Designs from files: the density of a design region, whoever made it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.report.deliverables.gds import read_gds

ENDINGS = ("csv", "npy", "gds", "h5")
TOLERANCE = 1e-9
"""How far outside 0 to 1 a value may lie, for rounding."""


def read_design(
    path: str | os.PathLike, shape: tuple[int, int], pixel: float, origin: tuple[float, float]
) -> tuple[np.ndarray, str]:
    """Read the density of a design region, 0 (cladding) to 1 (core), one value a pixel.

    Parameters
    ----------
    path : path-like
        By its ending: ``csv`` (one row an x, comma-separated values along y, no header), ``npy`` (an array ``[x, y]``),
        ``gds`` (see `adjointdesign.report.deliverables.gds.read_gds`), ``h5`` (a run's design file: its ``/density``).
    shape : tuple of int
        Pixels along x and y.
    pixel : float
        Pixel size, m.
    origin : tuple of float
        Lower corner of pixel (0, 0), m; it places the polygons of a GDSII file.

    Returns
    -------
    values : ndarray, shape ``shape``
        Densities, 0 to 1.
    kind : str
        The ending: "csv", "npy", "gds" or "h5".

    Raises
    ------
    InputError
        When the file is missing or unreadable, of unknown ending, of the wrong shape, or holds values that are not
        finite or not between 0 and 1.
    """
    path = Path(path)
    what = f"design file {path}"
    kind = path.suffix.lower().lstrip(".")
    if kind not in ENDINGS:
        got = f"the ending {path.suffix!r}" if path.suffix else "no ending"
        raise InputError(what, f"a file that ends in {', '.join(ENDINGS)}", got, "convert or rename it")
    if not path.is_file():
        raise InputError(what, "an existing file", "none" if not path.exists() else "a folder", "check the path")
    if kind == "gds":
        return read_gds(path, shape, pixel, origin), kind
    values = {"csv": _read_csv, "npy": _read_npy, "h5": _read_h5}[kind](path, what)
    return _checked(values, tuple(shape), what), kind


def _checked(values: np.ndarray, shape: tuple[int, int], what: str) -> np.ndarray:
    if values.shape != shape:
        expected = f"{' x '.join(map(str, shape))} values (rows are x, columns y)"
        remedy = "transpose it" if values.shape == shape[::-1] else "resample it to the pixels of the design region"
        raise InputError(what, expected, " x ".join(map(str, values.shape)) or "one value", remedy)
    if values.dtype.kind not in "biuf":
        raise InputError(what, "real numbers", f"values of type {values.dtype}", "export the density as numbers")
    values = values.astype(float)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0]
        got = f"{values[row, column]} in row {row + 1}, column {column + 1} ({len(bad)} such values)"
        raise InputError(what, "finite values", got, "fill them in")
    if values.min() < -TOLERANCE or values.max() > 1 + TOLERANCE:
        got = f"values from {values.min():g} to {values.max():g}"
        raise InputError(what, "densities between 0 and 1", got, "scale it: 0 is cladding, 1 is core")
    return np.clip(values, 0.0, 1.0)


def _read_csv(path: Path, what: str) -> np.ndarray:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(what, "a text file that can be read", error, "export it as plain CSV") from error
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        fields = line.split(",")
        try:
            rows.append([float(field) for field in fields])
        except ValueError:
            odd = next(field.strip() for field in fields if not _is_number(field))
            remedy = "remove the header line" if not rows else "correct it"
            raise InputError(f"{what}, line {number}", "numbers separated by commas", repr(odd[:40]), remedy) from None
        if len(rows[-1]) != len(rows[0]):
            expected = f"{len(rows[0])} values, as in the first row"
            raise InputError(f"{what}, line {number}", expected, len(rows[-1]), "make all rows equally long")
    if not rows:
        raise InputError(what, "rows of numbers", "an empty file", "export it again")
    return np.array(rows)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _read_npy(path: Path, what: str) -> np.ndarray:
    try:
        values = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(what, "one array in NumPy's format", error, "write it with numpy.save") from error
    if not isinstance(values, np.ndarray):  # an archive under the wrong ending
        values.close()
        raise InputError(what, "one array in NumPy's format", "an archive of arrays", "write it with numpy.save")
    return values


def _read_h5(path: Path, what: str) -> np.ndarray:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if not isinstance(file.get("density"), h5py.Dataset):
                got = ", ".join(sorted(file)) or "an empty file"
                raise InputError(what, "a dataset 'density'", got, "name a run's design.h5, or write that dataset")
            return file["density"][()]
    except OSError as error:
        raise InputError(what, "an HDF5 file", str(error).splitlines()[0], "export it again") from error
