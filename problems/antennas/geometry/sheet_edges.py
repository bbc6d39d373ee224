"""Straight edges of perfect sheets where they are, not where nodes are: the factors of `adjointdesign.media.sheet` on a description's grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.media.sheet import METAL, sheet
from adjointdesign.problems.antennas.geometry.description import Antenna
from adjointdesign.problems.antennas.geometry.lines import edge_size
from adjointdesign.problems.antennas.geometry.shapes import plane_axes

_BEYOND = 8
"""Cells by which metal goes on where it ends at a face of the domain."""
_MOST_SIDES = 40
"""Straight sides along one axis of a plane, beyond which its rectangles are too many to look for."""


def with_sheet_edges(antenna: Antenna, medium):
    """The medium with every perfect sheet in it, edges included; as it is unless ``grid.edge_rule`` is "lattice".

    Raises
    ------
    InputError
        When an outline has other than straight sides along the axes, too many of them, and as `sheet`.
    """
    if antenna.grid.edge_rule != "lattice":
        return medium
    planes: dict[tuple[str, float], list] = {}
    for part in antenna.sheets:
        if part.perfect:
            planes.setdefault((part.axis, part.position), []).append(part)
    for (axis, position), parts in planes.items():
        medium = _with_plane(antenna, medium, axis, position, parts)
    return medium


def _with_plane(antenna: Antenna, medium, axis: str, position: float, parts: list):
    grid: YeeGrid = medium.grid
    axes = plane_axes(axis)
    normal = AXES.index(axis)
    node = int(np.argmin(np.abs(grid.lines(normal) - position)))
    heights = np.diff(grid.lines(normal))[[max(node - 1, 0), min(node, grid.cells[normal] - 1)]]
    ratio = float(heights.mean()) / edge_size(antenna)
    lines = [_padded(grid.lines(a)) for a in axes]
    rectangles = [_beyond_faces(antenna, axes, r, [x[[0, -1]] for x in lines]) for r in rectangles_of(parts)]
    made = sheet(rectangles, *lines, (ratio, ratio))
    inner = slice(_BEYOND, -_BEYOND)
    permittivity, conductivity = dict(medium.permittivity), dict(medium.conductivity)
    conductor, permeability = dict(medium.conductor), dict(medium.permeability)
    for a, factors in zip(axes, (made.along_x, made.along_y)):
        name, own = "e" + AXES[a], np.asarray(factors)[inner, inner]
        at = _slots(grid, name, normal, node)
        whole = own > 0.5 * METAL
        for values in (permittivity, conductivity):
            if name in values:
                values[name] = np.array(values[name])
                values[name][at] *= np.where(whole | (own < 1 + 2 / METAL), 1.0, own)
        conductor[name] = np.array(conductor.get(name, np.zeros(grid.shape, bool)))
        conductor[name][at] |= whole
    name, own = "h" + axis, np.asarray(made.faces)[inner, inner]
    permeability[name] = np.array(permeability.get(name, np.ones(grid.shape)))
    beside = (own > 2 / METAL) & (own < 1 - 2 / METAL)  # within metal there is no field
    permeability[name][_slots(grid, name, normal, node)] *= np.where(beside, own, 1.0)
    return replace(medium, permittivity=permittivity, conductivity=conductivity, conductor=conductor, permeability=permeability)


def _slots(grid: YeeGrid, component: str, normal: int, node: int) -> tuple:
    """Storage of a component in the plane of a node."""
    at = list(grid.interior(component))
    at[normal] = node + 1
    return tuple(at)


def _padded(lines: np.ndarray) -> np.ndarray:
    """Nodes with more beyond both ends, for metal that goes on there."""
    beyond = np.arange(1, _BEYOND + 1)
    return np.concatenate([lines[0] - beyond[::-1] * (lines[1] - lines[0]), lines, lines[-1] + beyond * (lines[-1] - lines[-2])])


def _beyond_faces(antenna: Antenna, axes: list[int], rectangle, ends) -> list[float]:
    """A rectangle whose sides on faces of the domain lie well beyond: metal goes on in the image, the wall, or the layer."""
    sides = list(rectangle)
    for k, a in enumerate(axes):
        low, high = antenna.bounds[a]
        tiny = 1e-6 * (high - low)
        if sides[2 * k] <= low + tiny:
            sides[2 * k] = float(ends[k][0] + 0.5 * (low - ends[k][0]))
        if sides[2 * k + 1] >= high - tiny:
            sides[2 * k + 1] = float(ends[k][1] - 0.5 * (ends[k][1] - high))
    return sides


def rectangles_of(parts: list) -> list[tuple[float, float, float, float]]:
    """The largest rectangles within the union of sheets of one plane: ``(u_low, u_high, v_low, v_high)``, m.

    Raises
    ------
    InputError
        When an outline has other than straight sides along the axes, or too many of them.
    """
    for part in parts:
        if part.outline.curved:
            raise InputError(
                f"grid.edge_rule with sheet '{part.name}'", "straight sides along the axes where edges follow the lattice", "others",
                'choose edge_rule = "node" or "thirds"',
            )  # fmt: skip
    u, v = (np.unique([x for part in parts for x, _ in part.outline.faces(k)]) for k in (0, 1))
    if max(len(u), len(v)) > _MOST_SIDES:
        raise InputError("grid.edge_rule", f"at most {_MOST_SIDES} straight sides along an axis", max(len(u), len(v)), 'choose edge_rule = "thirds"')
    middles = 0.5 * (u[1:] + u[:-1])[:, None], 0.5 * (v[1:] + v[:-1])[None, :]
    filled = np.any([part.outline.inside(*middles, 0.0) for part in parts], axis=0)
    found = []
    for i in range(len(u) - 1):
        for j in range(i, len(u) - 1):
            rows = np.all(filled[i : j + 1], axis=0)
            edges = np.flatnonzero(np.diff(np.r_[0, rows, 0]))
            for low, high in zip(edges[::2], edges[1::2]):
                before = i > 0 and np.all(filled[i - 1, low:high])
                after = j + 1 < len(filled) and np.all(filled[j + 1, low:high])
                if not before and not after:
                    found.append((float(u[i]), float(u[j + 1]), float(v[low]), float(v[high])))
    return found
