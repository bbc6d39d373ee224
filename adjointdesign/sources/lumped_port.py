"""Lumped ports: a Thevenin source behind an impedance, across a gap between two conductors.

Between the terminals sit the conductance ``1/Z0``, as a conductivity ``sigma = l / (Z0 A)`` on the edges of the gap,
and the current ``V_s / Z0`` of the source, as a current density ``J = V_s / (Z0 A)``. The semi-implicit loss of the
scheme works on ``Ebar = (E(n) + E(n+1)) / 2``, so what leaves the positive terminal at ``(n + 1/2) dt`` is exactly

    I = (V_s - Vbar) / Z0,    Vbar(f) = V(f) cos(pi f dt),                                   (1)

as discretised (the mean over the slices of a gap of several cells). Where a gap is several edges wide or several cells
long and the field is not the same on all, the conductance takes up ``sum sigma |Ebar - mean|^2`` in addition to
``|Vbar|^2 / Z0``; a single edge, or a uniform field, has no such excess. Beneath a microstrip four cells high,
``1 - |S11|^2 - |S21|^2`` between two ports was 0.2 % at 2.45 GHz and 2 % at 8 GHz with ports over the whole width, ten
cells, and 0.002 % and 0.04 % with a single line of edges: where power is to be balanced to better than a percent, keep
ports narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.sources.gap import Gap
from adjointdesign.sources.placing import Bounds, Injection, Medium
from adjointdesign.sources.waveforms import Waveform


@dataclass(frozen=True, kw_only=True)
class LumpedPort(Gap):
    """A port of given impedance across a gap; see `Gap` for the other parameters.

    It enters a simulation in three places: `adjointdesign.sources.load_lumped` puts its impedance into the medium,
    `source` drives it, and `adjointdesign.monitors.PortMonitor` reads its voltage.

    Parameters
    ----------
    impedance : float
        Resistance ``Z0``, ohm (ohm m in two dimensions, where all is per meter of z).

    Raises
    ------
    InputError
        When a value is out of range.
    """

    impedance: float

    kind = "port"

    def __post_init__(self):
        super().__post_init__()
        check_positive(f"{self.title}: impedance", self.impedance, "ohm")

    def loaded(self, medium: Medium) -> dict[str, tuple[str, np.ndarray, float]]:
        """What the port adds to the medium: a conductivity; see `load_lumped`."""
        edges = self.edges(medium)
        return {"conductivity": (edges.component, edges.indices, edges.density(1 / self.impedance))}

    def source(self, waveform: Waveform) -> PortSource:
        """The source of this port; a unit amplitude is 1 V behind the impedance."""
        return PortSource(self, waveform)


@dataclass(frozen=True)
class PortSource:
    """The source of a lumped port, ``V_s = Re(amplitude w(t))`` in series with its impedance.

    Parameters
    ----------
    port : LumpedPort
        Where. Its name with " source" behind it is the source's.
    waveform : Waveform
        Time dependence.
    """

    port: LumpedPort
    waveform: Waveform

    @property
    def name(self) -> str:
        """Name of the source."""
        return f"{self.port.name} source"

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return self.port.bounds

    def place(self, medium: Medium, dt: float) -> list[Injection]:
        """Put the current on the grid, in the gap from the low to the high end; raises as `Gap.edges`."""
        edges = self.port.edges(medium)
        density = 1 / (self.port.impedance * edges.area)
        return [Injection(edges.component, edges.indices.ravel(), np.full(edges.indices.size, density, complex))]

    def spectrum(self, frequencies, dt: float, steps: int | None = None, amplitude: complex = 1.0) -> np.ndarray:
        """Transform of the source's voltage as the program drives it, ``sum_n V_s(t_n) exp(i w t_n) dt``, V s.

        Unlike ``waveform.spectrum`` it holds for a pulse as wide as its carrier frequency too, whose negative
        frequencies reach over zero, and it is exact.

        Parameters
        ----------
        frequencies : array_like
            Frequencies, Hz, shape ``(n,)``.
        dt : float
            Time step, s.
        steps : int, optional
            Number of steps of the run; by default until long after the pulse.
        amplitude : complex
            Amplitude of the source.

        Returns
        -------
        ndarray of complex, shape ``(n,)``

        Raises
        ------
        InputError
            When neither the waveform nor ``steps`` ends.
        """
        if steps is None:
            if not math.isfinite(self.waveform.duration):
                raise InputError(f"source '{self.name}': waveform", "a pulse", "one that never ends", "use GaussianPulse")
            steps = math.ceil(2 * self.waveform.duration / dt)
        t = (np.arange(steps) + 0.5) * dt
        signal = np.real(amplitude * self.waveform(t))
        return dt * np.exp(2j * np.pi * np.multiply.outer(np.atleast_1d(frequencies), t)) @ signal


def check_positive(what: str, value: float, unit: str) -> None:
    """Raise `InputError` unless ``value`` is a positive, finite real number."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not (number and 0 < value < math.inf):
        raise InputError(what, f"a positive number in {unit}", value, "correct it")
