"""Whether the runs of a design ring down within their one length, which the first of them set."""

from __future__ import annotations

import logging

import numpy as np

logger = logging.getLogger(__name__)

FAR = 10.0
"""How many times the wanted decay a run may leave over before it is marked."""


class RingingWatch:
    """What is left of the port's voltage at the end of each run.

    It is read at the port, which sees what rings by as much as that ends up in the port's readings; a resonance that hardly couples to the
    port is hardly seen.

    Parameters
    ----------
    decay : float
        Share of the energy that was to be left.
    period : int
        Longest period of interest, in steps.
    """

    def __init__(self, decay: float, period: int):
        self.decay, self.period = decay, period
        self.remaining = 0.0
        self._told = FAR * decay

    def look(self, voltage: np.ndarray) -> None:
        """Take the voltage of a run, over time; tell of more that is left than ever, when it is far too much."""
        self.remaining = remaining_energy(voltage, self.period)
        if self.remaining > self._told:
            logger.warning("run not rung down: %s", self.words)
            self._told = FAR * self.remaining

    @property
    def rung_down(self) -> bool:
        """Whether the last run left no more than ten times the wanted decay."""
        return self.remaining <= FAR * self.decay

    @property
    def words(self) -> str:
        """What the last run left, and the remedy."""
        return (
            f"at its end the port's voltage has {self.remaining:.1e} of the energy of its peak (asked: {self.decay:.1e}); the first design set the "
            "length of all runs: lower discretization.decay"
        )

    @property
    def summary(self) -> dict:
        """The last run in plain numbers: ``rung_down``, ``remaining_energy``, ``decay``."""
        return {"rung_down": self.rung_down, "remaining_energy": self.remaining, "decay": self.decay}


def remaining_energy(voltage: np.ndarray, period: int) -> float:
    """Energy of a signal in its last ``period`` steps over the largest in as many; 1 where it is no longer than that, 0 of none at all."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(voltage, dtype=float))])
    period = min(period, len(voltage))
    within = energy[period:] - energy[:-period]
    return float(within[-1] / within.max()) if within.max() > 0 else 0.0
