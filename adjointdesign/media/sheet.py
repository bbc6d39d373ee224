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
from adjointdesign.media.sheet_edge import strip_factors

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
    spans = [
        tuple(strip_factors(r[2 * a], r[2 * a + 1], lines, heights[a])[0] for a, lines in enumerate((x_lines, y_lines)))
        for r in rectangles
    ]
    along = []
    for a, lines in enumerate((x_lines, y_lines)):
        rows = []
        for row in range(len((x_lines, y_lines)[1 - a])):
            here = [(r[2 * a], r[2 * a + 1]) for r, span in zip(rectangles, spans) if span[1 - a][row]]
            rows.append(_links(_joined(here), lines, heights[a]))
        along.append(rows)
    metal = [np.array([m for m, _ in rows]) for rows in along]
    factors = [anp.stack([f for _, f in rows]) for rows in along]
    roots = [anp.sqrt(f[1:] * f[:-1]) for f in factors]
    values = [METAL * m + f * ~m for m, f in zip(metal, factors)]
    return Sheet(values[0].T, values[1], 1 / (roots[0].T * roots[1]))


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
    """Which links of a row are metal, and the factors of the others."""
    metal, factors = np.zeros(len(lines) - 1, bool), anp.ones(len(lines) - 1)
    for low, high in intervals:
        nodes, own = strip_factors(low, high, lines, ratio)
        inside = nodes[1:] & nodes[:-1]
        if np.any(metal & inside) or np.any((plain(factors) != 1) & (plain(own) != 1)):
            raise InputError(
                "gap in a sheet", "two cells or more between its sides", f"{plain(low):.4g} m is too near to the next piece",
                "widen the gap, or refine the cells in it",
            )  # fmt: skip
        metal, factors = metal | inside, factors * own
    return metal, factors
