"""Conductors of finite conductivity, as a surface admittance made of free carriers.

With the time dependence ``exp(-i w t)`` a good conductor has at its surface ``E = Z K``, ``K`` being the current per length across it,

    1 / Z(w) = sqrt(sigma / (mu0 s)) tanh(t sqrt(mu0 sigma s)),    s = -i w,                                        (1)

for one that is ``t`` thick and carries its current on one side: the field in it falls as ``cosh(g (t - x))``, ``g = sqrt(mu0 sigma s)``, with no
magnetic field on the far side. Many skin depths thick, tanh is one (Pozar, Microwave Engineering, 4th ed., eq. 1.125).
That is a Stieltjes function of ``s``, an integral (a sum, for a finite ``t``) of ``1 / (s + x)`` over ``x > 0`` with positive weights:

    s^(-1/2) = (1 / pi) int x^(-1/2) / (s + x) dx,    tanh(sqrt(z)) / sqrt(z) = sum_k 2 / (z + (k - 1/2)^2 pi^2).

A few such terms, each with a positive weight, meet it over a band: a quadrature of the integral, which passes no energy back at any frequency.
"""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.constants import EPS0, MU0
from adjointdesign.errors import InputError
from adjointdesign.media.dispersion import Dispersion

_MOST_POLES = 12
_FAR = 40.0
"""Logarithms of rates and weights, from the middle of the band, stay nearer than this."""
_GOOD = 0.01
"""Displacement current over conduction current up to which a conductor is a good one: ``Z`` is then right to half of it."""


def skin_depth(conductivity: float, frequency: float) -> float:
    """Depth at which the field in a conductor has fallen to 1/e, ``1 / sqrt(pi f mu0 sigma)``, m (Pozar, 4th ed., eq. 1.60).

    Parameters
    ----------
    conductivity : float
        S/m.
    frequency : float
        Hz.

    Raises
    ------
    InputError
        When a number is out of range.
    """
    _check(conductivity)
    if not frequency > 0:
        raise InputError("frequency of a conductor", "a positive number, Hz", frequency, "correct it")
    return 1 / math.sqrt(math.pi * frequency * MU0 * conductivity)


def surface_impedance(conductivity: float, frequency, thickness: float = math.inf, sides: int = 1):
    """``Z`` of eq. (1), ohm: ``(1 - i) / (sigma delta)`` for a conductor many skin depths thick that has its current on one side.

    Parameters
    ----------
    conductivity : float
        S/m.
    frequency : float or ndarray
        Hz, positive.
    thickness : float
        m.
    sides : {1, 2}
        On how many sides the current is: the same on both, or all of it on one. With two it is that of both together, the half of what either
        half of the thickness has.

    Raises
    ------
    InputError
        When a number is out of range.
    """
    _check(conductivity, thickness, sides)
    if not np.all(np.asarray(frequency) > 0):
        raise InputError("frequency of a conductor", "positive numbers, Hz", frequency, "correct it")
    if sides == 2:
        return 0.5 * surface_impedance(conductivity, frequency, 0.5 * thickness)
    s = -2j * np.pi * np.asarray(frequency, float)
    root = np.sqrt(MU0 * s / conductivity)
    return root if math.isinf(thickness) else root / np.tanh(thickness * np.sqrt(MU0 * conductivity * s))


def conducting_surface(conductivity: float, band, thickness: float = math.inf, sides: int = 1, tolerance: float = 1e-3) -> tuple[Dispersion, float]:
    """A conductor's surface as a dispersive material: where its strength is ``1 / d`` (1/m) its conductivity is ``1 / (Z d)``.

    Parameters
    ----------
    conductivity : float
        S/m.
    band : (float, float)
        Lowest and highest frequency, Hz.
    thickness, sides
        As of `surface_impedance`.
    tolerance : float
        Relative departure from ``1 / Z`` over the band that is allowed; the fewest poles that keep it are taken.

    Returns
    -------
    material : Dispersion
        Of strength one a metre.
    error : float
        Greatest relative departure of its admittance over the band.

    Raises
    ------
    InputError
        When a number is out of range, the medium is no good conductor, or the band is too wide for the tolerance.
    """
    low, high = (float(f) for f in band)
    if not 0 < low <= high < math.inf:
        raise InputError("band of a conductor", "two frequencies, the lower first, Hz", band, "correct it")
    _check(conductivity, thickness, sides)
    if not 0 < tolerance < math.inf:
        raise InputError("tolerance of a conductor", "a positive number", tolerance, "correct it")
    least = 2 * math.pi * high * EPS0 / _GOOD
    if conductivity < least:
        raise InputError(
            "conductivity of a conductor", f"at least {least:.4g} S/m, where conduction outweighs displacement by {1 / _GOOD:g} at {high:.4g} Hz",
            f"{conductivity:.4g} S/m", "describe it as a lossy dielectric, and resolve it",
        )  # fmt: skip
    w = 2 * np.pi * np.geomspace(low, high, 101 if high > low else 1)
    wanted = 1 / surface_impedance(conductivity, w / (2 * np.pi), thickness, sides)
    for count in range(1, _MOST_POLES + 1):
        rates, weights, error = _fit(w, wanted, count)
        if error <= tolerance:
            # weight / (s + rate) is the conductivity of free carriers: static weight / rate, less a pole at -rate.
            static = weights / rates
            return Dispersion(1.0, float(static.sum()), tuple(-rates), tuple(-static / EPS0)), error
    raise InputError(
        "band of a conductor", f"one in which {_MOST_POLES} poles meet its surface impedance to {tolerance:g}",
        f"{low:.4g} to {high:.4g} Hz, met to {error:.2g}", "narrow the band, or raise the tolerance",
    )  # fmt: skip


def _check(conductivity: float, thickness: float = math.inf, sides: int = 1) -> None:
    """Raise `InputError` when a number is out of range."""
    for name, value in (("conductivity", conductivity), ("thickness", thickness)):
        if not (0 < value < math.inf or name == "thickness" and value == math.inf):
            raise InputError(f"{name} of a conductor", "a positive number", value, "correct it")
    if sides not in (1, 2):
        raise InputError("sides of a conductor", "1 or 2", sides, "say on how many of them the current is")


def _fit(w: np.ndarray, wanted: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Rates and weights of so many terms nearest to an admittance in the mean of squares, and the greatest error."""
    from scipy.optimize import least_squares  # slow to import, and only needed here

    middle, size = math.sqrt(w[0] * w[-1]), np.abs(wanted).mean()

    def terms(x):
        rates, weights = middle * np.exp(x[:count]), middle * size * np.exp(x[count:])
        return rates, weights / ((-1j * w[:, None] + rates) * wanted[:, None])

    def residual(x):
        error = terms(x)[1].sum(axis=1) - 1
        return np.concatenate([error.real, error.imag])

    def slopes(x):
        rates, parts = terms(x)
        both = np.concatenate([-parts * rates / (-1j * w[:, None] + rates), parts], axis=1)
        return np.concatenate([both.real, both.imag])

    reach = 0.5 * math.log(w[-1] / w[0]) + 0.5 * count
    start = reach * np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    first = np.concatenate([start, 0.5 * start - math.log(count)])
    found = least_squares(residual, first, slopes, bounds=(-_FAR, _FAR), xtol=1e-12, ftol=1e-12, gtol=1e-12)
    error = float(np.hypot(*np.split(found.fun, 2)).max())
    return middle * np.exp(found.x[:count]), middle * size * np.exp(found.x[count:]), error
