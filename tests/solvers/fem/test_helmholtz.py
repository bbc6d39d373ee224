"""The scalar frequency-domain solver against closed forms: manufactured fields, reflection, resonances, cylinders."""

import math

import numpy as np
import pytest
from firedrake import (
    Function, FunctionSpace, RectangleMesh, SpatialCoordinate, UnitSquareMesh, assemble, conditional, cos, div, ds, dx, exp, grad, pi, sin,
)  # fmt: skip
from scipy.optimize import brentq
from scipy.special import h1vp, hankel1, jn_zeros, jv, jvp

from adjointdesign.constants import C0, EPS0, MU0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_helmholtz import (
    FemHelmholtz, Layer, current, incoming, integral, power, scattered,
)  # fmt: skip
from adjointdesign.solvers.fem_linear import Complex
from adjointdesign.verification.orders import observed_order


def frequency(wavenumber):
    return wavenumber * C0 / (2 * math.pi)


def uniform(mesh, value=1.0):
    return Function(FunctionSpace(mesh, "DG", 0)).assign(value)


SIDES = (1, 2, 3, 4)


def manufactured_error(polarization, degree, n, quadrilateral):
    """Distance in L2 from a complex field in a lossy medium, all of the square, that obeys the walls' conditions."""
    mesh = UnitSquareMesh(n, n, quadrilateral=quadrilateral)
    x, y = SpatialCoordinate(mesh)
    k = 3.0
    eps, loss = 1.5 + 0.5 * x * y, 0.4 + 0.2 * y
    medium = Complex(eps, loss)
    if polarization == "ez":
        exact = Complex(1.0, 2.0) * (sin(pi * x) * sin(pi * y)) + Complex(0.0, 1.0) * (sin(2 * pi * x) * sin(pi * y))
        alpha, beta, walls = Complex(1.0, 0.0), medium, {"conductors": SIDES}
        residual = -alpha * exact.map(lambda u: div(grad(u))) - beta * exact * k**2
        constant = MU0 * C0
    elif polarization == "hz":
        exact = Complex(1.0, 2.0) * (cos(pi * x) * cos(pi * y)) + Complex(0.0, 1.0) * cos(2 * pi * x)
        alpha, beta, walls = medium.inverse(), Complex(1.0, 0.0), {"conductors": SIDES}
        residual = -(alpha.product(exact.map(grad), lambda a, b: a * b)).map(div) - beta * exact * k**2
        constant = EPS0 * C0
    else:  # r H has no slope at r = 1, H vanishes on the axis
        exact = Complex(1.0, 2.0) * (x * (3 - 2 * x) * cos(pi * y))
        alpha, walls = medium.inverse(), {"conductors": (2, 3, 4), "magnetic_walls": (1,)}
        across = alpha * exact.map(lambda u: u.dx(1))
        along = alpha * exact.map(lambda u: (x * u).dx(0) / x)
        residual = -across.map(lambda u: u.dx(1)) - along.map(lambda u: u.dx(0)) - exact * k**2
        constant = EPS0 * C0
    fine = FunctionSpace(mesh, "Q" if quadrilateral else "CG", degree + 3)
    solver = FemHelmholtz(
        mesh, [frequency(k)], Function(fine).interpolate(eps),
        [current(lambda _: residual * (1 / (k * constant)), amplitude=-1j)],
        {"error": lambda setting, u: ((u - exact).re ** 2 + (u - exact).im ** 2) * dx},
        polarization=polarization, degree=degree, loss=Function(fine).interpolate(loss), **walls,
    )  # fmt: skip
    return math.sqrt(solver.evaluate({})["error"][0, 0])


@pytest.mark.slow
@pytest.mark.parametrize("polarization", ["ez", "hz", "hphi"])
@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("quadrilateral", [False, True], ids=["triangles", "quadrilaterals"])
def test_manufactured_fields_converge_with_order_degree_plus_one(polarization, degree, quadrilateral):
    cells = (8, 16, 32) if degree < 3 else (6, 12, 24)
    errors = [manufactured_error(polarization, degree, n, quadrilateral) for n in cells]
    assert observed_order([1 / n for n in cells], errors).order == pytest.approx(degree + 1, abs=0.25)


def reflection(n=40, degree=3, **arguments):
    """Of a wave at normal incidence on what lies at the far end of a duct of unit length."""
    mesh = RectangleMesh(n, 1, 1.0, 1.0 / n)
    arguments = {"impedances": {1: 1.0}, **arguments}
    solver = FemHelmholtz(
        mesh, [frequency(20.0)], uniform(mesh), [incoming(1, (1.0, 0.0))],
        {"total": integral(lambda x: n, measure=ds(1))}, degree=degree, **arguments,
    )  # fmt: skip
    return solver.evaluate({})["total"][0, 0] - 1


@pytest.mark.parametrize("polarization", ["ez", "hz"])
@pytest.mark.parametrize("impedance", [0.5, 2.0, 0.3 - 0.4j])
def test_an_impedance_reflects_as_it_must(polarization, impedance):
    """``(Z - 1) / (Z + 1)`` for the electric field, the opposite for the magnetic one."""
    expected = (impedance - 1) / (impedance + 1) * (1 if polarization == "ez" else -1) * np.exp(40j)
    assert reflection(polarization=polarization, impedances={1: 1.0, 2: impedance}) == pytest.approx(expected, abs=2e-5)


@pytest.mark.slow
@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_a_layer_absorbs(polarization):
    """Below the reflection that it is made for plus that of the mesh, which falls with it."""
    layer = [Layer(0, (-math.inf, 0.5), 0.5, 1e-6)]
    end = {"conductors": (2,)}
    found = [abs(reflection(n, 3, polarization=polarization, layers=layer, **end)) for n in (20, 40, 80)]
    assert found[-1] < 3e-6
    assert abs(reflection(80, 3, polarization=polarization, layers=[Layer(0, (-math.inf, 0.5), 0.5, 1e-3)], **end)) == (
        pytest.approx(1e-3, rel=0.02)
    )


def test_power_is_what_the_wave_carries():
    """``|E|^2 / (2 Z0)`` per area; what a lossy slab takes is what goes in less what goes out."""
    mesh = RectangleMesh(60, 1, 1.0, 0.1)
    x, _ = SpatialCoordinate(mesh)
    loss = Function(FunctionSpace(mesh, "DG", 0)).interpolate(conditional(abs(x - 0.5) < 0.2, 0.3, 0.0))
    k = 20.0
    solver = FemHelmholtz(
        mesh, [frequency(k)], uniform(mesh), [incoming(1, (1.0, 0.0))],
        {
            "in": power(1), "out": power(2),
            "taken": lambda setting, u: 0.5 * k / (MU0 * C0) * loss * (u.re**2 + u.im**2) * dx,
            "total": integral(lambda x: 10.0, measure=ds(1)),
        },
        degree=3, loss=loss, impedances={1: 1.0, 2: 1.0},
    )  # fmt: skip
    found = {name: value[0, 0] for name, value in solver.evaluate({}).items()}
    carried = 0.1 / (2 * MU0 * C0)
    assert -found["in"] == pytest.approx(carried * (1 - abs(found["total"] - 1) ** 2), rel=1e-4)
    assert -found["in"] == pytest.approx(found["out"] + found["taken"], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("polarization", ["ez", "hphi"])
def test_cavities_resonate_where_they_must(polarization):
    """A square with conducting walls (Ez), ``k = pi sqrt(2)``, and a pillbox (TM010), ``k a = j01``; order 2 p = 4."""
    exact = math.pi * math.sqrt(2) if polarization == "ez" else jn_zeros(0, 1)[0]
    walls = {"conductors": SIDES} if polarization == "ez" else {"conductors": (2, 3, 4), "magnetic_walls": (1,)}
    errors = []
    for n in (4, 8, 16):
        mesh = UnitSquareMesh(n, n)
        shape = (lambda x: sin(pi * x[0]) * sin(pi * x[1])) if polarization == "ez" else (lambda x: x[0] * (3 - 2 * x[0]))
        solver = FemHelmholtz(
            mesh, [frequency(exact * s) for s in (0.999, 0.9995)], uniform(mesh), [current(shape, amplitude=-1j)],
            {"response": integral(shape)}, polarization=polarization, degree=2, **walls,
        )  # fmt: skip
        k = np.array([exact * s for s in (0.999, 0.9995)])
        # The source has a factor k; near a lossless resonance the response over it is one over a line in k^2.
        inverse = k / solver.evaluate({})["response"][:, 0].real
        slope = (inverse[1] - inverse[0]) / (k[1] ** 2 - k[0] ** 2)
        errors.append(abs(math.sqrt(k[0] ** 2 - inverse[0] / slope) / exact - 1))
    assert observed_order([1 / n for n in (4, 8)], errors[:2]).order == pytest.approx(4, abs=0.4)
    assert errors[-1] < 2e-5


RADIUS, INDEX, K = 0.3, 2.0, 6.0


def cylinder_mesh(n):
    """A square of side 2 around the origin whose cells fit a circle: squares around the center are bent into circles."""
    mesh = RectangleMesh(n, n, 1.0, 1.0, -1.0, -1.0, diagonal="crossed")
    xy = mesh.coordinates.dat.data_ro.copy()
    size, radius = np.abs(xy).max(axis=1), np.hypot(*xy.T)
    # Round at the cylinder's surface, square at the center and where the absorbing layers begin.
    round_part = np.clip(np.where(size <= RADIUS, size / RADIUS, (0.6 - size) / (0.6 - RADIUS)), 0.0, 1.0)
    scale = 1 + round_part * (np.divide(size, radius, out=np.ones_like(size), where=radius > 0) - 1)
    mesh.coordinates.dat.data_wo[...] = xy * scale[:, None]
    return mesh


def cylinder_series(polarization, points):
    """Scattered field outside of a dielectric cylinder in a wave ``exp(i k x)`` (Bohren and Huffman, section 8.4)."""
    ratio = INDEX if polarization == "ez" else 1 / INDEX
    m = np.arange(-20, 21)
    x, y = K * RADIUS, K * RADIUS * INDEX
    above = jvp(m, x) * jv(m, y) - ratio * jv(m, x) * jvp(m, y)
    below = ratio * hankel1(m, x) * jvp(m, y) - h1vp(m, x) * jv(m, y)
    r, phi = np.hypot(*points.T), np.arctan2(points[:, 1], points[:, 0])
    return sum(
        1j**order * a / b * hankel1(order, K * r) * np.exp(1j * order * phi) for order, a, b in zip(m, above, below, strict=True)
    )


@pytest.mark.slow
@pytest.mark.parametrize("polarization", ["ez", "hz"])
def test_cylinder_scatters_as_the_series_says(polarization):
    """Second order, since the cells' straight edges approximate the circle to second order."""
    errors = []
    for n in (20, 40, 80):
        mesh = cylinder_mesh(n)
        x, y = SpatialCoordinate(mesh)
        inside = conditional(x**2 + y**2 < RADIUS**2, INDEX**2, 1.0)
        permittivity = Function(FunctionSpace(mesh, "DG", 0)).interpolate(inside)
        nodes = FunctionSpace(mesh, "CG", 2)
        places = np.stack([Function(nodes).interpolate(c).dat.data_ro for c in (x, y)], axis=1)
        series = cylinder_series(polarization, np.where(np.hypot(*places.T)[:, None] > 0.2, places, 1.0))
        exact = Complex(Function(nodes), Function(nodes))
        exact.re.dat.data_wo[...], exact.im.dat.data_wo[...] = series.real, series.imag
        ring = conditional(x**2 + y**2 > 0.4**2, 1.0, 0.0) * conditional(abs(x) + abs(y) < 0.6, 1.0, 0.0)
        solver = FemHelmholtz(
            mesh, [frequency(K)], permittivity, [scattered((1.0, 0.0))],
            {
                "error": lambda _, u, e=exact, w=ring: ((u - e).re ** 2 + (u - e).im ** 2) * w * dx(degree=6),
            },
            polarization=polarization, degree=2, layers=[Layer(0, (-0.6, 0.6), 0.4), Layer(1, (-0.6, 0.6), 0.4)],
        )  # fmt: skip
        size = assemble((exact.re**2 + exact.im**2) * ring * dx(degree=6))
        errors.append(math.sqrt(solver.evaluate({})["error"][0, 0] / size))
    assert observed_order([1, 1 / 2, 1 / 4], errors).order == pytest.approx(2, abs=0.35), errors
    assert errors[-1] < 5e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"polarization": "ex"}, "polarization: expected one of ez, hz, hphi"),
        ({"conductors": (7,)}, "boundary tags: expected some of .1, 2, 3, 4."),
        ({"frequencies": [-1.0]}, "frequencies: expected positive numbers"),
        ({"frequencies": [frequency(60.0)]}, "mesh: expected at least 2.5 cells per wavelength.*got"),
        ({"layers": [Layer(2, (0, 1), 1.0)]}, "layers: expected at most one an axis"),
    ],
)
def test_refusals(change, message):
    mesh = UnitSquareMesh(8, 8)
    arguments = {"frequencies": [frequency(3.0)], **change}
    with pytest.raises(InputError, match=message):
        FemHelmholtz(mesh, arguments.pop("frequencies"), uniform(mesh), [current(lambda x: 1.0)],
                     {"u": integral(lambda x: 1.0)}, **arguments)  # fmt: skip


def test_a_cavity_at_resonance_is_refused():
    """At the discrete resonance, found first, the system is singular: no answer is better than any number."""
    mesh = UnitSquareMesh(8, 8)

    def response(k):
        return 1 / solve_cavity(mesh, k)["response"][0, 0].real

    exact = math.pi * math.sqrt(2)
    with pytest.raises(InputError, match="linear system: expected one with a unique solution"):
        solve_cavity(mesh, brentq(response, 0.999 * exact, 1.002 * exact, xtol=1e-16, rtol=1e-15))


def solve_cavity(mesh, k):
    shape = lambda x: sin(pi * x[0]) * sin(pi * x[1])  # noqa: E731
    solver = FemHelmholtz(mesh, [frequency(k)], uniform(mesh), [current(shape, amplitude=-1j)],
                          {"response": integral(shape)}, conductors=SIDES)  # fmt: skip
    return solver.evaluate({})


@pytest.mark.slow
@pytest.mark.parametrize("impedance", [1.0, -0.5j])
def test_walls_of_an_impedance_go_on_into_the_layers(impedance):
    """Where the layers at the sides begin does not matter, also to the wave that an inductive wall guides."""
    found = []
    for half in (1.25, 1.5):
        mesh = RectangleMesh(int(16 * (half + 1)), 16, half + 1, 2.0, -half - 1, 0.0, quadrilateral=True)
        solver = FemHelmholtz(
            mesh, [C0], uniform(mesh), [current(lambda x: exp(-(x[0] ** 2 + (x[1] - 0.25) ** 2) / 0.01))],
            {"away": integral(lambda x: exp(-((x[0] - 0.9) ** 2 + (x[1] - 0.25) ** 2) / 0.01))}, polarization="hz", degree=3,
            layers=[Layer(0, (-half, half), 1.0, 1e-6), Layer(1, (-math.inf, 1.0), 1.0, 1e-6)], impedances={3: impedance},
        )  # fmt: skip
        found.append(solver.evaluate({})["away"][0, 0])
    assert found[0] == pytest.approx(found[1], rel=1e-4)
