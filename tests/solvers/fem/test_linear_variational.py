"""The linear variational problem: exact derivatives of everything, one factorization, clear refusals."""

import itertools
import math

import numpy as np
import pytest
from firedrake import (
    CellVolume, Constant, DirichletBC, Function, FunctionSpace, SpatialCoordinate, UnitCubeMesh, UnitSquareMesh, ds, dx, exp, grad,
    inner, sin,
)  # fmt: skip

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import SYMMETRIC, Complex, LinearVariational, complete_options, forms
from adjointdesign.solvers.fem_linear import solver as solver_module
from adjointdesign.solvers.fem_linear.quadrature import HIGHEST_SYMMETRIC, fixed_quadrature
from adjointdesign.verification.dot_product import check_solver


def problem(cells=6, quadrilateral=False, options=None, conditions=True, operator=None, probes=None):
    """Two right-hand sides, nonlinear and complex readings, medium, source and shape as inputs."""
    mesh = UnitSquareMesh(cells, cells, quadrilateral=quadrilateral)
    space = FunctionSpace(mesh, "Q" if quadrilateral else "CG", 2)
    x, y = SpatialCoordinate(mesh)
    k = Function(FunctionSpace(mesh, "DG", 0)).interpolate(1 + x)
    f = Function(space).interpolate(sin(3 * x) * y + 1)
    solver = LinearVariational(
        space,
        operator or (lambda u, v: inner(k * grad(u), grad(v)) * dx + u * v * exp(x) * dx),
        [lambda v: f * v * dx, lambda v: k * v * sin(x) * dx],
        {"energy": lambda u: u**2 * k * dx, "flux": lambda u: Complex(u * ds(2), u * x * ds(3) + k * u**3 * dx)},
        {"k": k, "f": f, "coordinates": mesh.coordinates},
        [DirichletBC(space, 0.3 + y, 1)] if conditions else [],
        options, probes,
    )
    return solver, {name: function.dat.data_ro.copy() for name, function in solver.functions.items()}


@pytest.mark.slow
def test_probes_are_linear_readings_with_exact_derivatives():
    """Real and complex rows on the solution; in medium and source, for which they are fixed."""
    rng = np.random.default_rng(1)
    size = 13**2
    rows = {"real": rng.normal(size=(3, size)), "complex": rng.normal(size=(2, size)) + 1j * rng.normal(size=(2, size))}
    solver, inputs = problem(probes=rows)
    del inputs["coordinates"]
    outputs = solver.forward(inputs)
    states = np.stack([state.dat.data_ro for state in solver.solutions(inputs)])
    for name, matrix in rows.items():
        np.testing.assert_allclose(outputs[name], states @ matrix.T, rtol=1e-12)
    check = check_solver(solver, inputs, np.random.default_rng(0), largest_step=3e-3)
    assert check["passed"], str(check)
    for wrong in ({"energy": rows["real"]}, {"short": rows["real"][:, 1:]}):
        with pytest.raises(InputError, match="probes: expected names of their own, and rows of 169"):
            problem(probes=wrong)


@pytest.mark.parametrize(
    "quadrilateral", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["triangles", "quadrilaterals"]
)
def test_derivatives_are_exact_in_medium_source_and_shape(quadrilateral):
    solver, inputs = problem(quadrilateral=quadrilateral)
    check = check_solver(solver, inputs, np.random.default_rng(0), largest_step=3e-3)
    assert check["passed"], str(check)


@pytest.mark.slow
def test_quadrature_is_part_of_the_program(monkeypatch):
    """With the degrees that UFL estimates anew for each derivative, tangent and adjoint would belong to other programs."""
    monkeypatch.setattr(forms, "fixed_quadrature", lambda form: form)
    solver, inputs = problem()
    assert check_solver(solver, inputs, np.random.default_rng(0))["dot_product_residual"] > 1e-12


def test_one_factorization_serves_everything(monkeypatch):
    solver, inputs = problem()
    made, original = [], solver_module.Factorization
    monkeypatch.setattr(solver_module, "Factorization", lambda *a: (made.append(1), original(*a))[1])
    outputs = solver.forward(inputs)
    cotangents = {name: np.ones_like(value) for name, value in outputs.items()}
    moved = {"f": np.ones_like(inputs["f"])}
    solver.adjoint(inputs, cotangents)
    solver.tangent(inputs, moved)
    solver.second_adjoint(inputs, moved, cotangents, {})
    solver.forward({**inputs, "f": 2 * inputs["f"]})
    assert len(made) == 1
    solver.forward({**inputs, "k": 2 * inputs["k"]})
    assert len(made) == 2


def test_symmetric_factors_give_the_same():
    solver, inputs = problem()
    other, _ = problem(options=SYMMETRIC)
    cotangents = {"energy": np.array([1.0, -2.0])}
    for a, b in zip(solver.adjoint(inputs, cotangents).values(), other.adjoint(inputs, cotangents).values(), strict=True):
        assert a == pytest.approx(b, rel=1e-10, abs=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ksp_type": "preonly", "pc_type": "lu", "pc_factor_mat_solver_typ": "mumps"}, "pc_factor_mat_solver_typ"),
        ({"ksp_type": "cg", "pc_type": "no_such"}, "solver options: expected names and values that PETSc knows.*no_such"),
        ({"ksp_type": "praeonly"}, "solver options: expected names and values that PETSc knows.*praeonly"),
        ({"ksp_type": "richardson", "pc_type": "none", "ksp_max_it": 3}, "an iteration that converges"),
    ],
)
def test_wrong_options_are_refused(options, message):
    solver, inputs = problem(options=options)
    with pytest.raises(InputError, match=message):
        solver.forward(inputs)


def test_a_singular_system_is_refused():
    solver, inputs = problem(conditions=False, operator=lambda u, v: inner(grad(u), grad(v)) * dx)
    with pytest.raises(InputError, match="linear system: expected one with a unique solution"):
        solver.forward(inputs)


def test_sizes_that_ignore_the_shape_are_refused():
    with pytest.raises(InputError, match="CellVolume"):
        problem(operator=lambda u, v: inner(grad(u), grad(v)) * dx + u * v / CellVolume(u.function_space().mesh()) * dx)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"m": np.zeros(3)}, "inputs: expected some of k, f, coordinates"),
        ({"k": np.zeros(3)}, "k: expected finite real numbers of shape"),
        ({"k": np.full(72, np.nan)}, "NaN"),
    ],
)
def test_wrong_inputs_are_refused(change, message):
    solver, inputs = problem()
    with pytest.raises(InputError, match=message):
        solver.forward({**inputs, **change})


def test_names_that_nobody_reads_are_refused():
    solver, inputs = problem()
    one = np.ones(2)
    with pytest.raises(InputError, match="tangents: expected some of k, f, coordinates, got m"):
        solver.tangent(inputs, {"m": inputs["k"]})
    with pytest.raises(InputError, match="cotangents: expected some of energy, flux, got enargy"):
        solver.adjoint(inputs, {"enargy": one})
    with pytest.raises(InputError, match="cotangent tangents: expected some of energy, flux, got fluxx"):
        solver.second_adjoint(inputs, {"k": inputs["k"]}, {"energy": one}, {"fluxx": one})


@pytest.mark.parametrize("quadrilateral", [False, True])
def test_a_cell_that_is_turned_over_is_refused_and_the_mesh_put_back(quadrilateral):
    solver, inputs = problem(cells=4, quadrilateral=quadrilateral)
    moved = inputs["coordinates"].copy()
    (corner,) = np.flatnonzero(np.all(np.abs(moved - 0.5) < 1e-9, axis=1))
    moved[corner] = (0.5, 0.74)
    solver.forward({**inputs, "coordinates": moved})
    moved[corner] = (0.5, 0.76)
    with pytest.raises(InputError, match=r"coordinates: expected cells that keep their orientation, got a cell .* near \(0\.\d+, 0\.\d+\)"):
        solver.forward({**inputs, "coordinates": moved})
    assert solver.space.mesh().coordinates.dat.data_ro[corner, 1] == 0.74


def test_units_do_not_make_a_system_singular():
    """Rows of boundary values have a one on the diagonal, whatever the size of the others."""
    found = []
    for size in (1.0, 1e-15, 1e15):
        solver, _ = problem(operator=lambda u, v, size=size: size * (inner(grad(u), grad(v)) * dx + u * v * dx))
        other = LinearVariational(
            solver.space, lambda u, v, size=size: size * inner(grad(u), grad(v)) * dx, [lambda v, size=size: size * v * dx],
            {"u": lambda u: u * dx}, {}, [DirichletBC(solver.space, 0.0, 1)],
        )  # fmt: skip
        found.append(other.forward({})["u"][0])
    assert found == pytest.approx([1 / 3] * 3, rel=1e-12)


def test_functions_that_cannot_be_inputs_are_refused():
    solver, _ = problem()
    mesh = solver.space.mesh()
    one = Function(FunctionSpace(mesh, "DG", 0)).assign(1.0)
    real = Function(FunctionSpace(mesh, "R", 0))
    for inputs, message in (({"a": one, "b": one}, "a function of its own"), ({"a": real}, "space of reals")):
        with pytest.raises(InputError, match=message):
            LinearVariational(solver.space, lambda u, v: u * v * dx, [lambda v: one * v * dx], {"u": lambda u: u * dx}, inputs)


def test_a_tag_that_the_mesh_has_not_is_refused():
    solver, _ = problem()
    with pytest.raises(InputError, match="boundary tags: expected some of .1, 2, 3, 4."):
        LinearVariational(solver.space, lambda u, v: u * v * dx, [lambda v: v * ds(9)], {"u": lambda u: u * dx}, {})


def test_a_mesh_that_another_solver_moves_is_put_back():
    mover, inputs = problem()
    mesh = mover.space.mesh()
    k = Function(FunctionSpace(mesh, "DG", 0)).assign(1.0)
    other = LinearVariational(
        mover.space, lambda u, v: k * u * v * dx, [lambda v: v * dx], {"u": lambda u: u**2 * dx}, {"k": k}
    )
    before, gradient = other.forward({})["u"][0], other.adjoint({"k": k.dat.data_ro.copy()}, {"u": np.ones(1)})["k"]
    mover.forward({**inputs, "coordinates": 2 * inputs["coordinates"]})
    assert other.forward({})["u"][0] == before
    other.forget()
    assert other.forward({})["u"][0] == pytest.approx(before, rel=1e-13)
    np.testing.assert_allclose(other.adjoint({"k": k.dat.data_ro.copy()}, {"u": np.ones(1)})["k"], gradient, rtol=1e-12)


def test_a_reading_whose_imaginary_part_is_zero():
    solver, _ = problem()
    other = LinearVariational(
        solver.space, lambda u, v: u * v * dx, [lambda v: v * dx], {"u": lambda u: Complex(u, 0.0).integrate(dx)}, {}
    )
    assert other.forward({})["u"][0] == pytest.approx(1.0)


def test_partial_options_keep_the_direct_solver():
    assert complete_options({"mat_mumps_icntl_14": 200})["pc_type"] == "lu"
    assert complete_options({}) == complete_options(None)
    assert complete_options({"ksp_type": "cg", "pc_type": "jacobi"})["ksp_rtol"] == 1e-12


def test_rules_on_tetrahedra_are_symmetric_and_exact():
    """Every permutation of a cell's vertices maps a rule on itself, so no numbering changes an integral."""
    for degree in range(3, HIGHEST_SYMMETRIC["tetrahedron"] + 1):
        form = fixed_quadrature(Constant(1.0) * dx(UnitCubeMesh(1, 1, 1), degree=degree))
        rule = form.integrals()[0].metadata()["quadrature_rule"]
        points, weights = rule.point_set.points, rule.weights
        corners = np.c_[1 - points.sum(axis=1), points]
        for i in range(degree + 1):
            for j in range(degree + 1 - i):
                k = degree - i - j
                exact = math.factorial(i) * math.factorial(j) * math.factorial(k) / math.factorial(degree + 3)
                assert weights @ (corners[:, 1] ** i * corners[:, 2] ** j * corners[:, 3] ** k) == pytest.approx(exact, rel=1e-11)

        def at(order):
            table = np.c_[corners[:, order], weights]
            return table[np.lexsort(np.round(table, 9).T)]

        for order in itertools.permutations(range(4)):
            assert np.allclose(at(list(order)), at([0, 1, 2, 3]), rtol=0, atol=1e-12)
