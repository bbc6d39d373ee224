import autograd.numpy as np
import pytest
from autograd import grad
from numpy import testing

from adjointdesign.design.shapes import render_ellipse, render_polygon, render_rectangle
from adjointdesign.errors import InputError
from design_taylor import taylor_orders

GRID = ((30, 24), (10e-9, 12e-9), (-40e-9, 20e-9))


def shoelace(vertices):
    x, y = vertices.T
    return 0.5 * abs(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


def clipped_area(vertices, low, high):
    """Area of a polygon inside a box by Sutherland-Hodgman clipping, which shares nothing with the renderer."""
    points = list(vertices)
    for axis in (0, 1):
        for bound, sign in ((low[axis], 1.0), (high[axis], -1.0)):
            clipped = []
            for a, b in zip(points, points[1:] + points[:1]):
                da, db = sign * (a[axis] - bound), sign * (b[axis] - bound)
                if da >= 0:
                    clipped.append(a)
                if da * db < 0:
                    clipped.append(a + (b - a) * da / (da - db))
            points = clipped
            if len(points) < 3:
                return 0.0
    return shoelace(np.array(points))


def star(count=9, scale=1.0, seed=0):
    """A polygon that does not cross itself."""
    rng = np.random.default_rng(seed)
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False) + 0.2 * rng.random(count)
    radii = scale * (0.6 + 0.4 * rng.random(count))
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def placed(vertices):
    return np.array([110e-9, 160e-9]) + 90e-9 * vertices


@pytest.mark.parametrize("center", [(110e-9, 160e-9), (-30e-9, 30e-9), (255e-9, 300e-9)])
def test_polygon_pixels_equal_clipping(center):
    # The second and third polygon hang over the grid's border.
    shape, spacing, origin = GRID
    vertices = np.array(center) + star(seed=3, scale=90e-9)
    image = render_polygon(vertices, *GRID)
    for i in range(shape[0]):
        for j in range(shape[1]):
            low = np.array(origin) + np.array([i, j]) * np.array(spacing)
            expected = clipped_area(vertices, low, low + np.array(spacing)) / np.prod(spacing)
            assert image[i, j] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("count", [3, 4, 50])
def test_polygon_area_is_conserved_and_sense_does_not_matter(count):
    vertices = placed(star(count))
    image = render_polygon(vertices, *GRID)
    assert image.sum() * np.prod(GRID[1]) == pytest.approx(shoelace(vertices), rel=1e-12)
    testing.assert_allclose(render_polygon(vertices[::-1], *GRID), image, atol=1e-12)
    assert image.min() > -1e-12 and image.max() < 1 + 1e-12


def test_edges_on_grid_lines():
    image = render_polygon(np.array([[2.0, 1.0], [5.0, 1.0], [5.0, 4.0], [2.0, 4.0]]), (7, 6), 1.0)
    expected = np.zeros((7, 6))
    expected[2:5, 1:4] = 1.0
    testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("angle", [0.0, 0.4, 2.0])
def test_ellipse_equals_limit_of_polygons(angle):
    center, axes = np.array([100e-9, 155e-9]), np.array([95e-9, 50e-9])
    image = render_ellipse(center, axes, angle, *GRID)
    assert image.sum() * np.prod(GRID[1]) == pytest.approx(np.pi * np.prod(axes), rel=1e-12)
    # Polygons on the boundary fall short by an area that goes as 1 / n^2: extrapolate it away.
    def inscribed(n):
        s = 2 * np.pi * np.arange(n) / n
        u, v = axes[0] * np.cos(s), axes[1] * np.sin(s)
        corners = [center[0] + np.cos(angle) * u - np.sin(angle) * v, center[1] + np.sin(angle) * u + np.cos(angle) * v]
        return render_polygon(np.stack(corners, axis=1), *GRID)
    coarse, fine = inscribed(4000), inscribed(8000)
    testing.assert_allclose(image, fine, atol=2e-6)
    testing.assert_allclose(image, (4 * fine - coarse) / 3, atol=1e-8)


def test_ellipse_larger_than_the_grid_fills_it():
    axes = np.array([5e-7, 4e-7])
    testing.assert_allclose(render_ellipse(np.array([1e-7, 1e-7]), 2 * axes, 0.1, *GRID), 1.0, atol=1e-12)
    # Beyond the grid on either side nothing is left behind.
    for x in (9e-7, -9e-7):
        testing.assert_allclose(render_ellipse(np.array([x, 1e-7]), axes, 0.1, *GRID), 0.0, atol=1e-12)


def test_ellipse_hanging_over_the_border():
    small = render_ellipse(np.array([0.0, 3.0]), np.array([2.7, 3.6]), 0.3, (4, 4), 1.0)
    large = render_ellipse(np.array([6.0, 9.0]), np.array([2.7, 3.6]), 0.3, (16, 16), 1.0)
    testing.assert_allclose(small, large[6:10, 6:10], atol=1e-13)


PARAMETRIZED = {
    "polygon": (lambda p: render_polygon(110e-9 + 90e-9 * np.reshape(p, (-1, 2)), *GRID), star().ravel(), 4e-4),
    "rectangle": (
        lambda p: render_rectangle(1e-7 * p[:2], 1e-7 * p[2:4], p[4], *GRID),
        np.array([1.07, 1.53, 1.41, 0.93, 0.3]), 4e-4,
    ),
    "ellipse": (
        lambda p: render_ellipse(1e-7 * p[:2], 1e-7 * p[2:4], p[4], *GRID),
        np.array([1.07, 1.53, 0.81, 0.63, 0.3]), 1e-4,
    ),
}


@pytest.mark.parametrize("name", PARAMETRIZED)
def test_derivatives_in_every_parameter(name):
    # Steps small enough that the boundary keeps the same pixels, also where it is almost tangent to a grid line.
    function, parameters, step = PARAMETRIZED[name]
    first, second = taylor_orders(function, parameters, steps=(step, step / 2, step / 4, step / 8))
    assert first == pytest.approx(2.0, abs=0.1) and second == pytest.approx(3.0, abs=0.1)


def test_area_gradient_is_the_closed_form():
    cell, center, lengths = np.prod(GRID[1]), np.array([1e-7, 1.6e-7]), np.array([8e-8, 5e-8])
    for render, factor in ((render_ellipse, np.pi), (render_rectangle, 1.0)):
        slope = grad(lambda lengths: cell * np.sum(render(center, lengths, 0.3, *GRID)))(lengths)
        testing.assert_allclose(slope, factor * lengths[::-1], rtol=1e-9)


def test_bad_input_is_named():
    with pytest.raises(InputError, match="^vertices"):
        render_polygon(np.ones((2, 2)), *GRID)
    with pytest.raises(InputError, match="^size"):
        render_rectangle(np.ones(2), np.array([1.0, -1.0]), 0.0, *GRID)
    with pytest.raises(InputError, match="^semi_axes"):
        render_ellipse(np.ones(2), np.ones(3), 0.0, *GRID)
    with pytest.raises(InputError, match="^shape"):
        render_ellipse(np.ones(2), np.ones(2), 0.0, (3,), 1.0)
    with pytest.raises(InputError, match="^angle"):
        render_ellipse(np.ones(2), np.ones(2), np.nan, (3, 3), 1.0)
