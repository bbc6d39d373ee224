"""Run under mpiexec by test_firedrake.py: a density from a grid through a filter to a solve and to points."""

import json

import numpy as np
from firedrake import Function, FunctionSpace, UnitSquareMesh, dx

from adjointdesign.solvers.fem_diffusion import FemDiffusion, HelmholtzFilter
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, solve
from adjointdesign.tape import firedrake as bridge


def main():
    rng = np.random.default_rng(0)
    mesh = UnitSquareMesh(8, 8)
    cells, nodes = FunctionSpace(mesh, "DG", 0), FunctionSpace(mesh, "CG", 1)
    smear = HelmholtzFilter(cells, nodes, 0.3)
    diffusion = FemDiffusion(
        mesh, 1, Function(nodes).assign(1.0), Function(cells).assign(1.0), {"heat": lambda u: u**2 * dx}, values={1: 0.0}
    )
    points = rng.uniform(0, 1, (9, 2))
    density, direction = (Array(rng.uniform(0.2, 0.8, (6, 6))) for _ in range(2))
    with recording() as tape:
        filtered = smear(bridge.from_grid(density, [np.linspace(0, 1, 6)] * 2, cells))
        heat = solve(diffusion, diffusivity=1 + filtered)["heat"].sum()
        value = heat + (bridge.samples(filtered, nodes, points) ** 2).sum()
        functional = ReducedFunctional(value, Control(density), tape=tape)
    gradient, curved = functional.derivative().data, functional.hessian(direction).data
    numbers = [float(functional(density)), *gradient.ravel().tolist(), *curved.ravel().tolist()]
    assert all(other == numbers for other in mesh.comm.allgather(numbers))
    if mesh.comm.rank == 0:
        print(json.dumps(numbers))


if __name__ == "__main__":
    main()
