"""L-BFGS with a line search that only asks for decrease: no bounds, and designs may be refused.

J. Nocedal and S. Wright, Numerical Optimization (2006), algorithms 7.4 and 3.1. A refused step (`StepRejected`, a mesh that would
degenerate, say) is halved, which SciPy's L-BFGS-B has no way to be told. It computes with inner products only, so if the
parameters are those of a metric (`MeshShape.smooth`) it works in that metric.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from adjointdesign.errors import InputError, StepRejected
from adjointdesign.optimize.stopping import Status
from adjointdesign.optimize.tracker import Tracker

MEMORY = 10
"""Pairs of steps and changes of the gradient."""

SUFFICIENT = 1e-4
"""Part of the decrease that the slope promises, with which a step is content."""

SHORTEST = 2.0**-12
"""Of the first step tried: what is left when none was good."""

FIRST = 0.5
"""Length of the first step: parameters are to be scaled so that one is far."""


def run(tracker: Tracker, x0: np.ndarray, minimax: bool) -> tuple[Status, str]:
    """Run until the tracker stops the run or no step decreases the objective.

    Returns
    -------
    status, message
        How it ended by itself. The tracker's own ends arrive as `StopRun`.

    Raises
    ------
    InputError
        When there are bounds, or the start itself is refused.
    """
    if np.any(np.isfinite(tracker.lower)) or np.any(np.isfinite(tracker.upper)):
        raise InputError("method", "no bounds with lbfgs", "bounds", 'use method="lbfgsb"')
    try:
        here = tracker.evaluate(x0)
    except StepRejected as refusal:
        raise InputError("x0", "a start that can be evaluated", refusal, "start elsewhere") from None
    tracker.check_gradient()
    pairs: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=MEMORY)
    while True:
        gradient = here.jacobian[0]
        direction = -_inverse_hessian(pairs, gradient)
        if not direction @ gradient < 0:
            pairs.clear()
            direction = -gradient
        if not pairs:
            norm = np.linalg.norm(gradient)
            if norm == 0:
                return Status.CONVERGED, "the gradient is zero"
            direction = direction * min(1.0, FIRST / norm)
        there, refusal = _search(tracker, here, direction)
        if there is None:
            if pairs:  # once more along the gradient, without what earlier steps told
                pairs.clear()
                continue
            if refusal:
                return Status.REFUSED, f"no step decreases the objective; the last refused: {refusal}"
            return Status.CONVERGED, "no step decreases the objective; the minimum is reached to rounding, or the gradient is wrong"
        step, change = there.x - here.x, there.jacobian[0] - gradient
        if step @ change > 1e-10 * np.linalg.norm(step) * np.linalg.norm(change):
            pairs.append((step, change))
        here = there
        tracker.end_iteration()


def _search(tracker: Tracker, here, direction):
    """The first point along a direction that decreases the objective enough, or None and the last refusal."""
    slope, length, refusal = here.jacobian[0] @ direction, 1.0, None
    while length >= SHORTEST:
        try:
            there = tracker.evaluate(here.x + length * direction)
        except StepRejected as rejected:
            refusal = rejected
        else:
            if there.value <= here.value + SUFFICIENT * length * slope:
                return there, None
        length /= 2
    return None, refusal


def _inverse_hessian(pairs, gradient: np.ndarray) -> np.ndarray:
    """The two loops of algorithm 7.4."""
    result, kept = gradient.copy(), []
    for step, change in reversed(pairs):
        weight = (step @ result) / (change @ step)
        result -= weight * change
        kept.append(weight)
    if pairs:
        step, change = pairs[-1]
        result *= (step @ change) / (change @ change)
    for (step, change), weight in zip(pairs, reversed(kept)):
        result += step * (weight - (change @ result) / (change @ step))
    return result
