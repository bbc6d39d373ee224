"""Progress for people: a live line on a terminal, plain lines in a batch log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence

import numpy as np

from adjointdesign.parallel import launched

logger = logging.getLogger(__name__)


def clock(seconds: float) -> str:
    """A duration as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(int(round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def extremes(readings: dict, targets: Sequence) -> str:
    """The worst value of each targeted reading."""
    return " ".join(f"{t.reading} {t.worst(readings[t.reading]):.2f} {t.unit}".rstrip() for t in targets)


class Progress:
    """Shows the evaluations of a continuation; of several MPI ranks the first one does.

    Parameters
    ----------
    stages : sequence of Stage
        For the number of evaluations that may come.
    targets : sequence of Target
        Their worst readings are shown.
    """

    def __init__(self, stages: Sequence, targets: Sequence):
        self.targets = targets
        self._limits = [s.stop.max_evaluations or 0 for s in stages]
        self._stage, self._done, self._times = 0, 0, []
        self._bar = self._task = None
        self._silent = launched()[0] > 0

    def __enter__(self) -> Progress:
        if sys.stderr.isatty() and not self._silent:
            from rich.console import Console
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.completed:.0f}/{task.total:.0f}"), BarColumn(20), TextColumn("{task.description}"),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
            self._bar.start()
            self._task = self._bar.add_task("starting", total=sum(self._limits))
        return self

    def __exit__(self, *exception) -> None:
        if self._bar is not None:
            self._bar.stop()

    def line(self, text: str) -> None:
        """A line of its own, also in the log."""
        logger.info(text)
        if self._bar is not None:
            self._bar.console.print(text, highlight=False, markup=False)
        elif not self._silent:
            print(text, file=sys.stderr, flush=True)

    def evaluation(self, index: int, stage, evaluation, tracker) -> None:
        """One evaluation is done (or replayed)."""
        if index != self._stage:  # what an earlier stage did not use is not coming any more
            self._done, self._stage = sum(self._limits[:index]), index
        self._done += 1
        self._times.append(time.monotonic())
        recent = self._times[-10:]
        pace = (recent[-1] - recent[0]) / (len(recent) - 1) if len(recent) > 1 else None
        left = f"{clock(pace * (sum(self._limits) - self._done))} left at most" if pace is not None else ""
        text = (
            f"stage {index + 1}/{len(self._limits)} iteration {tracker.n_iterations} evaluation {tracker.n_evaluations} "
            f"objective {evaluation.value:.4f} {extremes(evaluation.readings, self.targets)} "
            f"|gradient| {np.linalg.norm(evaluation.jacobian):.2e} {left}"
        )
        if evaluation.constraints.size:
            text += f" constraint {evaluation.constraints.max():.2g}"
        if evaluation.replayed:
            text += " (from the history)"
        if self._bar is not None:
            logger.info(text)
            self._bar.update(self._task, completed=self._done, description=text)
        else:
            self.line(text)
