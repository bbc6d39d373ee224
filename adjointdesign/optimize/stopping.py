"""When a run stops, and what its end is called."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adjointdesign.errors import InputError


class Status(enum.StrEnum):
    """Why a run ended. ``REFUSED``: the objective still falls, but no design in that direction can be simulated."""

    CONVERGED = "converged"
    REFUSED = "refused"
    TARGET_REACHED = "target_reached"
    MAX_ITERATIONS = "max_iterations"
    MAX_EVALUATIONS = "max_evaluations"
    WALL_TIME = "wall_time"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


@dataclass(frozen=True)
class Stopping:
    """The criteria that end a run; whichever is met first does.

    Parameters
    ----------
    ftol : float
        Converged when the best value improved over the last ``window`` iterations by no more than ``ftol`` times the
        larger of its magnitudes at both ends of the window. 0: off.
    window : int
        Number of iterations over which ``ftol`` looks back.
    xtol : float
        Converged when no variable changed by more than this in the last iteration, in units of x. 0: off.
    gtol : float
        Converged when no component of the projected gradient ``P(x - g) - x`` exceeds this (``P`` clips to the bounds;
        Byrd, Lu, Nocedal and Zhu, SIAM J. Sci. Comput. 16, 1190 (1995), eq. 6.1). Without constraints only. 0: off.
    target : float, optional
        Ends the run when a feasible point has a value at or below this.
    reached : callable, optional
        ``reached(readings) -> bool``: ends the run at a feasible point whose readings are good enough; that point is then
        the best one.
    max_iterations, max_evaluations : int, optional
        Largest numbers of iterations and of evaluations.
    wall_time : float, optional
        Time after which no further evaluation is started, s; a replayed evaluation counts with its recorded time.
    constraint_tolerance : float
        A point is feasible when no constraint exceeds this.

    Raises
    ------
    InputError
        When a tolerance is negative or a limit is not positive.
    """

    ftol: float = 1e-8
    window: int = 5
    xtol: float = 0.0
    gtol: float = 0.0
    target: float | None = None
    reached: Callable[[Mapping], bool] | None = None
    max_iterations: int | None = None
    max_evaluations: int | None = None
    wall_time: float | None = None
    constraint_tolerance: float = 1e-6

    def __post_init__(self):
        for name in ("ftol", "xtol", "gtol", "constraint_tolerance"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise InputError(name, "a tolerance of 0 (off) or more", value, "correct the tolerance")
        for name in ("window", "max_iterations", "max_evaluations", "wall_time"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InputError(name, "a positive number", value, "correct the limit or leave it out")
        if self.target is not None and math.isnan(self.target):
            raise InputError("target", "a number", self.target, "correct the target or leave it out")
