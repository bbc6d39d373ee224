"""The Yee update in two and three dimensions, forward and transposed, with its absorbing layers.

One *phase* updates all magnetic or all electric components. `magnetic_phase` and `electric_phase` choose the code by the
rank of the fields and, in two dimensions, by the polarization. The same functions serve the forward and the adjoint sweep:
in scaled variables (see `adjoint.py`) the transpose of a Yee step is a Yee step, and only the absorbing layer differs.

K. S. Yee, IEEE Trans. Antennas Propag. 14, 302 (1966); absorbing layer: J. A. Roden and S. D. Gedney, Microw. Opt.
Technol. Lett. 27, 334 (2000).
"""

from typing import NamedTuple

import numba
import numpy as np
from numba.extending import overload

from adjointdesign.solvers.fdtd_maxwell.rows import (
    OPTIONS,
    add_row,
    decay_add_row,
    difference_across,
    difference_along,
    differences_across,
    differences_mixed,
    filter_along,
    filter_row,
    flush_denormals,
    layer_across,
    layer_along,
    subtract_row,
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


@numba.njit(**OPTIONS)
def _across(out, lo, hi, sign, psi, slot, shift, u1, u0, b, a, j, axis_first, i, transposed):
    """Absorbing-layer correction for a derivative along x (``axis_first``) or y of the row ``(i, j)`` of a 3D field."""
    if slot < 0:
        return
    if axis_first:
        if transposed:
            transposed_layer_across(out, lo, hi, sign, psi[slot + shift, j], psi[slot + shift - 1, j])
        else:
            layer_across(out, lo, hi, sign, psi[slot, j], u1, u0, b, a)
    elif transposed:
        transposed_layer_across(out, lo, hi, sign, psi[i, slot + shift], psi[i, slot + shift - 1])
    else:
        layer_across(out, lo, hi, sign, psi[i, slot], u1, u0, b, a)


@numba.njit(**OPTIONS)
def _along(out, hi, sign, psi, shift, v, b, a, slot, low, high, transposed):
    """Absorbing-layer correction for the derivative along the row, at both ends."""
    low = min(low, hi)
    if transposed:
        if low > 1:
            transposed_layer_along(out, 1, low, sign, psi, shift)
        if high < hi:
            transposed_layer_along(out, high, hi, sign, psi, slot[high] - high + shift)
    else:
        if low > 1:
            layer_along(out, 1, low, sign, psi, 0, v, shift, b, a)
        if high < hi:
            layer_along(out, high, hi, sign, psi, slot[high] - high, v, shift, b, a)


@numba.njit(**OPTIONS)
def _curl_x(out, lo, hi, i, j, shift, fy, fz, psi_y, psi_z, w, slots, bounds, transposed):
    """Row of ``d fz / dy - d fy / dz``."""
    u1, u0, v = fz[i, j + shift], fz[i, j + shift - 1], fy[i, j]
    differences_mixed(out, lo, hi, 1, u1, u0, w[1, 0, j], w[1, 1, j], v, shift, w[2, 0], w[2, 1])
    _across(out, lo, hi, 1, psi_y, slots[1, j], shift, u1, u0, w[1, 2, j], w[1, 3, j], j, False, i, transposed)
    _along(out, hi, -1, psi_z[i, j], shift, v, w[2, 2], w[2, 3], slots[2], bounds[2, 0], bounds[2, 1], transposed)


@numba.njit(**OPTIONS)
def _curl_y(out, lo, hi, i, j, shift, fx, fz, psi_x, psi_z, w, slots, bounds, transposed):
    """Row of ``d fx / dz - d fz / dx``."""
    u1, u0, v = fz[i + shift, j], fz[i + shift - 1, j], fx[i, j]
    differences_mixed(out, lo, hi, -1, u1, u0, w[0, 0, i], w[0, 1, i], v, shift, w[2, 0], w[2, 1])
    _across(out, lo, hi, -1, psi_x, slots[0, i], shift, u1, u0, w[0, 2, i], w[0, 3, i], j, True, i, transposed)
    _along(out, hi, 1, psi_z[i, j], shift, v, w[2, 2], w[2, 3], slots[2], bounds[2, 0], bounds[2, 1], transposed)


@numba.njit(**OPTIONS)
def _curl_z(out, lo, hi, i, j, shift, fx, fy, psi_x, psi_y, w, slots, bounds, transposed):
    """Row of ``d fy / dx - d fx / dy``."""
    u1, u0 = fy[i + shift, j], fy[i + shift - 1, j]
    v1, v0 = fx[i, j + shift], fx[i, j + shift - 1]
    differences_across(
        out, lo, hi, u1, u0, w[0, 0, i], w[0, 1, i], v1, v0, w[1, 0, j], w[1, 1, j]
    )
    _across(out, lo, hi, 1, psi_x, slots[0, i], shift, u1, u0, w[0, 2, i], w[0, 3, i], j, True, i, transposed)
    _across(out, lo, hi, -1, psi_y, slots[1, j], shift, v1, v0, w[1, 2, j], w[1, 3, j], j, False, i, transposed)


@numba.njit(**PARALLEL)
def magnetic_3d(fields, psi, p):
    """``H -= curl E`` for all three components; ``psi`` in the order xy, xz, yz, yx, zx, zy (component, axis)."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        curl = np.empty(nz + 2, dtype=hx.dtype)
        for j in range(1, ny + 2):
            if j <= ny:
                _curl_x(curl, 1, nz + 1, i, j, 1, ey, ez, psi[0], psi[1], w, slots, bounds, transposed)
                subtract_row(hx[i, j], 1, nz + 1, curl)
            if i <= nx:
                _curl_y(curl, 1, nz + 1, i, j, 1, ex, ez, psi[3], psi[2], w, slots, bounds, transposed)
                subtract_row(hy[i, j], 1, nz + 1, curl)
                if j <= ny:
                    _curl_z(curl, 1, nz + 2, i, j, 1, ex, ey, psi[4], psi[5], w, slots, bounds, transposed)
                    subtract_row(hz[i, j], 1, nz + 2, curl)


@numba.njit(**OPTIONS)
def _electric_row(field, lo, hi, ca, cb, lossy, curl):
    if lossy:
        decay_add_row(field, lo, hi, ca, cb, curl)
    else:
        add_row(field, lo, hi, cb, curl)


@numba.njit(**PARALLEL)
def electric_3d(fields, psi, p, ca, cb, lossy):
    """``E = ca E + cb curl H`` for all three components; ``ca`` is read only where ``lossy``."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    ex, ey, ez, hx, hy, hz = fields
    nx, ny, nz = hx.shape[0] - 2, hx.shape[1] - 2, hx.shape[2] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        curl = np.empty(nz + 2, dtype=hx.dtype)
        for j in range(1, ny + 2):
            if i <= nx:
                _curl_x(curl, 1, nz + 2, i, j, 0, hy, hz, psi[0], psi[1], w, slots, bounds, transposed)
                _electric_row(ex[i, j], 1, nz + 2, ca[0][i, j], cb[0][i, j], lossy, curl)
            if j <= ny:
                _curl_y(curl, 1, nz + 2, i, j, 0, hx, hz, psi[3], psi[2], w, slots, bounds, transposed)
                _electric_row(ey[i, j], 1, nz + 2, ca[1][i, j], cb[1][i, j], lossy, curl)
            _curl_z(curl, 1, nz + 1, i, j, 0, hx, hy, psi[4], psi[5], w, slots, bounds, transposed)
            _electric_row(ez[i, j], 1, nz + 1, ca[2][i, j], cb[2][i, j], lossy, curl)


@numba.njit(**OPTIONS)
def _scalar_curl(out, lo, hi, i, shift, fx, fy, psi_x, psi_y, w, slots, bounds, transposed):
    """Row of ``d fy / dx - d fx / dy`` in two dimensions."""
    u1, u0, v = fy[i + shift], fy[i + shift - 1], fx[i]
    differences_mixed(out, lo, hi, 1, u1, u0, w[0, 0, i], w[0, 1, i], v, shift, w[1, 0], w[1, 1])
    slot = slots[0, i]
    if slot >= 0:
        if transposed:
            transposed_layer_across(out, lo, hi, 1, psi_x[slot + shift], psi_x[slot + shift - 1])
        else:
            layer_across(out, lo, hi, 1, psi_x[slot], u1, u0, w[0, 2, i], w[0, 3, i])
    _along(out, hi, -1, psi_y[i], shift, v, w[1, 2], w[1, 3], slots[1], bounds[1, 0], bounds[1, 1], transposed)


@numba.njit(**OPTIONS)
def _scalar_dy(out, lo, hi, i, shift, f, psi_y, w, slots, bounds, transposed):
    """Row of ``d f / dy`` in two dimensions."""
    difference_along(out, lo, hi, 1, f[i], shift, w[1, 0], w[1, 1])
    _along(out, hi, 1, psi_y[i], shift, f[i], w[1, 2], w[1, 3], slots[1], bounds[1, 0], bounds[1, 1], transposed)


@numba.njit(**OPTIONS)
def _scalar_minus_dx(out, lo, hi, i, shift, f, psi_x, w, slots, bounds, transposed):
    """Row of ``-d f / dx`` in two dimensions."""
    u1, u0 = f[i + shift], f[i + shift - 1]
    difference_across(out, lo, hi, -1, u1, u0, w[0, 0, i], w[0, 1, i])
    slot = slots[0, i]
    if slot >= 0:
        if transposed:
            transposed_layer_across(out, lo, hi, -1, psi_x[slot + shift], psi_x[slot + shift - 1])
        else:
            layer_across(out, lo, hi, -1, psi_x[slot], u1, u0, w[0, 2, i], w[0, 3, i])


@numba.njit(**PARALLEL)
def magnetic_2d(fields, psi, p, out_of_plane_h):
    """``H -= curl E`` in two dimensions: Ez polarization, or Hz where ``out_of_plane_h``."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    f0, f1, f2 = fields
    nx, ny = f0.shape[0] - 2, f0.shape[1] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        curl = np.empty(ny + 2, dtype=f0.dtype)
        if out_of_plane_h:  # fields ex, ey, hz
            if i <= nx:
                _scalar_curl(curl, 1, ny + 1, i, 1, f0, f1, psi[0], psi[1], w, slots, bounds, transposed)
                subtract_row(f2[i], 1, ny + 1, curl)
        else:  # fields ez, hx, hy
            _scalar_dy(curl, 1, ny + 1, i, 1, f0, psi[1], w, slots, bounds, transposed)
            subtract_row(f1[i], 1, ny + 1, curl)
            if i <= nx:
                _scalar_minus_dx(curl, 1, ny + 2, i, 1, f0, psi[0], w, slots, bounds, transposed)
                subtract_row(f2[i], 1, ny + 2, curl)


@numba.njit(**PARALLEL)
def electric_2d(fields, psi, p, ca, cb, lossy, out_of_plane_h):
    """``E = ca E + cb curl H`` in two dimensions: Ez polarization, or Hz where ``out_of_plane_h``."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    f0, f1, f2 = fields
    nx, ny = f0.shape[0] - 2, f0.shape[1] - 2
    for i in numba.prange(1, nx + 2):
        flush_denormals()
        curl = np.empty(ny + 2, dtype=f0.dtype)
        if out_of_plane_h:
            if i <= nx:
                _scalar_dy(curl, 1, ny + 2, i, 0, f2, psi[1], w, slots, bounds, transposed)
                _electric_row(f0[i], 1, ny + 2, ca[0][i], cb[0][i], lossy, curl)
            _scalar_minus_dx(curl, 1, ny + 1, i, 0, f2, psi[0], w, slots, bounds, transposed)
            _electric_row(f1[i], 1, ny + 1, ca[-1][i], cb[-1][i], lossy, curl)  # -1: there is one in Ez
        else:
            _scalar_curl(curl, 1, ny + 2, i, 0, f1, f2, psi[0], psi[1], w, slots, bounds, transposed)
            _electric_row(f0[i], 1, ny + 2, ca[0][i], cb[0][i], lossy, curl)


@numba.njit(**OPTIONS)
def _filter_last(psi, u, b, a, slot, low, high, end):
    if low > 1:
        filter_along(psi, 1, min(low, end), 0, u, b, a)
    if high < end:
        filter_along(psi, high, end, slot[high] - high, u, b, a)


@numba.njit(**PARALLEL)
def filter_3d(psi, sources, p):
    """First half of the adjoint layer: filter the fields ``sources`` (x, y, z) that the coming phase differentiates."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    fx, fy, fz = sources
    sx, sy, sz = fx.shape
    for i in numba.prange(1, sx):
        flush_denormals()
        x = slots[0, i]
        for j in range(1, sy):
            y = slots[1, j]
            if x >= 0:
                filter_row(psi[3][x, j], 1, sz, fz[i, j], w[0, 2, i], w[0, 3, i])
                filter_row(psi[4][x, j], 1, sz, fy[i, j], w[0, 2, i], w[0, 3, i])
            if y >= 0:
                filter_row(psi[0][i, y], 1, sz, fz[i, j], w[1, 2, j], w[1, 3, j])
                filter_row(psi[5][i, y], 1, sz, fx[i, j], w[1, 2, j], w[1, 3, j])
            _filter_last(psi[1][i, j], fy[i, j], w[2, 2], w[2, 3], slots[2], bounds[2, 0], bounds[2, 1], sz)
            _filter_last(psi[2][i, j], fx[i, j], w[2, 2], w[2, 3], slots[2], bounds[2, 0], bounds[2, 1], sz)


@numba.njit(**PARALLEL)
def filter_2d(psi, along_x, along_y, p):
    """`filter_3d` in two dimensions: ``along_x`` is differentiated along x, ``along_y`` along y."""
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    sx, sy = along_x.shape
    for i in numba.prange(1, sx):
        flush_denormals()
        x = slots[0, i]
        if x >= 0:
            filter_row(psi[0][x], 1, sy, along_x[i], w[0, 2, i], w[0, 3, i])
        _filter_last(psi[1][i], along_y[i], w[1, 2], w[1, 3], slots[1], bounds[1, 0], bounds[1, 1], sy)


def magnetic_phase(fields, psi, p, out_of_plane_h):
    """Update every magnetic component (compiled code only; chosen by the rank of the fields)."""
    raise NotImplementedError("call from compiled code")


@overload(magnetic_phase)
def _magnetic_phase(fields, psi, p, out_of_plane_h):
    if fields.dtype.ndim == 3:
        return lambda fields, psi, p, out_of_plane_h: magnetic_3d(fields, psi, p)
    return lambda fields, psi, p, out_of_plane_h: magnetic_2d(fields, psi, p, out_of_plane_h)


def electric_phase(fields, psi, p, ca, cb, lossy, out_of_plane_h):
    """Update every electric component (compiled code only; chosen by the rank of the fields)."""
    raise NotImplementedError("call from compiled code")


@overload(electric_phase)
def _electric_phase(fields, psi, p, ca, cb, lossy, out_of_plane_h):
    if fields.dtype.ndim == 3:
        return lambda fields, psi, p, ca, cb, lossy, out_of_plane_h: electric_3d(fields, psi, p, ca, cb, lossy)
    return lambda fields, psi, p, ca, cb, lossy, out_of_plane_h: electric_2d(
        fields, psi, p, ca, cb, lossy, out_of_plane_h
    )


def filter_electric(fields, psi, p, out_of_plane_h):
    """Filter the electric fields for the adjoint layer of the magnetic phase (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(filter_electric)
def _filter_electric(fields, psi, p, out_of_plane_h):
    if fields.dtype.ndim == 3:
        return lambda fields, psi, p, out_of_plane_h: filter_3d(psi, (fields[0], fields[1], fields[2]), p)

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
    if fields.dtype.ndim == 3:
        return lambda fields, psi, p, out_of_plane_h: filter_3d(psi, (fields[3], fields[4], fields[5]), p)

    def filter_plane(fields, psi, p, out_of_plane_h):
        if out_of_plane_h:
            filter_2d(psi, fields[2], fields[2], p)
        else:
            filter_2d(psi, fields[2], fields[1], p)

    return filter_plane
