"""L-BFGS with a line search that takes no for an answer."""

import numpy as np
import pytest

from adjointdesign.errors import InputError, StepRejected
from adjointdesign.optimize.minimize import minimize
from adjointdesign.optimize.stopping import Status, Stopping

from published import hs1

TIGHT = Stopping(gtol=1e-9, ftol=0.0, max_evaluations=500)


def test_rosenbrock_to_rounding():
    result = minimize(hs1, [-2, 1], method="lbfgs", stop=TIGHT)
    assert result.success and result.value < 1e-18 and np.allclose(result.x, 1, atol=1e-8)
    assert result.n_evaluations < 80


def test_refused_steps_are_shortened():
    """The way to the minimum is along the edge of what is accepted: every point within is evaluated, none outside."""
    seen = []

    def within(x):
        if np.linalg.norm(x - [0, 1]) > 2.2:
            raise StepRejected(f"too far out: {x}")
        seen.append(x)
        return hs1(x)

    result = minimize(within, [-2, 1], method="lbfgs", stop=TIGHT)
    assert result.value < 1e-16 and len(seen) == result.n_evaluations


def test_the_edge_ends_a_run_in_words():
    def within(x):
        if x[0] < 1:
            raise StepRejected("a cell of quality 0.1")
        return float(x @ x), 2 * x

    result = minimize(within, [2.0, 0.0], method="lbfgs", stop=Stopping(ftol=0.0))
    assert result.status == Status.REFUSED and not result.success and "a cell of quality 0.1" in result.message
    assert 1 <= result.x[0] < 1.001


def test_works_in_the_metric_of_the_parameters():
    """A quadratic with condition number 1e8 is round in the right parameters."""
    scales = np.logspace(0, 4, 30)

    def bowl(x):
        return float(np.sum((scales * x - 1) ** 2) / 2), scales * (scales * x - 1)

    def round_bowl(p):
        value, gradient = bowl(p / scales)
        return value, gradient / scales

    stop = Stopping(gtol=1e-8, ftol=0.0, max_evaluations=1000)
    assert minimize(round_bowl, np.zeros(30), method="lbfgs", stop=stop).n_evaluations <= 12
    assert minimize(bowl, np.zeros(30), method="lbfgs", stop=stop).n_evaluations > 30


def test_bad_starts():
    with pytest.raises(InputError, match="no bounds with lbfgs"):
        minimize(hs1, [-2, 1], bounds=(-3, 3), method="lbfgs")

    def never(x):
        raise StepRejected("upside down")

    with pytest.raises(InputError, match="x0: expected a start that can be evaluated, got upside down"):
        minimize(never, [0.0], method="lbfgs")
