"""Identical, convergent or inconsistent: what a ladder of differences carries, and undecided where it carries nothing.

With differences ``d`` (relative, two gradients in one representation) at sizes ``h`` that shrink:

============  ==================================================================================================
identical     every ``d`` is rounding
convergent    ``d = O(h^p)`` with p > 0 by its interval, the last step has this order too, and what the last three
              levels extrapolate to is a small part of the finest ``d``; or ``d`` falls into rounding
inconsistent  the last three levels extrapolate to most of the finest ``d``, which points the same way on all of them
undecided     anything else: too few levels, noise, an order that still changes, part of ``d`` may stay
============  ==================================================================================================

The fit takes as many of the finest levels as agree with one order (the asymptotic range), at least `FEWEST`, and none that
is rounding. Its interval (Student's t) says how far the levels scatter about a power; where they deviate from it
systematically, as before the asymptotic range, that is no confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.verification.orders import OrderFit, observed_order

IDENTICAL, CONVERGENT, INCONSISTENT, UNDECIDED = "identical", "convergent", "inconsistent", "undecided"
VERDICTS = (IDENTICAL, CONVERGENT, INCONSISTENT, UNDECIDED)
FEWEST = 3
"""Levels above rounding below which no order is fitted."""
SMALL, LARGE = 0.25, 0.75
"""Part of the finest difference that stays in the limit: at most this for a convergent, at least that for an inconsistent one."""
ALIGNED = 0.9
"""Least cosine between the last differences for one that does not vanish: noise points anywhere."""
STEADY = 1.5
"""Most by which the last three differences differ in size for one that does not vanish."""
GROWTH = -0.3
"""Order below which a difference grows; rounding does, with the condition of the systems."""
LEAST = 0.2
"""Order from which on errors count as vanishing where an order is read from them."""
DRIFT = 0.2
"""How far the order of the last step may be from that of the fit: further, and the order still changes."""


@dataclass(frozen=True)
class Verdict:
    """A verdict with its evidence.

    Parameters
    ----------
    name : str
        One of `VERDICTS`.
    reason : str
        Why, in words.
    fit : OrderFit or None
        The order, where one was fitted.
    used : tuple of int
        Which levels the fit used.
    """

    name: str
    reason: str
    fit: OrderFit | None = None
    used: tuple[int, ...] = ()


def judge(sizes: Sequence[float], differences: Sequence, rounding: float) -> Verdict:
    """Say what a ladder of differences carries.

    Parameters
    ----------
    sizes : sequence of float
        Cell sizes or time steps, each smaller than the one before.
    differences : sequence of float or of ndarray
        Relative differences of two gradients: vectors whose components mean the same on every level, or their norms where
        levels have different components. Vectors tell more: noise and a change of sign show in them.
    rounding : float
        Below this a difference is rounding.

    Returns
    -------
    Verdict

    Raises
    ------
    InputError
        When sizes and differences are not such.
    """
    sizes, vectors = np.asarray(sizes, dtype=float), [np.ravel(d) for d in differences]
    if sizes.ndim != 1 or sizes.size != len(vectors) or not sizes.size or len({v.shape for v in vectors}) > 1:
        shapes = f"{sizes.shape} and {[v.shape for v in vectors]}"
        raise InputError("ladder", "one difference a size, all of one shape", shapes, "give as many")
    if not (np.all(np.isfinite(sizes)) and np.all(sizes > 0) and np.all(np.diff(sizes) < 0)):
        raise InputError("ladder", "positive sizes, each smaller than the one before", sizes.tolist(), "sort them")
    if not 0 <= rounding < 1:
        raise InputError("rounding", "a relative difference below 1", rounding, "correct it")
    norms = np.array([np.linalg.norm(v) for v in vectors])
    if not np.all(np.isfinite(norms)):
        return Verdict(UNDECIDED, "a difference is not finite")
    if sizes.size < 2:
        return Verdict(UNDECIDED, "one level shows nothing about the others")
    above = np.flatnonzero(norms > rounding)
    if not above.size:
        return Verdict(IDENTICAL, f"every difference is rounding (at most {norms.max():.1e})")
    count = int(above[-1]) + 1
    if above.size < count:
        return Verdict(UNDECIDED, f"a coarse level is at rounding ({rounding:.0e}) where a finer one is not")
    falls_into_rounding = count < sizes.size and bool(np.all(np.diff(norms[:count]) < 0))
    if count < FEWEST:
        if falls_into_rounding and sizes.size >= FEWEST:
            return Verdict(CONVERGENT, f"the difference falls into rounding within {count + 1} levels: too fast for an order")
        return Verdict(UNDECIDED, f"{count} of {sizes.size} differences are above rounding ({rounding:.0e}): an order takes {FEWEST}")
    reasons = []
    for start in range(count - FEWEST + 1):
        used = slice(start, count)
        fit = observed_order(sizes[used], norms[used])
        name, reason = _read(fit, sizes[used], vectors[used])
        if name == INCONSISTENT and count < sizes.size:
            name, reason = UNDECIDED, f"finer levels are at rounding, but {reason}"
        if name != UNDECIDED:
            return Verdict(name, reason, fit, tuple(range(start, count)))
        reasons.append(reason)
    return Verdict(UNDECIDED, reasons[-1])


def asymptotic_order(sizes: Sequence[float], errors: Sequence[float], rounding: float) -> OrderFit | None:
    """The order of errors in their asymptotic range, which may be zero; None where the ladder shows none, or rounding alone."""
    sizes, errors = np.asarray(sizes, dtype=float), np.asarray(errors, dtype=float)
    small = np.flatnonzero(~(errors > rounding))
    count = int(small[0]) if small.size else errors.size
    for start in range(count - FEWEST + 1):
        used = slice(start, count)
        fit = observed_order(sizes[used], errors[used])
        clear = fit.interval[0] > LEAST or fit.interval[1] < LEAST
        if clear and abs(_last_order(sizes[used], errors[used]) - fit.order) <= DRIFT:
            return fit
    return None


def _last_order(sizes: np.ndarray, values: np.ndarray) -> float:
    return float(np.log(values[-2] / values[-1]) / np.log(sizes[-2] / sizes[-1]))


def remaining(sizes: np.ndarray, vectors: Sequence[np.ndarray], order: float) -> float:
    """What the last three levels extrapolate to (Richardson), over the norm of the finest.

    Their own order is that of their two changes; ``order`` where the changes have none.
    """
    (h1, h2, h3), (d1, d2, d3) = sizes[-3:], vectors[-3:]
    first, second = np.linalg.norm(d1 - d2), np.linalg.norm(d2 - d3)
    size = np.linalg.norm(d3)
    if second <= (1 - LARGE) / 2 * size and first <= (1 - LARGE) * size:
        return 1.0  # they hardly change: there is no order to be had from rounding or noise in their changes

    def excess(p):
        return (h1**p - h2**p) * second - (h2**p - h3**p) * first

    low, high = 0.05, 12.0
    if excess(low) * excess(high) < 0:
        from scipy.optimize import brentq  # loaded late: it would add to the time in which the command starts

        order = brentq(excess, low, high)
    gain = h3**order / (h2**order - h3**order)
    return float(np.linalg.norm(d3 + (d3 - d2) * gain) / size)


def _read(fit: OrderFit, sizes: np.ndarray, vectors: Sequence[np.ndarray]) -> tuple[str, str]:
    low, high = fit.interval
    norms = np.array([np.linalg.norm(v) for v in vectors])
    last = _last_order(sizes, norms)
    said = f"order {fit.order:.2f} ({low:.2f} to {high:.2f}) over {len(sizes)} levels"
    aligned = float(vectors[-1] @ vectors[-2]) / (norms[-1] * norms[-2])
    if fit.order < GROWTH:
        return UNDECIDED, f"the difference grows: {said}"
    if fit.order > 0:
        stays = remaining(sizes, vectors, fit.order)
        words = f"{stays:.0%} of the finest may stay"
    else:
        stays, words = 1.0, "it does not fall"
    if stays >= LARGE and aligned >= ALIGNED and norms[-FEWEST:].max() <= STEADY * norms[-FEWEST:].min():
        return INCONSISTENT, f"the difference does not vanish: {norms[-1]:.2g} on the finest level, {said}"
    if abs(last - fit.order) > DRIFT:
        return UNDECIDED, f"the order still changes: {said}, {last:.2f} from the last step"
    if low > 0 and stays <= SMALL:
        return CONVERGENT, f"the difference vanishes: {said}"
    if low > 0:
        return UNDECIDED, f"the difference may not vanish: {words}, {said}"
    return UNDECIDED, f"the levels scatter too much, or are too few: {said}"
