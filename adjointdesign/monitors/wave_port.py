"""Reading the wave that enters, and the one that leaves, through a wave port."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from adjointdesign.monitors.line_integrals import placement
from adjointdesign.monitors.modes import ModeMonitor, ModePlacement
from adjointdesign.monitors.placement import LinearPlacement, check_frequencies
from adjointdesign.sources.modes import solve_modes
from adjointdesign.sources.placing import Bounds, Medium
from adjointdesign.sources.wave_port import WavePort


@dataclass(frozen=True, eq=False)
class WavePortMonitor:
    """Amplitudes of the wave of a port on its reference plane, as of `ModeMonitor`.

    The reading has shape ``(n_frequencies, 2)``, complex, sqrt(W) s (sqrt(W/m) s in two dimensions): ``[:, 0]`` enters the structure, ``[:, 1]``
    leaves it. With one run for each port, `adjointdesign.objectives.network.s_matrix` makes the S-matrix of them, whatever the absorbing layers
    send back.

    Parameters
    ----------
    port : WavePort
        The port, whose name is the reading's.
    frequencies : array_like of float
        Frequencies, Hz.

    Raises
    ------
    InputError
        When a frequency is not positive.
    """

    port: WavePort
    frequencies: np.ndarray
    _found: list = field(default_factory=list, init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))

    @property
    def name(self) -> str:
        """Name of the port."""
        return self.port.name

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return self.port.bounds

    def place(self, medium: Medium, dt: float) -> ModePlacement:
        """Solve for the wave and prepare the weights, once for runs that have medium and step in common.

        Raises as `WavePort.window` and `ModeMonitor.place`.
        """
        if self._found and self._found[0] is medium and self._found[1] == dt:
            return self._found[2]
        port = self.port
        port.window(medium)
        found = ModeMonitor(port.name, port.center, port.axis, port.size, (port.mode_order,), self.frequencies).place(medium, dt)
        weights = {c: w[:, :: port.direction] for c, w in found.weights.items()}
        self._found[:] = medium, dt, ModePlacement(found.indices, (len(self.frequencies), 2), weights, found.modes)
        return self._found[2]


@dataclass(frozen=True, eq=False)
class WaveSignalMonitor:
    """How much of the shape of a port's wave the transverse E on its plane holds over time: both ways together.

    The reading has shape ``(n_steps,)``, real, sqrt(W). Its transform at ``frequency`` is the sum of the two amplitudes of `WavePortMonitor`; at
    others it takes the shape for the same. It tells how far a run has rung down.

    Parameters
    ----------
    port : WavePort
        The port; " signal" behind its name makes the reading's.
    frequency : float
        At which the shape is taken, Hz.
    """

    port: WavePort
    frequency: float

    frequencies = None
    """A time series."""

    @property
    def name(self) -> str:
        """Name of the reading."""
        return f"{self.port.name} signal"

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return self.port.bounds

    def place(self, medium: Medium, dt: float) -> LinearPlacement:
        """Solve for the wave and prepare the weights; raises as `WavePort.window` and `solve_modes`."""
        window = self.port.window(medium)
        mode = solve_modes(window, medium, dt, self.frequency, self.port.mode_order + 1)[self.port.mode_order]
        norm = mode.overlap(mode)
        term = {e: (window.indices(e), np.real(sign * window.areas(e) * mode.fields[h] / norm).ravel()) for e, h, sign in window.pairs}
        return placement([term], None)
