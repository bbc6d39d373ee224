"""Reading the wave that enters, and the one that leaves, through a wave port."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.monitors.modes import ModeMonitor, ModePlacement
from adjointdesign.monitors.placement import check_frequencies
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
        """Solve for the wave and prepare the weights; raises as `WavePort.window` and `ModeMonitor.place`."""
        port = self.port
        port.window(medium)
        found = ModeMonitor(port.name, port.center, port.axis, port.size, (port.mode_order,), self.frequencies).place(medium, dt)
        weights = {c: w[:, :: port.direction] for c, w in found.weights.items()}
        return ModePlacement(found.indices, (len(self.frequencies), 2), weights, found.modes)
