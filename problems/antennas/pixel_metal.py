"""The finished metal of a pixel antenna: which pixels, their outline in a GDSII file, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.report.deliverables.gds import DATABASE_UNIT, USER_UNIT, area_fractions, read_polygons, save_cells

LAYER = 1
ROUNDING = 1e-3
"""Share of a pixel's area, or of its side beyond the designed region, that is rounding of coordinates."""
_REMEDY = "draw it in whole pixels of that region, or simulate it with `adjointdesign evaluate FILE.toml`"


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
    save_cells(path, [cell])


def read_metal(path: Path, shape: tuple[int, int], pixel: float, origin: tuple[float, float]) -> np.ndarray:
    """Which pixels of a GDSII file are metal; polygons that overlap count once.

    Raises
    ------
    InputError
        As `read_polygons`; when metal lies outside of the designed region, or covers a part of a pixel; and when it is not its own image
        in the plane x = 0, half of which is simulated.
    """
    what, polygons = f"design file {path}", read_polygons(path, layer=LAYER)
    _refuse_outside(what, polygons, np.array(origin), np.add(origin, np.multiply(shape, pixel)), ROUNDING * pixel)
    coverage = area_fractions(polygons, shape, pixel, origin)
    metal = coverage > 0.5
    parts = np.argwhere(np.abs(coverage - metal) > ROUNDING)
    if len(parts):
        low = np.array(origin) + pixel * parts[0]
        got = f"{len(parts)} covered in part, the first to {coverage[tuple(parts[0])]:.3g} of its area, at {_span(low, low + pixel)}"
        raise InputError(what, f"pixels of {1e3 * pixel:.6g} mm that are all metal or hold none", got, _REMEDY)
    if np.any(metal != metal[::-1]):
        i, j = np.argwhere(metal & ~metal[::-1])[0]
        low = np.array(origin) + pixel * np.array([i, j])
        raise InputError(
            what, "metal symmetric about x = 0", f"a pixel of metal at {_span(low, low + pixel)} without its image",
            "make it symmetric, or simulate it with `adjointdesign evaluate FILE.toml`",
        )  # fmt: skip
    return metal


def _refuse_outside(what: str, polygons: list[np.ndarray], low: np.ndarray, high: np.ndarray, rounding: float) -> None:
    """Raise `InputError` where polygons reach beyond a rectangle by more than rounding; all in m."""
    corners = np.concatenate(polygons)
    beyond = corners[np.any((corners < low - rounding) | (corners > high + rounding), axis=1)]
    if len(beyond):
        x, z = beyond[np.argmax(np.maximum(low - beyond, beyond - high).max(axis=1))]
        raise InputError(what, f"metal within the designed region, {_span(low, high)}", f"metal that reaches to x {_mm(x)} mm, z {_mm(z)} mm", _REMEDY)


def _span(low: np.ndarray, high: np.ndarray) -> str:
    return ", ".join(f"{axis} {_mm(a)} to {_mm(b)} mm" for axis, a, b in zip("xz", low, high))


def _mm(length: float) -> str:
    return f"{round(1e3 * length, 7) + 0.0:.7g}"
