"""The drivers against published optima."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.optimize.minimize import CONSTRAINED as CONSTRAINED_METHODS
from adjointdesign.optimize.minimize import DRIVERS, minimize
from adjointdesign.optimize.stopping import Status, Stopping
from published import BOUNDED, CONSTRAINED, MINIMAX, cb2, hs1, hs4, hs12, hs12_g

TIGHT = Stopping(ftol=1e-12, max_evaluations=20000)


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


@pytest.mark.parametrize("method", [name for name in DRIVERS if name not in ("lbfgs", "adam")])
@each(BOUNDED)
def test_published_optimum_within_bounds(method, case):
    # NLopt's MMA and CCSA crawl along the bottom of Rosenbrock's valley: 3e-4 after 2000 evaluations.
    crawl = case.name == "HS1" and method != "lbfgsb"
    stop = Stopping(ftol=1e-12, max_evaluations=2000) if crawl else TIGHT
    result = minimize(case.objective, case.start, bounds=case.bounds, method=method, stop=stop)
    assert result.value == pytest.approx(case.optimum, abs=1e-3 if crawl else 1e-6)
    assert np.all((case.bounds[0] <= result.x) & (result.x <= case.bounds[1]))
    assert result.success or crawl
    np.testing.assert_array_equal(result.gradient, case.objective(result.x)[1])


@pytest.mark.parametrize("method", CONSTRAINED_METHODS)
@each(CONSTRAINED)
def test_published_optimum_under_constraints(method, case):
    result = minimize(case.objective, case.start, constraints=case.constraints, method=method, stop=TIGHT)
    assert result.status == Status.CONVERGED
    assert result.value == pytest.approx(case.optimum, rel=1e-6)
    assert result.constraint_violation <= TIGHT.constraint_tolerance


@pytest.mark.parametrize("method", CONSTRAINED_METHODS)
@each(MINIMAX)
def test_published_minimax(method, case):
    result = minimize(
        case.objective, case.start, constraints=case.constraints, method=method, minimax=True, stop=TIGHT
    )
    assert result.status == Status.CONVERGED
    assert result.value == pytest.approx(case.optimum, abs=1e-6)
    assert result.x.shape == (2,) and result.gradient.shape == (3, 2)


@pytest.mark.parametrize("method", CONSTRAINED_METHODS)
def test_minimax_does_not_depend_on_the_unit_of_the_objective(method):
    def micro(x):
        values, rows = cb2(x)
        return 1e-6 * np.array(values), 1e-6 * np.array(rows)

    one, other = (minimize(f, [2, 2], method=method, minimax=True, stop=TIGHT) for f in (cb2, micro))
    np.testing.assert_allclose(other.x, one.x, rtol=1e-3)
    assert other.value == pytest.approx(1e-6 * one.value, rel=1e-6)


@pytest.mark.parametrize("method", CONSTRAINED_METHODS)
def test_no_feasible_point_is_a_failure_that_says_so(method):
    impossible = (lambda x: (x[0] ** 2 + 1, [2 * x[0], 0]),)
    result = minimize(hs1, [-2, 1], constraints=impossible, method=method, stop=Stopping(max_evaluations=500))
    assert result.status == Status.FAILED and "no feasible point" in result.message
    assert result.constraint_violation == pytest.approx(1.0, abs=1e-3)


def test_best_point_is_feasible_though_a_lower_infeasible_one_was_seen():
    seen = []
    result = minimize(
        hs12,
        [4, 4],
        constraints=[hs12_g],
        method="mma",
        stop=TIGHT,
        callback=lambda evaluation, tracker: seen.append((evaluation.violation, evaluation.value)),
    )
    tolerance = TIGHT.constraint_tolerance
    assert min(value for violation, value in seen if violation > tolerance) < result.value
    assert result.value == min(value for violation, value in seen if violation <= tolerance)


def test_same_point_is_evaluated_once_and_with_a_private_copy():
    points = []

    def spoiling(x):
        points.append(x.tobytes())
        value, gradient = hs12(x)
        x[:] = np.nan
        return value, gradient

    result = minimize(spoiling, [0.5, 1], constraints=[hs12_g], method="mma", stop=Stopping(max_evaluations=30))
    assert len(points) == result.n_evaluations
    assert all(a != b for a, b in zip(points, points[1:]))
    assert np.all(np.isfinite(result.x))


@pytest.mark.parametrize("method", DRIVERS)
def test_runs_are_reproducible_to_the_bit(method):
    paths = []
    for _ in range(2):
        path = []
        free = method == "lbfgs"
        minimize(
            hs1 if free else hs4,
            [-2, 1] if free else [1.125, 0.125],
            bounds=None if free else (0, 3),
            method=method,
            stop=Stopping(max_evaluations=20),
            callback=lambda evaluation, tracker: path.append(evaluation.x.tobytes()),
        )
        paths.append(path)
    assert paths[0] == paths[1]


@pytest.mark.parametrize(
    "what, arguments",
    [
        ("method", {"method": "newton"}),
        ("method", {"constraints": [hs12_g]}),
        ("method", {"minimax": True}),
        ("gtol", {"constraints": [hs12_g], "method": "mma", "stop": Stopping(gtol=1e-3)}),
        ("bounds", {"bounds": (1, -1)}),
        ("bounds", {"bounds": ([0, 0, 0], 1)}),
        ("x0", {"bounds": (1, 2)}),
        ("x0", {"x0": [np.nan, 0]}),
        ("x0", {"x0": []}),
        ("objective", {"objective": lambda x: (1.0, [1.0])}),
        ("objective", {"objective": lambda x: ([1.0, 2.0], np.ones((2, 2)))}),
        ("constraints[0]", {"constraints": [lambda x: ([1.0], [1.0, 2.0])], "method": "mma"}),
    ],
)
def test_bad_input_is_named(what, arguments):
    arguments = {"objective": hs1, "x0": [0, 0]} | arguments
    with pytest.raises(InputError) as caught:
        minimize(arguments.pop("objective"), arguments.pop("x0"), **arguments)
    assert caught.value.what == what


def test_remedy_for_constraints_with_lbfgsb_names_mma():
    with pytest.raises(InputError, match='method="mma"'):
        minimize(hs12, [0, 0], constraints=[hs12_g])
