"""Run under mpiexec by test_ranks.py: readings and derivatives of small cases, along smooth directions, into a file."""

import json
import sys

import numpy as np
import ports_case
import waves_case
from firedrake import COMM_WORLD, Function, FunctionSpace, SpatialCoordinate, UnitSquareMesh, as_tensor, dx, sin

from adjointdesign import solvers
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import LinearVariational

REFINEMENT = {"fem_maxwell": 2}
"""Of the cases that have too few cells for three ranks otherwise."""
REGISTERED = [name for name in solvers.CASES if name.startswith("fem_")]
NAMES = [*REGISTERED, "ports", *waves_case.CELLS]


def smooth(function: Function) -> np.ndarray:
    """Nodal values of one smooth field, whatever the numbering of the nodes."""
    space = function.function_space()
    mesh = space.mesh()
    size = max(mesh.comm.allgather(float(np.abs(mesh.coordinates.dat.data_ro).max(initial=0.0))))
    x = SpatialCoordinate(mesh) / size
    value = 0.1 * (1.0 if function is not mesh.coordinates else size) * (sin(3 * x[0]) + x[1] ** 2)
    shape = function.ufl_shape
    return Function(space).interpolate(value if not shape else as_tensor(np.full(shape, value))).dat.data_ro.copy()


def derivatives(solver, inputs) -> list[float]:
    """Readings, and readings along a direction; both adjoints against the direction, along which there may be more inputs."""
    directions = {name: smooth(f) for name, f in solver.functions.items() if name in inputs}
    # Positions of points are the same on every rank, and have no mesh to be smooth on.
    points = {name: np.ones_like(inputs[name]) for name in ("source_positions", "receiver_positions") if name in inputs}
    outputs = solver.forward(inputs)
    cotangents = {n: np.ones_like(v) for n, v in outputs.items()}
    moved = solver.tangent(inputs, directions | points)
    gradient = solver.adjoint(inputs, cotangents)
    curved = solver.second_adjoint(inputs, directions | points, cotangents, {})
    readings = np.concatenate([np.ravel(v) for values in (outputs, moved) for v in values.values()])
    numbers = [*map(float, readings.real), *map(float, readings.imag)]
    for result in (gradient, curved):
        numbers += [solver.comm.allreduce(float(np.sum(result[n] * directions[n]))) for n in directions]
        numbers += [float(v) for n in inputs if n not in directions for v in np.ravel(result[n])]
    # Every rank must hold the same bits.
    assert all(other == numbers for other in solver.comm.allgather(numbers))
    return numbers


def numbers(name: str) -> list[float]:
    """Of the case of this name."""
    if name in REGISTERED:
        return derivatives(*solvers.small_case(name, REFINEMENT.get(name, 1)))
    return derivatives(*(ports_case.small_case(1) if name == "ports" else waves_case.small_case(name)))


def told_of_two_cells() -> list[str]:
    """What each rank is told of a mesh of two cells."""
    space = FunctionSpace(UnitSquareMesh(1, 1), "CG", 1)
    try:
        LinearVariational(space, lambda u, v: u * v * dx, [lambda v: v * dx], {"u": lambda u: u * dx}, {})
        told = ""
    except InputError as error:
        told = str(error)
    return COMM_WORLD.allgather(told)


def main(path: str) -> None:
    found = {"two cells": told_of_two_cells()}
    for name in NAMES:
        print(name, file=sys.stderr, flush=True)  # the last one is where it ended
        found[name] = numbers(name)
    if COMM_WORLD.rank == 0:
        with open(path, "w") as file:
            json.dump(found, file)


if __name__ == "__main__":
    main(sys.argv[1])
