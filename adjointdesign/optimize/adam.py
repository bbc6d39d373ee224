"""Adam for gradients that are estimates: shrinking steps, averaged iterates, an end where noise is all that is left.

D. P. Kingma and J. Ba, Adam (ICLR 2015), algorithm 1, with steps that shrink as ``t^-0.6`` and the iterates of the last rounds
averaged (B. T. Polyak and A. B. Juditsky, SIAM J. Control Optim. 30, 838 (1992)).

After every round of `ROUND` evaluations the average is evaluated; a round is an iteration in the sense of `Stopping`. Where the
readings say how large the noise is, the lowest of the values is not the answer: then the last average is the run's best, and
``ftol`` compares averages, so that it ends the run also where noise hides what was gained over the window.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.stopping import Status
from adjointdesign.optimize.tracker import StopRun, Tracker

STEP = 0.1
"""First length of a step in each variable: of the width between its bounds, or, without both, of one, as variables are to be scaled."""

ROUND = 20
"""Steps from one evaluation of the average to the next."""

FADE = 0.6
"""Exponent with which steps shrink, in rounds: between 1/2 and 1, so that the average converges at the best rate."""

FIRST, SECOND, TINY = 0.9, 0.999, 1e-12
"""Memory of the gradient's mean and mean square, and what is added to the root of the latter, relative to the first gradient."""

CERTAIN = 3.0
"""Standard errors of a round's mean gradient, within which it is taken for zero; so many rounds in a row as `Stopping` looks
back (``window``) end a run."""

GRADIENT_ERROR = "gradient_error"
"""The reading with the standard errors of the gradient's components; without it values and gradients are taken for exact."""


class _Average:
    """Mean of the iterates of the last rounds: of at least the last half of them all, and at most three quarters."""

    def __init__(self, n: int):
        self._rounds, self._parts = 0, [np.zeros(n), np.zeros(n)]
        self._counts = [0, 0]

    def add(self, total: np.ndarray, count: int) -> np.ndarray:
        """Take in a round's sum of iterates; the mean."""
        self._rounds += 1
        if self._rounds & (self._rounds - 1) == 0:  # a power of two: what was recent is now old
            self._parts, self._counts = [self._parts[1], np.zeros(total.size)], [self._counts[1], 0]
        self._parts[1] = self._parts[1] + total
        self._counts[1] += count
        return (self._parts[0] + self._parts[1]) / sum(self._counts)


def run(tracker: Tracker, x0: np.ndarray, minimax: bool) -> tuple[Status, str]:
    """Run until the tracker stops the run or the gradient cannot be told from zero.

    Returns
    -------
    status, message
        How it ended by itself. The tracker's own ends arrive as `StopRun`.
    """
    answer: Evaluation | None = None  # with noise: the last average; before there is one, the last iterate

    def evaluate(x: np.ndarray) -> Evaluation:
        try:
            return tracker.evaluate(x)
        except StopRun as end:
            if answer is not None and end.status != Status.TARGET_REACHED:
                tracker.best = answer
            raise

    width = tracker.upper - tracker.lower
    unit = STEP * np.where(np.isfinite(width), width, 1.0)
    x, average = x0.copy(), _Average(x0.size)
    mean, square, count, rounds, quiet, floor = np.zeros(x0.size), np.zeros(x0.size), 0, 0, 0, 0.0
    while True:
        total, gradients, variances = np.zeros(x0.size), np.zeros(x0.size), np.zeros(x0.size)
        for _ in range(ROUND):
            here = evaluate(x)
            noisy = GRADIENT_ERROR in here.readings
            if noisy and rounds == 0:
                answer = here
            gradient = here.jacobian[0]
            floor = floor or TINY * float(np.max(np.abs(gradient)))
            total, gradients = total + x, gradients + gradient
            variances += np.square(here.readings[GRADIENT_ERROR]) if noisy else 0.0
            count += 1
            mean = FIRST * mean + (1 - FIRST) * gradient
            square = SECOND * square + (1 - SECOND) * gradient**2
            scale = np.sqrt(square / (1 - SECOND**count)) + floor
            step = unit * (1 + count / ROUND) ** -FADE * (mean / (1 - FIRST**count))
            # A variable whose gradient has always been zero stays.
            x = np.clip(x - np.divide(step, scale, out=np.zeros(x.size), where=scale > 0), tracker.lower, tracker.upper)
        rounds += 1
        center = evaluate(np.clip(average.add(total, ROUND), tracker.lower, tracker.upper))
        if noisy:
            answer = tracker.best = center
        tracker.end_iteration()
        quiet = quiet + 1 if noisy and _is_noise(gradients / ROUND, np.sqrt(variances) / ROUND, center.x, tracker) else 0
        if quiet == tracker.stop.window:
            return Status.CONVERGED, (
                f"no component of the mean gradients of {quiet} rounds in a row exceeds {CERTAIN:g} of its standard errors:"
                " more samples would show a smaller one"
            )


def _is_noise(gradient: np.ndarray, error: np.ndarray, x: np.ndarray, tracker: Tracker) -> bool:
    """Whether a gradient, projected to the bounds at x, is zero within its errors."""
    held = ((x <= tracker.lower) & (gradient > 0)) | ((x >= tracker.upper) & (gradient < 0))
    return bool(np.all(held | (np.abs(gradient) <= CERTAIN * error)))
