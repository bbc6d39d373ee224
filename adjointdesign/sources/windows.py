"""The rectangle of a cross-section that a mode, a mode monitor or a flux monitor looks through."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import ClassVar

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, MIDDLES, OFFSETS, YeeGrid
from adjointdesign.sources.placing import Bounds, Medium, box_bounds, check_inside, lengths, nearest_node


def axis_number(name: str, axis: str, ndim: int) -> int:
    """Number of the axis called ``"x"``, ``"y"`` or ``"z"``; `InputError` when ``ndim`` dimensions have none such."""
    if not isinstance(axis, str) or len(axis) != 1 or axis not in AXES[:ndim]:
        raise InputError(f"{name}: axis", f"one of {', '.join(AXES[:ndim])}", axis, "name the axis of propagation")
    return AXES.index(axis)


def window_bounds(name: str, center: tuple[float, ...], axis: str, size: float | tuple[float, ...]) -> Bounds:
    """Bounds, m, of a window across ``axis`` with the given widths along the other axes, in their order."""
    center = lengths(f"{name}: center", center)
    a = axis_number(name, axis, len(center))
    widths = lengths(f"{name}: size", size if isinstance(size, (tuple, list)) else np.atleast_1d(size))
    if len(widths) != len(center) - 1 or min(widths) <= 0:
        raise InputError(
            f"{name}: size", f"{len(center) - 1} positive widths in metres", size, "give the window's widths"
        )
    return box_bounds(center, (*widths[:a], 0.0, *widths[a:]))


@dataclass(frozen=True)
class Window:
    """Part of the node plane ``node`` across ``axis``, between the nodes ``low`` and ``high`` along the other axes.

    With ``l`` the axis of propagation and ``(1, 2, l)`` right-handed, ``E1, E2, Hl`` lie on the node plane and
    ``H1, H2, El`` half a cell away. ``E1`` and ``H2`` share their transverse positions, and so do ``E2`` and ``H1``.
    In two dimensions the axis z has no cells; ``low`` and ``high`` have one value for each axis of the grid, the one of
    ``axis`` being the node itself.
    """

    grid: YeeGrid
    axis: int
    node: int
    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def transverse(self) -> tuple[int, int]:
        """The axes 1 and 2 of a right-handed system ``(1, 2, axis)``; may include z in two dimensions."""
        return (self.axis + 1) % 3, (self.axis + 2) % 3

    @property
    def pairs(self) -> list[tuple[str, str, int]]:
        """Carried pairs (E, H, sign) whose products ``sign E H`` make up the flux along ``+axis``."""
        x1, x2 = (AXES[t] for t in self.transverse)
        pairs = [("e" + x1, "h" + x2, 1), ("e" + x2, "h" + x1, -1)]
        return [pair for pair in pairs if pair[0] in self.grid.components]

    @property
    def step(self) -> float:
        """Size along the axis of the cells on either side of the node plane, m.

        Raises
        ------
        InputError
            When they differ: a mode goes from cell to cell by one factor only where these are equal.
        """
        lines = self.grid.lines(self.axis)[self.node - 1 : self.node + 2]
        before, after = np.diff(lines)
        if abs(after - before) > 1e-6 * before:
            raise InputError(
                f"plane of a mode along {AXES[self.axis]}", "a node between two cells of one size",
                f"{before:.4g} and {after:.4g} m", "move it to where the grid is even",
            )  # fmt: skip
        return float(self.grid.lengths(MIDDLES[self.axis], self.axis)[self.node])

    @property
    def shares(self) -> tuple[float, float]:
        """Weights, for the node plane, of what lives in the middle of the cell after it and of the cell before it.

        Those of linear interpolation, and also those by which the power through the faces of a box balances.
        """
        before, after = np.diff(self.grid.lines(self.axis)[self.node - 1 : self.node + 2])
        return float(before / (before + after)), float(after / (before + after))

    def widths(self, component: str, axis: int, edges: bool = False) -> np.ndarray:
        """Share of the window's width along ``axis`` of each of the `slots` of ``component``, m.

        Nodes on the window's edges stand for the half cell inside.
        """
        lengths = self.grid.lengths(component, axis)[self.slots(component, edges=edges)[axis]]
        if edges and OFFSETS[component][axis] == 0:
            inside = 0.5 * np.diff(self.grid.lines(axis)[self.low[axis] : self.high[axis] + 1])
            lengths[0], lengths[-1] = inside[0], inside[-1]
        return lengths

    def areas(self, component: str, edges: bool = False) -> np.ndarray:
        """Area that each of the `slots` of ``component`` stands for, m^2 (m in two dimensions), shape ``shape(component)``."""
        widths = [self.widths(component, a, edges) for a in range(self.grid.ndim) if a != self.axis]
        return reduce(np.multiply.outer, widths)

    def slots(self, component: str, shift: int = 0, edges: bool = False) -> list[np.ndarray]:
        """Storage slots, one array an axis, of ``component`` on the node plane or half a cell beyond it.

        Nodes on the window's edges are left out unless ``edges``; ``shift=-1`` moves one cell back along the axis.
        """
        slots = []
        for a in range(self.grid.ndim):
            on_nodes = OFFSETS[component][a] == 0
            if a == self.axis:
                slots.append(np.array([self.node + 1 + shift]))
            else:
                first = self.low[a] + (2 if on_nodes and not edges else 1)
                slots.append(np.arange(first, self.high[a] + (2 if on_nodes and edges else 1)))
        return slots

    def indices(self, component: str, shift: int = 0, edges: bool = False) -> np.ndarray:
        """Flat storage indices of `slots`, in C order."""
        return self.grid.flat_index(*np.ix_(*self.slots(component, shift, edges))).ravel()

    def shape(self, component: str) -> tuple[int, ...]:
        """Shape of `slots` over the transverse axes, in their order."""
        return tuple(len(s) for a, s in enumerate(self.slots(component)) if a != self.axis)

    def coordinates(self, component: str) -> tuple[np.ndarray, ...]:
        """Transverse positions of `slots`, one array an axis, m."""
        slots = self.slots(component)
        return tuple(self.grid.coordinates(component, a)[s] for a, s in enumerate(slots) if a != self.axis)


def place_window(name: str, bounds: Bounds, axis: str, medium: Medium, least: int = 1) -> Window:
    """Snap ``bounds`` to the nodes of the grid of ``medium``.

    Parameters
    ----------
    name : str
        Whose window, for messages.
    bounds : tuple
        As from `window_bounds`.
    axis : {"x", "y", "z"}
        Axis across which the window stands.
    least : int
        Least number of cells that the window must span along each of its axes.

    Raises
    ------
    InputError
        When the window leaves the domain, lies on its face, or spans fewer than ``least`` cells.
    """
    grid = medium.grid
    check_inside(name, bounds, grid)
    a = axis_number(name, axis, grid.ndim)
    low = tuple(nearest_node(grid, i, b[0]) for i, b in enumerate(bounds))
    high = tuple(nearest_node(grid, i, b[1]) for i, b in enumerate(bounds))
    if not 1 <= low[a] <= grid.cells[a] - 1:
        raise InputError(
            f"{name} along {axis}",
            "a plane at least half a cell inside the domain",
            f"{bounds[a][0]:.6g} m",
            "move it inward",
        )
    for i in range(grid.ndim):
        if i != a and high[i] - low[i] < least:
            raise InputError(
                f"{name}: size along {AXES[i]}", f"at least {least} cells of {grid.spacing[i]:.6g} m",
                f"{bounds[i][1] - bounds[i][0]:.6g} m", "widen the window or refine the spacing",
            )  # fmt: skip
    return Window(grid, a, low[a], low, high)


@dataclass(frozen=True, eq=False)
class Windowed:
    """What looks through a window: the part that `ModeSource`, `ModeMonitor` and `FluxMonitor` share.

    Parameters
    ----------
    name : str
        Name of the source or monitor.
    center : tuple of float
        Center of the window, m; along ``axis`` it moves to the nearest node.
    axis : {"x", "y", "z"}
        Normal of the window.
    size : float or tuple of float
        Widths along the other axes, in their order, m.

    Raises
    ------
    InputError
        When these do not fit together.
    """

    kind: ClassVar[str]
    """What messages call it: "source" or "monitor"."""
    least_cells: ClassVar[int] = 1
    """Least number of cells that the window must span along each of its axes."""

    name: str
    center: tuple[float, ...]
    axis: str
    size: float | tuple[float, ...]

    def __post_init__(self):
        self.bounds  # noqa: B018 - raises when center, axis and size do not fit together

    @property
    def title(self) -> str:
        """Kind and name, for messages."""
        return f"{self.kind} '{self.name}'"

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return window_bounds(self.title, self.center, self.axis, self.size)

    def window(self, medium: Medium) -> Window:
        """The window on the grid of ``medium``; raises as `place_window`."""
        return place_window(self.title, self.bounds, self.axis, medium, self.least_cells)
