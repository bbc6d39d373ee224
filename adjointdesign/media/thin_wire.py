"""Wires thinner than a cell: the fields next to them as those of a round wire of the given radius.

A line of conducting edges on a rectangular lattice acts, some cells away, like a round wire of a radius that the lattice
decides (0.1985 d on squares of side d). Both the charge and the flux of a wire depend on its radius ``a`` through the fields
within the first cell alone, so a factor ``f`` on the four links around it serves for any radius: the (complex) permittivity of the
radial edges is multiplied by it and the permeability of the faces around the wire divided, which leaves the speed of a wave
along it as it is. This is the idea of Y. Noda and S. Yokoyama, IEEE Trans. Power Deliv. 17, 841 (2002), with the factor
that the static equations of the lattice itself ask for in place of an estimate; on squares

    1 / f = 1 + (2 / pi) ln(0.1985 d / a)                                                                  (1)

`intrinsic_radius` and `link_factor` hold for any ratio of the cells' sides, by the lattice's Green's function
(`lattice.py`). At ends and bends the fields are not those of a long wire and the factor is but
an estimate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.media.lattice import bare_radius, resistance

def intrinsic_radius(dx: float, dy: float) -> float:
    """Radius of the round wire that a bare line of edges acts like, m.

    Parameters
    ----------
    dx, dy : float
        Sides of the cells across the wire, m.
    """
    return dx * bare_radius(dy / dx)


def link_factor(radius: float, dx: float, dy: float) -> float:
    """Factor on the permittivity of the radial edges, and under the permeability of the faces around, for a radius; eq. (1).

    Parameters
    ----------
    radius : float
        Radius of the wire, m.
    dx, dy : float
        Sides of the cells across the wire, m.

    Raises
    ------
    InputError
        When the radius is not positive or reaches half a cell.
    """
    if not 0 < radius < 0.5 * min(dx, dy):
        raise InputError(
            "radius of a thin wire", f"a positive one below half a cell of {min(dx, dy):.4g} m", f"{radius:.4g} m",
            "make it a solid cylinder, or coarsen the cells around it",
        )  # fmt: skip
    ratio = dy / dx
    x, y, xx, yy, xy = (resistance(m, n, ratio) for m, n in ((1, 0), (0, 1), (2, 0), (0, 2), (1, 1)))
    bare = bare_radius(ratio)

    def acts_as(log_factor):
        """Logarithm of the radius that links with a factor act as, over the wanted one.

        A changed link carries a surplus current ``j``, which acts like a source at its outer and a sink at its inner end.
        """
        excess = math.exp(log_factor) - 1
        own = np.array([[xx - 4 * x, 2 * (xy - x - y)], [2 * (xy - x - y), yy - 4 * y]])
        surplus = np.diag(excess * np.array([ratio, 1 / ratio]))
        j = surplus @ np.linalg.solve(np.eye(2) - own @ surplus, [x, y])
        return math.log(bare * dx / radius) + 4 * math.pi * (j[0] * x + j[1] * y)

    return math.exp(brentq(acts_as, -12.0, 12.0, xtol=1e-14))


def thin_wire(medium, axis: str, position: Sequence[float], extent: Sequence[float], radius: float, gaps=()):
    """The medium with a straight, perfectly conducting wire along an axis, thinner than its cells.

    Parameters
    ----------
    medium : Medium
        Of the FDTD solver, on a grid of three dimensions.
    axis : {"x", "y", "z"}
        Direction of the wire.
    position : sequence of float
        Where it is along the other two axes, in their order, m; on nodes.
    extent : sequence of float
        Its lower and upper end, m; they move to the nearest nodes.
    radius : float
        Its radius, m, less than half a cell.
    gaps : sequence of (float, float)
        Parts that are left open, for ports and lumped elements; the current goes on there, and so does the radius.

    Returns
    -------
    Medium
        A copy. A solver's inputs replace the medium in their boxes, factors and all: keep those away from the wire. Where ``f`` is below one so is its least permittivity, which shortens the time step.

    Raises
    ------
    InputError
        When the wire is not on nodes inside the domain, the cells on its sides differ, it is shorter than a cell, or as
        `link_factor`.
    """
    grid = medium.grid
    if grid.ndim != 3 or axis not in AXES:
        raise InputError("axis of a thin wire", "x, y or z of a grid in three dimensions", axis, "correct it")
    a = AXES.index(axis)
    sides = [b for b in range(3) if b != a]
    node = {b: _node(grid, b, p) for b, p in zip(sides, position, strict=True)}
    sizes = [_even_size(grid, b, node[b]) for b in sides]
    low, high = (int(np.argmin(np.abs(grid.lines(a) - end))) for end in extent)
    lines = grid.lines(a)
    if not lines[0] - 1e-3 * grid.spacing[a] <= min(extent) <= max(extent) <= lines[-1] + 1e-3 * grid.spacing[a]:
        raise InputError("extent of a thin wire", f"ends within the domain, {lines[0]:.6g} to {lines[-1]:.6g} m", tuple(extent), "end it at the face")
    if not low < high:
        raise InputError("extent of a thin wire", "at least one cell between its ends", tuple(extent), "lengthen it, or refine the cells")
    factor = link_factor(radius, *sizes)
    new = {q: _copies(grid, getattr(medium, q)) for q in ("permittivity", "conductivity", "conductor", "permeability")}
    new["dispersive"] = {name: replace(part, strength=_copies(grid, part.strength)) for name, part in medium.dispersive.items()}
    radial = [new["permittivity"], new["conductivity"], *(part.strength for part in new["dispersive"].values())]
    along = slice(low + 1, high + 1)
    conductor = new["conductor"].setdefault("e" + axis, np.zeros(grid.shape, bool))
    conductor[_at(a, along, {b: n + 1 for b, n in node.items()})] = True
    for start, end in gaps:
        middles = grid.coordinates("e" + axis, a)
        inside = np.flatnonzero((middles > start) & (middles < end))
        if inside.size == 0 or not low + 1 <= inside[0] <= inside[-1] <= high:
            raise InputError("gap of a thin wire", "at least one cell, within the wire", f"{start:.6g} to {end:.6g} m", "widen or move it, or refine the cells")
        conductor[_at(a, inside, {b: n + 1 for b, n in node.items()})] = False
    for b, other in (sides, sides[::-1]):
        for step in (0, 1):  # the edges, and the faces, in the middle of the cells on either side along b
            place = {b: node[b] + step, other: node[other] + 1}
            for quantity in radial:
                if "e" + AXES[b] in quantity:
                    quantity["e" + AXES[b]][_at(a, slice(low + 1, high + 2), place)] *= factor
            faces = new["permeability"].setdefault("h" + AXES[other], np.ones(grid.shape))
            faces[_at(a, along, place)] /= factor
    return replace(medium, **new)


def _copies(grid, parts: dict) -> dict:
    return {c: np.array(np.broadcast_to(v, grid.shape)) for c, v in parts.items()}


def _at(axis: int, along, across: dict) -> tuple:
    """Storage index with a range along the wire and one slot across each other axis."""
    return tuple(along if b == axis else across[b] for b in range(3))


def _node(grid, axis: int, position: float) -> int:
    lines = grid.lines(axis)
    node = int(np.argmin(np.abs(lines - position)))
    if abs(lines[node] - position) > 1e-3 * grid.spacing[axis] or not 0 < node < len(lines) - 1:
        raise InputError(f"thin wire along {AXES[axis]}", "a node inside the domain", f"{position:.6g} m", "put a mesh line on the wire")
    return node


def _even_size(grid, axis: int, node: int) -> float:
    before, after = np.diff(grid.lines(axis)[node - 1 : node + 2])
    if abs(after - before) > 0.01 * before:
        raise InputError(
            f"cells beside a thin wire along {AXES[axis]}", "equal ones on both sides", f"{before:.4g} and {after:.4g} m",
            "make the mesh lines around the wire even",
        )  # fmt: skip
    return 0.5 * float(before + after)
