"""The one entry to the optimizers, and the one result that they give."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.optimize import adam, lbfgs, lbfgsb, nlopt_mma
from adjointdesign.optimize.evaluation import Evaluation, evaluator
from adjointdesign.optimize.stopping import Status, Stopping
from adjointdesign.optimize.tracker import StopRun, Tracker

if TYPE_CHECKING:
    from adjointdesign.optimize.replay import Recorder

DRIVERS = {"lbfgsb": lbfgsb.run, "lbfgs": lbfgs.run, "adam": adam.run, "mma": nlopt_mma.mma, "ccsa": nlopt_mma.ccsa}
"""The optimizers by name; each ``run(tracker, x0, minimax) -> (status, message)``."""

CONSTRAINED = ("mma", "ccsa")
"""Those that take constraints and min-max objectives."""


@dataclass(frozen=True)
class OptimizeResult:
    """How a run ended, and the best point that it saw.

    Parameters
    ----------
    x : ndarray, shape (n,)
        Best feasible point; the least infeasible one if none was feasible; ``x0`` if nothing finite was evaluated.
    value : float
        Objective at ``x`` (nan if nothing finite was evaluated).
    gradient : ndarray, shape (n,) or (k, n)
        Its gradient; for a min-max the Jacobian of all values.
    status : Status
        Why the run ended.
    message : str
        The same in words.
    n_evaluations, n_iterations : int
        Work done.
    constraint_violation : float
        Largest positive constraint at ``x``, or 0.
    evaluation : Evaluation or None
        All that is known at ``x``, readings included.
    """

    x: np.ndarray
    value: float
    gradient: np.ndarray
    status: Status
    message: str
    n_evaluations: int
    n_iterations: int
    constraint_violation: float
    evaluation: Evaluation | None

    @property
    def success(self) -> bool:
        """Whether the run converged or reached its target."""
        return self.status in (Status.CONVERGED, Status.TARGET_REACHED)


def minimize(
    objective: Callable,
    x0: np.ndarray,
    *,
    bounds: tuple | None = None,
    constraints: Sequence[Callable] = (),
    method: str = "lbfgsb",
    minimax: bool = False,
    stop: Stopping = Stopping(),
    callback: Callable[[Evaluation, Tracker], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    recorder: Recorder | None = None,
) -> OptimizeResult:
    """Minimize an objective, or the largest of several, from its values and gradients.

    Parameters
    ----------
    objective : callable
        ``objective(x) -> (value, gradient)``; with ``minimax``, ``(values, jacobian)`` of shapes (k,) and (k, n). A
        third item, a dictionary of numbers and arrays, goes to the callback and the history.
    x0 : array_like, shape (n,)
        Where to start.
    bounds : tuple (lower, upper), optional
        Each a number or of shape (n,); infinite where there is none.
    constraints : sequence of callable
        Each ``g(x) -> (values, jacobian)`` of shapes (m,) and (m, n); feasible where ``g(x) <= 0``.
    method : {"lbfgsb", "lbfgs", "adam", "mma", "ccsa"}
        Optimizer; the first three take neither constraints nor ``minimax``, "lbfgs" no bounds but designs that are refused,
        "adam" values and gradients with noise (`adjointdesign.uncertainty.sampled`).
    minimax : bool
        Minimize the largest of the objective's values.
    stop : Stopping
        When to stop.
    callback : callable, optional
        ``callback(evaluation, tracker)`` after every evaluation; ``tracker`` has ``n_evaluations``, ``n_iterations``
        and ``best``.
    should_stop : callable, optional
        Polled before every evaluation; true ends the run with status "interrupted".
    recorder : Recorder, optional
        Keeps the evaluations in a history, and replays those that are there already.

    Returns
    -------
    OptimizeResult

    Raises
    ------
    InputError
        When an argument, or what a function returned, cannot be used. Whatever else ``objective``, ``constraints`` or
        ``callback`` raise passes unchanged.
    """
    x0 = np.array(x0, dtype=float)
    lower, upper = _bounds(bounds, x0)
    if method not in DRIVERS:
        raise InputError("method", f"one of {', '.join(DRIVERS)}", method, "choose one of these")
    if method not in CONSTRAINED and (constraints or minimax):
        got = f"{len(constraints)} constraints" if constraints else "minimax=True"
        raise InputError("method", f"no constraints and minimax=False with {method}", got, 'use method="mma"')
    if stop.gtol > 0 and (constraints or minimax):
        raise InputError("gtol", "0 (off) with constraints or minimax", stop.gtol, "stop by ftol or xtol")

    evaluate = evaluator(objective, constraints, x0.size, minimax)
    source = evaluate if recorder is None else (lambda x: recorder.evaluate(x, evaluate))
    clock = time.monotonic if recorder is None else recorder.clock
    tracker = Tracker(source, lower, upper, stop, callback, should_stop, clock)
    try:
        status, message = DRIVERS[method](tracker, x0, minimax)
    except StopRun as end:
        status, message = end.status, end.message

    best = tracker.best
    rows = np.full((1, x0.size), np.nan) if best is None else best.jacobian
    return OptimizeResult(
        x=(x0 if best is None else best.x).copy(),
        value=np.nan if best is None else best.value,
        gradient=(rows if minimax else rows[0]).copy(),
        status=status,
        message=message,
        n_evaluations=tracker.n_evaluations,
        n_iterations=tracker.n_iterations,
        constraint_violation=np.nan if best is None else best.violation,
        evaluation=best,
    )


def _bounds(bounds: tuple | None, x0: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bounds of shape (n,), checked together with ``x0``."""
    if x0.ndim != 1 or x0.size == 0 or not np.all(np.isfinite(x0)):
        raise InputError("x0", "a non-empty vector of finite numbers", f"shape {x0.shape}, {x0}", "correct the start")
    pair = (-np.inf, np.inf) if bounds is None else bounds
    if len(pair) != 2 or any(np.shape(b) not in ((), x0.shape) for b in pair):
        shapes = [np.shape(b) for b in pair]
        expected = f"(lower, upper), each a number or of shape {x0.shape}"
        raise InputError("bounds", expected, f"shapes {shapes}", "correct the bounds")
    lower, upper = (np.array(np.broadcast_to(b, x0.shape), dtype=float) for b in pair)
    if not np.all(lower <= upper):
        got = f"the opposite at {np.sum(~(lower <= upper))} places"
        raise InputError("bounds", "lower <= upper everywhere", got, "correct the bounds")
    outside = np.flatnonzero((x0 < lower) | (x0 > upper))
    if outside.size:
        i = outside[0]
        got = f"x0[{i}] = {x0[i]} with bounds {lower[i]}, {upper[i]}"
        raise InputError("x0", "a start within the bounds", got, "clip it to the bounds")
    return lower, upper
