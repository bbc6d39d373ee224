"""Solids of finite conductivity: their surfaces carry the current, and nothing is inside.

A piece of surface between cells is a face of the grid, of which each of its edges has half: ``K = E / Z`` over the width ``b`` of what an edge
has of it, in the dual area ``A`` of the edge, is the conductivity ``b / (Z A)``, on a flat surface ``1 / (Z d)`` with ``d`` the dual length across
it. As a dispersive material (`adjointdesign.media.surface_impedance`) it has the strength ``b / A``, and the current is all of what the magnetic
field has outside. For that there must be none inside: there edges are conductors, and faces have a permeability without bound (without it the
half cell inside acts as an inductance beside ``Z``, an error of the skin depth over the cell).

What stays of first order is the displacement current in the inner half of the surface's dual cells, the share ``w eps0 d |Z| / 2`` of the current:
nothing at a metal.

In absorbing layers the solid is a perfect conductor: neither dispersion of such a size nor permeability belongs there.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.solvers.fdtd_maxwell.absorber import Pec, Periodic, Pmc, layer_cells
from adjointdesign.solvers.fdtd_maxwell.medium import Dispersive, Medium
from adjointdesign.solvers.fdtd_maxwell.program import checked_faces

_HELD = 1e12
"""Relative permeability by which a face of the grid is held at zero to rounding."""


def with_conductor(medium: Medium, name: str, material: Dispersion, boundaries, cells) -> Medium:
    """A medium with a solid of finite conductivity in it.

    Parameters
    ----------
    medium : Medium
        What is around it; where a component is in a perfect conductor already it stays so.
    name : str
        Under which the surface is known from now on, as in the input ``strength_<name>_x``.
    material : Dispersion
        Of `adjointdesign.media.surface_impedance.conducting_surface`, with strength one a metre.
    boundaries : sequence
        As of `FdtdMaxwell`. Beyond the domain a solid goes on.
    cells : ndarray of bool
        The cells of the solid, shape ``grid.cells``; without any the medium stays as it is.

    Raises
    ------
    InputError
        When the name is taken, or the cells have the wrong shape or type.
    """
    grid, faces = medium.grid, checked_faces(medium.grid, boundaries)
    if name in medium.dispersive:
        raise InputError("name of a conductor", f"none of {', '.join(medium.dispersive)}", name, "choose another")
    solid = np.asarray(cells)
    if solid.dtype != bool or solid.shape != grid.cells:
        raise InputError("cells of a conductor", f"true and false in an array of shape {grid.cells}", f"{solid.dtype} of shape {solid.shape}", "correct it")
    if not solid.any():
        return medium
    periodic = [isinstance(pair[0], Periodic) for pair in faces]
    layers = np.zeros(grid.cells, bool)
    for a, (low, high) in enumerate(layer_cells(faces)):
        place = np.arange(grid.cells[a])
        layers |= ((place < low) | (place >= grid.cells[a] - high)).reshape(_along(grid, a))
    surfaces = []
    for a in range(grid.ndim):
        here = _padded(solid, a, periodic[a])
        surfaces.append((_pick(here, a, 0, -1) ^ _pick(here, a, 1, None)).astype(float))
    strength, conductor = {}, {}
    for c in grid.electric:
        share = sum(_carried(grid, c, a, surfaces[a], periodic) for a in range(grid.ndim) if AXES[a] != c[1])
        absorbed = _touching(grid, c, layers, periodic, every=False) & (share > 0)
        held = _stored(grid, c, _touching(grid, c, solid, periodic, every=True) | absorbed)
        conductor[c] = held | np.asarray(medium.conductor.get(c, False))
        strength[c] = _stored(grid, c, share) * ~conductor[c]
    permeability, skin = dict(medium.permeability), _skin(solid, periodic)
    for c in grid.components:
        if c[0] == "h":
            within, beneath, absorbed = (_beside(grid, c, part, periodic, every) for part, every in ((solid, True), (skin, False), (layers, False)))
            here = _stored(grid, c, within & beneath & ~absorbed)
            if c in permeability or here.any():
                permeability[c] = np.where(here, _HELD, permeability.get(c, 1.0))
    return replace(medium, conductor=conductor, permeability=permeability, dispersive={**medium.dispersive, name: Dispersive(material, strength)})


def thinnest(grid: YeeGrid, cells: np.ndarray, boundaries) -> float:
    """Least thickness of a solid along any axis, m, infinite where there is none.

    What meets a face of the domain goes on without end into an absorbing layer (and, it is taken, through a periodic face), has an image of the
    same thickness behind a magnetic wall, and ends at an electric one.

    Parameters
    ----------
    grid : YeeGrid
        With ``cells`` of the solid, of shape ``grid.cells``.
    cells : ndarray of bool
        The solid.
    boundaries : sequence
        As of `FdtdMaxwell`.
    """
    least = np.inf
    for a, pair in enumerate(checked_faces(grid, boundaries)):
        low, high = (1.0 if isinstance(face, Pec) else 2.0 if isinstance(face, Pmc) else np.inf for face in pair)
        lines, rows = grid.lines(a), np.moveaxis(np.asarray(cells, bool), a, -1).reshape(-1, grid.cells[a])
        rows = rows[rows.any(axis=1)]
        change = np.diff(np.pad(rows, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        starts, ends = np.nonzero(change == 1)[1], np.nonzero(change == -1)[1]
        first, last = starts == 0, ends == grid.cells[a]
        # What goes from face to face has no surface across this axis.
        times = np.select([first & last, first, last], [np.inf, low, high], 1.0)
        least = min(least, (times * (lines[ends] - lines[starts])).min(initial=np.inf))
    return float(least)


def _along(grid: YeeGrid, axis: int) -> list[int]:
    return [-1 if b == axis else 1 for b in range(grid.ndim)]


def _pick(values: np.ndarray, axis: int, start, stop) -> np.ndarray:
    return values[(slice(None),) * axis + (slice(start, stop),)]


def _padded(values: np.ndarray, axis: int, periodic: bool) -> np.ndarray:
    """One more value at either end along an axis: what is beyond the domain."""
    width = [(1, 1) if b == axis else (0, 0) for b in range(values.ndim)]
    return np.pad(values, width, mode="wrap" if periodic else "edge")


def _carried(grid: YeeGrid, component: str, normal: int, surface: np.ndarray, periodic) -> np.ndarray:
    """``b / A`` of the edges along a component from the surfaces across one axis, 1/m, over its places."""
    out = surface / grid.lengths(component, normal)[grid.nodes(component, normal)].reshape(_along(grid, normal))
    third = 3 - normal - AXES.index(component[1])
    if third < grid.ndim:
        widths = np.diff(grid.lines(third)).reshape(_along(grid, third))
        halves = 0.5 * _padded(out * widths, third, periodic[third])
        dual = grid.lengths(component, third)[grid.nodes(component, third)].reshape(_along(grid, third))
        out = (_pick(halves, third, 0, -1) + _pick(halves, third, 1, None)) / dual
    return out


def _touching(grid: YeeGrid, component: str, cells: np.ndarray, periodic, every: bool) -> np.ndarray:
    """Whether some or every cell that meets at a component's place is among the given ones, over its places."""
    out = cells
    for a in range(grid.ndim):
        if AXES[a] != component[1]:
            pair = _padded(out, a, periodic[a])
            both = np.logical_and if every else np.logical_or
            out = both(_pick(pair, a, 0, -1), _pick(pair, a, 1, None))
    return out


def _skin(solid: np.ndarray, periodic) -> np.ndarray:
    """The cells of a solid that meet its surface; deeper there are no fields to be held at zero."""
    from scipy.ndimage import binary_erosion  # slow to import, and only needed here

    wide = solid
    for a, turns in enumerate(periodic):
        wide = _padded(wide, a, turns)
    inner = binary_erosion(wide, np.ones((3,) * solid.ndim), border_value=1)
    return solid & ~inner[(slice(1, -1),) * solid.ndim]


def _beside(grid: YeeGrid, component: str, cells: np.ndarray, periodic, every: bool) -> np.ndarray:
    """Whether both cells beside a face, or one of them, are among the given ones, over its places."""
    a = AXES.index(component[1])
    if a >= grid.ndim:
        return cells
    pair = _padded(cells, a, periodic[a])
    both = np.logical_and if every else np.logical_or
    return both(_pick(pair, a, 0, -1), _pick(pair, a, 1, None))


def _stored(grid: YeeGrid, component: str, values: np.ndarray) -> np.ndarray:
    """Values over a component's places in storage."""
    out = np.zeros(grid.shape, values.dtype)
    out[grid.interior(component)] = values
    return out
