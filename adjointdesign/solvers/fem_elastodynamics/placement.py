"""Functionals of the unknown at points that may move: their rows, and the derivatives of what they give in the positions.

A functional at x is a row ``R(x)`` of basis functions, or of their gradients. A run applies the rows of the values and, for
derivatives, below them those of ``d_i R`` (order 1) and ``d_i d_j R`` (order 2); what follows from a change of the positions
is then a matter of adding up rows after the run. Sources and receivers are each other's transposes, and share this.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import scipy.sparse

from adjointdesign.solvers.fem_elastodynamics.functionals import Functionals


class Placement:
    """A number of functionals, each at one of some positions or nowhere.

    Parameters
    ----------
    positions : ndarray
        Default positions, (positions, dimension).
    owner : sequence of int
        Position of each functional; -1 for one that has none.
    rows : callable
        ``positions -> axes -> sparse array`` (functionals by components times nodes), differentiated along each of ``axes``.
    """

    def __init__(self, positions: np.ndarray, owner: Sequence[int], rows: Callable):
        self.positions, self.owner, self._rows = positions, np.asarray(owner, dtype=int), rows
        self.count, self.dimension = len(self.owner), positions.shape[1]
        self._last: tuple | None = None

    def functionals(self, positions: np.ndarray, order: int) -> Functionals:
        """Rows at these positions with derivatives up to an order, those of the last positions kept."""
        if self._last is None or self._last[1] < order or not np.array_equal(self._last[0], positions):
            axes = range(self.dimension)
            kinds = [(), *((i,) for i in axes), *((i, j) for i in axes for j in axes)]
            made = {tuple(sorted(kind)): None for kind in kinds if len(kind) <= order}
            rows = self._rows(positions)
            made = {kind: rows(kind) for kind in made}
            stack = [made[tuple(sorted(kind))] for kind in kinds if len(kind) <= order]
            self._last = positions.copy(), order, Functionals(scipy.sparse.vstack(stack, format="csr"))
        return self._last[2]

    def moves(self, moved: np.ndarray) -> np.ndarray:
        """Change of the position of each functional, (dimension, functionals, 1)."""
        padded = np.concatenate([moved, np.zeros((1, self.dimension))])
        return padded[self.owner].T[..., None]

    def weights(self, values: np.ndarray, rows: int) -> np.ndarray:
        """Weights of all rows for those of the functionals: none for derivatives."""
        return np.concatenate([values, np.zeros((rows - self.count, values.shape[1]))])

    def weights_change(self, values: np.ndarray, changes: np.ndarray, moved: np.ndarray, rows: int) -> np.ndarray:
        """Change of what the weights do: that of the weights, and with these weights that of the rows."""
        first = (self.moves(moved) * values).reshape(-1, values.shape[1])
        stacked = changes if rows == self.count else np.concatenate([changes, first])
        return np.concatenate([stacked, np.zeros((rows - len(stacked), values.shape[1]))])

    def readings_change(self, rows: np.ndarray, changes: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Change of the readings, from all rows' and their changes."""
        result = changes[: self.count].copy()
        if len(rows) > self.count:
            result += np.sum(self.moves(moved) * self._first(rows), axis=0)
        return result

    def gradient(self, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Derivative of ``sum(weights * readings)`` with respect to the positions."""
        return self._by_position(weights * self._first(rows))

    def gradient_change(self, weights, weight_changes, rows, row_changes, moved) -> np.ndarray:
        """Change of `gradient` when weights, unknown and positions change; rows of order 2."""
        d = self.dimension
        second = rows[self.count * (1 + d) :].reshape(d, d, self.count, -1)
        slopes = self._first(row_changes) + np.sum(self.moves(moved) * second, axis=1)
        return self._by_position(weight_changes * self._first(rows) + weights * slopes)

    def _first(self, rows: np.ndarray) -> np.ndarray:
        d = self.dimension
        return rows[self.count : self.count * (1 + d)].reshape(d, self.count, -1)

    def _by_position(self, terms: np.ndarray) -> np.ndarray:
        result = np.zeros((len(self.positions) + 1, self.dimension))
        np.add.at(result, self.owner, terms.sum(axis=2).T)
        return result[:-1]
