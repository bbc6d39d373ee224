"""Reading the voltage of a lumped port."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.monitors.placement import check_frequencies
from adjointdesign.sources.lumped_port import LumpedPort
from adjointdesign.sources.placing import Bounds, Medium


@dataclass(frozen=True, eq=False)
class PortPlacement:
    """A port monitor on a grid: weights of its edges, and the mean over two steps that its impedance works on.

    ``half_step`` holds ``cos(pi f dt)`` of each frequency, None for a time series.
    """

    indices: dict[str, np.ndarray]
    shape: tuple[int, ...]
    component: str
    weights: np.ndarray
    half_step: np.ndarray | None

    def read(self, samples: dict[str, np.ndarray]) -> np.ndarray:
        """Voltage at each frequency, or at ``(n + 1/2) dt``."""
        voltage = samples[self.component] @ self.weights
        if self.half_step is not None:
            return self.half_step * voltage
        mean = 0.5 * voltage
        mean[1:] += 0.5 * voltage[:-1]  # before the first step there is no field
        return mean

    def transpose(self, cotangent: np.ndarray) -> dict[str, np.ndarray]:
        """Adjoint of `read`."""
        g = np.asarray(cotangent)
        if self.half_step is not None:
            row = self.half_step * g
        else:
            row = 0.5 * g
            row[:-1] += 0.5 * g[1:]
        return {self.component: np.multiply.outer(row, self.weights)}


@dataclass(frozen=True, eq=False)
class PortMonitor:
    """Voltage across a lumped port, positive at the high end of its axis.

    The reading has shape ``(n_frequencies,)``, complex, V s (divided by a spectrum, V), or ``(n_steps,)``, real, V. It
    is the time average ``Vbar`` over a step that the port's impedance works on, eq. (1) of
    `adjointdesign.sources.lumped_port`, so that with the source's ``V_s`` (`PortSource.spectrum`; zero where the port
    is not driven) the current out of the positive terminal is ``(V_s - Vbar) / Z0`` exactly: see
    `adjointdesign.objectives.network`. Row ``n`` of a time series belongs to ``(n + 1/2) dt``.

    `power` of `FluxMonitor` goes with the voltage ``Vbar / cos(pi f dt)`` of whole steps: the power out of a box around
    a port is its accepted power over ``cos(pi f dt)``, exactly.

    Parameters
    ----------
    port : LumpedPort
        The port, whose name is the reading's.
    frequencies : array_like of float, optional
        Frequencies, Hz; a time series when left out.

    Raises
    ------
    InputError
        When a frequency is not positive.
    """

    port: LumpedPort
    frequencies: np.ndarray | None = None

    def __post_init__(self):
        if self.frequencies is not None:
            object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))

    @property
    def name(self) -> str:
        """Name of the port."""
        return self.port.name

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return self.port.bounds

    def place(self, medium: Medium, dt: float) -> PortPlacement:
        """Put the monitor on the grid; raises as `adjointdesign.sources.gap.Gap.edges`."""
        edges = self.port.edges(medium)
        weights = edges.voltage_weights.ravel()
        indices = {edges.component: edges.indices.ravel()}
        if self.frequencies is None:
            return PortPlacement(indices, (-1,), edges.component, weights, None)
        half_step = np.cos(np.pi * self.frequencies * dt)
        return PortPlacement(indices, (len(self.frequencies),), edges.component, weights, half_step)
