"""Waves in time: acoustic media against closed forms, energy, the limit of stability, checkpoint schedules, refusals."""

import math

import numpy as np
import pytest
from firedrake import (
    Function, FunctionSpace, RectangleMesh, SpatialCoordinate, UnitCubeMesh, UnitSquareMesh, as_vector, assemble, cos, div,
    dx, exp, grad, pi, sin,
)  # fmt: skip

from adjointdesign import solvers
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics import FemElastodynamics, Load, PointSource
from adjointdesign.solvers.fem_elastodynamics.wave import Scheme, Wave
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, solve
from adjointdesign.verification.dot_product import check_solver
from adjointdesign.verification.orders import observed_order

pytestmark = pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning:loopy")  # its index arithmetic, on hexahedra

MESHES = {
    "quadrilaterals": lambda n: UnitSquareMesh(n, n, quadrilateral=True),
    "triangles": lambda n: UnitSquareMesh(n, n),
    "tetrahedra": lambda n: UnitCubeMesh(n, n, n),
    "hexahedra": lambda n: UnitCubeMesh(n, n, n, hexahedral=True),
}


def bent(mesh):
    """The mesh with its inside moved, so that no cell is a parallelogram."""
    x = SpatialCoordinate(mesh)
    push = 0.06 * sin(pi * x[0]) * sin(pi * x[1])
    mesh.coordinates.interpolate(as_vector([x[0] + push, x[1] - push, *([x[2]] if len(x) == 3 else [])]))
    return mesh


def uniform(mesh, **values):
    space = FunctionSpace(mesh, "DG", 0)
    return {name: Function(space).assign(value) for name, value in values.items()}


def manufactured_error(mesh, degree, steps, duration=0.5):
    """Distance in L2 of the pressure from ``sin(t)^4 cos(2 x) sin(pi y) ...`` in a variable medium."""
    x = SpatialCoordinate(mesh)
    shape = cos(pi * x[0]) * sin(pi * x[1])
    if mesh.topological_dimension == 3:
        shape = shape * cos(pi * x[2])
    simplex = mesh.ufl_cell().cellname in ("triangle", "tetrahedron")
    high = FunctionSpace(mesh, "CG" if simplex else "Q", degree + 2)
    density, velocity = 1 + 0.3 * x[0] * x[1], 1 + 0.2 * x[1]
    medium = {"density": Function(high).interpolate(density), "velocity": Function(high).interpolate(velocity)}
    solver = FemElastodynamics(
        mesh, medium,
        [Load(lambda v: shape / (density * velocity**2) * v * dx(degree=3 * degree + 4),
              lambda t: 12 * np.sin(t) ** 2 * np.cos(t) ** 2 - 4 * np.sin(t) ** 4),
         Load(lambda v: -div(grad(shape) / density) * v * dx(degree=3 * degree + 4), lambda t: np.sin(t) ** 4)],
        [(0.5,) * mesh.topological_dimension], duration=duration, samples=1, time_step=duration / steps, degree=degree,
        fixed=[3, 4],
    )  # fmt: skip
    exact = math.sin(duration) ** 4 * shape
    return math.sqrt(assemble((solver.field({}, solver.program.steps) - exact) ** 2 * dx(degree=2 * degree + 4)))


@pytest.mark.slow
@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("cells", ["quadrilaterals", "triangles"])
def test_manufactured_pressure_converges_with_order_degree_plus_one(cells, degree):
    """The time step falls so much faster than the cells that its error stays small."""
    sizes = (6, 12, 24) if degree < 3 else (4, 8, 16)
    steps = [max(int(0.5 * (2 + degree**2) * n), int(0.6 * n ** ((degree + 1) / 2) * 4)) for n in sizes]
    errors = [manufactured_error(bent(MESHES[cells](n)), degree, s) for n, s in zip(sizes, steps)]
    assert observed_order([1 / n for n in sizes], errors).order == pytest.approx(degree + 1, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("cells", ["hexahedra", "tetrahedra"])
def test_three_dimensions_converge_too(cells):
    sizes = (2, 4, 8) if cells == "hexahedra" else (2, 4)
    errors = [manufactured_error(bent(MESHES[cells](n)), 2, 24 * n) for n in sizes]
    assert observed_order([1 / n for n in sizes], errors).order == pytest.approx(3, abs=0.35)


@pytest.mark.slow
def test_the_time_step_is_of_second_order():
    errors = [manufactured_error(UnitSquareMesh(8, 8, quadrilateral=True), 4, steps, 1.0) for steps in (100, 200, 400)]
    assert observed_order([1 / 100, 1 / 200, 1 / 400], errors).order == pytest.approx(2, abs=0.05)


def pulse(width, delay):
    return lambda t: np.exp(-(((t - delay) / width) ** 2))


def greens_function(s, times, distance, velocity, density):
    """Pressure of a line source in a plane without borders, ``rho/(2 pi) int s(t - (r/c) cosh q) dq``.

    Morse and Feshbach, Methods of Theoretical Physics, eq. 7.3.15, with ``t - t' = (r/c) cosh q``.
    """
    found, late = [], distance / velocity
    for t in times:
        if t <= late:
            found.append(0.0)
            continue
        q, weights = np.polynomial.legendre.leggauss(200)
        end = math.acosh(t / late)
        q = 0.5 * end * (q + 1)
        found.append(density / (2 * math.pi) * 0.5 * end * np.sum(weights * s(t - late * np.cosh(q))))
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize("quadrilateral", [True, False], ids=["quadrilaterals", "triangles"])
def test_a_line_source_sends_what_greens_function_says(quadrilateral):
    """Source and receivers anywhere in their cells, amplitude and shape, before the walls answer."""
    velocity, density, s = 2.0, 1.5, pulse(0.06, 0.25)
    mesh = RectangleMesh(16, 16, 2.0, 2.0, quadrilateral=quadrilateral)
    source, receivers = (0.97, 1.03), np.array([(1.31, 1.22), (0.6, 0.85)])
    solver = FemElastodynamics(
        mesh, uniform(mesh, velocity=velocity, density=density), [PointSource(source, s)], receivers, duration=0.75,
        samples=50, degree=4, time_step=2.5e-3,
    )  # fmt: skip
    found = solver.evaluate({})["seismograms"][:, 0]
    for trace, position in zip(found, receivers):
        exact = greens_function(s, solver.times, np.linalg.norm(position - source), velocity, density)
        assert np.linalg.norm(trace - exact) < 2e-3 * np.linalg.norm(exact)


def closed(fixed=(1,), cells=5, degree=3, **arguments):
    mesh = bent(UnitSquareMesh(cells, cells, quadrilateral=True))
    x, y = SpatialCoordinate(mesh)
    space = FunctionSpace(mesh, "DG", 0)
    medium = {"velocity": Function(space).interpolate(1 + x * y), "density": Function(space).interpolate(2 - x)}
    return FemElastodynamics(
        mesh, medium, [PointSource((0.3, 0.4), pulse(0.1, 0.3))], [(0.6, 0.7)], duration=1.0, degree=degree, fixed=fixed,
        **arguments,
    )  # fmt: skip


def system(solver):
    """The coefficients of a solver's default medium."""
    return solver._coefficients(solver._at_points(solver._full({})))


def test_energy_is_conserved_without_open_borders():
    """``v.M v / 2 + u(n+1).K u(n) / 2``, the invariant of leapfrog (Hairer, Lubich, Wanner 2003, Acta Numerica 12, 399)."""
    solver = closed()
    c, program = system(solver), solver.program
    scheme, wave, energies = Scheme(program, c), Wave(program), []
    push = program.sources.functionals(program.sources.positions, 0)
    for n in range(program.steps * 5):
        force = (push, program.dt**2 * solver.settings["source"][:, n]) if n < program.steps else None
        wave.step(scheme, force)
        rate = (wave.now - wave.before) / program.dt
        strain = program.physics.stress(c.stress, program.gradient(wave.before), None)
        energies.append(0.5 * np.sum(c.mass * rate**2) + 0.5 * np.sum(strain * program.gradient(wave.now)))
    after = np.array(energies[program.steps :])
    assert np.abs(after / after[0] - 1).max() < 1e-12


def largest_eigenvalue(solver):
    """Of the dense matrices, column by column."""
    c, program = system(solver), solver.program
    free = np.setdiff1d(np.arange(program.discretization.nodes), program.fixed)
    columns = []
    for node in free:
        unit = np.zeros((1, program.discretization.nodes))
        unit[0, node] = 1.0
        columns.append(program.divergence(program.physics.stress(c.stress, program.gradient(unit), None))[0, free])
    root = 1 / np.sqrt(c.mass[free])
    return np.linalg.eigvalsh(root[:, None] * np.array(columns) * root)[-1]


def test_the_limit_of_stability_is_that_of_the_matrices():
    solver = closed()
    assert solver.stable_step() == pytest.approx(2 / math.sqrt(largest_eigenvalue(solver)), rel=1e-3)


def test_the_limit_of_stability_is_one():
    """A little beyond it the wave grows without bound, a little below it does not."""
    limit = 2 / math.sqrt(largest_eigenvalue(closed()))
    sizes = []
    for factor in (0.999, 1.003):
        solver = closed()
        program = solver.program
        program.dt = factor * limit
        scheme, wave = Scheme(program, system(solver)), Wave(program)
        wave.now = np.random.default_rng(0).standard_normal(wave.now.shape)
        wave.now[:, program.fixed] = 0.0
        wave.before = wave.now.copy()
        for _ in range(1000):
            wave.step(scheme, None)
        sizes.append(np.abs(wave.now).max())
    assert sizes[0] < 100 and sizes[1] > 1e20


def test_an_open_border_lets_waves_leave():
    """A plane wave at normal incidence, in a duct: what comes back is as small as the error of the elements."""
    mesh = RectangleMesh(40, 1, 1.0, 0.025, quadrilateral=True)
    x, _ = SpatialCoordinate(mesh)
    source = [Load(lambda v: exp(-(((x - 0.5) / 0.03) ** 2)) * v * dx, lambda t: (t - 0.15) * pulse(0.04, 0.15)(t))]
    largest = []
    for sides in ([1, 2], []):
        solver = FemElastodynamics(
            mesh, uniform(mesh, velocity=1.5, density=0.8), source, [(0.7, 0.01)], duration=1.2, samples=120, degree=4,
            absorbing=sides,
        )  # fmt: skip
        trace = np.abs(solver.evaluate({})["seismograms"][0, 0])
        largest.append(trace[60:].max() / trace[:60].max())
    assert largest[0] < 2e-4 and largest[1] > 0.9


def misfit_and_gradients(schedule, budget):
    """Of the case of the registry, whose state has memory variables as well."""
    solver, inputs = solvers.small_case("fem_elastodynamics")
    solver.schedule, solver.memory_budget = schedule, budget
    results = []
    with recording():
        velocity = Array(inputs["p_velocity"])
        reading = solve(solver, p_velocity=velocity)["seismograms"]
        functional = ReducedFunctional((reading**2).sum(), Control(velocity))
    direction = Array(np.sin(np.arange(velocity.size)))
    results.append(functional.derivative().data)
    functional(Array(1.05 * inputs["p_velocity"]))
    results.append(functional.derivative().data)
    results.append(functional.hessian(direction).data)
    return solver.plan().name, results


@pytest.mark.slow
def test_every_schedule_gives_the_same_derivatives_also_at_another_medium():
    step = solvers.small_case("fem_elastodynamics")[0].footprint()
    small = 4 * step.state_bytes + 12 * step.step_bytes
    _, expected = misfit_and_gradients("memory", 2**30)
    assert misfit_and_gradients("auto", small)[0] == "revolve"
    for schedule in ("revolve", "disk"):
        name, found = misfit_and_gradients(schedule, small)
        assert name == schedule
        for a, b in zip(found, expected, strict=True):
            assert np.linalg.norm(a - b) <= 1e-13 * np.linalg.norm(b)


def test_positions_are_inputs():
    """A run with sources and receivers elsewhere is that of a solver made there; equal receivers read the same."""
    there = {"source_positions": np.array([(0.52, 0.61)]), "receiver_positions": np.array([(0.2, 0.3), (0.2, 0.3)])}
    solvers_made = []
    for source, receivers in (((0.3, 0.4), [(0.6, 0.7), (0.1, 0.2)]), ((0.52, 0.61), there["receiver_positions"])):
        mesh = UnitSquareMesh(4, 4)
        solvers_made.append(FemElastodynamics(
            mesh, uniform(mesh, velocity=1.0, density=1.0), [PointSource(source, pulse(0.1, 0.2))], receivers, duration=0.6,
            degree=2,
        ))  # fmt: skip
    moved, made = solvers_made[0].evaluate(there)["seismograms"], solvers_made[1].evaluate({})["seismograms"]
    assert np.array_equal(moved, made) and np.array_equal(made[0], made[1])
    with pytest.raises(InputError, match="expected a point of the mesh"):
        solvers_made[0].evaluate({"source_positions": np.array([(1.52, 0.61)])})


@pytest.mark.slow
@pytest.mark.parametrize("cells", list(MESHES))
def test_derivatives_are_exact_on_every_cell(cells):
    """The bulk modulus as the property, medium of a rough space, open and fixed sides."""
    mesh = bent(MESHES[cells](2))
    dimension, space = mesh.topological_dimension, FunctionSpace(mesh, "DG", 0)
    x = SpatialCoordinate(mesh)
    medium = {"bulk_modulus": Function(space).interpolate(1 + x[0]), "density": Function(space).interpolate(1 + x[1])}
    solver = FemElastodynamics(
        mesh, medium, [PointSource((0.3,) * dimension, pulse(0.2, 0.2)), PointSource((0.7, 0.6, 0.3)[:dimension])],
        [(0.6,) * dimension, (0.41, 0.8, 0.9)[:dimension]], duration=0.8, samples=8, time_step=0.03, degree=2,
        absorbing=[2, 4], fixed=[1],
    )  # fmt: skip
    inputs = {name: f.dat.data_ro.copy() for name, f in solver.functions.items()}
    rng = np.random.default_rng(1)
    inputs |= solver.settings | {"source": rng.standard_normal(solver.settings["source"].shape)}
    check = check_solver(solver, inputs, rng, largest_step=3e-3)
    assert check["passed"], str(check)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"medium": ("velocity",)}, "medium: expected .velocity, density."),
        ({"duration": 0.0}, "duration: expected a positive number of seconds"),
        ({"samples": 0}, "samples: expected at least 1"),
        ({"degree": 0}, "degree: expected at least 1, got 0"),
        ({"fixed": [7]}, "boundary tags: expected some of .1, 2, 3, 4."),
        ({"absorbing": [9]}, "boundary tags"),
        ({"receivers": [(1.5, 0.5)]}, "position of a source or receiver: expected a point of the mesh"),
        ({"receivers": [(0.5,)]}, "receivers: expected finite numbers of shape"),
        ({"sources": []}, "sources: expected at least one"),
        ({"sources": ["shot"]}, "sources: expected PointSource"),
        ({"schedule": "never"}, "schedule: expected one of auto"),
        ({"time_step": -1.0}, "time_step: expected a positive number"),
    ],
)
def test_refusals(change, message):
    mesh = UnitSquareMesh(2, 2, quadrilateral=True)
    names = change.pop("medium", ("velocity", "density"))
    arguments = {
        "sources": [PointSource((0.3, 0.4))], "receivers": [(0.5, 0.5)], "duration": 0.1, "degree": 2, **change
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        FemElastodynamics(mesh, uniform(mesh, **dict.fromkeys(names, 1.0)), **arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"velocity": 3.0}, "time_step: expected at most 0.0.* the limit of stability"),
        ({"velocity": -1.0}, "velocity: expected values above 0 in"),
        ({"density": math.nan}, "density: expected finite real numbers.*NaN"),
        ({"speed": 1.0}, "inputs: expected some of velocity, density, source, source_positions, receiver_positions"),
    ],
)
def test_wrong_inputs_are_refused(change, message):
    solver = closed()
    change = {name: np.full(25, value) for name, value in change.items()}
    with pytest.raises(InputError, match=message):
        solver.evaluate(change)


def test_equal_positions_are_each_one_source_and_one_receiver():
    """Two sources of half the strength at one point are the source, and a receiver that is named twice reads the same twice."""
    mesh = UnitSquareMesh(4, 4, quadrilateral=True)

    def readings(sources, receivers):
        solver = FemElastodynamics(mesh, uniform(mesh, velocity=1.0, density=1.0), sources, receivers, duration=0.5, samples=6, degree=2)
        return solver.forward(solver.settings)["seismograms"]

    place, ear, other = (0.3, 0.4), (0.7, 0.6), (0.2, 0.8)
    one = readings([PointSource(place, pulse(0.1, 0.2))], [ear])
    halves = [PointSource(place, lambda t: 0.5 * pulse(0.1, 0.2)(t))] * 2
    np.testing.assert_allclose(readings(halves, [ear, other, ear])[[0, 2]], one[[0, 0]], rtol=1e-12)
