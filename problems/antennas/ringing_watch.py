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
    half_period : int
        Half of the longest period of interest, in steps: of that the square of an oscillation is the whole one.
    """

    def __init__(self, decay: float, half_period: int):
        self.decay, self.half_period = decay, half_period
        self.remaining = 0.0
        self._told = FAR * decay

    def look(self, voltage: np.ndarray) -> None:
        """Take the voltage of a run, over time; tell of more that is left than ever, when it is far too much."""
        self.remaining = remaining_energy(voltage, self.half_period)
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


def remaining_energy(voltage: np.ndarray, width: int) -> float:
    """Energy of a signal at its end over that of its peak, from means over so many steps; 1 where it is shorter, 0 of none at all.

    As it falls from the last mean but one to the last it is taken to fall, exponentially, within the last: that of a broadband antenna may fall
    a hundredfold meanwhile, and the mean is then that of its beginning.
    """
    energy = np.concatenate([[0.0], np.cumsum(np.square(voltage, dtype=float))])
    means = energy[width:] - energy[:-width]
    if len(means) == 0:
        return 1.0
    if not means[-1] > 0:
        return 0.0
    fall = np.log(means[-1 - width] / means[-1]) if len(means) > width and means[-1 - width] > means[-1] else 0.0
    return float(means[-1] * (fall / np.expm1(fall) if fall else 1.0) / means.max())
