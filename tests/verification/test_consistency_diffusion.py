"""Diffusion: the cases of the checker, the closed forms that they rest on, and errors planted in them."""

from functools import partial
from importlib.util import find_spec

import numpy as np
import pytest

from adjointdesign.verification.consistency import cases, compare, compare_samples, run_case
from adjointdesign.verification.consistency.families import closed_diffusion as closed

NEEDS_FIREDRAKE = pytest.mark.skipif(find_spec("firedrake") is None, reason="needs Firedrake")
LADDER = (4, 8, 16)
X, Y = np.random.default_rng(0).uniform(0.1, 0.9, (2, 5))


def laplacian(function, step=3e-4):
    around = sum(function(X + dx, Y + dy) for dx, dy in ((step, 0), (-step, 0), (0, step), (0, -step)))
    return (around - 4 * function(X, Y)) / step**2


def test_closed_forms_solve_their_equations():
    assert closed.weight(X, Y) == pytest.approx(-laplacian(closed.adjoint), rel=1e-4)
    assert closed.source(X, Y) == pytest.approx(-laplacian(lambda x, y: closed.state(x, y)[0]), rel=1e-4)
    assert np.abs(laplacian(closed.harmonic)).max() < 1e-4
    for axis, (dx, dy) in enumerate(((1e-5, 0), (0, 1e-5))):
        slopes = (closed.adjoint(X + dx, Y + dy) - closed.adjoint(X - dx, Y - dy)) / 2e-5
        assert closed.adjoint_slopes(X, Y)[:, axis] == pytest.approx(slopes, rel=1e-6)
    sides = np.linspace(0, 1, 5)
    for function in (closed.adjoint, lambda x, y: closed.state(x, y)[0]):
        assert max(np.abs(function(*at)).max() for at in ((0, sides), (1, sides), (sides, 0), (sides, 1))) < 1e-15


def test_the_exact_flux_is_its_integral_along_the_boundary():
    points, weights = np.polynomial.legendre.leggauss(40)
    t, weights = (points + 1) / 2, weights / 2
    total = 0.0
    for axis in (0, 1):
        for end in (0.0, 1.0):
            at = (np.full_like(t, end), t) if axis == 0 else (t, np.full_like(t, end))
            outward = (2 * end - 1) * closed.state(*at)[1][:, axis]
            total -= np.sum(weights * closed.harmonic(*at) * outward)
    assert closed.objective(volume=False) == pytest.approx(total, rel=1e-12)


@NEEDS_FIREDRAKE
@pytest.mark.parametrize("case", cases("diffusion"), ids=lambda case: case.name)
def test_every_case_ends_as_declared(case):
    outcome = run_case(case)
    assert outcome.passed, outcome.wrong


@NEEDS_FIREDRAKE
@pytest.mark.parametrize("objective", ["volume", "flux", "naive flux"])
def test_the_discrete_gradients_are_those_of_the_program(objective):
    """The objective is linear in the source: a difference is exact. For the diffusivity it is of second order."""
    from adjointdesign.verification.consistency.families.diffusion_fem import Problem

    degree = 2
    method = (
        {"method": "strong"}
        if objective == "flux"
        else {"method": "nonsymmetric", "discontinuous": True, "penalty": 0.7}
    )
    problem = Problem(4, degree, objective=objective, varied=True, **method)
    direction = problem.projected(lambda x, y: closed.directions(x, y)[0]).dat.data_ro
    source = problem.source.dat.data_ro.copy()
    change = problem.program.forward({"source": source + direction})["J"][0] - problem.value()
    assert problem.along(problem.transposed())[0] == pytest.approx(change, rel=1e-10)
    if objective == "volume":
        moved, step = next(problem.diffusivity_directions()).dat.data_ro, 1e-4
        values = [problem.program.forward({"diffusivity": 1.0 + sign * step * moved})["J"][0] for sign in (1, -1)]
        assert problem.diffusivity_gradient()[0] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6)


def planted(change, **problem):
    """The verdict with an adjoint problem that something is wrong with."""
    from adjointdesign.verification.consistency.families.diffusion_fem import Problem

    samples = []
    for n in LADDER:
        right, other = Problem(n, 2, **problem), Problem(n, 2, **problem)
        change(other)
        samples.append(right.sample_directions(right.transposed(), other.adjoint_solution()))
    return compare_samples(LADDER, samples)


@NEEDS_FIREDRAKE
def test_the_formula_for_the_diffusivity_lacks_nothing_but_the_terms_on_faces():
    from adjointdesign.verification.consistency.families.diffusion_fem import JUMPS, Problem

    problem = Problem(4, 2, "symmetric", True, varied=True)
    both = problem.by_diffusivity(JUMPS)
    assert both.continuous == pytest.approx(both.discrete, rel=1e-10)


@NEEDS_FIREDRAKE
def test_errors_in_the_adjoint_problem_are_classed_as_what_they_are():
    symmetric = {"method": "symmetric", "discontinuous": True}
    assert planted(lambda other: None, **symmetric).verdict.name == "identical"

    def other_penalty(problem):
        problem.numbers["penalty"] = 3.0

    # Another penalty is another scheme for the same equations.
    found = planted(other_penalty, **symmetric)
    assert found.verdict.name == "convergent" and found.verdict.fit.order == pytest.approx(4, abs=0.3)

    def scaled_weight(problem):
        problem.weight.dat.data_wo[:] *= 1.01

    assert planted(scaled_weight, **symmetric).verdict.name == "inconsistent"


@NEEDS_FIREDRAKE
def test_a_flux_adjoint_with_values_of_the_wrong_sign_is_inconsistent():
    from adjointdesign.verification.consistency.families.diffusion_fem import Problem

    problem = partial(Problem, degree=2, objective="flux")
    found = compare(
        lambda n: problem(n).along(problem(n).transposed()),
        lambda n: -problem(n).along(problem(n).adjoint_solution()),
        LADDER,
    )
    assert found.verdict.name == "inconsistent"
