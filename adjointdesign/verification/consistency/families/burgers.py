"""Burgers' equation, before and with a shock: gradients of the program and of the equations, and what both approach.

The objective is ``J = integral of phi(x) G(u(x, T))``, the control u at the start, and the gradient of the equations
the adjoint p at the start, constant along characteristics ``x = xi + t u0(xi)``:

    p(xi) = phi(x) G'(u0(xi))  at x = xi + T u0(xi),
    p(xi) = phi(x_s) [G] / [u]  where the characteristic meets the shock

(brackets: jumps at T; M. Giles and S. Ulbrich, SIAM J. Numer. Anal. 48, 882 and 905 (2010)). A scheme that holds the
shock in a fixed number of cells has an objective that converges and a gradient that does not: it weighs G' in those
few cells. With ``G = u^3/3`` and a jump from b to -b the right value is ``[G]/[u] = b^2/3``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from adjointdesign.verification.consistency.comparison import Sample
from adjointdesign.verification.consistency.families.finite_volume import Scheme, solve, transposed

DIRECTIONS = 4


@dataclass(frozen=True)
class Flow:
    """u at the start with its slope, and the time T; a shock stands at 1/2 or nowhere."""

    initial: Callable
    slope: Callable
    time: float
    speed: float
    shock: bool = False

    def rim(self) -> float:
        """Start of the characteristic that meets the shock at T from the left; 1/2, where there is none."""
        from scipy.optimize import brentq

        return brentq(lambda xi: xi + self.time * self.initial(xi) - 0.5, 0, 0.25, xtol=1e-15) if self.shock else 0.5


SMOOTH = Flow(lambda x: 0.2 + 0.5 * np.sin(2 * np.pi * x), lambda x: np.pi * np.cos(2 * np.pi * x), time=0.2, speed=0.7)
"""Its shock forms at t = 1/pi."""
SHOCK = Flow(
    lambda x: np.sin(2 * np.pi * x), lambda x: 2 * np.pi * np.cos(2 * np.pi * x), time=0.4, speed=1.0, shock=True
)
"""Its shock formed at t = 1/(2 pi)."""


@dataclass(frozen=True)
class Density:
    """G and G'."""

    value: Callable
    slope: Callable


CUBE = Density(lambda u: u**3 / 3, lambda u: u**2)
STEP = Density(lambda u: np.tanh(5 * u), lambda u: 5 / np.cosh(5 * u) ** 2)
"""Nearly the sign of u: it looks into the shock sharply."""


def weight(x):
    """phi."""
    return 1 + 0.5 * np.cos(2 * np.pi * x + 0.5)


def _along(x: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(2 * np.pi * j * x + 0.3 * j) for j in range(DIRECTIONS)])


def exact_gradient(flow: Flow, density: Density, xi: np.ndarray) -> np.ndarray:
    """The adjoint at the start."""
    u, rim = flow.initial(xi), flow.rim()
    p = weight(xi + flow.time * u) * density.slope(u)
    if not flow.shock:
        return p
    high = flow.initial(rim)
    jump = (density.value(high) - density.value(-high)) / (2 * high)
    return np.where((xi > rim) & (xi < 1 - rim), weight(0.5) * jump, p)


def exact(flow: Flow, density: Density) -> tuple[np.ndarray, float]:
    """Derivatives along the directions, and J in the variable ``xi``."""
    points, weights = np.polynomial.legendre.leggauss(80)
    rim, slopes, objective = flow.rim(), np.zeros(DIRECTIONS), 0.0
    for low, high in ((0, rim), (rim, 1 - rim), (1 - rim, 1)):
        xi, w = low + (high - low) * (points + 1) / 2, (high - low) * weights / 2
        slopes += _along(xi) @ (w * exact_gradient(flow, density, xi))
        if not flow.shock or low != rim:
            u = flow.initial(xi)
            objective += w @ (weight(xi + flow.time * u) * density.value(u) * (1 + flow.time * flow.slope(xi)))
    return slopes, float(objective)


def _traced(place: np.ndarray, states: np.ndarray, dt: float) -> np.ndarray:
    """Where characteristics of the computed u end that start at ``place``, by Heun's method; backward for a negative
    dt."""
    x = (np.arange(states.shape[1]) + 0.5) / states.shape[1]
    for before, after in zip(states[:-1], states[1:]):
        first = np.interp(place, x, before, period=1)
        place = place + dt / 2 * (first + np.interp(place + dt * first, x, after, period=1))
    return place


def along_characteristics(flow: Flow, density: Density, states: np.ndarray, dt: float, rim: float) -> np.ndarray:
    """The adjoint of the equations at the start, means over cells, by characteristics of the computed u.

    The shock is where u falls most steeply; within ``rim`` of it characteristics have met it, and u is read at that
    distance.
    """
    cells = states.shape[1]
    x = (np.arange(cells) + 0.5) / cells
    place = _traced(x, states, dt)
    final = partial(np.interp, xp=x, fp=states[-1], period=1)
    p = weight(place) * density.slope(final(place))
    if flow.shock:
        at = (np.argmin(np.diff(states[-1])) + 1) / cells
        left, right = final(at - rim), final(at + rim)
        jump = (density.value(left) - density.value(right)) / (left - right)
        first, last = _traced(np.array([at - rim, at + rim]), states[::-1], -dt)
        met = np.clip(cells * (last - x) + 0.5, 0, 1) * np.clip(cells * (x - first) + 0.5, 0, 1)
        p = met * weight(at) * jump + (1 - met) * p
    return p


def burgers(
    cells: float, scheme: Scheme, flow: Flow = SMOOTH, density: Density = CUBE, pointwise: bool = False
) -> Sample:
    """Derivatives along fixed smooth changes of the start, or the Riesz representative at the cells."""
    n = int(cells)
    h = 1 / n
    x = (np.arange(n) + 0.5) * h
    states, dt, kept = solve(scheme, flow.initial(x), flow.time, flow.speed)
    objective = float(h * np.sum(weight(x) * density.value(states[-1])))
    discrete = transposed(scheme, kept, weight(x) * density.slope(states[-1]), dt)
    continuous = along_characteristics(flow, density, states, dt, h * max(3, 10 * scheme.viscosity(h)))
    slopes, exact_objective = exact(flow, density)
    if pointwise:
        return Sample(discrete, continuous, exact_gradient(flow, density, x), objective, exact_objective, np.full(n, h))
    return Sample(h * _along(x) @ discrete, h * _along(x) @ continuous, slopes, objective, exact_objective)
