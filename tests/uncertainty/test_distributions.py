"""Samples and densities against scipy.stats, derivatives against closed forms."""

import numpy as np
import pytest
import scipy.stats

from adjointdesign.errors import InputError
from adjointdesign.uncertainty import Empirical, Law, LogNormal, Normal, Poisson, TruncatedExponential, Uniform

U = (np.arange(400)[:, None] + 0.5) / 400
CASES = {
    "normal": (Normal(0.3, 1.7), scipy.stats.norm(0.3, 1.7)),
    "lognormal": (LogNormal(0.2, 0.6), scipy.stats.lognorm(0.6, scale=np.exp(0.2))),
    "uniform": (Uniform(-1.0, 3.0), scipy.stats.uniform(-1.0, 4.0)),
    "truncated": (TruncatedExponential(2.0, 1.0, 2.5), scipy.stats.truncexpon(3.0, loc=1.0, scale=0.5)),
    "exponential": (TruncatedExponential(2.0, 1.0), scipy.stats.expon(1.0, 0.5)),
    "poisson": (Poisson(3.7), scipy.stats.poisson(3.7)),
    "rare": (Poisson(0.02), scipy.stats.poisson(0.02)),
}


@pytest.mark.parametrize("name", CASES)
def test_against_scipy(name):
    own, other = CASES[name]
    samples = own.draw(U)
    np.testing.assert_allclose(samples, other.ppf(U), rtol=1e-11, atol=1e-14)
    log_density = other.logpmf if hasattr(other.dist, "logpmf") else other.logpdf
    np.testing.assert_allclose(own.log_density(samples), log_density(samples), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("family", [Normal, LogNormal, TruncatedExponential])
def test_path_and_score_by_differences(family):
    """In each parameter; a parameter that moves the support has a path only."""
    theta, h = np.array([0.4, 0.9]) if family is not TruncatedExponential else np.array([1.3]), 1e-6
    law = Law(lambda t, _: family(*(t[:, j : j + 1] for j in range(theta.size))))
    samples, pull = law.path(theta, U)
    slopes, scores = pull(np.ones(samples.shape)), law.score(theta, samples)
    for j, move in enumerate(h * np.eye(theta.size)):
        np.testing.assert_allclose(slopes[:, j], (law.draw(theta + move, U) - law.draw(theta - move, U))[:, 0] / (2 * h), rtol=1e-6)
        above, below = (family(*(theta + sign * move)).log_density(samples)[:, 0] for sign in (1, -1))
        np.testing.assert_allclose(scores[:, j], (above - below) / (2 * h), rtol=1e-5, atol=1e-7)


def test_scores_have_closed_forms():
    theta = np.array([0.5, 1.4])
    law = Law(lambda t, _: Normal(t[:, :1], t[:, 1:]))
    x = law.draw(theta, U)
    z = (x - theta[0]) / theta[1]
    np.testing.assert_allclose(law.score(theta, x), np.hstack([z, z**2 - 1]) / theta[1], rtol=1e-12)
    rate = np.array([2.5])
    counts = Poisson(rate).draw(U)
    np.testing.assert_allclose(Law(lambda t, _: Poisson(t)).score(rate, counts), counts / 2.5 - 1, rtol=1e-12)


def test_gutenberg_richter():
    """For b = 1 one in ten is a unit of magnitude higher."""
    magnitudes = TruncatedExponential.gutenberg_richter(1.0, 2.0, 8.0).draw(U)
    assert magnitudes.min() >= 2.0 and magnitudes.max() <= 8.0
    assert np.mean(magnitudes > 3.0) == pytest.approx(0.1, abs=0.003)


def test_empirical_rows_and_weights():
    table = Empirical(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), [1.0, 0.0, 3.0])
    rows = table.draw(U)
    assert table.dimension == 2 and table.uniforms == 1 and np.all(rows[:, 1] == 10 * rows[:, 0])
    assert np.mean(rows[:, 0] == 1) == 0.25 and not np.any(rows[:, 0] == 2)
    assert Empirical(np.ones((3, 1)), [1.0, 1.0, 0.0]).draw(np.array([[1 - 2.0**-53]])) == 1.0


def test_factors_in_order():
    """Columns side by side; a factor sees those before it; the joint score is the sum of the conditional ones."""
    law = Law(
        Empirical(np.array([[1.0, 5.0], [2.0, 7.0]])),
        lambda t, before: Normal(t[:, :1] * before[:, 1:], 0.5),
        lambda t, before: Normal(before[:, 2:3] + t[:, 1:], np.array([1.0, 2.0])),
    )
    theta = np.array([0.3, -1.0])
    assert law.uniforms(theta) == 4
    u = np.random.default_rng(0).random((50, 4))
    x = law.draw(theta, u)
    assert x.shape == (50, 5)
    z = scipy.stats.norm.ppf(u)
    np.testing.assert_allclose(x[:, 2], 0.3 * x[:, 1] + 0.5 * z[:, 1])
    np.testing.assert_allclose(x[:, 3:], x[:, 2:3] - 1 + [1.0, 2.0] * z[:, 2:])
    np.testing.assert_allclose(law.score(theta, x), np.column_stack([x[:, 1] * z[:, 1] / 0.5, z[:, 2] + z[:, 3] / 2]))
    pull = law.path(theta, u)[1]
    np.testing.assert_allclose(pull(np.ones((50, 5))), np.column_stack([3 * x[:, 1], np.full(50, 2.0)]))


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Normal(0.0, [1.0, -2.0]), r"Normal.std: expected above 0, got \[-2.\]"),
        (lambda: Normal(0.0, np.nan), "Normal.std"),
        (lambda: Uniform(2.0, 1.0), "Uniform.upper: expected above lower"),
        (lambda: TruncatedExponential(0.0), "TruncatedExponential.rate"),
        (lambda: Poisson(np.inf), "Poisson.rate: expected a finite number above 0"),
        (lambda: Empirical(np.zeros((0, 2))), "Empirical.rows"),
        (lambda: Empirical([[1.0], [2.0]], [1.0]), "Empirical.weights: expected shape"),
        (lambda: Empirical([[1.0], [2.0]], [0.0, 0.0]), "not all zero"),
        (lambda: Law(), "Law: expected at least one factor"),
        (lambda: Law(3), "Law: expected distributions"),
        (lambda: Law(lambda t, _: 3).draw(np.ones(1), U), "function that returns a Distribution"),
        (lambda: Law(lambda t, _: Normal(t[:, 0])).uniforms(np.ones(1)), r"got 1 for one and 2 for two; slice .* theta\[:, :1\]"),
        (lambda: Law(lambda t, _: Poisson(t)).path(np.ones(1), U), "got Poisson; use the score function"),
        (lambda: Law(lambda t, _: Uniform(0.0, t)).score(np.ones(1), U), "got Uniform.upper of it; use the pathwise"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(InputError, match=words):
        make()
