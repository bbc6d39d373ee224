"""Diffusion: orders of convergence against manufactured solutions, for every method, element and cell shape."""

import numpy as np
import pytest
from firedrake import (
    Function, FunctionSpace, SpatialCoordinate, UnitCubeMesh, UnitSquareMesh, cos, div, dx, exp, grad, sin,
)  # fmt: skip

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_diffusion import FemDiffusion
from adjointdesign.verification.orders import observed_order

CELLS = (4, 8, 16)


def l2_error(mesh, degree, **method):
    """Distance of the computed from the manufactured solution, and a smooth functional's error."""
    x = SpatialCoordinate(mesh)
    exact = sin(2 * x[0] + 0.3) * cos(1.5 * x[1]) + 0.2 * exp(x[0])
    # Coefficients in spaces that are fine enough not to be seen.
    high = FunctionSpace(mesh, "CG" if mesh.ufl_cell().cellname in ("triangle", "tetrahedron") else "Q", degree + 3)
    diffusivity = Function(high).interpolate(1 + 0.5 * x[0] * x[1])
    source = Function(high).interpolate(-div(diffusivity * grad(exact)) + 2.0 * exact)
    # On tags 1 (x = 0) and 2 (x = 1) values, on 3 (y = 0) a flux; the last side is insulated only after adding its flux.
    sides = {3: -diffusivity * grad(exact)[1], 4: diffusivity * grad(exact)[1]}
    if mesh.topological_dimension == 3:
        sides |= {5: -diffusivity * grad(exact)[2], 6: diffusivity * grad(exact)[2]}
    solver = FemDiffusion(
        mesh, degree, diffusivity, source, {"error": lambda u: (u - exact) ** 2 * dx}, values={1: exact, 2: exact},
        fluxes=sides, reaction=2.0, **method,
    )  # fmt: skip
    return float(np.sqrt(solver.evaluate({})["error"][0]))


WEAK = {"discontinuous": True, "method": "symmetric"}


@pytest.mark.slow
@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("quadrilateral", [False, True], ids=["triangles", "quadrilaterals"])
@pytest.mark.parametrize(
    "method", [{}, {"method": "symmetric"}, WEAK], ids=["strong", "nitsche", "interior-penalty"]
)  # fmt: skip
def test_symmetric_methods_converge_with_order_degree_plus_one(degree, quadrilateral, method):
    """Arnold, Brezzi, Cockburn, Marini 2002, table 6.1: order p + 1 in L2 for adjoint-consistent methods."""
    errors = [l2_error(UnitSquareMesh(n, n, quadrilateral=quadrilateral), degree, **method) for n in CELLS]
    assert observed_order([1 / n for n in CELLS], errors).order == pytest.approx(degree + 1, abs=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["nonsymmetric", "incomplete"])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_the_other_methods_lose_an_order_for_even_degrees(method, degree):
    """The same table: order p in general; p + 1 is seen for odd p on uniform meshes. (A large penalty hides the loss.)"""
    errors = [l2_error(UnitSquareMesh(n, n), degree, discontinuous=True, method=method, penalty=0.7) for n in CELLS]
    expected = degree + 1 if degree % 2 else degree
    assert observed_order([1 / n for n in CELLS], errors).order == pytest.approx(expected, abs=0.35)


@pytest.mark.slow
@pytest.mark.parametrize("method", [{}, WEAK], ids=["strong", "interior-penalty"])
@pytest.mark.parametrize("hexahedral", [False, True], ids=["tetrahedra", "hexahedra"])
def test_three_dimensions(method, hexahedral):
    errors = [l2_error(UnitCubeMesh(n, n, n, hexahedral=hexahedral), 2, **method) for n in (2, 4, 8)]
    assert observed_order([1 / n for n in (2, 4, 8)], errors).order == pytest.approx(3, abs=0.35)


def test_plain_zeros_may_be_given_for_weak_values_and_fluxes():
    mesh = UnitSquareMesh(4, 4)
    one = [Function(FunctionSpace(mesh, "CG", 1)).assign(1.0) for _ in range(2)]
    strong, weak = (
        FemDiffusion(mesh, 2, *one, {"u": lambda u: u * dx}, values={1: 0.0}, fluxes={2: 0.0}, method=method).evaluate({})["u"][0]
        for method in ("strong", "symmetric")
    )
    assert weak == pytest.approx(strong, rel=1e-2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"method": "upwind"}, "method: expected one of strong"),
        ({"discontinuous": True}, "a weak one for discontinuous elements"),
        ({"degree": 0}, "degree: expected at least 1"),
        ({"method": "symmetric", "penalty": 0.0}, "penalty"),
    ],
)
def test_refusals(arguments, message):
    mesh = UnitSquareMesh(2, 2)
    one = Function(FunctionSpace(mesh, "CG", 1)).assign(1.0)
    with pytest.raises(InputError, match=message):
        FemDiffusion(mesh, arguments.pop("degree", 1), one, one, {"u": lambda u: u * dx}, values={1: 0.0}, **arguments)
