"""Finite differences of sampled means: the reference for the other estimators.

Glasserman, Monte Carlo Methods in Financial Engineering (2003), section 7.1. With independent samples on both sides the variance
grows as 1/step^2; with common random numbers it stays bounded where f is continuous, and grows as 1/step where f jumps.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.uncertainty.estimate import Estimate, accumulate, estimate
from adjointdesign.uncertainty.integrand import Expectation, parameters
from adjointdesign.uncertainty.sampling import Sampling


def differences(expectation: Expectation, theta, sampling: Sampling, step: float, common: bool = True) -> Estimate:
    """Value, and gradient by central differences, whose bias is of order ``step^2``.

    Parameters
    ----------
    expectation : Expectation
        What is differenced.
    theta : array_like, shape (n,)
        Where.
    sampling : Sampling
        Which samples; ``2 n + 1`` values are computed of each.
    step : float
        To each side, in units of theta.
    common : bool
        Whether all points share their random numbers.

    Raises
    ------
    InputError
        Unless ``step > 0``.
    """
    if not 0 < step < np.inf:
        raise InputError("step", "above 0", step, "give a step in units of theta")
    theta, integrand, law = parameters(theta), expectation.integrand, expectation.law
    dimension = law.uniforms(theta)

    def values(point: np.ndarray, block, number: int) -> np.ndarray:
        # Streams far beyond the caller's own, one a point, so that they are independent of any that it names.
        source = sampling if common or number == 0 else sampling.with_stream((sampling.stream + 1 << 32) + number)
        return integrand.values(point, law.draw(point, source.uniforms(block, dimension)))

    def rows(block):
        columns = [values(theta, block, 0)]
        for j in range(theta.size):
            move = np.zeros(theta.size)
            move[j] = step
            above, below = values(theta + move, block, 2 * j + 1), values(theta - move, block, 2 * j + 2)
            columns.append((above - below) / (2 * step))
        return (np.column_stack(columns),)

    groups = accumulate(sampling, rows, integrand.batch)
    return estimate(sampling, groups, 2 * theta.size + 1)
