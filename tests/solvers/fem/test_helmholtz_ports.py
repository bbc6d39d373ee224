"""Ports of the scalar solver: modes against closed forms, launches in straight guides, power, derivatives, ranks."""

import math

import numpy as np
import ports_case
import pytest
from firedrake import Function, FunctionSpace, RectangleMesh, SpatialCoordinate, conditional
from scipy.optimize import brentq
from scipy.special import jn_zeros

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, Port, amplitude, guided_modes, launch, power
from adjointdesign.verification.dot_product import check_solver

WAVELENGTH, HALF, CORE, CLADDING = 1.28e-6, 0.2e-6, 12.25, 2.25
K = 2 * math.pi / WAVELENGTH
FREQUENCY = C0 / WAVELENGTH


def slab(t):
    return np.where(abs(t) < HALF, CORE, CLADDING)


def air(t):
    return np.ones_like(t)


def effective_index(polarization, order):
    """Of a slab, from ``kappa tan(kappa w / 2) = ratio gamma`` and its like for odd modes (Snyder and Love, table 12-4)."""
    ratio = 1.0 if polarization == "ez" else CORE / CLADDING

    def mismatch(n):
        kappa, gamma = K * math.sqrt(CORE - n**2), K * math.sqrt(n**2 - CLADDING)
        s, c = math.sin(kappa * HALF), math.cos(kappa * HALF)
        return kappa * s - ratio * gamma * c if order == 0 else kappa * c + ratio * gamma * s

    # kappa w / 2 is below pi / 2 for the even mode, between pi / 2 and pi for the odd one.
    bounds = sorted((math.sqrt(max(CLADDING, CORE - (m * math.pi / 2 / HALF / K) ** 2)) for m in (order, order + 1)))
    return brentq(mismatch, bounds[0] + 1e-9, bounds[1] - 1e-9, xtol=1e-14)


@pytest.mark.parametrize("polarization", ["ez", "hz"])
@pytest.mark.parametrize("order", [0, 1])
def test_modes_of_a_slab(polarization, order):
    mode = guided_modes(FREQUENCY, slab, (-2e-6, 2e-6), 2, polarization=polarization, faces=(-HALF, HALF))[order]
    assert mode.beta / K == pytest.approx(effective_index(polarization, order), rel=1e-9)


def test_modes_of_metal_guides():
    """Plates (Ez), a round pipe (TM0n) and a coaxial line (TEM), whose loss is that of its filling."""
    a = 2e-6
    plates = guided_modes(FREQUENCY, air, (0.0, a), 3)
    np.testing.assert_allclose([m.beta**2 for m in plates], [K**2 - (n * math.pi / a) ** 2 for n in (1, 2, 3)], rtol=1e-10)
    pipe = guided_modes(FREQUENCY, air, (0.0, a), 2, polarization="hphi")
    np.testing.assert_allclose([m.beta**2 for m in pipe], K**2 - (jn_zeros(0, 2) / a) ** 2, rtol=1e-9)
    (line,) = guided_modes(FREQUENCY, lambda t: np.full_like(t, 2 + 0.1j, dtype=complex), (0.2 * a, a), 1, polarization="hphi")
    assert line.beta == pytest.approx(K * np.sqrt(2 + 0.1j), rel=1e-9)
    assert line(0.2 * a) / line(a) == pytest.approx(5, rel=1e-6)


def straight(cell, degree=2, polarization="ez", order=0, triangles=False):
    """Amplitudes (out, on, back, back at the end) over a guide in which a mode is launched along x."""
    layer, window, half = 0.48e-6, 0.72e-6, 0.8e-6
    sizes = half + layer, window + layer
    mesh = RectangleMesh(*(round(2 * s / cell) for s in sizes), *sizes, *(-s for s in sizes), quadrilateral=not triangles)
    _, y = SpatialCoordinate(mesh)
    permittivity = Function(FunctionSpace(mesh, "DG", 0)).interpolate(conditional(abs(y) < HALF, CORE, CLADDING))

    def port(x):
        return Port(0, x, (-window, window), slab, 0.16e-6, order, faces=(-HALF, HALF))

    near, far = port(-0.4e-6), port(0.6e-6)
    readings = {"out": amplitude(near, 1), "on": amplitude(far, 1), "back": amplitude(near, -1), "end": amplitude(far, -1)}
    solver = FemHelmholtz(
        mesh, [FREQUENCY], permittivity, [launch(port(-0.64e-6), 1)], readings, polarization=polarization, degree=degree,
        layers=[Layer(0, (-half, half), layer, 10 ** (-8 / 3)), Layer(1, (-window, window), layer, 10 ** (-8 / 1.5))],
    )  # fmt: skip
    return {name: value[0, 0] for name, value in solver.evaluate({}).items()}


@pytest.mark.slow
@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_a_mode_goes_one_way_only(polarization):
    """Unit power on, all of it, and nothing back, with twice the order of the elements."""
    coarse, fine = (straight(cell, polarization=polarization) for cell in (40e-9, 20e-9))
    for found in (coarse, fine):
        assert abs(found["on"] / found["out"]) == pytest.approx(1, abs=1e-5)
    assert 20 * math.log10(abs(coarse["back"])) < -70 and abs(coarse["end"]) < 1e-3
    for gone in ("back", "end"):
        assert abs(coarse[gone] / fine[gone]) == pytest.approx(2**4, rel=0.1)
    assert (1 - abs(coarse["out"])) / (1 - abs(fine["out"])) == pytest.approx(2**4, rel=0.1)
    assert abs(coarse["out"]) == pytest.approx(1, abs=1e-3)
    # Phases are the mode's, from the launch to lines 0.24 and 1.24 um away.
    beta = effective_index(polarization, 0) * K
    expected = np.exp(1j * beta * np.array([0.24e-6, 1.24e-6]))
    np.testing.assert_allclose([fine["out"], fine["on"]], expected, atol=4e-4)


@pytest.mark.slow
def test_the_next_mode_goes_alone_on_triangles_too():
    found = straight(40e-9, order=1, triangles=True)
    assert abs(found["out"]) == pytest.approx(1, abs=2e-3) and abs(found["back"]) < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("polarization", ["hz", "hphi"])
def test_a_launched_mode_carries_unit_power(polarization):
    """Between plates, and in a coaxial line: the power through the ends, which absorb this wave, is 1 and 0."""
    inner = 0.3e-6 if polarization == "hphi" else 0.0
    mesh = RectangleMesh(10, 30, inner + 0.8e-6, 3e-6, inner, 0.0, quadrilateral=True)
    vacuum = Function(FunctionSpace(mesh, "DG", 0)).assign(1.0)
    port = Port(1, 1.5e-6, (inner, inner + 0.8e-6), air, 0.3e-6)
    solver = FemHelmholtz(
        mesh, [FREQUENCY], vacuum, [launch(port, 1), launch(port, -1, 2j)], {"up": power(4), "down": power(3)}, polarization=polarization,
        degree=3, conductors=(1, 2), impedances={3: 1.0, 4: 1.0},
    )  # fmt: skip
    found = solver.evaluate({})
    np.testing.assert_allclose(found["up"][0], [1, 0], atol=5e-3)
    np.testing.assert_allclose(found["down"][0], [0, 4], atol=2e-2)


@pytest.mark.slow
def test_derivatives_in_medium_and_shape_are_exact():
    solver, inputs = ports_case.small_case(1, shape=True)
    check = check_solver(solver, inputs, np.random.default_rng(0))
    assert set(inputs) == {"permittivity", "coordinates"} and check["passed"], str(check)


GUIDE = {"axis": 0, "position": 0.5e-6, "window": (0.0, 1e-6), "permittivity": air, "width": 0.2e-6}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"axis": 2}, "axis: expected 0 or 1"),
        ({"width": 0.0}, "position and width: expected"),
        ({"window": (1e-6, 0.0)}, "window: expected the low and the high end"),
        ({"order": -1}, "order: expected an integer from 0"),
        ({"walls": ("electric", "none")}, "walls: expected two of electric, magnetic"),
        ({"order": 3}, r"mode order: expected at most 0 .the guide carries 1 propagating"),
        ({"position": 0.95e-6}, "port: expected its strip between 0 and 8e-07 m"),
        ({"window": (0.0, 2e-6)}, "port: expected its window between 0 and 1e-06 m"),
        ({"permittivity": lambda t: np.nan * t}, "permittivity: expected finite numbers"),
    ],
)
def test_refusals(change, message):
    mesh = RectangleMesh(10, 10, 1e-6, 1e-6)
    with pytest.raises(InputError, match=message):
        FemHelmholtz(
            mesh, [FREQUENCY], Function(FunctionSpace(mesh, "DG", 0)).assign(1.0), [launch(Port(**{**GUIDE, **change}), 1)],
            {"a": amplitude(Port(**GUIDE), 1)}, layers=[Layer(0, (-math.inf, 0.8e-6), 0.2e-6)],
        )  # fmt: skip
