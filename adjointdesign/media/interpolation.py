"""Interpolation laws: from a density between 0 (void) and 1 (solid) to a coefficient of the medium."""

from __future__ import annotations

import autograd.numpy as np

from adjointdesign.design.operators import real_array
from adjointdesign.errors import InputError
from adjointdesign.tape import taped


@taped
def linear_permittivity(rho, void: float, solid: float):
    """Permittivity linear in the density, ``eps = eps_v + rho (eps_s - eps_v)``.

    Parameters
    ----------
    rho : ndarray
        Density, 0 to 1.
    void, solid : float
        Relative permittivity at density 0 and 1.

    Returns
    -------
    ndarray
        Relative permittivity. Where ``rho`` is a fill fraction this is the mean over the pixel.
    """
    return void + real_array(rho, "rho", (0, 1, 2, 3)) * (solid - void)


@taped
def linear_index(rho, void: float, solid: float):
    """Refractive index linear in the density, ``eps = (n_v + rho (n_s - n_v))^2``.

    Parameters
    ----------
    rho : ndarray
        Density, 0 to 1.
    void, solid : float
        Relative permittivity at density 0 and 1, positive.

    Returns
    -------
    ndarray
        Relative permittivity.

    Raises
    ------
    InputError
        When a permittivity is not positive.

    References
    ----------
    R. E. Christiansen, J. Vester-Petersen, S. P. Madsen and O. Sigmund, Comput. Methods Appl. Mech. Eng. 343, 23
    (2019).
    """
    _positive(void, solid, "relative permittivity")
    low, high = void**0.5, solid**0.5
    return (low + real_array(rho, "rho", (0, 1, 2, 3)) * (high - low)) ** 2


@taped
def simp_permittivity(rho, void: float, solid: float, exponent: float = 3.0):
    """Permittivity by the power law SIMP, ``eps = eps_v + rho^p (eps_s - eps_v)``, which makes gray costly.

    Parameters
    ----------
    rho : ndarray
        Density, 0 to 1.
    void, solid : float
        Relative permittivity at density 0 and 1.
    exponent : float
        ``p``, at least 1. At ``p = 1`` the law is linear.

    Returns
    -------
    ndarray
        Relative permittivity.

    Raises
    ------
    InputError
        When the exponent is below 1.

    References
    ----------
    M. P. Bendsoe and O. Sigmund, Arch. Appl. Mech. 69, 635 (1999).
    """
    if not exponent >= 1:
        raise InputError("exponent", "at least 1", exponent, "use 1 for the linear law")
    # Filters leave -1e-17 where they should leave 0, of which no power with a fraction exists.
    rho = np.maximum(real_array(rho, "rho", (0, 1, 2, 3)), 0.0)
    return void + rho**exponent * (solid - void)


@taped
def logarithmic_conductivity(rho, void: float, solid: float):
    """Conductivity linear in the density on a logarithmic scale, ``sigma = sigma_v (sigma_s / sigma_v)^rho``.

    Parameters
    ----------
    rho : ndarray
        Density, 0 to 1.
    void, solid : float
        Conductivity at density 0 and 1, S/m, positive: a good insulator stands for the void.

    Returns
    -------
    ndarray
        Conductivity, S/m.

    Raises
    ------
    InputError
        When a conductivity is not positive.

    References
    ----------
    A. R. Diaz and O. Sigmund, Struct. Multidiscip. Optim. 41, 163 (2010); E. Hassan, E. Wadbro and M. Berggren, IEEE
    Trans. Antennas Propag. 62, 2488 (2014).
    """
    _positive(void, solid, "conductivity")
    return void * np.exp(real_array(rho, "rho", (0, 1, 2, 3)) * np.log(solid / void))


def _positive(void, solid, what):
    for name, value in (("void", void), ("solid", solid)):
        if not value > 0:
            raise InputError(name, f"a positive {what}", value, "correct it")
