"""Quadrature that a form keeps through its derivatives, and that no numbering of vertices changes."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import ufl
from finat.point_set import PointSet
from finat.quadrature import QuadratureRule
from FIAT.reference_element import ufc_simplex
from modepy import JaskowiecSukumarQuadrature
from ufl.algorithms.analysis import extract_type
from ufl.algorithms.apply_algebra_lowering import apply_algebra_lowering
from ufl.algorithms.estimate_degrees import estimate_total_polynomial_degree

# Its text holds points and weights, so forms with different rules have different signatures.
warnings.filterwarnings("ignore", message="Applying str.. to a metadata value of type QuadratureRule")

HIGHEST_SYMMETRIC = {"triangle": 50, "tetrahedron": 20}
"""Highest degree of the symmetric rules there are: Xiao and Gimbutas (2010), Jaskowiec and Sukumar (2021)."""


def fixed_quadrature(form):
    """The form with its quadrature degrees, which UFL otherwise estimates anew for each derivative.

    The derivative of a sum over quadrature points is a sum over the same points: with others it would be the derivative
    of the integral, but not of the program. A degree that is given with the measure stays.
    """
    integrals = []
    for integral in form.integrals():
        metadata = dict(integral.metadata())
        degree = metadata.setdefault("quadrature_degree", _degree(integral))
        # The rules of Firedrake on tetrahedra are not symmetric: what is no polynomial would have an integral that
        # depends on the order of a cell's vertices, and with it on the number of ranks.
        if _cell(integral) == "tetrahedron" and integral.integral_type() == "cell" and 2 < degree <= HIGHEST_SYMMETRIC["tetrahedron"]:
            metadata.setdefault("quadrature_rule", _on_tetrahedra(degree))
        integrals.append(integral.reconstruct(metadata=metadata))
    return ufl.Form(integrals)


def _degree(integral) -> int:
    """UFL's estimate, but where coefficients that are no polynomials make it high the highest of a symmetric rule."""
    estimate = estimate_total_polynomial_degree(apply_algebra_lowering(integral.integrand()))
    functions = (*extract_type(integral, ufl.Argument), *extract_type(integral, ufl.Coefficient))
    needed = 2 * max((f.ufl_element().embedded_superdegree for f in functions), default=0)
    return min(estimate, max(HIGHEST_SYMMETRIC.get(_cell(integral), estimate), needed))


def _cell(integral) -> str:
    return ufl.domain.extract_unique_domain(integral).ufl_cell().cellname


@cache
def _on_tetrahedra(degree: int) -> QuadratureRule:
    rule = JaskowiecSukumarQuadrature(degree - 1, 3)
    if rule.exact_to != degree:
        raise RuntimeError(f"modepy counts degrees otherwise: {rule.exact_to} is not {degree}")
    # From the tetrahedron with edges along [-1, 1] to the one along [0, 1].
    return QuadratureRule(PointSet((np.asarray(rule.nodes).T + 1) / 2), np.asarray(rule.weights) / 8, ref_el=ufc_simplex(3))
