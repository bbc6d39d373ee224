"""Run under mpiexec by test_mesh_shape.py: a deformation of the shipped horn, an integral, their gradient."""

import json

import numpy as np

from adjointdesign.design.boundary_curve import boundary_curve
from adjointdesign.design.mesh_quality import least_quality
from adjointdesign.design.mesh_shape import MeshShape, mesh_integral
from adjointdesign.grid.mesh import mesh_from_file
from adjointdesign.grid.mesh_shipped import shipped_mesh
from adjointdesign.tape import Array, Control, ReducedFunctional, recording

horn = mesh_from_file(shipped_mesh("horn"))
facets = horn.facets
shape = MeshShape(horn.mesh, [facets["profile"]], [facets[n] for n in ("casing", "port", "outer")], {facets["axis"]: 0})
root = shape.smooth(0.1)
with recording() as tape:
    control = Array(0.01 * np.cos(np.arange(root.size).reshape(root.shape)[:, :2]))
    x = shape.coordinates(control)
    value = mesh_integral(horn.mesh, x, lambda x: x[0] * x[1])
    gradient = ReducedFunctional(value, Control(control), tape=tape).derivative().data
numbers = [float(value), least_quality(horn.mesh, x.data), boundary_curve(horn.mesh, [facets["profile"]]).lengths.sum()]
numbers += [*root.ravel()[:: len(root) + 1], *gradient.ravel()]
assert all(other == numbers for other in horn.mesh.comm.allgather(numbers))
if horn.mesh.comm.rank == 0:
    print(json.dumps(numbers))
