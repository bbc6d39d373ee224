"""Row primitives of the Yee update: the inner loops that every kernel is made of.

A *row* is one line of storage along the last axis. A curl is built in a row buffer that stays in the first-level cache,
first the plain differences, then the corrections of the absorbing layer, and is then applied to the field row, so that
each field passes through memory once an update.

The differences have the form ``u1 w1 - u0 w0`` with separate weights for the two neighbors: in the forward sweep both
are the weight of the place where the derivative lands, in the adjoint sweep each is the weight of the place it is read from
(the transpose of "difference, then stretch" is "stretch, then difference").
"""

import platform

import numba
from llvmlite import ir
from numba.extending import intrinsic

OPTIONS = {"nogil": True, "cache": True, "fastmath": {"contract", "nsz", "arcp"}, "error_model": "numpy"}
"""Compilation options of every kernel: contraction to fused multiply-add, but no reassociation, so runs repeat bit by bit."""

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


@numba.njit(**OPTIONS)
def differences_across(out, lo, hi, u1, u0, u_w1, u_w0, v1, v0, v_w1, v_w0):
    """Set ``out[lo:hi]`` to ``(u1 u_w1 - u0 u_w0) - (v1 v_w1 - v0 v_w0)``: both derivatives across the rows."""
    for k in range(lo, hi):
        out[k] = (u1[k] * u_w1 - u0[k] * u_w0) - (v1[k] * v_w1 - v0[k] * v_w0)


@numba.njit(**OPTIONS)
def differences_mixed(out, lo, hi, sign, u1, u0, u_w1, u_w0, v, shift, v_w1, v_w0):
    """Set ``out[lo:hi]`` to ``sign`` times the derivative of u across the rows minus the one of v along the row."""
    for k in range(lo, hi):
        out[k] = sign * (
            (u1[k] * u_w1 - u0[k] * u_w0) - (v[k + shift] * v_w1[k] - v[k + shift - 1] * v_w0[k])
        )


@numba.njit(**OPTIONS)
def difference_across(out, lo, hi, sign, u1, u0, w1, w0):
    """Set ``out[lo:hi]`` to ``sign (u1 w1 - u0 w0)``."""
    for k in range(lo, hi):
        out[k] = sign * (u1[k] * w1 - u0[k] * w0)


@numba.njit(**OPTIONS)
def difference_along(out, lo, hi, sign, v, shift, w1, w0):
    """Set ``out[lo:hi]`` to ``sign`` times the weighted derivative of v along the row."""
    for k in range(lo, hi):
        out[k] = sign * (v[k + shift] * w1[k] - v[k + shift - 1] * w0[k])


@numba.njit(**OPTIONS)
def layer_across(out, lo, hi, sign, psi, u1, u0, b, a):
    """Forward absorbing layer across the rows: ``psi = b psi + a (u1 - u0)``, added to ``out`` (Roden and Gedney 2000)."""
    for k in range(lo, hi):
        p = b * psi[k] + a * (u1[k] - u0[k])
        psi[k] = p
        out[k] += sign * p


@numba.njit(**OPTIONS)
def layer_along(out, lo, hi, sign, psi, offset, v, shift, b, a):
    """Forward absorbing layer along the row; ``psi`` holds slot ``k`` at ``k + offset``."""
    for k in range(lo, hi):
        p = b[k] * psi[k + offset] + a[k] * (v[k + shift] - v[k + shift - 1])
        psi[k + offset] = p
        out[k] += sign * p


@numba.njit(**OPTIONS)
def transposed_layer_across(out, lo, hi, sign, psi1, psi0):
    """Adjoint absorbing layer across the rows: the difference of the already filtered neighbors."""
    for k in range(lo, hi):
        out[k] += sign * (psi1[k] - psi0[k])


@numba.njit(**OPTIONS)
def transposed_layer_along(out, lo, hi, sign, psi, offset):
    """Adjoint absorbing layer along the row (``offset`` includes the stagger of the derivative)."""
    for k in range(lo, hi):
        out[k] += sign * (psi[k + offset] - psi[k + offset - 1])


@numba.njit(**OPTIONS)
def filter_row(psi, lo, hi, u, b, a):
    """First half of the adjoint absorbing layer: ``psi = b psi + a u`` with one coefficient for the row."""
    for k in range(lo, hi):
        psi[k] = b * psi[k] + a * u[k]


@numba.njit(**OPTIONS)
def filter_along(psi, lo, hi, offset, u, b, a):
    """First half of the adjoint absorbing layer, coefficients along the row."""
    for k in range(lo, hi):
        psi[k + offset] = b[k] * psi[k + offset] + a[k] * u[k]


@numba.njit(**OPTIONS)
def subtract_row(field, lo, hi, curl):
    """Magnetic update ``H -= curl E`` (the factor ``c dt / d`` is in the weights)."""
    for k in range(lo, hi):
        field[k] -= curl[k]


@numba.njit(**OPTIONS)
def add_row(field, lo, hi, cb, curl):
    """Lossless electric update ``E += cb curl H``."""
    for k in range(lo, hi):
        field[k] += cb[k] * curl[k]


@numba.njit(**OPTIONS)
def decay_add_row(field, lo, hi, ca, cb, curl):
    """Lossy electric update ``E = ca E + cb curl H``."""
    for k in range(lo, hi):
        field[k] = ca[k] * field[k] + cb[k] * curl[k]
