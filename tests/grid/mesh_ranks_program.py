"""Run under mpiexec by test_mesh_firedrake.py: mesh files read by all ranks; numbers, or the refusal, from each of them."""

import json
import sys
from pathlib import Path

from firedrake import (
    COMM_WORLD, Constant, DirichletBC, Function, FunctionSpace, SpatialCoordinate, TestFunction, TrialFunction, VectorFunctionSpace,
    assemble, dot, ds, dS, dx, grad, solve,
)  # fmt: skip

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh import mesh_from_file
from adjointdesign.grid.mesh_vtk import write_vtk


def numbers(path, output):
    """Poisson's equation with one coefficient a region, and integrals over all that has a name."""
    tagged = mesh_from_file(path, require=["outer", "disc"])
    mesh, found = tagged.mesh, []
    x = SpatialCoordinate(mesh)
    for tag in tagged.cells.values():
        found.append(assemble((1 + x[0] ** 2) * dx(tag, domain=mesh)))
    for tag in tagged.facets.values():
        density = 1 + x[1] ** 2
        found.append(assemble(density * ds(tag, domain=mesh) + density * dS(tag, domain=mesh)))
    space = FunctionSpace(mesh, "CG", 2)
    u, v, field = TrialFunction(space), TestFunction(space), Function(space)
    form = dot(grad(u), grad(v)) * dx + 4 * dot(grad(u), grad(v)) * dx(tagged.cells["disc"])
    outer = DirichletBC(space, x[0], tagged.facets["outer"])
    solve(form == Constant(1.0) * v * dx(domain=mesh), field, [outer], solver_parameters={"ksp_type": "preonly", "pc_type": "lu"})
    found += [assemble(field**2 * dx), assemble(dot(grad(field), grad(field)) * dx(tagged.cells["disc"]))]
    flow = Function(VectorFunctionSpace(mesh, "DG", 1)).interpolate(grad(field))
    write_vtk(output, field=field, flow=flow)
    return found


def main(paths, folder):
    """Of each file, the answers of all ranks; fields of those without fault go to the folder."""
    everything = {}
    for path in paths:
        name = Path(path).stem
        try:
            answer = numbers(path, Path(folder) / f"{name}-{COMM_WORLD.size}")
        except InputError as error:
            answer = str(error)
        everything[name] = COMM_WORLD.gather(answer)
    if COMM_WORLD.rank == 0:
        print(json.dumps(everything))


main(sys.argv[2:], sys.argv[1])
