"""The reference antennas against what others compute: a method of moments for wires, closed forms for a small loop."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import adjointdesign.problems.antennas as antennas
from adjointdesign.constants import C0, ETA0
from adjointdesign.problems.antennas.describe import simulate
from adjointdesign.problems.antennas.geometry.description import described

REFERENCE = Path(antennas.__file__).parent / "reference"
LENGTH, RADIUS, GAP = 149.896e-3, 0.4e-3, 2e-3
"""The dipole of the reference file, m."""


def reference(name: str, refine: float = 1.0, **grid):
    """A reference antenna on a grid finer by a factor than its own."""
    data = tomllib.loads((REFERENCE / f"{name}.toml").read_text())
    own = {"cells_per_wavelength": 20.0, **data.get("grid", {}), **grid}
    for key, power in (("cells_per_wavelength", 1), ("edge_size", -1)):
        if key in own:
            own[key] *= refine**power
    return simulate(described(data | {"grid": own}))


def moments(frequency: float, count: int = 61) -> complex:
    """Input impedance of the dipole in ``exp(+j w t)``: mixed potentials, triangles, Galerkin, the reduced kernel.

    R. F. Harrington, Field Computation by Moment Methods (1968), chapter 4; the feed's field is uniform over the gap.
    """
    k, h = 2 * np.pi * frequency / C0, LENGTH / (count + 1)
    x, w = (0.5 * (v + s) for v, s in zip(np.polynomial.legendre.leggauss(8), (1, 0)))
    y, v = (0.5 * (u + s) for u, s in zip(np.polynomial.legendre.leggauss(400), (1, 0)))
    apart = h * np.arange(-count, count + 1)
    r = np.sqrt((apart[:, None, None] + h * (x[:, None] - y)) ** 2 + RADIUS**2)
    green = h**2 * np.exp(-1j * k * r) / (4 * np.pi * r)
    charges = np.einsum("i,j,kij->k", w, v, green) / h**2
    shapes = [(x, y), (x, 1 - y), (1 - x, y), (1 - x, 1 - y)]
    currents = [np.einsum("i,j,kij->k", w * f, v * g, green) for f, g in shapes]
    m, n = np.indices((count, count))
    matrix = np.zeros((count, count), complex)
    for (p, q), current in zip(((0, 0), (0, 1), (1, 0), (1, 1)), currents):
        place = m + p - n - q + count
        matrix += 1j * ETA0 * (k * current[place] - (-1) ** (p + q) / k * charges[place])
    middles = (np.arange(count) + 1) * h - LENGTH / 2
    drive = np.zeros(count)
    for i, z in enumerate(middles):
        low, high = max(-GAP / 2, z - h), min(GAP / 2, z + h)
        if low < high:
            drive[i] = quad(lambda u: (1 - abs(u - z) / h) / GAP, low, high, points=[z] if low < z < high else None)[0]
    return 1 / (drive @ np.linalg.solve(matrix, drive))


def resonance(results) -> tuple[float, float]:
    """Where the reactance vanishes in the band, Hz, and the resistance there."""
    f, z = results.model.frequencies, results.input_impedance[:, 0]
    (k,) = np.flatnonzero(np.diff(np.sign(z.imag)))
    share = -z.imag[k] / (z.imag[k + 1] - z.imag[k])
    return f[k] + share * (f[k + 1] - f[k]), z.real[k] + share * (z.real[k + 1] - z.real[k])


@pytest.mark.slow
def test_monopole_against_moments():
    """Half of the dipole: resonance, resistance there, impedance at 1 GHz extrapolated from two grids (first order)."""
    coarse, fine = reference("quarter-wave-monopole", 0.5), reference("quarter-wave-monopole")
    (f1, r1), (f2, r2) = resonance(coarse), resonance(fine)
    exact = brentq(lambda f: moments(f).imag, 0.9e9, 1.0e9, xtol=1e5)
    assert f2 == pytest.approx(exact, rel=0.015)
    assert 2 * f2 - f1 == pytest.approx(exact, rel=4e-3)
    assert 2 * (2 * r2 - r1) == pytest.approx(moments(exact).real, rel=0.02)
    z1, z2 = (r.input_impedance[20, 0].conj() for r in (coarse, fine))
    assert abs(2 * (2 * z2 - z1) / moments(1e9) - 1) < 0.07
    # Directivity of an infinitely thin one, Balanis, section 4.6, doubled by the ground: 3.286; a thin one is near.
    far = fine.summary()["far_field"]["feed"]
    assert 10 ** (far["directivity_dbi"][1] / 10) == pytest.approx(3.286, rel=0.015)
    assert far["radiation_efficiency"] == pytest.approx([1.0] * 3, abs=1e-3)
