"""Edges of thin metal sheets anywhere between the nodes: where a lattice's edge really is, and what puts it elsewhere.

At the edge of a sheet the field is singular, and a sheet made of conducting edges of the grid acts as if it were wider than it
is: by 0.354 of a cell where cells are square in the plane across its edge, whatever their size, which is a first-order error of
every resonance. A factor ``f`` on the link beyond the last node of the metal (on the permittivity of the edges that leave it,
and under the permeability of the faces beyond it, so that the speed along the edge stays) moves the edge, and so a factor can
be found that puts it where it ought to be. Both constants are those of a strip on the lattice far from all else: charges and
currents on its nodes follow from the lattice's Green's function, and its logarithmic capacity is a quarter of its width
(G. Polya and G. Szego, Isoperimetric Inequalities in Mathematical Physics (1951), table of the segment).

The same holds for a sheet on a dielectric, where the field in its plane sees the mean of both permittivities. At corners the
field is another one, and the factor but an estimate.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from autograd import numpy as anp
from autograd.extend import defvjp, primitive
from scipy.interpolate import CubicSpline, PPoly
from scipy.optimize import brentq

from adjointdesign.design.operators import plain
from adjointdesign.errors import InputError
from adjointdesign.media.lattice import bare_radius, resistance

_NODES = 40
"""Cells of the shorter of two strips, from which the edge of a half plane is extrapolated (errors fall with their number)."""
_FACTORS = np.exp(np.linspace(math.log(0.03), math.log(60.0), 61))


def edge_position(factor: float, ratio: float) -> float:
    """How far beyond its last node a sheet ends, in cells, when the link beyond has a factor.

    Parameters
    ----------
    factor : float
        On the permittivity of the link, and under the permeability of the face beside it; one for a bare edge.
    ratio : float
        Height of the cells next to the sheet over their length across the edge.
    """
    return 2 * _strip_excess(factor, ratio, 2 * _NODES) - _strip_excess(factor, ratio, _NODES)


def _strip_excess(factor: float, ratio: float, cells: int) -> float:
    """By how much, in cells, either end of a strip of so many cells lies beyond its last node."""
    kernel = np.array([-resistance(0, n, 1 / ratio) for n in range(cells + 3)])
    place = np.arange(-1, cells + 2)
    potentials = kernel[np.abs(place[:, None] - place)]
    # Unknown: a current into every node of metal, and what the two changed links carry beyond their share.
    count = cells + 1
    sources = np.zeros((count + 2, count + 2))
    sources[1:-1, :count] = np.eye(count)
    for end, inner, column in ((0, 1, count), (-1, -2, count + 1)):
        sources[end, column], sources[inner, column] = 1.0, -1.0
    potentials = potentials @ sources
    # Metal has one potential, the last unknown; a changed link carries (f - 1) ratio times the drop along it; all currents are one.
    matrix, right = np.zeros((count + 3, count + 3)), np.zeros(count + 3)
    matrix[:count, :-1], matrix[:count, -1] = potentials[1:-1], -1.0
    for row, end in ((count, 0), (count + 1, -1)):
        matrix[row, :-1] = (factor - 1) * ratio * potentials[end]
        matrix[row, -1] = -(factor - 1) * ratio
        matrix[row, row] += 1.0
    matrix[-1, :count] = right[-1] = 1.0
    potential = np.linalg.solve(matrix, right)[-1]
    radius = bare_radius(1 / ratio) * ratio * math.exp(-2 * math.pi * potential)
    return (4 * radius - cells) / 2


@lru_cache(maxsize=64)
def _spline(ratio: float) -> CubicSpline:
    """Logarithm of the factor by the position of the edge."""
    return CubicSpline([edge_position(f, ratio) for f in _FACTORS], np.log(_FACTORS))


@lru_cache(maxsize=64)
def least_reach(ratio: float) -> float:
    """Position whose factor is the inverse of that one cell further: from here on a node serves as the last one."""
    spline = _spline(ratio)

    def balance(x):
        return spline(x) + spline(x + 1)

    low, high = spline.x[0], spline.x[-1] - 1
    if not (low < high and balance(low) < 0 < balance(high)):
        raise InputError(
            "cells at the edge of a sheet", "a height above the sheet of a third of their length across the edge, or more", f"{ratio:.3g}",
            "refine the cells across the edge",
        )  # fmt: skip
    return brentq(balance, low, high)


@primitive
def _evaluate(x, spline: PPoly):
    return spline(x)


defvjp(_evaluate, lambda value, x, spline: lambda g: g * _evaluate(x, spline.derivative()), None, argnums=(0, 1))


def edge_factor(position, ratio: float):
    """Factor that puts the edge of a sheet so many cells beyond its last node; the inverse of `edge_position`.

    Written with ``autograd.numpy``: twice differentiable in the position.

    Parameters
    ----------
    position : float
        Cells from the last node of metal to the edge.
    ratio : float
        As in `edge_position`.

    Raises
    ------
    InputError
        When no factor between 0.03 and 60 puts the edge there.
    """
    spline = _spline(float(ratio))
    low, high = spline.x[0], spline.x[-1]
    if not low <= plain(position) <= high:
        raise InputError(
            "position of a sheet's edge", f"{low:.3g} to {high:.3g} cells beyond its last node", f"{plain(position):.4g}", "choose another last node"
        )
    return anp.exp(_evaluate(position, spline))


def strip_factors(low, high, lines, ratio: float):
    """A strip between two positions on a line of nodes: which nodes are metal, and the factor of every cell between nodes.

    The last node is the one that keeps the factor nearest to one; where the next takes over it jumps from ``f`` to ``1 / f``.

    Parameters
    ----------
    low, high : float
        Edges of the strip, m.
    lines : ndarray
        Positions of the nodes, m; near the edges cells should be of one size.
    ratio : float
        As in `edge_position`, at both edges.

    Returns
    -------
    metal : ndarray of bool, shape (nodes,)
        Nodes of the strip.
    factors : ndarray, shape (nodes - 1,)
        One but beyond the last node at either end; differentiable in ``low`` and ``high``.

    Raises
    ------
    InputError
        When the strip has no node of its own, or leaves the nodes; when the cells at its edges are too flat to be told apart.
    """
    lines = np.asarray(lines, float)
    sizes, reach, ends = np.diff(lines), least_reach(float(ratio)), (float(plain(low)), float(plain(high)))
    first = int(np.searchsorted(lines[1:] - reach * sizes, ends[0], side="left")) + 1
    last = int(np.searchsorted(lines[:-1] + reach * sizes, ends[1], side="right")) - 1
    if not (1 <= first <= last < len(sizes)):
        raise InputError(
            "edges of a strip", f"a cell or more apart, within {lines[0]:.4g} to {lines[-1]:.4g} m", f"{ends[0]:.4g} and {ends[1]:.4g} m",
            "widen it, or refine the cells",
        )  # fmt: skip
    nodes, cells = np.arange(len(lines)), np.arange(len(sizes))
    # Products and sums: autograd's where does not know that a number stands for a whole row.
    factors = 1.0 + (cells == first - 1) * (edge_factor((lines[first] - low) / sizes[first - 1], ratio) - 1.0)
    factors = factors + (cells == last) * (edge_factor((high - lines[last]) / sizes[last], ratio) - 1.0)
    return (nodes >= first) & (nodes <= last), factors
