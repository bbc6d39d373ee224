"""A described antenna for other programs: ``geometry.vtu`` (ParaView), STL of every medium (CAD), GDSII of its sheets."""

from __future__ import annotations

import csv
import io
import itertools
import math
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from adjointdesign.files import atomic_write, replacing
from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.geometry.description import Antenna
from adjointdesign.problems.antennas.geometry.shapes import plane_axes
from adjointdesign.problems.antennas.geometry.triangles import loops_of, sheet_triangles, solid_triangles

MILLIMETRE = 1e-3
"""Unit of STL files, as programs for CAD take it."""


def write_geometry(antenna: Antenna, folder: Path) -> list[Path]:
    """Write all files that the antenna's parts make.

    Returns
    -------
    list of Path
        ``geometry.vtu`` and ``geometry.csv``, ``solids-MEDIUM.stl`` of every medium, ``metal.gds`` where there are sheets.
    """
    written = write_vtu(antenna, folder)
    for medium, name in file_names(solid.medium for solid in antenna.solids).items():
        written.append(folder / f"solids-{name}.stl")
        write_stl(written[-1], np.concatenate([solid_triangles(s) for s in antenna.solids if s.medium == medium]))
    if antenna.sheets:
        written.append(folder / "metal.gds")
        write_sheets(antenna, written[-1])
    return written


def file_names(media: Iterable[str]) -> dict[str, str]:
    """A name for the file of every medium, in ASCII; no two are one, on file systems either that take capitals and small letters for the same."""
    names, taken = {}, set()
    for medium in dict.fromkeys(media):
        plain = re.sub("[^a-zA-Z0-9.+-]", "_", medium)
        numbered = itertools.chain([plain], (f"{plain}-{k}" for k in itertools.count(2)))
        names[medium] = next(name for name in numbered if name.lower() not in taken)
        taken.add(names[medium].lower())
    return names


def write_vtu(antenna: Antenna, folder: Path) -> list[Path]:
    """Solids and sheets as triangles and wires and gaps as lines, m, numbered as in the table that goes with them."""
    import meshio

    parts = [("solid", s.medium, s, solid_triangles(s)) for s in antenna.solids]
    parts += [("sheet", _metal(s), s, sheet_triangles(s)) for s in antenna.sheets]
    parts += [("wire", "pec", w, np.array([(w.start, w.end)])) for w in antenna.wires]
    parts += [("port or element", "", g, np.array([_middle_line(g)])) for g in antenna.gaps]
    parts += [("port", "", p, _window(p)) for p in antenna.wave_ports]
    rows, points, cells, numbers, start = [("part", "name", "kind", "medium")], [], [], [], 0
    for number, (kind, medium, part, corners) in enumerate(parts):
        rows.append((number, part.name, kind, medium))
        each = corners.shape[1]
        cells.append(("triangle" if each == 3 else "line", start + np.arange(corners.size // 3).reshape(-1, each)))
        points.append(corners.reshape(-1, 3))
        numbers.append(np.full(len(corners), number))
        start += len(points[-1])
    mesh = meshio.Mesh(np.concatenate(points), cells, cell_data={"part": numbers})
    with replacing(folder / "geometry.vtu") as temporary:
        meshio.vtu.write(temporary, mesh)
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    atomic_write(folder / "geometry.csv", table.getvalue())
    return [folder / "geometry.vtu", folder / "geometry.csv"]


def _metal(sheet) -> str:
    return f"{sheet.resistance:g} ohm per square" if sheet.resistance else sheet.medium


def _conductor(sheet) -> str:
    """The same with the thickness of a metal, and on how many sides its current is."""
    if sheet.perfect or sheet.resistance:
        return _metal(sheet)
    thick = f", {sheet.thickness:g} m thick" if sheet.thickness else ""
    return f"{_metal(sheet)}{thick}, current on {sheet.sides} side{'s' * (sheet.sides > 1)}"


def _middle_line(gap) -> list[tuple[float, ...]]:
    axis = AXES.index(gap.axis)
    return [tuple(b[end] if a == axis else sum(b) / 2 for a, b in enumerate(gap.bounds)) for end in (0, 1)]


def _window(port) -> np.ndarray:
    """The window of a port of a line or guide as two triangles."""
    (low, high), (u, v) = np.array(port.bounds).T, plane_axes(port.axis)
    corners = np.tile(low, (4, 1))
    corners[1:3, u], corners[2:4, v] = high[u], high[v]
    return corners[[[0, 1, 2], [0, 2, 3]]]


def write_stl(path: Path, corners: np.ndarray) -> None:
    """Triangles (m) as a binary STL file in millimetres; each solid is closed by itself, those that overlap are not joined."""
    record = np.zeros(len(corners), np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("unused", "<u2")]))
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    record["normal"] = normals / np.where(lengths > 0, lengths, 1.0)
    record["corners"] = corners / MILLIMETRE
    header = b"adjointdesign, millimetres".ljust(80)
    atomic_write(path, header + np.array(len(corners), "<u4").tobytes() + record.tobytes())


def write_sheets(antenna: Antenna, path: Path) -> None:
    """Sheets as polygons in a GDSII file: a cell for each normal (``METAL_Z``); from 1 up a layer for each height and, there, each conductor.

    A perfect conductor comes first, then others in the order of the description. A label on every layer tells its position and
    conductor. Coordinates are those of the two axes across the normal, in their order.
    """
    import gdstk

    from adjointdesign.report.deliverables.gds import USER_UNIT, save_cells

    extent = max(abs(x) for sheet in antenna.sheets for ends in sheet.bounds for x in ends)
    step = 10.0 ** max(-12, math.ceil(math.log10(extent / 2e9)))  # the format counts steps in 32 bits
    cells = []
    for axis in AXES:
        layers: dict[tuple, list] = {}
        for sheet in sorted((s for s in antenna.sheets if s.axis == axis), key=lambda s: (s.position, not s.perfect)):
            layers.setdefault((sheet.position, sheet.kind), []).append(sheet)
        cell = gdstk.Cell(f"METAL_{axis.upper()}")
        for layer, sheets in enumerate(layers.values(), start=1):
            loops = [loop / USER_UNIT for sheet in sheets for loop in loops_of(sheet.outline)]
            cell.add(*(gdstk.Polygon(loop, layer) for loop in loops))
            origin = tuple(low / USER_UNIT for low, _ in sheets[0].outline.bounds)
            cell.add(gdstk.Label(f"{axis} = {sheets[0].position:.9g} m, {_conductor(sheets[0])}", origin, layer=layer))
        if layers:
            cells.append(cell)
    save_cells(path, cells, step)
