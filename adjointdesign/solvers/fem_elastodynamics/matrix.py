"""Sparse matrices over the ranks, applied to NumPy arrays with little overhead a call."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse
from firedrake.petsc import PETSc

_ZERO = 1e-13
"""Part of the largest entry of a row below which an entry is rounding of a zero."""


def rows(matrix: PETSc.Mat) -> scipy.sparse.csr_array:
    """This rank's rows of an assembled matrix, by the columns of all ranks, without entries that are rounding of zero.

    In tensor-product elements most entries of a gradient are: a derivative along one axis sees the nodes of one line.
    """
    start, columns, values = matrix.getValuesCSR()
    result = scipy.sparse.csr_array((values, columns, start), shape=(len(start) - 1, matrix.getSize()[1]))
    largest = np.abs(result).max(axis=1).toarray().ravel() if result.nnz else np.zeros(result.shape[0])
    lengths = np.diff(result.indptr)
    result.data[np.abs(result.data) <= _ZERO * np.repeat(largest, lengths)] = 0.0
    result.eliminate_zeros()
    return result


class Matrix:
    """Sparse matrices on top of each other, with a product and a transposed product of all ranks together.

    Parameters
    ----------
    comm : mpi4py communicator
        Of the ranks.
    blocks : sequence of csr_array
        This rank's rows by the columns of all ranks; all of one shape.
    own_columns : int
        How many columns this rank owns.
    """

    def __init__(self, comm, blocks: Sequence[scipy.sparse.csr_array], own_columns: int):
        stacked = scipy.sparse.vstack(blocks, format="csr")
        index = PETSc.IntType
        self._matrix = PETSc.Mat().createAIJ(
            ((stacked.shape[0], None), (own_columns, stacked.shape[1])),
            csr=(stacked.indptr.astype(index), stacked.indices.astype(index), stacked.data), comm=comm,
        )  # fmt: skip
        self._shape = (len(blocks), blocks[0].shape[0])
        self._columns, self._rows = self._matrix.createVecs()

    def apply(self, values: np.ndarray) -> np.ndarray:
        """Product with a vector of this rank's columns: a new array of shape (blocks, rows)."""
        self._columns.array_w[...] = values
        self._matrix.mult(self._columns, self._rows)
        return self._rows.array_r.reshape(self._shape).copy()

    def apply_transposed(self, values: np.ndarray) -> np.ndarray:
        """Product of the transpose with values of shape (blocks, rows): a new vector of this rank's columns."""
        self._rows.array_w[...] = values.ravel()
        self._matrix.multTranspose(self._rows, self._columns)
        return self._columns.array_r.copy()
