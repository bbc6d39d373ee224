"""Dipoles in free space: the gradient by formula (1) of `fdtd_product.py` in closed form, in absorbing layers too."""

from __future__ import annotations

from functools import reduce

import numpy as np

from adjointdesign.constants import C0, EPS0, ETA0, MU0
from adjointdesign.verification.consistency.families.fdtd_product import FREQUENCIES, STRONG, WAVELENGTH, Layout, summed


def free_space(layout: Layout) -> tuple[np.ndarray, float]:
    """Gradient and objective around an empty block, in closed form, by Gauss-Legendre quadrature of (1).

    Within an absorbing layer (two dimensions, E along z) the closed form is that of stretched coordinates (W. C. Chew
    and W. H. Weedon, Microw. Opt. Technol. Lett. 7, 599 (1994)).
    """
    points, weights = np.polynomial.legendre.leggauss(48 if len(layout.inner) == 2 else 20)
    sides = [(low + (points + 1) * (high - low) / 2, weights * (high - low) / 2) for low, high in layout.block]
    places = np.meshgrid(*(x for x, _ in sides), indexing="ij")
    volume = WAVELENGTH ** len(sides) * reduce(np.multiply.outer, [w for _, w in sides])
    gradient, objective = 0.0, 0.0
    for w in 2 * np.pi * FREQUENCIES:
        reading = dipole_field(layout, w, layout.source, [np.array(x) for x in layout.receiver])[-1]
        stretched = [_stretched(layout, w, x, length) for x, length in zip(places, layout.inner)]
        pair = [dipole_field(layout, w, at, [x for x, _ in stretched]) for at in (layout.source, layout.receiver)]
        product = sum(f * a for f, a in zip(*pair)) * reduce(np.multiply, [s for _, s in stretched])
        change = -1j * w * EPS0 * summed(layout.changes(layout.component, 0.0, *places) * volume * product)
        gradient = gradient + 2 * np.real(np.conj(reading) * change)
        objective += abs(reading) ** 2
    return gradient, float(objective)


def _stretched(layout: Layout, w: float, x: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray]:
    """Stretched coordinate, wavelengths, and stretch ``1 + i sigma / (w eps0)``, sigma cubic, along an axis."""
    depth = np.maximum(np.maximum(-x, x - length), 0.0) / layout.layer
    peak = 0.8 * 4 * STRONG / (ETA0 * WAVELENGTH * layout.layer) / (w * EPS0)
    return x + 1j * np.sign(x) * peak * layout.layer * depth**4 / 4, 1 + 1j * peak * depth**3


def dipole_field(layout: Layout, w: float, source, places) -> list[np.ndarray]:
    """Field of a unit dipole in free space, the component of the dipole last.

    ``E = i w mu0 (1 + grad grad / k^2) g p`` with g = (i/4) H0(k r) in two dimensions and exp(i k r) / (4 pi r) in
    three (W. C. Chew, Waves and Fields in Inhomogeneous Media, ch. 1 and 2).
    """
    from scipy.special import hankel1  # a slow import

    k = w / C0
    apart = [WAVELENGTH * (x - x0) for x, x0 in zip(places, source)]
    r = np.sqrt(sum(d**2 for d in apart))
    if len(apart) == 2:
        g, slope = 0.25j * hankel1(0, k * r), -0.25j * k * hankel1(1, k * r)
    else:
        g = np.exp(1j * k * r) / (4 * np.pi * r)
        slope = (1j * k - 1 / r) * g
    if layout.polarization == "ez":
        return [1j * w * MU0 * g]
    along = "xyz".index(layout.component[1])
    bend = -(k**2) * g - len(apart) * slope / r  # g'' - g' / r, by the Helmholtz equation
    field = [1j * w * MU0 * (bend * d * apart[along] / r**2 + (a == along) * (slope / r + k**2 * g)) / k**2
             for a, d in enumerate(apart)]  # fmt: skip
    return [*field[:along], *field[along + 1 :], field[along]]
