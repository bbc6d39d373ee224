"""Dido's problem: the shortest rope around an area, with its ends on a straight coast."""

import numpy as np
from firedrake import UnitSquareMesh, ds
from scipy.optimize import minimize_scalar

from adjointdesign.design.mesh_quality import least_quality
from adjointdesign.design.mesh_shape import MeshShape, mesh_integral
from adjointdesign.optimize.minimize import minimize
from adjointdesign.optimize.stopping import Stopping
from adjointdesign.tape import Array, Control, ReducedFunctional, linear, recording

AREA, PRICE = 1.2, 50.0
ROPE, COAST = (2, 3, 4), (1,)

mesh = UnitSquareMesh(8, 8, diagonal="crossed")  # or mesh_from_file(...).mesh, with tags by name
shape = MeshShape(mesh, design=ROPE, fixed=COAST, least_quality=0.2)
# From parameters to displacements along the normals; a vector of parameters of length one moves a node by up to 0.1.
along = np.einsum("nd,np->ndp", shape.normals, shape.smooth(unit=0.1))
move = linear(along.reshape(-1, along.shape[2]), out_shape=shape.points.shape)


def objective(parameters):
    """Length of the rope, with a price on the area's distance from what is wanted; and its gradient."""
    with recording() as tape:
        control = Array(parameters)
        x = shape.coordinates(move(control))  # raises StepRejected where a cell would be worse than least_quality
        area = mesh_integral(mesh, x, lambda x: 1.0 + 0 * x[0])
        length = mesh_integral(mesh, x, lambda x: 1.0 + 0 * x[0], ds(ROPE))
        value = length + PRICE * (area - AREA) ** 2
        gradient = ReducedFunctional(value, Control(control), tape=tape).derivative().data
    return float(value), gradient, {"area": float(area), "length": float(length)}


found = minimize(objective, np.zeros(along.shape[2]), method="lbfgs", stop=Stopping(ftol=1e-8, max_evaluations=100))
quality = least_quality(mesh, np.asarray(shape.coordinates(move(found.x))))
readings = found.evaluation.readings


def arc(angle):
    """The same for an arc of a circle over a chord of length one."""
    radius = 0.5 / np.sin(angle / 2)
    return radius * angle + PRICE * (radius**2 / 2 * (angle - np.sin(angle)) - AREA) ** 2


exact = minimize_scalar(arc, bounds=(3.2, 6.0), method="bounded").fun
print(f"after {found.n_evaluations} evaluations: length {readings['length']:.4f}, area {readings['area']:.4f}, worst cell {quality:.2f}")
print(f"objective {found.value:.4f}, that of the best arc of a circle {exact:.4f}")
