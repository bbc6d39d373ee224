"""The Yee update in two and three dimensions, forward and transposed, with its absorbing layers.

One *phase* updates all magnetic or all electric components on a slab of rows ``first <= i < last``. `magnetic_phase`
and `electric_phase` choose the code by the number of fields and of electric coefficients, which numba knows when it
compiles: only the polarization in use is compiled. The same functions serve the forward and the adjoint sweep: in
scaled variables (see `propagation.py`) the transpose of a Yee step is a Yee step, and only the absorbing layer
differs.

K. S. Yee, IEEE Trans. Antennas Propag. 14, 302 (1966); absorbing layer: J. A. Roden and S. D. Gedney, Microw. Opt.
Technol. Lett. 27, 334 (2000).
"""

from typing import NamedTuple

import numpy as np

from adjointdesign.solvers.fdtd_maxwell.compiled import kernel, pasted
from adjointdesign.solvers.fdtd_maxwell.rows import (
    FROM_ABOVE,
    FROM_BELOW,
    MINUS,
    PLUS,
    X,
    Y,
    curl_rows,
    difference_across,
    difference_along,
    filter_across,
    filter_along,
    layer_across,
    layer_along,
    layers_along,
    plane_curl_rows,
    scale_rows,
)

_BLOCK_VALUES = 16384
"""Values of a field in one block of rows: with its neighbors and coefficients it stays in the caches nearest the
core."""


class Phase(NamedTuple):
    """Weights of one phase (magnetic or electric) of one sweep.

    ``weights[axis, kind, slot]`` holds per storage slot, by ``kind``: 0 and 1, the weights of the upper and lower
    neighbor of a difference; 2 and 3, the recursion ``b``, ``a`` of the absorbing layer, at the target in the forward
    sweep and at the source in the transposed one. ``slot[axis, s]`` is the place of slot ``s`` in the layer's memory,
    -1 outside, and ``bounds[axis]`` limits the layers (``s < bounds[axis, 0]``, ``s >= bounds[axis, 1]``).
    """

    weights: np.ndarray
    slot: np.ndarray
    bounds: np.ndarray
    transposed: bool


_TOGETHER = 4
"""Blocks that pass both phases in one call: the calls cost some three microseconds, which counts on small grids."""


@kernel
def _rows_in_block(field):
    return np.int64(max(1, _BLOCK_VALUES // (field.shape[1] * field.shape[2])))


@kernel
def rows_together(field):
    """Rows along x that pass the magnetic and the electric phase together."""
    return _TOGETHER * _rows_in_block(field)


# Three dimensions; the absorber's memory ``psi`` in the order xy, xz, yz, yx, zx, zy (component, axis).


@pasted
def _curl_plane(f, blocks, his, scales, shift, u, psi, p):
    """Add ``scale curl u`` to the three components ``f`` of a plane: a block and an end of the rows for each."""
    fx, fy, fz = f
    ux, uy, uz = u
    curl_rows(fx, fy, fz, blocks, his, scales, shift, ux, uy, uz, p.weights)
    rows = min(blocks[0][0], blocks[1][0]), max(blocks[0][1], blocks[1][1]), 1, max(blocks[0][3], blocks[1][3])
    layers_along(fx, fy, rows, his[0], scales[0], scales[1], shift, psi[1], psi[2], ux, uy, p)
    layer_across(fx, blocks[0], his[0], scales[0], shift, PLUS, Y, psi[0], uz, p)
    layer_across(fy, blocks[1], his[1], scales[1], shift, MINUS, X, psi[3], uz, p)
    layer_across(fz, blocks[2], his[2], scales[2], shift, PLUS, X, psi[4], uy, p)
    layer_across(fz, blocks[2], his[2], scales[2], shift, MINUS, Y, psi[5], ux, p)


@pasted
def _magnetic_3d(fields, psi, p, first, last):
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    c = hx.dtype.type(-1)
    for i in range(first, last):
        inside = min(i + 1, nx + 1)  # no such row at the upper face
        blocks = (i, i + 1, 1, ny + 1), (i, inside, 1, ny + 2), (i, inside, 1, ny + 1)
        _curl_plane((hx, hy, hz), blocks, (nz + 1, nz + 1, nz + 2), (c, c, c), FROM_ABOVE, (ex, ey, ez), psi, p)


@pasted
def _electric_3d(fields, psi, p, ca, cb, lossy, first, last):
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    for i in range(first, last):
        inside = min(i + 1, nx + 1)
        blocks = (i, inside, 1, ny + 2), (i, i + 1, 1, ny + 1), (i, i + 1, 1, ny + 2)
        if lossy:
            for c in range(3):
                scale_rows(fields[c], blocks[c], ca[c])
        _curl_plane((ex, ey, ez), blocks, (nz + 2, nz + 2, nz + 1), cb, FROM_BELOW, (hx, hy, hz), psi, p)


@pasted
def _filter_3d(psi, fx, fy, fz, p, first, last):
    for i in range(first, last):
        block = (i, i + 1, 1, fx.shape[1])
        filter_across(psi[0], block, Y, fz, p)
        filter_along(psi[1], block, fy, p)
        filter_along(psi[2], block, fx, p)
        filter_across(psi[3], block, X, fz, p)
        filter_across(psi[4], block, X, fy, p)
        filter_across(psi[5], block, Y, fx, p)


# Two dimensions: storage (x, 1, y), so that y is the axis along the rows, number 2; ``psi`` in the order x, y.


@pasted
def _plane_curl(f, block, hi, scale, shift, fx, fy, psi, p):
    """Add ``scale (d fy / dx - d fx / dy)``."""
    plane_curl_rows(f, block, hi, scale, shift, fy, fx, p.weights)
    layer_across(f, block, hi, scale, shift, PLUS, X, psi[0], fy, p)
    layer_along(f, block, hi, scale, shift, MINUS, psi[1], fx, p)


@pasted
def _plane_dy(f, block, hi, scale, shift, u, psi, p):
    """Add ``scale d u / dy``."""
    difference_along(f, block, hi, scale, shift, u, p.weights)
    layer_along(f, block, hi, scale, shift, PLUS, psi[1], u, p)


@pasted
def _plane_minus_dx(f, block, hi, scale, shift, u, psi, p):
    """Add ``-scale d u / dx``."""
    difference_across(f, block, hi, scale, shift, MINUS, u, p.weights)
    layer_across(f, block, hi, scale, shift, MINUS, X, psi[0], u, p)


@pasted
def _magnetic_ez(fields, psi, p, first, last):
    ez, hx, hy = fields
    nx, ny = ez.shape[0] - 2, ez.shape[2] - 2
    c, rows = ez.dtype.type(-1), _rows_in_block(ez)
    for i in range(first, last, rows):
        i1 = min(i + rows, last)
        _plane_dy(hx, (i, i1, 0, 1), ny + 1, c, FROM_ABOVE, ez, psi, p)
        _plane_minus_dx(hy, (i, min(i1, nx + 1), 0, 1), ny + 2, c, FROM_ABOVE, ez, psi, p)


@pasted
def _electric_ez(fields, psi, p, ca, cb, lossy, first, last):
    ez, hx, hy = fields
    ny, rows = ez.shape[2] - 2, _rows_in_block(ez)
    for i in range(first, last, rows):
        block = (i, min(i + rows, last), 0, 1)
        if lossy:
            scale_rows(ez, block, ca[0])
        _plane_curl(ez, block, ny + 2, cb[0], FROM_BELOW, hx, hy, psi, p)


@pasted
def _magnetic_hz(fields, psi, p, first, last):
    ex, ey, hz = fields
    nx, ny = hz.shape[0] - 2, hz.shape[2] - 2
    c, rows = hz.dtype.type(-1), _rows_in_block(hz)
    for i in range(first, last, rows):
        _plane_curl(hz, (i, min(i + rows, last, nx + 1), 0, 1), ny + 1, c, FROM_ABOVE, ex, ey, psi, p)


@pasted
def _electric_hz(fields, psi, p, ca, cb, lossy, first, last):
    ex, ey, hz = fields
    nx, ny, rows = hz.shape[0] - 2, hz.shape[2] - 2, _rows_in_block(hz)
    for i in range(first, last, rows):
        i1 = min(i + rows, last)
        block, inside = (i, i1, 0, 1), (i, min(i1, nx + 1), 0, 1)
        if lossy:
            scale_rows(ex, block, ca[0])
            scale_rows(ey, block, ca[1])
        _plane_dy(ex, inside, ny + 2, cb[0], FROM_BELOW, hz, psi, p)
        _plane_minus_dx(ey, block, ny + 1, cb[1], FROM_BELOW, hz, psi, p)


@pasted
def _filter_2d(psi, along_x, along_y, p, first, last):
    """`_filter_3d` in two dimensions: ``along_x`` is differentiated along x, ``along_y`` along y."""
    block = (first, last, 0, 1)
    filter_across(psi[0], block, X, along_x, p)
    filter_along(psi[1], block, along_y, p)


# Chosen when compiled: six fields are 3D, one electric coefficient is Ez polarization, two are Hz polarization.


@kernel
def magnetic_phase(fields, psi, p, cb, first, last):
    """``H -= curl E`` on a slab; ``cb`` only tells the polarization."""
    if len(fields) == 6:
        _magnetic_3d(fields, psi, p, first, last)
    elif len(cb) == 1:
        _magnetic_ez(fields, psi, p, first, last)
    else:
        _magnetic_hz(fields, psi, p, first, last)


@kernel
def electric_phase(fields, psi, p, ca, cb, lossy, first, last):
    """``E = ca E + cb curl H`` on a slab; ``ca`` is read only where ``lossy``."""
    if len(fields) == 6:
        _electric_3d(fields, psi, p, ca, cb, lossy, first, last)
    elif len(cb) == 1:
        _electric_ez(fields, psi, p, ca, cb, lossy, first, last)
    else:
        _electric_hz(fields, psi, p, ca, cb, lossy, first, last)


@kernel
def filter_electric(fields, psi, p, cb, first, last):
    """Filter the electric fields on a slab for the transposed layer of the magnetic phase."""
    if len(fields) == 6:
        _filter_3d(psi, fields[0], fields[1], fields[2], p, first, last)
    elif len(cb) == 1:
        _filter_2d(psi, fields[0], fields[0], p, first, last)
    else:
        _filter_2d(psi, fields[1], fields[0], p, first, last)


@kernel
def filter_magnetic(fields, psi, p, cb, first, last):
    """Filter the magnetic fields on a slab for the transposed layer of the electric phase."""
    if len(fields) == 6:
        _filter_3d(psi, fields[3], fields[4], fields[5], p, first, last)
    elif len(cb) == 1:
        _filter_2d(psi, fields[2], fields[1], p, first, last)
    else:
        _filter_2d(psi, fields[2], fields[2], p, first, last)
