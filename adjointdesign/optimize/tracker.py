"""What stands between an optimizer and the objective: counting, remembering the best point, deciding to stop.

Drivers ask the tracker for evaluations. Every criterion of `Stopping` is applied here, so that it means the same for
every driver; the libraries' own criteria stay off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.stopping import Status, Stopping

MAX_REPEATS = 50
"""Requests for one and the same point in a row after which an optimizer is taken to have no further step."""

STALL = 3
"""Evaluations without a better point, in windows of `Stopping`, after which a driver without iterations is stalled."""


class StopRun(Exception):
    """Carries the end of a run out through the optimizer."""

    def __init__(self, status: Status, message: str):
        super().__init__(message)
        self.status, self.message = status, message


class Tracker:
    """Evaluates for a driver and raises `StopRun` when the run is over.

    Parameters
    ----------
    evaluate : callable
        ``evaluate(x) -> Evaluation``.
    lower, upper : ndarray, shape (n,)
        Bounds.
    stop : Stopping
        Criteria.
    callback : callable, optional
        ``callback(evaluation, tracker)`` after every evaluation.
    should_stop : callable, optional
        Polled before every evaluation.
    clock : callable
        Seconds, never going back.
    """

    def __init__(
        self,
        evaluate: Callable[[np.ndarray], Evaluation],
        lower: np.ndarray,
        upper: np.ndarray,
        stop: Stopping,
        callback: Callable | None,
        should_stop: Callable[[], bool] | None,
        clock: Callable[[], float],
    ):
        self.lower, self.upper, self.stop = lower, upper, stop
        self.n_evaluations = self.n_iterations = 0
        self.best: Evaluation | None = None
        self._evaluate, self._callback, self._should_stop, self._clock = evaluate, callback, should_stop, clock
        self._start = clock()
        self._last: Evaluation | None = None
        self._repeats = self._since_best = 0
        self._trace: deque[tuple[float, bool]] = deque(maxlen=stop.window + 1)
        self._iterate: Evaluation | None = None

    def evaluate(self, x: np.ndarray) -> Evaluation:
        """Evaluate at ``x``, or return the last evaluation again if it was at this very point."""
        if self._last is not None and np.array_equal(x, self._last.x):
            self._repeats += 1
            if self._repeats > MAX_REPEATS:
                raise StopRun(*self.end_without_progress("the optimizer has no further step"))
            return self._last
        self._check_limits()
        self._repeats = 0
        evaluation = self._last = self._evaluate(x)
        self.n_evaluations += 1
        broken = evaluation.nonfinite()
        improved = broken is None and (self.best is None or self._rank(evaluation) < self._rank(self.best))
        self._since_best = 0 if improved else self._since_best + 1
        if improved:
            self.best = evaluation
        if self._iterate is None:
            self._iterate = evaluation
            self._trace.append((evaluation.value, self.feasible(evaluation)))
        if self._callback is not None:
            self._callback(evaluation, self)
        if broken:
            raise StopRun(Status.FAILED, f"the {broken} is not finite at evaluation {self.n_evaluations}")
        if self.stop.target is not None and evaluation.value <= self.stop.target and self.feasible(evaluation):
            message = f"value {evaluation.value:.6g} is at or below the target {self.stop.target:.6g}"
            raise StopRun(Status.TARGET_REACHED, message)
        if self.stop.reached is not None and self.feasible(evaluation) and self.stop.reached(evaluation.readings):
            self.best = evaluation
            raise StopRun(Status.TARGET_REACHED, f"evaluation {self.n_evaluations} reached what was asked for")
        return evaluation

    def feasible(self, evaluation: Evaluation) -> bool:
        """Whether no constraint exceeds the tolerance."""
        return evaluation.violation <= self.stop.constraint_tolerance

    def end_iteration(self) -> None:
        """Count an iteration that ended at the best point, and stop if it meets a criterion."""
        previous, self._iterate = self._iterate, self.best
        self.n_iterations += 1
        self._trace.append((self.best.value, self.feasible(self.best)))
        change = np.max(np.abs(self.best.x - previous.x))
        if 0 < change <= self.stop.xtol and self.feasible(self.best):
            raise StopRun(Status.CONVERGED, f"no variable changed by more than xtol = {self.stop.xtol:g}")
        self.check_gradient()
        first, last = self._trace[0], self._trace[-1]
        full = len(self._trace) == self._trace.maxlen and all(feasible for _, feasible in self._trace)
        if self.stop.ftol > 0 and full and _change(first[0], last[0]) <= self.stop.ftol:
            message = f"{self.stop.window} iterations improved the value by less than ftol = {self.stop.ftol:g}"
            raise StopRun(Status.CONVERGED, message)
        if self.stop.max_iterations is not None and self.n_iterations >= self.stop.max_iterations:
            raise StopRun(Status.MAX_ITERATIONS, f"{self.n_iterations} iterations done")

    def check_gradient(self) -> None:
        """Stop if the projected gradient at the best point is within ``gtol``."""
        if self.stop.gtol > 0 and self.projected_gradient() <= self.stop.gtol:
            raise StopRun(Status.CONVERGED, f"the projected gradient is within gtol = {self.stop.gtol:g}")

    def check_stall(self) -> None:
        """Stop if evaluations keep coming without a better point (for drivers that do not report iterations)."""
        if self._since_best >= STALL * self.stop.window:
            reason = f"{self._since_best} evaluations brought no better point"
            raise StopRun(*self.end_without_progress(reason))

    def projected_gradient(self) -> float:
        """Largest component of ``P(x - g) - x`` at the best point."""
        x = self.best.x
        return float(np.max(np.abs(np.clip(x - self.best.jacobian[0], self.lower, self.upper) - x)))

    def last_decrease(self) -> float:
        """Relative decrease of the value in the last iteration; infinite before the first."""
        return _change(self._trace[-2][0], self._trace[-1][0]) if len(self._trace) > 1 else np.inf

    def _rank(self, evaluation: Evaluation) -> tuple[float, float]:
        """Order of merit: feasible before infeasible, then the lower value."""
        return (0.0 if self.feasible(evaluation) else evaluation.violation, evaluation.value)

    def _check_limits(self) -> None:
        """Stop before a new evaluation if none may be started."""
        if self.stop.max_evaluations is not None and self.n_evaluations >= self.stop.max_evaluations:
            raise StopRun(Status.MAX_EVALUATIONS, f"{self.n_evaluations} evaluations done")
        elapsed = self._clock() - self._start
        if self.stop.wall_time is not None and elapsed >= self.stop.wall_time:
            raise StopRun(Status.WALL_TIME, f"{elapsed:.3g} s passed")
        if self._should_stop is not None and self._should_stop():
            raise StopRun(Status.INTERRUPTED, f"stopped from outside after {self.n_evaluations} evaluations")

    def end_without_progress(self, reason: str) -> tuple[Status, str]:
        """Status and message of a run that goes no further: good at a feasible point, a failure elsewhere."""
        if self.feasible(self.best):
            return Status.CONVERGED, reason
        return Status.FAILED, f"{reason}, and no feasible point was found (violation {self.best.violation:.3g})"


def _change(before: float, after: float) -> float:
    """Relative decrease from ``before`` to ``after``; 0 where both vanish."""
    scale = max(abs(before), abs(after))
    return (before - after) / scale if scale > 0 else 0.0
