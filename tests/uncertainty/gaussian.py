"""Problems whose values and gradients have closed forms."""

import autograd.numpy as anp
import numpy as np
from scipy.stats import norm

from adjointdesign.uncertainty import Empirical, Expectation, Law, Normal, Vectorized, step

THETA = np.array([0.3, 1.2])
READING = Law(lambda t, _: Normal(t[:, :1], t[:, 1:]))

SQUARE = Expectation(Vectorized(lambda t, x: x[:, 0] ** 2), READING)
"""mean^2 + std^2."""
SQUARE_VALUE, SQUARE_GRADIENT = THETA @ THETA, 2 * THETA

OFFSET = Expectation(Vectorized(lambda t, x: 1e3 + x[:, 0] ** 2 + t[:, 0] * x[:, 0]), READING)
"""1000 + mean^2 + std^2 + theta_0 mean: also theta of its own, and a mean that is large."""
OFFSET_VALUE, OFFSET_GRADIENT = 1e3 + 2 * THETA[0] ** 2 + THETA[1] ** 2, np.array([4 * THETA[0], 2 * THETA[1]])

TRIGGER = Expectation(
    Vectorized(lambda t, x: step(x[:, 0] - 1.0, 0.0)), READING, lambda w: Vectorized(lambda t, x: step(x[:, 0] - 1.0, w))
)
"""P(reading > 1)."""


def trigger(width=0.0):
    """Value and gradient of P(reading > 1), smoothed by a normal kernel: the noise is then wider."""
    spread = np.hypot(THETA[1], width)
    level = (THETA[0] - 1.0) / spread
    return norm.cdf(level), norm.pdf(level) / spread * np.array([1.0, -level * THETA[1] / spread])


EVENTS = np.array([[0.0, 2.0], [1.5, 2.5], [4.0, 3.0], [-2.0, 2.2]])
"""Place along a line, magnitude."""
WEIGHTS = np.array([1.0, 2.0, 1.0, 0.5])


def amplitude(station, event):
    """Log-amplitude at a station."""
    return event[:, 1:] - anp.log(1.0 + (station - event[:, :1]) ** 2)


DETECTION = Expectation(
    Vectorized(lambda t, x: step(x[:, 2] - 1.8, 0.0)),
    Law(Empirical(EVENTS, WEIGHTS), lambda t, event: Normal(amplitude(t, event), 0.4)),
    lambda w: Vectorized(lambda t, x: step(x[:, 2] - 1.8, w)),
)
"""Probability that a station detects an event of a catalogue, through noise of 0.4."""


def detection(station):
    """Its closed form, value and gradient."""
    share, place = WEIGHTS / WEIGHTS.sum(), np.array([station])
    level = (amplitude(place, EVENTS)[:, 0] - 1.8) / 0.4
    distance = station - EVENTS[:, 0]
    return share @ norm.cdf(level), np.array([share @ (norm.pdf(level) / 0.4 * -2 * distance / (1 + distance**2))])
