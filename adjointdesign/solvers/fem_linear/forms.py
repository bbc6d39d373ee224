"""The forms of a linear variational problem and their derivatives, made by UFL when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property

import numpy as np
import ufl
from firedrake import Constant, Function, TestFunction, TrialFunction, derivative
from ufl.algorithms.analysis import extract_type
from ufl.classes import (
    CellDiameter, CellVolume, Circumradius, FacetArea, FacetJacobianDeterminant, JacobianDeterminant, MaxCellEdgeLength,
    MaxFacetEdgeLength, MinCellEdgeLength, MinFacetEdgeLength, ReferenceCellVolume, ReferenceFacetVolume,
)  # fmt: skip

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear.complex_form import Complex
from adjointdesign.solvers.fem_linear.quadrature import fixed_quadrature
from adjointdesign.solvers.fem_linear.require import require_tags

_FIXED_SIZES = (
    CellDiameter, CellVolume, Circumradius, FacetArea, MaxCellEdgeLength, MaxFacetEdgeLength, MinCellEdgeLength,
    MinFacetEdgeLength,
)  # fmt: skip
"""Quantities of the geometry whose derivative with respect to the coordinates UFL takes for zero."""


class Forms:
    """The Lagrangian ``g . R(u; m) - a(u, w; m) + L_k(w; m)`` of excitation k, and what follows from it.

    Functions and weights in the forms are the attributes ``u``, ``w`` (adjoint solution), ``du``, ``dw``, ``tangents``
    (by input), ``g`` and ``dg`` (one a real reading). A method that returns a form returns None where it is zero.

    Parameters
    ----------
    space, operator, excitations, readings
        As of `LinearVariational`.
    functions : mapping
        The functions that are inputs, by name.
    """

    def __init__(self, space, operator: Callable, excitations: Sequence[Callable], readings: Mapping[str, Callable],
                 functions: Mapping[str, Function]):  # fmt: skip
        self.functions = functions
        self.excitations = [_fixed(excitation) for excitation in excitations]
        self._operator = operator = _fixed(operator)
        self.u, self.w, self.du, self.dw = (Function(space) for _ in range(4))
        self.tangents = {name: Function(f.function_space()) for name, f in functions.items()}
        self.test = TestFunction(space)
        self.operator = operator(TrialFunction(space), self.test)
        found = {name: reading(self.u) for name, reading in readings.items()}
        self._complex = {name: isinstance(form, Complex) for name, form in found.items()}
        parts = [part for f in found.values() for part in ((f.re, f.im) if isinstance(f, Complex) else (f,))]
        self.readings = [fixed_quadrature(part) for part in parts]
        for form in (self.operator, *(e(self.test) for e in self.excitations), *self.readings):
            tags = {i.subdomain_id() for i in form.integrals() if i.integral_type().startswith("exterior_facet")}
            require_tags(space.mesh().unique(), [t for group in tags for t in (group if isinstance(group, tuple) else (group,)) if isinstance(t, int)])
            if any(is_geometry(f) for f in functions.values()):
                _refuse_fixed_sizes(form)
        # Caches of this object's own: they go with it.
        for name in ("right_hand_side", "tangent_source", "reading_tangents", "adjoint_change_source", "gradient", "second_gradient"):
            setattr(self, name, cache(getattr(self, name)))
        self.g, self.dg = ([Constant(0.0) for _ in self.readings] for _ in range(2))

    # -- readings and their weights -----------------------------------------------------------------------------------

    def named(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Readings by name from their real parts, one a row."""
        rows, result = iter(values), {}
        for name, pair in self._complex.items():
            first = next(rows)
            result[name] = first + 1j * next(rows) if pair else first
        return result

    def weights(self, cotangents: Mapping[str, np.ndarray], excitations: int) -> np.ndarray:
        """The opposite of `named`, for cotangents; zero where there is none."""
        rows: list[np.ndarray] = []
        for name, pair in self._complex.items():
            value = np.asarray(cotangents.get(name, np.zeros(excitations)))
            rows += [value.real, value.imag] if pair else [value.real]
        return np.array(rows, dtype=float)

    @staticmethod
    def set_weights(constants: Sequence[Constant], values: np.ndarray) -> None:
        """Give `g` or `dg` the weights of one excitation."""
        for constant, value in zip(constants, values, strict=True):
            constant.assign(value)

    # -- forms --------------------------------------------------------------------------------------------------------

    def operator_depends_on(self, function: Function) -> bool:
        """Whether the operator contains a function, or the geometry that it is."""
        return function in self.operator.coefficients() or is_geometry(function)

    def right_hand_side(self, k: int, lift: bool):
        """``L_k(v)``, less the operator's action on ``u`` when the boundary values are not zero."""
        form = self.excitations[k](self.test)
        return _form(form - self._operator(self.u, self.test) if lift else form)

    def tangent_source(self, k: int, names: tuple[str, ...]):
        """Right-hand side of the solution's change when these inputs change."""
        return self._moved(self.excitations[k](self.test) - self._operator(self.u, self.test), names)

    def reading_tangents(self, names: tuple[str, ...]) -> list:
        """Change of each reading when the solution and these inputs change."""
        return [_sum(_form(derivative(r, self.u, self.du)), self._moved(r, names)) for r in self.readings]

    @cached_property
    def adjoint_source(self):
        """Right-hand side of the adjoint solution."""
        return _form(derivative(self._weighted(self.g), self.u, self.test))

    def adjoint_change_source(self, names: tuple[str, ...]):
        """Right-hand side of the adjoint solution's change, when cotangents, solution and these inputs change."""
        stationary = derivative(self._weighted(self.g) - self._operator(self.u, self.w), self.u, self.test)
        return _sum(
            _form(derivative(self._weighted(self.dg), self.u, self.test)),
            _form(derivative(stationary, self.u, self.du)),
            self._moved(stationary, names),
        )

    def gradient(self, k: int, name: str):
        """Derivative of the Lagrangian with respect to one input."""
        return _form(derivative(self._lagrangian(k), self.functions[name]))

    def second_gradient(self, k: int, name: str, names: tuple[str, ...]):
        """Change of `gradient` when cotangents, solution, adjoint solution and these inputs change."""
        lagrangian = self._lagrangian(k)
        change = _sum(
            self._weighted(self.dg),
            derivative(lagrangian, self.u, self.du),
            derivative(lagrangian, self.w, self.dw),
            *(derivative(lagrangian, self.functions[n], self.tangents[n]) for n in names),
        )
        return _form(derivative(change, self.functions[name]))

    # -- parts --------------------------------------------------------------------------------------------------------

    def _lagrangian(self, k: int):
        return self._weighted(self.g) - self._operator(self.u, self.w) + self.excitations[k](self.w)

    def _weighted(self, weights):
        return _sum(*(weight * reading for weight, reading in zip(weights, self.readings, strict=True)))

    def _moved(self, form, names):
        return _sum(*(_form(derivative(form, self.functions[n], self.tangents[n])) for n in names))


def sizes(mesh):
    """Measures of a facet and of its cell, as UFL expressions that follow the mesh's coordinates when differentiated.

    UFL's own ``FacetArea`` and ``CellVolume`` are constants to a derivative with respect to the coordinates. On cells that
    are not affine the measures are those at the quadrature point.
    """
    facet = abs(FacetJacobianDeterminant(mesh)) * ReferenceFacetVolume(mesh)
    return facet, abs(JacobianDeterminant(mesh)) * ReferenceCellVolume(mesh)


def is_geometry(function: Function) -> bool:
    """Whether a function holds the coordinates of its own mesh."""
    return function is function.function_space().mesh().coordinates


def _refuse_fixed_sizes(form) -> None:
    found = {type(size).__name__ for kind in _FIXED_SIZES for size in extract_type(form, kind)}
    if found:
        raise InputError(
            "a form of a problem whose shape changes", "sizes of cells that follow the coordinates (fem_linear.sizes)",
            ", ".join(sorted(found)), "use these, or a fixed function for the size",
        )  # fmt: skip


def _fixed(make):
    return lambda *arguments: fixed_quadrature(make(*arguments))


def _sum(*forms):
    present = [form for form in forms if form is not None]
    return sum(present[1:], present[0]) if present else None


def _form(form):
    """The form, or None where its derivatives leave nothing."""
    return None if ufl.algorithms.expand_derivatives(form).empty() else form
