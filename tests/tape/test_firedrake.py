"""Bridges between Firedrake's functions and arrays, on the tape and across two engines."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("firedrake")

from firedrake import (  # noqa: E402
    DirichletBC, Function, FunctionSpace, LinearVariationalProblem, LinearVariationalSolver, RectangleMesh, SpatialCoordinate,
    TestFunction, TrialFunction, UnitSquareMesh, VectorFunctionSpace, as_vector, assemble, dx, exp, grad, inner, sin,
)  # fmt: skip

from adjointdesign import solvers  # noqa: E402
from adjointdesign.errors import InputError  # noqa: E402
from adjointdesign.solvers.fem_diffusion import FemDiffusion, HelmholtzFilter  # noqa: E402
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, solve  # noqa: E402
from adjointdesign.tape import firedrake as bridge  # noqa: E402
from adjointdesign.verification.taylor import taylor_test  # noqa: E402

ALLOW = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMP_NUM_THREADS": "1",
}
RNG = np.random.default_rng(5)
AXES = [np.linspace(0, 1, 7), np.linspace(0, 1, 5) ** 1.3]


def taylor(functional, m, direction):
    first, second = (taylor_test(functional, m, direction, order=order) for order in (1, 2))
    assert first.passed, str(first)
    assert second.passed, str(second)


def test_function_to_array_and_back_with_forms_of_firedrake_between():
    """A product of our arrays between two assembled forms of firedrake.adjoint."""
    mesh = UnitSquareMesh(4, 4)
    space = FunctionSpace(mesh, "CG", 2)
    x, y = SpatialCoordinate(mesh)
    start = Function(space).interpolate(1 + x * y)
    with recording() as tape:
        values = bridge.array(start)
        squared = bridge.function(values * values, space)
        total = assemble(exp(squared) * start * dx)
    functional = ReducedFunctional(total, Control(start), tape=tape)
    direction = Function(space).interpolate(sin(3 * x) + y)
    other = Function(space).interpolate(0.5 + y)
    assert functional(other) == pytest.approx(assemble(exp(other**2) * other * dx), rel=1e-3)
    expected = assemble(exp(start**2) * (2 * start**2 + 1) * direction * dx)
    functional(start)
    assert functional.derivative().dat.data_ro @ direction.dat.data_ro == pytest.approx(expected, rel=2e-3)
    steps = [1e-2, 5e-3, 2.5e-3]
    slope = functional.derivative().dat.data_ro @ direction.dat.data_ro
    curvature = functional.hessian(direction).dat.data_ro @ direction.dat.data_ro

    def at(h):
        moved = Function(space)
        moved.dat.data_wo[...] = start.dat.data_ro + h * direction.dat.data_ro
        return float(functional(moved))

    base = at(0.0)
    rest = [abs(at(h) - base - h * slope - h**2 / 2 * curvature) for h in steps]
    assert np.log2(rest[0] / rest[1]) == pytest.approx(3, abs=0.1) and np.log2(rest[1] / rest[2]) == pytest.approx(3, abs=0.1)


def test_a_solver_with_a_constant_matrix_follows_every_functional():
    """Firedrake's solver that several functionals share: by itself it keeps a matrix of another point, values and all."""
    space = FunctionSpace(UnitSquareMesh(3, 3), "CG", 1)
    conductivity, heat = Function(space).assign(2.0), Function(space)
    u, v = TrialFunction(space), TestFunction(space)
    with recording() as tape:
        k = Function(space).assign(conductivity)
        problem = LinearVariationalProblem(
            k * inner(grad(u), grad(v)) * dx, v * dx, heat, bcs=DirichletBC(space, 0.0, "on_boundary"), constant_jacobian=True
        )
        LinearVariationalSolver(problem).solve()
        linear, square = assemble(heat * dx), assemble(heat**2 * dx)
    one = Function(space).assign(1.0)
    for power, total in ((1, linear), (2, square)):
        functional = ReducedFunctional(total, Control(conductivity), tape=tape)
        for k in (4.0, 1.0, 2.0):
            scale = total * (2 / k) ** power
            assert functional(Function(space).assign(k)) == pytest.approx(scale, rel=1e-12)
            assert functional.derivative().dat.data_ro.sum() == pytest.approx(-power * scale / k, rel=1e-12)
            assert functional.hessian(one).dat.data_ro.sum() == pytest.approx(power * (power + 1) * scale / k**2, rel=1e-12)


@pytest.mark.parametrize("family,degree", [("CG", 2), ("DG", 0), ("DQ", 1)])
def test_from_grid_is_the_linear_interpolant(family, degree):
    mesh = UnitSquareMesh(4, 4, quadrilateral=family == "DQ")
    space = FunctionSpace(mesh, family, degree)
    x, y = np.meshgrid(*AXES, indexing="ij")
    found = bridge.from_grid(Array(1 + 2 * x - 3 * y), AXES, space)
    xs, ys = (Function(space).interpolate(c).dat.data_ro for c in SpatialCoordinate(mesh))
    np.testing.assert_allclose(found.data, 1 + 2 * xs - 3 * ys, atol=1e-13)
    half = bridge.from_grid(Array(np.ones((2, 2))), [[0.0, 0.5], [0.0, 1.0]], space, outside=7.0)
    np.testing.assert_allclose(half.data, np.where(xs <= 0.5 + 1e-9, 1.0, 7.0), rtol=1e-14)


def test_from_cells_is_constant_on_cells():
    mesh = UnitSquareMesh(4, 4, quadrilateral=True)
    space = FunctionSpace(mesh, "DG", 0)
    pixels = RNG.uniform(0, 1, (3, 2))
    found = bridge.from_cells(Array(pixels), [[0.0, 0.25, 0.5, 0.75], [0.0, 0.5, 1.0]], space, outside=7.0)
    xs, ys = (Function(space).interpolate(c).dat.data_ro for c in SpatialCoordinate(mesh))
    expected = [7.0 if x > 0.75 else pixels[int(x // 0.25), int(y // 0.5)] for x, y in zip(xs, ys, strict=True)]
    np.testing.assert_allclose(found.data, expected, rtol=1e-14)


def test_samples_are_values_of_the_function():
    mesh = UnitSquareMesh(3, 3)
    points = RNG.uniform(0.01, 0.99, (11, 2))
    x, y = SpatialCoordinate(mesh)
    scalar, vector = FunctionSpace(mesh, "CG", 2), VectorFunctionSpace(mesh, "CG", 2)
    found = bridge.samples(bridge.array(Function(scalar).interpolate(x * y)), scalar, points)
    np.testing.assert_allclose(found.data, points[:, 0] * points[:, 1], atol=1e-13)
    found = bridge.samples(bridge.array(Function(vector).interpolate(as_vector([x * y, x]))), vector, points)
    np.testing.assert_allclose(found.data, np.stack([points[:, 0] * points[:, 1], points[:, 0]], axis=1), atol=1e-13)


def test_a_filter_of_elements_feeds_the_time_domain_and_both_readings_meet():
    """Density on a grid -> mesh -> Helmholtz filter -> FDTD and diffusion -> one objective, to second order."""
    fdtd, inputs = solvers.small_case("fdtd_maxwell")
    shape = inputs["permittivity_z"].shape
    mesh = RectangleMesh(8, 8, 1.0, 1.0)
    cells, nodes = FunctionSpace(mesh, "DG", 0), FunctionSpace(mesh, "CG", 1)
    smear = HelmholtzFilter(cells, nodes, 0.3)
    diffusion = FemDiffusion(
        mesh, 1, Function(nodes).assign(1.0), Function(cells).assign(1.0), {"heat": lambda u: u**2 * dx}, values={1: 0.0}
    )
    grid = np.stack(np.meshgrid(*(np.linspace(0.05, 0.95, n) for n in shape), indexing="ij"), axis=-1).reshape(-1, 2)

    def objective(density):
        filtered = smear(bridge.from_grid(density, AXES, cells))
        permittivity = 1.5 + 3 * bridge.samples(filtered, nodes, grid).reshape(shape)
        field = solve(fdtd, permittivity_z=permittivity)["field"]
        heat = solve(diffusion, diffusivity=1 + filtered)["heat"]
        return (abs(field) ** 2).sum() / 50 * 1e14 + heat.sum()

    density = Array(RNG.uniform(0.2, 0.8, (7, 5)))
    with recording() as tape:
        functional = ReducedFunctional(objective(density), Control(density), tape=tape)
    taylor(functional, density, Array(RNG.standard_normal((7, 5))))


def test_the_filter_keeps_the_integral_and_smears():
    mesh = UnitSquareMesh(20, 20)
    cells, nodes = FunctionSpace(mesh, "DG", 0), FunctionSpace(mesh, "CG", 1)
    x, _ = SpatialCoordinate(mesh)
    density = Function(cells).interpolate(x)
    filtered = bridge.function(HelmholtzFilter(cells, nodes, 0.2)(bridge.array(density)), nodes)
    assert assemble(filtered * dx) == pytest.approx(assemble(density * dx), rel=1e-12)
    assert filtered.dat.data_ro.max() < 0.96 and filtered.dat.data_ro.min() > 0.04


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda v, s: bridge.function(Array(np.zeros(3)), s), "values: expected shape"),
        (lambda v, s: bridge.samples(v, s, [[0.5, 2.0]]), "points: expected points within the mesh"),
        (lambda v, s: bridge.samples(v, s, [0.5, 2.0]), "points: expected shape"),
        (lambda v, s: bridge.from_grid(Array(np.zeros((2, 3))), [[0, 1], [0, 1]], s), "values: expected shape"),
        (lambda v, s: bridge.from_grid(Array(np.zeros((2, 2))), [[1, 0], [0, 1]], s), "axes: expected two or more increasing"),
        (lambda v, s: HelmholtzFilter(s, s, 0.0), "radius"),
    ],
)
def test_refusals(call, message):
    space = FunctionSpace(UnitSquareMesh(2, 2), "CG", 1)
    with pytest.raises(InputError, match=message):
        call(Array(np.zeros(9)), space)


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_bridges_agree_on_any_number_of_ranks():
    found = []
    for ranks in ("1", "2", "3"):
        run = subprocess.run(
            ["mpiexec", "-n", ranks, sys.executable, str(Path(__file__).with_name("bridge_program.py"))],
            env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        (line,) = [line for line in run.stdout.splitlines() if line.startswith("[")]
        found.append(json.loads(line))
    assert found[1] == pytest.approx(found[0], rel=1e-10, abs=1e-13)
    assert found[2] == pytest.approx(found[0], rel=1e-10, abs=1e-13)
