"""How long a run lasts."""

from __future__ import annotations

from dataclasses import dataclass

from adjointdesign.errors import InputError


@dataclass(frozen=True)
class Steps:
    """A fixed number of time steps."""

    count: int

    def __post_init__(self):
        if self.count < 1:
            raise InputError("Steps.count", "at least one time step", self.count, "lengthen the run")


@dataclass(frozen=True)
class Decay:
    """Until the electric energy in the domain has decayed.

    Parameters
    ----------
    threshold : float
        Ratio of the sum of ``eps |E|^2`` to its peak at which the run stops.
    max_time : float
        Time after the last source has ended at which it stops anyway, s.
    every : int
        Number of time steps between two looks.
    """

    threshold: float = 1e-6
    max_time: float = 1e-11
    every: int = 100

    def __post_init__(self):
        if not 0 < self.threshold < 1:
            raise InputError("Decay.threshold", "a ratio between 0 and 1", self.threshold, "try 1e-6")
        if self.max_time <= 0 or self.every < 1:
            raise InputError("Decay", "a positive max_time and every", (self.max_time, self.every), "correct them")
