"""GDSII: the device as polygons, in the coordinates of the simulation.

The file has one cell. On the design layer, datatype 0 holds the design region's polygons and datatype 1 the guides that
lead to it (they touch the design region without overlap; merge both datatypes before fabrication). Outlines are the
contour of the level set, found between the pixel centers by linear interpolation, so they carry no staircase.
"""

from __future__ import annotations

import datetime
import errno
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.files import replacing

USER_UNIT, DATABASE_UNIT = 1e-6, 1e-10
"""Units of coordinates in the file: micrometres, in steps of 0.1 nm."""
MAX_POINTS = 4000
"""Corners of a polygon beyond which it is cut in two (the format allows 8190)."""
GUIDE_DATATYPE = 1
TIMESTAMP = datetime.datetime(2000, 1, 1)
"""Fixed, so that one design gives one file to the last byte."""
_BEGIN, _END = b"\x00\x06\x00\x02", b"\x00\x04\x04\x00"


def write_gds(
    path: str | os.PathLike,
    filtered: np.ndarray,
    pixel: float,
    origin: tuple[float, float],
    guides: Sequence[tuple[tuple[float, float], tuple[float, float]]] = (),
    *,
    layer: int = 1,
    level: float = 0.5,
    guide_length: float = 1e-6,
) -> None:
    """Write the contour of a level set, and the guides around it, as a GDSII file.

    Parameters
    ----------
    path : path-like
        File to write; an existing one is replaced.
    filtered : ndarray, shape (nx, ny)
        Level set at the pixel centers; the device is where it is above ``level``. Towards the border of the design
        region it is continued linearly, and the polygons are closed there, so that solid at the border meets a guide.
    pixel : float
        Pixel size, m.
    origin : tuple of float
        Lower corner of pixel (0, 0), m.
    guides : sequence of ((x0, x1), (y0, y1))
        Rectangles outside the design region, m; an infinite end is cut ``guide_length`` (m) away from that region.
    layer : int
        GDSII layer; the design has datatype 0, the guides 1.
    level : float
        Value of the contour.
    guide_length : float
        See ``guides``, m.

    Raises
    ------
    InputError
        When the level set is not two-dimensional, finite and of at least 2 x 2 pixels.
    """
    import gdstk

    filtered = np.asarray(filtered, dtype=float)
    if filtered.ndim != 2 or min(filtered.shape) < 2 or not np.all(np.isfinite(filtered)):
        got = (
            f"shape {filtered.shape}" if filtered.ndim != 2 or min(filtered.shape) < 2 else "values that are not finite"
        )
        raise InputError("filtered", "a finite level set of at least 2 x 2 pixels", got, "give the filtered density")
    upper = tuple(o + n * pixel for o, n in zip(origin, filtered.shape))
    cell = gdstk.Cell("DEVICE")
    for outline in _region(filtered, pixel, origin, upper, level):
        cell.add(gdstk.Polygon(outline.points, layer, 0))
    for extents in guides:
        ends = [
            (max(low, o - guide_length), min(high, u + guide_length))
            for (low, high), o, u in zip(extents, origin, upper)
        ]  # fmt: skip
        corners = np.array(ends).T / USER_UNIT
        cell.add(gdstk.rectangle(tuple(corners[0]), tuple(corners[1]), layer, GUIDE_DATATYPE))
    save_cells(path, [cell])


def save_cells(path: str | os.PathLike, cells: Sequence, step: float = DATABASE_UNIT) -> None:
    """Write cells, their coordinates in micrometres, as a GDSII file: the whole of it, or nothing.

    Parameters
    ----------
    path : path-like
        File to write; an existing one is replaced.
    cells : sequence of gdstk.Cell
        All of the library.
    step : float
        Database unit, m: coordinates are rounded to it.

    Raises
    ------
    OSError
        When it cannot be written (a full disk, say); what was there then stays.
    """
    import gdstk

    library = gdstk.Library("ADJOINTDESIGN", USER_UNIT, step)
    library.add(*cells)
    with replacing(path) as temporary:
        library.write_gds(os.fspath(temporary), max_points=MAX_POINTS, timestamp=TIMESTAMP)
        if not temporary.read_bytes().endswith(_END):  # gdstk says nothing of a write that failed
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))


def _region(filtered, pixel, origin, upper, level):
    """Polygons (in micrometres) where the level set is above ``level``, holes joined to their outline by a cut."""
    import contourpy
    import gdstk

    continued = np.pad(filtered, 1, mode="reflect", reflect_type="odd")
    x, y = ((o + (np.arange(n) - 0.5) * pixel) / USER_UNIT for o, n in zip(origin, continued.shape))
    generator = contourpy.contour_generator(x, y, continued.T, fill_type=contourpy.FillType.OuterOffset)
    points, offsets = generator.filled(level, max(continued.max(), level) + 1.0)
    precision = DATABASE_UNIT / USER_UNIT
    solid = []
    for corners, starts in zip(points, offsets):
        loops = [corners[a : b - 1] for a, b in zip(starts[:-1], starts[1:])]  # the last corner repeats the first
        solid += gdstk.boolean(loops[:1], loops[1:], "not", precision)
    low, high = (tuple(np.array(corner) / USER_UNIT) for corner in (origin, upper))
    return gdstk.boolean(solid, gdstk.rectangle(low, high), "and", precision)


def read_gds(
    path: str | os.PathLike,
    shape: tuple[int, int],
    pixel: float,
    origin: tuple[float, float],
    *,
    layer: int = 1,
    datatype: int = 0,
) -> np.ndarray:
    """Read the density of a design region from a GDSII file: the area fraction of each pixel, exactly.

    Parameters
    ----------
    path : path-like
        A file with one top-level cell; cells that it refers to are flattened, overlaps count once.
    shape : tuple of int
        Pixels along x and y.
    pixel : float
        Pixel size, m; it need not be the one with which the file was written.
    origin : tuple of float
        Lower corner of pixel (0, 0), m, in the coordinates of the file.
    layer, datatype : int
        Where the design is.

    Returns
    -------
    ndarray, shape ``shape``
        Fractions, 0 to 1.

    Raises
    ------
    InputError
        As `read_polygons`, and when nothing is in the design region.
    """
    polygons = read_polygons(path, layer=layer, datatype=datatype)
    density = area_fractions(polygons, shape, pixel, origin)
    if not density.max() > 0:
        low, high = np.min([p.min(0) for p in polygons], 0), np.max([p.max(0) for p in polygons], 0)
        raise InputError(
            f"design file {path}", f"polygons in the design region, {_span(origin, np.add(origin, np.multiply(shape, pixel)))}",
            f"polygons in {_span(low, high)}", "move the device there",
        )  # fmt: skip
    return density


def area_fractions(polygons: Sequence[np.ndarray], shape: tuple[int, int], pixel: float, origin: tuple[float, float]) -> np.ndarray:
    """Which share of each pixel polygons (m) that do not overlap cover; the other parameters as of `read_gds`."""
    from adjointdesign.design.shapes import render_polygon

    return np.clip(sum((np.asarray(render_polygon(p, shape, pixel, origin)) for p in polygons), np.zeros(shape)), 0.0, 1.0)


def read_polygons(path: str | os.PathLike, *, layer: int = 1, datatype: int = 0) -> list[np.ndarray]:
    """Read what a layer of a GDSII file covers, as polygons that do not overlap.

    Parameters
    ----------
    path : path-like
        As of `read_gds`.
    layer, datatype : int
        Which polygons.

    Returns
    -------
    list of ndarray, shape (n, 2) each
        Corners, m; holes are joined to their outline by a cut.

    Raises
    ------
    InputError
        When there is no such file, it is no GDSII file, has no or several top-level cells, or has nothing on the layer.
    """
    import gdstk

    path = Path(path)
    what = f"design file {path}"
    library = _library(path, what)
    tops = library.top_level()
    if len(tops) != 1:
        got = ", ".join(cell.name for cell in tops) or "no cell"
        raise InputError(what, "one top-level cell", got, "write the device as one top-level cell")
    polygons = tops[0].get_polygons()
    kept = [p for p in polygons if (p.layer, p.datatype) == (layer, datatype)]
    if not kept:
        found = sorted({f"{p.layer}/{p.datatype}" for p in polygons})
        got = f"polygons on {', '.join(found)} only" if found else "no polygons"
        remedy = f"move the design to layer {layer}, datatype {datatype}"
        raise InputError(what, f"polygons on layer {layer}, datatype {datatype}", got, remedy)
    merged = gdstk.boolean(kept, [], "or", library.precision / library.unit)
    return [polygon.points * library.unit for polygon in merged]


def _library(path: Path, what: str):
    """The library of a file; its first and last record are looked at here since gdstk complains past Python."""
    import gdstk

    expected, remedy = "a GDSII file", "export it again"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(what, expected, error.strerror, "name a file that can be read") from error
    if not content.startswith(_BEGIN):
        raise InputError(what, expected, "a file of another format", remedy)
    if not content.rstrip(b"\x00").endswith(_END.rstrip(b"\x00")):
        raise InputError(what, expected, "a file that ends too early", remedy)
    try:
        return gdstk.read_gds(os.fspath(path))
    except (OSError, RuntimeError) as error:
        raise InputError(what, expected, error, remedy) from error


def _span(low, high) -> str:
    extents = (f"{axis} {a * 1e6:.4g} to {b * 1e6:.4g} um" for axis, a, b in zip("xy", low, high))
    return ", ".join(extents)
