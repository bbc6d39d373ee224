"""The reference antennas against what others compute: a method of moments for wires, closed forms for a small loop."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

import adjointdesign.problems.antennas as antennas
from adjointdesign.problems.antennas.describe import simulate
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.verification.moments import dipole_impedance

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


def moments(frequency: float) -> complex:
    """Input impedance of the dipole in ``exp(+j w t)``."""
    return dipole_impedance(frequency, LENGTH, RADIUS, GAP)


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
