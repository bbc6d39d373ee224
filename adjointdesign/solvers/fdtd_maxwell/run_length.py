"""How long a run lasts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral

from adjointdesign.errors import InputError


@dataclass(frozen=True)
class Steps:
    """A fixed number of time steps."""

    count: int

    def __post_init__(self):
        if not isinstance(self.count, Integral) or self.count < 1:
            raise InputError("Steps.count", "a whole number of at least one time step", self.count, "lengthen the run")


@dataclass(frozen=True)
class Decay:
    """Until the energy in the domain has decayed.

    Parameters
    ----------
    threshold : float
        Ratio of the sum of ``eps |E|^2 + mu |eta0 H|^2`` to its peak at which the run stops.
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
        if not 0 < self.max_time < math.inf:
            raise InputError("Decay.max_time", "a positive, finite time in seconds", self.max_time, "try 1e-11")
        if not isinstance(self.every, Integral) or self.every < 1:
            raise InputError("Decay.every", "a whole number of at least one time step", self.every, "try 100")
