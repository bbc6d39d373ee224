"""A flat metal sheet of straight edges on a graded grid: which edges of the grid are metal, and the factors beyond its border.

The sheet is a union of rectangles whose sides may lie anywhere between the nodes and are differentiable; see `sheet_edge.py` for the
factors. Row by row of nodes the rectangles leave intervals of metal, whose two ends get their factor on the link beyond them, and so
column by column. A face beyond a straight edge gets the factor of its two links; at a corner, the geometric means of
what its links along either axis have, an estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from autograd import numpy as anp

from adjointdesign.design.operators import plain
from adjointdesign.errors import InputError
from adjointdesign.media.sheet_edge import least_reach, strip_factors

METAL = 1e12
"""Relative permittivity by which an edge of the grid is held at zero to rounding: metal whose place is decided in each run."""


class Sheet(NamedTuple):
    """A sheet between ``m`` by ``n`` nodes.

    ``along_x`` (shape ``(m - 1, n)``) and ``along_y`` (``(m, n - 1)``) multiply the permittivity of the edges of the grid in its
    plane, `METAL` where it is; ``faces`` (``(m - 1, n - 1)``) multiplies the permeability of the faces between them.
    """

    along_x: np.ndarray
    along_y: np.ndarray
    faces: np.ndarray


def sheet(rectangles: Sequence, x_lines, y_lines, heights: tuple[float, float]) -> Sheet:
    """A sheet made of rectangles, written with ``autograd.numpy``.

    Parameters
    ----------
    rectangles : sequence of (x_low, x_high, y_low, y_high)
        Sides, m; those that touch or overlap are one piece of metal.
    x_lines, y_lines : ndarray
        Nodes of the grid around the sheet, m. Where sides lie, cells should be of one size.
    heights : tuple of float
        Height of the cells above and below the sheet over the length of the cells at sides across x, and across y.

    Raises
    ------
    InputError
        As `strip_factors`.
    """
    lines = np.asarray(x_lines, float), np.asarray(y_lines, float)
    along = []
    for a in (0, 1):
        across = [_reaches(r[2 - 2 * a], r[3 - 2 * a], lines[1 - a], heights[1 - a]) for r in rectangles]
        here = [[(r[2 * a], r[2 * a + 1]) for r, rows in zip(rectangles, across) if rows[row]] for row in range(len(lines[1 - a]))]
        along.append([_links(_joined(intervals), lines[a], heights[a]) for intervals in here])
    # A node is metal if it is so along its row and along its column: near a border across it a row is none.
    nodes = np.array([n for n, _ in along[0]]).T & np.array([n for n, _ in along[1]])
    metal, factors = [], []
    for rows, own in zip(along, (nodes.T, nodes)):
        metal.append(own[:, 1:] & own[:, :-1])
        beside = own[:, 1:] ^ own[:, :-1]
        factors.append(1.0 + beside * (anp.stack([f for _, f in rows]) - 1.0))
    roots = [anp.sqrt(f[1:] * f[:-1]) for f in factors]
    values = [METAL * m + f * ~m for m, f in zip(metal, factors)]
    return Sheet(values[0].T, values[1], 1 / (roots[0].T * roots[1]))


def _reaches(low, high, lines, ratio: float) -> np.ndarray:
    """Which rows of nodes a rectangle may have metal on: those within its sides, or as far beyond as a last node may lie."""
    sizes = np.diff(lines)
    slack = 1e-9 * sizes.min() + max(0.0, -least_reach(float(ratio))) * np.minimum(np.r_[sizes[0], sizes], np.r_[sizes, sizes[-1]])
    return (lines >= plain(low) - slack) & (lines <= plain(high) + slack)


def _joined(intervals: list) -> list:
    """Intervals with overlapping and touching ones made one, each end still the traced value it was."""
    joined: list = []
    for low, high in sorted(intervals, key=lambda i: plain(i[0])):
        if joined and plain(low) <= plain(joined[-1][1]) * (1 + 1e-12) + 1e-15:
            if plain(high) > plain(joined[-1][1]):
                joined[-1] = joined[-1][0], high
        else:
            joined.append((low, high))
    return joined


def _links(intervals: list, lines, ratio: float):
    """Which nodes of a row are metal, and the factors of the links between them."""
    metal, factors = np.zeros(len(lines), bool), anp.ones(len(lines) - 1)
    for low, high in intervals:
        nodes, own = strip_factors(low, high, lines, ratio)
        if np.any(metal & nodes) or np.any((plain(factors) != 1) & (plain(own) != 1)):
            raise InputError(
                "gap in a sheet", "two cells or more between its sides", f"{plain(low):.4g} m is too near to the next piece",
                "widen the gap, or refine the cells in it",
            )  # fmt: skip
        metal, factors = metal | nodes, factors * own
    return metal, factors
