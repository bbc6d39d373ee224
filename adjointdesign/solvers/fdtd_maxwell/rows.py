"""Row primitives of the Yee update: the inner loops that every kernel is made of.

A *row* is one line of storage along the last axis; in two dimensions the storage has a middle axis of length one, so that
the same code serves. The plain differences are added to a field row first, then the
corrections of the absorbing layer, while the row is in the first-level cache: each field passes through memory once an
update. Each primitive adds ``scale sign (...)``, where ``scale`` is an array (electric update, 1/p) or a number (magnetic
update, -1).

The differences have the form ``u1 w1 - u0 w0`` with separate weights for the two neighbors: in the forward sweep both
are the weight of the place where the derivative lands, in the adjoint sweep each is the weight of the place it is read from
(the transpose of "difference, then stretch" is "stretch, then difference").

Two habits here are for speed, both measured. Indices are unsigned: for signed ones numba allows Python's negative indices,
and the loops are not vectorized (3 times slower). And arrays are indexed in full, never by views of a row: each view costs
two atomic reference counts, more than the arithmetic of the row.
"""

import platform

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic, overload

OPTIONS = {"nogil": True, "cache": True, "fastmath": {"contract", "nsz", "arcp"}, "error_model": "numpy"}
"""Compilation options of every kernel: contraction to fused multiply-add, but no reassociation, so runs repeat bit by bit."""

INLINE = OPTIONS | {"forceinline": True}
"""Options of the row primitives: a call that passes several arrays costs as much as a row of arithmetic."""

_X86 = platform.machine().lower() in ("x86_64", "amd64")
_FLUSH = 0x9FC0  # default MXCSR with flush-to-zero and denormals-are-zero set
_DEFAULT = 0x1F80


def _write_mxcsr(value):
    def codegen(context, builder, signature, args):
        if _X86:
            slot = builder.alloca(ir.IntType(32))
            builder.store(ir.Constant(ir.IntType(32), value), slot)
            pointer = builder.bitcast(slot, ir.IntType(8).as_pointer())
            kind = ir.FunctionType(ir.VoidType(), [pointer.type])
            builder.call(builder.module.declare_intrinsic("llvm.x86.sse.ldmxcsr", (), kind), [pointer])
        return context.get_dummy_value()

    return codegen


@intrinsic
def flush_denormals(typingctx):
    """Treat denormal numbers as zero on this thread: decaying fields would otherwise slow the update many times."""
    return numba.types.void(), _write_mxcsr(_FLUSH)


@intrinsic
def keep_denormals(typingctx):
    """Restore the processor's default treatment of denormal numbers on this thread."""
    return numba.types.void(), _write_mxcsr(_DEFAULT)


def at(scale, i, j, k):
    """``scale[i, j, k]`` of an array, or the number itself (compiled code only)."""
    raise NotImplementedError("call from compiled code")


@overload(at, inline="always")
def _at(scale, i, j, k):
    if isinstance(scale, numba.types.Array):
        return lambda scale, i, j, k: scale[i, j, k]
    return lambda scale, i, j, k: scale


@numba.njit(**INLINE)
def differences_across(f, i, j, scale, hi, u, i1, u_w1, u_w0, i0, v, j1, v_w1, v_w0, j0):
    """Add ``scale (d u / dx - d v / dy)``: neighbors in rows ``i1, i0`` of u and ``j1, j0`` of v, slots 1 to ``hi - 1``."""
    for k in range(np.uint64(1), np.uint64(hi)):
        curl = (u[i1, j, k] * u_w1 - u[i0, j, k] * u_w0) - (v[i, j1, k] * v_w1 - v[i, j0, k] * v_w0)
        f[i, j, k] += at(scale, i, j, k) * curl


@numba.njit(**INLINE)
def differences_mixed(f, i, j, scale, hi, sign, u, i1, j1, u_w1, i0, j0, u_w0, v, shift, w):
    """Add ``scale sign`` times the derivative of u across the rows minus that of v along the row, slots 1 to ``hi - 1``."""
    s, up, one = f.dtype.type(sign), np.uint64(shift), np.uint64(1)
    for k in range(np.uint64(1), np.uint64(hi)):
        along = v[i, j, k + up] * w[2, 0, k] - v[i, j, k + up - one] * w[2, 1, k]
        f[i, j, k] += at(scale, i, j, k) * (s * ((u[i1, j1, k] * u_w1 - u[i0, j0, k] * u_w0) - along))


@numba.njit(**INLINE)
def difference_across(f, i, j, scale, hi, sign, u, i1, w1, i0, w0):
    """Add ``scale sign (u[i1] w1 - u[i0] w0)``, slots 1 to ``hi - 1``."""
    s = f.dtype.type(sign)
    for k in range(np.uint64(1), np.uint64(hi)):
        f[i, j, k] += at(scale, i, j, k) * (s * (u[i1, j, k] * w1 - u[i0, j, k] * w0))


@numba.njit(**INLINE)
def difference_along(f, i, j, scale, hi, v, shift, w):
    """Add ``scale`` times the weighted derivative of v along the row, slots 1 to ``hi - 1``."""
    up, one = np.uint64(shift), np.uint64(1)
    for k in range(np.uint64(1), np.uint64(hi)):
        along = v[i, j, k + up] * w[2, 0, k] - v[i, j, k + up - one] * w[2, 1, k]
        f[i, j, k] += at(scale, i, j, k) * along


@numba.njit(**INLINE)
def layer_across(f, i, j, scale, hi, sign, psi, pi, pj, u, i1, j1, i0, j0, b, a):
    """Forward absorbing layer across the rows: ``psi = b psi + a (u1 - u0)``, added (Roden and Gedney 2000, eq. 26)."""
    s = f.dtype.type(sign)
    for k in range(np.uint64(1), np.uint64(hi)):
        p = b * psi[pi, pj, k] + a * (u[i1, j1, k] - u[i0, j0, k])
        psi[pi, pj, k] = p
        f[i, j, k] += at(scale, i, j, k) * (s * p)


@numba.njit(**INLINE)
def layer_along(f, i, j, scale, lo, hi, sign, psi, offset, v, shift, w):
    """Forward absorbing layer along the row, slots ``lo`` to ``hi - 1``; ``psi`` holds slot ``k`` at ``k + offset``."""
    s, up, one, off = f.dtype.type(sign), np.uint64(shift), np.uint64(1), np.uint64(offset)
    for k in range(np.uint64(lo), np.uint64(hi)):
        p = w[2, 2, k] * psi[i, j, k + off] + w[2, 3, k] * (v[i, j, k + up] - v[i, j, k + up - one])
        psi[i, j, k + off] = p
        f[i, j, k] += at(scale, i, j, k) * (s * p)


@numba.njit(**INLINE)
def transposed_layer_across(f, i, j, scale, hi, sign, psi, i1, j1, i0, j0):
    """Adjoint absorbing layer across the rows: the difference of the already filtered neighbors."""
    s = f.dtype.type(sign)
    for k in range(np.uint64(1), np.uint64(hi)):
        f[i, j, k] += at(scale, i, j, k) * (s * (psi[i1, j1, k] - psi[i0, j0, k]))


@numba.njit(**INLINE)
def transposed_layer_along(f, i, j, scale, lo, hi, sign, psi, offset):
    """Adjoint absorbing layer along the row (``offset`` includes the stagger of the derivative)."""
    s, one, off = f.dtype.type(sign), np.uint64(1), np.uint64(offset)
    for k in range(np.uint64(lo), np.uint64(hi)):
        f[i, j, k] += at(scale, i, j, k) * (s * (psi[i, j, k + off] - psi[i, j, k + off - one]))


@numba.njit(**INLINE)
def filter_across(psi, pi, pj, hi, u, i, j, b, a):
    """First half of the adjoint absorbing layer: ``psi = b psi + a u`` with one coefficient for the row."""
    for k in range(np.uint64(1), np.uint64(hi)):
        psi[pi, pj, k] = b * psi[pi, pj, k] + a * u[i, j, k]


@numba.njit(**INLINE)
def filter_along(psi, i, j, lo, hi, offset, u, w):
    """First half of the adjoint absorbing layer, coefficients along the row."""
    off = np.uint64(offset)
    for k in range(np.uint64(lo), np.uint64(hi)):
        psi[i, j, k + off] = w[2, 2, k] * psi[i, j, k + off] + w[2, 3, k] * u[i, j, k]


@numba.njit(**INLINE)
def scale_row(f, i, j, factor):
    """Loss of the electric update: ``E *= ca``."""
    for k in range(np.uint64(0), np.uint64(f.shape[2])):
        f[i, j, k] *= factor[i, j, k]
