"""Run by check.py, alone and under mpiexec: one taped solve, whose value and gradient go to a file."""

import sys

import numpy as np
from firedrake import (
    Constant, DirichletBC, Function, FunctionSpace, SpatialCoordinate, TestFunction, TrialFunction, UnitSquareMesh,
    assemble, dx, exp, grad, inner, pi, sin, solve,
)  # fmt: skip
from firedrake.adjoint import Control, ReducedFunctional, continue_annotation, get_working_tape, pause_annotation


def main(path: str) -> None:
    """``-div(exp(m) grad u) = f`` with ``u = 0`` on the border; the gradient of ``int u^2 dx`` in ``m``."""
    mesh = UnitSquareMesh(12, 12)
    space = FunctionSpace(mesh, "CG", 1)
    x, y = SpatialCoordinate(mesh)
    m = Function(space).interpolate(sin(pi * x) * y)
    u, v, trial = Function(space), TestFunction(space), TrialFunction(space)
    get_working_tape().clear_tape()
    continue_annotation()
    solve(
        inner(exp(m) * grad(trial), grad(v)) * dx == (1 + x) * v * dx, u,
        DirichletBC(space, Constant(0.0), "on_boundary"),
        solver_parameters={"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_type": "mumps"},
    )  # fmt: skip
    functional = ReducedFunctional(assemble(u**2 * dx), Control(m))
    pause_annotation()
    gradient = functional.derivative(apply_riesz=True)
    # Ranks number the nodes differently: by place they can be compared.
    places = [Function(space).interpolate(coordinate) for coordinate in (x, y)]
    parts = mesh.comm.gather([f.dat.data_ro.copy() for f in (*places, gradient)])
    if mesh.comm.rank == 0:
        px, py, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.lexsort((px.round(9), py.round(9)))
        np.savez(path, value=float(functional(m)), gradient=values[order], ranks=mesh.comm.size)
    else:
        functional(m)


if __name__ == "__main__":
    main(sys.argv[1])
