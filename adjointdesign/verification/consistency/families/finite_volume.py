"""Burgers' equation by finite volumes, periodic on (0, 1), and the same program transposed.

``u_t + (u^2 / 2)_x = 0`` with cell values u, slopes s and numerical fluxes at faces:

    u_t = -(F_(j+1/2) - F_(j-1/2)) / h,      F_(j+1/2) = F(u_j + s_j / 2, u_(j+1) - s_(j+1) / 2),

by Euler's method where all slopes are zero (first order), else by Heun's. The step in time is fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

COURANT = 0.45
"""Below one half: so second-order slopes and Lax-Friedrichs fluxes are stable too."""


def engquist_osher(left, right, viscosity):
    """F and its derivatives on the left and the right: upwind where u keeps its sign (B. Engquist and S. Osher,
    1981)."""
    above, below = np.maximum(left, 0), np.minimum(right, 0)
    return (above**2 + below**2) / 2, above, below


def viscous(left, right, viscosity):
    """F and its derivatives: centered, with ``viscosity`` times the jump taken off; Lax-Friedrichs when that is h /
    (2 dt)."""
    return (left**2 + right**2) / 4 - viscosity * (right - left), left / 2 + viscosity, right / 2 - viscosity


def constant(before, after):
    """No slope, and its derivatives in the two differences: of first order."""
    zero = np.zeros_like(before)
    return zero, zero, zero


def central(before, after):
    """Mean of the two differences: of second order, without a limiter."""
    half = np.full_like(before, 0.5)
    return (before + after) / 2, half, half


def minmod(before, after):
    """The smaller of the two differences, none where their signs differ (limiter of a MUSCL scheme)."""
    first = (np.abs(before) <= np.abs(after)) & (before * after > 0)
    second = ~first & (before * after > 0)
    return np.where(first, before, np.where(second, after, 0.0)), first.astype(float), second.astype(float)


@dataclass(frozen=True)
class Scheme:
    """A flux, slopes, and ``viscosity(h)`` of the flux where it has one: over the jump, so that the diffusivity is h
    times that."""

    flux: Callable
    slopes: Callable = constant
    viscosity: Callable[[float], float] = lambda h: 0.0

    def step(self, h: float, speed: float) -> float:
        """Largest step in time for speeds up to ``speed``."""
        return COURANT * h / max(speed, 2 * self.viscosity(h))


def _rate(scheme: Scheme, u: np.ndarray, h: float):
    """u_t, and what its transpose needs."""
    difference = u - np.roll(u, 1)
    slope, on_before, on_after = scheme.slopes(difference, np.roll(difference, -1))
    flux, on_left, on_right = scheme.flux(u + slope / 2, np.roll(u - slope / 2, -1), scheme.viscosity(h))
    return -(flux - np.roll(flux, 1)) / h, (on_before, on_after, on_left, on_right)


def _rate_transposed(partials, out: np.ndarray, h: float) -> np.ndarray:
    on_before, on_after, on_left, on_right = partials
    flux = (np.roll(out, -1) - out) / h
    left, right = on_left * flux, np.roll(on_right * flux, 1)
    slope = (left - right) / 2
    difference = on_before * slope + np.roll(on_after * slope, 1)
    return left + right + difference - np.roll(difference, -1)


def solve(scheme: Scheme, u: np.ndarray, time: float, speed: float):
    """All states, (steps + 1, cells), the step in time, and what the transposed sweep needs."""
    h = 1 / u.size
    steps = int(np.ceil(time / scheme.step(h, speed)))
    dt, states, kept = time / steps, [u], []
    for _ in range(steps):
        rate, first = _rate(scheme, u, h)
        if scheme.slopes is constant:
            u, second = u + dt * rate, None
        else:
            middle = u + dt * rate
            rate, second = _rate(scheme, middle, h)
            u = (u + middle + dt * rate) / 2
        states.append(u)
        kept.append((first, second))
    return np.array(states), dt, kept


def transposed(scheme: Scheme, kept, out: np.ndarray, dt: float) -> np.ndarray:
    """Derivative in the initial cell values of ``out`` times the final ones: the steps of `solve` transposed, last to
    first."""
    h = 1 / out.size
    for first, second in reversed(kept):
        if second is None:
            out = out + dt * _rate_transposed(first, out, h)
        else:
            middle = (out + dt * _rate_transposed(second, out, h)) / 2
            out = out / 2 + middle + dt * _rate_transposed(first, middle, h)
    return out
