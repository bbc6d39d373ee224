"""Few linear functionals of the unknown, each of few nodes."""

from __future__ import annotations

import numpy as np
import scipy.sparse


class Functionals:
    """Rows of coefficients for the nodal values (components, nodes) of this rank; the ranks' results are to be added.

    Parameters
    ----------
    matrix : sparse array
        Of shape (functionals, components * nodes).
    """

    def __init__(self, matrix):
        matrix = scipy.sparse.csc_array(matrix)
        self.count = matrix.shape[0]
        self._columns = np.flatnonzero(np.diff(matrix.indptr))
        self._matrix = scipy.sparse.csr_array(matrix[:, self._columns])
        self._transposed = scipy.sparse.csr_array(self._matrix.T)

    def apply(self, values: np.ndarray) -> np.ndarray:
        """This rank's part of the functionals."""
        return self._matrix @ values.reshape(-1)[self._columns]

    def add_transposed(self, total: np.ndarray, weights: np.ndarray) -> None:
        """Add the transpose's product with the functionals' weights."""
        total.reshape(-1)[self._columns] += self._transposed @ weights
