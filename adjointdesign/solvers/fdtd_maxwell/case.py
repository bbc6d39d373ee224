"""A small case of this solver for the tests of the registry: a dipole beside a smooth, lossy lens."""

from __future__ import annotations

import numpy as np

from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell.absorber import Cpml, Pmc
from adjointdesign.solvers.fdtd_maxwell.medium import Medium
from adjointdesign.solvers.fdtd_maxwell.run_length import Steps
from adjointdesign.solvers.fdtd_maxwell.solver import FdtdMaxwell
from adjointdesign.sources import GaussianPulse, point_dipole

ORDER = 2.0
"""The scheme is of second order, and the medium has no interface that could spoil it."""

_SIDE, _FREQUENCY = 1.6e-6, 2e14


def small_case(refinement: int):
    """See `adjointdesign.solvers.small_case`."""
    n = 20 * refinement
    grid = YeeGrid((n, n), (_SIDE / n,) * 2, (0.0, 0.0), "ez")
    layer = Cpml(cells=5 * refinement)
    pulse = GaussianPulse(_FREQUENCY, _FREQUENCY)
    monitor = FieldMonitor("field", (0.96e-6, 0.48e-6), (0.0, 0.0), ("ez", "hx", "hy"), [0.9 * _FREQUENCY, _FREQUENCY])
    solver = FdtdMaxwell(
        Medium.uniform(grid), [point_dipole("dipole", (0.56e-6, 0.32e-6), "ez", pulse)], [monitor],
        boundaries=[layer, (Pmc(), layer)], run_length=Steps(130 * refinement), courant=0.9, minimum_permittivity=1.0,
        conductivity_gradient=True,
    )  # fmt: skip
    x, y = np.meshgrid(
        *(grid.coordinates("ez", a)[s] for a, s in enumerate(solver.program.box.slices["ez"])), indexing="ij"
    )
    lens = np.exp(-((x - 0.8e-6) ** 2 + (y - 0.4e-6) ** 2) / 0.2e-6**2)
    inputs = {"permittivity_z": 1.5 + 3 * lens, "conductivity_z": 1e3 + 5e3 * lens, "amplitudes": np.array([1.0 + 0.5j])}
    return solver, inputs
