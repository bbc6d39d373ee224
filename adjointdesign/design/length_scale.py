"""Geometric constraints that impose a minimum length scale on solid and void.

M. Zhou, B. S. Lazarov, F. Wang and O. Sigmund, Comput. Methods Appl. Mech. Eng. 293, 266 (2015). Inside a solid feature
that is wide enough the filtered density exceeds the erosion threshold ``eta_e``; where the interior (marked by a
vanishing gradient) stays below it, the feature is too thin. Void features likewise with the dilation threshold.

    g_s = mean(rho_projected       exp(-c |grad rho_filtered|^2) min(rho_filtered - eta_e, 0)^2)
    g_v = mean((1 - rho_projected) exp(-c |grad rho_filtered|^2) min(eta_d - rho_filtered, 0)^2)

They act on a conic filter of radius R and a projection with threshold 1/2. `measurement` measures what was achieved.
"""

from __future__ import annotations

import autograd.numpy as np

from adjointdesign.design.operators import along_axis, check_spacing, plain, real_array
from adjointdesign.design.projection import difference
from adjointdesign.errors import InputError
from adjointdesign.tape import taped

DECAY = 64.0
"""Decay rate ``c`` of the interior's indicator over ``R^2`` (A. M. Hammond et al., Opt. Express 29, 23916 (2021))."""

TOLERANCE = 1e-7
"""Value of ``g`` that counts as satisfied. Straight bars of just the length scale, at any angle, reach some 1e-8 with a
filter of ten pixels; bars one pixel thinner exceed 1e-5 if they are as long as the design."""


def conic_thresholds(length: float, radius: float) -> tuple[float, float]:
    """Thresholds at which a conic filter sees a minimum length scale.

    Parameters
    ----------
    length : float
        Minimum length scale b, m.
    radius : float
        Radius R of the conic filter, m.

    Returns
    -------
    eta_e, eta_d : float
        ``eta_e = 1/2 + (b / R)^2 / 4`` for ``b <= R`` and ``b / R - (b / R)^2 / 4`` up to ``2 R``;
        ``eta_d = 1 - eta_e``.

    Raises
    ------
    InputError
        When the length is not between 0 and twice the radius.

    References
    ----------
    X. Qian and O. Sigmund, Comput. Methods Appl. Mech. Eng. 253, 237 (2013).
    """
    if not (radius > 0 and 0 < length < 2 * radius):
        raise InputError("length", f"between 0 and twice the radius {radius} m", length, "enlarge the filter radius")
    ratio = length / radius
    eta_e = 0.5 + ratio**2 / 4 if ratio <= 1 else ratio - ratio**2 / 4
    return eta_e, 1.0 - eta_e


FLOOR = 1e-3
"""Keeps the logarithm finite where nothing is violated; a violation by decades stays a number of order one."""


@taped
def solid_length_scale(filtered, projected, length: float, radius: float, spacing, tolerance: float = TOLERANCE):
    """Constraint on the width of solid features, satisfied when at most zero.

    Parameters
    ----------
    filtered : ndarray, shape (nx, ny) or (nx, ny, nz)
        Density after the conic filter.
    projected : ndarray
        The filtered density projected at one half.
    length : float
        Minimum length scale, m.
    radius : float
        Radius of the conic filter, m.
    spacing : float or tuple of float
        Pixel size along each axis, m.
    tolerance : float
        Value of ``g_s`` that still counts as satisfied.

    Returns
    -------
    float
        ``log10(g_s / tolerance)``: decades above the tolerance (at least -3); differentiable in both densities.

    Raises
    ------
    InputError
        When lengths are not positive or do not fit each other, or shapes differ.
    """
    return _constraint(filtered, projected, length, radius, spacing, tolerance)


@taped
def void_length_scale(filtered, projected, length: float, radius: float, spacing, tolerance: float = TOLERANCE):
    """Constraint on the width of void features, satisfied when at most zero.

    Parameters
    ----------
    filtered, projected, length, radius, spacing, tolerance
        As in `solid_length_scale`.

    Returns
    -------
    float
        ``log10(g_v / tolerance)``: decades above the tolerance (at least -3); differentiable in both densities.

    Raises
    ------
    InputError
        As `solid_length_scale`.
    """
    # Void is the solid of the negative, and eta_d = 1 - eta_e.
    return _constraint(1.0 - filtered, 1.0 - projected, length, radius, spacing, tolerance)


def _constraint(filtered, projected, length, radius, spacing, tolerance):
    filtered, projected = real_array(filtered, "filtered", (2, 3)), real_array(projected, "projected", (2, 3))
    shape = plain(filtered).shape
    if plain(projected).shape != shape:
        got = f"shape {plain(projected).shape}"
        raise InputError("projected", f"shape {shape}, as filtered", got, "project that field")
    if not tolerance > 0:
        raise InputError("tolerance", "a positive number", tolerance, "correct it")
    spacing = check_spacing(spacing, len(shape))
    eta_e, _ = conic_thresholds(length, radius)
    axes = [a for a in range(len(shape)) if shape[a] > 2]
    slope = sum((along_axis(difference(shape[a], 1), filtered, a) / spacing[a]) ** 2 for a in axes)
    indicator = projected * np.exp(-DECAY * radius**2 * slope)
    violation = np.mean(indicator * np.minimum(filtered - eta_e, 0.0) ** 2)
    return np.log10(violation / tolerance + FLOOR)
