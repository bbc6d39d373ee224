"""Run under mpiexec by test_ranks.py: readings and derivatives of a solver's small case, along smooth directions."""

import json
import sys

import numpy as np
from firedrake import Function, SpatialCoordinate, as_tensor, sin

from adjointdesign import solvers


def smooth(function: Function) -> np.ndarray:
    """Nodal values of one smooth field, whatever the numbering of the nodes."""
    space = function.function_space()
    mesh = space.mesh()
    size = max(mesh.comm.allgather(float(np.abs(mesh.coordinates.dat.data_ro).max(initial=0.0))))
    x = SpatialCoordinate(mesh) / size
    value = 0.1 * (1.0 if function is not mesh.coordinates else size) * (sin(3 * x[0]) + x[1] ** 2)
    shape = function.ufl_shape
    return Function(space).interpolate(value if not shape else as_tensor(np.full(shape, value))).dat.data_ro.copy()


def main(name: str) -> None:
    solver, inputs = solvers.small_case(name, 2)
    directions = {n: smooth(f) for n, f in solver.functions.items() if n in inputs}
    outputs = solver.forward(inputs)
    cotangents = {n: np.ones_like(v) for n, v in outputs.items()}
    moved = solver.tangent(inputs, directions)
    gradient = solver.adjoint(inputs, cotangents)
    curved = solver.second_adjoint(inputs, directions, cotangents, {})
    readings = np.concatenate([np.ravel(v) for values in (outputs, moved) for v in values.values()])
    numbers = [*map(float, readings.real), *map(float, readings.imag)]
    for result in (gradient, curved):
        numbers += [solver.comm.allreduce(float(np.sum(result[n] * directions[n]))) for n in directions]
    # Every rank must hold the same bits.
    assert all(other == numbers for other in solver.comm.allgather(numbers))
    if solver.comm.rank == 0:
        print(json.dumps(numbers))


if __name__ == "__main__":
    main(sys.argv[1])
