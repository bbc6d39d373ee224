"""The Yee update in two and three dimensions, forward and transposed, with its absorbing layers.

One *phase* updates all magnetic or all electric components. `magnetic_phase` and `electric_phase` choose the code by the
number of fields and, in two dimensions, by the polarization. The same functions serve the forward and the adjoint sweep:
in scaled variables (see `adjoint.py`) the transpose of a Yee step is a Yee step, and only the absorbing layer differs.

K. S. Yee, IEEE Trans. Antennas Propag. 14, 302 (1966); absorbing layer: J. A. Roden and S. D. Gedney, Microw. Opt.
Technol. Lett. 27, 334 (2000).
"""

from typing import NamedTuple

import numba
import numpy as np
from numba.extending import overload

from adjointdesign.solvers.fdtd_maxwell.rows import (
    INLINE,
    OPTIONS,
    difference_across,
    difference_along,
    differences_across,
    differences_mixed,
    filter_across,
    filter_along,
    flush_denormals,
    layer_across,
    layer_along,
    scale_row,
    transposed_layer_across,
    transposed_layer_along,
)

PARALLEL = OPTIONS | {"parallel": True}


class Phase(NamedTuple):
    """Weights of one phase (magnetic or electric) of one sweep.

    ``weights[axis, kind, slot]`` holds per storage slot, by ``kind``: 0 and 1, the weights of the upper and lower neighbor
    of a difference; 2 and 3, the recursion ``b``, ``a`` of the absorbing layer, at the target in the forward sweep and at the
    source in the transposed one. ``slot[axis, s]`` is the place of slot ``s`` in the layer's memory, -1 outside, and
    ``bounds[axis]`` limits the layers (``s < bounds[axis, 0]``, ``s >= bounds[axis, 1]``). Plain arrays, since compiled
    parallel loops take no nested tuples.
    """

    weights: np.ndarray
    slot: np.ndarray
    bounds: np.ndarray
    transposed: bool


@numba.njit(**INLINE)
def _across_x(f, i, j, scale, hi, sign, psi, shift, u, w, slots, transposed):
    """Absorbing-layer correction of a row for the derivative of u along x."""
    slot = slots[0, i]
    if slot >= 0:
        if transposed:
            transposed_layer_across(f, i, j, scale, hi, sign, psi, slot + shift, j, slot + shift - 1, j)
        else:
            b, a = w[0, 2, i], w[0, 3, i]
            layer_across(f, i, j, scale, hi, sign, psi, slot, j, u, i + shift, j, i + shift - 1, j, b, a)


@numba.njit(**INLINE)
def _across_y(f, i, j, scale, hi, sign, psi, shift, u, w, slots, transposed):
    """Absorbing-layer correction of a row for the derivative of u along y (3D)."""
    slot = slots[1, j]
    if slot >= 0:
        if transposed:
            transposed_layer_across(f, i, j, scale, hi, sign, psi, i, slot + shift, i, slot + shift - 1)
        else:
            b, a = w[1, 2, j], w[1, 3, j]
            layer_across(f, i, j, scale, hi, sign, psi, i, slot, u, i, j + shift, i, j + shift - 1, b, a)


@numba.njit(**INLINE)
def _along(f, i, j, scale, hi, sign, psi, shift, v, w, slots, bounds, transposed):
    """Absorbing-layer correction of a row for the derivative of v along it, at both ends."""
    low, high = min(bounds[2, 0], hi), bounds[2, 1]
    if low > 1:
        if transposed:
            transposed_layer_along(f, i, j, scale, 1, low, sign, psi, shift)
        else:
            layer_along(f, i, j, scale, 1, low, sign, psi, 0, v, shift, w)
    if high < hi:
        # Unsigned arithmetic wraps, so a negative offset is right where it is used, added to a slot.
        offset = slots[2, high] - high
        if transposed:
            transposed_layer_along(f, i, j, scale, high, hi, sign, psi, offset + shift)
        else:
            layer_along(f, i, j, scale, high, hi, sign, psi, offset, v, shift, w)


@numba.njit(**INLINE)
def _curl_x(f, scale, hi, i, j, shift, fy, fz, psi_y, psi_z, w, slots, bounds, transposed):
    """Add ``scale (d fz / dy - d fy / dz)`` to a row."""
    differences_mixed(
        f, i, j, scale, hi, 1, fz, i, j + shift, w[1, 0, j], i, j + shift - 1, w[1, 1, j], fy, shift, w
    )
    _across_y(f, i, j, scale, hi, 1, psi_y, shift, fz, w, slots, transposed)
    _along(f, i, j, scale, hi, -1, psi_z, shift, fy, w, slots, bounds, transposed)


@numba.njit(**INLINE)
def _curl_y(f, scale, hi, i, j, shift, fx, fz, psi_x, psi_z, w, slots, bounds, transposed):
    """Add ``scale (d fx / dz - d fz / dx)`` to a row."""
    differences_mixed(
        f, i, j, scale, hi, -1, fz, i + shift, j, w[0, 0, i], i + shift - 1, j, w[0, 1, i], fx, shift, w
    )
    _across_x(f, i, j, scale, hi, -1, psi_x, shift, fz, w, slots, transposed)
    _along(f, i, j, scale, hi, 1, psi_z, shift, fx, w, slots, bounds, transposed)


@numba.njit(**INLINE)
def _curl_z(f, scale, hi, i, j, shift, fx, fy, psi_x, psi_y, w, slots, transposed):
    """Add ``scale (d fy / dx - d fx / dy)`` to a row (3D)."""
    differences_across(
        f, i, j, scale, hi, fy, i + shift, w[0, 0, i], w[0, 1, i], i + shift - 1,
        fx, j + shift, w[1, 0, j], w[1, 1, j], j + shift - 1,
    )  # fmt: skip
    _across_x(f, i, j, scale, hi, 1, psi_x, shift, fy, w, slots, transposed)
    _across_y(f, i, j, scale, hi, -1, psi_y, shift, fx, w, slots, transposed)


@numba.njit(**PARALLEL)
def magnetic_3d(fields, psi, p):
    """``H -= curl E`` for all three components; ``psi`` in the order xy, xz, yz, yx, zx, zy (component, axis)."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        c = hx.dtype.type(-1)
        for j in range(1, ny + 2):
            if j <= ny:
                _curl_x(hx, c, nz + 1, i, j, 1, ey, ez, psi[0], psi[1], w, slots, bounds, transposed)
            if i <= nx:
                _curl_y(hy, c, nz + 1, i, j, 1, ex, ez, psi[3], psi[2], w, slots, bounds, transposed)
                if j <= ny:
                    _curl_z(hz, c, nz + 2, i, j, 1, ex, ey, psi[4], psi[5], w, slots, transposed)


@numba.njit(**PARALLEL)
def electric_3d(fields, psi, p, ca, cb, lossy):
    """``E = ca E + cb curl H`` for all three components; ``ca`` is read only where ``lossy``."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        for j in range(1, ny + 2):
            if lossy:
                scale_row(ex, i, j, ca[0])
                scale_row(ey, i, j, ca[1])
                scale_row(ez, i, j, ca[2])
            if i <= nx:
                _curl_x(ex, cb[0], nz + 2, i, j, 0, hy, hz, psi[0], psi[1], w, slots, bounds, transposed)
            if j <= ny:
                _curl_y(ey, cb[1], nz + 2, i, j, 0, hx, hz, psi[3], psi[2], w, slots, bounds, transposed)
            _curl_z(ez, cb[2], nz + 1, i, j, 0, hx, hy, psi[4], psi[5], w, slots, transposed)


# Two dimensions: storage (x, 1, y), so that y is the axis along the rows, number 2.


@numba.njit(**INLINE)
def _plane_curl(f, scale, hi, i, shift, fx, fy, psi_x, psi_y, w, slots, bounds, transposed):
    """Add ``scale (d fy / dx - d fx / dy)`` to a row."""
    differences_mixed(
        f, i, 0, scale, hi, 1, fy, i + shift, 0, w[0, 0, i], i + shift - 1, 0, w[0, 1, i], fx, shift, w
    )
    _across_x(f, i, 0, scale, hi, 1, psi_x, shift, fy, w, slots, transposed)
    _along(f, i, 0, scale, hi, -1, psi_y, shift, fx, w, slots, bounds, transposed)


@numba.njit(**INLINE)
def _plane_dy(f, scale, hi, i, shift, u, psi_y, w, slots, bounds, transposed):
    """Add ``scale d u / dy`` to a row."""
    difference_along(f, i, 0, scale, hi, u, shift, w)
    _along(f, i, 0, scale, hi, 1, psi_y, shift, u, w, slots, bounds, transposed)


@numba.njit(**INLINE)
def _plane_minus_dx(f, scale, hi, i, shift, u, psi_x, w, slots, transposed):
    """Add ``-scale d u / dx`` to a row."""
    difference_across(f, i, 0, scale, hi, -1, u, i + shift, w[0, 0, i], i + shift - 1, w[0, 1, i])
    _across_x(f, i, 0, scale, hi, -1, psi_x, shift, u, w, slots, transposed)


@numba.njit(**PARALLEL)
def magnetic_2d(fields, psi, p, out_of_plane_h):
    """``H -= curl E`` in two dimensions: Ez polarization, or Hz where ``out_of_plane_h``; ``psi`` in the order x, y."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    f0, f1, f2 = fields
    nx, ny = f0.shape[0] - 2, f0.shape[2] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        c = f0.dtype.type(-1)
        if out_of_plane_h:  # fields ex, ey, hz
            if i <= nx:
                _plane_curl(f2, c, ny + 1, i, 1, f0, f1, psi[0], psi[1], w, slots, bounds, transposed)
        else:  # fields ez, hx, hy
            _plane_dy(f1, c, ny + 1, i, 1, f0, psi[1], w, slots, bounds, transposed)
            if i <= nx:
                _plane_minus_dx(f2, c, ny + 2, i, 1, f0, psi[0], w, slots, transposed)


@numba.njit(**PARALLEL)
def electric_2d(fields, psi, p, ca, cb, lossy, out_of_plane_h):
    """``E = ca E + cb curl H`` in two dimensions: Ez polarization, or Hz where ``out_of_plane_h``."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    f0, f1, f2 = fields
    ca0, cb0, ca1, cb1 = ca[0], cb[0], ca[-1], cb[-1]  # the same ones in Ez polarization
    nx, ny = f0.shape[0] - 2, f0.shape[2] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        if lossy:
            scale_row(f0, i, 0, ca0)
            if out_of_plane_h:
                scale_row(f1, i, 0, ca1)
        if out_of_plane_h:
            if i <= nx:
                _plane_dy(f0, cb0, ny + 2, i, 0, f2, psi[1], w, slots, bounds, transposed)
            _plane_minus_dx(f1, cb1, ny + 1, i, 0, f2, psi[0], w, slots, transposed)
        else:
            _plane_curl(f0, cb0, ny + 2, i, 0, f1, f2, psi[0], psi[1], w, slots, bounds, transposed)


@numba.njit(**INLINE)
def _filter_ends(psi, i, j, u, w, slots, bounds):
    end = u.shape[2]
    low, high = min(bounds[2, 0], end), bounds[2, 1]
    if low > 1:
        filter_along(psi, i, j, 1, low, 0, u, w)
    if high < end:
        filter_along(psi, i, j, high, end, slots[2, high] - high, u, w)


@numba.njit(**PARALLEL)
def filter_3d(psi, fx, fy, fz, p):
    """First half of the adjoint layer: filter the fields that the coming phase differentiates."""
    w, slots, bounds = p.weights, p.slot, p.bounds
    sx, sy, sz = fx.shape
    for i in numba.prange(1, sx):
        flush_denormals()
        x = slots[0, i]
        for j in range(1, sy):
            y = slots[1, j]
            if x >= 0:
                filter_across(psi[3], x, j, sz, fz, i, j, w[0, 2, i], w[0, 3, i])
                filter_across(psi[4], x, j, sz, fy, i, j, w[0, 2, i], w[0, 3, i])
            if y >= 0:
                filter_across(psi[0], i, y, sz, fz, i, j, w[1, 2, j], w[1, 3, j])
                filter_across(psi[5], i, y, sz, fx, i, j, w[1, 2, j], w[1, 3, j])
            _filter_ends(psi[1], i, j, fy, w, slots, bounds)
            _filter_ends(psi[2], i, j, fx, w, slots, bounds)


@numba.njit(**PARALLEL)
def filter_2d(psi, along_x, along_y, p):
    """`filter_3d` in two dimensions: ``along_x`` is differentiated along x, ``along_y`` along y."""
    w, slots, bounds = p.weights, p.slot, p.bounds
    for i in numba.prange(1, along_x.shape[0]):
        flush_denormals()
        x = slots[0, i]
        if x >= 0:
            filter_across(psi[0], x, 0, along_x.shape[2], along_x, i, 0, w[0, 2, i], w[0, 3, i])
        _filter_ends(psi[1], i, 0, along_y, w, slots, bounds)


def magnetic_phase(fields, psi, p, out_of_plane_h):
    """Update every magnetic component (compiled code only; chosen by the number of fields)."""
    raise NotImplementedError("call from compiled code")


@overload(magnetic_phase)
def _magnetic_phase(fields, psi, p, out_of_plane_h):
    if len(fields) == 6:
        return lambda fields, psi, p, out_of_plane_h: magnetic_3d(fields, psi, p)
    return lambda fields, psi, p, out_of_plane_h: magnetic_2d(fields, psi, p, out_of_plane_h)


def electric_phase(fields, psi, p, ca, cb, lossy, out_of_plane_h):
    """Update every electric component (compiled code only; chosen by the number of fields)."""
    raise NotImplementedError("call from compiled code")


@overload(electric_phase)
def _electric_phase(fields, psi, p, ca, cb, lossy, out_of_plane_h):
    if len(fields) == 6:
        return lambda fields, psi, p, ca, cb, lossy, out_of_plane_h: electric_3d(fields, psi, p, ca, cb, lossy)
    return lambda fields, psi, p, ca, cb, lossy, out_of_plane_h: electric_2d(
        fields, psi, p, ca, cb, lossy, out_of_plane_h
    )


def filter_electric(fields, psi, p, out_of_plane_h):
    """Filter the electric fields for the adjoint layer of the magnetic phase (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(filter_electric)
def _filter_electric(fields, psi, p, out_of_plane_h):
    if len(fields) == 6:
        return lambda fields, psi, p, out_of_plane_h: filter_3d(
            psi, fields[0], fields[1], fields[2], p
        )

    def filter_plane(fields, psi, p, out_of_plane_h):
        if out_of_plane_h:
            filter_2d(psi, fields[1], fields[0], p)
        else:
            filter_2d(psi, fields[0], fields[0], p)

    return filter_plane


def filter_magnetic(fields, psi, p, out_of_plane_h):
    """Filter the magnetic fields for the adjoint layer of the electric phase (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(filter_magnetic)
def _filter_magnetic(fields, psi, p, out_of_plane_h):
    if len(fields) == 6:
        return lambda fields, psi, p, out_of_plane_h: filter_3d(
            psi, fields[3], fields[4], fields[5], p
        )

    def filter_plane(fields, psi, p, out_of_plane_h):
        if out_of_plane_h:
            filter_2d(psi, fields[2], fields[2], p)
        else:
            filter_2d(psi, fields[2], fields[1], p)

    return filter_plane
