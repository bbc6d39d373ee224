import autograd.numpy as np
import pytest
from autograd import grad
from numpy import testing

from adjointdesign.design.filters import conic_filter
from adjointdesign.design.projection import robust_variants, smoothed_projection, tanh_projection
from adjointdesign.errors import InputError
from design_taylor import taylor_orders


def smooth_field(seed=0, shape=(30, 26)):
    # Stretched over the whole range, so that interfaces pass through it.
    rho = conic_filter(np.random.default_rng(seed).random(shape), 5.0, 1.0)
    return (rho - rho.min()) / (rho.max() - rho.min())


def straight_edge(position, angle=0.0, n=40):
    x, y = np.meshgrid(np.arange(n) + 0.5, np.arange(n) + 0.5, indexing="ij")
    return 1 / (1 + np.exp((np.cos(angle) * (x - n / 2) + np.sin(angle) * (y - n / 2) - position) / 4))


def test_tanh_limits():
    rho = np.linspace(0, 1, 11)
    testing.assert_array_equal(tanh_projection(rho, 0.0), rho)
    testing.assert_array_equal(tanh_projection(rho, np.inf, 0.35), (rho > 0.35).astype(float))
    testing.assert_allclose(tanh_projection(rho, 1e-4, 0.3), rho, atol=1e-8)
    for beta in (1.0, 8.0, 300.0):
        assert tanh_projection(np.array([0.0, 1.0]), beta, 0.4) == pytest.approx([0.0, 1.0])


def test_tanh_derivatives():
    steps = (4e-3, 2e-3, 1e-3, 5e-4)
    first, second = taylor_orders(lambda x: tanh_projection(x, 6.0, 0.45), smooth_field(), steps=steps)
    assert first == pytest.approx(2.0, abs=0.05) and second == pytest.approx(3.0, abs=0.1)


@pytest.mark.parametrize("beta", [4.0, 64.0, np.inf])
def test_smoothed_derivatives(beta):
    # Third derivatives jump where an interface enters a pixel's neighborhood: orders within 0.2.
    function = lambda x: smoothed_projection(x, beta, 0.5, 1.0)
    first, second = taylor_orders(function, smooth_field(), steps=(4e-4, 2e-4, 1e-4, 5e-5))
    assert first == pytest.approx(2.0, abs=0.1) and second == pytest.approx(3.0, abs=0.2)


def test_smoothed_is_binary_away_from_interfaces():
    rho = smooth_field()
    result = smoothed_projection(rho, np.inf, 0.5, 1.0)
    slope = np.hypot(*np.gradient(rho))
    far = np.abs(rho - 0.5) > 2.0 * slope + 0.05
    assert far.sum() > 100
    testing.assert_array_equal(result[far], (rho > 0.5)[far].astype(float))
    assert result.min() >= 0 and result.max() <= 1


def test_smoothed_equals_tanh_where_nothing_crosses():
    rho = 0.2 * smooth_field()
    testing.assert_array_equal(smoothed_projection(rho, 8.0, 0.5, 1.0), tanh_projection(rho, 8.0, 0.5))


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4])
def test_covered_area_follows_a_moving_edge(angle):
    # Half plane inside a square: the cut is n / cos(angle) long, and shortens at 45 degrees, where it ends in corners.
    n, positions = 40, np.linspace(-1.0, 1.0, 41)
    areas = np.array([smoothed_projection(straight_edge(p, angle), np.inf, 0.5, 1.0).sum() for p in positions])
    length = n / np.cos(angle)
    exact = n * n / 2 + length * positions - (positions * np.abs(positions) if angle > 0.5 else 0.0)
    assert np.max(np.abs(areas - exact)) < 0.011 * length
    assert np.all(np.abs(np.diff(areas) / np.diff(exact) - 1) < 0.065)


def test_gradient_stays_as_the_projection_sharpens():
    def response(beta, project):
        return np.abs(grad(lambda x: np.sum(project(x, beta)))(straight_edge(0.25))).sum()
    smoothed = [response(beta, lambda x, b: smoothed_projection(x, b, 0.5, 1.0)) for beta in (32.0, 1e3, np.inf)]
    assert min(smoothed) > 0.8 * max(smoothed) > 0
    assert response(np.inf, lambda x, b: tanh_projection(x, b, 0.5)) == 0


@pytest.mark.parametrize("beta", [8.0, 200.0, np.inf])
def test_no_jump_as_an_interface_enters_a_pixel(beta):
    step = 1e-3
    values = np.array([smoothed_projection(straight_edge(p, 0.3, 9), beta, 0.5, 1.0) for p in np.arange(0, 1.2, step)])
    assert np.max(np.abs(np.diff(values, axis=0))) < 1.2 * step


def test_uniform_start_with_rounding_noise_has_the_tanh_gradient():
    # A uniform half-dense start, filtered by FFT, has slopes of 1e-17: no interface may be seen in them.
    rho = 0.5 + 1e-16 * np.random.default_rng(0).standard_normal((12, 12))
    weights = np.random.default_rng(1).random((12, 12))
    smoothed = grad(lambda x: np.sum(weights * smoothed_projection(x, 8.0, 0.5, 1e-8)))(rho)
    plain = grad(lambda x: np.sum(weights * tanh_projection(x, 8.0, 0.5)))(rho)
    testing.assert_allclose(smoothed, plain, rtol=1e-10)


def test_three_dimensions_and_flat_axes():
    rho = straight_edge(0.3)
    flat = smoothed_projection(rho, np.inf, 0.5, 1.0)
    testing.assert_allclose(smoothed_projection(rho[:, :, None], np.inf, 0.5, 1.0)[:, :, 0], flat)
    tall = np.repeat(rho[:, :, None], 5, axis=2)
    testing.assert_allclose(smoothed_projection(tall, np.inf, 0.5, 1.0)[:, :, 2], flat, atol=1e-14)


@pytest.mark.parametrize("spacing", [None, 1.0])
def test_robust_variants_are_nested(spacing):
    eroded, nominal, dilated = robust_variants(smooth_field(), np.inf, 0.5, 0.15, spacing)
    assert np.all(eroded <= nominal + 1e-12) and np.all(nominal <= dilated + 1e-12)
    assert eroded.sum() < nominal.sum() < dilated.sum()


def test_bad_input_is_named():
    with pytest.raises(InputError, match="^beta"):
        tanh_projection(np.ones((3, 3)), -1.0)
    with pytest.raises(InputError, match="^eta"):
        smoothed_projection(np.ones((3, 3)), 1.0, 1.5, 1.0)
    with pytest.raises(InputError, match="^delta"):
        robust_variants(np.ones((3, 3)), 1.0, 0.5, 0.5)
    with pytest.raises(InputError, match="^rho"):
        smoothed_projection(np.ones((2, 2)), 1.0, 0.5, 1.0)
