"""Linear maps of arrays as differentiable operations: the one bridge between NumPy code and autograd used by `design`.

A linear map is a pair of plain NumPy functions, the map and its transpose. `apply_linear` makes the pair known to
autograd: each is the other's reverse-mode derivative, so derivatives of every order exist and are exact.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from autograd.extend import defjvp, defvjp, primitive
from autograd.tracer import isbox
from scipy import sparse

from adjointdesign.errors import InputError


@primitive
def apply_linear(forward: Callable, transpose: Callable, x):
    """Apply a real linear map that is given with its transpose.

    Parameters
    ----------
    forward, transpose : callable
        ``forward(x)`` and its transpose, ``sum(g * forward(x)) = sum(transpose(g) * x)`` for all ``x`` and ``g``.
    x : ndarray
        The argument of ``forward``.

    Returns
    -------
    ndarray
        ``forward(x)``.
    """
    return forward(x)


defvjp(apply_linear, lambda ans, forward, transpose, x: lambda g: apply_linear(transpose, forward, g), argnums=(2,))
defjvp(apply_linear, lambda g, ans, forward, transpose, x: apply_linear(forward, transpose, g), argnums=(2,))


def along_axis(matrix: sparse.spmatrix, x, axis: int):
    """Multiply an array by a sparse matrix along one axis.

    Parameters
    ----------
    matrix : sparse matrix, shape (m, n)
        The matrix.
    x : ndarray
        Array with ``x.shape[axis] == n``.
    axis : int
        The axis that the matrix acts on.

    Returns
    -------
    ndarray
        Array of the same shape, but for ``m`` entries along ``axis``.
    """
    return apply_linear(lambda v: _multiply(matrix, v, axis), lambda g: _multiply(matrix.T, g, axis), x)


def plain(x):
    """The numbers inside a traced value, without its derivative; anything else is returned as it is."""
    while isbox(x):
        x = x._value
    return x


def real_array(x, what: str, dimensions: tuple[int, ...]):
    """Check that ``x`` is a finite real array with one of the given numbers of dimensions.

    Parameters
    ----------
    x : array_like
        The array; a traced one is passed through.
    what : str
        Its name in error messages.
    dimensions : tuple of int
        The allowed numbers of dimensions.

    Returns
    -------
    ndarray of float
        The array in double precision.

    Raises
    ------
    InputError
        When it is not real, not finite or of another number of dimensions.
    """
    values = np.asarray(plain(x))
    if values.ndim not in dimensions:
        wanted = " or ".join(str(d) for d in dimensions)
        raise InputError(what, f"an array of {wanted} dimensions", f"shape {values.shape}", "reshape it")
    if values.dtype.kind not in "fiub":
        raise InputError(what, "real numbers", f"type {values.dtype}", "convert it to float")
    if not np.all(np.isfinite(values)):
        raise InputError(what, "finite numbers", "NaN or infinity", "remove them")
    return x if isbox(x) else values.astype(float)


def check_spacing(spacing, ndim: int) -> tuple[float, ...]:
    """The pixel sizes along each axis as a tuple of ``ndim`` floats, m.

    Parameters
    ----------
    spacing : float or sequence of float
        Pixel size, one for all axes or one an axis, m.
    ndim : int
        Number of axes.

    Raises
    ------
    InputError
        When a size is not positive or their number is wrong.
    """
    values = np.broadcast_to(spacing, ndim) if np.ndim(spacing) == 0 else np.asarray(spacing)
    if values.shape != (ndim,) or not np.all(np.isfinite(values)) or not np.all(values > 0):
        raise InputError("spacing", f"{ndim} positive lengths in metres", spacing, "give a pixel size an axis")
    return tuple(float(v) for v in values)


def _multiply(matrix, x, axis):
    front = np.moveaxis(x, axis, 0)
    result = matrix @ front.reshape(front.shape[0], -1)
    return np.moveaxis(result.reshape((matrix.shape[0],) + front.shape[1:]), 0, axis)
