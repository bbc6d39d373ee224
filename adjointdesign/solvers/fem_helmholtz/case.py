"""A small case of this solver for the tests of the registry: a plane wave on a smooth lossy lens, at two frequencies."""

from __future__ import annotations

import math

from firedrake import Function, FunctionSpace, RectangleMesh, SpatialCoordinate, exp

from adjointdesign.solvers.fem_helmholtz.readings import integral, intensity
from adjointdesign.solvers.fem_helmholtz.solver import FemHelmholtz
from adjointdesign.solvers.fem_helmholtz.sources import current, scattered
from adjointdesign.solvers.fem_linear import Layer

ORDER = 2.0
"""Functionals of a solution of degree 1 converge with order 2."""

_SIDE, _FREQUENCY = 1e-6, 2e14


def small_case(refinement: int):
    """See `adjointdesign.solvers.small_case`."""
    mesh = RectangleMesh(10 * refinement, 10 * refinement, _SIDE, _SIDE)
    x, y = SpatialCoordinate(mesh)
    lens = exp(-((x - 0.5e-6) ** 2 + (y - 0.45e-6) ** 2) / 0.13e-6**2)
    nodes = FunctionSpace(mesh, "CG", 1)
    permittivity = Function(nodes).interpolate(1 + 1.5 * lens)
    loss = Function(nodes).interpolate(0.2 * lens)

    def spot(x):
        return exp(-((x[0] - 0.5e-6) ** 2 + (x[1] - 0.7e-6) ** 2) / 0.1e-6**2) / 1e-14

    solver = FemHelmholtz(
        mesh, [_FREQUENCY, 1.2 * _FREQUENCY], permittivity,
        [scattered((0.2, 1.0)), current(lambda x: 2e-10 * spot(x), amplitude=1 + 0.5j)],
        {"field": integral(spot), "intensity": intensity(spot)},
        degree=1, loss=loss, layers=[Layer(0, (0.2e-6, 0.8e-6), 0.2e-6, 1e-3), Layer(1, (0.2e-6, math.inf), 0.2e-6, 1e-3)],
        impedances={4: 1.0}, shape=True,
    )  # fmt: skip
    inputs = {name: function.dat.data_ro.copy() for name, function in solver.functions.items()}
    return solver, inputs
