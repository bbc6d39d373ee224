"""Identical, convergent or inconsistent: what a ladder of differences carries, and undecided where it carries nothing.

With differences ``d`` (relative, two gradients in one representation) at sizes ``h`` that shrink:

============  ==================================================================================================
identical     every ``d`` is rounding
convergent    ``d = O(h^p)``: the 95 % interval of the fitted ``p`` lies above `SLOWEST`, and the last step has this order too
inconsistent  ``d`` does not vanish: the interval lies below `SLOWEST`
undecided     anything else: too few levels, noise, an order that still changes
============  ==================================================================================================

The fit takes as many of the finest levels as agree with one order (the asymptotic range), at least `FEWEST`, and none that
is rounding.
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
SLOWEST = 0.2
"""Order below which a difference counts as one that does not vanish: no scheme converges so slowly, and no ladder could show it."""
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


def judge(sizes: Sequence[float], differences: Sequence[float], rounding: float) -> Verdict:
    """Say what a ladder of differences carries.

    Parameters
    ----------
    sizes : sequence of float
        Cell sizes or time steps, each smaller than the one before.
    differences : sequence of float
        Relative differences of two gradients, not negative.
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
    sizes, differences = np.asarray(sizes, dtype=float), np.asarray(differences, dtype=float)
    if sizes.ndim != 1 or sizes.shape != differences.shape or not sizes.size:
        raise InputError("ladder", "one difference a size", f"{sizes.shape} and {differences.shape}", "give as many")
    if not (np.all(np.isfinite(sizes)) and np.all(sizes > 0) and np.all(np.diff(sizes) < 0)):
        raise InputError("ladder", "positive sizes, each smaller than the one before", sizes.tolist(), "sort them")
    if not np.all(np.isfinite(differences)):
        return Verdict(UNDECIDED, "a difference is not finite")
    if sizes.size < 2:
        return Verdict(UNDECIDED, "one level shows nothing about the others")
    above = np.flatnonzero(differences > rounding)
    if not above.size:
        return Verdict(IDENTICAL, f"every difference is rounding (at most {differences.max():.1e})")
    if above.size < FEWEST:
        return Verdict(UNDECIDED, f"{above.size} of {sizes.size} differences are above rounding ({rounding:.0e}): an order takes {FEWEST}")
    reasons = []
    for start in range(above.size - FEWEST + 1):
        used = above[start:]
        fit = observed_order(sizes[used], differences[used])
        name, reason = _read(fit, sizes[used], differences[used])
        if name != UNDECIDED:
            return Verdict(name, reason, fit, tuple(int(k) for k in used))
        reasons.append(reason)
    return Verdict(UNDECIDED, reasons[-1])


def asymptotic_order(sizes: Sequence[float], errors: Sequence[float], rounding: float) -> OrderFit | None:
    """The order of errors in their asymptotic range; None where the ladder shows none, or rounding alone."""
    return judge(sizes, errors, rounding).fit


def _read(fit: OrderFit, sizes: np.ndarray, differences: np.ndarray) -> tuple[str, str]:
    low, high = fit.interval
    last = float(np.log(differences[-2] / differences[-1]) / np.log(sizes[-2] / sizes[-1]))
    said = f"order {fit.order:.2f} ({low:.2f} to {high:.2f}) over {len(sizes)} levels"
    if abs(last - fit.order) > DRIFT:
        return UNDECIDED, f"the order still changes: {said}, {last:.2f} from the last step"
    if low > SLOWEST:
        return CONVERGENT, f"the difference vanishes: {said}"
    if high < SLOWEST:
        return INCONSISTENT, f"the difference does not vanish: {differences[-1]:.2g} on the finest level, {said}"
    return UNDECIDED, f"the levels scatter too much, or are too few: {said}"
