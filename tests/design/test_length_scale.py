import autograd.numpy as np
import pytest
from autograd import grad

from adjointdesign.design.filters import conic_filter
from adjointdesign.design.length_scale import conic_thresholds, solid_length_scale, void_length_scale
from adjointdesign.design.projection import tanh_projection
from adjointdesign.design.shapes import render_rectangle
from adjointdesign.errors import InputError
from design_taylor import taylor_orders

RADIUS, PIXELS = 10.0, 80


def bar(width, angle):
    """A long bar filtered, projected, and its true width after both, from the area."""
    center = np.array([PIXELS / 2, PIXELS / 2])
    rho = render_rectangle(center, np.array([4.0 * PIXELS, width]), angle, (PIXELS, PIXELS), 1.0)
    filtered = conic_filter(rho, RADIUS, 1.0, "edge" if angle == 0 else 0.0)
    return filtered, tanh_projection(filtered, 64.0)


@pytest.mark.parametrize("length, thin, wide", [(8.0, 7.0, 8.5), (12.0, 11.0, 12.5), (16.0, 14.5, 16.5)])
@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_tells_thin_bars_and_gaps_from_wide_ones(length, thin, wide, angle):
    for width, fails in ((thin, True), (wide, False), (2 * wide, False)):
        filtered, projected = bar(width, angle)
        solid = solid_length_scale(filtered, projected, length, RADIUS, 1.0)
        void = void_length_scale(1 - filtered, 1 - projected, length, RADIUS, 1.0)
        assert (solid > 0) == fails
        assert void == pytest.approx(solid, rel=1e-9)
    # A bar in a wide void violates nothing there.
    assert void_length_scale(*bar(wide, 0.0), length, RADIUS, 1.0) <= 0


def test_thresholds_are_the_filtered_maximum_of_a_bar_of_that_width():
    # A one-dimensional hat filter over a bar: the limits quoted by Qian and Sigmund at b = 0, R and 2 R, and its slope.
    assert conic_thresholds(1e-9, 1.0)[0] == pytest.approx(0.5)
    assert conic_thresholds(1.0, 1.0)[0] == pytest.approx(0.75)
    assert conic_thresholds(2 - 1e-9, 1.0)[0] == pytest.approx(1.0)
    # Independent of the formula: the bar that a filtered strip projects to at 1/2 has its maximum at eta_e.
    x = np.arange(-4000, 4001) / 1000.0
    hat = np.maximum(0, 1 - np.abs(x[2500:5501])) / 1000.0
    for half_strip in (0.2, 0.3, 0.4):
        filtered = np.convolve(np.abs(x) < half_strip, hat, mode="same")
        width = np.sum(filtered > 0.5) / 1000.0
        if width > 0:
            assert filtered.max() == pytest.approx(conic_thresholds(width, 1.0)[0], abs=3e-3)


@pytest.mark.parametrize("constraint", [solid_length_scale, void_length_scale])
def test_derivatives(constraint):
    rho = np.random.default_rng(0).random((24, 22))

    def function(x):
        filtered = conic_filter(x, 4.0, 1.0)
        return constraint(filtered, tanh_projection(filtered, 8.0), 4.0, 4.0, 1.0, 1e-3)

    first, second = taylor_orders(function, rho, steps=(1e-3, 5e-4, 2.5e-4, 1.25e-4))
    assert first == pytest.approx(2.0, abs=0.1) and second == pytest.approx(3.0, abs=0.15)


def test_gradient_widens_a_thin_bar():
    filtered, projected = bar(7.0, 0.0)
    slope = grad(lambda f: solid_length_scale(f, projected, 8.0, RADIUS, 1.0))(filtered)
    assert slope[PIXELS // 2, PIXELS // 2] < 0


def test_units_do_not_matter():
    filtered, projected = bar(7.0, 0.5)
    pixels = solid_length_scale(filtered, projected, 8.0, RADIUS, 1.0)
    metres = solid_length_scale(filtered, projected, 80e-9, RADIUS * 10e-9, 10e-9)
    assert metres == pytest.approx(pixels, rel=1e-9)


def test_bad_input_is_named():
    filtered, projected = bar(8.0, 0.0)
    for arguments, name in [
        ((filtered, projected, 21.0, RADIUS, 1.0), "length"),
        ((filtered, projected[1:], 8.0, RADIUS, 1.0), "projected"),
        ((filtered, projected, 8.0, RADIUS, 1.0, 0.0), "tolerance"),
        ((filtered, projected, 8.0, RADIUS, -1.0), "spacing"),
    ]:
        with pytest.raises(InputError, match=f"^{name}"):
            solid_length_scale(*arguments)
