"""Voltages along paths, currents through loops, and both on a transmission line.

A voltage is a sum over edges of E, a current the sum over the dual edges of H around it, each exactly what the discrete
equations take it for: the loop reads conduction and displacement current through the area it encloses, at the instants
``(n + 1/2) dt`` of H and in the plane of that component of E which runs along its normal. Transforms are taken at the
values' own instants, so phasors of E and H need no correction in time; in space current and voltage are half a cell
apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors.placement import LinearPlacement, check_frequencies
from adjointdesign.sources.placing import (
    Bounds,
    Medium,
    box_bounds,
    check_components,
    check_inside,
    checked_box,
    lengths,
    nearest_node,
)
from adjointdesign.sources.windows import axis_number

Term = dict[str, tuple[np.ndarray, np.ndarray]]
"""One number as a sum over field values: by component, flat storage indices and weights."""


def placement(terms: list[Term], frequencies) -> LinearPlacement:
    """Several sums as one reading, ``(n_frequencies, n)`` or ``(n_steps, n)``; a single one has no axis of its own."""
    indices, maps = {}, {}
    for c in sorted({c for term in terms for c in term}):
        parts = [term.get(c, (np.zeros(0, np.int64), np.zeros(0))) for term in terms]
        indices[c] = np.concatenate([i for i, _ in parts])
        rows = np.repeat(np.arange(len(terms)), [len(i) for i, _ in parts])
        weights = np.concatenate([w for _, w in parts])
        maps[c] = sparse.csr_array((weights, (rows, np.arange(rows.size))), shape=(len(terms), rows.size))
    length = -1 if frequencies is None else len(frequencies)
    return LinearPlacement(indices, (length, len(terms)) if len(terms) > 1 else (length,), maps)


def path_voltage(title: str, grid: YeeGrid, points) -> Term:
    """``- int E . dl`` from the first point to the last, along edges of the grid; points move to the nearest nodes.

    Raises
    ------
    InputError
        When a part of the path runs along no axis, or not even from one node to the next.
    """
    parts: dict[str, list] = {}
    nodes = [[nearest_node(grid, a, x) for a, x in enumerate(point)] for point in points]
    for start, end in zip(nodes[:-1], nodes[1:]):
        along = [a for a in range(grid.ndim) if start[a] != end[a]]
        if len(along) != 1:
            got = f"one from node {tuple(start)} to node {tuple(end)}"
            raise InputError(f"{title}: points", "a path whose every part runs along one axis", got, "add a corner between")
        a = along[0]
        component = "e" + AXES[a]
        low, high = sorted((start[a], end[a]))
        slots = [np.array([n + 1]) if b != a else np.arange(low + 1, high + 1) for b, n in enumerate(start)]
        sign = -1.0 if end[a] > start[a] else 1.0
        parts.setdefault(component, []).append((grid.flat_index(*slots), sign * grid.lengths(component, a)[slots[a]]))
    check_components(title, tuple(parts), grid)
    return {c: tuple(np.concatenate(both) for both in zip(*pieces)) for c, pieces in parts.items()}


def loop_current(title: str, grid: YeeGrid, axis: int, middle: int, low, high, share: float | None) -> Term:
    """``closed int H . dl`` right-handed about ``axis``, half a cell around the nodes from ``low`` to ``high``.

    Parameters
    ----------
    title : str
        Whose, for messages.
    grid : YeeGrid
        A grid in three dimensions.
    axis, middle : int
        Normal of the loop, and the number of the cell along it in whose middle the loop is.
    low, high : sequence of int
        Nodes along each axis; those of ``axis`` do not count.
    share : float or None
        As of `CurrentMonitor`.

    Raises
    ------
    InputError
        When the loop touches a face of the domain and no share is given.
    """
    first, second = (axis + 1) % 3, (axis + 2) % 3
    term: dict[str, list] = {}
    for t, u, sign in ((first, second, -1.0), (second, first, 1.0)):  # dual edges of h_t run along t, on either side along u
        component = "h" + AXES[t]
        slots = np.arange(low[t] + 1, high[t] + 2)
        widths = np.array(grid.lengths(component, t)[slots])
        widths[(slots == 1) | (slots == grid.cells[t] + 1)] *= 0.5
        for end, node, outer in ((-1.0, low[u], 0), (1.0, high[u], grid.cells[u])):
            if node == outer:
                if share is None:
                    raise InputError(
                        f"{title} along {AXES[u]}", "a loop at least half a cell inside the domain, or share",
                        "one around a node on its face", "shrink it, or give share if a symmetry plane cuts the current",
                    )  # fmt: skip
                continue  # on a symmetry plane H has no component along the loop
            # H half a cell below its node is in the slot of the cell before.
            place = [None] * 3
            place[axis], place[t], place[u] = [middle + 1], slots, [node + (1 if end > 0 else 0)]
            indices = grid.flat_index(*np.ix_(*place)).ravel()
            term.setdefault(component, []).append((indices, sign * end * widths / (share or 1.0)))
    return {c: tuple(np.concatenate(both) for both in zip(*pieces)) for c, pieces in term.items()}


@dataclass(frozen=True, eq=False)
class VoltageMonitor:
    """Voltage of the last point of a path over the first, ``- int E . dl``.

    The reading has shape ``(n_frequencies,)``, complex, V s, or ``(n_steps,)``, real, V, at ``(n + 1) dt``.

    Parameters
    ----------
    name : str
        Name of the monitor.
    points : sequence of tuple of float
        Corners of the path, m, each part along one axis; they move to the nearest nodes.
    frequencies : array_like of float, optional
        Frequencies, Hz; a time series when left out.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    points: tuple[tuple[float, ...], ...]
    frequencies: np.ndarray | None = None

    def __post_init__(self):
        points = tuple(lengths(f"monitor '{self.name}': points", p) for p in self.points)
        if len(points) < 2 or len({len(p) for p in points}) > 1:
            raise InputError(f"monitor '{self.name}': points", "at least two, of as many values", points, "give a path")
        object.__setattr__(self, "points", points)
        if self.frequencies is not None:
            object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return tuple((min(x), max(x)) for x in zip(*self.points))

    def place(self, medium: Medium, dt: float) -> LinearPlacement:
        """Put the monitor on the grid; raises as `path_voltage`, and when it leaves the domain."""
        title = f"monitor '{self.name}'"
        check_inside(title, self.bounds, medium.grid)
        return placement([path_voltage(title, medium.grid, self.points)], self.frequencies)


@dataclass(frozen=True, eq=False)
class CurrentMonitor:
    """Current through a rectangle, ``closed int H . dl`` right-handed about ``+axis``, in three dimensions.

    The reading has shape ``(n_frequencies,)``, complex, A s, or ``(n_steps,)``, real, A, at ``(n + 1/2) dt``.

    Parameters
    ----------
    name : str
        Name of the monitor.
    center : tuple of float
        Center of the rectangle, m; along ``axis`` it moves to the middle of its cell.
    axis : {"x", "y", "z"}
        Direction of the current.
    size : tuple of float
        Side lengths, m, one an axis, that of ``axis`` zero; zero for a line of edges (a wire). Edges move to the
        nearest nodes, and the loop runs half a cell outside.
    frequencies : array_like of float, optional
        Frequencies, Hz; a time series when left out.
    share : float, optional
        Needed where the rectangle touches a face of the domain, which must be a symmetry plane (`Pmc`): the part of the
        current that flows in the domain, 1/2 or 1/4, or 1 where only that part is meant.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    center: tuple[float, ...]
    axis: str
    size: tuple[float, ...]
    frequencies: np.ndarray | None = None
    share: float | None = None

    def __post_init__(self):
        for name, values in zip(("center", "size"), checked_box(self.title, self.center, self.size)):
            object.__setattr__(self, name, values)
        if self.size[axis_number(self.title, self.axis, len(self.center))] > 0:
            raise InputError(f"{self.title}: size", f"a rectangle across {self.axis}", self.size, "make that length zero")
        if self.share is not None and not 0 < self.share <= 1:
            raise InputError(f"{self.title}: share", "a number above 0, at most 1", self.share, "1/2 for one symmetry plane")
        if self.frequencies is not None:
            object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))

    @property
    def title(self) -> str:
        """Kind and name, for messages."""
        return f"monitor '{self.name}'"

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return box_bounds(self.center, self.size)

    def place(self, medium: Medium, dt: float) -> LinearPlacement:
        """Put the monitor on the grid; raises as `loop_current`, and when it leaves the domain."""
        grid, a = medium.grid, AXES.index(self.axis)
        check_inside(self.title, self.bounds, grid)
        check_components(self.title, ("hx", "hy", "hz"), grid)
        low, high = ([nearest_node(grid, b, pair[end]) for b, pair in enumerate(self.bounds)] for end in (0, 1))
        middle = nearest_middle(grid, a, self.center[a])
        return placement([loop_current(self.title, grid, a, middle, low, high, self.share)], self.frequencies)


def nearest_middle(grid: YeeGrid, axis: int, position: float) -> int:
    """Number of the cell along ``axis`` that holds a position."""
    return int(np.clip(np.searchsorted(grid.lines(axis), position, side="right") - 1, 0, grid.cells[axis] - 1))
