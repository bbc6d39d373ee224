"""The curl-curl solver against closed forms: manufactured fields, a duct that ends in a wall or a layer, a cavity."""

import math

import numpy as np
import pytest
from firedrake import (
    BoxMesh, Function, FunctionSpace, SpatialCoordinate, UnitCubeMesh, as_vector, curl, ds, dx, inner, pi, sin,
)  # fmt: skip

from adjointdesign.constants import C0, MU0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import Complex
from adjointdesign.solvers.fem_maxwell import ITERATIVE, FemMaxwell, Layer, RectangularGuide, current, incoming, integral, power
from adjointdesign.solvers.fem_maxwell.case import small_case
from adjointdesign.verification.dot_product import check_solver

SIDES = (1, 2, 3, 4, 5, 6)


def frequency(wavenumber):
    return wavenumber * C0 / (2 * math.pi)


def uniform(mesh, value=1.0):
    return Function(FunctionSpace(mesh, "DG", 0)).assign(value)


def manufactured_error(degree, n):
    """Distance in L2 from a complex field in a lossy cube between conductors."""
    mesh = UnitCubeMesh(n, n, n)
    x, y, z = SpatialCoordinate(mesh)
    k, medium = 1.0, Complex(1.5 + 0.5 * x * y, 0.4 + 0.2 * z)
    field = as_vector([sin(pi * y) * sin(pi * z), sin(pi * x) * sin(pi * z), sin(pi * x) * sin(pi * y)])
    exact = Complex(1.0, 2.0) * field
    residual = exact.map(lambda e: curl(curl(e))) - medium * exact * k**2
    fine = FunctionSpace(mesh, "CG", degree + 2)
    solver = FemMaxwell(
        mesh, [frequency(k)], Function(fine).interpolate(medium.re),
        [current(lambda _: residual * (1 / (k * MU0 * C0)), amplitude=-1j)],
        {"error": lambda setting, e: (inner((e - exact).re, (e - exact).re) + inner((e - exact).im, (e - exact).im)) * dx},
        degree=degree, loss=Function(fine).interpolate(medium.im), conductors=SIDES,
    )  # fmt: skip
    return math.sqrt(solver.evaluate({})["error"][0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("degree", [1, 2])
def test_manufactured_fields_converge_with_order_degree(degree):
    """Monk 2003, theorem 5.41: order p in L2 for elements of the first kind of degree p."""
    cells = (4, 8) if degree == 1 else (2, 4, 8)
    errors = [manufactured_error(degree, n) for n in cells]
    assert math.log2(errors[-2] / errors[-1]) == pytest.approx(degree, abs=0.3)


def duct(**arguments):
    """Field at the near end of a duct between two conductors and two magnetic walls, which carries the plane wave."""
    mesh = BoxMesh(1, 1, 12, 0.25, 0.25, 1.0)
    solver = FemMaxwell(
        mesh, [frequency(6.0)], uniform(mesh), [incoming(5, (0, 0, 1), (1, 0, 0))],
        {"total": integral(lambda x: as_vector((16.0, 0.0, 0.0)), measure=ds(5)), "in": power(5)},
        degree=3, **{"conductors": (1, 2), "impedances": {5: 1.0}, **arguments},
    )  # fmt: skip
    found = solver.evaluate({})
    return found["total"][0, 0] - 1, found["in"][0, 0]


@pytest.mark.slow
def test_reflection_of_a_duct():
    """An impedance reflects ``(Z - 1) / (Z + 1)``, a layer what it is made for; the power is the wave's less the reflected."""
    for impedance in (0.5, 0.3 - 0.4j):
        reflected, taken = duct(impedances={5: 1.0, 6: impedance})
        assert reflected == pytest.approx((impedance - 1) / (impedance + 1) * np.exp(12j), abs=2e-4)
        assert -taken == pytest.approx(0.25**2 / (2 * MU0 * C0) * (1 - abs(reflected) ** 2), rel=1e-3)
    reflected, _ = duct(layers=[Layer(2, (-math.inf, 0.5), 0.5, 1e-2)], conductors=(1, 2, 6))
    assert abs(reflected) == pytest.approx(1e-2, rel=0.03)


@pytest.mark.slow
def test_iterations_have_the_derivatives_of_the_direct_solver():
    """First and second order, with the transposed system; and they do iterate."""
    direct, inputs = small_case(2)
    other, _ = small_case(2)
    for system in other.systems:
        system.options = ITERATIVE
    cotangents = {name: np.ones_like(value) for name, value in direct.forward(inputs).items()}
    check = check_solver(other, inputs, np.random.default_rng(2))
    assert check["passed"], str(check)
    for name, gradient in direct.adjoint(inputs, cotangents).items():
        np.testing.assert_allclose(other.adjoint(inputs, cotangents)[name], gradient, rtol=0, atol=1e-10 * np.abs(gradient).max())
    assert 1 < other.systems[0]._factorization[1]._ksp.getIterationNumber() < 30


@pytest.mark.slow
def test_a_cube_resonates_where_it_must():
    """Between conductors, ``k = pi sqrt(2)``; twice the order of the elements."""
    exact, errors = math.pi * math.sqrt(2), []
    shape = lambda x: as_vector((0.0, 0.0, sin(pi * x[0]) * sin(pi * x[1])))  # noqa: E731
    for n in (4, 8):
        mesh = UnitCubeMesh(n, n, n)
        k = exact * np.array([0.99, 0.995])
        solver = FemMaxwell(mesh, [frequency(f) for f in k], uniform(mesh), [current(shape, amplitude=-1j)],
                            {"response": integral(shape)}, conductors=SIDES)  # fmt: skip
        # The source has a factor k; near a lossless resonance the response over it is one over a line in k^2.
        inverse = k / solver.evaluate({})["response"][:, 0].real
        slope = (inverse[1] - inverse[0]) / (k[1] ** 2 - k[0] ** 2)
        errors.append(abs(math.sqrt(k[0] ** 2 - inverse[0] / slope) / exact - 1))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.8) and errors[1] < 2e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"degree": 0}, "degree: expected at least 1"),
        ({"conductors": (9,)}, "boundary tags"),
        ({"frequencies": [frequency(60.0)]}, "cells per wavelength"),
        ({"layers": [Layer(2, (-math.inf, 1.0), 0.4)]}, "inner of the layer along axis 2: expected ends within the mesh, between 0 and 1"),
        ({"layers": [Layer(0, (2.0, 3.0), 0.4)]}, "inner of the layer along axis 0"),
        ({"excitations": [incoming(5, (0, 0, 1), (0, 1, 1))]}, "polarization: expected a vector across"),
    ],
)
def test_refusals(change, message):
    mesh = UnitCubeMesh(2, 2, 2)
    arguments = {"frequencies": [frequency(2.0)], "excitations": [current(lambda x: as_vector((1.0, 0.0, 0.0)))], **change}
    with pytest.raises(InputError, match=message):
        FemMaxwell(mesh, arguments.pop("frequencies"), uniform(mesh), arguments.pop("excitations"),
                   {"e": integral(lambda x: as_vector((1.0, 0.0, 0.0)))}, **arguments)  # fmt: skip


@pytest.mark.slow
def test_a_slab_in_a_rectangular_guide():
    """S-parameters of TE10 through a dielectric block, against those of a line of another impedance (Pozar, section 2.4)."""
    wide, narrow, length = 0.5, 0.2, 1.0
    mesh = BoxMesh(6, 2, 16, wide, narrow, length)
    x = SpatialCoordinate(mesh)
    ends = [RectangularGuide(tag, (0.0, 0.0, z), (wide, 0.0, 0.0), (0.0, narrow, 0.0)) for tag, z in ((5, 0.0), (6, length))]
    frequencies = [1.3 * ends[0].cutoff, 1.7 * ends[0].cutoff]
    # From 0.375 to 0.625: where cells end.
    medium = Function(FunctionSpace(mesh, "DG", 0)).interpolate(1.0 + 1.2 * (abs(x[2] - 0.5) < 0.125))
    solver = FemMaxwell(
        mesh, frequencies, medium, [ends[0].incoming()], {"s11": ends[0].reflection(), "s21": ends[1].transmission(), "power": power(6)},
        degree=2, conductors=(1, 2, 3, 4), impedances={end.tag: end.impedance for end in ends},
    )  # fmt: skip
    found = solver.forward({})
    for i, f in enumerate(frequencies):
        k, across, thickness = 2 * math.pi * f / C0, math.pi / wide, 0.25
        outside, inside = math.sqrt(k**2 - across**2), math.sqrt(2.2 * k**2 - across**2)
        step = (outside - inside) / (outside + inside)
        there = np.exp(1j * inside * thickness)
        s11 = step * (1 - there**2) / (1 - step**2 * there**2) * np.exp(2j * outside * 0.375)
        s21 = (1 - step**2) * there / (1 - step**2 * there**2) * np.exp(2j * outside * 0.375)
        assert abs(found["s11"][i, 0] - s11) < 5e-3 and abs(found["s21"][i, 0] - s21) < 5e-3
        assert found["power"][i, 0] == pytest.approx(abs(s21) ** 2 * ends[0].power(f), rel=2e-2)
    with pytest.raises(InputError, match="frequency: expected above the cutoff of TE10"):
        ends[0].impedance(0.9 * ends[0].cutoff)
    with pytest.raises(InputError, match="narrow: expected a side at right angles"):
        RectangularGuide(5, (0, 0, 0), (1, 0, 0), (1, 1, 0))
