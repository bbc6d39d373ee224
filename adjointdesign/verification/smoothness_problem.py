"""The smoothness of a problem's objective, around a design or along the last designs of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, value_and_gradient
from adjointdesign.verification.smoothness import scan, scan_path
from adjointdesign.verification.smoothness_report import SmoothnessReport

LEAST_KEPT = 0.5
"""Part of a direction's norm that must be left when parameters that would leave their bounds are held."""
REACH = 0.05
"""How far parameters move to each side where nothing else is said, over the length of their range."""


def objective_of(problem: Problem, stage: Mapping[str, Any] | None = None) -> tuple[Callable, Callable]:
    """Objective and gradient of a problem as `scan` takes them; of several values the largest counts.

    Parameters
    ----------
    problem : Problem
        Whose.
    stage : mapping, optional
        See `Problem.evaluate`.
    """
    from adjointdesign.tape import Array, stop_annotating

    def value(parameters):
        with stop_annotating():
            objective = problem.evaluate(Array(parameters.reshape(problem.design_shape)), stage).objective
        return objective.data if isinstance(objective, Array) else float(objective)

    def gradient(parameters):
        values, jacobian, *_ = value_and_gradient(problem, parameters, stage)
        return jacobian[np.argmax(values)]

    return value, gradient


def scan_problem(
    problem: Problem, parameters, direction=None, *, stage: Mapping[str, Any] | None = None, reach: float | None = None,
    samples: int = 33, tolerance: float = 1e-6, gradients: bool = False,
) -> SmoothnessReport:  # fmt: skip
    """Scan the objective of a problem around some design parameters: see `scan`.

    Parameters
    ----------
    problem : Problem
        Whose objective.
    parameters : ndarray
        Around which, of shape ``problem.design_shape``.
    direction : ndarray, optional
        Of the same shape; by default the negative gradient. It is scaled to a largest entry of 1, and zero for
        parameters that would leave their bounds.
    stage : mapping, optional
        See `Problem.evaluate`.
    reach : float, optional
        How far the parameter that moves most is moved to each side; by default `REACH` of the length of their range.
    samples, tolerance : int, float
        See `scan`.
    gradients : bool
        Whether to scan gradients too, which costs about three times as much a sample.

    Returns
    -------
    SmoothnessReport

    Raises
    ------
    InputError
        When no parameter can move so far, and for whatever `scan` refuses.
    """
    parameters = np.asarray(parameters, dtype=float).reshape(problem.design_shape)
    problem.begin(problem.final_stage if stage is None else stage, parameters)
    value, gradient = objective_of(problem, stage)
    low, high = problem.bounds()
    span = high - low if np.isfinite(high - low) else max(1.0, float(np.abs(parameters).max()))
    reach = REACH * span if reach is None else reach
    direction = -gradient(parameters) if direction is None else np.asarray(direction, dtype=float)
    direction = direction.reshape(parameters.shape) / max(float(np.abs(direction).max()), np.finfo(float).tiny)
    leaves = (parameters - reach * np.abs(direction) < low) | (parameters + reach * np.abs(direction) > high)
    kept = np.where(leaves, 0.0, direction)
    share = float(np.linalg.norm(kept) / (np.linalg.norm(direction) or 1.0))
    if not share >= LEAST_KEPT:
        raise InputError(
            "reach", f"one with which most of the direction stays within {low:g} and {high:g} both ways",
            f"{reach:g}, with which {share:.0%} does", "shorten it",
        )  # fmt: skip
    direction = kept
    return scan(
        value, gradient if gradients else None, parameters, direction, reach=reach, samples=samples, tolerance=tolerance
    )


def scan_iterates(
    problem: Problem, iterates: Sequence[np.ndarray], *, stage: Mapping[str, Any] | None = None, samples: int = 17,
    tolerance: float = 1e-6, gradients: bool = False,
) -> SmoothnessReport:  # fmt: skip
    """Scan the objective of a problem along design parameters of a run, ``history.values("x", stage)[-5:]`` say: see
    `scan_path`."""
    iterates = [np.asarray(x, dtype=float).reshape(problem.design_shape) for x in iterates]
    if iterates:
        problem.begin(problem.final_stage if stage is None else stage, iterates[-1])
    value, gradient = objective_of(problem, stage)
    return scan_path(value, gradient if gradients else None, iterates, samples=samples, tolerance=tolerance)
