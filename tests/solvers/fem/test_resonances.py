"""Metal guides and cavities: cutoff, propagation and decay, resonances, and what a change of shape does to them."""

import math

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from firedrake import (
    BoxMesh, DirichletBC, Function, FunctionSpace, Mesh, RectangleMesh, SpatialCoordinate, UnitDiskMesh, VectorFunctionSpace,
    as_vector, bessel_J, conditional, cos, pi, sin,
)  # fmt: skip
from scipy.special import jn_zeros

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.solvers import fem_helmholtz, fem_maxwell

J01 = float(jn_zeros(0, 1)[0])


def frequency(wavenumber):
    return wavenumber * C0 / (2 * math.pi)


def uniform(mesh):
    return Function(FunctionSpace(mesh, "DG", 0)).assign(1.0)


def within(coordinate, low, high):
    return conditional(coordinate > low, 1.0, 0.0) * conditional(coordinate < high, 1.0, 0.0)


def squared_constants(solver_class, mesh, wavenumbers, profile, axis, width=0.5, **arguments):
    """``beta^2`` of the wave that a source at one end of a closed guide drives, by wavenumber; the guide is four widths long.

    Amplitudes c of three slabs at equal distances d obey ``c1 + c3 = 2 c2 cos(beta d)``, whatever goes to and fro (and with
    an imaginary ``beta`` below cutoff, whatever decays), so no port and no exact mode come in.
    """
    module = fem_maxwell if solver_class is fem_maxwell.FemMaxwell else fem_helmholtz
    slabs = {
        str(i): module.integral(lambda x, i=i: within(x[axis], width * i, width * (i + 1)) * profile(x)) for i in (1, 2, 3)
    }
    source = module.current(lambda x: within(x[axis], 0.0, width) * profile(x), amplitude=-1j)
    solver = solver_class(mesh, [frequency(k) for k in wavenumbers], uniform(mesh), [source], slabs, degree=2, **arguments)
    found = solver.evaluate({})
    cosine = ((found["1"] + found["3"]) / (2 * found["2"]))[:, 0].real
    return (np.emath.arccos(cosine) / width).astype(complex) ** 2


PLANE = {
    # Polarization, profile across the guide, wavenumber of cutoff, walls.
    "ez": (lambda x: sin(pi * x[1]), math.pi, {"conductors": (1, 2, 3, 4)}),
    "hz": (lambda x: cos(pi * x[1]), math.pi, {"conductors": (1, 2, 3, 4)}),
    "hphi": (lambda x: bessel_J(1, J01 * x[0]), J01, {"conductors": (2, 3, 4), "magnetic_walls": (1,)}),
}


@pytest.mark.parametrize("polarization", PLANE)
def test_cutoff_of_plane_and_of_round_guides(polarization):
    """Pozar 2012, sections 3.2 and 3.4: ``beta^2 = k^2 - kc^2`` above and below cutoff (TE1, TM1 of plates; TM01 of a tube)."""
    profile, cutoff, walls = PLANE[polarization]
    wavenumbers, errors = np.array([1.5, 0.5]) * cutoff, []
    axis = 1 if polarization == "hphi" else 0
    for cells in (4, 8):
        mesh = RectangleMesh(*(2 * cells, cells)[:: 1 - 2 * axis], *(2.0, 1.0)[:: 1 - 2 * axis])
        found = squared_constants(
            fem_helmholtz.FemHelmholtz, mesh, wavenumbers, profile, axis, polarization=polarization, **walls
        )
        # beta^2 is negative below cutoff.
        errors.append(np.abs(np.sqrt(wavenumbers**2 - found.real) / cutoff - 1))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3) and np.max(errors[1]) < 4e-4


@pytest.mark.slow
def test_cutoff_of_a_rectangular_guide():
    """TE10 of a guide of 1 by 1/3 by edge elements."""
    wavenumbers, errors = np.array([1.3, 0.5]) * math.pi, []
    for cells in (3, 6):
        mesh = BoxMesh(cells, cells // 3, 8 * cells // 3, 1.0, 1 / 3, 8 / 3)
        found = squared_constants(
            fem_maxwell.FemMaxwell, mesh, wavenumbers, lambda x: as_vector((0.0, sin(pi * x[0]), 0.0)), 2, 2 / 3, conductors=(1, 2, 3, 4, 5, 6)
        )
        errors.append(np.abs(np.sqrt(wavenumbers**2 - found.real) / math.pi - 1))
    assert np.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.3) and np.max(errors[1]) < 1e-4


def resonance(make, expected, displacement):
    """Wavenumber at which the response to a source has its pole, and its derivative when the mesh moves, by the adjoint.

    The response over ``k`` is one over a line in ``k^2`` beside a resonance without loss; the source has a factor k.
    """
    k = expected * np.array([1 - 1e-3, 1 + 1e-3])
    solver = make([frequency(f) for f in k])

    def pole(response):
        inverse = k / response
        return anp.sqrt(k[0] ** 2 - inverse[0] * (k[1] ** 2 - k[0] ** 2) / (inverse[1] - inverse[0]))

    coordinates = solver.functions["coordinates"]
    inputs = {"coordinates": coordinates.dat.data_ro.copy()}
    response = solver.forward(inputs)["response"][:, 0].real
    gradient = solver.adjoint(inputs, {"response": grad(pole)(response)[:, None]})["coordinates"]
    moved = Function(coordinates.function_space()).interpolate(displacement(SpatialCoordinate(solver.mesh)))
    return pole(response), float(np.sum(gradient * moved.dat.data_ro))


def disk(refinement):
    """A disk of radius 1 with edges of degree 2 on its circle."""
    straight = UnitDiskMesh(refinement)
    space = VectorFunctionSpace(straight, "CG", 2)
    x = SpatialCoordinate(straight)
    places = Function(space).interpolate(x)
    DirichletBC(space, Function(space).interpolate(x / (x[0] ** 2 + x[1] ** 2) ** 0.5), "on_boundary").apply(places)
    return Mesh(places)


@pytest.mark.slow
def test_resonance_of_a_disk_and_its_derivative_with_the_radius():
    """``k = j01 / R`` (Jackson, section 8.7): the derivative is ``-k / R``, however the inside moves along."""
    errors = []
    shape = lambda x: bessel_J(0, J01 * (x[0] ** 2 + x[1] ** 2) ** 0.5)  # noqa: E731
    for refinement in (1, 2, 3):
        mesh = disk(refinement)
        found, slope = resonance(
            lambda f, mesh=mesh: fem_helmholtz.FemHelmholtz(
                mesh, f, uniform(mesh), [fem_helmholtz.current(shape, amplitude=-1j)], {"response": fem_helmholtz.integral(shape)},
                conductors=(1,), shape=True,
            ), J01, lambda x: x * (x[0] ** 2 + x[1] ** 2),
        )  # fmt: skip
        errors.append((abs(found / J01 - 1), abs(slope / -J01 - 1)))
    order = np.log2(np.array(errors[0]) / np.array(errors[2])) / 2
    assert order == pytest.approx(4, abs=0.3) and np.max(errors[2]) < 5e-6


@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_resonance_of_a_rectangle_and_its_derivative_with_a_side(polarization):
    a, b, errors = 1.0, 0.7, []
    exact = math.hypot(math.pi / a, math.pi / b)
    wave = sin if polarization == "ez" else cos
    shape = lambda x: wave(pi * x[0] / a) * wave(pi * x[1] / b)  # noqa: E731
    for cells in (4, 8):
        mesh = RectangleMesh(cells, cells, a, b)
        found, slope = resonance(
            lambda f, mesh=mesh: fem_helmholtz.FemHelmholtz(
                mesh, f, uniform(mesh), [fem_helmholtz.current(shape, amplitude=-1j)], {"response": fem_helmholtz.integral(shape)},
                polarization=polarization, conductors=(1, 2, 3, 4), shape=True,
            ), exact, lambda x: as_vector((x[0] ** 2 / a**2, 0.0)),
        )  # fmt: skip
        errors.append((abs(found / exact - 1), abs(slope / -(math.pi**2 / (a**3 * exact)) - 1)))
    assert np.log2(np.array(errors[0]) / np.array(errors[1])) == pytest.approx(4, abs=0.3) and np.max(errors[1]) < 2e-4


@pytest.mark.slow
def test_resonance_of_a_box_and_its_derivative_with_a_side():
    exact, errors = math.pi * math.sqrt(2), []
    shape = lambda x: as_vector((0.0, 0.0, sin(pi * x[0]) * sin(pi * x[1])))  # noqa: E731
    for cells in (3, 6):
        mesh = BoxMesh(cells, cells, cells // 3, 1.0, 1.0, 0.25)
        found, slope = resonance(
            lambda f, mesh=mesh: fem_maxwell.FemMaxwell(
                mesh, f, uniform(mesh), [fem_maxwell.current(shape, amplitude=-1j)], {"response": fem_maxwell.integral(shape)},
                conductors=(1, 2, 3, 4, 5, 6), shape=True,
            ), exact, lambda x: as_vector((x[0] ** 2, 0.0, 0.0)),
        )  # fmt: skip
        errors.append((abs(found / exact - 1), abs(slope / -(math.pi**2 / exact) - 1)))
    assert np.log2(np.array(errors[0]) / np.array(errors[1])) == pytest.approx(4, abs=0.3) and np.max(errors[1]) < 2e-4


def test_a_mesh_beyond_the_axis_is_refused():
    mesh = RectangleMesh(4, 4, 1.0, 1.0, -1.0, 0.0)
    with pytest.raises(InputError, match=r"r >= 0 for a body of revolution, got r = -1 m"):
        fem_helmholtz.FemHelmholtz(mesh, [frequency(1.0)], uniform(mesh), [fem_helmholtz.current(lambda x: 1.0)],
                                   {"h": fem_helmholtz.integral(lambda x: 1.0)}, polarization="hphi")  # fmt: skip
