"""Outlines in a plane: rectangles, discs, and polygons from points or from the layer of a GDSII or DXF file.

Coordinates in a plane are those of the two axes other than its normal, in their order: (x, y) for z, (x, z) for y,
(y, z) for x.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, PositiveFloat, PrivateAttr, ValidationInfo, model_validator

from adjointdesign.problem import Settings

Point2 = tuple[float, float]
_ON_EDGE = 1e-9
"""An edge that strays from an axis by less than this share of its length is parallel to it."""


class Rectangle(Settings):
    """A rectangle: lower and upper corner, m."""

    shape: Literal["rectangle"] = "rectangle"
    lower: Point2
    upper: Point2

    @model_validator(mode="after")
    def _ordered(self):
        if not all(a < b for a, b in zip(self.lower, self.upper)):
            raise ValueError("a lower corner below the upper one along both axes")
        return self

    @property
    def bounds(self):
        """Lowest and highest coordinate along both axes, m."""
        return tuple(zip(self.lower, self.upper))

    def faces(self, axis: int) -> list[tuple[float, int]]:
        """Straight sides across an axis of the plane: position (m), and the direction away from the inside."""
        return [(self.lower[axis], -1), (self.upper[axis], 1)]

    curved: ClassVar[bool] = False

    def inside(self, u, v, slack: float):
        """Whether points lie inside, or no farther outside than ``slack`` (m); a negative one leaves out the border."""
        (a, b), (c, d) = self.bounds
        return (u >= a - slack) & (u <= b + slack) & (v >= c - slack) & (v <= d + slack)


class Disc(Settings):
    """A disc: center and radius, m."""

    shape: Literal["disc"] = "disc"
    center: Point2
    radius: PositiveFloat

    curved: ClassVar[bool] = True

    @property
    def bounds(self):
        """As of `Rectangle`."""
        return tuple((c - self.radius, c + self.radius) for c in self.center)

    def faces(self, axis: int) -> list[tuple[float, int]]:
        """None is straight."""
        return []

    def inside(self, u, v, slack: float):
        """As of `Rectangle`."""
        return np.hypot(u - self.center[0], v - self.center[1]) <= self.radius + slack


class Polygons(Settings):
    """Polygons, filled where any of them is: the corners of one, or all closed outlines on a layer of a file.

    A file is looked for beside the description. GDSII gives its own unit; DXF gives one in its header or needs
    ``unit``.
    """

    shape: Literal["polygon"] = "polygon"
    points: tuple[Point2, ...] | None = Field(None, description="corners of one polygon, m")
    file: str | None = Field(None, description="GDSII (.gds) or DXF (.dxf)")
    layer: int | str | None = Field(None, description="number (GDSII) or name (DXF); all layers by default")
    cell: str | None = Field(None, description="GDSII: name of the cell; the only top one by default")
    unit: PositiveFloat | None = Field(None, description="DXF: metres per unit of the drawing")
    _loops: list[np.ndarray] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _load(self, info: ValidationInfo):
        if (self.points is None) == (self.file is None):
            raise ValueError("either points or a file")
        if self.points is not None:
            loops = [np.array(self.points, dtype=float).reshape(-1, 2)]
        else:
            path = Path((info.context or {}).get("folder", "."), self.file)
            readers = {".gds": _read_gds, ".dxf": _read_dxf}
            if path.suffix.lower() not in readers:
                raise ValueError("a file whose name ends in .gds or .dxf")
            loops = readers[path.suffix.lower()](path, self)
        if not loops or any(len(loop) < 3 or _area(loop) == 0 for loop in loops):
            raise ValueError("at least one polygon, each of three corners or more that enclose an area")
        self._loops = loops
        return self

    @property
    def loops(self) -> list[np.ndarray]:
        """Corners of every polygon, m, shape ``(n, 2)`` each."""
        return self._loops

    @property
    def bounds(self):
        """As of `Rectangle`."""
        corners = np.concatenate(self._loops)
        return tuple(zip(corners.min(axis=0).tolist(), corners.max(axis=0).tolist()))

    def _sides(self):
        for loop in self._loops:
            turn = np.sign(_area(loop))
            for p, q in zip(loop, np.roll(loop, -1, axis=0)):
                if not np.array_equal(p, q):
                    yield p, q, turn

    def faces(self, axis: int) -> list[tuple[float, int]]:
        """As of `Rectangle`: the sides that are parallel to the other axis."""
        found = set()
        for p, q, turn in self._sides():
            along = q[1 - axis] - p[1 - axis]
            if abs(q[axis] - p[axis]) <= _ON_EDGE * abs(along):
                # The inside of a loop that turns counterclockwise is to the left of its sides.
                outward = turn * np.sign(along) * (1 if axis == 0 else -1)
                found.add((float(p[axis]), int(outward)))
        return sorted(found)

    @property
    def curved(self) -> bool:
        """Whether a side is parallel to neither axis."""
        return any(min(abs(q - p)) > _ON_EDGE * max(abs(q - p)) for p, q, _ in self._sides())

    def inside(self, u, v, slack: float):
        """As of `Rectangle`."""
        u, v = np.broadcast_arrays(u, v)
        within, near = np.zeros(u.shape, bool), np.zeros(u.shape, bool)
        for loop in self._loops:
            odd = np.zeros(u.shape, bool)
            for p, q in zip(loop, np.roll(loop, -1, axis=0)):
                if p[1] != q[1]:
                    crosses = (v >= p[1]) != (v >= q[1])
                    odd ^= crosses & (u < p[0] + (v - p[1]) * ((q[0] - p[0]) / (q[1] - p[1])))
                length = np.hypot(*(q - p))
                if length > 0:
                    t = np.clip(((u - p[0]) * (q[0] - p[0]) + (v - p[1]) * (q[1] - p[1])) / length**2, 0, 1)
                    near |= np.hypot(u - p[0] - t * (q[0] - p[0]), v - p[1] - t * (q[1] - p[1])) <= abs(slack)
            within |= odd
        return within | near if slack >= 0 else within & ~near


Outline = Annotated[Rectangle | Disc | Polygons, Field(discriminator="shape")]


def _area(loop: np.ndarray) -> float:
    x, y = loop.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def _read_gds(path: Path, wanted: Polygons) -> list[np.ndarray]:
    import gdstk

    try:
        library = gdstk.read_gds(path)
    except OSError as error:
        raise ValueError(f"a GDSII file that can be read ({error})") from None
    cells = {c.name: c for c in (library.cells if wanted.cell else library.top_level())}
    if wanted.cell not in cells and (wanted.cell or len(cells) != 1):
        raise ValueError(f"the name of one cell of the file ({', '.join(sorted(cells))})")
    cell = cells[wanted.cell] if wanted.cell else next(iter(cells.values()))
    return [p.points * library.unit for p in cell.get_polygons() if wanted.layer in (None, p.layer)]


def _read_dxf(path: Path, wanted: Polygons) -> list[np.ndarray]:
    import ezdxf
    from ezdxf.path import make_path
    from ezdxf.units import M, conversion_factor

    try:
        drawing = ezdxf.readfile(path)
    except (OSError, ezdxf.DXFError) as error:
        raise ValueError(f"a DXF file that can be read ({error})") from None
    if wanted.unit is None and drawing.units == 0:
        raise ValueError("unit, metres per unit of the drawing, which its header does not say")
    unit = wanted.unit or conversion_factor(drawing.units, M)
    loops = []
    for entity in drawing.modelspace().query("LWPOLYLINE POLYLINE CIRCLE ELLIPSE SPLINE"):
        outline = make_path(entity)
        if outline.is_closed and wanted.layer in (None, entity.dxf.layer):
            extent = max((outline.control_vertices()[0] - p).magnitude for p in outline.control_vertices())
            corners = np.array([p.vec2 for p in outline.flattening(1e-3 * extent)], dtype=float)
            loops.append(unit * (corners[:-1] if np.allclose(corners[0], corners[-1]) else corners))
    return loops
