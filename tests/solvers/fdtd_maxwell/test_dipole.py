"""A point dipole in vacuum radiates the power of the closed form."""

import numpy as np
import pytest

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import FluxMonitor, power
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Steps
from adjointdesign.sources import GaussianPulse, point_dipole
from adjointdesign.verification.orders import observed_order

F0 = 2e14
FREQUENCIES = F0 * np.array([0.9, 1.0])


def radiated(polarization, component, d, half, layer):
    """Power through a closed box around a dipole of unit moment, at one of the component's own points."""
    ndim = 3 if polarization == "3d" else 2
    n = 2 * (int(round((half + 0.15e-6) / d)) + layer.cells)
    grid = YeeGrid((n,) * ndim, (d,) * ndim, (-n * d / 2,) * ndim, polarization)
    at = tuple(grid.coordinates(component, a)[n // 2 + 1] for a in range(ndim))
    pulse = GaussianPulse(F0, 0.7 * F0)
    monitors, signs = [], []
    for a in range(ndim):
        for sign in (-1, 1):
            place = tuple(sign * half if b == a else 0.0 for b in range(ndim))
            monitors.append(FluxMonitor(f"{AXES[a]}{sign}", place, AXES[a], (2 * half,) * (ndim - 1), FREQUENCIES))
            signs.append(sign)
    solver = FdtdMaxwell(
        Medium.uniform(grid), [point_dipole("dipole", at, component, pulse)], monitors,
        boundaries=[layer] * ndim, run_length=Steps(1),
    )  # fmt: skip
    solver.steps = int((pulse.duration + 20e-15) / solver.dt)
    readings = solver.evaluate({})
    return sum(s * power(readings[m.name], pulse.spectrum(FREQUENCIES)) for s, m in zip(signs, monitors))


@pytest.mark.slow
@pytest.mark.parametrize("component", ["ez", "hx"])
def test_dipole_in_space(component):
    """``eta k^2 (I l)^2 / (12 pi)`` for 1 A m, and the dual ``k^2 (M l)^2 / (12 pi eta)`` for 1 V m.

    J. D. Jackson, Classical Electrodynamics, 3rd ed., eq. 9.24, with ``p = i I l / w``.
    """
    k = 2 * np.pi * FREQUENCIES / C0
    expected = (ETA0 if component[0] == "e" else 1 / ETA0) * k**2 / (12 * np.pi)
    sizes = (150e-9, 100e-9, 75e-9)
    errors = [np.abs(radiated("3d", component, d, 0.45e-6, Cpml(cells=10)) / expected - 1).max() for d in sizes]
    assert observed_order(sizes, errors).order == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 0.02


@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_line_current_in_the_plane(polarization):
    """``w mu0 I^2 / 8`` a length for 1 A, and ``w eps0 K^2 / 8`` for 1 V.

    R. F. Harrington, Time-Harmonic Electromagnetic Fields, section 5-6.
    """
    expected = (ETA0 if polarization == "ez" else 1 / ETA0) * 2 * np.pi * FREQUENCIES / C0 / 8
    sizes = (100e-9, 75e-9, 50e-9)
    powers = [radiated(polarization, polarization, d, 0.3e-6, Cpml(cells=20)) for d in sizes]
    errors = [np.abs(p / expected - 1).max() for p in powers]
    assert observed_order(sizes, errors).order == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 5e-3
