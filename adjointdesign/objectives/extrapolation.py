"""Transforms of port signals that have not rung down, as if the run had gone on for ever; with an error estimate.

After the pulse a signal is a sum of damped oscillations ``x_n = sum_j c_j z_j^n``, so it obeys a linear recurrence over
any stride ``D``, whichever oscillations there are and whether or not ``z^D`` has fewer different values than ``z``:

    x_n = sum_k a_k x_(n - k D),    k = 1 .. K                                                              (1)

The coefficients come from all samples after the pulse by least squares (linear prediction; R. Kumaresan and D. W.
Tufts, IEEE Trans. Acoust. Speech Signal Process. 30, 833 (1982)), slightly regularized. Summing (1) times ``w^n``, with
``w = exp(i 2 pi f dt)``, over all ``n >= N`` gives what comes after the last sample in closed form, without roots,

    sum_(n >= N) x_n w^n = sum_k a_k w^(k D) P_k / (1 - sum_k a_k w^(k D)),                                  (2)
    P_k = sum_(m = N - k D)^(N - 1) x_m w^m,

so that it has exact derivatives. Roots are looked at for the error estimate alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.objectives.least_squares import least_squares
from adjointdesign.tape import taped

STRIDE = 0.4
"""Stride of the recurrence in periods of the highest frequency."""
MOST_ORDER = 40
LEAST_ORDER = 4
SPAN = 1.7
"""Length of the signal after the pulse over that of the recurrence, at least."""
MOST_ROWS = 4000
"""Equations are left out beyond, and beyond eight a stride."""
RIDGE = 1e-12
"""Weight of the coefficients' squares, in units of the mean square singular value of the equations."""
OTHER_ORDER, OTHER_WINDOW = 0.75, 0.15
"""The fits that the estimate compares: order, and share of the samples left out."""
SAFETY = 4.0
"""Estimate over the greatest difference of these fits."""
ROUNDING = 1e-12
"""Least estimate in units of the transform."""
LEAST_DECAY = 1e-3
"""An oscillation that loses a smaller share over the samples after the pulse does not count as decaying."""
ENDLESS = 0.01
"""Share of the transform from which on oscillations that do not decay make it meaningless."""


@taped
def ringing_transform(signal, dt: float, pulse_end: float, frequencies):
    """Transform of a signal as if it had been recorded until nothing was left, ``sum_n x_n exp(i w t_n) dt``.

    Without an extrapolation (see `ringing_error`) it is the transform of what was recorded.

    Parameters
    ----------
    signal : ndarray, shape (steps,)
        Time series of `PortMonitor`, at ``(n + 1/2) dt``.
    dt : float
        Time step, s.
    pulse_end : float
        Time after which no source is on, s.
    frequencies : array_like, shape (n,)
        Hz; the highest sets the stride of the recurrence.

    Returns
    -------
    ndarray of complex, shape (n,)
        In the signal's unit times s.

    Raises
    ------
    InputError
        When an argument is out of range.
    """
    plan = _Plan.of(signal, dt, pulse_end, frequencies)
    recorded = _recorded(signal, 0, plan)
    return recorded if plan.order < LEAST_ORDER else recorded + _rest(signal, plan)


def ringing_error(signal, dt: float, pulse_end: float, frequencies) -> np.ndarray:
    """Estimate of the error of `ringing_transform`, in its unit; infinite where it extrapolates nothing that counts.

    Four times the greatest difference, at each frequency, from fits of a lower order, without the last and without the
    first samples, and in addition what grows, or hardly decays, in the fit. Infinite when that is more than a hundredth
    of the transform, and when fewer samples come after the pulse than 2.7 periods of the highest frequency.

    Parameters
    ----------
    signal, dt, pulse_end, frequencies
        As of `ringing_transform`; plain values.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    InputError
        When an argument is out of range.
    """
    signal = np.asarray(signal, dtype=float)
    plan = _Plan.of(signal, dt, pulse_end, frequencies)
    if plan.order < LEAST_ORDER:
        return np.full(len(plan.frequencies), np.inf)
    rest, lasting, whole, endless = _beyond(signal, plan)
    if endless:
        return np.full(len(rest), np.inf)
    dropped = int(OTHER_WINDOW * (len(signal) - plan.start))
    early = signal[:-dropped]
    others = [
        _rest(signal, plan.changed(order=int(OTHER_ORDER * plan.order))),
        _rest(early, plan) - _recorded(signal[-dropped:], len(early), plan),
        _rest(signal, plan.changed(start=plan.start + dropped)),
    ]
    return SAFETY * np.abs(np.array(others) - rest).max(axis=0) + lasting + ROUNDING * whole


def ringing_rest(signal, dt: float, pulse_end: float, frequencies) -> np.ndarray | None:
    """Size of what comes after the last sample, in the unit of `ringing_transform`, as the recurrence has it.

    Infinite where what grows, or hardly decays, is more than a hundredth of the transform; None where too few samples
    come after the pulse for a recurrence.

    Parameters
    ----------
    signal, dt, pulse_end, frequencies
        As of `ringing_transform`; plain values.

    Returns
    -------
    ndarray, shape (n,), or None

    Raises
    ------
    InputError
        When an argument is out of range.
    """
    signal = np.asarray(signal, dtype=float)
    plan = _Plan.of(signal, dt, pulse_end, frequencies)
    if plan.order < LEAST_ORDER:
        return None
    rest, _, _, endless = _beyond(signal, plan)
    return np.full(len(rest), np.inf) if endless else np.abs(rest)


def _beyond(signal: np.ndarray, plan: _Plan) -> tuple[np.ndarray, np.ndarray, float, bool]:
    """What comes after the last sample, the size of what of it does not decay, that of the whole, whether it is endless."""
    rest, lasting = _rest(signal, plan), _lasting(signal, plan)
    whole = np.abs(_recorded(signal, 0, plan) + rest).max()
    return rest, lasting, whole, bool(np.any(lasting > ENDLESS * whole))


@dataclass(frozen=True)
class _Plan:
    """Where the free signal starts, stride and order of the recurrence, and what `_rest` needs besides."""

    dt: float
    frequencies: np.ndarray
    start: int
    stride: int
    order: int

    @classmethod
    def of(cls, signal, dt, pulse_end, frequencies) -> _Plan:
        f = np.atleast_1d(np.asarray(frequencies, dtype=float))
        if not hasattr(signal, "ndim"):
            expected = "an array of numbers, one a time step"
            raise InputError("signal", expected, type(signal).__name__, "give the time series of one port")
        if not 0 < dt < np.inf:
            raise InputError("dt", "a positive time step in seconds", dt, "give that of the solver")
        if signal.ndim != 1 or not np.all(np.isfinite(_plain(signal))):
            got = f"shape {signal.shape}" if signal.ndim != 1 else "values that are not finite"
            raise InputError("signal", "finite numbers, one a time step", got, "give the time series of one port")
        if not (f.size and np.all((f > 0) & (f < 0.5 / dt))):
            expected = f"between 0 and {0.5 / dt:.4g} Hz, half of 1 / dt"
            raise InputError("frequencies", expected, frequencies, "correct them")
        if not 0 <= pulse_end < np.inf:
            raise InputError("pulse_end", "a time of at least 0 s", pulse_end, "give the duration of the pulse")
        start, stride = int(np.ceil(pulse_end / dt)), max(1, int(STRIDE / (f.max() * dt)))
        order = min(MOST_ORDER, int((len(signal) - start) / (SPAN * stride)))
        return cls(dt, f, start, stride, order)

    def changed(self, start: int | None = None, order: int | None = None) -> _Plan:
        return _Plan(self.dt, self.frequencies, start or self.start, self.stride, order or self.order)

    @property
    def turn(self) -> np.ndarray:
        """``i w dt``."""
        return 2j * np.pi * self.frequencies * self.dt


def _plain(value):
    while hasattr(value, "_value"):
        value = value._value
    return value


def _recorded(signal, first: int, plan: _Plan):
    """Transform of samples of which the first has the number ``first``."""
    kernel = plan.dt * np.exp(np.outer(plan.turn, np.arange(first, first + len(signal)) + 0.5))
    return anp.dot(kernel, signal + 0j)  # autograd's products of real with complex arrays warn


def _coefficients(signal, plan: _Plan):
    """``a_k`` of eq. (1)."""
    end, reach = len(signal), plan.order * plan.stride
    every = max(1, plan.stride // 8, (end - plan.start - reach) // MOST_ROWS)
    lags = [signal[plan.start + reach - back : end - back : every] for back in range(0, reach + 1, plan.stride)]
    rows = anp.stack(lags[1:], axis=1)
    # What is added keeps a signal of nothing but zeros from dividing by them.
    scale = anp.sqrt(anp.sum(rows**2) / plan.order + 1e-300)
    ridge = np.sqrt(RIDGE) * np.eye(plan.order)
    return least_squares(
        anp.concatenate([rows / scale, ridge]), anp.concatenate([lags[0] / scale, np.zeros(plan.order)])
    )


def _last(signal, plan: _Plan):
    """The samples that eq. (2) needs, one row a stride, the last one first."""
    return anp.reshape(signal[len(signal) - plan.order * plan.stride :], (plan.order, plan.stride))[::-1]


def _rest(signal, plan: _Plan):
    """What comes after the last sample, eq. (2)."""
    a = _coefficients(signal, plan) + 0j
    back = np.arange(1, plan.order + 1) * plan.stride
    inside = np.exp(np.outer(np.arange(plan.stride), plan.turn))
    forward = np.exp(np.outer(back, plan.turn))
    sums = anp.cumsum(anp.dot(_last(signal, plan) + 0j, inside) / forward, axis=0)
    ratio = anp.dot(a, forward * sums) / (1 - anp.dot(a, forward))
    return plan.dt * np.exp(plan.turn * (len(signal) + 0.5)) * ratio


def _lasting(signal: np.ndarray, plan: _Plan) -> np.ndarray:
    """Size of what the oscillations that do not decay have in eq. (2), by partial fractions."""
    a, last = _coefficients(signal, plan), _last(signal, plan)
    roots = np.roots(np.concatenate([[1.0], -a]))
    strides = (len(signal) - plan.start) / plan.stride
    size, w = np.zeros(len(plan.frequencies)), np.exp(plan.stride * plan.turn)
    for k in np.flatnonzero(np.abs(roots) > (1 - LEAST_DECAY) ** (1 / strides)):
        u, amplitude, partial = 1 / roots[k], 0.0, 0.0
        for coefficient, row in zip(a, last):
            partial = u * partial + row
            amplitude = amplitude + coefficient * partial
        amplitude = amplitude / np.prod(1 - np.delete(roots, k) * u)
        size += plan.dt * np.abs(amplitude).sum() / np.abs(1 - roots[k] * w)
    return size
