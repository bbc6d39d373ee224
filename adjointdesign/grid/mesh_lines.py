"""Node positions of a graded grid along one axis, from what must be a node and how large cells may be where.

Cells follow a field of sizes ``h(x)``, the largest that obeys every limit and changes by at most ``ln(ratio)`` per
length, as cells do that grow by ``ratio``: with ``du = dx / h``, cells end where ``u`` is whole, and ``|d ln h / du|
= |dh/dx|`` bounds the ratio of neighbors. ``u`` is whole at the next fixed position too once the largest cells of the
stretch between are capped enough; the small ones at its ends stay as they are. Where two stretches then meet in cells
too unlike, the larger ones are limited by the smaller, and everything is fitted again. Cells are never larger than
allowed; they are not provably the fewest (tests hold them against a lower bound).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from adjointdesign.errors import InputError

_SAME = 1e-9
"""Positions closer than this share of the line's length are one."""
_WHOLE = 1e-9
"""So much more than a whole number of cells still is one."""
_SWEEPS = 40
"""After so many rounds of limiting cells by their neighbors, cells are added instead."""


@dataclass(frozen=True)
class Fixed:
    """A position (m) that must be a node: an edge of metal, a face of a dielectric, an end of a port."""

    position: float
    name: str = ""

    def __str__(self):
        return f"{self.name or 'fixed position'} at {self.position:.6g} m"


@dataclass(frozen=True)
class Region:
    """No cell that reaches into ``low`` to ``high`` is longer than ``size`` (m); of no width, none that touches it."""

    low: float
    high: float
    size: float
    name: str = ""


def thin_layer(low: float, high: float, cells: int, name: str = "") -> tuple[list[Fixed], list[Region]]:
    """A layer between two nodes with at least so many cells across: what to give to `mesh_lines` for it."""
    return [Fixed(low, name), Fixed(high, name)], [Region(low, high, (high - low) / cells, name)]


def metal_edge(position: float, size: float, outward: int = 0, name: str = "") -> tuple[list[Fixed], list[Region]]:
    """An edge of metal with small cells around it: what to give to `mesh_lines` for it.

    Parameters
    ----------
    position, size : float
        Where it is, and the largest cell that touches it, m.
    outward : {0, -1, 1}
        0 puts a node on the edge. A direction away from the metal lets it lie a third of a cell from the metal's last
        node (rule of thirds: the field's singularity makes metal that ends on a node look larger, by about this much)
        in a cell of this size, unless smaller cells nearby divide it.
    name : str
        Under which it is refused.
    """
    if not outward:
        return [Fixed(position, name)], [Region(position, position, size, name)]
    low, high = sorted((position - outward * size / 3, position + outward * 2 * size / 3))
    return [Fixed(low, name), Fixed(high, name)], [Region(low, high, size, name)]


def mesh_lines(fixed: Sequence[Fixed], regions: Sequence[Region], *, ratio: float = 1.3, smallest: float = 0.0,
               layers: tuple[int, int] = (0, 0)) -> np.ndarray:  # fmt: skip
    """Ascending node positions of a graded grid along one axis.

    The line goes from the lowest to the highest fixed position, and on by the cells of absorbing layers. A mirrored
    input gives the mirrored line.

    Parameters
    ----------
    fixed : sequence of Fixed
        What must be nodes, in any order, at least two; those that agree to rounding count once.
    regions : sequence of Region
        How long cells may be; together they cover the line. An end may be infinite.
    ratio : float
        Largest ratio of neighboring cells.
    smallest : float
        No cell is shorter, m.
    layers : tuple of int
        Cells to add below and above, each as long as the outermost cell there.

    Returns
    -------
    ndarray
        Node positions, m.

    Raises
    ------
    InputError
        When an argument is out of range, fixed positions are closer than ``smallest`` or leave only shorter cells, or a
        part of the line has no cell size.
    """
    _check(ratio, smallest, layers)
    nodes = _nodes(fixed, smallest)
    stretches = _stretches([n.position for n in nodes], regions, ratio)
    lines = _fitted(stretches, ratio)
    cells = np.diff(lines)
    least = int(np.argmin(cells))
    if cells[least] < smallest * (1 - _WHOLE):
        above = bisect_right([n.position for n in nodes], 0.5 * (lines[least] + lines[least + 1]))
        raise InputError(
            "mesh lines", f"cells of at least {smallest:.4g} m between {nodes[above - 1]} and {nodes[above]}",
            f"one of {cells[least]:.4g} m", "lower the smallest cell, raise the ratio, or move one of the two",
        )  # fmt: skip
    below = lines[0] - cells[0] * np.arange(layers[0], 0, -1)
    return np.concatenate([below, lines, lines[-1] + cells[-1] * np.arange(1, layers[1] + 1)])


def _check(ratio, smallest, layers) -> None:
    if not 1 < ratio < math.inf:
        raise InputError("ratio of neighboring cells", "a number above 1", ratio, "try 1.3")
    if not 0 <= smallest < math.inf:
        raise InputError("smallest cell", "a length of at least 0 m", smallest, "correct it")
    if len(layers) != 2 or not all(isinstance(n, (int, np.integer)) and n >= 0 for n in layers):
        raise InputError("absorbing layers", "two whole numbers of cells", layers, "give one for each end")


def _nodes(fixed: Sequence[Fixed], smallest: float) -> list[Fixed]:
    """The fixed positions in order, each once."""
    for f in fixed:
        if not math.isfinite(f.position):
            raise InputError(
                f"position of {f.name or 'a fixed node'}", "a finite number of metres", f.position, "correct it"
            )
    ordered = sorted(fixed, key=lambda f: f.position)
    if not ordered or ordered[0].position == ordered[-1].position:
        raise InputError("fixed positions", "at least two that differ", len(ordered), "name both ends of the line")
    same = _SAME * (ordered[-1].position - ordered[0].position)
    nodes = ordered[:1]
    for f in ordered[1:]:
        gap = f.position - nodes[-1].position
        if gap <= same:
            continue
        if gap < smallest * (1 - _WHOLE):
            raise InputError(
                "mesh lines", f"fixed positions at least {smallest:.4g} m (the smallest cell) apart",
                f"{nodes[-1]} and {f}", "move one of the two onto the other, or lower the smallest cell",
            )  # fmt: skip
        nodes.append(f)
    return nodes


@dataclass
class _Piece:
    """A part of a stretch: largest size inside it, and what all other limits allow at its ends."""

    low: float
    high: float
    size: float
    at_low: float = math.inf
    at_high: float = math.inf


@dataclass
class _Stretch:
    """What lies between two neighboring fixed positions."""

    pieces: list[_Piece]
    slope: float
    from_low: float = math.inf
    from_high: float = math.inf
    more: int = 0
    lines: np.ndarray = field(default_factory=lambda: np.empty(0))

    def linear(self, cap: float = math.inf) -> list[tuple[float, float, float, float]]:
        """The field of sizes, never above ``cap``: ``(low, high, size at low, size at high)`` of linear parts."""
        parts, s = [], self.slope
        start, end = self.pieces[0].low, self.pieces[-1].high
        for p in self.pieces:
            length, top = p.high - p.low, min(p.size, cap)
            left = min(p.at_low, self.from_low + s * (p.low - start))
            right = min(p.at_high, self.from_high + s * (end - p.high))
            # Rising from the left, level at the top, falling to the right; the rising and the falling part may meet
            # below it.
            meet = min(max(0.5 * (length + (right - left) / s), 0.0), length)
            rise = min(max((top - left) / s, 0.0), meet)
            fall = max(length - max((top - right) / s, 0.0), meet)
            size = lambda x: min(top, left + s * x, right + s * (length - x))
            cuts = [0.0, rise, fall, length]
            parts += [(p.low + a, p.low + b, size(a), size(b)) for a, b in pairwise(cuts) if b > a]
        return parts

    def fit(self) -> None:
        """Place the nodes: whole cells, none above the field."""
        wanted = self.more + max(1, math.ceil(_turns(self.linear()) - _WHOLE))
        highest = max(max(part[2:]) for part in self.linear())
        cap, length = highest, self.pieces[-1].high - self.pieces[0].low
        if _turns(self.linear()) < wanted:
            cap = brentq(
                lambda c: _turns(self.linear(c)) - wanted,
                length / (2 * wanted),
                highest,
                xtol=1e-15 * highest,
                rtol=1e-14,
            )
        self.lines = _invert(self.linear(cap), wanted)


def _turns(parts) -> float:
    """Integral of ``dx / h``: how many cells."""
    return sum(_part_turns(*part) for part in parts)


def _part_turns(low, high, a, b) -> float:
    growth = (b - a) / a
    return (high - low) / a * (math.log1p(growth) / growth if abs(growth) > 1e-12 else 1.0)


def _invert(parts, cells: int) -> np.ndarray:
    """The ends of ``cells`` equal shares of the integral of ``dx / h``."""
    counts = np.array([_part_turns(*part) for part in parts])
    ends = np.cumsum(counts)
    step = ends[-1] / cells
    lines = [parts[0][0]]
    for u in step * np.arange(1, cells):
        k = min(int(np.searchsorted(ends, u)), len(parts) - 1)
        low, high, a, b = parts[k]
        local, slope = u - (ends[k] - counts[k]), (b - a) / (high - low)
        lines.append(low + (a * math.expm1(slope * local) / slope if abs(slope) > 1e-12 else a * local))
    return np.array([*lines, parts[-1][1]])


def _stretches(nodes: list[float], regions: Sequence[Region], ratio: float) -> list[_Stretch]:
    """The stretches with the field of sizes that the regions leave."""
    for r in regions:
        if not (r.low <= r.high and 0 < r.size < math.inf):
            raise InputError(
                f"cell size of {r.name or 'a region'}", "a positive length over an interval", r, "correct it"
            )
    slope, same = math.log(ratio), _SAME * (nodes[-1] - nodes[0])
    first_cell = slope / (ratio - 1)  # where the field starts with this times h, the first cell is h long
    inside = [x for r in regions for x in (r.low, r.high) if nodes[0] < x < nodes[-1]]
    cuts = list(nodes)
    for x in sorted(inside):
        if min(abs(x - c) for c in cuts) > same:
            cuts.append(x)
    cuts.sort()
    pieces = []
    for low, high in pairwise(cuts):
        middle = 0.5 * (low + high)
        size = min((r.size for r in regions if r.low < middle < r.high), default=math.inf)
        if size == math.inf:
            raise InputError(
                "mesh lines", "a cell size everywhere", f"none from {low:.6g} to {high:.6g} m", "add a region"
            )
        pieces.append(_Piece(low, high, size))
    on_node = lambda x: min(abs(x - n) for n in nodes) <= same
    for r in regions:
        # Next to a node a region's last cell may have a larger neighbor; else its last cell may reach beyond it.
        width = r.high - r.low > same
        above, below = (first_cell * r.size * (ratio if width and on_node(x) else 1.0) for x in (r.high, r.low))
        for p in pieces:
            if p.low >= r.high - same:
                p.at_low = min(p.at_low, above + slope * (p.low - r.high))
            if p.high <= r.low + same:
                p.at_high = min(p.at_high, below + slope * (r.low - p.high))
    stretches = [_Stretch([], slope) for _ in nodes[1:]]
    for p in pieces:
        stretches[bisect_right(nodes, 0.5 * (p.low + p.high)) - 1].pieces.append(p)
    return stretches


def _fitted(stretches: list[_Stretch], ratio: float) -> np.ndarray:
    """Fit all stretches, and again with larger cells limited by smaller neighbors, until the ratio holds."""
    first_cell = math.log(ratio) / (ratio - 1)
    changed = list(stretches)
    sweep = 0
    while changed:
        for stretch in changed:
            stretch.fit()
        changed = []
        for below, above in pairwise(stretches):
            a, b = below.lines[-1] - below.lines[-2], above.lines[1] - above.lines[0]
            if max(a / b, b / a) <= ratio * (1 + _WHOLE):
                continue
            larger, limit = (below, ratio * b) if a > b else (above, ratio * a)
            if sweep >= _SWEEPS:
                larger.more += 1
            elif larger is below:
                larger.from_high = first_cell * limit
            else:
                larger.from_low = first_cell * limit
            if larger not in changed:
                changed.append(larger)
        sweep += 1
    return np.concatenate([stretches[0].lines[:1], *(s.lines[1:] for s in stretches)])
