"""How a source varies in time.

A waveform is an *analytic* signal ``w(t)``, with time dependence ``exp(-i w t)``; the current that flows is
``Re(amplitude * profile * w(t))``. ``spectrum(f)`` is the transform of the physical signal at a positive frequency,

    S(f) = int Re w(t) exp(+i 2 pi f t) dt = (1/2) int w(t) exp(+i 2 pi f t) dt    (1)

so that a running DFT ``sum_n F(t_n) exp(+i w t_n) dt`` divided by ``S(f)`` is the phasor ``F`` of the steady state that
the current ``Re(amplitude * profile * exp(-i w t))`` would sustain. Powers of such phasors are time averages in watts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from scipy.special import wofz

from adjointdesign.errors import InputError


@runtime_checkable
class Waveform(Protocol):
    """What a source asks of its waveform."""

    @property
    def center_frequency(self) -> float:
        """Frequency at which profiles that depend on frequency (modes) are taken, Hz."""

    @property
    def duration(self) -> float:
        """Time after which the signal is negligible, s; infinite for a continuous wave."""

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Analytic signal at times ``t`` (s), complex, of the shape of ``t``."""

    def spectrum(self, frequency: np.ndarray) -> np.ndarray:
        """Transform of the physical signal, eq. (1), s, at positive frequencies in Hz."""


def _check_positive(name: str, value: float, unit: str) -> None:
    if not (np.isfinite(value) and value > 0):
        raise InputError(name, f"a positive number in {unit}", value, f"give {name} in {unit}")


@dataclass(frozen=True)
class GaussianPulse:
    """A carrier under a Gaussian envelope, ``exp(-(t - t0)^2 / (2 tau^2)) exp(-i w0 (t - t0))``.

    Parameters
    ----------
    frequency : float
        Carrier frequency, Hz.
    bandwidth : float
        Full width of the magnitude of the spectrum at half its maximum, Hz.
    delay : float, optional
        Time ``t0`` of the peak, s. By default six ``tau``, where the envelope starts at 1.5e-8.

    Raises
    ------
    InputError
        When a value is not positive.
    """

    frequency: float
    bandwidth: float
    delay: float | None = None

    def __post_init__(self):
        _check_positive("frequency", self.frequency, "Hz")
        _check_positive("bandwidth", self.bandwidth, "Hz")
        if self.delay is None:
            object.__setattr__(self, "delay", 6 * self.tau)
        _check_positive("delay", self.delay, "s")

    @classmethod
    def covering(cls, frequencies: np.ndarray, least: float = 0.0) -> GaussianPulse:
        """Pulse centered on a band whose half-maximum width is the band, or ``least`` (Hz) when that is wider."""
        low, high = float(np.min(frequencies)), float(np.max(frequencies))
        return cls((low + high) / 2, max(high - low, least))

    @property
    def tau(self) -> float:
        """Standard deviation of the envelope, s: ``sqrt(2 ln 2) / (pi bandwidth)``."""
        return math.sqrt(2 * math.log(2)) / (math.pi * self.bandwidth)

    @property
    def center_frequency(self) -> float:
        """Carrier frequency, Hz."""
        return self.frequency

    @property
    def duration(self) -> float:
        """Six ``tau`` past the peak, s."""
        return self.delay + 6 * self.tau

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Analytic signal at times ``t`` (s)."""
        s = np.asarray(t) - self.delay
        return np.exp(-(s**2) / (2 * self.tau**2) - 2j * math.pi * self.frequency * s)

    def spectrum(self, frequency: np.ndarray) -> np.ndarray:
        """``(tau/2) sqrt(2 pi) exp(-(w - w0)^2 tau^2 / 2) exp(i w t0)``, s."""
        f = np.asarray(frequency)
        magnitude = math.sqrt(math.pi / 2) * self.tau * np.exp(-2 * (math.pi * self.tau * (f - self.frequency)) ** 2)
        return magnitude * np.exp(2j * math.pi * f * self.delay)


@dataclass(frozen=True)
class ContinuousWave:
    """A wave of one frequency, switched on over ``ramp`` by ``sin^2``.

    Parameters
    ----------
    frequency : float
        Frequency, Hz.
    ramp : float
        Time over which the envelope rises from zero to one, s.

    Raises
    ------
    InputError
        When a value is not positive, or when the spectrum is asked for: the wave never ends, so it has none.
    """

    frequency: float
    ramp: float

    def __post_init__(self):
        _check_positive("frequency", self.frequency, "Hz")
        _check_positive("ramp", self.ramp, "s")

    @property
    def center_frequency(self) -> float:
        """Frequency, Hz."""
        return self.frequency

    @property
    def duration(self) -> float:
        """Infinite."""
        return math.inf

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Analytic signal at times ``t`` (s)."""
        t = np.asarray(t)
        envelope = np.sin(0.5 * math.pi * np.clip(t / self.ramp, 0.0, 1.0)) ** 2
        return envelope * np.exp(-2j * math.pi * self.frequency * t)

    def spectrum(self, frequency: np.ndarray) -> np.ndarray:
        """Raise `InputError`: the transform of a wave without end does not exist."""
        raise InputError("waveform", "a pulse, which has a spectrum", "a continuous wave", "use GaussianPulse")


@dataclass(frozen=True)
class RickerWavelet:
    """The second derivative of a Gaussian, ``(1 - 2 x^2) exp(-x^2)`` with ``x = pi f_p (t - t0)``.

    The analytic signal follows from that of the Gaussian, the Faddeeva function ``w(-x)`` (DLMF 7.2.3, 7.10.2). Its
    imaginary part decays only as ``t^-3``, and is cut off at t = 0 when the profile is complex.

    Parameters
    ----------
    frequency : float
        Frequency ``f_p`` of the peak of the spectrum, Hz.
    delay : float, optional
        Time ``t0`` of the peak, s; by default ``2 / f_p``, where the wavelet starts at 6e-16.

    Raises
    ------
    InputError
        When a value is not positive.
    """

    frequency: float
    delay: float | None = None

    def __post_init__(self):
        _check_positive("frequency", self.frequency, "Hz")
        if self.delay is None:
            object.__setattr__(self, "delay", 2 / self.frequency)
        _check_positive("delay", self.delay, "s")

    @property
    def center_frequency(self) -> float:
        """Peak of the spectrum, Hz."""
        return self.frequency

    @property
    def duration(self) -> float:
        """Two periods past the peak, s."""
        return self.delay + 2 / self.frequency

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Analytic signal at times ``t`` (s)."""
        z = -math.pi * self.frequency * (np.asarray(t) - self.delay)
        return (1 - 2 * z**2) * wofz(z) + 2j * z / math.sqrt(math.pi)

    def spectrum(self, frequency: np.ndarray) -> np.ndarray:
        """``2 f^2 / (sqrt(pi) f_p^3) exp(-f^2 / f_p^2) exp(i w t0)``, s."""
        f = np.asarray(frequency)
        magnitude = 2 * f**2 / (math.sqrt(math.pi) * self.frequency**3) * np.exp(-((f / self.frequency) ** 2))
        return magnitude * np.exp(2j * math.pi * f * self.delay)


@dataclass(frozen=True, eq=False)
class SampledWaveform:
    """A signal given by samples at ``t = 0, step, 2 step, ...``, linear between them and zero beyond.

    Parameters
    ----------
    step : float
        Time between samples, s.
    values : ndarray
        Samples; real ones are completed to an analytic signal (Hilbert transform), complex ones are taken as such.
    frequency : float
        Frequency at which profiles that depend on frequency are taken, Hz.

    Raises
    ------
    InputError
        When the step or frequency is not positive, or the samples are not a finite one-dimensional array.
    """

    step: float
    values: np.ndarray
    frequency: float

    def __post_init__(self):
        _check_positive("step", self.step, "s")
        _check_positive("frequency", self.frequency, "Hz")
        values = np.asarray(self.values)
        if values.ndim != 1 or values.size < 2 or not np.all(np.isfinite(values)):
            raise InputError(
                "values", "a row of at least two finite numbers", f"shape {values.shape}", "check the samples"
            )

    @cached_property
    def analytic(self) -> np.ndarray:
        """Samples of the analytic signal, complex."""
        from scipy.signal import hilbert  # a slow import, wanted by this waveform alone

        values = np.asarray(self.values)
        # Padding keeps the periodic transform's wrap-around away; the conjugate turns exp(+i w t) into exp(-i w t).
        return values if np.iscomplexobj(values) else np.conj(hilbert(values, 8 * values.size)[: values.size])

    @property
    def center_frequency(self) -> float:
        """Frequency at which frequency-dependent profiles are taken, Hz."""
        return self.frequency

    @property
    def duration(self) -> float:
        """One step past the last sample, s."""
        return self.step * len(self.values)

    def __call__(self, t: np.ndarray) -> np.ndarray:
        """Analytic signal at times ``t`` (s)."""
        knots = self.step * np.arange(-1, len(self.analytic) + 1)
        return np.interp(t, knots, np.pad(self.analytic, 1), left=0, right=0)

    def spectrum(self, frequency: np.ndarray) -> np.ndarray:
        """Exact transform of the linear interpolant, ``(step/2) sinc^2(f step) sum_k v_k exp(i w t_k)``, s."""
        f = np.asarray(frequency, dtype=float)
        phases = np.exp(2j * math.pi * self.step * f[..., None] * np.arange(len(self.analytic)))
        return 0.5 * self.step * np.sinc(f * self.step) ** 2 * (phases @ self.analytic)
