"""The score-function estimator: the mean of ``f S + df/dtheta`` with the score ``S = d log p(xi; theta) / dtheta``.

Glynn, Commun. ACM 33 (10), 75 (1990), eq. 2. It asks nothing of f (which may jump), but that theta moves the distribution of
xi: put the noise in front of the trigger into the law. As ``E[S] = 0`` any multiple of S can be taken off each sample (a
control variate); its coefficient is estimated from the *other* groups of samples, which leaves the estimator without bias.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.uncertainty.estimate import Estimate, Moments, accumulate, estimate
from adjointdesign.uncertainty.integrand import Expectation, parameters
from adjointdesign.uncertainty.sampling import Block, Sampling

CONTROLS = ("none", "baseline", "scalar", "component")


def score(
    expectation: Expectation, theta, sampling: Sampling, control: str = "component", explicit: bool = True
) -> Estimate:
    """Value and gradient by the score-function estimator.

    Parameters
    ----------
    expectation : Expectation
        Whose law depends on theta.
    theta : array_like, shape (n,)
        Where.
    sampling : Sampling
        Which samples; its groups are those that are left out in turn.
    control : {"none", "baseline", "scalar", "component"}
        Coefficient of the control variate S: none; the mean of f; the one number, or the one number a component, that makes the
        variance least (Greensmith, Bartlett and Baxter, J. Mach. Learn. Res. 5, 1471 (2004)).
    explicit : bool
        Whether f itself may depend on theta; false spares its gradient.

    Raises
    ------
    InputError
        When the law does not depend on theta, or does so by the edges of a support; when the integrand is a `Groups`.
    """
    theta, integrand, law = parameters(theta), expectation.integrand, expectation.law
    if control not in CONTROLS:
        raise InputError("control", f"one of {', '.join(CONTROLS)}", control, "choose one of these")
    if not law.depends:
        remedy = "put the noise in front of the trigger into the law, or use another estimator"
        raise InputError("Law", "a factor that depends on theta", "none", remedy)
    if integrand.batch != 1:
        raise InputError("integrand", "values of single samples", f"means of {integrand.batch}", "use the pathwise estimator")
    dimension = law.uniforms(theta)

    def samples_of(block: Block) -> np.ndarray:
        return law.draw(theta, sampling.uniforms(block, dimension))

    # Taken off f throughout, so that squares of its mean do not drown those of its spread.
    shift = float(integrand.values(theta, samples_of(Block(0, 1)))[0])

    def rows(block: Block):
        samples = samples_of(block)
        values, in_theta = (integrand.partials(theta, samples)[:2] if explicit else (integrand.values(theta, samples), 0.0))
        scores = law.score(theta, samples)
        return np.column_stack([values - shift, in_theta + (values - shift)[:, None] * scores]), scores

    groups = accumulate(sampling, rows)
    corrected = groups.corrected(_coefficient(control, groups.others(), shift))
    return estimate(sampling, corrected.shifted(0, shift), 1)


def _coefficient(control: str, others: Moments, shift: float) -> np.ndarray:
    """Coefficients of S for rows of ``(f - shift) S``, one row a group, from the samples of the other groups."""
    if control == "none":
        return np.full(others.b.shape, -shift)
    if control == "baseline":
        return np.broadcast_to(others.a[:, :1], others.b.shape)
    product, square = others.ab, others.bb
    if control == "scalar":
        product, square = product.sum(axis=1, keepdims=True), square.sum(axis=1, keepdims=True)
    return np.broadcast_to(np.divide(product, square, out=np.zeros(square.shape), where=square > 0), others.b.shape)
