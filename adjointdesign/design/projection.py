"""Projections: from a filtered density to a nearly or fully binary one.

The tanh projection loses its gradient as it sharpens. The smoothed projection averages the projected density over a
neighborhood of about a pixel, in closed form, so that its gradient stays at the interfaces however sharp it is.
"""

from __future__ import annotations

from functools import lru_cache

import autograd.numpy as np
from scipy import sparse

from adjointdesign.design.operators import along_axis, check_spacing, plain, real_array
from adjointdesign.errors import InputError
from adjointdesign.tape import taped

CONTRAST = 1e-8
"""Change of density across a pixel below which there is no interface to smooth (it must exceed rounding)."""


@taped
def tanh_projection(rho, beta: float, eta: float = 0.5):
    """Project a density towards 0 and 1 with a smoothed step at ``eta``.

        (tanh(beta eta) + tanh(beta (rho - eta))) / (tanh(beta eta) + tanh(beta (1 - eta)))

    Parameters
    ----------
    rho : ndarray
        Filtered density, 0 to 1.
    beta : float
        Steepness: 0 is the identity, infinity the step function.
    eta : float
        Threshold, between 0 and 1.

    Returns
    -------
    ndarray
        The projected density.

    Raises
    ------
    InputError
        When ``beta`` is negative or ``eta`` not between 0 and 1.

    References
    ----------
    F. Wang, B. S. Lazarov and O. Sigmund, Struct. Multidiscip. Optim. 43, 767 (2011), Eq. (9).
    """
    rho = real_array(rho, "rho", (1, 2, 3))
    _check(beta, eta)
    return _tanh(rho, beta, eta)


@taped
def smoothed_projection(rho, beta: float, eta: float, spacing):
    """Project a density such that its gradient lives on as ``beta`` goes to infinity (which is allowed).

    The field is taken as a level set: where the interface ``rho = eta`` passes within ``R`` of a pixel's center, the
    projected values of both sides, ``P(rho_minus)`` and ``P(rho_plus)``, are mixed by a fill fraction ``F``,

        d = (eta - rho) / sqrt(|grad rho|^2 + R^2 |Hessian rho|^2),    t = d / R,
        F(t) = 1/2 - 15/16 t + 5/8 t^3 - 3/16 t^5,
        rho_minus = rho - R |grad rho| F(t),    rho_plus = rho + R |grad rho| F(-t),
        result = (1 - F(t)) P(rho_minus) + F(t) P(rho_plus),

    and elsewhere the tanh projection ``P(rho)`` stands. ``|grad rho|`` means the whole root above. The result is twice
    differentiable. The Hessian term keeps it so when features merge or vanish, where the gradient of ``rho`` is zero.

    Parameters
    ----------
    rho : ndarray, shape (nx, ny) or (nx, ny, nz)
        Filtered density; it must be smooth on the scale of a pixel (filter radius of some pixels).
    beta : float
        Steepness, 0 to infinity.
    eta : float
        Threshold, between 0 and 1.
    spacing : float or tuple of float
        Pixel size along each axis, m.

    Returns
    -------
    ndarray
        The projected density. At ``beta`` infinite it is 0 or 1 but for the pixels within ``R`` of an interface.

    Raises
    ------
    InputError
        When ``beta`` is negative, ``eta`` not between 0 and 1 or the spacing not positive.

    Notes
    -----
    The paper takes ``R = 0.55`` pixels, with which the response to a straight edge that moves through axis-aligned
    pixels goes up and down by more than three quarters. Here ``R`` is one pixel (the largest size if they differ): then
    the response is constant to 6 percent and the sum over the pixels follows the edge to 1 percent of a pixel.

    References
    ----------
    A. M. Hammond et al., Opt. Express 33, 33620 (2025), arXiv:2503.20189. The Hessian term is the one of the
    second-order variant, SSP2, in G. Romano's MatInverse.
    """
    rho = real_array(rho, "rho", (2, 3))
    _check(beta, eta)
    spacing = check_spacing(spacing, plain(rho).ndim)
    radius = max(spacing)
    steepness = _squared_steepness(rho, spacing, radius)
    resolved = plain(steepness) * radius**2 > CONTRAST**2
    contrast = radius * np.sqrt(np.where(resolved, steepness, 1.0))
    t = (eta - rho) / contrast
    near = resolved & (np.abs(plain(t)) < 1.0)
    t = np.where(near, t, 0.0)
    fill = 0.5 - 15 / 16 * t + 5 / 8 * t**3 - 3 / 16 * t**5
    minus = _tanh(rho - contrast * fill, beta, eta)
    plus = _tanh(rho + contrast * (1.0 - fill), beta, eta)
    return np.where(near, (1.0 - fill) * minus + fill * plus, _tanh(rho, beta, eta))


@taped
def robust_variants(rho, beta: float, eta: float = 0.5, delta: float = 0.1, spacing=None):
    """The eroded, nominal and dilated designs of robust optimization, by three thresholds of one filtered density.

    Parameters
    ----------
    rho : ndarray
        Filtered density.
    beta : float
        Steepness of the projection.
    eta : float
        Threshold of the nominal design.
    delta : float
        Shift of the threshold: the eroded design has ``eta + delta``, the dilated one ``eta - delta``.
    spacing : float or tuple of float, optional
        Pixel size, m. With it the smoothed projection is used, without it the tanh projection.

    Returns
    -------
    tuple of ndarray
        Eroded, nominal and dilated density.

    Raises
    ------
    InputError
        When a threshold leaves the interval from 0 to 1, and as the projections do.

    References
    ----------
    F. Wang, B. S. Lazarov and O. Sigmund, Struct. Multidiscip. Optim. 43, 767 (2011), Section 4.
    """
    if not (delta >= 0 and 0 < eta - delta and eta + delta < 1):
        raise InputError("delta", "a shift with 0 < eta - delta and eta + delta < 1", delta, "reduce it")
    thresholds = (eta + delta, eta, eta - delta)
    if spacing is None:
        return tuple(tanh_projection(rho, beta, threshold) for threshold in thresholds)
    return tuple(smoothed_projection(rho, beta, threshold, spacing) for threshold in thresholds)


def _check(beta, eta):
    if not beta >= 0:
        raise InputError("beta", "a steepness of at least 0", beta, "correct it")
    if not 0 <= eta <= 1:
        raise InputError("eta", "a threshold between 0 and 1", eta, "correct it")


def _tanh(rho, beta, eta):
    if np.isinf(beta):
        return np.where(rho > eta, 1.0, 0.0 * rho)
    if beta == 0:
        return 1.0 * rho
    # Beyond 30 the step is flat to rounding; there autograd's derivative of tanh would overflow on its way to zero.
    steep = np.tanh(np.clip(beta * (rho - eta), -30.0, 30.0))
    return (np.tanh(beta * eta) + steep) / (np.tanh(beta * eta) + np.tanh(beta * (1 - eta)))


def _squared_steepness(rho, spacing, radius):
    """``|grad rho|^2 + radius^2 |Hessian rho|^2`` by second-order differences, first-order ones at the border."""
    shape = plain(rho).shape
    axes = [a for a in range(len(shape)) if shape[a] > 2]
    if not axes:
        raise InputError("rho", "at least 3 pixels along some axis", f"shape {shape}", "use the tanh projection")
    slopes = {a: along_axis(difference(shape[a], 1), rho, a) / spacing[a] for a in axes}
    total = sum(slope**2 for slope in slopes.values())
    for a in axes:
        total = total + radius**2 * (along_axis(difference(shape[a], 2), rho, a) / spacing[a] ** 2) ** 2
        for b in axes:
            if b > a:
                mixed = along_axis(difference(shape[b], 1), slopes[a], b) / spacing[b]
                total = total + 2 * radius**2 * mixed**2
    return total


@lru_cache(maxsize=32)
def difference(size: int, order: int) -> sparse.csr_array:
    """First or second difference along an axis of ``size`` pixels (at least 3), one-sided at both ends.

    Parameters
    ----------
    size : int
        Number of pixels.
    order : {1, 2}
        Which difference; it is not divided by the spacing.
    """
    if order == 1:
        matrix = sparse.diags_array([-0.5, 0.5], offsets=[-1, 1], shape=(size, size)).tolil()
        matrix[0, :2] = matrix[-1, -2:] = [-1.0, 1.0]
    else:
        matrix = sparse.diags_array([1.0, -2.0, 1.0], offsets=[-1, 0, 1], shape=(size, size)).tolil()
        matrix[0, :3] = matrix[-1, -3:] = [1.0, -2.0, 1.0]
    return matrix.tocsr()
