"""Resume by replay: an optimizer is taken again along its recorded path, and continues live where that ends.

An optimizer's inner state is not saved. Since the optimizers are deterministic, the recorded evaluations bring a new
one into that same state, to the bit, at the cost of the optimizer's own arithmetic.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.history import History


class Recorder:
    """Replays what a history holds, then records what is computed.

    Parameters
    ----------
    history : History
        Open for writing.

    Attributes
    ----------
    stage : int
        Index of the stage in progress; set by whoever runs the stages.
    """

    def __init__(self, history: History):
        self.stage = 0
        self._history, self._next, self._recorded = history, 0, len(history)
        self._age, self._mark = 0.0, time.monotonic()

    @property
    def replaying(self) -> bool:
        """Whether the next evaluation comes from the history."""
        return self._next < self._recorded

    def clock(self) -> float:
        """Age of the run, s: time of this process on top of what the replayed evaluations had reached."""
        return self._age + (0.0 if self.replaying else time.monotonic() - self._mark)

    def evaluate(self, x: np.ndarray, compute: Callable[[np.ndarray], Evaluation]) -> Evaluation:
        """The recorded evaluation if there is one, else a computed one, which is then recorded.

        Raises
        ------
        InputError
            When the recorded evaluation was at another point or in another stage.
        StepRejected
            By ``compute``. What was refused is not in the history: it is asked for, and refused, again.
        """
        if not self.replaying:
            evaluation = compute(x)
            self._history.append(self.stage, evaluation, self.clock())
            return evaluation
        record = self._history[self._next]
        if record.stage != self.stage or record.evaluation.x.tobytes() != np.asarray(x, dtype=float).tobytes():
            compute(x)
            raise InputError(
                f"history {self._history.path}",
                f"evaluation {self._next} at the point of stage {self.stage} that the optimizer asks for",
                f"another point, of stage {record.stage}",
                "resume with the configuration, version and number of threads that began it, or start a new run",
            )
        self._next += 1
        self._age, self._mark = record.elapsed, time.monotonic()
        return record.evaluation
