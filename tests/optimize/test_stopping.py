"""Every way for a run to end, and that none of them loses the best point."""

import signal
import time

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.optimize.interrupt import interruptible
from adjointdesign.optimize.minimize import CONSTRAINED, DRIVERS, minimize
from adjointdesign.optimize.stopping import Status, Stopping
from published import hs1, hs12, hs12_g

START = (-1.2, 1.0)
methods = pytest.mark.parametrize("method", DRIVERS)


def run(method, objective=hs1, **arguments):
    """A run, and the values in the order in which they came."""
    values = []
    callback = arguments.pop("callback", lambda evaluation, tracker: None)

    def note(evaluation, tracker):
        values.append(evaluation.value)
        callback(evaluation, tracker)

    return minimize(objective, START, method=method, callback=note, **arguments), values


@methods
def test_max_evaluations(method):
    result, values = run(method, stop=Stopping(max_evaluations=7))
    assert result.status == Status.MAX_EVALUATIONS
    assert result.n_evaluations == len(values) == 7
    assert result.value == min(values)


@methods
def test_max_iterations(method):
    result, values = run(method, stop=Stopping(max_iterations=4))
    assert result.status == Status.MAX_ITERATIONS
    assert result.n_iterations == 4 < len(values)
    assert result.value == min(values)


@methods
def test_target(method):
    result, values = run(method, stop=Stopping(target=3.5))
    assert result.status == Status.TARGET_REACHED and result.success
    assert values[-1] <= 3.5 < min(values[:-1])


def test_target_counts_at_a_feasible_point_only():
    result = minimize(
        hs12, [4, 4], constraints=[hs12_g], method="mma", stop=Stopping(target=-29.0, max_evaluations=200)
    )
    assert hs12([4, 4])[0] < -29.0
    assert result.status == Status.TARGET_REACHED and result.constraint_violation <= 1e-6


@methods
def test_wall_time(method):
    def slow(x):
        time.sleep(0.02)
        return hs1(x)

    begin = time.monotonic()
    result, values = run(method, slow, stop=Stopping(wall_time=0.1))
    assert result.status == Status.WALL_TIME
    assert 1 <= len(values) <= 5
    assert time.monotonic() - begin < 5


@methods
def test_should_stop(method):
    count = []
    result, values = run(method, should_stop=lambda: len(count) >= 3, callback=lambda e, t: count.append(1))
    assert result.status == Status.INTERRUPTED
    assert len(values) == 3 and result.value == min(values)


@methods
def test_stopped_before_the_first_evaluation(method):
    result, values = run(method, should_stop=lambda: True)
    assert result.status == Status.INTERRUPTED and values == []
    assert result.x.tolist() == list(START) and np.isnan(result.value) and result.evaluation is None


@methods
@pytest.mark.parametrize(
    "stop, word",
    [(Stopping(ftol=1e-2), "ftol"), (Stopping(ftol=0, xtol=0.05), "xtol"), (Stopping(ftol=0, gtol=3.0), "gtol")],
)
def test_tolerances(method, stop, word):
    result, values = run(method, lambda x: (1 + hs1(x)[0], hs1(x)[1]), stop=stop)
    assert result.status == Status.CONVERGED and word in result.message
    assert len(values) < 2000


@methods
def test_start_at_the_optimum(method):
    result = minimize(hs1, [1, 1], method=method, stop=Stopping(gtol=1e-9))
    assert result.status == Status.CONVERGED and result.n_evaluations == 1


def test_wrong_gradient_fails_or_ends_where_it_began_and_says_where():
    result = minimize(lambda x: (hs1(x)[0], [-g for g in hs1(x)[1]]), START)
    assert result.status == Status.FAILED and "gradient" in result.message
    assert result.value == hs1(START)[0]


@methods
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", [0, 1])
def test_not_finite(method, bad, part):
    def broken(x):
        value, gradient = hs1(x)
        broken.count += 1
        if broken.count == 6:
            value, gradient = (bad, gradient) if part == 0 else (value, [bad, 0.0])
        return value, gradient

    broken.count = 0
    result, values = run(method, broken)
    assert result.status == Status.FAILED
    assert ("objective", "gradient")[part] in result.message and "evaluation 6" in result.message
    assert result.value == min(values[:-1])


def test_constraint_that_is_not_finite():
    result = minimize(hs12, [0, 0], constraints=[lambda x: (np.nan, [0, 0])], method="mma")
    assert result.status == Status.FAILED and "constraint" in result.message


class Special(Exception):
    pass


@methods
@pytest.mark.parametrize(
    "error",
    [Special("mine"), KeyboardInterrupt(), SystemExit(3), StopIteration(), RuntimeError("mine"), ValueError("mine")],
)
@pytest.mark.parametrize("where", ["objective", "callback", "constraint"])
def test_exceptions_pass_unchanged(method, error, where):
    count = []

    def fail(x):
        count.append(1)
        if len(count) == 3:
            raise error

    def guarded(function, name):
        return lambda x: (fail(x) if where == name else None) or function(x)

    constraints = [guarded(hs12_g, "constraint")] if where == "constraint" else []
    if constraints and method not in CONSTRAINED:
        pytest.skip("takes no constraints")
    with pytest.raises(type(error)) as caught:
        minimize(
            guarded(hs12, "objective"),
            [0, 0],
            constraints=constraints,
            method=method,
            callback=(lambda evaluation, tracker: fail(0)) if where == "callback" else None,
        )
    assert caught.value is error


def test_nlopt_own_exceptions_pass_unchanged():
    import nlopt

    error = nlopt.ForcedStop()

    def stopping(x):
        raise error

    with pytest.raises(nlopt.ForcedStop) as caught:
        minimize(stopping, START, method="mma")
    assert caught.value is error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_run_between_evaluations(number):
    def mine(number, frame):
        pass

    before = signal.signal(number, mine)
    try:
        with interruptible() as should_stop:
            result, values = run(
                "mma", should_stop=should_stop, callback=lambda e, t: t.n_evaluations == 3 and signal.raise_signal(number)
            )
        assert signal.getsignal(number) is mine
    finally:
        signal.signal(number, before)
    assert result.status == Status.INTERRUPTED and len(values) == 3


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_second_signal_is_immediate_unless_it_comes_with_the_first(monkeypatch, first, second):
    """`timeout`, for one, sends its signal twice at once."""
    now = 100.0
    monkeypatch.setattr("adjointdesign.optimize.interrupt.time.monotonic", lambda: now)
    with interruptible() as should_stop:
        signal.raise_signal(first)
        now += 0.5
        signal.raise_signal(second)
        assert should_stop()
        now += 0.5
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(second)


@pytest.mark.parametrize("name, value", [("ftol", -1.0), ("xtol", np.nan), ("max_evaluations", 0), ("wall_time", -1.0)])
def test_bad_criteria(name, value):
    with pytest.raises(InputError) as caught:
        Stopping(**{name: value})
    assert caught.value.what == name


@methods
def test_reached_by_the_readings(method):
    """The point whose readings are good enough ends the run and is its result, whatever its value."""
    seen = []

    def objective(x):
        value, gradient = hs1(x)
        seen.append(x)
        return value, gradient, {"count": float(len(seen))}

    result, values = run(method, objective, stop=Stopping(reached=lambda readings: readings["count"] >= 4))
    assert result.status == Status.TARGET_REACHED and result.success and len(values) == 4
    assert result.x.tolist() == seen[-1].tolist() and result.value == values[-1]


def test_reached_counts_at_a_feasible_point_only():
    def objective(x):
        return *hs12(x), {"value": hs12(x)[0]}

    stop = Stopping(reached=lambda readings: readings["value"] < -29.0, max_evaluations=200)
    result = minimize(objective, [4, 4], constraints=[hs12_g], method="mma", stop=stop)
    assert hs12([4, 4])[0] < -29.0
    assert result.status == Status.TARGET_REACHED and result.constraint_violation <= 1e-6
