"""A small case of this solver for the tests of the registry: an interior-penalty method in a square with a hot wall."""

from __future__ import annotations

from firedrake import Function, FunctionSpace, SpatialCoordinate, UnitSquareMesh, ds, dx, exp, sin

from adjointdesign.solvers.fem_diffusion.solver import FemDiffusion

ORDER = 2.0
"""A smooth functional of the symmetric method of degree 1 converges with order 2."""


def small_case(refinement: int):
    """See `adjointdesign.solvers.small_case`."""
    mesh = UnitSquareMesh(4 * refinement, 4 * refinement)
    x, y = SpatialCoordinate(mesh)
    diffusivity = Function(FunctionSpace(mesh, "DG", 1)).interpolate(1 + 0.5 * x * y)
    source = Function(FunctionSpace(mesh, "CG", 1)).interpolate(sin(3 * x) + y)
    readings = {"heat": lambda u: u**2 * dx, "wall": lambda u: u * exp(y) * ds(2)}
    solver = FemDiffusion(
        mesh, 1, diffusivity, source, readings, values={1: 1.0 + y}, fluxes={3: 0.5 * x}, discontinuous=True,
        method="symmetric", shape=True,
    )  # fmt: skip
    inputs = {name: function.dat.data_ro.copy() for name, function in solver.functions.items()}
    return solver, inputs
