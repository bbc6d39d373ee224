"""Edges of thin metal sheets anywhere between the nodes: where a lattice's edge really is, and what puts it elsewhere.

At the edge of a sheet the field is singular, and a sheet made of conducting edges of the grid acts as if it were wider than it
is: by 0.354 of a cell where cells are square in the plane across its edge, whatever their size, which is a first-order error of
every resonance. Here metal rolls out over two links of the lattice: the share of a link that is metal grows from zero to one, the
permittivity of its edge is divided by what is left and the permeability of the face beyond it multiplied, so that the speed
along the edge stays. Where metal rolled out so far ends is a constant of the lattice: the logarithmic capacity of a strip far from
all else is a quarter of its width (G. Polya and G. Szego, Isoperimetric Inequalities in Mathematical Physics (1951), table of the
segment), and charges on the lattice follow from its Green's function. Nothing jumps as an edge moves over the nodes.

The same holds for a sheet on a dielectric, where the field in its plane sees the mean of both permittivities. At corners, and a cell
or two from other metal, the field is another one.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from autograd import numpy as anp
from autograd.extend import defvjp, primitive
from scipy.interpolate import CubicSpline, PPoly

from adjointdesign.design.operators import plain
from adjointdesign.errors import InputError
from adjointdesign.media.lattice import bare_radius, resistance

SPREAD = 2
"""Links over which metal rolls out."""
_NODES = 20
"""Cells of the shortest of three strips, each twice as wide as the last, from which the edge of a half plane is extrapolated."""
_SAMPLES = 40
"""Places within one cell at which the edge is reckoned; between them a spline."""
RATIOS = (0.25, 4.0)
"""Least and largest height of the cells at a sheet over their length across its edge: below, the edge hardly moves at first; above,
metal would have to come cells further than its edge."""
EVEN = 0.25
"""By how much cells at an edge may differ from that in which the edge is: its place is then up to a tenth of a cell off."""


def share(progress):
    """Share of a link that is metal, 0 to 1, twice differentiable: the smoothest step of degree five over `SPREAD` links.

    ``progress`` says how far metal has come, in links from where this one begins; written with ``autograd.numpy``.
    """
    x = anp.clip(progress / SPREAD, 0.0, 1.0)
    return x**3 * (10.0 - 15.0 * x + 6.0 * x**2)


def edge_position(progress: float, ratio: float) -> float:
    """Where a sheet ends, in cells from a node, when metal has come so far beyond that node.

    Parameters
    ----------
    progress : float
        In links, 0 to 1: the link beyond the node has the `share` of that, the one before it that of one more.
    ratio : float
        Height of the cells next to the sheet over their length across the edge.
    """
    one, two, four = (_strip_excess(progress, ratio, k * _NODES) for k in (1, 2, 4))
    return (8 * four - 6 * two + one) / 3 - 1  # errors fall with the number of cells and its square


def _strip_excess(progress: float, ratio: float, cells: int) -> float:
    """By how much, in cells, either end of a strip of so many whole cells of metal lies beyond its last node."""
    kernel = np.array([-resistance(0, n, 1 / ratio) for n in range(cells + 2 * SPREAD + 1)])
    place = np.arange(-SPREAD, cells + SPREAD + 1)
    potentials = kernel[np.abs(place[:, None] - place)]
    # Unknown: a current into every node of metal, and what the changed links carry from node to node beyond their share.
    count, first, last = cells + 1, SPREAD, SPREAD + cells
    links = [(end + way * k, end + way * (k + 1), share(progress + SPREAD - 1 - k)) for end, way in ((first, -1), (last, 1)) for k in range(SPREAD)]
    sources = np.zeros((len(place), count + len(links)))
    sources[first : last + 1, :count] = np.eye(count)
    for column, (inner, outer, _) in enumerate(links, count):
        sources[outer, column], sources[inner, column] = 1.0, -1.0
    potentials = potentials @ sources
    # Metal has one potential, the last unknown; a link with a share s of metal carries s / (1 - s) ratio times the drop along it
    # beyond what it would; all currents are one.
    size = count + len(links) + 1
    matrix, right = np.zeros((size, size)), np.zeros(size)
    matrix[:count, :-1], matrix[:count, -1] = potentials[first : last + 1], -1.0
    for row, (inner, outer, metal) in enumerate(links, count):
        matrix[row, :-1] = metal * ratio * (potentials[outer] - potentials[inner])
        matrix[row, row] += 1.0 - metal
    matrix[-1, :count] = right[-1] = 1.0
    potential = np.linalg.solve(matrix, right)[-1]
    radius = bare_radius(1 / ratio) * ratio * math.exp(-2 * math.pi * potential)
    return (4 * radius - cells) / 2


@lru_cache(maxsize=64)
def _lead(ratio: float) -> CubicSpline:
    """Progress less position, by the position within a cell; periodic."""
    if not RATIOS[0] <= ratio <= RATIOS[1]:
        raise InputError(
            "cells at the edge of a sheet", f"a height above the sheet of {RATIOS[0]:g} to {RATIOS[1]:g} of their length across the edge",
            f"{ratio:.3g}", "refine the cells across the edge, or along the normal of the sheet",
        )  # fmt: skip
    progress = np.linspace(0.0, 1.0, _SAMPLES + 1)
    position = np.array([edge_position(u, ratio) for u in progress])
    position[-1] = position[0] + 1.0  # to rounding of the extrapolation
    return CubicSpline(position, progress - position, bc_type="periodic")


@primitive
def _evaluate(x, spline: PPoly):
    return spline(x)


defvjp(_evaluate, lambda value, x, spline: lambda g: g * _evaluate(x, spline.derivative()), None, argnums=(0, 1))


def edge_progress(position, ratio: float):
    """How far metal has to come beyond a node for the sheet to end so many cells from it; the inverse of `edge_position`.

    Written with ``autograd.numpy``, twice differentiable in the position, which may be any number.
    """
    return position + _evaluate(position, _lead(round(float(ratio), 4)))


def least_width(ratio: float) -> float:
    """Cells from edge to edge of the narrowest strip that has a node of whole metal, wherever it lies.

    The last whole node is up to two cells less the reach of its metal (`edge_position` of no progress) from the edge.
    """
    return max(SPREAD, 2 * SPREAD - 1 + 2 * edge_position(0.0, round(float(ratio), 4)))


def strip(low, high, lines, ratio: float):
    """A strip of metal between two positions on a line of nodes: what share of links and nodes is metal.

    Parameters
    ----------
    low, high : float
        Edges of the strip, m.
    lines : ndarray
        Positions of the nodes, m; near the edges cells are of one size, or nearly.
    ratio : float
        As in `edge_position`, at both edges.

    Returns
    -------
    links : ndarray, shape (nodes - 1,)
        One within the strip, between at its ends, zero outside; twice differentiable in ``low`` and ``high``.
    nodes : ndarray, shape (nodes,)
        The same of the nodes: a node at the border counts as much as the link that leads to it.

    Raises
    ------
    InputError
        When the strip is narrower than `least_width`, or comes nearer to either end of the nodes than two cells; when the
        cells at its edges are not of one size, too flat or too high.
    """
    lines = np.asarray(lines, float)
    ends = float(plain(low)), float(plain(high))
    at = [int(np.clip(np.searchsorted(lines, x, side="right") - 1, 0, len(lines) - 2)) for x in ends]
    sizes = [lines[k + 1] - lines[k] for k in at]
    edge_progress(0.0, ratio)  # which refuses a ratio before the width is reckoned with it
    tiny, width = 1e-9 * sizes[0], least_width(ratio)
    if not (lines[SPREAD] - tiny <= ends[0] and ends[1] - ends[0] >= width * max(sizes) - tiny and ends[1] <= lines[-1 - SPREAD] + tiny):
        raise InputError(
            "edges of a strip", f"{width:.3g} cells or more apart, within {lines[SPREAD]:.4g} to {lines[-1 - SPREAD]:.4g} m",
            f"{ends[0]:.4g} and {ends[1]:.4g} m", "widen it, or refine the cells",
        )  # fmt: skip
    for k, size in zip(at, sizes):
        near = np.diff(lines[k - SPREAD : k + SPREAD + 2])
        if np.any(np.abs(near - size) > EVEN * size):
            raise InputError(
                f"cells around the edge of a strip at {lines[k]:.4g} m", "cells of one size", f"{near.min():.4g} to {near.max():.4g} m", "even them out",
            )  # fmt: skip
    cells = np.arange(len(lines) - 1)
    up = share(edge_progress((high - lines[at[1]]) / sizes[1], ratio) + at[1] - cells)
    down = share(edge_progress((lines[at[0] + 1] - low) / sizes[0], ratio) + cells - at[0])
    none = np.zeros(1)
    return up * down, anp.concatenate([none + 1.0, up]) * anp.concatenate([down, none + 1.0])
