"""Elastic waves in time, against closed forms: manufactured fields, P and S waves of lines of force, open borders, energy."""

import math

import numpy as np
import pytest
from firedrake import (
    Function, FunctionSpace, Identity, PeriodicRectangleMesh, RectangleMesh, SpatialCoordinate, UnitSquareMesh, as_vector,
    assemble, div, dot, dx, exp, grad, pi, sin, sym,
)  # fmt: skip
from scipy.special import hankel2
from test_elastodynamics import MESHES, bent, pulse, uniform

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics import FemElastodynamics, Load, MomentTensor, PointForce, PointSource
from adjointdesign.solvers.fem_elastodynamics.wave import Scheme, Wave
from adjointdesign.verification.dot_product import check_solver
from adjointdesign.verification.orders import observed_order

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning:loopy")


def manufactured_error(mesh, degree, steps, duration=0.5):
    """Distance in L2 of the displacement from ``sin(t)^4`` times a field that is zero on the boundary."""
    x = SpatialCoordinate(mesh)
    bubble = sin(pi * x[0]) * sin(pi * x[1])
    shape = as_vector([bubble, bubble * (1 - x[0])])
    simplex = mesh.ufl_cell().cellname == "triangle"
    high = FunctionSpace(mesh, "CG" if simplex else "Q", degree + 2)
    density, lame_lambda, lame_mu = 1 + 0.3 * x[0] * x[1], 1 + 0.2 * x[1], 0.6 - 0.2 * x[0]
    stress = lame_lambda * div(shape) * Identity(2) + 2 * lame_mu * sym(grad(shape))
    quadrature = dx(degree=3 * degree + 4)
    values = {"density": density, "lame_lambda": lame_lambda, "lame_mu": lame_mu}
    solver = FemElastodynamics(
        mesh, {name: Function(high).interpolate(value) for name, value in values.items()},
        [Load(lambda v: density * dot(shape, v) * quadrature,
              lambda t: 12 * np.sin(t) ** 2 * np.cos(t) ** 2 - 4 * np.sin(t) ** 4),
         Load(lambda v: -dot(div(stress), v) * quadrature, lambda t: np.sin(t) ** 4)],
        [(0.5, 0.5)], duration=duration, samples=1, time_step=duration / steps, degree=degree, fixed=[1, 2, 3, 4],
    )  # fmt: skip
    error = solver.field({}, solver.program.steps) - math.sin(duration) ** 4 * shape
    return math.sqrt(assemble(dot(error, error) * dx(degree=2 * degree + 4)))


@pytest.mark.slow
@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("cells", ["quadrilaterals", "triangles"])
def test_manufactured_displacement_converges_with_order_degree_plus_one(cells, degree):
    sizes = (6, 12, 24) if degree < 3 else (4, 8, 16)
    steps = [max(int(0.8 * (2 + degree**2) * n), int(2.4 * n ** ((degree + 1) / 2))) for n in sizes]
    errors = [manufactured_error(bent(MESHES[cells](n)), degree, s) for n, s in zip(sizes, steps)]
    assert observed_order([1 / n for n in sizes], errors).order == pytest.approx(degree + 1, abs=0.2)


SPEEDS = {"density": 1.5, "p_velocity": 2.0, "s_velocity": 1.1}
SOURCE, RECEIVERS = (0.97, 1.03), np.array([(1.31, 1.22), (0.6, 0.85), (0.97, 1.4)])


def recorded(source):
    mesh = RectangleMesh(20, 20, 2.0, 2.0, quadrilateral=True)
    solver = FemElastodynamics(
        mesh, uniform(mesh, **SPEEDS), [source], RECEIVERS, duration=0.8, samples=50, degree=4, time_step=2e-3
    )
    return solver.times, solver.evaluate({})["seismograms"]


def slope_of_potential(rate, times, distance, speed):
    """``d/dr`` of the field of a line source of unit strength, from the rate of its waveform (see `greens_function`)."""
    late, found = distance / speed, []
    nodes, weights = np.polynomial.legendre.leggauss(200)
    for t in times:
        end = math.acosh(max(t / late, 1.0))
        cosh = np.cosh(0.5 * end * (nodes + 1))
        found.append(-0.5 * end * np.sum(weights * cosh * rate(t - late * cosh)) / (2 * math.pi * speed))
    return np.array(found)


@pytest.mark.parametrize("kind", ["explosion", "torque"])
def test_couples_send_pure_p_and_pure_s_waves(kind):
    """``u = grad phi`` and ``u = curl psi``, each potential with Green's function of its own speed, near field included."""
    speed = SPEEDS["p_velocity" if kind == "explosion" else "s_velocity"]
    width, delay = 0.09, 0.32
    tensor = ((1, 0), (0, 1)) if kind == "explosion" else ((0, -1), (1, 0))
    times, found = recorded(MomentTensor(SOURCE, tensor, pulse(width, delay)))

    def rate(t):
        return -2 * (t - delay) / width**2 * np.exp(-(((t - delay) / width) ** 2))

    for trace, position in zip(found, RECEIVERS):
        away = position - SOURCE
        distance = np.linalg.norm(away)
        # rho phi'' = (lambda + 2 mu) lap phi - s delta, and rho psi'' = mu lap psi + s delta.
        slope = slope_of_potential(rate, times, distance, speed) / (SPEEDS["density"] * speed**2)
        along = -away / distance if kind == "explosion" else np.array([away[1], -away[0]]) / distance
        exact = along[:, None] * slope
        assert np.linalg.norm(trace - exact) < 5e-3 * np.linalg.norm(exact)


def stokes_in_two_dimensions(s, times, away, direction):
    """Displacement of a line force: inverse transform of Green's tensor for exp(i w t), w below the real axis.

    ``G = (i / (4 mu)) [-H(ks r) I + ...]`` by ``G_ij = (1 / (rho w^2)) [d_i d_j (g_s - g_p)] + g_s delta_ij / mu`` with
    ``g = -(i / 4) H_0^(2)(k r)`` (Eringen and Suhubi, Elastodynamics II, section 5.8).
    """
    count, step, damping = 4096, 4e-3, 1.5
    grid = step * np.arange(count)
    w = 2 * math.pi * np.fft.rfftfreq(count, step) - 1j * damping
    signal = np.fft.rfft(s(grid) * np.exp(-damping * grid)) * step
    r = np.linalg.norm(away)
    n = away / r
    density, mu = SPEEDS["density"], SPEEDS["density"] * SPEEDS["s_velocity"] ** 2

    def derivatives(k):
        """``g``, ``g'/r`` and ``g''`` of ``-(i/4) H0(k r)``."""
        first = 0.25j * k * hankel2(1, k * r)
        zero = -0.25j * hankel2(0, k * r)
        return zero, first / r, -(k**2) * zero - first / r

    ks, kp = w / SPEEDS["s_velocity"], w / SPEEDS["p_velocity"]
    (g, ps, ss), (_, pp, sp) = derivatives(ks), derivatives(kp)
    along, across = ss - sp, ps - pp
    result = []
    for i in range(2):
        tensor = sum(direction[j] * (along * n[i] * n[j] + across * ((i == j) - n[i] * n[j])) for j in range(2))
        transform = (tensor / (density * w**2) + direction[i] * g / mu) * signal
        trace = np.fft.irfft(transform, count) / step * np.exp(damping * grid)
        result.append(np.interp(times, grid, trace))
    return np.array(result)


def test_a_line_of_force_sends_what_stokes_tensor_says():
    direction, s = (1.0, 0.4), pulse(0.09, 0.32)
    times, found = recorded(PointForce(SOURCE, direction, s))
    for trace, position in zip(found, RECEIVERS):
        exact = stokes_in_two_dimensions(s, times, position - SOURCE, direction)
        assert np.linalg.norm(trace - exact) < 5e-3 * np.linalg.norm(exact)


def test_open_borders_let_p_and_s_waves_leave():
    """Plane waves at normal incidence, in a strip without sides; each with the impedance of its own speed."""
    mesh = PeriodicRectangleMesh(40, 3, 1.0, 0.075, direction="y", quadrilateral=True)
    x = SpatialCoordinate(mesh)
    speeds = {"density": 0.8, "p_velocity": 1.5, "s_velocity": 0.9}
    beam = exp(-(((x[0] - 0.5) / 0.04) ** 2))
    for component, late in ((0, 0.75), (1, 1.1)):
        source = Load(lambda v, c=component: beam * v[c] * dx, lambda t: (t - 0.15) * pulse(0.05, 0.15)(t))
        largest = []
        for sides in ([1, 2], []):
            solver = FemElastodynamics(
                mesh, uniform(mesh, **speeds), [source], [(0.7, 0.01)], duration=1.6, samples=160, degree=4, absorbing=sides
            )
            trace = np.abs(solver.evaluate({})["seismograms"][0, component])
            after = solver.times > late
            largest.append(trace[after].max() / trace[~after].max())
        assert largest[0] < 3e-4 and largest[1] > 0.9


MODULI = ("density", "lame_lambda", "lame_mu")


def rough(mesh):
    x = SpatialCoordinate(mesh)
    space = FunctionSpace(mesh, "DG", 0)
    return {n: Function(space).interpolate(v + 0.2 * x[i % 2]) for i, (n, v) in enumerate(zip(MODULI, (1.0, 2.0, 1.0)))}


def test_energy_is_conserved_without_open_borders():
    mesh = bent(UnitSquareMesh(4, 4))
    solver = FemElastodynamics(
        mesh, rough(mesh), [PointForce((0.3, 0.4), (1, 1), pulse(0.1, 0.3))], [(0.6, 0.7)], duration=1.0, degree=3, fixed=[1]
    )
    program = solver.program
    c = solver._coefficients(solver._at_points(solver._full({})))
    scheme, wave, energies = Scheme(program, c), Wave(program), []
    push = program.sources.functionals(program.sources.positions, 0)
    for n in range(program.steps * 4):
        force = (push, program.dt**2 * solver.settings["source"][:, n]) if n < program.steps else None
        wave.step(scheme, force)
        rate = (wave.now - wave.before) / program.dt
        stress = program.physics.stress(c.stress, program.gradient(wave.before), None)
        energies.append(0.5 * np.sum(c.mass * rate**2) + 0.5 * np.sum(stress * program.gradient(wave.now)))
    after = np.array(energies[program.steps :])
    assert np.abs(after / after[0] - 1).max() < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("cells", list(MESHES))
def test_derivatives_are_exact_on_every_cell(cells):
    """On open sides that are not along an axis, where the damping couples the components."""
    mesh = MESHES[cells](2)
    d = mesh.topological_dimension
    x = SpatialCoordinate(mesh)
    mesh.coordinates.interpolate(as_vector([x[0] + 0.2 * x[1], *(x[i] for i in range(1, d))]))
    tensor = np.arange(d * d).reshape(d, d) - 2.0
    solver = FemElastodynamics(
        mesh, rough(mesh), [PointForce((0.33, 0.3, 0.24)[:d], (1.0, 0.5, 0.2)[:d]), MomentTensor((0.75, 0.6, 0.3)[:d], tensor)],
        [(0.67, 0.6, 0.66)[:d], (0.41, 0.8, 0.9)[:d]], duration=0.5, samples=8, time_step=0.02, degree=2, absorbing=[1, 2, 4], fixed=[3],
    )  # fmt: skip
    rng = np.random.default_rng(1)
    inputs = {name: f.dat.data_ro.copy() for name, f in solver.functions.items()}
    inputs |= solver.settings | {"source": rng.standard_normal(solver.settings["source"].shape)}
    check = check_solver(solver, inputs, rng, largest_step=3e-3)
    assert check["passed"], str(check)


def test_positions_in_bent_cells():
    """Exact for forces; the third derivatives that a couple's second order needs are not to be had, and are refused."""
    mesh = bent(UnitSquareMesh(3, 3, quadrilateral=True))
    for source in (PointForce((0.2, 0.15), (1.0, 0.5), pulse(0.1, 0.2)), MomentTensor((0.2, 0.15), ((1, 0), (0, 1)), pulse(0.1, 0.2))):
        solver = FemElastodynamics(
            mesh, uniform(mesh, **SPEEDS), [source], [(0.83, 0.82)], duration=0.6, samples=6, time_step=0.02, degree=2
        )
        couple = isinstance(source, MomentTensor)
        rng = np.random.default_rng(0)
        check = check_solver(solver, solver.settings, rng, second_order=not couple, largest_step=3e-3)
        assert check["passed"], str(check)
        if couple:
            with pytest.raises(InputError, match="source_positions: expected cells with parallel sides"):
                solver.second_adjoint(solver.settings, solver.settings, {}, {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sources": [PointSource((0.3, 0.4))]}, "sources: expected PointForce, MomentTensor or Load"),
        ({"sources": [PointForce((0.3, 0.4), (1, 0, 0))]}, "direction of a source"),
        ({"sources": [MomentTensor((0.3, 0.4), (1, 0))]}, "tensor of a source"),
        ({"medium": (1.0, 1.0, 1.0)}, "bulk modulus of density, p_velocity, s_velocity: expected values above 0"),
        ({"medium": (1.0, 2.0, 0.0)}, "s_velocity: expected values above 0"),
    ],
)
def test_refusals(change, message):
    mesh = UnitSquareMesh(2, 2, quadrilateral=True)
    medium = dict(zip(("density", "p_velocity", "s_velocity"), change.pop("medium", (1.0, 2.0, 1.0))))
    arguments = {"sources": [PointForce((0.3, 0.4), (1, 0))], **change}
    with pytest.raises(InputError, match=message):
        FemElastodynamics(mesh, uniform(mesh, **medium), **arguments, receivers=[(0.5, 0.5)], duration=0.1, degree=2)
