"""Taylor tests that choose their own steps.

Along ``f(h) = f(m + h d)`` the remainder ``|f(h) - f(0) - h f'|`` is of second order in h when ``f'`` is right, and of
first order when it is wrong, however little, once h is small enough; with the curvature, ``- h^2/2 f''``, the orders
are three and two. The steps therefore go down until the remainder drowns in rounding, whose level is measured, and the
order is fitted to the smallest steps above it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.verification.orders import observed_order

RATIO = 10.0**0.5
"""Ratio of successive steps."""

FITTED = 4
"""Number of steps to which the order is fitted, a decade and a half, or fewer."""

ABOVE_ROUNDING = 100.0
"""A remainder counts when it is this many times the level of rounding."""

TOLERANCE = 0.1
"""By how much the order may fall short of the expected one."""


@dataclass(frozen=True)
class TaylorResult:
    """What a Taylor test found.

    Parameters
    ----------
    steps, remainders : ndarray
        All steps, falling, and the remainders there.
    orders : ndarray
        Orders between successive steps of the fitted range.
    order : float
        Order fitted to the smallest steps above rounding. When the remainder is at rounding for every step (the
        functional is exactly linear, or quadratic in the second-order test) it is the expected order, and ``exact`` is
        set. Not a number when no range is clean enough to judge.
    expected : int
        2 in the first-order test, 3 in the second-order test.
    exact : bool
        Whether no remainder rose above rounding.
    rounding : float
        Measured level of rounding in the values.
    """

    steps: np.ndarray
    remainders: np.ndarray
    orders: np.ndarray
    order: float
    expected: int
    exact: bool
    rounding: float

    @property
    def passed(self) -> bool:
        """Whether the order is the expected one (higher is fine: a direction can be free of the leading term)."""
        return bool(self.order >= self.expected - TOLERANCE)

    def __str__(self):
        how = "exact: remainder at rounding" if self.exact else f"from {len(self.orders) + 1} steps"
        return f"{'passed' if self.passed else 'FAILED'}: order {self.order:.3f}, expected {self.expected} ({how})"


def _rounding(path, base, slope, largest_step: float) -> float:
    """Scatter of the values over steps too small to matter: what this program's own rounding amounts to."""
    step = 1e-14 * largest_step
    # In single precision, or behind a large offset, steps this small change no digit at all.
    while np.array_equal(path(step), base) and step < 1e-5 * largest_step:
        step *= 10.0
    tiny = step * np.array([1.0, 2.0, 4.0])
    scatter = max(float(np.linalg.norm(path(h) - base - h * slope)) for h in tiny)
    return max(scatter, np.finfo(base.dtype).eps * float(np.linalg.norm(base)))


def taylor_along(
    path: Callable, slope, curvature=None, largest_step: float = 1e-2, max_steps: int = 30
) -> TaylorResult:
    """Test derivatives of a function of one variable at zero, its values numbers or arrays, real or complex.

    Parameters
    ----------
    path : callable
        ``path(h)``: the values at step h.
    slope : array_like
        The claimed first derivative at zero.
    curvature : array_like, optional
        The claimed second derivative; with it the test is of second order.
    largest_step : float
        Step to begin with; a hundred times that is tried when too few remainders rise above rounding.
    max_steps : int
        Bound on the number of steps.

    Returns
    -------
    TaylorResult

    Raises
    ------
    InputError
        When the shapes of value and derivative disagree, or a value is not finite.
    """
    base = np.atleast_1d(np.asarray(path(0.0)))
    slope = np.atleast_1d(np.asarray(slope))
    bend = np.zeros_like(slope) if curvature is None else np.atleast_1d(np.asarray(curvature))
    expected = 2 if curvature is None else 3
    for name, value in (("slope", slope), ("curvature", bend)):
        if value.shape != base.shape:
            raise InputError(name, f"shape {base.shape}, as the values have", value.shape, "return matching shapes")
        if not np.all(np.isfinite(value)):
            raise InputError(name, "finite values", value, "look for a division by zero in the derivative")

    def values(h):
        result = np.atleast_1d(np.asarray(path(h)))
        if not np.all(np.isfinite(result)):
            raise InputError("function under test", "finite values", f"not finite at {h:.1e}", "reduce largest_step")
        return result

    rounding = _rounding(values, base, slope, largest_step)
    threshold = ABOVE_ROUNDING * rounding
    table: dict[float, float] = {}

    def measure(h):
        table[h] = float(np.linalg.norm(values(h) - base - h * slope - 0.5 * h**2 * bend))
        return table[h]

    step = largest_step
    while measure(step) > threshold and len(table) < max_steps:
        step /= RATIO
    step = largest_step
    while sum(r > threshold for r in table.values()) < FITTED and step < 99.0 * largest_step:
        step *= RATIO
        measure(step)
    steps = np.array(sorted(table, reverse=True))
    remainders = np.array([table[h] for h in steps])
    clean = np.flatnonzero(remainders > threshold)
    if clean.size >= 3:
        # A wrong derivative bends the order down towards small steps, a rough function up: where fewer steps give
        # the higher order, the larger ones were not yet in the asymptotic range.
        windows = [clean[-count:] for count in range(FITTED, 1, -1)]
        order, fitted = max(((observed_order(steps[w], remainders[w]).order, w) for w in windows), key=lambda pair: pair[0])
        orders = np.diff(np.log(remainders[fitted])) / np.diff(np.log(steps[fitted]))
        return TaylorResult(steps, remainders, orders, order, expected, False, rounding)
    # Rounding hides the remainder. That is a proof only if rounding is small beside the change that was predicted.
    change = max(steps[0] * float(np.linalg.norm(slope)), float(np.linalg.norm(values(steps[0]) - base)))
    exact = clean.size == 0 and threshold <= max(1e-6 * change, 1e5 * np.finfo(base.dtype).eps * np.linalg.norm(base))
    order = float(expected) if exact else np.nan
    return TaylorResult(steps, remainders, np.array([]), order, expected, exact, rounding)


def taylor_test(functional, m, direction, order: int = 1, largest_step: float | None = None) -> TaylorResult:
    """Test the derivative (order 1) or the derivative and the Hessian (order 2) of a reduced functional.

    Parameters
    ----------
    functional : ReducedFunctional
        A scalar, or for order 1 also an `Array`, whose tangent is then tested.
    m, direction : Array, AdjFloat or lists of them
        The point and the direction, one a control.
    order : {1, 2}
        Order of the test; the remainder is of order 2 or 3.
    largest_step : float, optional
        Default: a hundredth of the size of m over the size of the direction.

    Returns
    -------
    TaylorResult
        The functional is left evaluated at m.

    Raises
    ------
    InputError
        When the order is neither, or second order is asked of an array.
    """
    if order not in (1, 2):
        raise InputError("order", "1 or 2", order, "choose one")
    points = m if isinstance(m, (list, tuple)) else [m]
    directions = direction if isinstance(direction, (list, tuple)) else [direction]

    def at(h):
        return [p._ad_add(d._ad_mul(h)) for p, d in zip(points, directions, strict=True)]

    base = functional(at(0.0))
    scalar = isinstance(base, float)
    if order == 2 and not scalar:
        raise InputError("functional", "a scalar for the second-order test", "an array", "test order 1, or reduce it")

    def pairing(cotangents):
        listed = cotangents if isinstance(cotangents, (list, tuple)) else [cotangents]
        return sum(d._ad_dot(c) for d, c in zip(directions, listed))

    # A scalar tests what an optimizer uses, the adjoint derivative; an array has only its tangent.
    slope = pairing(functional.derivative()) if scalar else functional.tlm(list(directions)).data
    curvature = pairing(functional.hessian(list(directions))) if order == 2 else None
    if largest_step is None:
        size, length = (sum(v._ad_dot(v) for v in vs) ** 0.5 for vs in (points, directions))
        largest_step = 1e-2 * (size / length if size > 0 and length > 0 else 1.0)

    def path(h):
        value = functional(at(h))
        return float(value) if scalar else value.data

    result = taylor_along(path, slope, curvature, largest_step)
    functional(at(0.0))
    return result
