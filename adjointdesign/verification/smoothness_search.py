"""Where a function of one variable breaks: places where values or gradients do not close up as they do for smooth
functions.

Second differences over ever shorter steps tell the kinds apart: halving the step divides them by 4 where the function
is smooth, by 2 at a kink, by 1 at a jump. The search follows, from every step of a grid, those parts in which they
fall more slowly than a smooth function's, down to the tolerance or to the noise of the function. Steps of gradients
are followed likewise: 2 where smooth, 1 at a jump.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SMOOTH_SECOND, SMOOTH_FIRST = 0.26, 0.6
"""Ratios of successive differences below which a function, a gradient, is smooth: 1/4 and 1/2 with room for higher
orders."""
ABOVE_NOISE = 50.0
"""A difference counts when it is this many times the noise."""
EVIDENCE = 6
"""Halvings in a row that must agree on the kind of a break."""
JUMP_ORDER, KINK_ORDER = 0.3, 1.25
"""Differences of order below the first: a jump; below the second: a kink; above: slopes agree in the limit."""


class Samples:
    """A function of t that is never evaluated twice at one place."""

    def __init__(self, function: Callable[[float], np.ndarray]):
        self._function, self.known = function, {}

    def __call__(self, t: float):
        if t not in self.known:
            self.known[t] = self._function(t)
        return self.known[t]


@dataclass(frozen=True)
class Break:
    """A place ``t``, known to ``within``, where differences fall by the order ``order``: 0 at a jump, 1 at a kink."""

    t: float
    within: float
    order: float
    size: float


def noise_of(f: Callable[[float], float], low: float, high: float, largest: float) -> float:
    """Scatter of f over steps too short to matter, at a few places; at least its rounding."""
    step, scatter = 1e-9 * (high - low), []
    for share in (0.113, 0.523, 0.911):
        place = low + share * (high - low)
        scatter.append(np.max(np.abs(np.diff([f(place + k * step) for k in range(5)], n=3))))
    # Of the middle place: one that happens to lie on a jump is not noise.
    return max(float(np.median(scatter)), 2 * np.finfo(float).eps * largest)


def breaks_of_values(f: Samples, grid: np.ndarray, tolerance: float, noise: float) -> list[Break]:
    """Kinks and jumps of f between the ends of a uniform grid, by place."""
    floor, width = ABOVE_NOISE * noise, float(grid[1] - grid[0])
    values = np.array([f(t) for t in grid])

    def second(center, half):
        return abs(f(center - half) - 2 * f(center) + f(center + half))

    near = np.abs(values[:-2] - 2 * values[1:-1] + values[2:])
    far = np.full_like(near, np.inf)
    far[1:-1] = np.abs(values[:-4] - 2 * values[2:-2] + values[4:])
    suspect = near > np.where(np.isfinite(far), SMOOTH_SECOND * far, 0.0)
    active = [(grid[i + 1], width, (near[i],)) for i in np.flatnonzero(suspect & (near > floor))]
    found = []
    while active:
        following = {}
        for center, half, history in active:
            kept, children = False, (center - half / 2, center, center + half / 2)
            for child in children:
                size = second(child, half / 2)
                if size > floor and size > SMOOTH_SECOND * history[-1]:
                    # Neighbors share their parts: the first to come keeps it.
                    following.setdefault(child, (child, half / 2, (*history, size)))
                    kept = True
            if (
                not kept
                and max(second(c, half / 2) for c in children) <= floor
                and _is_kink(second, center, half, history, *grid[[0, -1]])
            ):
                found.append(Break(center, half, 1.0, history[-1]))
        active = list(following.values())
        if active and active[0][1] <= tolerance:
            found += [Break(c, half, _order(history, 2), history[-1]) for c, half, history in active]
            break
    return _merged([_on_its_step(f, b) for b in found if b.order < KINK_ORDER])


def breaks_of_gradients(g: Samples, grid: np.ndarray, tolerance: float, noise: float) -> list[Break]:
    """Jumps of a vector-valued function between the ends of a uniform grid, by place."""
    floor, width = ABOVE_NOISE * noise, float(grid[1] - grid[0])
    step = lambda low, high: float(np.linalg.norm(g(high) - g(low)))
    near = np.array([step(a, b) for a, b in zip(grid[:-1], grid[1:])])
    active = [(grid[i], width, (near[i],)) for i in range(near.size) if near[i] > floor and _stands_out(near, i)]
    while active and active[0][1] > tolerance:
        following = []
        for low, size, history in active:
            for start in (low, low + size / 2):
                change = step(start, start + size / 2)
                if change > floor and change > SMOOTH_FIRST * history[-1]:
                    following.append((start, size / 2, (*history, change)))
        active = following
    found = [Break(low + size / 2, size / 2, _order(history, 1), history[-1]) for low, size, history in active]
    return _merged([b for b in found if b.order < JUMP_ORDER])


def _stands_out(near: np.ndarray, i: int) -> bool:
    """Whether a step of the gradient is not about half of what it makes with either neighbor, as steps of smooth ones
    are."""
    neighbors = [near[k] for k in (i - 1, i + 1) if 0 <= k < near.size]
    return any(near[i] > SMOOTH_FIRST * (near[i] + other) for other in neighbors)


def _order(history: tuple[float, ...], smooth: int) -> float:
    """Order at which the differences fell over the last halvings; that of a smooth function when there were too few."""
    if len(history) <= EVIDENCE:
        return float(smooth)
    return float(np.log2(history[-1 - EVIDENCE] / history[-1]) / EVIDENCE)


def _is_kink(second: Callable, center: float, half: float, history: tuple[float, ...], low: float, high: float) -> bool:
    """Whether differences that then met the noise fell as at a kink: on the way there, and around this place by
    itself."""
    if (
        len(history) <= EVIDENCE
        or not low <= center - half * 2 ** (EVIDENCE - 1) <= center + half * 2 ** (EVIDENCE - 1) <= high
    ):
        return False
    # A kink aside of the center takes a constant off all of them: it shows in the shortest alone.
    here = [second(center, half * 2.0**k) for k in range(1, EVIDENCE)]
    fell = np.log2(np.divide(here[1:], np.maximum(here[:-1], np.finfo(float).tiny)))
    whole = np.log2(history[-1 - EVIDENCE] / history[-1])
    return bool(np.all(np.abs(fell - 1) < 0.35) and abs(whole - EVIDENCE) < 1.1)


def _on_its_step(f: Samples, b: Break) -> Break:
    """A jump moved to the middle of the step that holds it."""
    if b.order >= JUMP_ORDER:
        return b
    left, right = f(b.t) - f(b.t - b.within), f(b.t + b.within) - f(b.t)
    side = -1 if abs(left) > abs(right) else 1
    return Break(b.t + side * b.within / 2, b.within / 2, b.order, b.size)


def _merged(found: list[Break]) -> list[Break]:
    """One break for all that touch, the one of largest size."""
    merged: list[Break] = []
    for b in sorted(found, key=lambda b: b.t):
        if merged and b.t - merged[-1].t <= 2 * (b.within + merged[-1].within):
            if b.size > merged[-1].size:
                merged[-1] = b
        else:
            merged.append(b)
    return merged
