"""Two gradients of one objective on a ladder of refinements, in one representation that no mesh changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.verification.consistency.verdict import UNDECIDED, Verdict, asymptotic_order, judge
from adjointdesign.verification.orders import OrderFit

ROUNDING = 1e-10
"""Relative difference of two gradients that is taken for rounding, where a case does not say otherwise."""


@dataclass(frozen=True)
class Sample:
    """What one level of a ladder gives, everything in one representation.

    Either directional derivatives along fixed smooth directions, or values of Riesz representatives with the weights of their
    inner product; never the components of a discrete gradient, which depend on the mesh.

    Parameters
    ----------
    discrete, continuous : ndarray
        Gradient of the program, and discretized gradient of the equations.
    exact : ndarray, optional
        What both approach, where a closed form is known.
    objective, exact_objective : float, optional
        The objective, and what it approaches.
    weights : ndarray, optional
        Of the inner product: the norm is ``sqrt(sum(weights * values**2))``.
    """

    discrete: np.ndarray
    continuous: np.ndarray
    exact: np.ndarray | None = None
    objective: float | None = None
    exact_objective: float | None = None
    weights: np.ndarray | None = None

    def norm(self, values) -> float:
        """Norm in the representation."""
        values = np.asarray(values)
        weights = 1.0 if self.weights is None else self.weights
        return float(np.sqrt(np.sum(weights * np.abs(values) ** 2)))

    @property
    def scale(self) -> float:
        """Norm of the exact gradient, or of the larger of the two."""
        if self.exact is not None:
            return self.norm(self.exact)
        return max(self.norm(self.discrete), self.norm(self.continuous))


@dataclass(frozen=True)
class Comparison:
    """Two gradients over a ladder.

    Parameters
    ----------
    refinements : tuple of float
        The ladder; sizes are their inverses.
    differences, discrete_errors, continuous_errors, objective_errors : tuple of float
        Relative: of the two gradients, of each from the exact one, of the objective; empty where nothing exact is known.
    verdict : Verdict
        Of the differences.
    orders : dict of str to OrderFit
        By name of the four, where the ladder shows one.
    """

    refinements: tuple[float, ...]
    differences: tuple[float, ...]
    discrete_errors: tuple[float, ...]
    continuous_errors: tuple[float, ...]
    objective_errors: tuple[float, ...]
    verdict: Verdict
    orders: dict[str, OrderFit]

    @property
    def sizes(self) -> tuple[float, ...]:
        """Cell sizes or time steps over the unit in which the refinements count."""
        return tuple(1.0 / n for n in self.refinements)

    def columns(self) -> dict[str, tuple[float, ...]]:
        """The series that there are, by name, difference first."""
        series = {
            "difference": self.differences, "discrete": self.discrete_errors, "continuous": self.continuous_errors,
            "objective": self.objective_errors,
        }  # fmt: skip
        return {name: values for name, values in series.items() if values}


def compare(
    discrete: Callable[[float], Any],
    continuous: Callable[[float], Any],
    ladder: Sequence[float],
    *,
    exact: Callable[[float], Any] | None = None,
    weights: Callable[[float], np.ndarray] | None = None,
    rounding: float = ROUNDING,
) -> Comparison:
    """Compare the gradient of a program with the discretized gradient of its equations.

    Parameters
    ----------
    discrete, continuous : callable
        ``refinement -> ndarray``: both in one representation, see `Sample`.
    ladder : sequence of float
        Refinements, increasing: cells along a length, steps in a time; errors are fitted in powers of their inverse.
    exact, weights : callable, optional
        Of a refinement too, see `Sample`.
    rounding : float
        Relative difference that is rounding.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        When the ladder does not increase, or the two have different shapes.
    """
    samples = [
        Sample(
            np.asarray(discrete(n)), np.asarray(continuous(n)), None if exact is None else np.asarray(exact(n)),
            weights=None if weights is None else np.asarray(weights(n)),
        )
        for n in ladder
    ]  # fmt: skip
    return compare_samples(ladder, samples, rounding=rounding)


def compare_samples(ladder: Sequence[float], samples: Sequence[Sample], *, rounding: float = ROUNDING) -> Comparison:
    """Compare what was measured on a ladder: see `compare`."""
    refinements = tuple(float(n) for n in ladder)
    if len(refinements) != len(samples) or not refinements or min(refinements) <= 0 or np.any(np.diff(refinements) <= 0):
        raise InputError("ladder", "positive refinements that increase, one a sample", refinements, "sort them")
    for sample in samples:
        if np.shape(sample.discrete) != np.shape(sample.continuous):
            raise InputError(
                "continuous gradient", f"shape {np.shape(sample.discrete)}, that of the discrete one",
                np.shape(sample.continuous), "bring both to one representation",
            )  # fmt: skip
        shape = np.shape(sample.discrete)
        if sample.exact is not None and np.shape(sample.exact) != shape:
            raise InputError("exact gradient", f"shape {shape}, that of the others", np.shape(sample.exact), "correct it")
        if sample.weights is not None and not _fits(np.shape(sample.weights), shape):
            raise InputError("weights", f"shape {shape}, that of the gradients", np.shape(sample.weights), "correct it")
        if sample.weights is not None and np.min(sample.weights) < 0:
            raise InputError("weights", "none below 0", np.min(sample.weights), "correct them")
    # One scale for the whole ladder: a gradient that vanishes with refinement would else be compared with itself.
    scale = max(s.scale for s in samples)
    if scale == 0:
        return Comparison(refinements, (0.0,) * len(samples), (), (), (), Verdict(UNDECIDED, "the gradient is zero"), {})

    def relative(vectors):
        return [np.sqrt(1.0 if s.weights is None else s.weights) * v / scale for s, v in zip(samples, vectors, strict=True)]

    vectors = relative([s.discrete - s.continuous for s in samples])
    differences = tuple(float(np.linalg.norm(v)) for v in vectors)
    errors: dict[str, tuple[float, ...]] = {"discrete": (), "continuous": (), "objective": ()}
    if all(s.exact is not None for s in samples):
        for name in ("discrete", "continuous"):
            errors[name] = tuple(float(np.linalg.norm(v)) for v in relative([getattr(s, name) - s.exact for s in samples]))
    if all(s.objective is not None and s.exact_objective is not None for s in samples):
        largest = max(abs(s.exact_objective) for s in samples) or 1.0
        errors["objective"] = tuple(abs(s.objective - s.exact_objective) / largest for s in samples)
    sizes = [1 / n for n in refinements]
    # Levels of different meshes have different components: then their norms have to do.
    verdict = judge(sizes, vectors if len({v.shape for v in vectors}) == 1 else differences, rounding)
    orders = {name: asymptotic_order(sizes, values, rounding) for name, values in errors.items() if values}
    orders = {"difference": verdict.fit} | orders
    return Comparison(
        refinements, differences, errors["discrete"], errors["continuous"], errors["objective"], verdict,
        {name: fit for name, fit in orders.items() if fit is not None},
    )  # fmt: skip


def _fits(shape: tuple[int, ...], whole: tuple[int, ...]) -> bool:
    """Whether an array can be spread over another without making it larger."""
    return len(shape) <= len(whole) and all(a in (1, b) for a, b in zip(shape[::-1], whole[::-1]))
