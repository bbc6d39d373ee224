"""Attenuation by standard linear solids: the quality factor that was asked for, and the waves that closed forms predict."""

import numpy as np
import pytest
from firedrake import PeriodicRectangleMesh, SpatialCoordinate, UnitSquareMesh, dx, exp
from scipy.integrate import solve_ivp
from test_elastodynamics import pulse, uniform

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics import FemElastodynamics, Load, PointForce, StandardLinearSolids
from adjointdesign.solvers.fem_elastodynamics.attenuation import Relaxation

MEDIUM = {"density": 0.8, "p_velocity": 1.5, "s_velocity": 0.9, "bulk_quality": 40.0, "shear_quality": 25.0}


@pytest.mark.parametrize(("mechanisms", "decades", "error"), [(3, 1, 0.03), (3, 2, 0.06), (5, 2, 0.04)])
def test_quality_is_constant_over_the_band(mechanisms, decades, error):
    solids = StandardLinearSolids(1.0, 10.0**decades, mechanisms)
    found = solids.quality(np.geomspace(1.0, 10.0**decades, 40), 200.0)
    assert np.abs(found / 200.0 - 1).max() < error


def test_the_filter_is_the_relaxation_of_its_equation():
    """Against an integration by a Runge-Kutta method of order 8; the filter is of order 2."""
    solids, errors = StandardLinearSolids(1.0, 10.0), []

    def signal(t):
        return np.sin(9 * t) * np.exp(-(((t - 1) / 0.4) ** 2))

    for dt in (4e-3, 2e-3):
        times = dt * np.arange(int(2 / dt))
        relaxation = Relaxation(solids, dt)
        variables = relaxation.rest((1,))
        found = [relaxation.step(variables, np.array([signal(t)]))[0] for t in times]
        exact = solve_ivp(
            lambda t, z: solids.rates * (signal(t) - z), (0, 2), np.zeros(3), "DOP853", times, rtol=1e-10, atol=1e-12
        )
        errors.append(np.abs(np.array(found) - solids.strengths @ exact.y).max())
    assert errors[1] < 1e-3 and errors[0] / errors[1] == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("component", [0, 1], ids=["p", "s"])
def test_plane_waves_decay_and_disperse_as_the_complex_modulus_says(component):
    """Between two receivers the spectrum is multiplied by ``exp(-i w d / v(w))`` with ``v^2 = M(w) / rho``.

    The run ends before the open borders, which have the impedance of the moduli at high frequency, send anything back.
    """
    mesh = PeriodicRectangleMesh(84, 3, 4.2, 0.15, direction="y", quadrilateral=True)
    x = SpatialCoordinate(mesh)
    solids = StandardLinearSolids(1.0, 10.0)
    beam = exp(-(((x[0] - 1.6) / 0.05) ** 2))
    source = Load(lambda v: beam * v[component] * dx, lambda t: (t - 0.3) * pulse(0.1, 0.3)(t))
    near, far = 1.9, 2.6
    solver = FemElastodynamics(
        mesh, uniform(mesh, **MEDIUM), [source], [(near, 0.01), (far, 0.01)], duration=(2.2, 3.0)[component], degree=4, absorbing=[1, 2],
        attenuation=solids, time_step=1.25e-3,
    )  # fmt: skip
    traces = solver.evaluate({})["seismograms"][:, component]
    frequencies = np.array([1.5, 2.5, 4.0, 5.5])
    spectra = traces @ np.exp(-2j * np.pi * np.outer(solver.times, frequencies))
    shear = MEDIUM["s_velocity"] ** 2 * solids.relaxed(frequencies, MEDIUM["shear_quality"])
    bulk = MEDIUM["p_velocity"] ** 2 - 4 / 3 * MEDIUM["s_velocity"] ** 2
    squared = shear if component else bulk * solids.relaxed(frequencies, MEDIUM["bulk_quality"]) + 4 / 3 * shear
    exact = np.exp(-2j * np.pi * frequencies * (far - near) / np.sqrt(squared))
    assert np.all(np.abs(exact) < 0.96)
    assert np.abs(spectra[1] / spectra[0] / exact - 1).max() < 5e-3


@pytest.mark.parametrize(
    ("medium", "attenuation", "message"),
    [
        ({"bulk_quality": 1.0}, (1.0, 10.0), "bulk_quality: expected values above 3.26"),
        ({"bulk_quality": None}, (1.0, 10.0), "medium: expected an elastic one with bulk_quality and shear_quality"),
        ({}, None, "medium: expected .velocity, density. or"),
        ({}, (10.0, 1.0), "attenuation: expected a band 0 < low < high"),
    ],
)
def test_refusals(medium, attenuation, message):
    mesh = UnitSquareMesh(2, 2, quadrilateral=True)
    medium = {name: value for name, value in {**MEDIUM, **medium}.items() if value is not None}
    with pytest.raises(InputError, match=message):
        FemElastodynamics(
            mesh, uniform(mesh, **medium), [PointForce((0.3, 0.4), (1, 0))], [(0.5, 0.5)], duration=0.1, degree=2,
            attenuation=None if attenuation is None else StandardLinearSolids(*attenuation),
        )  # fmt: skip
