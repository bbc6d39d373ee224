"""One step of leapfrog, and the change of a step: the same program serves forward, tangent, adjoint and second order.

Central differences of ``M u'' + D u' + B^T W S(B u) = f`` at step n (S with the memory of B u, see `attenuation.py`),

    M (u(n+1) - 2 u(n) + u(n-1)) + (dt/2) D (u(n+1) - u(n-1)) + dt^2 B^T W S(B u(n)) = dt^2 f(n),    (1)

with M and D diagonal over the nodes, so that every step is explicit (Hughes, The Finite Element Method, section 9.1). For
the multipliers w(n) of (1) the transpose is (1) again, run backward: w(n-1) follows from w(n) and w(n+1), driven by the
cotangent of u(n). The terms of (1) in w, times u(n), are the gradient in the coefficients.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.solvers.fem_elastodynamics.medium import Coefficients


class Scheme:
    """Equation (1) for given coefficients.

    Parameters
    ----------
    program : Program
        What does not change between runs.
    coefficients : Coefficients
        Of this run's medium.
    """

    def __init__(self, program, coefficients: Coefficients):
        self.program, self.coefficients = program, coefficients
        nodes = program.medium.boundary_nodes
        self.inverse = 1.0 / coefficients.mass
        identity = np.eye(program.physics.components)
        blocks = coefficients.mass[nodes, None, None] * identity + 0.5 * program.dt * coefficients.damping
        self.boundary_inverse = np.linalg.inv(blocks)
        self.inverse[program.fixed] = 0.0
        self.boundary_inverse[np.isin(nodes, program.fixed)] = 0.0


class Wave:
    """A state of (1), at rest to begin with, and what its last step has left behind for changes and gradients.

    Attributes
    ----------
    now, before : ndarray
        The last two levels, (components, nodes).
    gradient, memory, second, rise : ndarray
        Of the last step, whose middle level is n: ``B u(n)``; its memory (None without attenuation);
        ``u(n+1) - 2 u(n) + u(n-1)``; on the absorbing boundary ``u(n+1) - u(n-1)``.
    """

    def __init__(self, program):
        self.program = program
        components, d = program.physics.components, program.discretization
        self.now, self.before = np.zeros((components, d.nodes)), np.zeros((components, d.nodes))
        self.memory = self._variables = None
        if program.relaxation is not None:
            self._variables = program.relaxation.rest((components, d.dimension, d.points))

    def copy(self) -> list:
        """What is needed to go on from here."""
        return [None if values is None else values.copy() for values in (self.now, self.before, self._variables)]

    def assign(self, state: list) -> None:
        """Go on from a copy."""
        self.now, self.before, self._variables = (None if values is None else values.copy() for values in state)

    def step(self, scheme: Scheme, force: tuple | None, change: tuple | None = None) -> None:
        """Advance by one level.

        Parameters
        ----------
        scheme : Scheme
            The coefficients.
        force : tuple, optional
            Functionals and their weights; their transposed product drives the step (the factor ``dt^2`` included).
        change : tuple, optional
            A `Wave` that has just made the same step, and the change of its coefficients: this is then the change of
            that step.
        """
        program, c = self.program, scheme.coefficients
        dt, physics, nodes = program.dt, program.physics, program.medium.boundary_nodes
        self.gradient = program.gradient(self.now)
        if self._variables is not None:
            self.memory = program.relaxation.step(self._variables, self.gradient)
        stress = physics.stress(c.stress, self.gradient, self.memory)
        if change is not None:
            primal, dc = change
            stress += physics.stress(dc.stress, primal.gradient, primal.memory)
        residual = program.divergence(stress)
        residual *= -(dt**2)
        if force is not None:
            force[0].add_transposed(residual, force[1])
        if change is not None:
            residual -= dc.mass * primal.second
            residual[:, nodes] -= 0.5 * dt * _products(dc.damping, primal.rise)
        slope = self.now - self.before
        at_boundary = residual[:, nodes] - dt * _products(c.damping, slope[:, nodes])
        second = residual
        second *= scheme.inverse
        second[:, nodes] = _products(scheme.boundary_inverse, at_boundary)
        slope += second
        after = self.now + slope
        self.rise = after[:, nodes] - self.before[:, nodes]
        self.second = second
        self.before, self.now = self.now, after


def _products(blocks: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Block of every node times the values there, (components, nodes)."""
    return np.einsum("nij,jn->in", blocks, values)


class Sums:
    """Derivative of a functional with respect to the coefficients, added up over the steps of a reverse sweep."""

    def __init__(self, program):
        self.program = program
        nodes, k = program.discretization.nodes, program.physics.components
        self.coefficients = Coefficients(
            np.zeros(nodes),
            np.zeros((len(program.medium.boundary_nodes), k, k)),
            np.zeros((len(program.physics.stresses), program.discretization.points)),
        )

    def add(self, level: np.ndarray, gradient: np.ndarray, adjoint: Wave) -> None:
        """Add the terms of one level u(n) and its gradient, after the adjoint has made its step around n."""
        program, sums = self.program, self.coefficients
        sums.mass[...] -= np.einsum("in,in->n", level, adjoint.second)
        at_boundary = level[:, program.medium.boundary_nodes]
        sums.damping[...] -= 0.5 * program.dt * np.einsum("in,jn->nij", at_boundary, adjoint.rise)
        sums.stress[...] -= program.dt**2 * program.physics.products(gradient, adjoint.gradient, adjoint.memory)
