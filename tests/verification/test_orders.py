"""Order fits against exact powers, a textbook regression, and known quadrature errors."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.verification.orders import observed_order, richardson


def test_exact_power_is_found_exactly():
    h = 0.1 / 2.0 ** np.arange(5)
    fit = observed_order(h, 3.0 * h**2.5)
    assert fit.order == pytest.approx(2.5, abs=1e-12) and fit.constant == pytest.approx(3.0, rel=1e-11)
    assert fit.standard_error < 1e-12


def test_standard_error_against_scipy():
    import scipy.stats

    rng = np.random.default_rng(0)
    h = 0.1 / 2.0 ** np.arange(6)
    errors = h**2 * np.exp(0.1 * rng.standard_normal(6))
    fit, reference = observed_order(h, errors), scipy.stats.linregress(np.log(h), np.log(errors))
    assert fit.order == pytest.approx(reference.slope, rel=1e-12)
    assert fit.standard_error == pytest.approx(reference.stderr, rel=1e-9)
    half = scipy.stats.t.ppf(0.975, 4) * reference.stderr
    assert fit.interval == pytest.approx((fit.order - half, fit.order + half), rel=1e-9)


def test_two_points_give_no_error():
    fit = observed_order([0.1, 0.05], [0.01, 0.0025])
    assert fit.order == pytest.approx(2.0) and np.isnan(fit.standard_error) and fit.interval == (-np.inf, np.inf)


def test_richardson_on_the_trapezoidal_rule():
    """Integral of exp over [0, 1] is e - 1; the rule is of order 2 and the extrapolation of order 4."""
    values = [np.trapezoid(np.exp(np.linspace(0, 1, n + 1)), dx=1 / n) for n in (8, 16, 32)]
    limit, order = richardson(*values)
    assert order == pytest.approx(2.0, abs=0.01)
    assert abs(limit - (np.e - 1)) < abs(values[2] - (np.e - 1)) / 500


@pytest.mark.parametrize(
    ("sizes", "errors"), [([0.1], [1.0]), ([0.1, 0.1], [1.0, 2.0]), ([0.1, 0.2], [1.0, 0.0]), ([0.1, 0.2], [1.0])]
)
def test_nothing_to_fit_is_refused(sizes, errors):
    with pytest.raises(InputError):
        observed_order(sizes, errors)


def test_divergence_is_refused():
    with pytest.raises(InputError, match="converge"):
        richardson(1.0, 2.0, 4.0)
