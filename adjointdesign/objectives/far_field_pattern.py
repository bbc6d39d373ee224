"""What a pattern is asked for: beamwidth, sidelobes, and the least gain over a cone; differentiable."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from adjointdesign.errors import InputError
from adjointdesign.objectives.s_parameters import power_decibels, smooth_maximum
from adjointdesign.tape import taped


def in_cone(directions: np.ndarray, axis: tuple[float, float], half_angle: float) -> np.ndarray:
    """Which directions (theta and phi, rad, shape ``(n, 2)``) are within ``half_angle`` (rad) of ``axis``; booleans."""

    def vectors(theta, phi):
        return np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])

    return vectors(*axis) @ vectors(*np.asarray(directions, dtype=float).T) >= np.cos(half_angle) - 1e-12


@taped
def beamwidth(cut, angles, level: float = 0.5):
    """Angle between the directions on either side of the peak where a cut falls to ``level`` of it, rad.

    With one half, the half-power beamwidth (Balanis, section 2.5). The peak is that of the parabola through the largest
    sample and its neighbors, crossings are linear between samples; both in the logarithm, which errs by the square of
    the step. Differentiable as long as the peak stays between the same samples.

    Parameters
    ----------
    cut : ndarray
        Radiation intensity or gain along the cut, shape ``(n_frequencies, n_angles)``.
    angles : ndarray
        Ascending angles, rad, shape ``(n_angles,)``.
    level : float, optional
        Fraction of the peak.

    Returns
    -------
    ndarray
        Shape ``(n_frequencies,)``.

    Raises
    ------
    InputError
        When the peak is at an end of the cut, or the cut does not fall to the level on both sides.
    """
    return anp.stack([_width(anp.log(row), np.asarray(angles, dtype=float), level) for row in cut])


def _width(values, angles, level: float):
    plain = getval(values)
    top = int(np.argmax(plain))
    if top in (0, len(angles) - 1):
        raise InputError("beamwidth: cut", "its peak away from its ends", f"{angles[top]:.4g} rad", "extend the cut")
    threshold = _peak(values, angles, top) + np.log(level)
    low = np.flatnonzero(plain < getval(threshold))
    before, after = low[low < top], low[low > top]
    if not before.size or not after.size:
        raise InputError(
            "beamwidth: cut", f"values below {level:g} of the peak on both sides of it", f"none at {angles[0]:.4g} to "
            f"{angles[-1]:.4g} rad", "extend the cut, or ask for a higher level",
        )  # fmt: skip

    def crossing(i):  # between samples i and i + 1
        share = (threshold - values[i]) / (values[i + 1] - values[i])
        return angles[i] + share * (angles[i + 1] - angles[i])

    return crossing(after[0] - 1) - crossing(before[-1])


def _peak(values, angles, top: int):
    """Largest value of the parabola through three samples (Newton's form)."""
    x0, x1, x2 = angles[top - 1 : top + 2]
    f0, f1, f2 = values[top - 1], values[top], values[top + 1]
    left, right = (f1 - f0) / (x1 - x0), (f2 - f1) / (x2 - x1)
    bend = (right - left) / (x2 - x0)
    if getval(bend) == 0:  # as high on either side
        return f1
    slope = left + bend * (x1 - x0)  # at x1
    return f1 - slope**2 / (4 * bend)


@taped
def pattern_decibels(intensity, main_lobe, temperature: float):
    """The pattern below the peak of its main lobe, dB, the peak being smoothed.

    Parameters
    ----------
    intensity : ndarray
        Radiation intensity or gain, shape ``(n_frequencies, n_directions)``.
    main_lobe : ndarray of bool
        Which directions make up the main lobe, shape ``(n_directions,)``.
    temperature : float
        Of `smooth_maximum`, dB.
    """
    values = power_decibels(intensity / anp.max(getval(intensity)))
    peaks = anp.stack([smooth_maximum(row[main_lobe], temperature) for row in values])
    return values - peaks[:, None]


@taped
def sidelobe_level(intensity, main_lobe, temperature: float):
    """Largest value outside of the main lobe over the largest within it, dB, both smoothed; shape ``(n_frequencies,)``.

    Balanis, section 2.2.2. Parameters as for `pattern_decibels`.
    """
    values = pattern_decibels(intensity, main_lobe, temperature)
    others = ~np.asarray(main_lobe, dtype=bool)
    return anp.stack([smooth_maximum(row[others], temperature) for row in values])


@taped
def mask_excess(intensity, mask, main_lobe, temperature: float):
    """By how much the pattern is above a mask, dB, in one vector (negative: below it by that much).

    Parameters
    ----------
    intensity, main_lobe, temperature
        As for `pattern_decibels`.
    mask : ndarray
        Largest values allowed, dB below the peak, shape ``(n_directions,)``; infinite where anything goes.
    """
    mask = np.asarray(mask, dtype=float)
    held = np.flatnonzero(np.isfinite(mask))
    values = pattern_decibels(intensity, main_lobe, temperature)
    return anp.reshape(values[:, held] - mask[held], (-1,))


@taped
def least_gain(gain, inside, temperature: float):
    """Least gain over a cone, dB, smoothed: never less than the least, and at most the mean; shape
    ``(n_frequencies,)``.

    Parameters
    ----------
    gain : ndarray
        Gain, realized or not, or directivity, as a ratio; shape ``(n_frequencies, n_directions)``.
    inside : ndarray of bool
        Which directions count (see `in_cone`), shape ``(n_directions,)``.
    temperature : float
        Of `smooth_maximum`, dB.
    """
    return anp.stack([-smooth_maximum(-power_decibels(row[inside]), temperature) for row in gain])
