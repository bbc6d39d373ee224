"""Compiled sweep over a block of time steps, the same one for the forward run, its tangent, its adjoint and the tangent of that.

A step of the velocity-stress scheme (J. Virieux, Geophysics 51, 889 (1986); fourth order in space: A. R. Levander, Geophysics
53, 1425 (1988)) has two phases of one form: four staggered derivatives of the stresses change the two velocities, four of the
velocities change the three stresses. Both pass row by row along x; what absorbing layers and a free surface make different is
done apart, from a row of the four derivatives (`_difference`) in the parts that lie there. In scaled variables (see `propagation.py`) the transposed step is the same step; only the
layers differ, which there filter the field before it is differentiated.

Storage: every field has two rows and columns of zeros around it, so that index ``s`` is node (or half node) ``s - 2``. Indices
are unsigned: for signed ones numba allows Python's negative indices, and the loops are not vectorized.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import llvmlite
import numba
import numpy as np
from numba.core.caching import IndexDataCacheFile

from adjointdesign.kernel_cache import shared_folder
from adjointdesign.solvers.fdtd_maxwell import compiled
from adjointdesign.solvers.fdtd_maxwell.compiled import OPTIONS, distinct, flush_denormals, keep_denormals, kernel

U = np.uint64
PAD = 2
"""Zeros around every field: the reach of the fourth-order difference."""
CLOSED = 4
"""Rows at a free surface whose differences are those of `surface.py`."""
_BLOCK_VALUES = 8192
"""Values of a field in one block of rows, small enough for the caches nearest the core."""
# Typed, since numba compiles a function again for every literal it is called with.
ZERO, TOP = np.int64(0), np.int64(PAD + CLOSED)


class Scheme(NamedTuple):
    """All constants of a sweep.

    ``bx``, ``bz``: time step over density at the velocities; ``bulk``, ``shear``: time step times ``lambda + mu`` and ``mu`` at
    the normal stresses; ``corner``: that times ``mu`` at the shear stress. ``inner``, ``outer``: weights of the near and far
    pair of a difference along x and z, 1/m. ``up``, ``down``: rows at the free surface, of differences that land on half nodes
    and on nodes (there one matrix a phase), 1/m; ``closed`` of them. ``recursion[axis, place, kind, slot]``: ``b`` and ``a`` of
    the layers on half nodes (place 0) and nodes (1); ``layers[axis]``: slots below the first and from the second on have them.
    ``nowhere``: two zeros.
    """

    bx: np.ndarray
    bz: np.ndarray
    bulk: np.ndarray
    shear: np.ndarray
    corner: np.ndarray
    inner: np.ndarray
    outer: np.ndarray
    up: np.ndarray
    down: np.ndarray
    closed: int
    recursion: np.ndarray
    layers: np.ndarray
    transposed: bool
    nowhere: np.ndarray


class Points(NamedTuple):
    """Point values: ``index[p, c, node]``, flat, of velocity ``c`` at point ``p``, in eight rows from ``row[p, c]`` on;
    ``weights[p, c, jet, node]``."""

    index: np.ndarray
    row: np.ndarray
    weights: np.ndarray


class Patch(NamedTuple):
    """Where the medium is designed: rows and columns of storage, and where those of the kept velocities begin."""

    bounds: np.ndarray
    start: np.ndarray


class Change(NamedTuple):
    """Change of the medium on the patch: of density over itself at both velocities, of bulk, shear and corner moduli."""

    rx: np.ndarray
    rz: np.ndarray
    bulk: np.ndarray
    shear: np.ndarray
    corner: np.ndarray


@distinct
def _difference(d, a, b, c, e, i0, i1, origin, first, last, inner, outer):
    """Derivatives ``da/dx`` on half nodes, ``db/dx`` on nodes, ``dc/dz`` on nodes and ``de/dz`` on half nodes, of some rows and slots.

    The fields begin at slots ``origin`` of the storage; row ``i0`` goes to row 0 of ``d``.
    """
    two, one, o = U(2), U(1), U(origin[1])
    x1, x2, z1, z2 = inner[0], outer[0], inner[1], outer[1]
    for n in range(U(i1) - U(i0)):
        r = n + U(i0) - U(origin[0])
        for s in range(U(first), U(last)):
            k = s - o
            da = x1 * (a[r + one, k] - a[r, k]) + x2 * (a[r + two, k] - a[r - one, k])
            db = x1 * (b[r, k] - b[r - one, k]) + x2 * (b[r + one, k] - b[r - two, k])
            dc = z1 * (c[r, k] - c[r, k - one]) + z2 * (c[r, k + one] - c[r, k - two])
            de = z1 * (e[r, k + one] - e[r, k]) + z2 * (e[r, k + two] - e[r, k - one])
            d[0, n, s], d[1, n, s], d[2, n, s], d[3, n, s] = da, db, dc, de


@distinct
def _difference_at_surface(d, c, e, i0, i1, origin, up, down):
    """The derivatives along z in the columns of their own at a free surface."""
    o = U(PAD) - U(origin[1])
    for n in range(U(i1) - U(i0)):
        r = n + U(i0) - U(origin[0])
        for row in range(U(CLOSED)):
            total_c, total_e = d.dtype.type(0), d.dtype.type(0)
            for m in range(U(6)):
                total_c += down[row, m] * c[r, m + o]
                total_e += up[row, m] * e[r, m + o]
            d[2, n, row + U(PAD)], d[3, n, row + U(PAD)] = total_c, total_e


@kernel
def _rates(d, velocities, i0, i1, bounds, start, s):
    """Rates of strain on rows of the patch, from kept velocities."""
    vx, vz = velocities[0], velocities[1]
    _difference(d, vz, vx, vz, vx, i0, i1, start, bounds[2], bounds[3], s.inner, s.outer)
    if s.closed and bounds[2] < TOP:
        _difference_at_surface(d, vz, vx, i0, i1, start, s.up, s.down[1])


@distinct
def _remember(d, memory, i0, i1, first, last, x, z):
    """Bring the memory of derivatives up to date on some rows and slots, and put it in their place."""
    for n in range(U(i1) - U(i0)):
        r = n + U(i0)
        h, g, q, p = x[0, 0, r], x[0, 1, r], x[1, 0, r], x[1, 1, r]
        for s in range(U(first), U(last)):
            a, b = h * memory[0, r, s] + g * d[0, n, s], q * memory[1, r, s] + p * d[1, n, s]
            c, e = z[1, 0, s] * memory[2, r, s] + z[1, 1, s] * d[2, n, s], z[0, 0, s] * memory[3, r, s] + z[0, 1, s] * d[3, n, s]
            memory[0, r, s], memory[1, r, s], memory[2, r, s], memory[3, r, s] = a, b, c, e
            d[0, n, s], d[1, n, s], d[2, n, s], d[3, n, s] = a, b, c, e


@distinct
def _filter(memory, a, b, c, e, i0, i1, first, last, x, z):
    """Bring the memory of the fields themselves up to date on some rows and slots: of ``a`` on nodes, ``b`` on half nodes and so on."""
    for r in range(U(i0), U(i1)):
        h, g, q, p = x[0, 0, r], x[0, 1, r], x[1, 0, r], x[1, 1, r]
        for s in range(U(first), U(last)):
            on_a, on_b = q * memory[0, r, s] + p * a[r, s], h * memory[1, r, s] + g * b[r, s]
            on_c, on_e = z[0, 0, s] * memory[2, r, s] + z[0, 1, s] * c[r, s], z[1, 0, s] * memory[3, r, s] + z[1, 1, s] * e[r, s]
            memory[0, r, s], memory[1, r, s], memory[2, r, s], memory[3, r, s] = on_a, on_b, on_c, on_e


@kernel
def _part(s, number, i0, i1, reach, last):
    """Rows and slots of one of the four parts of rows ``i0`` to ``i1 - 1`` that lie in layers, or within ``reach`` of them."""
    low, high = s.layers[0, 0] + reach, s.layers[0, 1] - reach
    if number == 0:
        return i0, min(i1, low), ZERO + PAD, last
    if number == 1:
        return max(i0, high), i1, ZERO + PAD, last
    if number == 2:
        return max(i0, low), min(i1, high), ZERO + PAD, s.layers[1, 0] + reach if s.layers[1, 0] > PAD else ZERO + PAD
    return max(i0, low), min(i1, high), s.layers[1, 1] - reach, last


@kernel
def _filter_rows(memory, a, b, c, e, i0, i1, last, s):
    """In the transposed sweep: the memories of rows of fields, before these are differentiated."""
    for part in range(4):
        j0, j1, k0, k1 = _part(s, part, i0, i1, ZERO, last)
        if j0 < j1 and k0 < k1:
            _filter(memory, a, b, c, e, j0, j1, k0, k1, s.recursion[0], s.recursion[1])


@kernel
def _apart(d, memory, a, b, c, e, part, i0, i1, last, s, down):
    """Derivatives that the plain update lacks in one of five parts of some rows: in layers (0 to 3), at the surface (4).

    In layers it is their memory, or in the transposed sweep the derivatives of the memory.
    """
    if part == 4:
        if not s.closed:
            return i0, i0, ZERO, ZERO
        _difference(d, a, b, c, e, i0, i1, s.nowhere, ZERO + PAD, TOP, s.inner, s.outer)
        _difference_at_surface(d, c, e, i0, i1, s.nowhere, s.up, down)
        return i0, i1, ZERO + PAD, TOP
    j0, j1, k0, k1 = _part(s, part, i0, i1, ZERO + (2 if s.transposed else 0), last)
    if j0 < j1 and k0 < k1:
        if s.transposed:
            _difference(d, memory[0], memory[1], memory[2], memory[3], j0, j1, s.nowhere, k0, k1, s.inner, s.outer)
        else:
            _difference(d, a, b, c, e, j0, j1, s.nowhere, k0, k1, s.inner, s.outer)
            _remember(d, memory, j0, j1, k0, k1, s.recursion[0], s.recursion[1])
    return j0, j1, k0, k1


@distinct
def _accelerate(vx, vz, bx, bz, d, i0, i1, first, last):
    """Velocities from derivatives of stress on some rows and slots."""
    for n in range(U(i1) - U(i0)):
        r = n + U(i0)
        for s in range(U(first), U(last)):
            x, z = vx[r, s] + bx[r, s] * (d[0, n, s] + d[2, n, s]), vz[r, s] + bz[r, s] * (d[1, n, s] + d[3, n, s])
            vx[r, s], vz[r, s] = x, z


@distinct
def _strain(sxx, szz, sxz, bulk, shear, corner, d, i0, i1, first, last, row, column):
    """Stress from rates of strain on some rows and slots; the moduli begin at slots row and column."""
    o = U(column)
    for n in range(U(i1) - U(i0)):
        r, q = n + U(i0), n + U(i0) - U(row)
        for s in range(U(first), U(last)):
            g, t = bulk[q, s - o] * (d[1, n, s] + d[2, n, s]), shear[q, s - o] * (d[1, n, s] - d[2, n, s])
            xx, zz, xz = sxx[r, s] + (g + t), szz[r, s] + (g - t), sxz[r, s] + corner[q, s - o] * (d[0, n, s] + d[3, n, s])
            sxx[r, s], szz[r, s], sxz[r, s] = xx, zz, xz


@distinct
def _accelerate_inside(vx, vz, bx, bz, sxx, szz, sxz, i0, i1, first, last, inner, outer):
    """`_difference` and `_accelerate` in one loop."""
    two, one = U(2), U(1)
    x1, x2, z1, z2 = inner[0], outer[0], inner[1], outer[1]
    for r in range(U(i0), U(i1)):
        for k in range(U(first), U(last)):
            vx[r, k] += bx[r, k] * (
                x1 * (sxx[r + one, k] - sxx[r, k]) + x2 * (sxx[r + two, k] - sxx[r - one, k])
                + z1 * (sxz[r, k] - sxz[r, k - one]) + z2 * (sxz[r, k + one] - sxz[r, k - two])
            )  # fmt: skip
            vz[r, k] += bz[r, k] * (
                x1 * (sxz[r, k] - sxz[r - one, k]) + x2 * (sxz[r + one, k] - sxz[r - two, k])
                + z1 * (szz[r, k + one] - szz[r, k]) + z2 * (szz[r, k + two] - szz[r, k - one])
            )  # fmt: skip


@distinct
def _strain_inside(sxx, szz, sxz, bulk, shear, corner, vx, vz, i0, i1, first, last, inner, outer):
    """`_difference` and `_strain` in one loop."""
    two, one = U(2), U(1)
    x1, x2, z1, z2 = inner[0], outer[0], inner[1], outer[1]
    for r in range(U(i0), U(i1)):
        for k in range(U(first), U(last)):
            exx = x1 * (vx[r, k] - vx[r - one, k]) + x2 * (vx[r + one, k] - vx[r - two, k])
            ezz = z1 * (vz[r, k] - vz[r, k - one]) + z2 * (vz[r, k + one] - vz[r, k - two])
            exz = (
                x1 * (vz[r + one, k] - vz[r, k]) + x2 * (vz[r + two, k] - vz[r - one, k])
                + z1 * (vx[r, k + one] - vx[r, k]) + z2 * (vx[r, k + two] - vx[r, k - one])
            )  # fmt: skip
            g, t = bulk[r, k] * (exx + ezz), shear[r, k] * (exx - ezz)
            # All is read before anything is written: else the loop is not vectorized (measured: four times slower).
            xx, zz, xz = sxx[r, k] + (g + t), szz[r, k] + (g - t), sxz[r, k] + corner[r, k] * exz
            sxx[r, k], szz[r, k], sxz[r, k] = xx, zz, xz


@kernel
def _velocity_rows(velocities, stresses, memory, d, s, i0, i1, last):
    vx, vz = velocities
    sxx, szz, sxz = stresses
    _accelerate_inside(vx, vz, s.bx, s.bz, sxx, szz, sxz, i0, i1, TOP if s.closed else ZERO + PAD, last, s.inner, s.outer)
    for part in range(5):
        j0, j1, k0, k1 = _apart(d, memory, sxx, sxz, sxz, szz, part, i0, i1, last, s, s.down[0])
        if j0 < j1 and k0 < k1:
            _accelerate(vx, vz, s.bx, s.bz, d, j0, j1, k0, k1)


@kernel
def _stress_rows(velocities, stresses, memory, d, s, i0, i1, last):
    vx, vz = velocities
    sxx, szz, sxz = stresses
    _strain_inside(sxx, szz, sxz, s.bulk, s.shear, s.corner, vx, vz, i0, i1, TOP if s.closed else ZERO + PAD, last, s.inner, s.outer)
    for part in range(5):
        j0, j1, k0, k1 = _apart(d, memory, vz, vx, vz, vx, part, i0, i1, last, s, s.down[1])
        if j0 < j1 and k0 < k1:
            _strain(sxx, szz, sxz, s.bulk, s.shear, s.corner, d, j0, j1, k0, k1, ZERO, ZERO)


@distinct
def _inertia(vx, vz, rx, rz, before, after, i0, i1, bounds, start):
    """Change of the velocities for one of density: minus its part of the last change of the velocities."""
    o, p = U(bounds[2]), U(start[1])
    for r in range(U(i0), U(i1)):
        q, h = r - U(bounds[0]), r - U(start[0])
        for s in range(U(bounds[2]), U(bounds[3])):
            x = vx[r, s] - rx[q, s - o] * (after[0, h, s - p] - before[0, h, s - p])
            z = vz[r, s] - rz[q, s - o] * (after[1, h, s - p] - before[1, h, s - p])
            vx[r, s], vz[r, s] = x, z


@distinct
def _sum_inertia(sums, vx, vz, before, after, i0, i1, bounds, start):
    o, p = U(bounds[2]), U(start[1])
    for r in range(U(i0), U(i1)):
        q, h = r - U(bounds[0]), r - U(start[0])
        for s in range(U(bounds[2]), U(bounds[3])):
            x = sums[0, q, s - o] + vx[r, s] * (after[0, h, s - p] - before[0, h, s - p])
            z = sums[1, q, s - o] + vz[r, s] * (after[1, h, s - p] - before[1, h, s - p])
            sums[0, q, s - o], sums[1, q, s - o] = x, z


@distinct
def _sum_work(sums, sxx, szz, sxz, d, i0, i1, bounds):
    o = U(bounds[2])
    for n in range(U(i1) - U(i0)):
        r, q = n + U(i0), n + U(i0) - U(bounds[0])
        for s in range(U(bounds[2]), U(bounds[3])):
            bulk = sums[2, q, s - o] + (sxx[r, s] + szz[r, s]) * (d[1, n, s] + d[2, n, s])
            shear = sums[3, q, s - o] + (sxx[r, s] - szz[r, s]) * (d[1, n, s] - d[2, n, s])
            corner = sums[4, q, s - o] + sxz[r, s] * (d[0, n, s] + d[3, n, s])
            sums[2, q, s - o], sums[3, q, s - o], sums[4, q, s - o] = bulk, shear, corner


@kernel
def _inject(fields, gains, points, values, i0, i1):
    """Add point values to some rows of the velocities."""
    across = points.index.shape[2] // 8
    for p in range(points.index.shape[0]):
        for c in range(2):
            row = points.row[p, c]
            if row < i1 and row + 8 > i0:
                field, gain = fields[c].ravel(), gains[c].ravel()
                for m in range(max(i0 - row, 0) * across, min(i1 - row, 8) * across):
                    total = field.dtype.type(0)
                    for jet in range(points.weights.shape[2]):
                        total += values[p, c, jet] * points.weights[p, c, jet, m]
                    field[points.index[p, c, m]] += gain[points.index[p, c, m]] * total


@kernel
def _sample(fields, points, samples):
    for p in range(points.index.shape[0]):
        for c in range(2):
            field = fields[c].ravel()
            for jet in range(points.weights.shape[2]):
                total = 0.0
                for m in range(points.index.shape[2]):
                    total += points.weights[p, c, jet, m] * field[points.index[p, c, m]]
                samples[p, c, jet] = total


@distinct
def _keep(vx, vz, level, i0, i1, start):
    """Copy those rows of the velocities that are among the ones kept."""
    o = U(start[1])
    for r in range(U(max(i0, start[0])), U(min(i1, start[0] + level.shape[1]))):
        h = r - U(start[0])
        for s in range(U(level.shape[2])):
            level[0, h, s] = vx[r, s + o]
            level[1, h, s] = vz[r, s + o]


def _entry(function):
    """Compile a function that Python calls, kept on disk by the content of this file and of the one whose options it uses.

    (The `entry` of fdtd_maxwell knows the files of its own folder only.)
    """
    dispatcher = numba.njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)(function)
    digest = hashlib.sha256(f"elastic {numba.__version__} {llvmlite.__version__}".encode())
    for name in (__file__, compiled.__file__):
        digest.update(Path(name).read_bytes())
    cache, stamp = dispatcher._cache, digest.hexdigest()
    cache._cache_path = shared_folder(stamp) or cache._cache_path
    cache._cache_file = IndexDataCacheFile(cache._cache_path, cache._impl.filename_base, stamp)
    return dispatcher


@_entry
def march(velocities, stresses, memory_v, memory_s, s, into, values, out_of, samples, patch, kept, keep, source, with_source, change, history,
          sums, second_history, second_sums, histories, densities):  # fmt: skip
    """Run as many steps as ``values`` has rows, in place: velocities first, then stresses.

    Row n of ``values`` is injected into the velocities, and ``samples[n]`` taken of them, between the two. ``keep`` writes the
    velocities of the patch to ``kept`` (level 0: at entry). ``with_source`` adds what the change of the medium makes of the
    velocities ``source``, kept in the order of these steps. Products with the velocities ``history``, kept in the opposite order,
    are added to ``sums``: of velocities with their changes (0, 1; where ``densities``), of sum and difference of the normal
    stresses and the shear stress with the rates of strain (2, 3, 4); with as many ``histories`` as there are.
    """
    vx, vz = velocities
    sxx, szz, sxz = stresses
    rows, last = np.int64(vx.shape[0] - PAD), np.int64(vx.shape[1] - PAD)
    steps, together = values.shape[0], np.int64(max(4, _BLOCK_VALUES // vx.shape[1]))
    d = np.zeros((4, together + 2, vx.shape[1]), vx.dtype)
    b = patch.bounds
    flush_denormals()
    if keep:
        _keep(vx, vz, kept[0], ZERO, rows + PAD, patch.start)
    for n in range(steps):
        m = steps - 1 - n
        if s.transposed:
            _filter_rows(memory_v, sxx, sxz, sxz, szz, ZERO + PAD, ZERO + PAD + 2, last, s)
        # Stresses follow two rows behind the velocities that they need, while these are in the processor's caches.
        for i0 in range(PAD, rows, together):
            i1 = min(i0 + together, rows)
            a0, a1 = max(i0, b[0]), min(i1, b[1])
            if a0 < a1:
                for which in range(histories):
                    _rates(d, second_history[m + 1] if which else history[m + 1], a0, a1, b, patch.start, s)
                    _sum_work(second_sums if which else sums, sxx, szz, sxz, d, a0, a1, b)
            if s.transposed:
                _filter_rows(memory_v, sxx, sxz, sxz, szz, i0 + 2, min(i1 + 2, rows), last, s)
            _velocity_rows(velocities, stresses, memory_v, d, s, i0, i1, last)
            if a0 < a1 and with_source and densities:
                _inertia(vx, vz, change.rx, change.rz, source[n], source[n + 1], a0, a1, b, patch.start)
            _inject(velocities, (s.bx, s.bz), into, values[n], i0, i1)
            if s.transposed:
                _filter_rows(memory_s, vz, vx, vz, vx, i0, i1, last, s)
            if keep:
                _keep(vx, vz, kept[n + 1], i0, i1, patch.start)
            if a0 < a1 and densities:
                for which in range(histories):
                    before, after = (second_history[m], second_history[m + 1]) if which else (history[m], history[m + 1])
                    _sum_inertia(second_sums if which else sums, vx, vz, before, after, a0, a1, b, patch.start)
            j0, j1 = max(i0 - 2, PAD), i1 if i1 == rows else i1 - 2
            _stress_rows(velocities, stresses, memory_s, d, s, j0, j1, last)
            a0, a1 = max(j0, b[0]), min(j1, b[1])
            if with_source and a0 < a1:
                _rates(d, source[n + 1], a0, a1, b, patch.start, s)
                _strain(sxx, szz, sxz, change.bulk, change.shear, change.corner, d, a0, a1, b[2], b[3], b[0], b[2])
        _sample(velocities, out_of, samples[n])
    keep_denormals()
