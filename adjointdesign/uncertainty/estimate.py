"""Means over samples with their standard errors, whatever the number of ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from adjointdesign.uncertainty.sampling import Block, Sampling


@dataclass(frozen=True)
class Estimate:
    """An expectation and its gradient, and how sure they are.

    Parameters
    ----------
    value, value_error : float
        The expectation, and its standard error.
    gradient, gradient_error : ndarray, shape (n,)
        Its gradient, and the standard error of each component.
    degrees : int
        Degrees of freedom of the standard errors (Student's t).
    samples : int
        Samples taken.
    evaluations : int
        Times that a value, or a value with its gradient, was computed for a sample.
    """

    value: float
    value_error: float
    gradient: np.ndarray
    gradient_error: np.ndarray
    degrees: int
    samples: int
    evaluations: int

    def as_dict(self) -> dict:
        """Plain numbers and lists, ready for JSON."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in found.items()}


@dataclass(frozen=True)
class Moments:
    """Means and central second moments of rows ``a`` and ``b``, one a group: right also where the means are large.

    Parameters
    ----------
    count : ndarray, shape (groups, 1)
        Rows.
    a, b : ndarray, shape (groups, k) and (groups, l)
        Means.
    aa, ab, bb : ndarray
        Sums of squared deviations, and of the products of those of the last l columns of ``a`` with those of ``b``.
    """

    count: np.ndarray
    a: np.ndarray
    b: np.ndarray
    aa: np.ndarray
    ab: np.ndarray
    bb: np.ndarray

    @classmethod
    def of(cls, a: np.ndarray, b: np.ndarray, starts: np.ndarray) -> Moments:
        """Those of rows of shape (m, k) and (m, l), ``l <= k``; a group begins at each row in ``starts``."""
        count = np.diff(np.append(starts, len(a)))[:, None]
        mean_a, mean_b = np.add.reduceat(a, starts) / count, np.add.reduceat(b, starts) / count
        da, db = a - np.repeat(mean_a, count[:, 0], axis=0), b - np.repeat(mean_b, count[:, 0], axis=0)
        return cls(count, mean_a, mean_b, *(np.add.reduceat(x * y, starts) for x, y in ((da, da), (_tail(da, db), db), (db, db))))

    @classmethod
    def nothing(cls, groups: int, k: int, l: int) -> Moments:  # noqa: E741
        """Those of no rows at all."""
        shapes = k, l, k, l, l
        return cls(np.zeros((groups, 1), dtype=int), *(np.zeros((groups, columns)) for columns in shapes))

    def add(self, other: Moments, first: int) -> None:
        """Take in those of further rows of the groups from ``first`` on (Chan, Golub and LeVeque, Am. Stat. 37, 242 (1983))."""
        part = slice(first, first + len(other.count))
        count = self.count[part] + other.count
        da, db, weight = other.a - self.a[part], other.b - self.b[part], self.count[part] * other.count / count
        self.a[part] += da * (other.count / count)
        self.b[part] += db * (other.count / count)
        self.aa[part] += other.aa + weight * da * da
        self.ab[part] += other.ab + weight * _tail(da, db) * db
        self.bb[part] += other.bb + weight * db * db
        self.count[part] = count

    def total(self) -> Moments:
        """Those of all groups together, as one group."""
        count = self.count.sum(axis=0, keepdims=True)
        a, b = ((self.count * x).sum(axis=0, keepdims=True) / count for x in (self.a, self.b))
        da, db = self.a - a, self.b - b
        pairs = (self.aa, da, da), (self.ab, _tail(da, db), db), (self.bb, db, db)
        return Moments(count, a, b, *((inner + self.count * x * y).sum(axis=0, keepdims=True) for inner, x, y in pairs))

    def others(self) -> Moments:
        """For each group those of all groups but itself."""
        total = self.total()
        count = total.count - self.count
        a, b = (x - (own - x) * (self.count / count) for x, own in ((total.a, self.a), (total.b, self.b)))
        da, db, weight = a - self.a, b - self.b, count * self.count / total.count
        return Moments(
            count, a, b, total.aa - self.aa - weight * da * da, total.ab - self.ab - weight * _tail(da, db) * db,
            total.bb - self.bb - weight * db * db,
        )  # fmt: skip

    def corrected(self, coefficient: np.ndarray) -> Moments:
        """Those of ``a`` with ``coefficient b`` taken off its last columns; one row of coefficients a group."""
        head, none = self.a.shape[1] - self.b.shape[1], self.b[:, :0]
        a, aa = self.a.copy(), self.aa.copy()
        a[:, head:] -= coefficient * self.b
        aa[:, head:] += coefficient * (coefficient * self.bb - 2.0 * self.ab)
        return Moments(self.count, a, none, np.maximum(aa, 0.0), none, none)

    def shifted(self, column: int, by: float) -> Moments:
        """Those of ``a`` with a constant added to a column."""
        a = self.a.copy()
        a[:, column] += by
        return replace(self, a=a)


def _tail(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The last columns of ``a``, as many as ``b`` has."""
    return a[:, a.shape[1] - b.shape[1] :]


def accumulate(sampling: Sampling, rows: Callable[[Block], tuple], multiple: int = 1) -> Moments:
    """Moments of every group, made block by block in the same order on any number of ranks.

    Parameters
    ----------
    sampling : Sampling
        Which samples.
    rows : callable
        ``rows(block) -> (a,)`` or ``(a, b)``, see `Moments.of`.
    multiple : int
        Samples that make one row.
    """
    blocks, comm, edges = sampling.blocks(multiple), sampling.comm, sampling.edges // multiple
    rank, size = (0, 1) if comm is None else (comm.rank, comm.size)

    def moments(block: Block) -> tuple[Moments, int]:
        a, *b = rows(block)
        first = block.first // multiple
        group = int(np.searchsorted(edges, first, side="right")) - 1
        inside = edges[(edges > first) & (edges < first + len(a))] - first
        return Moments.of(a, b[0] if b else a[:, :0], np.append(0, inside)), group

    found = None
    for first in range(0, len(blocks), size):
        turn = blocks[first : first + size]
        part = moments(turn[rank]) if rank < len(turn) else None
        for more, group in [part] if comm is None else comm.allgather(part)[: len(turn)]:
            if found is None:
                found = Moments.nothing(len(edges) - 1, more.a.shape[1], more.b.shape[1])
            found.add(more, group)
    return found


def mean_and_error(sampling: Sampling, groups: Moments) -> tuple[np.ndarray, np.ndarray, int]:
    """Means of the columns, their standard errors, and the degrees of freedom of these.

    Independent samples: from the spread of the rows. Randomized quasi-Monte Carlo: the points of a group depend on each other,
    so from the spread of the groups' means.
    """
    total = groups.total()
    if sampling.method == "random":
        rows = int(total.count[0, 0])
        return total.a[0], np.sqrt(total.aa[0] / (rows * max(rows - 1, 1))), rows - 1
    return total.a[0], groups.a.std(axis=0, ddof=1) / np.sqrt(len(groups.a)), len(groups.a) - 1


def estimate(sampling: Sampling, groups: Moments, evaluations: int, columns: slice = slice(None)) -> Estimate:
    """The estimate in the columns of the groups' ``a``: a value, then the gradient."""
    mean, error, degrees = mean_and_error(sampling, groups)
    mean, error = mean[columns], error[columns]
    return Estimate(
        float(mean[0]), float(error[0]), mean[1:], error[1:], degrees, sampling.samples, evaluations * sampling.samples
    )
