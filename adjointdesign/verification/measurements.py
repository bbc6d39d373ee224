"""The measurements of a certificate: Taylor tests, dot products, cost."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from adjointdesign.problem import Problem
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, stop_annotating
from adjointdesign.verification.dot_product import dot_product_test
from adjointdesign.verification.schedule_test import relative_difference
from adjointdesign.verification.subject import Subject
from adjointdesign.verification.taylor import TaylorResult, taylor_along

TIMINGS = 3
"""Pairs of a forward run and a value with gradient, one after the other."""
LARGEST_STEP = 1e-2
"""First step of the Taylor tests, along a direction of a tenth of the range of the parameters."""


def derivative_tests(
    subject: Subject, point: np.ndarray, direction: np.ndarray
) -> tuple[TaylorResult, TaylorResult, float]:
    """Both Taylor tests, which share their runs, and tangent against adjoint."""
    functional = subject.record(point)
    gradient = subject.gradient(functional)
    tangent = subject.tangent(functional, direction)
    curvature = float(np.vdot(subject.hessian(functional, direction), direction))
    slope = float(np.vdot(gradient, direction))
    values: dict[float, float] = {}

    def path(h):
        if h not in values:
            values[h] = subject.value(point + h * direction)
        return values[h]

    # Where a random direction happens to lie along the contours, both sides are rounding: the usual size is the measure.
    usual = np.linalg.norm(gradient) * np.linalg.norm(direction) / np.sqrt(gradient.size)
    size = max(abs(tangent), abs(slope), usual)
    residual = abs(tangent - slope) / size if size != 0 else 0.0
    return _taylor(path, slope), _taylor(path, slope, curvature), float(residual)


def _taylor(path, slope: float, curvature: float | None = None) -> TaylorResult:
    if np.isfinite(slope) and (curvature is None or np.isfinite(curvature)):
        return taylor_along(path, slope, curvature, LARGEST_STEP)
    empty = np.array([])
    return TaylorResult(empty, empty, empty, np.nan, 2 if curvature is None else 3, False, np.nan)


def constraint_tests(
    problem: Problem, stage, point: np.ndarray, direction: np.ndarray
) -> dict[str, TaylorResult]:
    """First-order Taylor tests of the constraints, which need no run of the solver."""
    with recording() as tape:
        control = Array(point)
        quantities = problem.constraints(control, stage)
        slopes = {}
        for name, quantity in quantities.items():
            functional = ReducedFunctional(quantity, Control(control), tape=tape)
            slopes[name] = functional.tlm(Array(direction)) if isinstance(quantity, Array) else float(
                np.vdot(functional.derivative().data, direction)
            )  # fmt: skip

    def path(name):
        def values(h):
            with stop_annotating():
                return np.asarray(problem.constraints(Array(point + h * direction), stage)[name])

        return values

    return {name: taylor_along(path(name), np.asarray(slope), None, LARGEST_STEP) for name, slope in slopes.items()}


def solver_residual(problem: Problem, stage, point: np.ndarray, rng: np.random.Generator) -> float:
    """Tangent against adjoint of the solver alone, in the inputs that the design sets."""
    with stop_annotating():
        medium = problem.medium(problem.density(Array(point), stage))
    return float(dot_product_test(problem.solver(), {name: np.asarray(value) for name, value in medium.items()}, rng))


def gradient_cost(subject: Subject, point: np.ndarray) -> dict[str, Any]:
    """Seconds of forward runs and of values with gradients, interleaved so that a slow spell meets both.

    Every run has a point of its own, since a solver may keep what it found at the last one.
    """
    forward, both = [], []
    for i in range(TIMINGS):
        start = time.perf_counter()
        subject.value(point * (1 - 2e-6 * i - 1e-6))
        middle = time.perf_counter()
        subject.gradient(subject.record(point * (1 - 2e-6 * i - 2e-6)))
        forward.append(middle - start)
        both.append(time.perf_counter() - middle)
    ratios = [b / f for f, b in zip(forward, both)]
    return {
        "median": float(np.median(ratios)), "spread": [min(ratios), max(ratios)], "forward_seconds": forward,
        "value_and_gradient_seconds": both,
    }  # fmt: skip


def single_precision_error(single: Subject, double: Subject, point: np.ndarray) -> float:
    """Relative error of the gradient in single precision."""
    return relative_difference(*(subject.gradient(subject.record(point)) for subject in (single, double)))
