"""Parametrised shapes, rendered on a pixel grid by the exact area fraction of each pixel.

By Green's theorem the area of a shape left of its boundary is ``- integral of x dy`` over the boundary. The boundary is
cut where it crosses the lines of the pixel grid; each piece then lies in one pixel, to which it adds the area between
itself and the pixel's right edge, and it covers all pixels further right by its height. A running sum along x collects
these. Integrals over straight pieces and elliptic arcs are in closed form, so the fractions are exact to rounding and
differentiable in every parameter (to second order wherever no boundary runs along a grid line).

Positions are in metres, angles in radians, counterclockwise from x. Pixel ``(i, j)`` is the box from
``origin + (i, j) * spacing`` to ``origin + (i + 1, j + 1) * spacing``.
"""

from __future__ import annotations

import autograd.numpy as np

from adjointdesign.design.operators import apply_linear, check_spacing, plain, real_array
from adjointdesign.errors import InputError
from adjointdesign.tape import taped


@taped
def render_polygon(vertices, shape, spacing, origin=(0.0, 0.0)):
    """Area fraction of a polygon in each pixel.

    Parameters
    ----------
    vertices : ndarray, shape (n, 2)
        Corners in order, in either sense, m. A polygon that crosses itself counts every part as often as it winds.
    shape : tuple of int
        Number of pixels along x and y.
    spacing : float or tuple of float
        Pixel size along x and y, m.
    origin : tuple of float
        Lower corner of pixel (0, 0), m.

    Returns
    -------
    ndarray, shape ``shape``
        Fractions, 0 to 1; differentiable in ``vertices``.

    Raises
    ------
    InputError
        When there are fewer than three corners, or the grid is not a grid.
    """
    vertices = real_array(vertices, "vertices", (2,))
    count = plain(vertices).shape
    if count[0] < 3 or count[1] != 2:
        raise InputError("vertices", "at least 3 corners with x and y", f"shape {count}", "give an array (n, 2)")
    nx, ny, spacing, origin = _grid(shape, spacing, origin)
    p = (vertices - origin) / spacing
    following = np.concatenate([p[1:], p[:1]])
    start_x, start_y, step_x, step_y = p[:, 0], p[:, 1], following[:, 0] - p[:, 0], following[:, 1] - p[:, 1]

    crossings = [_line_crossings(start_x, step_x, nx), _line_crossings(start_y, step_y, ny)]
    ends = np.arange(count[0])
    edge = np.concatenate([ends, ends] + [e for e, _ in crossings])
    t = np.concatenate([np.zeros(count[0]), np.ones(count[0])] + [t for _, t in crossings])
    order = np.lexsort((plain(t), edge))
    edge, t = edge[order], t[order]
    same = edge[1:] == edge[:-1]
    edge, first, last = edge[1:][same], t[:-1][same], t[1:][same]

    middle_x = start_x[edge] + 0.5 * (first + last) * step_x[edge]
    middle_y = start_y[edge] + 0.5 * (first + last) * step_y[edge]
    height = (last - first) * step_y[edge]
    area = 0.5 * np.sum(p[:, 0] * following[:, 1] - following[:, 0] * p[:, 1])
    sense = 1.0 if plain(area) >= 0 else -1.0
    return sense * _collect(plain(middle_x), plain(middle_y), height, middle_x * height, nx, ny)


@taped
def render_rectangle(center, size, angle, shape, spacing, origin=(0.0, 0.0)):
    """Area fraction of a rectangle in each pixel.

    Parameters
    ----------
    center, size : ndarray, shape (2,)
        Center and side lengths, m.
    angle : float
        Angle of the first side to x, rad.
    shape, spacing, origin
        The pixel grid, as in `render_polygon`.

    Returns
    -------
    ndarray, shape ``shape``
        Fractions, 0 to 1; differentiable in ``center``, ``size`` and ``angle``.

    Raises
    ------
    InputError
        When a size is not positive, or the grid is not a grid.
    """
    center, size, angle = _placed(center, size, "size", angle)
    cosine, sine = np.cos(angle), np.sin(angle)
    u = 0.5 * size[0] * np.array([-1.0, 1.0, 1.0, -1.0])
    v = 0.5 * size[1] * np.array([-1.0, -1.0, 1.0, 1.0])
    corners = np.stack([center[0] + cosine * u - sine * v, center[1] + sine * u + cosine * v], axis=1)
    return render_polygon(corners, shape, spacing, origin)


@taped
def render_ellipse(center, semi_axes, angle, shape, spacing, origin=(0.0, 0.0)):
    """Area fraction of an ellipse in each pixel.

    Parameters
    ----------
    center, semi_axes : ndarray, shape (2,)
        Center and half lengths of the axes, m.
    angle : float
        Angle of the first axis to x, rad.
    shape, spacing, origin
        The pixel grid, as in `render_polygon`.

    Returns
    -------
    ndarray, shape ``shape``
        Fractions, 0 to 1; differentiable in ``center``, ``semi_axes`` and ``angle``.

    Raises
    ------
    InputError
        When a half axis is not positive, or the grid is not a grid.
    """
    center, semi_axes, angle = _placed(center, semi_axes, "semi_axes", angle)
    nx, ny, spacing, origin = _grid(shape, spacing, origin)
    # The boundary is x = x0 + x1 cos s + x2 sin s, and likewise y, in pixels.
    cosine, sine = np.cos(angle), np.sin(angle)
    a, b = semi_axes[0], semi_axes[1]
    x0, x1, x2 = (center[0] - origin[0]) / spacing[0], a * cosine / spacing[0], -b * sine / spacing[0]
    y0, y1, y2 = (center[1] - origin[1]) / spacing[1], a * sine / spacing[1], b * cosine / spacing[1]

    s = np.concatenate([_ellipse_crossings(x0, x1, x2, nx), _ellipse_crossings(y0, y1, y2, ny), np.array([0.0])])
    s = s - 2 * np.pi * np.floor(plain(s) / (2 * np.pi))
    first = s[np.argsort(plain(s))]
    last = np.concatenate([first[1:], first[:1] + 2 * np.pi])

    middle = 0.5 * (plain(first) + plain(last))
    middle_x = plain(x0) + plain(x1) * np.cos(middle) + plain(x2) * np.sin(middle)
    middle_y = plain(y0) + plain(y1) * np.cos(middle) + plain(y2) * np.sin(middle)
    # Differences of sines and cosines over an arc as products: exact to rounding for short arcs as well.
    mean, half = 0.5 * (first + last), 0.5 * (last - first)
    d_cos, d_sin = -2 * np.sin(mean) * np.sin(half), 2 * np.cos(mean) * np.sin(half)
    d_sin2, d_cos2 = 2 * np.cos(2 * mean) * np.sin(2 * half), -2 * np.sin(2 * mean) * np.sin(2 * half)
    height = y1 * d_cos + y2 * d_sin
    # Integral of (x1 cos + x2 sin)(-y1 sin + y2 cos) ds.
    moment = x0 * height - (x2 * y2 - x1 * y1) * d_cos2 / 4
    moment = moment + x1 * y2 * (half + d_sin2 / 4) - x2 * y1 * (half - d_sin2 / 4)
    return _collect(middle_x, middle_y, height, moment, nx, ny)


def _grid(shape, spacing, origin):
    if len(shape) != 2 or min(shape) < 1:
        raise InputError("shape", "the number of pixels along x and y", shape, "give two positive integers")
    if np.shape(origin) != (2,):
        raise InputError("origin", "two coordinates in metres", origin, "give x and y")
    return int(shape[0]), int(shape[1]), np.array(check_spacing(spacing, 2)), np.asarray(origin, dtype=float)


def _placed(center, size, name, angle):
    center, size = real_array(center, "center", (1,)), real_array(size, name, (1,))
    for what, value in (("center", center), (name, size)):
        if plain(value).shape != (2,):
            raise InputError(what, "two lengths in metres", plain(value), "give x and y")
    if not np.all(plain(size) > 0):
        raise InputError(name, "positive lengths", plain(size), "correct it")
    return center, size, real_array(angle, "angle", (0,))


def _line_crossings(start, step, lines):
    """Edges and their parameters, 0 to 1, where straight edges cross the grid lines 0 to ``lines``."""
    reach = np.arange(lines + 1)[None, :]
    begin, end = plain(start), plain(start) + plain(step)
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    edge, line = np.nonzero((low[:, None] < reach) & (reach < high[:, None]))
    return edge, (line - start[edge]) / step[edge]


def _ellipse_crossings(z0, z1, z2, lines):
    """Parameters of the ellipse where the coordinate ``z0 + z1 cos s + z2 sin s`` takes the values 0 to ``lines``."""
    amplitude, phase = np.sqrt(z1**2 + z2**2), np.arctan2(z2, z1)
    line = np.arange(lines + 1)
    line = line[np.abs(line - plain(z0)) < plain(amplitude)]
    turn = np.arccos((line - z0) / amplitude)
    return np.concatenate([phase + turn, phase - turn])


def _collect(middle_x, middle_y, height, moment, nx, ny):
    """Sum the pieces: heights ``dy`` and moments ``integral of x dy`` of a counterclockwise boundary, in pixels."""
    column, row = np.floor(middle_x).astype(int), np.floor(middle_y).astype(int)
    kept = np.nonzero((row >= 0) & (row < ny) & (column < nx))[0]
    column, row, height, moment = column[kept], row[kept], height[kept], moment[kept]
    left_of_grid = column < 0
    column = np.maximum(column, 0)
    # Share of the piece's height that is covered in its own pixel; left of the grid all of the first pixel is.
    own = np.where(left_of_grid, height, (column + 1) * height - moment)
    place = np.concatenate([column * ny + row, (column + 1) * ny + row])
    amounts = np.concatenate([-own, own - height])
    size = (nx + 1) * ny

    def scatter(values):
        return np.bincount(place, weights=values, minlength=size)

    def gather(values):
        return values[place]

    return np.cumsum(np.reshape(apply_linear(scatter, gather, amounts), (nx + 1, ny)), axis=0)[:nx]
