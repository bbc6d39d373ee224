"""A flat metal sheet of straight edges on a graded grid: permittivity of the edges and permeability of the faces in its plane.

The sheet is a union of rectangles whose sides may lie anywhere between the nodes. Of a rectangle an edge of the grid is metal as far
as its link is, along it, and the row of nodes that it is on, across it (see `sheet_edge.py`); of several rectangles the one
counts that covers most. All is continuous in every side, and twice differentiable but where at an inner corner two
rectangles cover a link alike. The metal is perfect: a conductivity of the medium around is to be multiplied as its permittivity is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from autograd import numpy as anp

from adjointdesign.design.operators import plain
from adjointdesign.errors import InputError
from adjointdesign.media.sheet_edge import SPREAD, least_width, strip

METAL = 1e12
"""Relative permittivity by which an edge of the grid is held at zero to rounding: metal whose place is decided in each run."""


class Sheet(NamedTuple):
    """A sheet between ``m`` by ``n`` nodes.

    ``along_x`` (shape ``(m - 1, n)``) and ``along_y`` (``(m, n - 1)``) multiply the permittivity of the edges of the grid in its
    plane, by `METAL` where it is; ``faces`` (``(m - 1, n - 1)``) multiplies the permeability of the faces between them.
    """

    along_x: np.ndarray
    along_y: np.ndarray
    faces: np.ndarray


def sheet(rectangles: Sequence, x_lines, y_lines, heights: tuple[float, float]) -> Sheet:
    """A sheet made of rectangles, written with ``autograd.numpy``.

    Parameters
    ----------
    rectangles : sequence of (x_low, x_high, y_low, y_high)
        Sides, m; those that overlap by `least_width` or more are one piece of metal, others are two cells apart.
    x_lines, y_lines : ndarray
        Nodes of the grid around the sheet, m. Where sides lie, cells should be of one size.
    heights : tuple of float
        Height of the cells above and below the sheet over the length of the cells at sides across x, and across y.

    Raises
    ------
    InputError
        When two rectangles touch or nearly do, and as `strip`.
    """
    lines = np.asarray(x_lines, float), np.asarray(y_lines, float)
    _require_clear([tuple(float(plain(v)) for v in r) for r in rectangles], lines, heights)
    covered = None
    for r in rectangles:
        (links_x, nodes_x), (links_y, nodes_y) = (strip(r[2 * a], r[2 * a + 1], lines[a], heights[a]) for a in (0, 1))
        pairs = ((links_x, nodes_y), (nodes_x, links_y), (links_x, links_y))
        own = [x[:, None] * y[None, :] for x, y in pairs]
        covered = own if covered is None else [anp.maximum(a, b) for a, b in zip(covered, own)]
    along_x, along_y, faces = (1.0 - c + 1 / METAL for c in covered)
    return Sheet(1 / along_x, 1 / along_y, faces)


def _require_clear(rectangles: list, lines, heights) -> None:
    """Refuse rectangles that touch or nearly do: between them the grid would see a slit of its own making."""
    widths = [least_width(h) for h in heights]
    for one, other in combinations(rectangles, 2):
        overlaps = []
        for a in (0, 1):
            low, high = max(one[2 * a], other[2 * a]), min(one[2 * a + 1], other[2 * a + 1])
            at = np.clip(np.searchsorted(lines[a], (low, high)) - 1, 0, len(lines[a]) - 2)
            overlaps.append((high - low) / np.diff(lines[a])[at].max())
        a = int(np.argmin(overlaps))
        if -SPREAD + 1e-6 < overlaps[a] < widths[a] - 1e-6:
            raise InputError(
                "rectangles of a sheet", f"an overlap of {widths[a]:.3g} cells or more, or a gap of {SPREAD}", f"an overlap of {overlaps[a]:.3g} cells",
                "let them overlap, widen the gap, or refine the cells",
            )  # fmt: skip
