"""The Yee update in two and three dimensions, forward and transposed, with its absorbing layers.

One *phase* updates all magnetic or all electric components on a slab of rows ``first <= i < last``. `magnetic_phase` and
`electric_phase` choose the code by the number of fields and of electric coefficients, which numba knows when it compiles:
only the polarization in use is compiled. The same functions serve the forward and the adjoint sweep: in scaled variables
(see `propagation.py`) the transpose of a Yee step is a Yee step, and only the absorbing layer differs.

K. S. Yee, IEEE Trans. Antennas Propag. 14, 302 (1966); absorbing layer: J. A. Roden and S. D. Gedney, Microw. Opt.
Technol. Lett. 27, 334 (2000).
"""

from typing import NamedTuple

import numpy as np
from numba.extending import overload

from adjointdesign.solvers.fdtd_maxwell.compiled import kernel, pasted
from adjointdesign.solvers.fdtd_maxwell.rows import (
    difference_across,
    difference_along,
    differences_across,
    differences_mixed,
    filter_across,
    filter_along,
    layer_across,
    layer_along,
    scale_rows,
)

_BLOCK_VALUES = 2048
"""Values of a field in one block of rows: with its neighbors and coefficients it stays in the caches nearest the core."""


class Phase(NamedTuple):
    """Weights of one phase (magnetic or electric) of one sweep.

    ``weights[axis, kind, slot]`` holds per storage slot, by ``kind``: 0 and 1, the weights of the upper and lower neighbor
    of a difference; 2 and 3, the recursion ``b``, ``a`` of the absorbing layer, at the target in the forward sweep and at the
    source in the transposed one. ``slot[axis, s]`` is the place of slot ``s`` in the layer's memory, -1 outside, and
    ``bounds[axis]`` limits the layers (``s < bounds[axis, 0]``, ``s >= bounds[axis, 1]``).
    """

    weights: np.ndarray
    slot: np.ndarray
    bounds: np.ndarray
    transposed: bool


@kernel
def _rows_in_block(field):
    return max(1, _BLOCK_VALUES // field.shape[2])


# Three dimensions; the absorber's memory ``psi`` in the order xy, xz, yz, yx, zx, zy (component, axis).


@pasted
def _curl_x(f, block, hi, scale, shift, fy, fz, psi_y, psi_z, p):
    """Add ``scale (d fz / dy - d fy / dz)``."""
    differences_mixed(f, block, hi, scale, shift, 1, 1, fz, fy, p.weights)
    layer_across(f, block, hi, scale, shift, 1, 1, psi_y, fz, p)
    layer_along(f, block, hi, scale, shift, -1, psi_z, fy, p)


@pasted
def _curl_y(f, block, hi, scale, shift, fx, fz, psi_x, psi_z, p):
    """Add ``scale (d fx / dz - d fz / dx)``."""
    differences_mixed(f, block, hi, scale, shift, -1, 0, fz, fx, p.weights)
    layer_across(f, block, hi, scale, shift, -1, 0, psi_x, fz, p)
    layer_along(f, block, hi, scale, shift, 1, psi_z, fx, p)


@pasted
def _curl_z(f, block, hi, scale, shift, fx, fy, psi_x, psi_y, p):
    """Add ``scale (d fy / dx - d fx / dy)``."""
    differences_across(f, block, hi, scale, shift, fy, fx, p.weights)
    layer_across(f, block, hi, scale, shift, 1, 0, psi_x, fy, p)
    layer_across(f, block, hi, scale, shift, -1, 1, psi_y, fx, p)


@kernel
def _magnetic_3d(fields, psi, p, first, last):
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    c, rows = hx.dtype.type(-1), _rows_in_block(hx)
    for i in range(first, last):
        inside = min(i + 1, nx + 1)  # no such row at the upper face
        for j in range(1, ny + 2, rows):
            j1 = min(j + rows, ny + 2)
            _curl_x(hx, (i, i + 1, j, min(j1, ny + 1)), nz + 1, c, 1, ey, ez, psi[0], psi[1], p)
            _curl_y(hy, (i, inside, j, j1), nz + 1, c, 1, ex, ez, psi[3], psi[2], p)
            _curl_z(hz, (i, inside, j, min(j1, ny + 1)), nz + 2, c, 1, ex, ey, psi[4], psi[5], p)


@kernel
def _electric_3d(fields, psi, p, ca, cb, lossy, first, last):
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    rows = _rows_in_block(hx)
    for i in range(first, last):
        inside = min(i + 1, nx + 1)
        for j in range(1, ny + 2, rows):
            j1 = min(j + rows, ny + 2)
            if lossy:
                for c in range(3):
                    scale_rows(fields[c], (i, i + 1, j, j1), ca[c])
            _curl_x(ex, (i, inside, j, j1), nz + 2, cb[0], 0, hy, hz, psi[0], psi[1], p)
            _curl_y(ey, (i, i + 1, j, min(j1, ny + 1)), nz + 2, cb[1], 0, hx, hz, psi[3], psi[2], p)
            _curl_z(ez, (i, i + 1, j, j1), nz + 1, cb[2], 0, hx, hy, psi[4], psi[5], p)


@kernel
def _filter_3d(psi, fx, fy, fz, p, first, last):
    for i in range(first, last):
        block = (i, i + 1, 1, fx.shape[1])
        filter_across(psi[0], block, 1, fz, p)
        filter_along(psi[1], block, fy, p)
        filter_along(psi[2], block, fx, p)
        filter_across(psi[3], block, 0, fz, p)
        filter_across(psi[4], block, 0, fy, p)
        filter_across(psi[5], block, 1, fx, p)


# Two dimensions: storage (x, 1, y), so that y is the axis along the rows, number 2; ``psi`` in the order x, y.


@pasted
def _plane_curl(f, block, hi, scale, shift, fx, fy, psi, p):
    """Add ``scale (d fy / dx - d fx / dy)``."""
    differences_mixed(f, block, hi, scale, shift, 1, 0, fy, fx, p.weights)
    layer_across(f, block, hi, scale, shift, 1, 0, psi[0], fy, p)
    layer_along(f, block, hi, scale, shift, -1, psi[1], fx, p)


@pasted
def _plane_dy(f, block, hi, scale, shift, u, psi, p):
    """Add ``scale d u / dy``."""
    difference_along(f, block, hi, scale, shift, u, p.weights)
    layer_along(f, block, hi, scale, shift, 1, psi[1], u, p)


@pasted
def _plane_minus_dx(f, block, hi, scale, shift, u, psi, p):
    """Add ``-scale d u / dx``."""
    difference_across(f, block, hi, scale, shift, -1, u, p.weights)
    layer_across(f, block, hi, scale, shift, -1, 0, psi[0], u, p)


@kernel
def _magnetic_ez(fields, psi, p, first, last):
    ez, hx, hy = fields
    nx, ny = ez.shape[0] - 2, ez.shape[2] - 2
    c, rows = ez.dtype.type(-1), _rows_in_block(ez)
    for i in range(first, last, rows):
        i1 = min(i + rows, last)
        _plane_dy(hx, (i, i1, 0, 1), ny + 1, c, 1, ez, psi, p)
        _plane_minus_dx(hy, (i, min(i1, nx + 1), 0, 1), ny + 2, c, 1, ez, psi, p)


@kernel
def _electric_ez(fields, psi, p, ca, cb, lossy, first, last):
    ez, hx, hy = fields
    ny, rows = ez.shape[2] - 2, _rows_in_block(ez)
    for i in range(first, last, rows):
        block = (i, min(i + rows, last), 0, 1)
        if lossy:
            scale_rows(ez, block, ca[0])
        _plane_curl(ez, block, ny + 2, cb[0], 0, hx, hy, psi, p)


@kernel
def _magnetic_hz(fields, psi, p, first, last):
    ex, ey, hz = fields
    nx, ny = hz.shape[0] - 2, hz.shape[2] - 2
    c, rows = hz.dtype.type(-1), _rows_in_block(hz)
    for i in range(first, last, rows):
        _plane_curl(hz, (i, min(i + rows, last, nx + 1), 0, 1), ny + 1, c, 1, ex, ey, psi, p)


@kernel
def _electric_hz(fields, psi, p, ca, cb, lossy, first, last):
    ex, ey, hz = fields
    nx, ny, rows = hz.shape[0] - 2, hz.shape[2] - 2, _rows_in_block(hz)
    for i in range(first, last, rows):
        i1 = min(i + rows, last)
        block, inside = (i, i1, 0, 1), (i, min(i1, nx + 1), 0, 1)
        if lossy:
            scale_rows(ex, block, ca[0])
            scale_rows(ey, block, ca[1])
        _plane_dy(ex, inside, ny + 2, cb[0], 0, hz, psi, p)
        _plane_minus_dx(ey, block, ny + 1, cb[1], 0, hz, psi, p)


@kernel
def _filter_2d(psi, along_x, along_y, p, first, last):
    """`_filter_3d` in two dimensions: ``along_x`` is differentiated along x, ``along_y`` along y."""
    block = (first, last, 0, 1)
    filter_across(psi[0], block, 0, along_x, p)
    filter_along(psi[1], block, along_y, p)


# Chosen when compiled: six fields are 3D, one electric coefficient is Ez polarization, two are Hz polarization.


def _choose(fields, cb, three, ez, hz):
    return three if len(fields) == 6 else ez if len(cb) == 1 else hz


def magnetic_phase(fields, psi, p, cb, first, last):
    """``H -= curl E`` on a slab; ``cb`` only tells the polarization (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(magnetic_phase, inline="always")
def _magnetic_phase(fields, psi, p, cb, first, last):
    update = _choose(fields, cb, _magnetic_3d, _magnetic_ez, _magnetic_hz)
    return lambda fields, psi, p, cb, first, last: update(fields, psi, p, first, last)


def electric_phase(fields, psi, p, ca, cb, lossy, first, last):
    """``E = ca E + cb curl H`` on a slab; ``ca`` is read only where ``lossy`` (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(electric_phase, inline="always")
def _electric_phase(fields, psi, p, ca, cb, lossy, first, last):
    update = _choose(fields, cb, _electric_3d, _electric_ez, _electric_hz)
    return lambda fields, psi, p, ca, cb, lossy, first, last: update(fields, psi, p, ca, cb, lossy, first, last)


def filter_electric(fields, psi, p, cb, first, last):
    """Filter the electric fields on a slab for the transposed layer of the magnetic phase (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(filter_electric, inline="always")
def _filter_electric(fields, psi, p, cb, first, last):
    along_x, along_y, _ = _choose(fields, cb, (0, 1, 2), (0, 0, 0), (1, 0, 0))
    if len(fields) == 6:
        return lambda fields, psi, p, cb, first, last: _filter_3d(psi, fields[0], fields[1], fields[2], p, first, last)
    return lambda fields, psi, p, cb, first, last: _filter_2d(psi, fields[along_x], fields[along_y], p, first, last)


def filter_magnetic(fields, psi, p, cb, first, last):
    """Filter the magnetic fields on a slab for the transposed layer of the electric phase (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(filter_magnetic, inline="always")
def _filter_magnetic(fields, psi, p, cb, first, last):
    along_x, along_y, _ = _choose(fields, cb, (3, 4, 5), (2, 1, 0), (2, 2, 0))
    if len(fields) == 6:
        return lambda fields, psi, p, cb, first, last: _filter_3d(psi, fields[3], fields[4], fields[5], p, first, last)
    return lambda fields, psi, p, cb, first, last: _filter_2d(psi, fields[along_x], fields[along_y], p, first, last)
