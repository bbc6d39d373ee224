"""The pathwise estimator: the mean of the gradients of ``f(theta, xi(theta, u))``.

Glasserman, Monte Carlo Methods in Financial Engineering (2003), section 7.2. Unbiased where f is continuous in theta for almost
every sample; where f jumps (a hard trigger) it is wrong, as it does not see the jump.
"""

from __future__ import annotations

import warnings

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.uncertainty.estimate import Estimate, accumulate, estimate
from adjointdesign.uncertainty.integrand import Expectation, Integrand, parameters
from adjointdesign.uncertainty.law import Law
from adjointdesign.uncertainty.sampling import Sampling


class PathwiseWarning(UserWarning):
    """The gradient of every sample is zero though their values differ: the mark of a hard trigger."""


def pathwise(expectation: Expectation, theta, sampling: Sampling) -> Estimate:
    """Value and gradient by the pathwise estimator.

    Parameters
    ----------
    expectation : Expectation
        Whose integrand is continuous in theta.
    theta : array_like, shape (n,)
        Where.
    sampling : Sampling
        Which samples.

    Raises
    ------
    InputError
        When a factor of the law without reparametrization depends on theta, or a shape is wrong.

    Warns
    -----
    PathwiseWarning
        When the gradient of every sample is zero though their values differ.
    """
    theta = parameters(theta)
    rows = path_rows(expectation.integrand, expectation.law, theta, sampling)
    groups = accumulate(sampling, lambda block: (rows(block),), expectation.integrand.batch)
    total = groups.total()
    if total.aa[0, 0] > 0 and not np.any(total.a[:, 1:]) and not np.any(total.aa[:, 1:]):
        message = "every sample's gradient is zero though their values differ: use `score` or `smoothed` for hard triggers"
        warnings.warn(message, PathwiseWarning, stacklevel=2)
    return estimate(sampling, groups, 1)


def path_rows(integrand: Integrand, law: Law, theta: np.ndarray, sampling: Sampling):
    """A function that gives the rows (value, gradient along the path) of a block's samples."""
    dimension = law.uniforms(theta)

    def rows(block):
        samples, pull = law.path(theta, sampling.uniforms(block, dimension))
        values, in_theta, in_samples = integrand.partials(theta, samples)
        if law.depends:
            if in_samples is None:
                raise InputError(
                    "integrand", "its gradient in the sample, too, as samples depend on theta", "none", "return it"
                )
            moved = pull(in_samples)
            in_theta = in_theta + moved.reshape(len(values), -1, theta.size).sum(axis=1)
        return np.column_stack([values, in_theta])

    return rows
