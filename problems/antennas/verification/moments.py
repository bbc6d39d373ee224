"""A straight thin wire fed across a gap in its middle, by the method of moments."""

from __future__ import annotations

import numpy as np

from adjointdesign.constants import C0, ETA0


def dipole_impedance(frequency: float, length: float, radius: float, gap: float, count: int = 61) -> complex:
    """Input impedance, ohm, in ``exp(+j w t)``: mixed potentials, triangles, Galerkin, the reduced kernel.

    R. F. Harrington, Field Computation by Moment Methods (1968), chapter 4; the feed's field is uniform over the gap.

    Parameters
    ----------
    frequency : float
        Hz.
    length, radius, gap : float
        Of the wire and of its feed, m.
    count : int
        Number of triangles, odd.
    """
    from scipy.integrate import quad

    k, h = 2 * np.pi * frequency / C0, length / (count + 1)
    x, w = (0.5 * (v + s) for v, s in zip(np.polynomial.legendre.leggauss(8), (1, 0)))
    y, v = (0.5 * (u + s) for u, s in zip(np.polynomial.legendre.leggauss(400), (1, 0)))
    apart = h * np.arange(-count, count + 1)
    r = np.sqrt((apart[:, None, None] + h * (x[:, None] - y)) ** 2 + radius**2)
    green = h**2 * np.exp(-1j * k * r) / (4 * np.pi * r)
    charges = np.einsum("i,j,kij->k", w, v, green) / h**2
    shapes = [(x, y), (x, 1 - y), (1 - x, y), (1 - x, 1 - y)]
    currents = [np.einsum("i,j,kij->k", w * f, v * g, green) for f, g in shapes]
    m, n = np.indices((count, count))
    matrix = np.zeros((count, count), complex)
    for (p, q), current in zip(((0, 0), (0, 1), (1, 0), (1, 1)), currents):
        place = m + p - n - q + count
        matrix += 1j * ETA0 * (k * current[place] - (-1) ** (p + q) / k * charges[place])
    middles = (np.arange(count) + 1) * h - length / 2
    drive = np.zeros(count)
    for i, z in enumerate(middles):
        low, high = max(-gap / 2, z - h), min(gap / 2, z + h)
        if low < high:
            drive[i] = quad(lambda u: (1 - abs(u - z) / h) / gap, low, high, points=[z] if low < z < high else None)[0]
    return complex(1 / (drive @ np.linalg.solve(matrix, drive)))
