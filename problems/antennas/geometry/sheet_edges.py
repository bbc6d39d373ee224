"""Straight edges of perfect sheets where they are, not where nodes are: the factors of `adjointdesign.media.sheet` on a description's grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.media.sheet import METAL as WHOLE
from adjointdesign.media.sheet import sheet
from adjointdesign.media.sheet_edge import EVEN, SPREAD
from adjointdesign.problems.antennas.geometry.description import Antenna
from adjointdesign.problems.antennas.geometry.lines import edge_size
from adjointdesign.problems.antennas.geometry.shapes import METAL, plane_axes

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
    planes: dict[tuple[int, int], list] = {}
    for part in antenna.sheets:
        if part.perfect:
            normal = AXES.index(part.axis)
            node = int(np.argmin(np.abs(medium.grid.lines(normal) - part.position)))
            planes.setdefault((normal, node), []).append(part)
    for (normal, node), parts in planes.items():
        medium = _with_plane(antenna, medium, normal, node, parts)
    return medium


def _with_plane(antenna: Antenna, medium, normal: int, node: int, parts: list):
    grid: YeeGrid = medium.grid
    axes = plane_axes(AXES[normal])
    found = rectangles_of(parts)
    _refuse_other_metal(antenna, axes, found, parts)
    lines = [_padded(grid.lines(a)) for a in axes]
    heights = np.diff(grid.lines(normal))[[max(node - 1, 0), min(node, grid.cells[normal] - 1)]]
    ratios = [float(heights.mean()) / _cells_at_sides(antenna, a, [r[2 * k : 2 * k + 2] for r in found], grid.lines(a)) for k, a in enumerate(axes)]
    made = sheet([_beyond_faces(antenna, axes, r, lines) for r in found], *lines, ratios)
    inner = slice(_BEYOND, -_BEYOND)
    permittivity, conductivity = dict(medium.permittivity), dict(medium.conductivity)
    conductor, permeability = dict(medium.conductor), dict(medium.permeability)
    dispersive = {name: replace(part, strength=dict(part.strength)) for name, part in medium.dispersive.items()}
    for a, factors in zip(axes, (made.along_x, made.along_y)):
        name, own = "e" + AXES[a], np.asarray(factors)[inner, inner]
        at = _slots(grid, name, normal, node)
        whole = own > 0.5 * WHOLE
        for values in (permittivity, conductivity, *(part.strength for part in dispersive.values())):
            if name in values:
                values[name] = np.array(values[name], dtype=float)
                values[name][at] *= np.where(whole | (own < 1 + 2 / WHOLE), 1.0, own)
        conductor[name] = np.array(conductor.get(name, np.zeros(grid.shape, bool)))
        conductor[name][at] |= whole
    name, own = "h" + AXES[normal], np.asarray(made.faces)[inner, inner]
    permeability[name] = np.array(permeability.get(name, np.ones(grid.shape)))
    beside = (own > 2 / WHOLE) & (own < 1 - 2 / WHOLE)  # within metal there is no field
    permeability[name][_slots(grid, name, normal, node)] *= np.where(beside, own, 1.0)
    return replace(
        medium, permittivity=permittivity, conductivity=conductivity, conductor=conductor, permeability=permeability, dispersive=dispersive
    )  # fmt: skip


def _refuse_other_metal(antenna: Antenna, axes: list[int], rectangles: list, parts: list) -> None:
    """Refuse metal that meets a sheet at its border: between the two the lattice would leave a gap."""
    room = (SPREAD + 1) * edge_size(antenna)
    (normal,) = {0, 1, 2} - set(axes)
    others = [s for s in antenna.solids if s.medium == METAL or antenna.is_metal(s.medium)]
    others += [s for s in antenna.sheets if s not in parts] + list(antenna.wires)
    for other in others:
        (low, high), spans = other.bounds[normal], [other.bounds[a] for a in axes]
        if not low - 1e-3 * room <= parts[0].position <= high + 1e-3 * room:
            continue
        near = [all(c <= r[2 * k + 1] + room and d >= r[2 * k] - room for k, (c, d) in enumerate(spans)) for r in rectangles]
        within = [all(c >= r[2 * k] + room and d <= r[2 * k + 1] - room for k, (c, d) in enumerate(spans)) for r in rectangles]
        if any(near) and not any(within):
            raise InputError(
                f"grid.edge_rule with sheet '{parts[0].name}'", f"no other metal within {room:.4g} m of its edges where they follow the lattice",
                f"'{other.name}'", 'choose edge_rule = "node" or "thirds"',
            )  # fmt: skip


def _cells_at_sides(antenna: Antenna, axis: int, spans: list, lines: np.ndarray) -> float:
    """Size of the cells where sheets end along an axis, m; of those in the middle where they end at faces of the domain alone."""
    low, high = antenna.bounds[axis]
    tiny = 1e-6 * (high - low)
    sides = [x for span in spans for x in span if low + tiny < x < high - tiny] or [0.5 * (low + high)]
    at = np.clip(np.searchsorted(lines, sides) - 1, 0, len(lines) - 2)
    sizes = np.diff(lines)[at]
    if sizes.max() > (1 + EVEN) * sizes.min():
        raise InputError(
            f"grid.edge_rule along {AXES[axis]}", "cells of one size at all edges of a sheet where they follow the lattice",
            f"{sizes.min():.4g} to {sizes.max():.4g} m", 'make grid.edge_size smaller, or choose edge_rule = "thirds"',
        )  # fmt: skip
    return float(sizes.mean())


def _slots(grid: YeeGrid, component: str, normal: int, node: int) -> tuple:
    """Storage of a component in the plane of a node."""
    at = list(grid.interior(component))
    at[normal] = node + 1
    return tuple(at)


def _padded(lines: np.ndarray) -> np.ndarray:
    """Nodes with more beyond both ends, for metal that goes on there."""
    beyond = np.arange(1, _BEYOND + 1)
    return np.concatenate([lines[0] - beyond[::-1] * (lines[1] - lines[0]), lines, lines[-1] + beyond * (lines[-1] - lines[-2])])


def _beyond_faces(antenna: Antenna, axes: list[int], rectangle, lines) -> list[float]:
    """A rectangle whose sides on faces of the domain lie well beyond the grid: metal goes on in the image, the wall, or the layer."""
    sides = list(rectangle)
    for k, a in enumerate(axes):
        low, high = antenna.bounds[a]
        tiny = 1e-6 * (high - low)
        if sides[2 * k] <= low + tiny:
            sides[2 * k] = float(lines[k][_BEYOND // 2])
        if sides[2 * k + 1] >= high - tiny:
            sides[2 * k + 1] = float(lines[k][-1 - _BEYOND // 2])
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
