"""The Taylor test on functions whose derivatives are known, right and wrong."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, recording
from adjointdesign.verification.taylor import taylor_along, taylor_test

X = np.array([0.3, -1.2, 0.7])
D = np.array([1.0, 0.5, -2.0])


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_right_derivatives_whatever_the_scale_and_offset(scale, offset):
    """sin(1 + 3 h); an offset raises the rounding by six decades, the steps must adapt."""

    def path(h):
        return scale * (np.sin(1 + 3 * h) + offset)

    first = taylor_along(path, scale * 3 * np.cos(1))
    assert first.passed and not first.exact and first.order == pytest.approx(2.0, abs=0.05)
    second = taylor_along(path, scale * 3 * np.cos(1), -scale * 9 * np.sin(1))
    assert second.passed and second.order == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("error", [1e-1, 1e-3, 1e-5, -1e-5])
def test_slightly_wrong_derivatives_are_seen(error):
    def path(h):
        return np.sin(1 + 3 * h)

    slope, curvature = 3 * np.cos(1), -9 * np.sin(1)
    first = taylor_along(path, slope * (1 + error))
    assert not first.passed and first.order == pytest.approx(1.0, abs=0.3)
    assert not taylor_along(path, slope * (1 + error), curvature).passed
    if abs(error) >= 1e-3:  # a curvature shows only in h^2, and so less far above rounding
        assert not taylor_along(path, slope, curvature * (1 + error)).passed


def test_exactly_linear_and_quadratic_functions():
    first = taylor_along(lambda h: 2.0 + 3.0 * h, 3.0)
    assert first.exact and first.passed and first.order == 2.0
    second = taylor_along(lambda h: 2.0 + 3.0 * h + 5.0 * h**2, 3.0, 10.0)
    assert second.exact and second.passed and second.order == 3.0
    assert not taylor_along(lambda h: 2.0 + 3.0 * h, 3.001).passed
    assert taylor_along(lambda h: 2.0, 0.0).exact


def test_noise_is_no_proof():
    """A value with relative noise of 1e-3 hides every remainder: the test must not call that exact."""
    rng = np.random.default_rng(1)
    result = taylor_along(lambda h: 1.0 + h + (1e-3 * rng.standard_normal() if h else 0.0), 1.0)
    assert not result.passed and not result.exact and np.isnan(result.order)


@pytest.mark.parametrize("kind", [np.float32, float])
def test_single_precision(kind):
    """Also when the value comes out as a double: its type then says nothing of its rounding."""

    def path(h):
        return kind(np.float32(np.sin(np.float32(1 + 3 * h))))

    assert taylor_along(path, 3 * np.cos(1)).passed
    assert not taylor_along(path, 3 * np.cos(1) * 1.1).passed


def test_arrays_and_complex_values():
    a = np.array([1.0, 2.0 - 1j])
    assert taylor_along(lambda h: np.exp(a * h), a).passed
    assert not taylor_along(lambda h: np.exp(a * h), np.conj(a)).passed


def test_functional_of_arrays_and_scalars_first_and_second_order():
    with recording():
        x, s = Array(X), AdjFloat(0.5)
        functional = ReducedFunctional((np.exp(x * s) * x).sum(), [Control(x), Control(s)])
    direction = [Array(D), AdjFloat(0.3)]
    assert taylor_test(functional, [x, s], direction).order == pytest.approx(2.0, abs=0.05)
    assert taylor_test(functional, [x, s], direction, order=2).order == pytest.approx(3.0, abs=0.1)
    # It leaves the functional at the point.
    np.testing.assert_allclose(functional.derivative()[0].data, np.exp(0.5 * X) * (1 + 0.5 * X), rtol=1e-13)


def test_functional_with_values_in_an_array():
    with recording():
        x = Array(X)
        functional = ReducedFunctional(np.exp(1j * x) * 2.0, Control(x))
    assert taylor_test(functional, x, Array(D)).passed
    with pytest.raises(InputError, match="scalar"):
        taylor_test(functional, x, Array(D), order=2)


def test_wrong_gradient_of_a_functional_is_caught():
    class Wrong(ReducedFunctional):
        def derivative(self, adj_input=1.0, apply_riesz=False):
            return super().derivative(adj_input, apply_riesz)._ad_mul(1.001)

    with recording():
        x = Array(X)
        functional = Wrong((x**3).sum(), Control(x))
    assert not taylor_test(functional, x, Array(D)).passed


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match="slope"):
        taylor_along(lambda h: np.ones(3), 1.0)
    with pytest.raises(InputError, match="slope: expected finite"):
        taylor_along(lambda h: h, np.inf)
    with pytest.raises(InputError, match="not finite at"):
        taylor_along(lambda h: h if h < 1e-3 else np.nan, 1.0)
    with pytest.raises(InputError, match="order"):
        taylor_test(None, None, None, order=3)
