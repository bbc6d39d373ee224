"""What is averaged: ``f(theta, xi)`` with its derivatives, one row a sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from autograd import make_vjp

from adjointdesign.errors import InputError
from adjointdesign.uncertainty.law import Law, rows_of


class Integrand(Protocol):
    """A function of theta, shape (n,), and samples, shape (m, d).

    Attributes
    ----------
    batch : int
        Samples that make one row; 1 but for `Groups`.
    """

    batch: int

    def values(self, theta: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """Values, shape (m / batch,)."""

    def partials(self, theta: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, their gradients in theta at given samples, (m / batch, n), and in the samples, (m, d)."""


class Vectorized:
    """A function written with autograd.numpy, of all samples at once.

    Parameters
    ----------
    function : callable
        ``function(theta, samples) -> values`` of shape (m,), where theta has shape (m, n) too: one row a sample, so that one
        reverse sweep gives the gradient of each.

    Raises
    ------
    InputError
        When it is called, if the values are not of that shape.
    """

    batch = 1

    def __init__(self, function: Callable):
        self.function = function

    def values(self, theta, samples):
        values = self.function(rows_of(theta, len(samples)), samples)
        _require_column(values, len(samples))
        return np.asarray(values, dtype=float)

    def partials(self, theta, samples):
        def traced(theta, samples):
            values = self.function(theta, samples)
            _require_column(values, len(samples))
            # So that a function of one of them only, or of none, is differentiable in both.
            return values + 0.0 * (theta.sum(axis=1) + samples.sum(axis=1))

        pull, values = make_vjp(traced, (0, 1))(rows_of(theta, len(samples)), samples)
        return values, *pull(np.ones(len(samples)))


class Each:
    """A function of one sample at a time, by its value and gradient (a simulation, say).

    Parameters
    ----------
    function : callable
        ``function(theta, sample) -> (value, gradient)``, or ``(value, gradient, gradient in the sample)`` where the sample
        depends on theta; shapes (n,), (d,).
    """

    batch = 1

    def __init__(self, function: Callable):
        self.function = function

    def values(self, theta, samples):
        return np.array([self.function(theta, sample)[0] for sample in samples], dtype=float)

    def partials(self, theta, samples):
        return _stacked([self.function(theta, sample) for sample in samples], theta, samples, 1)


class Groups:
    """A function of several samples at once, by the mean of their values and its gradient.

    What it gives for each group counts as one sample of the mean; only the pathwise estimator takes it.

    Parameters
    ----------
    function : callable
        ``function(theta, samples) -> (mean, gradient)``, or also the mean's gradient in the samples, shape (batch, d).
    batch : int
        Samples in a group.
    """

    def __init__(self, function: Callable, batch: int):
        if not isinstance(batch, (int, np.integer)) or batch < 1:
            raise InputError("batch", "an integer of at least 1", batch, "correct the size of a group")
        self.function, self.batch = function, int(batch)

    def _groups(self, samples):
        return samples.reshape(-1, self.batch, samples.shape[1])

    def values(self, theta, samples):
        return np.array([self.function(theta, group)[0] for group in self._groups(samples)], dtype=float)

    def partials(self, theta, samples):
        return _stacked([self.function(theta, group) for group in self._groups(samples)], theta, samples, self.batch)


class Taped:
    """A function of one sample that goes on the tape: recorded once, evaluated again at every other sample.

    Parameters
    ----------
    function : callable
        ``function(theta, sample) -> AdjFloat`` of two `adjointdesign.tape.Array`. Nothing in it may depend on the sample's value
        other than through the tape.
    """

    batch = 1

    def __init__(self, function: Callable):
        self.function, self._recorded, self._shapes = function, None, None

    def _functional(self, theta, sample):
        from adjointdesign.tape import Array, Control, ReducedFunctional, recording

        if self._shapes != (theta.shape, sample.shape):
            with recording() as tape:
                inputs = Array(theta), Array(sample)
                value = self.function(*inputs)
                self._recorded = ReducedFunctional(value, [Control(x) for x in inputs], tape=tape)
            self._shapes = theta.shape, sample.shape
        return self._recorded

    def values(self, theta, samples):
        return np.array([self._functional(theta, sample)([theta, sample]) for sample in samples], dtype=float)

    def partials(self, theta, samples):
        found = []
        for sample in samples:
            functional = self._functional(theta, sample)
            value = functional([theta, sample])
            found.append((value, *(part.data for part in functional.derivative())))
        return _stacked(found, theta, samples, 1)


@dataclass(frozen=True)
class Expectation:
    """What is to be known with its gradient: ``F(theta) = E[f(theta, xi)]``.

    Parameters
    ----------
    integrand : Integrand
        ``f``.
    law : Law
        Distribution of ``xi``.
    softened : callable, optional
        ``softened(width) -> Integrand``: ``f`` with its hard triggers smoothed over that width, see `smoothed`.
    """

    integrand: Integrand
    law: Law
    softened: Callable[[float], Integrand] | None = None


def parameters(theta) -> np.ndarray:
    """Theta as a vector.

    Raises
    ------
    InputError
        When it is not one of finite numbers.
    """
    theta = np.array(theta, dtype=float)
    if theta.ndim != 1 or theta.size == 0 or not np.all(np.isfinite(theta)):
        raise InputError("theta", "a vector of finite numbers", f"shape {theta.shape}, {theta}", "correct the point")
    return theta


def _require_column(values, rows: int) -> None:
    if np.shape(values) != (rows,):
        raise InputError("integrand", f"values of shape ({rows},), one a sample", f"shape {np.shape(values)}", "keep rows apart")


def _stacked(found: list[tuple], theta, samples, batch: int):
    """Rows of values, gradients in theta and in the samples (zero where none are given), shapes checked."""
    shapes = (), theta.shape, samples.shape[1:] if batch == 1 else (batch, *samples.shape[1:])
    for parts in found:
        if len(parts) not in (2, 3) or any(np.shape(p) != s for p, s in zip(parts, shapes)):
            got = ", ".join(str(np.shape(p)) for p in parts)
            raise InputError("integrand", f"shapes {shapes[0]}, {shapes[1]} (and {shapes[2]})", got, "correct what it returns")
    given = len(found[0]) == 3
    in_samples = np.array([f[2] for f in found]).reshape(samples.shape) if given else None
    return np.array([f[0] for f in found], dtype=float), np.array([f[1] for f in found]), in_samples
