"""What a certificate speaks of: the objective of a problem at one stage, as a scalar function of its parameters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from adjointdesign.problem import Problem
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, stop_annotating

FORWARD, GRADIENT, HESSIAN, TANGENT = 1, 3, 5, 2
"""What one run, value with gradient, Hessian action and tangent cost in forward runs, roughly: for progress alone."""


class Subject:
    """The objective of a problem at one stage; values of which the largest counts enter with random weights.

    Parameters
    ----------
    problem : Problem
        Whose objective.
    stage : mapping
        Stage parameters, see `Problem.evaluate`.
    seed : int
        From which the weights are drawn, so that two subjects with one seed are one function.
    tick : callable, optional
        ``tick(runs)`` after each run, with its cost in forward runs.
    """

    def __init__(self, problem: Problem, stage, seed: int, tick: Callable[[float], None] | None = None):
        self.problem, self.stage, self.seed = problem, stage, seed
        self.tick = tick if tick is not None else lambda runs: None

    def _scalar(self, objective):
        if not isinstance(objective, Array):
            return objective
        weights = np.random.default_rng(self.seed).uniform(0.5, 1.5, objective.shape)
        return (objective * weights).sum()

    def value(self, parameters: np.ndarray) -> float:
        """Value by a plain run, off the tape: what the derivatives are held against."""
        with stop_annotating():
            value = float(self._scalar(self.problem.evaluate(Array(parameters), self.stage).objective))
        self.tick(FORWARD)
        return value

    def record(self, parameters: np.ndarray) -> ReducedFunctional:
        """The objective recorded at ``parameters``."""
        with recording() as tape:
            control = Array(parameters)
            functional = self._scalar(self.problem.evaluate(control, self.stage).objective)
            return ReducedFunctional(functional, Control(control), tape=tape)

    def gradient(self, functional: ReducedFunctional) -> np.ndarray:
        """Gradient at the last point of a recorded objective."""
        gradient = functional.derivative().data
        self.tick(GRADIENT)
        return gradient

    def tangent(self, functional: ReducedFunctional, direction: np.ndarray) -> float:
        """Its derivative along ``direction``, by the tangent."""
        tangent = float(functional.tlm(Array(direction)))
        self.tick(TANGENT)
        return tangent

    def hessian(self, functional: ReducedFunctional, direction: np.ndarray) -> np.ndarray:
        """Action of its Hessian on ``direction``."""
        action = functional.hessian(Array(direction)).data
        self.tick(HESSIAN)
        return action


def smooth_noise(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Random array, mostly long waves, with largest magnitude one."""
    from scipy.ndimage import gaussian_filter

    white = rng.standard_normal(shape)
    smooth = gaussian_filter(white, [n / 16 for n in shape], mode="nearest")
    mixed = smooth / np.abs(smooth).max() + 0.1 * white / np.abs(white).max()
    return mixed / np.abs(mixed).max()


def interior_point(problem: Problem, rng: np.random.Generator, reach: float = 1.0) -> tuple[np.ndarray, float]:
    """An initial design with smooth noise, 15 % of the range away from its ends; and the length of the range.

    The noise is a fifth of the range times ``reach``. A range without ends counts as long as the largest parameter.
    """
    low, high = problem.bounds()
    start = np.asarray(problem.initial_design(rng), dtype=float)
    span = high - low if np.isfinite(high - low) else max(1.0, float(np.abs(start).max()))
    point = start + 0.2 * reach * span * smooth_noise(start.shape, rng)
    return np.clip(point, low + 0.15 * span, high - 0.15 * span), span
