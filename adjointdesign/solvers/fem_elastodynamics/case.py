"""A small case of this solver for the tests of the registry: a pulse in a square with a slow spot and an open side."""

from __future__ import annotations

import numpy as np
from firedrake import Function, FunctionSpace, SpatialCoordinate, UnitSquareMesh, exp

from adjointdesign.solvers.fem_elastodynamics.functionals import PointSource
from adjointdesign.solvers.fem_elastodynamics.solver import FemElastodynamics

ORDER = 2.0
"""That of the time steps; the elements are of higher order."""


def small_case(refinement: int):
    """See `adjointdesign.solvers.small_case`."""
    mesh = UnitSquareMesh(4 * refinement, 4 * refinement, quadrilateral=True)
    x, y = SpatialCoordinate(mesh)
    nodes = FunctionSpace(mesh, "Q", 1)
    medium = {
        "velocity": Function(nodes).interpolate(1 - 0.3 * exp(-((x - 0.6) ** 2 + (y - 0.5) ** 2) / 0.1)),
        "density": Function(nodes).interpolate(1 + 0.3 * x * y),
    }
    solver = FemElastodynamics(
        mesh, medium, [PointSource((0.31, 0.4), lambda t: np.exp(-(((t - 0.4) / 0.12) ** 2)))],
        [(0.7, 0.72), (0.83, 0.35)], duration=1.2, samples=24, time_step=0.03 / refinement, degree=3, absorbing=[2, 4],
        fixed=[3],
    )  # fmt: skip
    inputs = {name: function.dat.data_ro.copy() for name, function in solver.functions.items()}
    return solver, {**inputs, "source": solver.waveforms}
