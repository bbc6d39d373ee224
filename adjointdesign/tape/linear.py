"""`linear`: a matrix or linear operator on the tape; its transpose is the operator's ``rmatvec``."""

from __future__ import annotations

import math

import numpy as np
from pyadjoint.tape import stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.tape.array import Array
from adjointdesign.tape.block import Operation, record


class _LinearOperation(Operation):
    name = "linear map"

    def __init__(self, apply, apply_transpose):
        self.apply = apply
        self.apply_transpose = apply_transpose

    def evaluate(self, values):
        return [self.apply(values[0])]

    def tangent(self, values, tangents):
        return self.evaluate(tangents)

    def adjoint(self, values, cotangents, wanted):
        return [np.reshape(self.apply_transpose(cotangents[0]), values[0].shape)]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        return self.adjoint(values, cotangent_tangents, wanted)


def linear(A, transpose=None, in_shape=None, out_shape=None):  # noqa: N803
    """Make a linear map from `Array` to `Array` that the tape differentiates.

    Parameters
    ----------
    A : sparse matrix, 2-D array, LinearOperator or callable
        The map. A matrix acts on the flattened array (C order). A callable gets and returns NumPy arrays.
    transpose : callable, optional
        The conjugate transpose of a callable ``A``, on arrays of the shape of its output. For a matrix it is known.
    in_shape, out_shape : tuple of int, optional
        Shapes that the argument must have and that the result gets. Default: any shape of the right size comes in; what
        goes out has the same shape if the matrix is square, else one axis.

    Returns
    -------
    callable
        ``Array -> Array``; a NumPy array gives a NumPy array. Cotangents are ``A^H g``, of which the real part counts
        when the argument is real.

    Raises
    ------
    InputError
        When a callable comes without its transpose, shapes disagree, or the argument is distributed.
    """
    matrix = None
    if callable(A) and not hasattr(A, "matvec"):
        if transpose is None:
            raise InputError("transpose", "the conjugate transpose of the callable A", None, "pass transpose=")
    else:
        if transpose is not None:
            raise InputError("transpose", "None, as a matrix knows its transpose", transpose, "leave it out")
        from scipy.sparse.linalg import aslinearoperator

        matrix = aslinearoperator(A)
        for name, shape, size in (("in_shape", in_shape, matrix.shape[1]), ("out_shape", out_shape, matrix.shape[0])):
            if shape is not None and math.prod(shape) != size:
                raise InputError(name, f"a shape of {size} values", shape, "make it agree with the matrix")

    def apply(x):
        if in_shape is not None and x.shape != tuple(in_shape):
            raise InputError("argument of the linear map", f"shape {in_shape}", x.shape, "reshape it")
        if matrix is None:
            y = np.asarray(A(x))
            return y if out_shape is None else y.reshape(out_shape)
        if x.size != matrix.shape[1]:
            raise InputError("argument of the linear map", f"{matrix.shape[1]} values", x.size, "check the matrix")
        y = matrix.matvec(x.ravel())
        if out_shape is not None:
            return y.reshape(out_shape)
        return y.reshape(x.shape) if matrix.shape[0] == matrix.shape[1] else y

    operation = _LinearOperation(apply, transpose if matrix is None else lambda g: matrix.rmatvec(g.ravel()))

    def mapped(x):
        if not isinstance(x, Array):
            return apply(np.asarray(x))
        if x.comm is not None:
            raise InputError("argument of the linear map", "an array that every rank holds", x, "call .gather() first")
        with stop_annotating():
            results = operation.evaluate([x.data])
        return record(operation, [x], results, floats=False)[0]

    return mapped
