"""A loss tangent at one frequency, made into a causal medium.

A loss tangent that is constant over a band cannot go with a constant permittivity (Kramers and Kronig): the permittivity
falls by about ``(2 / pi) eps tan_delta`` per natural logarithm of frequency. Djordjevic, Biljic, Likar-Smiljanic and Sarkar
(IEEE Trans. Electromagn. Compat. 43, 662 (2001)) take a continuous distribution of relaxations, uniform in the logarithm
of frequency, which is constant loss between two corners. Here a few relaxations, equally spaced in that logarithm, get the
strengths, none negative, that keep the loss tangent itself nearest to the given one over the band. That needs no corners
far outside it: two or three relaxations do for a decade.
"""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.media.dispersion import Dispersion

_MOST_POLES = 24
_REACHES = (1.0, 1.4, 2.0, 2.8, 4.0)
"""How far beyond the band the outermost relaxations are tried, as a factor of frequency."""


def loss_tangent(eps_r: float, tan_delta: float, frequency: float, band, tolerance: float = 0.02) -> tuple[Dispersion, float]:
    """A causal medium with the given permittivity and loss tangent at a frequency.

    Parameters
    ----------
    eps_r : float
        Real part of the relative permittivity at ``frequency``, met exactly.
    tan_delta : float
        Ratio of the imaginary to the real part at ``frequency``, met exactly; zero gives a medium without loss.
    frequency : float
        Hz.
    band : (float, float)
        Lowest and highest frequency (Hz) over which the loss tangent is to be constant; it holds ``frequency``.
    tolerance : float
        Relative departure of the loss tangent over the band that is allowed; the fewest relaxations that keep it are taken.

    Returns
    -------
    medium : Dispersion
        Relaxations and a permittivity at infinite frequency.
    error : float
        Greatest relative departure of the loss tangent from ``tan_delta`` over the band.

    Raises
    ------
    InputError
        When a number is out of range, or the permittivity at infinite frequency would not be positive.
    """
    low, high = (float(f) for f in band)
    if not 0 < low <= frequency <= high < math.inf:
        raise InputError("band", f"two frequencies around {frequency:g} Hz, Hz", band, "widen it")
    for name, value, least in (("eps_r", eps_r, 0.0), ("tan_delta", tan_delta, -1.0), ("tolerance", tolerance, 0.0)):
        if not least < value < math.inf or value < 0:
            raise InputError(name, "a positive number" if least == 0 else "a number not below zero", value, "correct it")
    if tan_delta == 0:
        return Dispersion(eps_r), 0.0
    for count in range(1, _MOST_POLES + 1):
        tried = [_fit(eps_r, tan_delta, frequency, (low, high), count, reach) for reach in _REACHES]
        medium, error = min(tried, key=lambda found: found[1])
        if error <= tolerance:
            return medium, error
    if medium is None:
        raise InputError("tan_delta", "a loss small enough to leave a positive permittivity at infinite frequency", tan_delta,
                         "narrow the band, or give the medium by its relaxations")  # fmt: skip
    raise InputError("tolerance", f"at least {error:.2g} with {_MOST_POLES} relaxations", tolerance, "raise it or narrow the band")


def _fit(eps_r, tan_delta, frequency, band, count, reach):
    """The medium with ``count`` relaxations, ``reach`` beyond the band, and its error; none where it is not possible."""
    from scipy.optimize import nnls  # slow to import, and only needed here

    w = 2 * np.pi * np.geomspace(*band, 40 * count + 1)
    ends = (band[0] / reach, band[1] * reach) if count > 1 else (math.sqrt(band[0] * band[1]),) * 2
    corners = 2 * np.pi * np.geomspace(*ends, count)
    here = 1 / (1 - 2j * np.pi * frequency / corners)
    term = 1 / (1 - 1j * w[:, None] / corners)
    # Im eps = tan_delta Re eps, with eps_inf = eps_r - Re(what the relaxations have at `frequency`), is linear.
    rows = term.imag - tan_delta * (term.real - here.real)
    strengths, _ = nnls(rows, np.full(len(w), tan_delta * eps_r))
    strengths *= tan_delta * eps_r / (strengths @ here.imag)
    eps_inf = eps_r - strengths @ here.real
    if not eps_inf > 0:
        return None, math.inf
    kept = strengths > 0
    medium = Dispersion.debye(eps_inf, strengths[kept], 1 / corners[kept])
    eps = medium.permittivity(w / (2 * np.pi))
    return medium, float(np.max(np.abs(eps.imag / eps.real / tan_delta - 1)))
