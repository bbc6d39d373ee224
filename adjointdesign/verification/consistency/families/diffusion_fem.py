"""Both gradients of a diffusion problem by finite elements; loads Firedrake.

On the unit square ``-div(k grad u) = f`` with u = 0 on the boundary, k = 1, and one of two objectives. Each adjoint
solution w is given, and what belongs to it follows:

====================  ===========================================  ==========================================
objective             adjoint problem                              gradient with respect to f; to k
====================  ===========================================  ==========================================
``int g u dx``        ``-div(k grad w) = g``, w = 0                ``w``; ``-grad u . grad w``
``int psi k du/dn``   ``-div(k grad w) = 0``, w = -psi             ``w``; ``-grad u . grad w``
====================  ===========================================  ==========================================
"""

from __future__ import annotations

from functools import cache

import numpy as np
from firedrake import (
    Constant, DirichletBC, FacetNormal, FiniteElement, Function, FunctionSpace, SpatialCoordinate, TestFunction,
    TrialFunction, UnitSquareMesh, VectorElement, assemble, avg, dS, ds, dx, grad, inner, interpolate, jump,
)  # fmt: skip

from adjointdesign.solvers.fem_diffusion import FemDiffusion
from adjointdesign.solvers.fem_linear import DIRECT, Factorization, sizes
from adjointdesign.verification.consistency.families import closed_diffusion as closed
from adjointdesign.verification.consistency.comparison import Sample

SIDES = (1, 2, 3, 4)
JUMPS = ("jumps of u", "jumps of w", "penalty")
"""Where the symmetric method has terms on faces, of which the formula for the diffusivity knows nothing."""


class Problem:
    """The problem on one mesh by one method: the program, its adjoint, and the adjoint problem as one of its own.

    Parameters
    ----------
    cells : int
        Along a side.
    degree, method, discontinuous, penalty
        As of `FemDiffusion`.
    objective : {"volume", "flux", "naive flux"}
        The flux read as the scheme balances it, or as the slope of the discrete solution.
    varied : bool
        Whether k is a function that can be varied, else constant in every cell.
    """

    def __init__(self, cells: int, degree: int, method: str = "strong", discontinuous: bool = False,
                 penalty: float = 2.0, objective: str = "volume", varied: bool = False):  # fmt: skip
        self.mesh = mesh = _mesh(int(cells))
        self.degree, self.method, self.objective = degree, method, objective
        self.numbers = {"method": method, "discontinuous": discontinuous, "penalty": penalty}
        # In these spaces a load and its projection have the same effect.
        self.sources = FunctionSpace(mesh, "DG", degree)
        self.coefficients = FunctionSpace(mesh, "CG", 4)
        self._points = _Points(mesh, 2 * degree + 6)
        self._mass = Factorization(
            assemble(TrialFunction(self.sources) * TestFunction(self.sources) * dx).petscmat, DIRECT
        )
        self.source = self.projected(closed.source)
        self.k = Function(self.coefficients if varied else FunctionSpace(mesh, "DG", 0)).assign(1.0)
        self.program = self._solver(self.source, {side: 0.0 for side in SIDES}, self._reading())

    def _solver(self, source, values, reading):
        return FemDiffusion(self.mesh, self.degree, self.k, source, {"J": reading}, values=values, **self.numbers)

    def _reading(self):
        if self.objective == "volume":
            self.weight = self.projected(closed.weight)
            return lambda u: self.weight * u * dx
        x, normal = SpatialCoordinate(self.mesh), FacetNormal(self.mesh)
        psi = -closed.harmonic(x[0], x[1])
        if self.objective == "naive flux":
            return lambda u: psi * inner(self.k * grad(u), normal) * ds
        if self.method == "strong":
            # The residual of the equations with a function that is psi at nodes of the boundary and zero at all others.
            lift = Function(FunctionSpace(self.mesh, "CG", self.degree))
            DirichletBC(lift.function_space(), psi, "on_boundary").apply(lift)
            return lambda u: (inner(self.k * grad(u), grad(lift)) - self.source * lift) * dx
        facet, cell = sizes(self.mesh)
        return lambda u: psi * self.k * (inner(grad(u), normal) - self._stable() * facet / cell * u) * ds

    def projected(self, function) -> Function:
        """Projection of a closed form on the sources' space, in L2."""
        load = assemble(self._points.filled(function(*self._points.x)) * TestFunction(self.sources) * self._points.dx)
        return self._mass_inverse(load.dat.data_ro)

    def _mass_inverse(self, values) -> Function:
        result, load = Function(self.sources), Function(self.sources)
        load.dat.data_wo[:] = values
        with load.dat.vec_ro as b, result.dat.vec_wo as x:
            self._mass.solve(b, x)
        return result

    def value(self) -> float:
        """The objective of the program."""
        return float(self.program.forward({})["J"][0])

    def transposed(self) -> Function:
        """Riesz representative in L2 of the program's gradient with respect to the source."""
        values = self.source.dat.data_ro.copy()
        return self._mass_inverse(self.program.adjoint({"source": values}, {"J": np.ones(1)})["source"])

    def adjoint_solution(self) -> Function:
        """The adjoint problem solved for itself by the same method."""
        if self.objective == "volume":
            source, values = self.weight, {side: 0.0 for side in SIDES}
        else:
            x = SpatialCoordinate(self.mesh)
            source, values = Function(self.sources), {side: closed.harmonic(x[0], x[1]) for side in SIDES}
        solution = self._solver(source, values, lambda w: self.source * w * dx).solutions({})[0]
        return Function(self.sources).interpolate(solution)

    def state(self) -> Function:
        """The solution of the program."""
        return Function(self.sources).interpolate(self.program.solutions({})[0])

    def diffusivity_gradient(self) -> np.ndarray:
        """The program's derivatives with respect to the diffusivity, along the directions."""
        values = np.ones_like(self.k.dat.data_ro)
        gradient = self.program.adjoint({"diffusivity": values}, {"J": np.ones(1)})["diffusivity"]
        return np.array([np.sum(gradient * f.dat.data_ro) for f in self.diffusivity_directions()])

    def diffusivity_formula(self, w: Function, jumps=()) -> np.ndarray:
        """``-int dk grad u . grad w`` by cells, with some of the symmetric method's terms on faces, by `JUMPS`."""
        direction, u = Function(self.coefficients), self.state()
        form = -direction * inner(grad(u), grad(w)) * dx
        for name in jumps:
            form += self._on_faces(name, direction, u, w)
        return in_turn(form, direction, self.diffusivity_directions())

    def _on_faces(self, name: str, direction, u, w):
        """What the symmetric method has on faces, differentiated with respect to k (the directions do not jump)."""
        normal = FacetNormal(self.mesh)
        if name == "penalty":
            (facet, cell), stable = sizes(self.mesh), self._stable()
            inside = stable * direction("+") * avg(facet) / avg(cell) * inner(jump(u), jump(w))
            return -inside * dS - stable * direction * facet / cell * u * w * ds
        slope, jumping = (u, w) if name == "jumps of w" else (w, u)
        inside = direction("+") * inner(avg(grad(slope)), normal("+")) * jump(jumping)
        return inside * dS + direction * inner(grad(slope), normal) * jumping * ds

    def _stable(self):
        return Constant(self.numbers["penalty"] * (self.degree + 1) * (self.degree + 2) / 2)

    def diffusivity_directions(self):
        """The directions as functions in the space of k, one after the other."""
        x = Function(FunctionSpace(self.mesh, VectorElement(self.coefficients.ufl_element()))).interpolate(
            SpatialCoordinate(self.mesh)
        )
        for direction in closed.directions(*x.dat.data_ro.T):
            result = Function(self.coefficients)
            result.dat.data_wo[:] = direction
            yield result

    def along(self, representative: Function) -> np.ndarray:
        """Derivatives along the directions, from the representative."""
        direction, points = Function(self._points.space), self._points
        return in_turn(
            direction * representative * points.dx, direction, map(points.filled, closed.directions(*points.x))
        )

    # -- what the cases compare ---------------------------------------------------------------------------------------

    def directions(self) -> Sample:
        """Derivatives with respect to the source along the directions."""
        return self.sample_directions(*self._both())

    def sample_directions(self, discrete: Function, continuous: Function) -> Sample:
        """The same from given representatives."""
        exact = closed.source_gradient(self.objective == "volume")
        return self._sample(self.along(discrete), self.along(continuous), exact)

    def values(self) -> Sample:
        """Riesz representatives in L2 of the gradient with respect to the source, at points of a quadrature."""
        adjoint = closed.adjoint if self.objective == "volume" else closed.harmonic
        return self._sample(*map(self._points.values, self._both()), adjoint(*self._points.x), self._points.weights)

    def slopes(self) -> Sample:
        """The slopes of these on the cells."""
        exact = closed.adjoint_slopes(*self._points.x)
        return self._sample(*map(self._points.slopes, self._both()), exact, self._points.weights[:, None])

    def by_diffusivity(self, jumps=()) -> Sample:
        """Derivatives with respect to the diffusivity, the adjoint problem's solution in the formula."""
        return self._diffusivity(self.adjoint_solution(), jumps)

    def by_diffusivity_transposed(self) -> Sample:
        """The same with the program's own adjoint solution in the formula."""
        return self._diffusivity(self.transposed())

    def _both(self):
        return self.transposed(), self.adjoint_solution()

    def _diffusivity(self, w: Function, jumps=()) -> Sample:
        return self._sample(
            self.diffusivity_gradient(), self.diffusivity_formula(w, jumps), closed.diffusivity_gradient()
        )

    def _sample(self, discrete, continuous, exact, weights=None) -> Sample:
        return Sample(discrete, continuous, exact, self.value(), closed.objective(self.objective == "volume"), weights)


class _Points:
    """Points of a quadrature in every cell, where closed forms are evaluated."""

    def __init__(self, mesh, degree: int):
        element = FiniteElement("Quadrature", mesh.ufl_cell(), degree, quad_scheme="default")
        self.space = FunctionSpace(mesh, element)
        self._vectors = FunctionSpace(mesh, VectorElement(element))
        self.dx = dx(degree=degree, scheme="default")
        self.x = Function(self._vectors).interpolate(SpatialCoordinate(mesh)).dat.data_ro.T

    def filled(self, values) -> Function:
        result = Function(self.space)
        result.dat.data_wo[:] = values
        return result

    @property
    def weights(self) -> np.ndarray:
        return assemble(TestFunction(self.space) * self.dx).dat.data_ro

    def values(self, function) -> np.ndarray:
        return assemble(interpolate(function, self.space)).dat.data_ro

    def slopes(self, function) -> np.ndarray:
        return assemble(interpolate(grad(function), self._vectors)).dat.data_ro


def in_turn(form, placeholder: Function, functions) -> np.ndarray:
    """Values of a form in which a function is each of several, one after the other."""
    found = []
    for function in functions:
        placeholder.assign(function)
        found.append(assemble(form))
    return np.array(found)


@cache
def _mesh(cells: int):
    return UnitSquareMesh(cells, cells)
