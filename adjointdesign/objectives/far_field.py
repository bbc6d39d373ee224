"""Figures of merit of antennas, from far-field amplitudes and powers.

Terms are those of IEEE Std 145-2013 (Definitions of Terms for Antennas) and of C. A. Balanis, Antenna Theory, 4th ed.
(Wiley 2016), whose sections are named with each function. Everything is differentiable on the tape and, without it, a
plain function of arrays.

Far-field amplitudes are those of `adjointdesign.monitors.FarFieldMonitor` over ``waveform.spectrum``: phasors, shape
``(n_frequencies, n_polarizations, n_directions)``. Powers have shape ``(n_frequencies,)``, W (in two dimensions W/m).
"""

from __future__ import annotations

import math

import autograd.numpy as anp
import numpy as np

from adjointdesign.constants import ETA0
from adjointdesign.errors import InputError
from adjointdesign.tape import taped

SPHERE = 4 * math.pi
"""All directions of space, sr."""
CIRCLE = 2 * math.pi
"""All directions of the plane, rad."""


def sphere_directions(order: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions and weights of a quadrature over all directions: Gauss-Legendre in ``cos(theta)``, equal steps in phi.

    Exact for spherical harmonics up to degree ``2 order - 1`` (K. Atkinson and W. Han, Spherical Harmonics and
    Approximations on the Unit Sphere, Springer 2012, section 5.1). The intensity of sources within a radius a has next
    to none beyond ``2 k a + 20``, so ``order = k a + 10`` will do.

    Parameters
    ----------
    order : int
        Number of angles theta; there are twice as many phi.

    Returns
    -------
    directions : ndarray
        Theta and phi, rad, shape ``(2 order^2, 2)``.
    weights : ndarray
        Solid angles, sr, shape ``(2 order^2,)``, which add up to 4 pi.
    """
    return _product_directions(order, -1.0, 1.0)


def hemisphere_directions(order: int) -> tuple[np.ndarray, np.ndarray]:
    """The same over the directions of ``z > 0``, all that there are above a ground plane; weights add up to 2 pi."""
    return _product_directions(order, 0.0, 1.0)


def circle_directions(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Equally spaced angles phi, rad, and their weights, rad, in two dimensions; exact up to order ``count - 1``."""
    _check_count("count", count)
    return CIRCLE / count * np.arange(count), np.full(count, CIRCLE / count)


def cut_directions(theta: np.ndarray, phi: float) -> np.ndarray:
    """Directions of a polar cut: angles theta, rad, in the half plane phi, negative ones in the half plane opposite."""
    theta = np.asarray(theta, dtype=float)
    return np.stack([theta, np.full_like(theta, phi)], axis=-1)


def _product_directions(order: int, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    _check_count("order", order)
    nodes, weights = np.polynomial.legendre.leggauss(order)
    theta = np.arccos(0.5 * (high + low) + 0.5 * (high - low) * nodes)
    phi = math.pi / order * np.arange(2 * order)
    directions = np.stack(np.meshgrid(theta, phi, indexing="ij"), axis=-1).reshape(-1, 2)
    return directions, np.repeat(0.5 * (high - low) * weights * math.pi / order, 2 * order)


def _check_count(name: str, value) -> None:
    if not isinstance(value, (int, np.integer)) or value < 1:
        raise InputError(name, "a whole number of at least 1", value, "correct it")


@taped
def radiation_intensity(far, permittivity: float = 1.0):
    """Power per solid angle, ``(|E_theta|^2 + |E_phi|^2) / (2 eta)``, W/sr (in two dimensions W/m per radian).

    Balanis, eq. 2-12a.

    Parameters
    ----------
    far : ndarray
        Far-field amplitudes, V (V m^(-1/2)), shape ``(n_frequencies, n_polarizations, n_directions)``.
    permittivity : float, optional
        Relative permittivity of the medium around.

    Returns
    -------
    ndarray
        Shape ``(n_frequencies, n_directions)``.
    """
    return math.sqrt(permittivity) / (2 * ETA0) * anp.sum(anp.abs(far) ** 2, axis=1)


@taped
def radiated_power(intensity, weights):
    """Power in all directions that ``weights`` (sr or rad) belong to, W: Balanis, eq. 2-13, by quadrature."""
    return anp.sum(intensity * weights, axis=-1)


@taped
def directivity(intensity, radiated, angle: float = SPHERE):
    """Intensity over its mean in all directions, ``4 pi U / P_rad`` (Balanis, eq. 2-16).

    Over a ground plane too the mean is taken over the whole sphere.

    Parameters
    ----------
    intensity : ndarray
        Radiation intensity, shape ``(n_frequencies, n_directions)``.
    radiated : ndarray
        Radiated power, shape ``(n_frequencies,)``.
    angle : float, optional
        All directions: `SPHERE`, or `CIRCLE` in two dimensions.
    """
    return angle * intensity / radiated[:, None]


@taped
def gain(intensity, accepted, angle: float = SPHERE):
    """Intensity over the mean that the power *accepted* by the antenna would give, ``4 pi U / P_acc`` (Balanis, section
    2.9).

    Parameters are those of `directivity`, with the power that flows into the antenna's port.
    """
    return angle * intensity / accepted[:, None]


@taped
def realized_gain(intensity, available, angle: float = SPHERE):
    """Gain with the losses by mismatch, ``4 pi U / P_av`` (Balanis, section 2.9: ``(1 - |S11|^2)`` times the gain).

    Parameters are those of `directivity`, with the power that the source would give to a matched load: that of the
    incident wave.
    """
    return angle * intensity / available[:, None]


@taped
def radiation_efficiency(radiated, accepted):
    """Radiated over accepted power (Balanis, section 2.8: conduction-dielectric efficiency)."""
    return radiated / accepted


@taped
def total_efficiency(radiated, available):
    """Radiated over available power (Balanis, section 2.8: radiation efficiency times ``1 - |S11|^2``)."""
    return radiated / available


@taped
def power_balance(accepted, radiated, dissipated=0.0):
    """What ``accepted = radiated + dissipated`` leaves over, as a share of the accepted power: zero if all is right."""
    return (accepted - radiated - dissipated) / accepted
