"""The silicon bend in three dimensions, at its coarse preset."""

import numpy as np
import pytest
from device_cases import blobs, device

from adjointdesign.problem import value_and_gradient

pytestmark = pytest.mark.slow


def test_evaluation_and_gradient():
    """Readings of a passive device, and one direction of the gradient against central differences."""
    problem = device("soi-bend", "discretization.run_time=20e-15")
    stage = problem.stages()[0].parameters
    x = 0.2 + 0.6 * blobs(problem.design_shape, width=6)
    direction = blobs(x.shape, seed=4, width=6) - 0.5
    values, jacobian, _, _, readings = value_and_gradient(problem, x, stage)
    assert set(readings) == {"S11", "S21", "worst_db"}
    assert sum(10 ** (readings[name] / 10) for name in ("S11", "S21")).max() < 1 + 1e-3
    h = 2e-4
    above, below = (float(problem.evaluate(x + sign * h * direction, stage).objective) for sign in (1, -1))
    assert jacobian[0] @ direction.ravel() == pytest.approx((above - below) / (2 * h), rel=1e-5)
    assert np.isfinite(values).all() and abs(above - below) > 1e-6
