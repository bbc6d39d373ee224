"""What is needed to know the waves on a transmission line: voltages at three planes, and a current."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors.line_integrals import loop_current, path_voltage, placement
from adjointdesign.monitors.placement import LinearPlacement, check_frequencies
from adjointdesign.sources.placing import Bounds, Medium, check_components, check_inside, lengths, nearest_node


@dataclass(frozen=True, eq=False, kw_only=True)
class LineMonitor:
    """Voltages on a line at three planes a distance apart, and the current beside the middle one.

    The reading has shape ``(n_frequencies, 4)``, complex: voltages at ``-d``, 0 and ``d`` from the reference plane
    (V s), and the current half a cell behind it (A s). `adjointdesign.objectives.network.line_constants` makes the
    propagation constant, the impedance and both waves of it, with nothing known of the line but that it is uniform;
    `line_waves` the waves, for known constants. For a microstrip, coaxial or parallel-plate line with one mode. Cells
    along the line must be of one size here, and sources and bends a few widths of the line away, where no other mode is
    left.

    Parameters
    ----------
    name : str
        Name of the monitor.
    axis : {"x", "y", "z"}
        Direction of the line; the current is positive along it.
    position : float
        Reference plane along ``axis``, m; moves to the nearest node.
    spacing : float
        Distance of the planes, m, to the nearest node; a tenth to a quarter of the wavelength is well-conditioned.
    points : sequence of tuple of float
        Path of the voltage, across ``axis``, from one conductor to the other, the positive one; one value an axis, of
        which that of ``axis`` does not count.
    loop : tuple of pairs of float
        Lowest and highest position, m, along each axis, of what carries the current: the positive conductor. The pair
        of ``axis`` does not count. The loop runs half a cell outside.
    frequencies : array_like of float
        Frequencies, Hz.
    share : float, optional
        Part of the current that flows in the domain, where a symmetry plane cuts the conductor; see `CurrentMonitor`.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    axis: str
    position: float
    spacing: float
    points: tuple[tuple[float, ...], ...]
    loop: tuple[tuple[float, float], ...]
    frequencies: np.ndarray
    share: float | None = None

    def __post_init__(self):
        object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))
        if self.axis not in tuple(AXES):
            raise InputError(f"{self.title}: axis", "one of x, y, z", self.axis, "name the direction of the line")
        for name in ("points", "loop"):
            rows = tuple(lengths(f"{self.title}: {name}", r) for r in getattr(self, name))
            object.__setattr__(self, name, rows)
        if len(self.points) < 2 or {len(p) for p in self.points} != {3}:
            raise InputError(f"{self.title}: points", "at least two with three values each", self.points, "correct the path")
        if len(self.loop) != 3 or any(len(p) != 2 or p[0] > p[1] for p in self.loop):
            raise InputError(f"{self.title}: loop", "three pairs, low and high", self.loop, "correct the loop")
        if not self.spacing > 0:
            raise InputError(f"{self.title}: spacing", "a positive length in metres", self.spacing, "correct it")

    @property
    def title(self) -> str:
        """Kind and name, for messages."""
        return f"monitor '{self.name}'"

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        around = [(min(*x, low), max(*x, high)) for x, (low, high) in zip(zip(*self.points), self.loop)]
        around[AXES.index(self.axis)] = (self.position - self.spacing, self.position + self.spacing)
        return tuple(around)

    def nodes(self, grid: YeeGrid) -> tuple[int, int, int]:
        """Nodes of the three planes along the line.

        Raises
        ------
        InputError
            When cells between the planes are not of one size.
        """
        a = AXES.index(self.axis)
        middle = nearest_node(grid, a, self.position)
        step = max(1, abs(nearest_node(grid, a, self.position + self.spacing) - middle))
        cells = np.diff(grid.lines(a)[max(middle - step, 0) : middle + step + 1])
        if len(cells) != 2 * step or np.ptp(cells) > 1e-6 * cells.max():
            raise InputError(
                f"{self.title} along {self.axis}", f"{2 * step} cells of one size around {self.position:.4g} m",
                f"{len(cells)} of {cells.min():.4g} to {cells.max():.4g} m", "keep the grid uniform there, or move the planes",
            )  # fmt: skip
        return middle - step, middle, middle + step

    def distances(self, grid: YeeGrid) -> tuple[float, float]:
        """Distance of the planes, and of the current from the middle one, m."""
        lines, (_, middle, last) = grid.lines(AXES.index(self.axis)), self.nodes(grid)
        return float(lines[last] - lines[middle]), float(0.5 * (lines[middle + 1] - lines[middle]))

    def place(self, medium: Medium, dt: float) -> LinearPlacement:
        """Put the monitor on the grid; raises as `nodes`, `path_voltage`, `loop_current`, and outside the domain."""
        grid, a = medium.grid, AXES.index(self.axis)
        check_components(self.title, ("hx", "hy", "hz"), grid)
        check_inside(self.title, self.bounds, grid)
        planes = self.nodes(grid)
        terms = []
        for node in planes:
            at = float(grid.lines(a)[node])
            points = [tuple(at if b == a else x for b, x in enumerate(point)) for point in self.points]
            terms.append(path_voltage(self.title, grid, points))
        low, high = ([nearest_node(grid, b, pair[end]) for b, pair in enumerate(self.loop)] for end in (0, 1))
        terms.append(loop_current(self.title, grid, a, planes[1], low, high, self.share))
        return placement(terms, self.frequencies)
