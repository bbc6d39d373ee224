"""The checker: what a ladder of differences carries, and what it does not."""

import pickle

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.verification.consistency import Case, Sample, cases, compare, find_case, judge, run_case

SIZES = 1 / np.array([8.0, 16.0, 32.0, 64.0, 128.0])
ROUNDING = 1e-11


@pytest.mark.parametrize("order", [0.5, 1, 2, 4])
def test_powers_are_convergent_with_their_order(order):
    verdict = judge(SIZES, 0.3 * SIZES**order * (1 + 0.4 * SIZES), ROUNDING)
    assert verdict.name == "convergent" and verdict.fit.order == pytest.approx(order, abs=0.03)
    assert verdict.fit.interval[0] < verdict.fit.order < verdict.fit.interval[1]


def test_rounding_is_identical_and_a_rounding_floor_is_left_out():
    rng = np.random.default_rng(0)
    assert judge(SIZES, 1e-13 * rng.uniform(0.1, 1, 5), ROUNDING).name == "identical"
    assert judge(SIZES, np.zeros(5), ROUNDING).name == "identical"
    floored = judge(SIZES, np.maximum(SIZES**6, 3e-12), ROUNDING)
    assert floored.name == "convergent" and floored.used == (0, 1, 2, 3) and floored.fit.order == pytest.approx(6)


def test_what_does_not_vanish_is_inconsistent_also_when_part_of_it_does():
    assert judge(SIZES, np.full(5, 0.02), ROUNDING).name == "inconsistent"
    assert judge(SIZES, 0.02 + 0.02 * SIZES, ROUNDING).name == "inconsistent"
    assert judge(SIZES, 1 + 10 * SIZES, ROUNDING).name == "inconsistent"


@pytest.mark.parametrize(
    ("differences", "reason"),
    [
        (1e-3 / SIZES, "grows"),
        (0.2 + 8 * SIZES[:4], "still changes|may stay|scatter"),
        (np.abs(8 * SIZES - 0.15)[:4], "still changes|may stay|scatter"),
        ([1, 1, 1, 1e-14], "finer levels are at rounding"),
        ([1, 1e-14, 1, 1e-14, 1], "a coarse level is at rounding"),
        ([0.1, 0.3, 0.02, 0.2, 0.05], "still changes|scatter|may stay|grows"),
        ([1, 0.9, 0.7, 0.4, 0.11], "still changes|scatter|may stay"),
        ([0.1, 0.01, np.nan, 1e-3, 1e-4], "not finite"),
    ],
)
def test_what_carries_no_verdict_is_undecided(differences, reason):
    verdict = judge(SIZES[: len(differences)], differences, ROUNDING)
    assert verdict.name == "undecided", verdict
    assert any(word in verdict.reason for word in reason.split("|"))


def test_too_few_levels_are_undecided():
    assert judge(SIZES[:1], [1e-14], ROUNDING).name == "undecided"
    assert judge(SIZES[:2], SIZES[:2] ** 2, ROUNDING).name == "undecided"


def test_noise_is_seldom_taken_for_an_order():
    """Sizes that scatter by a factor of ten, and vectors of one size that point anywhere."""
    rng = np.random.default_rng(0)
    found = [judge(SIZES, 10.0 ** rng.uniform(-3, -2, 5), ROUNDING).name for _ in range(1000)]
    assert found.count("undecided") > 0.9 * len(found)
    assert found.count("convergent") < 0.02 * len(found)
    found = [judge(SIZES, 1e-6 * rng.standard_normal((5, 30)), ROUNDING).name for _ in range(400)]
    assert found.count("undecided") > 0.97 * len(found)


def test_a_fast_fall_into_rounding_is_convergent_without_an_order():
    verdict = judge(SIZES, [1e-6, 1e-9, 1e-13, 1e-13, 1e-13], ROUNDING)
    assert verdict.name == "convergent" and verdict.fit is None and "too fast" in verdict.reason


@pytest.mark.parametrize("part", [0.05, -0.05, 0.2])
def test_a_small_part_that_stays_is_not_called_convergent(part):
    """As of a formula with a wrong factor whose other errors vanish: vectors show what norms hide."""
    right, wrong = np.array([1.0, -0.5, 0.3]), np.array([0.4, 0.8, -0.2])
    vectors = [h * wrong + part * right for h in SIZES * 8 / 2]
    assert judge(SIZES, vectors, ROUNDING).name in ("undecided", "inconsistent")
    assert judge(SIZES, [h * wrong for h in SIZES], ROUNDING).name == "convergent"


def test_zero_gradients_and_gradients_that_vanish():
    assert "the gradient is zero" in compare(lambda n: np.zeros(2), lambda n: np.zeros(2), (4, 8, 16)).verdict.reason
    vanishing = compare(lambda n: np.ones(2) / n**2, lambda n: 2 * np.ones(2) / n**2, (4, 8, 16, 32))
    assert vanishing.verdict.name == "convergent"


@pytest.mark.parametrize("case", cases("controls"), ids=lambda case: case.name)
def test_controls_are_classed_as_they_must_be(case):
    outcome = run_case(case)
    assert outcome.passed, outcome.wrong


def test_a_case_that_declares_something_else_fails():
    right = find_case("control-half-cell")
    for change in ({"expected": "identical"}, {"orders": {"difference": 2}}, {"orders": {"objective": 2}}):
        outcome = run_case(Case(**{**vars(right), **change}))
        assert not outcome.passed and len(outcome.wrong) == 1


def test_compare_takes_two_functions_and_a_ladder():
    comparison = compare(lambda n: np.ones(3), lambda n: np.ones(3) + 1 / n**2, (4, 8, 16), exact=lambda n: np.ones(3))
    assert comparison.verdict.name == "convergent" and comparison.orders["continuous"].order == pytest.approx(2)
    assert comparison.columns().keys() == {"difference", "discrete", "continuous"}
    weighted = compare(lambda n: np.array([1.0, 2]), lambda n: np.array([1.0, 3]), (4, 8), weights=lambda n: np.array([1.0, 0]))
    assert weighted.verdict.name == "identical"


def test_refusals():
    with pytest.raises(InputError, match="ladder: expected positive refinements that increase"):
        compare(np.ones, np.ones, (8, 4))
    with pytest.raises(InputError, match="continuous gradient: expected shape"):
        compare(lambda n: np.ones(2), lambda n: np.ones(3), (4, 8))
    with pytest.raises(InputError, match="did you mean control-noise?"):
        find_case("control-nose")
    with pytest.raises(InputError, match="exact gradient: expected shape"):
        compare(lambda n: np.ones(2), lambda n: np.ones(2), (4, 8), exact=lambda n: 1.0)
    for weights in (np.ones(4), -np.ones(2)):
        with pytest.raises(InputError, match="weights: expected"):
            compare(lambda n: np.ones(2), lambda n: np.ones(2), (4, 8), weights=lambda n: weights)
    with pytest.raises(InputError, match="rounding: expected a relative difference below 1, got nan"):
        judge(SIZES, SIZES, np.nan)
    with pytest.raises(InputError, match="sizes, each smaller"):
        judge([0.1, 0.2], [1, 1], ROUNDING)
    with pytest.raises(InputError, match="expected verdict of x"):
        Case("x", "", "", "", lambda n: Sample(np.ones(1), np.ones(1)), (1.0, 2.0), "maybe")


def test_ladders_have_the_levels_that_the_case_gives_them():
    case = find_case("control-convergent")
    assert case.refinements(3) == (16, 32, 64) and case.refinements() == case.ladder
    with pytest.raises(InputError, match="--levels: expected 1 to 5"):
        case.refinements(6)


def test_errors_come_back_from_another_process():
    error = pickle.loads(pickle.dumps(InputError("x", "a number", np.ones(2), "give one")))
    assert isinstance(error, InputError) and "x: expected a number, got [1. 1.]; give one" == str(error)
