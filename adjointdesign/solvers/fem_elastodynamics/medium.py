"""From nodal values of the designed properties to the coefficients of the discrete equations, with derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np
from autograd import grad
from firedrake import Function

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics.discretization import Discretization
from adjointdesign.solvers.fem_elastodynamics.physics import Physics


@dataclass(frozen=True)
class Coefficients:
    """What multiplies the unknown in the discrete equations, or a change of it, or a derivative with respect to it.

    ``mass``: (nodes,). ``damping``: (boundary nodes, components, components). ``stress``: (stresses, points), with weights.
    """

    mass: np.ndarray
    damping: np.ndarray
    stress: np.ndarray

    def add(self, other: Coefficients) -> None:
        """Add in place."""
        for mine, theirs in zip((self.mass, self.damping, self.stress), (other.mass, other.damping, other.stress)):
            mine += theirs


class Medium:
    """The designed properties of a discretized medium.

    Parameters
    ----------
    discretization : Discretization
        Of the mesh.
    physics : Physics
        Of the medium.
    functions : mapping
        Property to the (scalar) function that holds its default values.
    absorbing : sequence of boundary tags
        Where waves leave.

    Raises
    ------
    InputError
        When a function is not scalar or not one of the mesh.
    """

    def __init__(self, discretization: Discretization, physics: Physics, functions: Mapping[str, Function], absorbing):
        self.discretization, self.physics = discretization, physics
        self._matrices = {}
        for name in physics.parameters:
            function = functions[name]
            if function.ufl_shape != () or function.function_space().mesh() is not discretization.mesh:
                raise InputError(name, "a scalar function on the mesh of the solver", function, "interpolate it there")
            self._matrices[name] = discretization.values_at_points(function.function_space())
        plain, normal = discretization.boundary_weights(absorbing) if absorbing else self._no_boundary()
        self._on_boundary = np.flatnonzero(plain > 0)
        self._boundary = physics.boundary(plain, normal)[..., self._on_boundary]
        touched = discretization.to_points.apply_transposed(plain)
        self.boundary_nodes = np.flatnonzero(touched > 0)

    def _no_boundary(self):
        d = self.discretization
        return np.zeros(d.points), np.zeros((d.dimension, d.dimension, d.points))

    def at_points(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Properties at the points from their nodal values, shape (properties, points); zero where one is absent."""
        return np.stack([
            self._matrices[name].apply(values[name])[0] if name in values else np.zeros(self.discretization.points)
            for name in self.physics.parameters
        ])  # fmt: skip

    def coefficients(self, parameters: np.ndarray) -> Coefficients:
        """Coefficients for properties at the points."""
        return self._gathered(self.physics.coefficients(parameters))

    def change(self, parameters: np.ndarray, moved: np.ndarray) -> Coefficients:
        """Change of the coefficients along ``moved``."""
        ones = np.ones((1 + len(self.physics.stresses) + len(self.physics.impedances), self.discretization.points))
        along = grad(lambda weights: anp.sum(moved * grad(self._weighted)(parameters, weights)))
        return self._gathered(along(ones))

    def gradient(self, parameters: np.ndarray, g: Coefficients) -> dict[str, np.ndarray]:
        """Derivative with respect to the nodal values from that with respect to the coefficients."""
        return self._nodal(grad(self._weighted)(parameters, self._spread(g)))

    def gradient_change(self, parameters, moved, g: Coefficients, dg: Coefficients) -> dict[str, np.ndarray]:
        """Change of `gradient` when the properties move along ``moved`` and ``g`` along ``dg``."""
        weights = self._spread(g)
        curved = grad(lambda at: anp.sum(moved * grad(self._weighted)(at, weights)))(parameters)
        return self._nodal(curved + grad(self._weighted)(parameters, self._spread(dg)))

    # -- parts --------------------------------------------------------------------------------------------------------

    def _weighted(self, parameters, weights):
        return (weights * self.physics.coefficients(parameters)).sum()

    def _nodal(self, at_points) -> dict[str, np.ndarray]:
        return {
            name: self._matrices[name].apply_transposed(row) for name, row in zip(self.physics.parameters, at_points)
        }

    def _gathered(self, c) -> Coefficients:
        """Coefficients at the points, one a row, to those of the nodes; the transpose of `_spread`."""
        d, stresses = self.discretization, len(self.physics.stresses)
        mass = d.to_points.apply_transposed(d.weights * c[0])
        k = self.physics.components
        damping = np.zeros((len(self.boundary_nodes), k, k))
        blocks = np.einsum("zijq,zq->ijq", self._boundary, c[1 + stresses :, self._on_boundary])
        for i in range(k):
            for j in range(k):
                at_points = np.zeros(d.points)
                at_points[self._on_boundary] = blocks[i, j]
                damping[:, i, j] = d.to_points.apply_transposed(at_points)[self.boundary_nodes]
        return Coefficients(mass, damping, d.weights * c[1 : 1 + stresses])

    def _spread(self, g: Coefficients) -> np.ndarray:
        """Derivative with respect to the coefficients at the points, one a row."""
        d, k = self.discretization, self.physics.components
        mass = d.weights * d.to_points.apply(g.mass)[0]
        blocks = np.empty((k, k, len(self._on_boundary)))
        for i in range(k):
            for j in range(k):
                nodal = np.zeros(d.nodes)
                nodal[self.boundary_nodes] = g.damping[:, i, j]
                blocks[i, j] = d.to_points.apply(nodal)[0, self._on_boundary]
        impedances = np.zeros((len(self.physics.impedances), d.points))
        impedances[:, self._on_boundary] = np.einsum("zijq,ijq->zq", self._boundary, blocks)
        return np.concatenate([mass[None], d.weights * g.stress, impedances])
