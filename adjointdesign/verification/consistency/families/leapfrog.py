"""The wave equation by leapfrog, and adjoints of it that start rightly or not.

``u_tt = u_xx + f`` on (0, 1), u = 0 at both ends, with second-order differences and

    u^(n+1) = 2 u^n - u^(n-1) + dt^2 (L u^n + f^n),      u^1 = u^0 + dt v + dt^2/2 (L u^0 + f^0).

With the objective ``integral of g u(T)`` the adjoint is the wave equation backward from ``w(T) = 0, w_t(T) = -g``,
with ``integral of g u_t(T)`` from ``w(T) = g, w_t(T) = 0``; the gradient in f is w. Both g and f are smooth, and
closed forms are sums of modes.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.verification.consistency.comparison import Sample

COURANT = 0.5
TIME = 1.25
MODES = np.array([1, 2])
TARGET = np.array([1.0, 0.5])
"""Of g, by mode."""
INITIAL = np.array([0.7, -0.4])
"""Of u at the start, by mode."""
VELOCITY = np.array([0.9, 1.2])
DIRECTIONS = 4


def _shapes(x: np.ndarray) -> np.ndarray:
    return np.sin(np.pi * MODES[:, None] * x)


def directions(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Fixed smooth changes of f, (directions, times, places)."""
    return np.stack([np.cos(j * t[:, None] + 0.3 * j) * np.exp(-j * x / 2) for j in range(1, DIRECTIONS + 1)])


def _laplacian(u: np.ndarray, h: float) -> np.ndarray:
    """Second differences of values inside, zero at both ends."""
    padded = np.pad(u, [(1, 1)] + [(0, 0)] * (u.ndim - 1))
    return (padded[2:] - 2 * u + padded[:-2]) / h**2


def _grid(cells: int):
    h = 1 / cells
    dt = COURANT * h
    return h, dt, round(TIME / dt), np.arange(1, cells) * h


def program(cells: int, velocity: str, source: np.ndarray | None = None) -> float:
    """The objective of a source (steps, places): of the displacement (""), or of a "centered" or "one-sided"
    velocity."""
    h, dt, steps, x = _grid(cells)
    f = np.zeros((steps + 1, x.size)) if source is None else source
    g, u = TARGET @ _shapes(x), INITIAL @ _shapes(x)
    before, u = u, u + dt * VELOCITY @ _shapes(x) + dt**2 / 2 * (_laplacian(u, h) + f[0])
    for n in range(1, steps):
        before, u = u, 2 * u - before + dt**2 * (_laplacian(u, h) + f[n])
    if not velocity:
        return float(h * g @ u)
    if velocity == "one-sided":
        return float(h * g @ (u - before) / dt)
    after = 2 * u - before + dt**2 * (_laplacian(u, h) + f[steps])
    return float(h * g @ (after - before) / (2 * dt))


def reverse(cells: int, velocity: str) -> np.ndarray:
    """Gradient of `program` in the source, (steps + 1, places): its steps transposed, last to first."""
    h, dt, steps, x = _grid(cells)
    g, gradient = h * TARGET @ _shapes(x), np.zeros((steps + 1, x.size))
    if velocity == "":
        on_u, on_before = g, 0 * g
    elif velocity == "one-sided":
        on_u, on_before = g / dt, -g / dt
    else:
        after = g / (2 * dt)
        gradient[steps] = dt**2 * after
        on_u, on_before = 2 * after + dt**2 * _laplacian(after, h), -after - g / (2 * dt)
    for n in reversed(range(1, steps)):
        gradient[n] = dt**2 * on_u
        on_u, on_before = on_before + 2 * on_u + dt**2 * _laplacian(on_u, h), -on_u
    gradient[0] = dt**2 / 2 * on_u
    return gradient


def adjoint(cells: int, velocity: str, first_order: bool) -> np.ndarray:
    """w at all times, (steps + 1, places), by leapfrog from the conditions at T, its start of second order or of
    first."""
    h, dt, steps, x = _grid(cells)
    g = TARGET @ _shapes(x)
    last, last_rate = (g, 0 * g) if velocity else (0 * g, -g)
    w = np.zeros((steps + 1, x.size))
    w[steps] = last
    w[steps - 1] = last - dt * last_rate
    if not first_order:
        w[steps - 1] += dt**2 / 2 * _laplacian(last, h)
    for n in reversed(range(steps - 1)):
        w[n] = 2 * w[n + 1] - w[n + 2] + dt**2 * _laplacian(w[n + 1], h)
    return w


def _exact(velocity: str):
    """Derivatives along the directions, and the objective."""
    points, weights = np.polynomial.legendre.leggauss(40)
    x, t = (points + 1) / 2, TIME * (points + 1) / 2
    rate = np.pi * MODES
    shape = np.cos(rate[:, None] * (TIME - t)) if velocity else np.sin(rate[:, None] * (TIME - t)) / rate[:, None]
    w = np.einsum("m,mt,mx->tx", TARGET, shape, _shapes(x))
    gradient = np.einsum("jtx,tx,t,x->j", directions(x, t), w, TIME * weights / 2, weights / 2)
    end = INITIAL * np.cos(rate * TIME) + VELOCITY * np.sin(rate * TIME) / rate
    if velocity:
        end = -INITIAL * rate * np.sin(rate * TIME) + VELOCITY * np.cos(rate * TIME)
    return gradient, float(TARGET @ end / 2)


def leapfrog(refinement: float, velocity: str = "", first_order: bool = False) -> Sample:
    """Derivatives along fixed smooth changes of the source: transposed program, and adjoint equation by leapfrog."""
    cells = int(refinement)
    h, dt, steps, x = _grid(cells)
    along = directions(x, dt * np.arange(steps + 1))
    trapezoid = np.full(steps + 1, dt)
    trapezoid[[0, -1]] /= 2
    continuous = h * np.einsum("jtx,tx,t->j", along, adjoint(cells, velocity, first_order), trapezoid)
    exact, exact_objective = _exact(velocity)
    return Sample(
        np.tensordot(along, reverse(cells, velocity), 2), continuous, exact, program(cells, velocity), exact_objective
    )
