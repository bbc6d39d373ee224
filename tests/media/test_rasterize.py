import autograd.numpy as np
import pytest
from autograd import grad
from numpy import testing

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.rasterize import component_average, component_matrices, coverage, overlap_matrix


def sampled_mean(pixels, origin, spacing, center, size, outside, samples=60):
    """Mean over a box by midpoint sampling, independent of any overlap formula."""
    points = [c + s * ((np.arange(samples) + 0.5) / samples - 0.5) for c, s in zip(center, size)]
    indices = [np.floor((p - o) / d).astype(int) for p, o, d in zip(points, origin, spacing)]
    total = 0.0
    for i in indices[0]:
        for j in indices[1]:
            inside = 0 <= i < pixels.shape[0] and 0 <= j < pixels.shape[1]
            total += pixels[i, j] if inside else outside
    return total / samples**2


@pytest.mark.parametrize("polarization, component", [("ez", "ez"), ("hz", "ex"), ("hz", "ey")])
def test_means_equal_sampling_at_the_components_place(polarization, component):
    grid = YeeGrid((6, 5), (0.31, 0.4), (-0.2, 0.1), polarization)
    pixels = np.random.default_rng(0).random((9, 7))
    origin, spacing = (0.17, 0.33), (0.1, 0.15)
    result = component_average(pixels, origin, spacing, grid, component, outside=2.5)
    assert result.shape == grid.shape
    x, y = (grid.coordinates(component, axis) for axis in (0, 1))
    for i, j in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 2), (0, 0)]:
        expected = sampled_mean(pixels, origin, spacing, (x[i], y[j]), grid.spacing, 2.5)
        assert result[i, j] == pytest.approx(expected, abs=0.05)
    box = component_average(pixels, origin, spacing, grid, component, ranges=((2, 5), (1, 4)), outside=2.5)
    testing.assert_allclose(box, result[2:5, 1:4], rtol=1e-14)


def test_total_is_conserved():
    grid = YeeGrid((20, 16, 12), (0.07, 0.08, 0.09), (0.0, 0.0, 0.0))
    pixels = np.random.default_rng(1).random((11, 9, 1))
    spacing = (0.053, 0.061, 0.22)
    for component in grid.electric:
        result = component_average(pixels, (0.3, 0.25, 0.31), spacing, grid, component)
        assert result.sum() * np.prod(grid.spacing) == pytest.approx(pixels.sum() * np.prod(spacing), rel=1e-13)


def test_uniform_background_is_seamless():
    # Equal values inside and outside must give exactly that value, whatever the misalignment.
    grid = YeeGrid((20, 20), (0.07, 0.07), (0.0, 0.0), "ez")
    result = component_average(np.full((9, 9), 2.25), (0.313, 0.251), 0.06, grid, "ez", outside=2.25)
    testing.assert_allclose(result, 2.25, rtol=1e-14)
    aligned = component_matrices((10, 10), (0.35, 0.35), 0.035, grid, "ez")
    assert coverage(aligned).max() <= 1.0


def test_transpose_is_exact():
    grid = YeeGrid((8, 7), (0.1, 0.1), (0.0, 0.0), "hz")
    rng = np.random.default_rng(2)
    pixels, direction = rng.random((2, 12, 13))
    cotangent = rng.standard_normal(grid.shape)
    average = lambda p: component_average(p, (0.12, 0.11), 0.04, grid, "ey", outside=1.0)
    pulled = grad(lambda p: np.sum(cotangent * average(p)))(pixels)
    pushed = average(pixels + direction) - average(pixels)
    assert np.sum(pushed * cotangent) == pytest.approx(np.sum(direction * pulled), rel=1e-12)


def test_overlaps_of_known_intervals():
    matrix = overlap_matrix([0.0, 1.0, 3.0], [-1.0, 0.5, 2.0, 4.0]).toarray()
    testing.assert_allclose(matrix, [[1 / 3, 0], [1 / 3, 2 / 3], [0, 0.5]])


def test_bad_input_is_named():
    grid = YeeGrid((4, 4), (1.0, 1.0), (0.0, 0.0), "ez")
    with pytest.raises(InputError, match="^component"):
        component_average(np.ones((2, 2)), (0, 0), 1.0, grid, "ex")
    with pytest.raises(InputError, match="^ranges"):
        component_average(np.ones((2, 2)), (0, 0), 1.0, grid, "ez", ranges=((0, 7), (0, 2)))
    with pytest.raises(InputError, match="^pixels"):
        component_average(np.ones((2, 2, 2)), (0, 0), 1.0, grid, "ez")
    with pytest.raises(InputError, match="^source_edges"):
        overlap_matrix([1.0, 0.0], [0.0, 1.0])
