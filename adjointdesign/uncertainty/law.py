"""How the random input of an expectation is drawn, and how that depends on theta."""

from __future__ import annotations

from collections.abc import Callable

import autograd.numpy as anp
import numpy as np
from autograd import make_vjp

from adjointdesign.errors import InputError
from adjointdesign.uncertainty.distributions import Distribution


class Law:
    """The joint distribution of ``xi``: factors drawn one after the other, their columns side by side.

    Parameters
    ----------
    *factors : Distribution or callable
        A distribution as it is, or ``factor(theta, before) -> Distribution`` written with autograd.numpy. There ``theta`` has
        shape (m, n) and ``before`` (m, columns drawn before this factor): one row a sample, so that parameters are sliced as
        ``theta[:, :1]``, never ``theta[:, 0]``.

    Raises
    ------
    InputError
        When there is no factor, one is neither, or (once it is used) a factor does not keep rows apart.
    """

    def __init__(self, *factors: Distribution | Callable):
        if not factors:
            raise InputError("Law", "at least one factor", "none", "give a distribution")
        for factor in factors:
            if not isinstance(factor, Distribution) and not callable(factor):
                raise InputError("Law", "distributions or functions that return one", factor, "correct the factor")
        self.factors = factors

    @property
    def depends(self) -> bool:
        """Whether a factor may depend on theta."""
        return not all(isinstance(factor, Distribution) for factor in self.factors)

    def uniforms(self, theta: np.ndarray) -> int:
        """Uniform numbers that one sample takes; also checks that the factors keep rows apart."""
        counts = [self._probe(theta, rows) for rows in (1, 2)]
        if counts[0] != counts[1]:
            raise InputError(
                "Law", "as many columns whatever the number of samples", f"{counts[0][0]} for one and {counts[1][0]} for two",
                "slice parameters as theta[:, :1], not theta[:, 0]",
            )  # fmt: skip
        return counts[0][1]

    def draw(self, theta: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
        """Samples of shape (m, d) from uniform numbers of shape (m, `uniforms`)."""
        return self._draw(rows_of(theta, len(uniforms)), uniforms)

    def path(self, theta: np.ndarray, uniforms: np.ndarray) -> tuple[np.ndarray, Callable]:
        """Samples, and the transposed derivative of each in theta: cotangents (m, d) to (m, n).

        Raises
        ------
        InputError
            When a factor without reparametrization depends on theta.
        """
        rows = rows_of(theta, len(uniforms))
        if not self.depends:
            return self._draw(rows, uniforms), lambda cotangent: np.zeros(rows.shape)
        pull, samples = make_vjp(lambda t: self._draw(t, uniforms))(rows)
        return samples, pull

    def score(self, theta: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Gradient in theta of each sample's log-density, shape (m, n).

        Raises
        ------
        InputError
            When an edge of a support depends on theta: there the score function leaves out what crosses it.
        """
        rows = rows_of(theta, len(samples))
        if not self.depends:
            return np.zeros(rows.shape)
        pull, values = make_vjp(lambda t: self._log_density(t, samples))(rows)
        return pull(np.ones(np.shape(values)))

    def _distribution(self, factor, rows, before) -> Distribution:
        if isinstance(factor, Distribution):
            return factor
        found = factor(rows, before)
        if not isinstance(found, Distribution):
            raise InputError("Law", "a function that returns a Distribution", type(found).__name__, "correct the factor")
        return found

    def _draw(self, rows, uniforms):
        columns, taken = [], 0
        for factor in self.factors:
            distribution = self._distribution(factor, rows, _join(columns, len(uniforms)))
            if distribution.traced() and not distribution.reparametrized:
                raise InputError(
                    "Law", "a reparametrized distribution where theta enters", type(distribution).__name__,
                    "use the score function",
                )  # fmt: skip
            count = distribution.uniforms
            columns.append(distribution.draw(uniforms[:, taken : taken + count]))
            taken += count
        return _join(columns, len(uniforms))

    def _log_density(self, rows, samples):
        total, start = anp.sum(0.0 * rows), 0  # of theta also where no factor is
        for factor in self.factors:
            distribution = self._distribution(factor, rows, samples[:, :start])
            for edge in distribution.edges:
                if edge in distribution.traced():
                    raise InputError(
                        "Law", "a support that does not depend on theta", f"{type(distribution).__name__}.{edge} of it",
                        "use the pathwise estimator",
                    )  # fmt: skip
            own = samples[:, start : start + distribution.dimension]
            if not isinstance(factor, Distribution):
                total = total + anp.sum(distribution.log_density(own), axis=1)
            start += distribution.dimension
        return total

    def _probe(self, theta: np.ndarray, rows: int) -> tuple[int, int]:
        """Columns of a sample, and uniform numbers it takes."""
        table, columns, taken = rows_of(theta, rows), [], 0
        for factor in self.factors:
            distribution = self._distribution(factor, table, _join(columns, rows))
            count = distribution.uniforms
            columns.append(distribution.draw(np.full((rows, count), 0.5)))
            taken += count
        return sum(np.shape(c)[-1] for c in columns), taken


def rows_of(theta: np.ndarray, rows: int) -> np.ndarray:
    """Theta once a sample, shape (rows, n)."""
    return np.broadcast_to(theta, (rows, len(theta)))


def _join(columns: list, rows: int):
    return anp.concatenate(columns, axis=1) if columns else np.zeros((rows, 0))
