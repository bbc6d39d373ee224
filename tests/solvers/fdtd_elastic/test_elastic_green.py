"""Waves in the full plane against Green's function, and their order of convergence."""

import numpy as np
import pytest
from elastic_cases import LAMBDA, MU, RHO, full_plane_velocity

from adjointdesign.solvers.fdtd_elastic import Cpml, FdtdElastic, MomentTensor, PointForce, StaggeredGrid
from adjointdesign.sources import RickerWavelet

PULSE = RickerWavelet(8.0, 0.25)
RECEIVERS = np.array([[210.0, 97.0], [-153.0, 166.0]])


def run(spacing, courant, source, end=0.5):
    """Seismograms around a source at the origin, amid layers of one thickness, and their times."""
    count = round(1000 / spacing) + 1
    grid = StaggeredGrid((count, count), (spacing,) * 2, (-500.0 + spacing * 0.37, -500.0 + spacing * 0.21))
    options = {"boundaries": [Cpml(round(160 / spacing), reflection=1e-6)] * 2, "courant": courant}
    medium = {"lame_lambda": LAMBDA, "lame_mu": MU, "density": RHO}
    dt = FdtdElastic(grid, medium, [source], RECEIVERS, steps=1, **options).dt
    solver = FdtdElastic(grid, medium, [source], RECEIVERS, steps=int(end / dt), **options)
    return solver.evaluate({})["seismograms"], solver.times


def errors(source, expected):
    found = []
    for spacing, courant in ((20.0, 0.5), (10.0, 0.25)):
        seismograms, times = run(spacing, courant, source)
        exact = np.stack([expected(offset, times) for offset in RECEIVERS])
        found.append(np.linalg.norm(seismograms - exact) / np.linalg.norm(exact))
    return found


def test_point_force_is_greens_function_at_fourth_order():
    """Time steps shrink with the square of the cells, so that one order is seen."""
    force = (1e6, 4e5)
    coarse, fine = errors(PointForce((0.0, 0.0), force, PULSE), lambda x, t: full_plane_velocity(x, force, PULSE, t))
    assert fine < 5e-3
    assert np.log2(coarse / fine) == pytest.approx(4.0, abs=0.4)


def test_moment_tensor_is_a_couple_of_forces():
    """Minus the derivative of Green's function in the receiver, by differences over one metre."""
    moment, step = np.array([[2e8, 5e7], [-3e7, -1e8]]), 1.0

    def expected(x, t):
        total = 0
        for k in range(2):
            for sign in (1, -1):
                total = total - sign / (2 * step) * full_plane_velocity(x + sign * step * np.eye(2)[k], moment[:, k], PULSE, t)
        return total

    coarse, fine = errors(MomentTensor((0.0, 0.0), tuple(map(tuple, moment)), PULSE), expected)
    assert fine < 1e-2
    assert np.log2(coarse / fine) == pytest.approx(4.0, abs=0.5)
