"""The static equations of a rectangular lattice: its Green's function, by which sub-cell conductors are calibrated.

Links along x have the conductance ``dy / dx`` and those along y its inverse, so that the lattice stands for the plane with unit
permittivity. What is called resistance here is the potential of a node that a unit current enters over that of another node,
the current leaving at infinity (F. Spitzer, Principles of Random Walk, 2nd ed., sec. 12 and 15: the potential kernel, over 4 on
squares).
"""

from __future__ import annotations

import math
from functools import lru_cache

from scipy.integrate import quad

_FAR = 200
"""Cells from which on the potential is that of a line, but for a term that falls with their square."""


@lru_cache(maxsize=8192)
def resistance(m: int, n: int, ratio: float) -> float:
    """Potential of a unit current's node over that of the node ``m`` cells along x and ``n`` along y away.

    Parameters
    ----------
    m, n : int
        Cells between the nodes; a large number is best along y.
    ratio : float
        Side of the cells along y over that along x.
    """

    def integrand(t):
        s = math.acosh(1 + ratio**2 * (1 - math.cos(t)))
        return (1 - math.cos(m * t) * math.exp(-n * s)) / (2 / ratio * math.sinh(s)) if s > 0 else 0.0

    return quad(integrand, 0, math.pi, limit=400, epsabs=1e-12, epsrel=1e-10)[0] / math.pi


@lru_cache(maxsize=256)
def bare_radius(ratio: float) -> float:
    """Radius, over the cells' side along x, of the round wire that a single node acts like far away."""
    near, far = (math.log(n * ratio) - 2 * math.pi * resistance(0, n, ratio) for n in (_FAR, 2 * _FAR))
    return math.exp((4 * far - near) / 3)
