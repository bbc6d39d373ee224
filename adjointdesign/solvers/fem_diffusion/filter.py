"""The Helmholtz filter on a mesh: a density smeared over a length by a diffusion equation."""

from __future__ import annotations

import math

import numpy as np
from firedrake import Function, TestFunction, TrialFunction, assemble, dx, grad, inner
from pyadjoint.tape import stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import SYMMETRIC, Factorization
from adjointdesign.tape import Array
from adjointdesign.tape.block import Operation, record


class HelmholtzFilter(Operation):
    """``-r^2 div(grad f) + f = d`` without flux through the boundary, which keeps the integral of the density d.

    One factorization serves all calls, tangents and adjoints. (B. S. Lazarov, O. Sigmund, Filters in topology optimization
    based on Helmholtz-type differential equations, 2011, equations 7 and 8.)

    Parameters
    ----------
    density_space, filtered_space : FunctionSpace
        Of the density (often cellwise constant) and of the result (continuous), on one mesh.
    radius : float
        Of the conic filter that this one resembles, m: ``r = radius / (2 sqrt(3))``.

    Raises
    ------
    InputError
        When the radius is not positive.
    """

    name = "Helmholtz filter"

    def __init__(self, density_space, filtered_space, radius: float):
        if not (math.isfinite(radius) and radius > 0):
            raise InputError("radius", "a positive length", radius, "correct it")
        f, v = TrialFunction(filtered_space), TestFunction(filtered_space)
        self.comm = filtered_space.mesh().comm
        length = radius / (2 * math.sqrt(3))
        with stop_annotating():
            operator = assemble((length**2 * inner(grad(f), grad(v)) + f * v) * dx, mat_type="aij").petscmat
            self._load = assemble(TrialFunction(density_space) * v * dx, mat_type="aij").petscmat
        self._factors = Factorization(operator, SYMMETRIC)
        self._shape = Function(filtered_space).dat.data_ro.shape

    def __call__(self, density: Array) -> Array:
        """The filtered density's nodal values, on the tape."""
        with stop_annotating():
            results = self.evaluate([density.data])
        return record(self, [density], results, comm=self.comm, floats=False)[0]

    def evaluate(self, values):
        """Return the filtered density."""
        density, load = self._load.createVecs()
        solution = load.duplicate()
        density.setArray(values[0])
        self._load.mult(density, load)
        self._factors.solve(load, solution)
        return [np.reshape(solution.getArray(), self._shape)]

    def tangent(self, values, tangents):
        """Return the change of the filtered density."""
        return self.evaluate(tangents)

    def adjoint(self, values, cotangents, wanted):
        """Return the cotangent of the density."""
        result, cotangent = self._load.createVecs()
        solution = cotangent.duplicate()
        cotangent.setArray(cotangents[0])
        self._factors.solve_transposed(cotangent, solution)
        self._load.multTranspose(solution, result)
        return [result.getArray().reshape(values[0].shape).copy()]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        """Return the cotangent of the density for the cotangent's tangent."""
        return self.adjoint(values, cotangent_tangents, wanted)
