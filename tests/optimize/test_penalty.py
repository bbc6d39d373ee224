"""The penalty against its closed-form minimizer."""

import numpy as np
import pytest

from adjointdesign.optimize.minimize import minimize
from adjointdesign.optimize.penalty import penalized
from adjointdesign.optimize.stopping import Stopping


@pytest.mark.parametrize("weight, margin", [(1.0, 0.0), (50.0, 0.0), (3.0, 0.25)])
def test_minimizer_of_a_quadratic(weight, margin):
    """min |x - a|^2 with n.x <= b: the penalty moves a along n by w (n.a - b + margin) / (1 + w |n|^2)."""
    a, n, b = np.array([2.0, 1.0, 0.5]), np.array([1.0, 2.0, -1.0]), 1.0
    total = penalized(
        lambda x: (float((x - a) @ (x - a)), 2 * (x - a), {"seen": 1.0}),
        lambda x: (np.array([n @ x - b]), n[None, :]),
        weight,
        margin,
    )
    result = minimize(total, np.zeros(3), stop=Stopping(ftol=1e-14, max_evaluations=200))
    expected = a - n * weight * (n @ a - b + margin) / (1 + weight * n @ n)
    np.testing.assert_allclose(result.x, expected, atol=1e-6)
    assert result.evaluation.readings["seen"] == 1.0
    assert result.evaluation.readings["constraints"] == pytest.approx([n @ expected - b], abs=1e-5)


def test_nothing_is_paid_inside():
    total = penalized(lambda x: (0.0, np.zeros(2), {}), lambda x: (np.array([-1.0]), np.ones((1, 2))), 10.0, 0.5)
    value, gradient, _ = total(np.zeros(2))
    assert value == 0.0 and not gradient.any()
