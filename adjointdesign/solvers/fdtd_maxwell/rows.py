"""Primitives of the Yee update: loops over a block of rows that every phase is made of.

A *row* is one line of storage along the last axis; in two dimensions the storage has a middle axis of length one, so
that the same code serves. A *block* ``(i0, i1, j0, j1)`` is a set of rows (in three dimensions a plane) small enough
to stay in the core's own cache while the plain differences and then the corrections of the absorbing layer are added
to it: each field passes through memory once an update. Each primitive adds ``scale sign (...)``, where ``scale`` is
an array (electric update, 1/p) or a number (magnetic update, -1).

The differences have the form ``u1 w1 - u0 w0`` with separate weights for the two neighbors: in the forward sweep both
are the weight of the place where the derivative lands, in the adjoint sweep each is the weight of the place it is
read from (the transpose of "difference, then stretch" is "stretch, then difference"). The derivative at slot s is
that of slots ``s + shift`` and ``s + shift - 1``: ``FROM_ABOVE`` (1) in the magnetic, ``FROM_BELOW`` (0) in the
electric phase.

Indices are unsigned for speed: for signed ones numba allows Python's negative indices, and the loops are not vectorized
(3 times slower). Mind that unsigned and signed mixed make a float.
"""

import numba
import numpy as np
from numba.extending import overload

from adjointdesign.solvers.fdtd_maxwell.compiled import distinct

U = np.uint64
# Typed, since numba compiles a function again for every literal it is called with.
X, Y = U(0), U(1)
FROM_ABOVE, FROM_BELOW = U(1), U(0)
PLUS, MINUS = np.int8(1), np.int8(-1)


def at(scale, i, j, k):
    """``scale[i, j, k]`` of an array, or the number itself (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(at, inline="always")
def _at(scale, i, j, k):
    if isinstance(scale, numba.types.Array):
        return lambda scale, i, j, k: scale[i, j, k]
    return lambda scale, i, j, k: scale


@distinct
def curl_rows(fx, fy, fz, blocks, his, scales, shift, ux, uy, uz, w):
    """Add ``scale curl u`` to the three components ``f``, a block and an end of the rows for each, row by row.

    All fields advance through memory together, which the processor's prefetching rewards (measured: 1.3 times faster
    than one component after the other), and in one loop, where they share what they read. What is left of a row, and
    the rows that not all components have, follow one by one.
    """
    up, one = shift, U(1)
    (xi0, xi1, xj0, xj1), (yi0, yi1, yj0, yj1), (zi0, zi1, zj0, zj1) = blocks
    cx, cy, cz = scales
    common = U(min(his[0], his[1], his[2]))
    for i in range(U(min(xi0, yi0, zi0)), U(max(xi1, yi1, zi1))):
        x1, x0 = i + up, i + up - one
        a1, a0 = w[0, 0, i], w[0, 1, i]
        for j in range(U(min(xj0, yj0, zj0)), U(max(xj1, yj1, zj1))):
            y1, y0 = j + up, j + up - one
            b1, b0 = w[1, 0, j], w[1, 1, j]
            has_x, has_y, has_z = i < U(xi1) and j < U(xj1), i < U(yi1) and j < U(yj1), i < U(zi1) and j < U(zj1)
            rest = one
            if has_x and has_y and has_z:
                rest = common
                for k in range(one, common):
                    w1, w0 = w[2, 0, k], w[2, 1, k]
                    dx_uy, dx_uz = uy[x1, j, k] * a1 - uy[x0, j, k] * a0, uz[x1, j, k] * a1 - uz[x0, j, k] * a0
                    dy_ux, dy_uz = ux[i, y1, k] * b1 - ux[i, y0, k] * b0, uz[i, y1, k] * b1 - uz[i, y0, k] * b0
                    dz_ux = ux[i, j, k + up] * w1 - ux[i, j, k + up - one] * w0
                    dz_uy = uy[i, j, k + up] * w1 - uy[i, j, k + up - one] * w0
                    fx[i, j, k] += at(cx, i, j, k) * (dy_uz - dz_uy)
                    fy[i, j, k] += at(cy, i, j, k) * (dz_ux - dx_uz)
                    fz[i, j, k] += at(cz, i, j, k) * (dx_uy - dy_ux)
            if has_x:
                for k in range(rest, U(his[0])):
                    dz_uy = uy[i, j, k + up] * w[2, 0, k] - uy[i, j, k + up - one] * w[2, 1, k]
                    fx[i, j, k] += at(cx, i, j, k) * ((uz[i, y1, k] * b1 - uz[i, y0, k] * b0) - dz_uy)
            if has_y:
                for k in range(rest, U(his[1])):
                    dz_ux = ux[i, j, k + up] * w[2, 0, k] - ux[i, j, k + up - one] * w[2, 1, k]
                    fy[i, j, k] += at(cy, i, j, k) * (dz_ux - (uz[x1, j, k] * a1 - uz[x0, j, k] * a0))
            if has_z:
                for k in range(rest, U(his[2])):
                    dx_uy, dy_ux = uy[x1, j, k] * a1 - uy[x0, j, k] * a0, ux[i, y1, k] * b1 - ux[i, y0, k] * b0
                    fz[i, j, k] += at(cz, i, j, k) * (dx_uy - dy_ux)


@distinct
def plane_curl_rows(f, block, hi, scale, shift, u, v, w):
    """Add ``scale (d u / dx - d v / dy)`` in two dimensions, slots 1 to ``hi - 1`` of each row."""
    i0, i1, j0, j1 = block
    up, one = shift, U(1)
    for i in range(U(i0), U(i1)):
        x1, x0 = i + up, i + up - one
        a1, a0 = w[0, 0, i], w[0, 1, i]
        for j in range(U(j0), U(j1)):
            for k in range(one, U(hi)):
                along = v[i, j, k + up] * w[2, 0, k] - v[i, j, k + up - one] * w[2, 1, k]
                f[i, j, k] += at(scale, i, j, k) * ((u[x1, j, k] * a1 - u[x0, j, k] * a0) - along)


@distinct
def difference_across(f, block, hi, scale, shift, sign, u, w):
    """Add ``scale sign d u / dx``, slots 1 to ``hi - 1``."""
    i0, i1, j0, j1 = block
    s, up, one = f.dtype.type(sign), shift, U(1)
    for i in range(U(i0), U(i1)):
        x1, x0 = i + up, i + up - one
        a1, a0 = w[0, 0, i], w[0, 1, i]
        for j in range(U(j0), U(j1)):
            for k in range(one, U(hi)):
                f[i, j, k] += at(scale, i, j, k) * (s * (u[x1, j, k] * a1 - u[x0, j, k] * a0))


@distinct
def difference_along(f, block, hi, scale, shift, v, w):
    """Add ``scale`` times the weighted derivative of v along the row, slots 1 to ``hi - 1``."""
    i0, i1, j0, j1 = block
    up, one = shift, U(1)
    for i in range(U(i0), U(i1)):
        for j in range(U(j0), U(j1)):
            for k in range(one, U(hi)):
                along = v[i, j, k + up] * w[2, 0, k] - v[i, j, k + up - one] * w[2, 1, k]
                f[i, j, k] += at(scale, i, j, k) * along


@distinct
def layer_across(f, block, hi, scale, shift, sign, axis, psi, u, p):
    """Absorbing layer for the derivative of u along ``axis`` (``X`` or ``Y``).

    Forward: ``psi = b psi + a (u1 - u0)``, added (Roden and Gedney 2000, eq. 26). Transposed: the difference of the
    neighbors that `filter_across` left in ``psi``.
    """
    i0, i1, j0, j1 = block
    w, slots, transposed = p.weights, p.slot, p.transposed
    s, up, one = f.dtype.type(sign), shift, U(1)
    di, dj = U(axis == X), U(axis == Y)
    for i in range(U(i0), U(i1)):
        for j in range(U(j0), U(j1)):
            here = i * di + j * dj
            if slots[axis, here] < 0:
                continue
            slot = U(slots[axis, here])
            pi, pj = i * dj + slot * di, j * di + slot * dj
            if transposed:
                x1, y1 = pi + up * di, pj + up * dj
                x0, y0 = x1 - di, y1 - dj
                for k in range(one, U(hi)):
                    f[i, j, k] += at(scale, i, j, k) * (s * (psi[x1, y1, k] - psi[x0, y0, k]))
            else:
                x1, y1 = i + up * di, j + up * dj
                x0, y0 = x1 - di, y1 - dj
                b, a = w[axis, 2, here], w[axis, 3, here]
                for k in range(one, U(hi)):
                    q = b * psi[pi, pj, k] + a * (u[x1, y1, k] - u[x0, y0, k])
                    psi[pi, pj, k] = q
                    f[i, j, k] += at(scale, i, j, k) * (s * q)


@distinct
def layer_along(f, block, hi, scale, shift, sign, psi, v, p):
    """Absorbing layer for the derivative of v along the row, at both ends; see `layer_across`."""
    i0, i1, j0, j1 = block
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    s, up, one = f.dtype.type(sign), shift, U(1)
    for end in range(2):
        first, last = (1, min(bounds[2, 0], hi)) if end == 0 else (bounds[2, 1], hi)
        if first >= last:
            continue
        # Unsigned arithmetic wraps, so a negative offset is right where it is used, added to a slot.
        offset = U(slots[2, first] - first)
        for i in range(U(i0), U(i1)):
            for j in range(U(j0), U(j1)):
                if transposed:
                    above = offset + up
                    for k in range(U(first), U(last)):
                        f[i, j, k] += at(scale, i, j, k) * (s * (psi[i, j, k + above] - psi[i, j, k + above - one]))
                else:
                    for k in range(U(first), U(last)):
                        d = v[i, j, k + up] - v[i, j, k + up - one]
                        q = w[2, 2, k] * psi[i, j, k + offset] + w[2, 3, k] * d
                        psi[i, j, k + offset] = q
                        f[i, j, k] += at(scale, i, j, k) * (s * q)


@distinct
def layers_along(fx, fy, block, hi, cx, cy, shift, psi_x, psi_y, ux, uy, p):
    """`layer_along` for the two terms of a curl at once: ``-d uy / dz`` of ``fx`` and ``d ux / dz`` of ``fy``.

    The block holds the rows of both; a row that only one of them has is in the other a row without values, where the
    electric coefficient is zero and the magnetic phase reads zeros.
    """
    i0, i1, j0, j1 = block
    w, slots, bounds, transposed = p.weights, p.slot, p.bounds, p.transposed
    up, one = shift, U(1)
    for i in range(U(i0), U(i1)):
        for j in range(U(j0), U(j1)):
            for end in range(2):
                first, last = (1, min(bounds[2, 0], hi)) if end == 0 else (bounds[2, 1], hi)
                offset = U(slots[2, min(first, len(slots[2]) - 1)] - first)  # as in `layer_along`
                if transposed:
                    above = offset + up
                    for k in range(U(first), U(last)):
                        qx = psi_x[i, j, k + above] - psi_x[i, j, k + above - one]
                        qy = psi_y[i, j, k + above] - psi_y[i, j, k + above - one]
                        fx[i, j, k] -= at(cx, i, j, k) * qx
                        fy[i, j, k] += at(cy, i, j, k) * qy
                else:
                    for k in range(U(first), U(last)):
                        b, a = w[2, 2, k], w[2, 3, k]
                        qx = b * psi_x[i, j, k + offset] + a * (uy[i, j, k + up] - uy[i, j, k + up - one])
                        qy = b * psi_y[i, j, k + offset] + a * (ux[i, j, k + up] - ux[i, j, k + up - one])
                        psi_x[i, j, k + offset] = qx
                        psi_y[i, j, k + offset] = qy
                        fx[i, j, k] -= at(cx, i, j, k) * qx
                        fy[i, j, k] += at(cy, i, j, k) * qy


@distinct
def filter_across(psi, block, axis, u, p):
    """First half of the transposed absorbing layer: ``psi = b psi + a u`` with one coefficient for the row."""
    i0, i1, j0, j1 = block
    w, slots = p.weights, p.slot
    di, dj = U(axis == X), U(axis == Y)
    for i in range(U(i0), U(i1)):
        for j in range(U(j0), U(j1)):
            here = i * di + j * dj
            if slots[axis, here] >= 0:
                slot = U(slots[axis, here])
                pi, pj = i * dj + slot * di, j * di + slot * dj
                b, a = w[axis, 2, here], w[axis, 3, here]
                for k in range(U(1), U(u.shape[2])):
                    psi[pi, pj, k] = b * psi[pi, pj, k] + a * u[i, j, k]


@distinct
def filter_along(psi, block, u, p):
    """First half of the transposed absorbing layer along the row, at both ends."""
    i0, i1, j0, j1 = block
    w, slots, bounds = p.weights, p.slot, p.bounds
    for end in range(2):
        first, last = (1, min(bounds[2, 0], u.shape[2])) if end == 0 else (bounds[2, 1], u.shape[2])
        if first >= last:
            continue
        offset = U(slots[2, first] - first)
        for i in range(U(i0), U(i1)):
            for j in range(U(j0), U(j1)):
                for k in range(U(first), U(last)):
                    psi[i, j, k + offset] = w[2, 2, k] * psi[i, j, k + offset] + w[2, 3, k] * u[i, j, k]


@distinct
def scale_rows(f, block, factor):
    """Loss of the electric update: ``E *= ca``."""
    i0, i1, j0, j1 = block
    for i in range(U(i0), U(i1)):
        for j in range(U(j0), U(j1)):
            for k in range(U(0), U(f.shape[2])):
                f[i, j, k] *= factor[i, j, k]
