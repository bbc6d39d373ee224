"""Both gradients of problems in the frequency domain by finite elements; loads Firedrake.

Every adjoint problem is derived by hand, driven as a problem of its own by its own source, and its solution is put into
the formula. The program's gradient is that of its solver.
"""

from __future__ import annotations

import math

import numpy as np
import ufl
from firedrake import (
    BoxMesh, Constant, FacetNormal, Function, FunctionSpace, RectangleMesh, SpatialCoordinate, UnitSquareMesh,
    VectorFunctionSpace, as_vector, div, dot, ds, dx, grad, inner, pi, sin, sym,
)  # fmt: skip

from adjointdesign.constants import C0
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, integral, intensity
from adjointdesign.solvers.fem_linear import Complex, Layer, stretches
from adjointdesign.solvers.fem_maxwell import FemMaxwell
from adjointdesign.solvers.fem_maxwell import integral as vector_integral
from adjointdesign.verification.consistency.families import closed_waves as closed
from adjointdesign.verification.consistency.comparison import Sample
from adjointdesign.verification.consistency.families.diffusion_fem import in_turn


class Guide:
    """The open guide of `closed_waves.Guide`, between absorbing layers; the permittivity varies in the layers too.

    Parameters
    ----------
    cells : int
        Along the width.
    degree, adjoint_degree : int
        Of the elements of the program, and of those of the adjoint problem.
    """

    def __init__(self, cells: int, degree: int = 2, adjoint_degree: int | None = None):
        self.exact = exact = closed.Guide()
        n, depth = int(cells), exact.depth
        self.mesh = mesh = RectangleMesh(
            round(n * (exact.length + 2 * depth)), n, exact.length + depth, 1.0, originX=-depth
        )
        self.layers = [Layer(0, (0.0, exact.length), depth, exact.reflection)]
        self.degree, self.adjoint_degree = degree, adjoint_degree or degree
        self.smooth = FunctionSpace(mesh, "CG", 4)
        self.permittivity = Function(self.smooth).assign(1.0)
        self._x = _places(self.smooth)
        self.weight = _filled(self.smooth, exact.weight(self._x[0]))
        across = np.cos(np.pi * self._x[1])
        source = Complex(
            *(_filled(self.smooth, part(exact.source(self._x[0])) * across) for part in (np.real, np.imag))
        )
        self.program = self._solver(source, degree)
        self.values = np.ones_like(self.permittivity.dat.data_ro)

    def _solver(self, source: Complex, degree: int) -> FemHelmholtz:
        return FemHelmholtz(
            self.mesh, [_frequency(self.exact.k)], self.permittivity, [lambda setting, v: (source * v).integrate(dx)],
            {"J": intensity(lambda x: self.weight)}, degree=degree, layers=self.layers,
        )  # fmt: skip

    def value(self, change=0.0) -> float:
        """The objective, with the permittivity changed."""
        return float(self.program.forward({"permittivity": self.values + change})["J"][0, 0])

    def moved(self) -> list[Function]:
        """The directions."""
        return [_filled(self.smooth, values) for values in closed.directions(*self._x)]

    def discrete(self) -> np.ndarray:
        """The program's derivatives along the directions."""
        gradient = self.program.adjoint({"permittivity": self.values}, {"J": np.ones((1, 1))})["permittivity"]
        return np.array([np.sum(gradient * f.dat.data_ro) for f in self.moved()])

    def continuous(self, conjugated: bool = True, stretched: bool = True) -> np.ndarray:
        """``2 Re int k^2 deps u w sx sy``: w has the source ``W conj(u)``; layers stretch the integral."""
        u = self.program.systems[0].solutions({"permittivity": self.values})[0]
        field = Complex(u[0], u[1])
        solver = self._solver(self.weight * (field.conj() if conjugated else field), self.adjoint_degree)
        w = solver.systems[0].solutions({})[0]
        k = Constant(self.exact.k)
        sx, sy = stretches(self.layers if stretched else [], SpatialCoordinate(self.mesh), k)
        direction = Function(self.smooth)
        form = 2 * k**2 * direction * (field * Complex(w[0], w[1]) * sx * sy).re * dx
        return in_turn(form, direction, self.moved())

    def sample(self, **fault) -> Sample:
        """Both gradients."""
        return Sample(
            self.discrete(), self.continuous(**fault), self.exact.gradient(), self.value(), self.exact.objective()
        )


class Square:
    """The closed square of `closed_waves.Square`, whose nodes move."""

    def __init__(self, cells: int, degree: int):
        self.exact = exact = closed.Square()
        self.mesh = UnitSquareMesh(int(cells), int(cells))
        self.degree = degree
        self.f, self.g = self._fixed(exact.state), self._fixed(exact.adjoint)
        self.program = self._solver(self.f, self.g)
        self.places = self.mesh.coordinates.dat.data_ro.copy()

    def _fixed(self, rates):
        """``x -> UFL``: fixed in space, whatever the nodes do."""
        factors = [Constant(rate) for rate in rates]
        return lambda x: self.exact.source(x[0], x[1], factors, ufl)

    def _solver(self, source, weight) -> FemHelmholtz:
        one = Function(FunctionSpace(self.mesh, "DG", 0)).assign(1.0)
        return FemHelmholtz(
            self.mesh, [_frequency(self.exact.k)], one, [lambda setting, v: (source(setting.x) * v).integrate(dx)],
            {"J": integral(weight)}, degree=self.degree, conductors=(1, 2, 3, 4), shape=True,
        )  # fmt: skip

    def value(self, change=0.0) -> float:
        """The objective, with the nodes moved."""
        return float(self.program.forward({"coordinates": self.places + change})["J"][0, 0].real)

    def moved(self) -> list[Function]:
        """The displacements, at the nodes."""
        space = self.mesh.coordinates.function_space()
        return [_filled(space, values) for values in closed.displacements(*self.places.T)]

    def discrete(self) -> np.ndarray:
        """The program's derivatives along the displacements."""
        gradient = self.program.adjoint({"coordinates": self.places}, {"J": np.ones((1, 1))})["coordinates"]
        return np.array([np.sum(gradient * v.dat.data_ro) for v in self.moved()])

    def continuous(self, boundary: bool = False) -> np.ndarray:
        """The formula as an integral over the square, or over its boundary."""
        driven = self._solver(self.g, self.f)
        u, w = (s.systems[0].solutions({"coordinates": self.places})[0][0] for s in (self.program, driven))
        displacement = Function(self.mesh.coordinates.function_space())
        form = self._on_boundary(u, w, displacement) if boundary else self._in_volume(u, w, displacement)
        return in_turn(form, displacement, self.moved())

    def _on_boundary(self, u, w, v):
        normal = FacetNormal(self.mesh)
        return dot(v, normal) * dot(grad(u), normal) * dot(grad(w), normal) * ds

    def _in_volume(self, u, w, v):
        """``int div(f V) w + div(g V) u + grad u . (DV + DV^T - div V) grad w + k^2 div V u w``."""
        bent = 2 * inner(sym(grad(v)) * grad(u), grad(w)) - div(v) * inner(grad(u), grad(w))
        still = (bent + self.exact.k**2 * div(v) * u * w) * dx
        return self.source_term(self.f, w, v) + self.source_term(self.g, u, v) + still

    def source_term(self, source, field, v):
        """``int div(source V) field``, at the points where the program has its sources: they are no polynomials."""
        degree = self.program.systems[0].forms.right_hand_side(0, False).integrals()[0].metadata()["quadrature_degree"]
        return div(source(SpatialCoordinate(self.mesh)) * v) * field * dx(degree=degree)

    def sample(self, boundary: bool = False) -> Sample:
        """Both gradients."""
        return Sample(
            self.discrete(), self.continuous(boundary), self.exact.gradient(), self.value(), self.exact.objective()
        )


class Cube:
    """The closed cube of `closed_waves.Cube` by edge elements of lowest degree."""

    def __init__(self, cells: int):
        self.exact = exact = closed.Cube()
        n = int(cells)
        self.mesh = mesh = BoxMesh(n, n, n, 1.0, 1.0, 1.0)
        self.smooth = FunctionSpace(mesh, "CG", 2)
        self.permittivity, self.loss = (
            Function(self.smooth).assign(value) for value in (exact.permittivity, exact.loss)
        )
        f, g = (self._modes(exact.sources(a)) for a in (exact.state, exact.adjoint))
        self.program, self.driven = self._solver(f, g), self._solver(g, f)
        self.values = np.full_like(self.permittivity.dat.data_ro, exact.permittivity)

    @staticmethod
    def _modes(amplitudes):
        factors = [(Constant(complex(a).real), Constant(complex(a).imag)) for a in amplitudes]

        def field(x):
            parts = [[0.0] * 3, [0.0] * 3]
            for factor, (axis, (m, n)) in zip(factors, closed.Cube.modes, strict=True):
                mode = sin(m * pi * x[(axis + 1) % 3]) * sin(n * pi * x[(axis + 2) % 3])
                for part, a in zip(parts, factor, strict=True):
                    part[axis] = a * mode
            return Complex(*(as_vector(part) for part in parts))

        return field

    def _solver(self, source, weight) -> FemMaxwell:
        return FemMaxwell(
            self.mesh, [_frequency(self.exact.k)], self.permittivity,
            [lambda setting, v: source(setting.x).product(v).integrate(dx)], {"R": vector_integral(weight)}, degree=1,
            loss=self.loss, conductors=(1, 2, 3, 4, 5, 6),
        )  # fmt: skip

    def reading(self, change=0.0) -> complex:
        """``int g . E``, with the permittivity changed."""
        return complex(self.program.forward({"permittivity": self.values + change})["R"][0, 0])

    def moved(self) -> list[Function]:
        """The directions."""
        return [_filled(self.smooth, values) for values in closed.directions(*_places(self.smooth))]

    def discrete(self) -> np.ndarray:
        """The program's derivatives along the directions."""
        cotangent = 2 * np.full((1, 1), self.reading())
        gradient = self.program.adjoint({"permittivity": self.values}, {"R": cotangent})["permittivity"]
        return np.array([np.sum(gradient * f.dat.data_ro) for f in self.moved()])

    def continuous(self) -> np.ndarray:
        """``2 Re (conj(R) int k^2 deps E . A)``: A has the source g."""
        e, a = (Complex(*s.systems[0].solutions({})[0].subfunctions) for s in (self.program, self.driven))
        direction, product = Function(self.smooth), e.product(a)
        real, imaginary = (in_turn(direction * part * dx, direction, self.moved()) for part in (product.re, product.im))
        return 2 * (np.conj(self.reading()) * self.exact.k**2 * (real + 1j * imaginary)).real

    def sample(self) -> Sample:
        """Both gradients."""
        return Sample(
            self.discrete(),
            self.continuous(),
            self.exact.gradient(),
            abs(self.reading()) ** 2,
            abs(self.exact.reading()) ** 2,
        )


def _frequency(wavenumber: float) -> float:
    return wavenumber * C0 / (2 * math.pi)


def _places(space) -> np.ndarray:
    mesh = space.mesh()
    return Function(VectorFunctionSpace(mesh, space.ufl_element())).interpolate(SpatialCoordinate(mesh)).dat.data_ro.T


def _filled(space, values) -> Function:
    result = Function(space)
    result.dat.data_wo[:] = values
    return result
