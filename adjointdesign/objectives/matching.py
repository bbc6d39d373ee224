"""How well an antenna or circuit is matched: return loss, mismatch, bandwidth; all `taped`.

D. M. Pozar, Microwave Engineering, 4th ed., sections 2.3 and 4.3. A min-max over a band is `smooth_maximum` of
`decibels`, or `violations` of targets; see `adjointdesign.objectives.s_parameters`.
"""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.objectives.decibels import LEAST_AMPLITUDE
from adjointdesign.objectives.s_parameters import decibels, smooth_maximum
from adjointdesign.tape import taped


@taped
def return_loss(s):
    """``-20 log10 |S11|``, dB, 20 where a hundredth of the power returns; at most 120."""
    return -decibels(s)


@taped
def isolation(s):
    """``-20 log10 |S21|``, dB, of ports that are to know nothing of each other; at most 120."""
    return -decibels(s)


@taped
def mismatch_efficiency(s):
    """Share of the incident power that goes in, ``1 - |S11|^2``."""
    return 1 - anp.abs(s) ** 2


@taped
def standing_wave_ratio(s):
    """Voltage standing wave ratio, ``(1 + |S11|) / (1 - |S11|)``; two million where everything returns."""
    magnitude = anp.abs(s)
    return (1 + magnitude) / anp.maximum(1 - magnitude, LEAST_AMPLITUDE)


@taped
def worst_reflection(s, temperature: float):
    """Smooth maximum of ``20 log10 |S11|`` over a band, dB, never above the maximum; see `smooth_maximum`."""
    return smooth_maximum(decibels(s), temperature)


@taped
def band_edges(s, frequencies, level: float = -10.0, inside: float | None = None):
    """First and last frequency of the band around one, over which ``20 log10 |S11|`` does not exceed a level.

    Between samples decibels run straight, so the edges move smoothly with them as long as the same samples are in the
    band. At the first or last sample a band ends there.

    Parameters
    ----------
    s : ndarray of complex, shape (n,)
        Reflection.
    frequencies : ndarray, shape (n,)
        Ascending, Hz.
    level : float
        dB.
    inside : float, optional
        A frequency in the band, Hz (its nearest sample counts); that of the best match when left out.

    Returns
    -------
    ndarray, shape (2,)
        Hz; twice the frequency ``inside`` where the level is not reached there.
    """
    frequencies = _ascending(frequencies, s)
    db = decibels(s)
    excess = _plain(db) - level
    start = int(np.argmin(excess if inside is None else np.abs(frequencies - inside)))
    if excess[start] > 0:
        at = frequencies[start] + 0.0 * db[start]
        return anp.stack([at, at])
    edges = []
    for step, last in ((-1, 0), (1, len(frequencies) - 1)):
        k = start
        while k != last and excess[k + step] <= 0:
            k += step
        if k == last:
            edges.append(frequencies[k] + 0.0 * db[k])
        else:
            part = (level - db[k]) / (db[k + step] - db[k])
            edges.append(frequencies[k] + part * (frequencies[k + step] - frequencies[k]))
    return anp.stack(edges)


@taped
def fractional_bandwidth(edges):
    """Width of a band over its center, ``2 (f2 - f1) / (f2 + f1)``; two thirds for an octave."""
    return 2 * (edges[1] - edges[0]) / (edges[1] + edges[0])


@taped
def smooth_bandwidth(s, frequencies, level: float = -10.0, softness: float = 1.0):
    """Width of all bands below a level, ``int 1 / (1 + exp((20 log10 |S11| - level) / softness)) df``, Hz.

    Differentiable everywhere, also before any sample has reached the level; trapezoidal rule.

    Parameters
    ----------
    s : ndarray of complex, shape (n,)
        Reflection.
    frequencies : ndarray, shape (n,)
        Ascending, Hz.
    level, softness : float
        dB.
    """
    frequencies = _ascending(frequencies, s)
    inside = 0.5 * (1 - anp.tanh((decibels(s) - level) / (2 * softness)))
    return anp.sum(0.5 * (inside[1:] + inside[:-1]) * np.diff(frequencies))


def _ascending(frequencies, s) -> np.ndarray:
    values = np.asarray(frequencies, dtype=float)
    if values.ndim != 1 or values.shape != s.shape or values.size < 2 or not np.all(np.diff(values) > 0):
        raise InputError("frequencies", "at least two ascending ones, one for each value of s", frequencies, "sort them")
    return values


def _plain(values) -> np.ndarray:
    """The numbers behind autograd's boxes, for choices that are not differentiated."""
    while hasattr(values, "_value"):
        values = values._value
    return np.asarray(values)
