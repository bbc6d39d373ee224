"""A small case of this solver for the tests of the registry: a wave into a duct with a smooth lossy lump and a layer."""

from __future__ import annotations

import math

from firedrake import BoxMesh, Function, FunctionSpace, SpatialCoordinate, as_vector, exp

from adjointdesign.constants import C0
from adjointdesign.solvers.fem_linear import Layer
from adjointdesign.solvers.fem_maxwell.readings import integral, intensity
from adjointdesign.solvers.fem_maxwell.solver import FemMaxwell
from adjointdesign.solvers.fem_maxwell.sources import current, incoming

ORDER = 2.0
"""Functionals of a solution with edge elements of lowest degree converge with twice their order."""


def small_case(refinement: int):
    """See `adjointdesign.solvers.small_case`."""
    n = refinement
    mesh = BoxMesh(n, n, 2 * n, 0.5, 0.5, 1.0)
    x, y, z = SpatialCoordinate(mesh)
    lump = exp(-((x - 0.2) ** 2 + (y - 0.3) ** 2 + (z - 0.4) ** 2) / 0.3**2)
    nodes = FunctionSpace(mesh, "CG", 1)
    solver = FemMaxwell(
        mesh, [0.9 * C0 / (2 * math.pi)], Function(nodes).interpolate(1 + lump),
        [incoming(5, (0, 0, 1), (1, 0, 0)), current(lambda x: as_vector((0.0, 1e-3 * x[0] * x[2], 0.0)), amplitude=1 - 0.5j)],
        {"field": integral(lambda x: as_vector((1.0, x[0], 0.5))), "intensity": intensity(lambda x: 1 + x[2])},
        degree=1, loss=Function(nodes).interpolate(0.3 * lump), layers=[Layer(2, (-math.inf, 0.6), 0.4, 0.1)],
        conductors=(1, 2, 6), impedances={5: 1.0},
    )  # fmt: skip
    return solver, {name: function.dat.data_ro.copy() for name, function in solver.functions.items()}
