"""The magnitude of completeness: the smallest at which a network detects with a wanted probability.

The probability P(level; stations) of `detection.py` grows with the level, so P(c; stations) = wanted has one root c, found by bisection.
Its derivatives are those of the implicit function: dc = -(dP/dstations) / (dP/dlevel), and so on to second order.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.objectives.detection import Network
from adjointdesign.tape import Solver

LOW, HIGH = -40.0, 40.0
"""Levels between which the root lies."""
STEPS = 64
"""Of the bisection: to the last bit."""


class Completeness(Solver):
    """Level of completeness at places, by positions and thresholds of the stations.

    Inputs as of `MeanDetection`; output ``level``, one a place. With a magnitude relation the level is the magnitude.

    Parameters
    ----------
    network : Network
        Places (as its ``events``) and physics.
    wanted : float
        The probability, between 0 and 1.
    """

    def __init__(self, network: Network, wanted: float):
        if not 0 < wanted < 1:
            raise InputError("confidence", "a probability between 0 and 1", wanted, "correct it")
        self.network, self.wanted = network, float(wanted)
        self._last: tuple | None = None

    def forward(self, inputs):
        """The level at every place."""
        from adjointdesign.objectives.detection_kernels import complete

        # A place far beyond the reach of double precision would need levels beyond any earthquake's.
        stations, out = self.network.stations(inputs), np.empty(len(self.network.events))
        self.network.over_chunks(lambda c: complete(self.network.events[c], *stations, self.wanted, LOW, HIGH, STEPS, out[c]))
        self._last = tuple(np.array(inputs[name]) for name in ("positions", "thresholds")), out
        return {"level": out}

    def _levels(self, inputs) -> np.ndarray:
        if self._last is None or any(not np.array_equal(a, inputs[n]) for a, n in zip(self._last[0], ("positions", "thresholds"))):
            self.forward(inputs)
        return self._last[1]

    def _slope(self, inputs, levels) -> np.ndarray:
        """dP/dlevel."""
        return self.network.adjoint(inputs, levels, np.ones(len(levels)))[2]

    def tangent(self, inputs, tangents):
        """Along tangents of positions and thresholds."""
        levels = self._levels(inputs)
        flat = np.zeros(len(levels))
        change = self.network.second(inputs, levels, flat, tangents, flat, flat)[3]
        return {"level": -change / self._slope(inputs, levels)}

    def adjoint(self, inputs, cotangents):
        """To positions and thresholds."""
        levels = self._levels(inputs)
        if cotangents.get("level") is None:
            return {name: np.zeros_like(inputs[name]) for name in ("positions", "thresholds")}
        positions, thresholds, _, _ = self.network.adjoint(inputs, levels, -cotangents["level"] / self._slope(inputs, levels))
        return {"positions": positions, "thresholds": thresholds}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        """To positions and thresholds."""
        levels = self._levels(inputs)
        flat, ones = np.zeros(len(levels)), np.ones(len(levels))
        given, dgiven = (values["level"] if values.get("level") is not None else flat for values in (cotangents, cotangent_tangents))
        slope, moved = self._slope(inputs, levels), self.tangent(inputs, tangents)["level"]
        dslope = self.network.second(inputs, levels, ones, tangents, moved, flat)[2]
        found = self.network.second(
            inputs, levels, -given / slope, tangents, moved, -dgiven / slope + given * dslope / slope**2
        )
        return {"positions": found[0], "thresholds": found[1]}
