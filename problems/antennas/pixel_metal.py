"""The finished metal of a pixel antenna: which pixels, their outline in a GDSII file, and back."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.files import replacing
from adjointdesign.report.deliverables.gds import DATABASE_UNIT, MAX_POINTS, TIMESTAMP, USER_UNIT, read_gds

LAYER = 1
ASYMMETRY = 1e-3
"""Largest difference of coverage of a pixel and its image that is rounding of coordinates."""


def chosen(density: np.ndarray) -> np.ndarray:
    """Which pixels are metal: those of density above one half, and enough more that none touch at a corner alone.

    Metal that touches at a corner may or may not conduct. Of the two pixels of air at such a corner the denser one is filled.

    Parameters
    ----------
    density : ndarray, shape (2 n, m)
        Of both halves, the images of each other.

    Returns
    -------
    ndarray of bool, of the same shape
    """
    half = density.shape[0] // 2
    density, metal = density[half:], density[half:] > 0.5
    while len(corners := contacts(metal)):
        for i, j in corners:
            air = [(i + a, j + b) for a in (0, 1) for b in (0, 1) if not metal[i + a, j + b]]
            if len(air) == 2:  # else a corner filled before this one has closed it
                metal[max(air, key=lambda place: density[place])] = True
    return np.concatenate([metal[::-1], metal])


def contacts(metal: np.ndarray) -> np.ndarray:
    """Lower corners (first pixel) of all 2 by 2 pixels of which two opposite ones are metal, shape (k, 2)."""
    a, b, c, d = metal[:-1, :-1], metal[1:, 1:], metal[1:, :-1], metal[:-1, 1:]
    return np.argwhere((a & b & ~c & ~d) | (c & d & ~a & ~b))


def write_metal(path: Path, metal: np.ndarray, pixel: float, origin: tuple[float, float]) -> None:
    """Write the outline of metal pixels as a GDSII file, layer 1; holes are joined to their outline by a cut.

    Parameters
    ----------
    path : Path
        File to write.
    metal : ndarray of bool, shape (nx, nz)
        Which pixels.
    pixel : float
        Their side, m.
    origin : tuple of float
        Lower corner of the first pixel, m.
    """
    import gdstk

    low = np.array(origin) / USER_UNIT
    squares = [gdstk.rectangle(tuple(low + k * pixel / USER_UNIT), tuple(low + (k + 1) * pixel / USER_UNIT)) for k in np.argwhere(metal)]
    cell = gdstk.Cell("METAL")
    for outline in gdstk.boolean(squares, [], "or", DATABASE_UNIT / USER_UNIT, layer=LAYER):
        cell.add(outline)
    library = gdstk.Library("ADJOINTDESIGN", USER_UNIT, DATABASE_UNIT)
    library.add(cell)
    with replacing(path) as temporary:
        library.write_gds(os.fspath(temporary), max_points=MAX_POINTS, timestamp=TIMESTAMP)


def read_metal(path: Path, shape: tuple[int, int], pixel: float, origin: tuple[float, float]) -> np.ndarray:
    """Which pixels of a GDSII file are metal: those covered by half or more.

    Raises
    ------
    InputError
        As `read_gds`, and when the metal is not its own image in the plane x = 0, half of which is simulated.
    """
    coverage = read_gds(path, shape, pixel, origin, layer=LAYER)
    worst = np.abs(coverage - coverage[::-1]).max()
    if worst > ASYMMETRY:
        raise InputError(
            f"design file {path}", "metal symmetric about x = 0", f"pixels that differ by {worst:.2g} of their area",
            "make it symmetric, or simulate it with `adjointdesign evaluate FILE.toml`",
        )  # fmt: skip
    return coverage >= 0.5
