"""Polarization of a far field: components, cross-polarization and axial ratio; differentiable.

Far-field amplitudes have shape ``(n_frequencies, 2, n_directions)``, theta and phi, with time dependence ``exp(-i w
t)``.
"""

from __future__ import annotations

import math

import autograd.numpy as anp
import numpy as np

from adjointdesign.objectives.decibels import LEAST_POWER
from adjointdesign.tape import taped

_LEAST = 1e-6
"""Share of the intensity below which circular and linear parts count as none: keeps square roots differentiable, and
the axial ratio of a linearly polarized field below 126 dB."""
_NONE = 1e-280
"""Sum of squares up to which there is no field: products of such squares are below the least number."""


@taped
def ludwig3(far, directions, angle: float = 0.0):
    """Co- and cross-polarized components of Ludwig's third definition, in the same shape.

    ``co = cos(phi - a) E_theta - sin(phi - a) E_phi``, ``cross = sin(phi - a) E_theta + cos(phi - a) E_phi``
    (A. C. Ludwig, IEEE Trans. Antennas Propag. 21, 116 (1973), whose reference along y is a = pi/2).

    Parameters
    ----------
    far : ndarray
        Far-field amplitudes.
    directions : ndarray
        Theta and phi, rad, shape ``(n_directions, 2)``.
    angle : float, optional
        Direction ``a`` from x of the reference polarization, as seen along z, rad.
    """
    turn = np.asarray(directions, dtype=float)[:, 1] - angle
    cos, sin = np.cos(turn), np.sin(turn)
    return anp.stack([cos * far[:, 0] - sin * far[:, 1], sin * far[:, 0] + cos * far[:, 1]], axis=1)


@taped
def circular(far):
    """Right- and left-hand circular components, in the same shape.

    Right-handed: the field turns from theta to phi, as a right-hand screw that moves outward (IEEE Std 145-2013). With
    ``exp(-i w t)`` its unit vector is ``(theta + i phi) / sqrt(2)``, the conjugate of that with ``exp(j w t)``.
    """
    return anp.stack([far[:, 0] - 1j * far[:, 1], far[:, 0] + 1j * far[:, 1]], axis=1) / math.sqrt(2)


@taped
def cross_polarization(components):
    """Second over first of two orthogonal components, dB; shape ``(n_frequencies, n_directions)``.

    From -120 dB, where there is no second component, to 120 dB, where there is no first. Where there is no field there is no ratio:
    0 dB then, as of components alike, without a derivative.

    Parameters
    ----------
    components : ndarray
        As from `ludwig3` or `circular`, shape ``(n_frequencies, 2, n_directions)``.
    """
    first, second, _ = _normalized(components)
    first, second = _square(first) + LEAST_POWER, _square(second) + LEAST_POWER
    return 10.0 / math.log(10.0) * (anp.log(second) - anp.log(first))


@taped
def axial_ratio(far):
    """Major over minor axis of the polarization ellipse, from one up; shape ``(n_frequencies, n_directions)``.

    ``(S0 + L) / |S3|`` with ``S0 = |E_theta|^2 + |E_phi|^2``, ``L = |E_theta^2 + E_phi^2|`` and ``S3 = 2
    Im(conj(E_theta) E_phi)``, which is Balanis, eqs. 2-65 to 2-67, without a difference of near numbers. Smoothed where
    the field is linearly or circularly polarized to a millionth: at most 2e6. Where there is no field there is no ellipse: the value
    is then that of a linearly polarized one, so that nothing passes for circular, without a derivative.
    """
    theta, phi, some = _normalized(far)
    theta = anp.where(some, theta, 1.0)
    total = _square(theta) + _square(phi)
    floor = (_LEAST * total) ** 2
    straight = theta**2 + phi**2
    linear = anp.sqrt(_square(straight) + floor)
    turning = anp.sqrt((2 * anp.imag(anp.conj(theta) * phi)) ** 2 + floor)
    return (total + linear) / turning


def _normalized(far):
    """Both components over the size of the field, zero where there is none; and where there is some."""
    total = _square(far[:, 0]) + _square(far[:, 1])
    some = total > _NONE
    size = anp.sqrt(anp.where(some, total, 1.0))
    return anp.where(some, far[:, 0] / size, 0.0), anp.where(some, far[:, 1] / size, 0.0), some


def _square(z):
    """``|z|^2``, smooth at zero."""
    return anp.real(z) ** 2 + anp.imag(z) ** 2
