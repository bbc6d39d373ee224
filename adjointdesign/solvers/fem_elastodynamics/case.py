"""A small case of this solver for the tests of the registry: a force and a couple in an attenuating solid with open sides."""

from __future__ import annotations

import numpy as np
from firedrake import Function, FunctionSpace, SpatialCoordinate, UnitSquareMesh, exp

from adjointdesign.solvers.fem_elastodynamics.attenuation import StandardLinearSolids
from adjointdesign.solvers.fem_elastodynamics.points import MomentTensor, PointForce
from adjointdesign.solvers.fem_elastodynamics.solver import FemElastodynamics

ORDER = 2.0
"""That of the time steps; the elements are of higher order."""


def small_case(refinement: int):
    """See `adjointdesign.solvers.small_case`."""
    mesh = UnitSquareMesh(4 * refinement, 4 * refinement, quadrilateral=True)
    x, y = SpatialCoordinate(mesh)
    nodes = FunctionSpace(mesh, "Q", 1)
    spot = exp(-((x - 0.6) ** 2 + (y - 0.5) ** 2) / 0.1)
    values = {
        "density": 1 + 0.3 * x * y,
        "p_velocity": 1.6 - 0.3 * spot,
        "s_velocity": 0.9 - 0.2 * spot,
        "bulk_quality": 30 - 10 * x,
        "shear_quality": 15 + 5 * y,
    }

    def pulse(t):
        return np.exp(-(((t - 0.4) / 0.16) ** 2))

    solver = FemElastodynamics(
        mesh, {name: Function(nodes).interpolate(value) for name, value in values.items()},
        [PointForce((0.32, 0.4), (1.0, 0.3), pulse), MomentTensor((0.42, 0.58), ((0.1, 0.05), (0.05, -0.02)), pulse)],
        [(0.65, 0.66), (0.84, 0.35)], duration=1.2, samples=24, time_step=0.017 / refinement, degree=4, absorbing=[2, 4],
        fixed=[3], attenuation=StandardLinearSolids(0.5, 5.0),
    )  # fmt: skip
    inputs = {name: function.dat.data_ro.copy() for name, function in solver.functions.items()}
    return solver, {**inputs, **solver.settings}
