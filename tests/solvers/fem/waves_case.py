"""Acoustic and elastic waves on several cells, with points that move, for one rank and for several."""

import numpy as np
from firedrake import Function, FunctionSpace, SpatialCoordinate, UnitCubeMesh, UnitSquareMesh

from adjointdesign.solvers.fem_elastodynamics import FemElastodynamics, MomentTensor, PointForce, PointSource

ELASTIC, ACOUSTIC = {"density": 1.0, "p_velocity": 2.0, "s_velocity": 1.0}, {"velocity": 1.5, "density": 1.0}
CELLS = {
    "waves on triangles": (lambda n: UnitSquareMesh(n, n), "CG", ELASTIC),
    "waves on quadrilaterals": (lambda n: UnitSquareMesh(n, n, quadrilateral=True), "Q", ACOUSTIC),
    "waves on hexahedra": (lambda n: UnitCubeMesh(n, n, n, hexahedral=True), "Q", ACOUSTIC),
}


def pulse(t):
    return np.exp(-(((t - 0.2) / 0.1) ** 2))


def small_case(name):
    """Solver and inputs, as `adjointdesign.solvers.small_case` makes them."""
    make, family, values = CELLS[name]
    mesh = make(3)
    d, x = mesh.topological_dimension, SpatialCoordinate(mesh)
    space = FunctionSpace(mesh, family, 1)
    here = (0.31, 0.42, 0.53)[:d]
    sources = [PointSource(here, pulse)]
    if values is ELASTIC:
        sources = [PointForce(here, np.arange(d), pulse), MomentTensor((0.61, 0.44, 0.27)[:d], np.eye(d)[::-1], pulse)]
    solver = FemElastodynamics(
        mesh, {key: Function(space).interpolate(v + 0.2 * x[0] * x[1]) for key, v in values.items()}, sources,
        [(0.7, 0.71, 0.72)[:d], (0.35, 0.3, 0.31)[:d]], duration=0.6, samples=6, time_step=0.01, degree=2,
        absorbing=[1, 4], fixed=[2], schedule="revolve", memory_budget="200KB",
    )  # fmt: skip
    return solver, {key: function.dat.data_ro.copy() for key, function in solver.functions.items()} | solver.settings
