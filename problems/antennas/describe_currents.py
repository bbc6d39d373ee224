"""Surface currents on flat metal: ``J = n x (H+ - H-)``, from H in the cells next to sheets and to faces of solids.

The tangential H of the scheme stands half a cell off a sheet on either side; what flows in the sheet is the difference
(Jackson, Classical Electrodynamics, 3rd ed., eq. I.20), and that of a thin layer of displacement current of second order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.geometry.build import Model
from adjointdesign.problems.antennas.geometry.outlines import Rectangle
from adjointdesign.problems.antennas.geometry.shapes import Box, plane_axes
from adjointdesign.sources.placing import nearest_node

MOST = 6
"""Planes that are read, the largest of all."""


@dataclass(frozen=True)
class MetalPlane:
    """Flat metal in one plane.

    Parameters
    ----------
    axis : str
        Its normal.
    position : float
        Along it, m.
    side : int
        Where its field is: 0 on both sides (sheets), 1 or -1 on that side alone (faces of solids).
    names : tuple of str
        Of the parts.
    outlines : tuple
        Their outlines.
    """

    axis: str
    position: float
    side: int
    names: tuple[str, ...] = ()
    outlines: tuple = ()

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Lowest and highest position along the axes in the plane, m."""
        both = [[outline.bounds[k] for outline in self.outlines] for k in (0, 1)]
        return [(min(low for low, _ in ends), max(high for _, high in ends)) for ends in both]


@dataclass(frozen=True, eq=False)
class SurfaceCurrent:
    """Current on flat metal.

    Parameters
    ----------
    plane : MetalPlane
        Where.
    frequency : float
        Hz.
    coordinates : tuple of ndarray
        Nodes along the two axes in the plane, m.
    values : ndarray, shape (2, n_u, n_v)
        Phasors of the components along these axes, A/m for 1 V behind the port's impedance; next to edges, and off the
        metal, those of the fields there.
    """

    plane: MetalPlane
    frequency: float
    coordinates: tuple[np.ndarray, np.ndarray] = field(repr=False)
    values: np.ndarray = field(repr=False)


def metal_planes(model: Model) -> list[MetalPlane]:
    """Planes with flat metal inside the domain: sheets, faces of boxes, ends of other solids; the largest first."""
    antenna, found = model.antenna, {}
    for part, axis, position, side, outline in _flat(antenna):
        low, high = antenna.bounds[AXES.index(axis)]
        tiny = 1e-6 * (high - low)
        if low + tiny < position < high - tiny:
            found.setdefault((axis, position, side), []).append((part.name, outline))
    planes = [MetalPlane(*place, *map(tuple, zip(*mine))) for place, mine in found.items()]
    return sorted(planes, key=lambda p: -np.prod([high - low for low, high in p.bounds]))[:MOST]


def _flat(antenna):
    """Part, normal, position, side and outline of every flat piece of metal."""
    for sheet in antenna.sheets:
        yield sheet, sheet.axis, sheet.position, 0, sheet.outline
    for solid in antenna.solids:
        if antenna.is_metal(solid.medium) and hasattr(solid, "extrusion"):
            faces = [solid.extrusion]
            if isinstance(solid, Box):
                corners = [np.delete([solid.lower, solid.upper], axis, axis=1).tolist() for axis in range(3)]
                faces = [(a, solid.bounds[a], Rectangle(lower=low, upper=high)) for a, (low, high) in enumerate(corners)]
            for axis, ends, outline in faces:
                yield from ((solid, AXES[axis], end, side, outline) for end, side in zip(ends, (-1, 1)))


def current_monitors(model: Model, planes: list[MetalPlane]) -> dict[tuple[int, int], object]:
    """A monitor of tangential H for each plane (its number) and side of it that counts."""
    from adjointdesign.monitors import FieldMonitor

    monitors = {}
    for number, plane in enumerate(planes):
        axis = AXES.index(plane.axis)
        lines = model.grid.lines(axis)
        node = nearest_node(model.grid, axis, plane.position)
        in_plane = plane_axes(plane.axis)
        reach = [_one_more(model.grid.lines(a), ends) for a, ends in zip(in_plane, plane.bounds)]
        center, size = [0.5 * (low + high) for low, high in reach], [high - low for low, high in reach]
        components = tuple(f"h{AXES[a]}" for a in in_plane)
        for side in (plane.side,) if plane.side else (-1, 1):
            off = 0.5 * (lines[node] + lines[node + side])
            monitors[number, side] = FieldMonitor(
                f"current {number} {side:+d}", (*center[:axis], off, *center[axis:]), (*size[:axis], 0.0, *size[axis:]),
                components, [model.antenna.band.center],
            )  # fmt: skip
    return monitors


def _one_more(lines: np.ndarray, ends: tuple[float, float]) -> tuple[float, float]:
    """The nodes around an extent, and beyond its ends if it has them."""
    first, last = np.searchsorted(lines, ends[0]) - 1, np.searchsorted(lines, ends[1], side="right")
    return float(lines[max(first, 0)]), float(lines[min(last, len(lines) - 1)])


def surface_currents(model: Model, planes, monitors: dict, solver, readings, drive: complex) -> tuple[SurfaceCurrent, ...]:
    """Currents from the readings of `current_monitors`.

    Parameters
    ----------
    model : Model
        The antenna.
    planes, monitors
        As `metal_planes` and `current_monitors` made them.
    solver : FdtdMaxwell
        The solver that ran.
    readings : dict
        Its readings.
    drive : complex
        Transform of the source's voltage in the middle of the band, V s.
    """
    placements = {m.name: p for m, p in zip(solver.program.doors.monitors, solver.program.doors.placements)}
    jumps: dict[int, np.ndarray] = {}
    places = {}
    for (number, side), monitor in monitors.items():
        axis = AXES.index(planes[number].axis)
        h = np.squeeze(readings[monitor.name][0], axis=1 + axis) / drive
        jumps[number] = jumps.get(number, 0.0) + side * h
        across = placements[monitor.name].coordinates
        places[number] = tuple(across[a] for a in plane_axes(planes[number].axis))
    currents = []
    for number, (hu, hv) in jumps.items():
        # e_a x e_(a+1) = e_(a+2); the axes in the plane are these two, for y in the other order.
        turn = -1 if planes[number].axis == "y" else 1
        values = turn * np.stack([-hv, hu])
        currents.append(SurfaceCurrent(planes[number], model.antenna.band.center, places[number], values))
    return tuple(currents)
