import math

import numpy as np
import pytest

from adjointdesign.design.measurement import measure_length_scale
from adjointdesign.design.shapes import render_ellipse, render_rectangle
from adjointdesign.errors import InputError

SHAPE = (100, 100)


def drawn(image):
    return (image > 0.5).astype(float)


@pytest.mark.parametrize("width", [1, 2, 3, 5, 8, 13, 30])
@pytest.mark.parametrize("axis", [0, 1])
def test_straight_bars_and_gaps_are_exact(width, axis):
    pattern = np.zeros((60, 50))
    pattern[10:10 + width] = 1.0
    pattern = np.swapaxes(pattern, 0, axis)
    measured = measure_length_scale(pattern, 10e-9)
    assert measured.solid == pytest.approx(width * 10e-9)
    assert measured.resolution == 10e-9
    gap = measure_length_scale(1 - pattern, 10e-9)
    assert gap.void == pytest.approx(width * 10e-9)
    assert (gap.solid, measured.void) == (measured.void, gap.solid)


@pytest.mark.parametrize("angle", [0.1, 0.3, 0.5, math.pi / 4, 1.2])
@pytest.mark.parametrize("width", [3.0, 5.3, 8.0, 12.6, 20.0])
def test_rotated_bars_are_right_to_a_pixel(width, angle):
    pattern = drawn(render_rectangle(np.array([50.3, 49.8]), np.array([300.0, width]), angle, SHAPE, 1.0))
    assert measure_length_scale(pattern, 1.0).solid == pytest.approx(width, abs=1.0)


@pytest.mark.parametrize("diameter", [5.5, 8.0, 13.3, 20.0])
def test_discs_err_on_the_safe_side(diameter):
    for place in (50.0, 50.25):
        axes = np.array([diameter / 2, diameter / 2])
        pattern = drawn(render_ellipse(np.array([place, 50.3]), axes, 0.0, SHAPE, 1.0))
        assert diameter - 1.6 <= measure_length_scale(pattern, 1.0).solid <= diameter
        assert measure_length_scale(1 - pattern, 1.0).void == measure_length_scale(pattern, 1.0).solid


def test_smallest_feature_decides():
    pattern = np.zeros((60, 60))
    pattern[10:40, 10:18] = pattern[10:40, 23:40] = 1.0
    measured = measure_length_scale(pattern, 1.0)
    assert (measured.solid, measured.void, measured.minimum) == (8.0, 5.0, 5.0)


def test_sharp_corners_are_violations():
    # The opening of a right angle with a disc of radius r leaves out (sqrt(2) - 1) r at the corner.
    pattern = np.zeros((60, 60))
    pattern[15:45, 15:45] = 1.0
    assert 5 <= measure_length_scale(pattern, 1.0).solid < 30


def test_border_decides_what_a_cut_feature_is():
    pattern = np.zeros((40, 40))
    pattern[:4] = 1.0
    assert measure_length_scale(pattern, 1.0, "edge").solid == math.inf
    assert measure_length_scale(pattern, 1.0, 0.0).solid == 4.0
    assert measure_length_scale(pattern, 1.0, "periodic").solid == 4.0
    around = np.zeros((50, 50))
    around[:9] = 1.0
    assert measure_length_scale(pattern, 1.0, around).solid == math.inf


def test_unequal_spacing():
    pattern = np.zeros((60, 30))
    pattern[20:30] = 1.0
    assert measure_length_scale(pattern, (1.0, 2.0)).solid == 10.0
    assert measure_length_scale(pattern.T, (2.0, 1.0)).solid == 10.0


def test_noise_is_one_pixel_and_uniform_is_unlimited():
    noise = np.random.default_rng(0).integers(0, 2, (40, 40))
    assert measure_length_scale(noise, 1.0).minimum <= 2.0
    uniform = measure_length_scale(np.ones((20, 20)), 1.0)
    assert uniform.minimum == math.inf


def test_bad_input_is_named():
    with pytest.raises(InputError, match="^pattern"):
        measure_length_scale(np.full((5, 5), 0.5), 1.0)
    with pytest.raises(InputError, match="^pattern"):
        measure_length_scale(np.ones((5, 5, 5)), 1.0)
