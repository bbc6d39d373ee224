"""Wave ports: the cross-section of a line or guide through which one of its waves enters and leaves.

The wave is a mode of the discrete equations (`adjointdesign.sources.modes`) on the plane of the port, metal and all: TE10 of a rectangular
guide, TEM of a coaxial line, quasi-TEM of a microstrip, whose conductors are `Medium.conductor`, faces of the domain, or edges of the window.
It is launched a little behind the plane (`WavePort.source`) and read on it, both ways (`adjointdesign.monitors.WavePortMonitor`), without
reflection but for the change of its shape over a band, and behind the source an absorbing layer takes what comes back. A line is to be uniform
from there to the plane and a little beyond. S-parameters are those of waves of one watt (`adjointdesign.objectives.network.s_matrix`): of the
line's own impedance, which is known once a voltage is defined (`WavePort.constants`).

D. M. Pozar, Microwave Engineering, 4th ed., section 4.1 (voltage, current and impedance of a wave), section 4.3 (S-parameters and reference planes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.sources.mode_source import ModeSource
from adjointdesign.sources.modes import Mode, solve_modes
from adjointdesign.sources.placing import Bounds, Medium, lengths, nearest_node
from adjointdesign.sources.waveforms import Waveform
from adjointdesign.sources.windows import Window, place_window, window_bounds


class WaveConstants(NamedTuple):
    """Constants of the wave of a port.

    ``propagation`` is ``g = alpha - i beta`` of the discrete line, 1/m, as `adjointdesign.objectives.network.deembed` takes it; ``impedance``
    is that of its voltage and power, ohm, None for a port without a voltage; ``wave_impedance`` is the ratio of its transverse E to H, ohm,
    ``int E . E dA / int (E x H) dA`` (one and the same everywhere for TE and TM waves). All have shape ``(n_frequencies,)``.
    """

    propagation: np.ndarray
    impedance: np.ndarray | None
    wave_impedance: np.ndarray


@dataclass(frozen=True, kw_only=True)
class WavePort:
    """A wave port.

    Parameters
    ----------
    name : str
        Name of the port.
    axis : {"x", "y", "z"}
        Direction of the line.
    center : tuple of float
        Center of the window, m; along ``axis`` the reference plane, which moves to the nearest node.
    size : float or tuple of float
        Widths of the window along the other axes, in their order, m. Its edges move to the nearest nodes and act as perfect conductors on
        the wave's shape: walls of a closed guide, or several widths away from an open line.
    setback : float
        How far behind the plane the wave is launched, m; two cells or more.
    direction : {1, -1}
        Sense along ``axis`` in which the wave enters the structure.
    mode_order : int
        Order by falling effective index, from 0; lines of several conductors have as many TEM waves, less one.
    voltage : pair of tuple of float, optional
        Two points, m, apart along one axis across the line: the voltage is that of the second over the first.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    axis: str
    center: tuple[float, ...]
    size: float | tuple[float, ...]
    setback: float
    direction: int = 1
    mode_order: int = 0
    voltage: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    def __post_init__(self):
        object.__setattr__(self, "center", lengths(f"{self.title}: center", self.center))
        self.bounds  # noqa: B018 - raises when center, axis and size do not fit together
        if not (isinstance(self.setback, (int, float, np.number)) and 0 < self.setback < np.inf):
            raise InputError(f"{self.title}: setback", "a positive length in metres", self.setback, "give two cells or more")
        if self.direction not in (1, -1):
            raise InputError(f"{self.title}: direction", "1 or -1", self.direction, "give the sense in which the wave enters")
        if not (isinstance(self.mode_order, (int, np.integer)) and self.mode_order >= 0):
            raise InputError(f"{self.title}: mode_order", "an integer from 0", self.mode_order, "count from 0")
        if self.voltage is not None:
            given = self.voltage if isinstance(self.voltage, (tuple, list, np.ndarray)) else ()
            points = tuple(lengths(f"{self.title}: voltage", p) for p in given)
            if len(points) != 2 or any(len(p) != len(self.center) for p in points):
                raise InputError(f"{self.title}: voltage", f"two points of {len(self.center)} values", self.voltage, "give where the path begins and ends")
            object.__setattr__(self, "voltage", points)

    @property
    def title(self) -> str:
        """Kind and name, for messages."""
        return f"port '{self.name}'"

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return window_bounds(self.title, self.center, self.axis, self.size)

    def source(self, waveform: Waveform) -> ModeSource:
        """The source of this port, of its name with " source" behind it; a unit amplitude is an incident watt (W/m in two dimensions)."""
        center = list(self.center)
        center[AXES.index(self.axis)] -= self.direction * self.setback
        return ModeSource(f"{self.name} source", tuple(center), self.axis, self.size, waveform, self.direction, self.mode_order)

    def window(self, medium: Medium) -> Window:
        """The window on the grid of ``medium``.

        Raises
        ------
        InputError
            When it leaves the domain, or the source does, or would be nearer than two cells to it.
        """
        window, a = place_window(self.title, self.bounds, self.axis, medium, ModeSource.least_cells), AXES.index(self.axis)
        lines, place = medium.grid.lines(a), self.center[a] - self.direction * self.setback
        if not lines[0] < place < lines[-1]:
            raise InputError(
                f"{self.title}: setback", f"a source within the domain, from {lines[0]:.4g} to {lines[-1]:.4g} m", f"one at {place:.4g} m",
                "shorten it, or enlarge the domain",
            )  # fmt: skip
        behind = nearest_node(medium.grid, a, place)
        if self.direction * (window.node - behind) < 2:
            raise InputError(
                f"{self.title}: setback", "two cells or more between source and reference plane",
                f"{abs(window.node - behind)} in {self.setback:.4g} m", "lengthen it, or refine the grid",
            )  # fmt: skip
        return window

    def constants(self, medium: Medium, dt: float, frequencies) -> WaveConstants:
        """Propagation constant and impedance of the port's wave.

        Of voltage and power: ``Z = V^2 / int (E x H) dA``, with H half a cell beyond, as the current of
        `adjointdesign.objectives.network.line_constants` is: on a TEM line of the scheme it does not depend on the frequency.

        Parameters
        ----------
        medium : Medium
            Of the simulation.
        dt : float
            Its time step, s.
        frequencies : array_like of float
            Hz, shape ``(n,)``.

        Raises
        ------
        InputError
            As `solve_modes` and `window`; when the path of the voltage does not lie in the window.
        """
        window = self.window(medium)
        return self.constants_of([solve_modes(window, medium, dt, f, self.mode_order + 1)[self.mode_order] for f in np.atleast_1d(frequencies)])

    def constants_of(self, modes: list[Mode]) -> WaveConstants:
        """The same of the port's wave at each frequency, where it is known (as ``modes`` of the placement of a monitor has it)."""
        impedance = None if self.voltage is None else np.array([self._voltage(m) ** 2 / m.overlap(m) for m in modes])
        squares = [sum(np.sum(m.window.areas(e) * m.fields[e] ** 2) for e, _, _ in m.window.pairs) for m in modes]
        wave_impedance = np.array([square / m.overlap(m) for square, m in zip(squares, modes)])
        return WaveConstants(np.array([-1j * m.beta for m in modes]), impedance, wave_impedance)

    def _voltage(self, mode: Mode) -> complex:
        """``- int E . dl`` of a mode along the path."""
        window = mode.window
        grid, across = window.grid, [a for a in range(window.grid.ndim) if a != window.axis]
        start, end = ([nearest_node(grid, a, p[a]) for a in across] for p in self.voltage)
        apart = [k for k, (s, e) in enumerate(zip(start, end)) if s != e]
        # Beside the path's own axis the edges of the window are conductors.
        within = all(window.low[a] + (k not in apart) <= n <= window.high[a] - (k not in apart) for p in (start, end) for k, (a, n) in enumerate(zip(across, p)))
        if len(apart) != 1 or not within or "e" + AXES[across[apart[0]]] not in grid.components:
            raise InputError(
                f"{self.title}: voltage", "two points in the window, apart along one axis across the line", self.voltage,
                "let the path run from conductor to conductor",
            )  # fmt: skip
        component = "e" + AXES[across[apart[0]]]
        weights = mode.fields[component]
        for k, a in reversed(list(enumerate(across))):
            slots = window.slots(component)[a]
            low, high = sorted((start[k], end[k]))
            path = np.where((slots > low) & (slots <= high), grid.lengths(component, a)[slots], 0.0) if k == apart[0] else slots == low + 1
            weights = np.tensordot(weights, path.astype(float), axes=(k, 0))
        return complex(weights) * (-1.0 if end > start else 1.0)
