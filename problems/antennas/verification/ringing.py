"""For boxes that ring: a pulse that ends, a current of any shape, the frequency of what rings on, differentiable."""

from __future__ import annotations

from dataclasses import dataclass, field

import autograd.numpy as anp
import numpy as np


@dataclass(frozen=True)
class EndingPulse:
    """``sin^4(pi t / T) exp(-i w t)``, which begins and ends at exactly zero.

    Parameters
    ----------
    frequency : float
        Carrier frequency, Hz.
    duration : float
        T, s.
    """

    frequency: float
    duration: float

    @property
    def center_frequency(self) -> float:
        """Carrier frequency, Hz."""
        return self.frequency

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Analytic signal at times ``t`` (s)."""
        inside = (t > 0) & (t < self.duration)
        return np.where(inside, np.sin(np.pi * t / self.duration) ** 4, 0) * np.exp(-2j * np.pi * self.frequency * t)


@dataclass(eq=False)
class ShapedCurrent:
    """A current density of any shape in the whole domain.

    Parameters
    ----------
    name : str
        Name of the source.
    profiles : dict of str to ndarray
        Density per unit amplitude at each component, of the grid's storage shape (complex).
    waveform : Waveform
        Time dependence.
    """

    name: str
    profiles: dict[str, np.ndarray]
    waveform: object
    bounds: tuple = field(default=())

    def place(self, medium, dt: float) -> list:
        """Put the current on the grid."""
        from adjointdesign.sources import Injection

        parts = []
        for component, profile in self.profiles.items():
            indices = np.flatnonzero(profile)
            parts.append(Injection(component, indices, profile.ravel()[indices].astype(complex)))
        return parts


def ringing_frequency(signal, dt: float, expected: float):
    """Frequency of an undamped oscillation, Hz, written with ``autograd.numpy``.

    A cosine obeys ``y(t + s) + y(t - s) = 2 cos(w s) y(t)``: so ``cos(w s)`` is the quotient of two weighted sums,
    exactly. With weights that fall smoothly to zero at both ends, other modes leak neither into it nor into its
    derivatives.

    Parameters
    ----------
    signal : ndarray
        Samples, shape ``(n,)``.
    dt : float
        Between them, s.
    expected : float
        About what frequency, Hz; it fixes s to a quarter of a period.
    """
    step = max(1, round(0.25 / expected / dt))
    count = signal.shape[0] - 2 * step
    weights = np.sin(np.pi * (np.arange(count) + 0.5) / count) ** 6
    middle = signal[step:-step]
    cosine = anp.sum(weights * middle * (signal[: -2 * step] + signal[2 * step :])) / anp.sum(weights * 2 * middle**2)
    return anp.arccos(cosine) / (2 * np.pi * step * dt)
