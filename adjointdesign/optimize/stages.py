"""Continuation: one optimization after another, each from the best point of the last."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.optimize.history import History
from adjointdesign.optimize.minimize import OptimizeResult, minimize
from adjointdesign.optimize.penalty import Penalty
from adjointdesign.optimize.replay import Recorder
from adjointdesign.optimize.stopping import Status, Stopping


@dataclass(frozen=True)
class Formulation:
    """What one stage minimizes: the arguments of `minimize` of the same names."""

    objective: Callable
    constraints: Sequence[Callable] = ()
    minimax: bool = False


@dataclass(frozen=True)
class Stage:
    """One step of a continuation.

    Parameters
    ----------
    name : str
        For people.
    parameters : mapping
        What sets this stage apart (projection steepness, constraints switched on), for the function that formulates it.
    method : str
        Optimizer, see `minimize`.
    stop : Stopping
        When to go on to the next stage.
    minimax : bool
        Whether the objective has several values of which the largest counts.
    penalty : Penalty, optional
        How constraints enter under a method that takes none; without it such a method refuses them.
    """

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    method: str = "lbfgsb"
    stop: Stopping = Stopping()
    minimax: bool = False
    penalty: Penalty | None = None


def run_stages(
    stages: Sequence[Stage],
    formulate: Callable[[Stage, np.ndarray], Formulation],
    x0: np.ndarray,
    *,
    bounds: tuple | None = None,
    history: History | None = None,
    wall_time: float | None = None,
    callback: Callable | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> list[OptimizeResult]:
    """Run the stages in order; stop early when one is interrupted, finds nothing finite, or the time is up.

    Parameters
    ----------
    stages : sequence of Stage
        At least one.
    formulate : callable
        ``formulate(stage, x) -> Formulation``, called when a stage begins at x.
    x0 : array_like, shape (n,)
        Where the first stage starts.
    bounds : tuple, optional
        See `minimize`.
    history : History, optional
        Open for writing. What it holds is replayed, what follows is appended: resuming is calling this again.
    wall_time : float, optional
        Time for all stages together, s, earlier sessions of a resumed run included.
    callback : callable, optional
        ``callback(evaluation, tracker)``, see `minimize`.
    should_stop : callable, optional
        Polled before every evaluation.

    Returns
    -------
    list of OptimizeResult
        One a stage begun; the last is the result of the run.

    Raises
    ------
    InputError
        When there is no stage, when ``minimize`` raises it, or when the history belongs to another run.
    """
    if not stages:
        raise InputError("stages", "at least one", 0, "name a stage")
    recorder = None if history is None else Recorder(history)
    clock = time.monotonic if recorder is None else recorder.clock
    start, x, results = clock(), x0, []
    for index, stage in enumerate(stages):
        stop = stage.stop
        if wall_time is not None:
            left = wall_time - (clock() - start)
            if left <= 0 and results:
                message = f"time is up before stage {stage.name}"
                results[-1] = replace(results[-1], status=Status.WALL_TIME, message=message)
                break
            stop = replace(stop, wall_time=left if stop.wall_time is None else min(left, stop.wall_time))
        if recorder is not None:
            recorder.stage = index
        formulation = formulate(stage, x)
        result = minimize(
            formulation.objective,
            x,
            bounds=bounds,
            constraints=formulation.constraints,
            method=stage.method,
            minimax=formulation.minimax,
            stop=stop,
            callback=callback,
            should_stop=should_stop,
            recorder=recorder,
        )
        if result.n_evaluations == 0 and results:  # ended before it began: the last stage's design stands
            results[-1] = replace(results[-1], status=result.status, message=result.message)
        else:
            results.append(result)
        if result.status == Status.INTERRUPTED or result.evaluation is None:
            break  # a failure after a finite point (a line search without decrease, say) ends its stage alone
        x = result.x
    return results
