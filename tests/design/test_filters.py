import numpy as np
import pytest
from scipy import ndimage

from adjointdesign.design.filters import conic_filter, gaussian_filter, kernel
from adjointdesign.errors import InputError
from design_taylor import dot_product_residual

SPACING = 10e-9


def direct_sum(rho, weights, mode):
    return ndimage.correlate(rho, weights, mode=mode)


@pytest.mark.parametrize("border, mode", [("edge", "nearest"), ("periodic", "wrap")])
@pytest.mark.parametrize(
    "filtered, kind, radius", [(conic_filter, "conic", 62e-9), (gaussian_filter, "gaussian", 20e-9)]
)
def test_fft_convolution_equals_direct_sum(filtered, kind, radius, border, mode):
    rho = np.random.default_rng(1).random((31, 18))
    spacing = (10e-9, 12e-9)
    expected = direct_sum(rho, kernel(kind, radius, spacing), mode)
    np.testing.assert_allclose(filtered(rho, radius, spacing, border), expected, atol=1e-14)


def test_three_dimensions_equal_direct_sum():
    rho = np.random.default_rng(2).random((9, 8, 7))
    expected = direct_sum(rho, kernel("conic", 35e-9, (SPACING,) * 3), "nearest")
    np.testing.assert_allclose(conic_filter(rho, 35e-9, SPACING), expected, atol=1e-14)


@pytest.mark.parametrize("border", ["edge", "periodic", 0.3, np.full((60, 60), 0.3)])
def test_constant_is_preserved(border):
    np.testing.assert_allclose(conic_filter(np.full((20, 20), 0.3), 100e-9, SPACING, border), 0.3, atol=1e-15)


def test_conic_profile_of_straight_edge_has_the_closed_form():
    # Half plane under the cone (3 / pi R^2)(1 - r / R): at distance s R from the edge the covered volume is
    # (1 / pi) [acos(s) - 2 s sqrt(1 - s^2) + s^3 acosh(1 / s)], worked out in polar coordinates.
    n, radius = 401, 100.0
    x = np.arange(n) - n // 2
    rho = np.where(x > 0, 1.0, np.where(x == 0, 0.5, 0.0))[:, None] * np.ones((1, 3))
    profile = conic_filter(rho, radius, 1.0)[:, 1]
    s = np.array([20, 50, 80])
    t = s / radius
    expected = (np.arccos(t) - 2 * t * np.sqrt(1 - t**2) + t**3 * np.arccosh(1 / t)) / np.pi
    np.testing.assert_allclose(profile[n // 2 - s], expected, atol=2e-5)


def test_border_array_joins_the_waveguide():
    # A guide that goes on through the border must look like an endless one.
    guide = np.zeros((80, 80))
    guide[:, 30:50] = 1.0
    filtered = conic_filter(guide[20:60, 20:60], 100e-9, SPACING, guide)
    endless = conic_filter(guide, 100e-9, SPACING, 0.0)[40, 20:60]
    np.testing.assert_allclose(filtered, np.broadcast_to(endless, (40, 40)), atol=1e-14)


def test_border_array_larger_and_smaller_than_the_reach():
    rho = np.random.default_rng(3).random((12, 12))
    wide = np.random.default_rng(4).random((52, 52))
    wide[20:32, 20:32] = rho
    expected = direct_sum(wide, kernel("conic", 72e-9, (SPACING,) * 2), "nearest")[20:32, 20:32]
    np.testing.assert_allclose(conic_filter(rho, 72e-9, SPACING, wide), expected, atol=1e-14)
    narrow = wide[18:34, 18:34]
    expected = direct_sum(narrow, kernel("conic", 72e-9, (SPACING,) * 2), "nearest")[2:14, 2:14]
    np.testing.assert_allclose(conic_filter(rho, 72e-9, SPACING, narrow), expected, atol=1e-14)


@pytest.mark.parametrize("border", ["edge", "periodic", 1.0, np.ones((17, 19))])
def test_transpose_is_exact(border):
    rho = np.random.default_rng(5).random((13, 15))
    assert dot_product_residual(lambda x: conic_filter(x, 45e-9, SPACING, border), rho) < 1e-14


def test_radius_below_a_pixel_changes_nothing():
    rho = np.random.default_rng(6).random((8, 9))
    np.testing.assert_allclose(conic_filter(rho, 9e-9, SPACING), rho, atol=1e-15)


@pytest.mark.parametrize("arguments, name", [
    ((np.ones((4, 4)), -1.0, 1.0), "radius"),
    ((np.ones((4, 4)), np.nan, 1.0), "radius"),
    ((np.ones((4, 4)), 1.0, (1.0, 1.0, 1.0)), "spacing"),
    ((np.ones((4, 4)), 1.0, 0.0), "spacing"),
    ((np.ones(4), 1.0, 1.0), "rho"),
    ((np.full((4, 4), np.nan), 1.0, 1.0), "rho"),
    ((np.ones((4, 4)), 2.0, 1.0, "reflect"), "border"),
    ((np.ones((4, 4)), 2.0, 1.0, np.ones((7, 6))), "border"),
])
def test_bad_input_is_named(arguments, name):
    with pytest.raises(InputError, match=f"^{name}"):
        conic_filter(*arguments)
