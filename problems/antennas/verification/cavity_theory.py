"""A box of perfect conductor, partly filled by a slab: its lowest resonances, and their derivatives, in closed form."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from adjointdesign.constants import C0

SIDES = (30e-3, 25e-3, 20e-3)
"""Of the box, m; the slab fills it from x = 0."""
SLAB, PERMITTIVITY = 10e-3, 4.0
JACKSON = "J. D. Jackson, Classical Electrodynamics, 3rd ed. (1999), eq. 8.45"
HARRINGTON = "R. F. Harrington, Time-Harmonic Electromagnetic Fields (1961), section 4-6, solved"


def box_resonance(*turns: int) -> float:
    """Of the empty box with so many half waves along each axis, Hz (Jackson, eq. 8.45)."""
    return C0 / 2 * math.hypot(*(m / side for m, side in zip(turns, SIDES)))


def _sine_cosine(square: float, length: float) -> tuple[float, float]:
    """``sin(k l) / k`` and ``cos(k l)`` of a square ``k^2`` of either sign."""
    k = math.sqrt(abs(square))
    if square < 0:
        return math.sinh(k * length) / k, math.cosh(k * length)
    return length * np.sinc(k * length / math.pi), math.cos(k * length)


def mismatch(frequency: float, permittivity: float, side: float, kind: str) -> float:
    """What vanishes at a resonance of the box of a side with a slab in it.

    R. F. Harrington, Time-Harmonic Electromagnetic Fields (1961), section 4-6: ``tan(k1 s) / k1 + tan(k2 (a - s)) /
    k2`` for fields TE to x, ``k1 tan(k1 s) / eps + k2 tan(k2 (a - s))`` for TM, both times the cosines (so without
    poles), with ``k1^2 = eps k^2 - ky^2 - kz^2`` and ``k2^2 = k^2 - ky^2 - kz^2``.
    """
    across = (math.pi / SIDES[1]) ** 2 + (math.pi / SIDES[2] if kind == "tm" else 0.0) ** 2
    k = 2 * math.pi * frequency / C0
    filled, empty = permittivity * k**2 - across, k**2 - across
    (s1, c1), (s2, c2) = _sine_cosine(filled, SLAB), _sine_cosine(empty, side - SLAB)
    if kind == "te":
        return s1 * c2 + s2 * c1
    return filled * s1 * c2 / permittivity + empty * s2 * c1


@lru_cache
def resonance(permittivity: float, side: float, kind: str) -> float:
    """The lowest resonance of a kind, Hz: without variation along z when TE, with half a wave along y and z when TM."""
    tried = np.linspace(2e9, 12e9, 501)
    values = np.array([mismatch(f, permittivity, side, kind) for f in tried])
    first = int(np.flatnonzero(values[1:] * values[:-1] < 0)[0])
    return brentq(mismatch, tried[first], tried[first + 1], args=(permittivity, side, kind), xtol=1e-3)


def derivative(of: str, kind: str) -> float:
    """Of the resonance in the slab's permittivity or the box's side, by the implicit function theorem (Hz, Hz/m)."""
    at = (resonance(PERMITTIVITY, SIDES[0], kind), PERMITTIVITY, SIDES[0])
    place = 1 if of == "permittivity" else 2

    def slope(n: int) -> float:
        step = 1e-5 * at[n]
        low, high = list(at), list(at)
        low[n], high[n] = at[n] - step, at[n] + step
        return (mismatch(*high, kind) - mismatch(*low, kind)) / (2 * step)

    return -slope(place) / slope(0)
