"""Observed orders of convergence, with what the data leave uncertain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from adjointdesign.errors import InputError


@dataclass(frozen=True)
class OrderFit:
    """A fitted order of convergence ``error = constant * size**order``.

    Parameters
    ----------
    order : float
        Slope of the errors against the sizes, both logarithmic, by least squares.
    standard_error : float
        Its standard error; not a number with two points.
    interval : tuple of float
        95 % confidence interval of the order (Student's t).
    constant : float
        The factor in front.
    """

    order: float
    standard_error: float
    interval: tuple[float, float]
    constant: float


def observed_order(sizes, errors) -> OrderFit:
    """Fit the order of convergence to errors at several sizes (steps, cell sizes).

    Parameters
    ----------
    sizes, errors : sequence of float
        At least two pairs, all positive, at least two sizes distinct.

    Returns
    -------
    OrderFit

    Raises
    ------
    InputError
        When lengths disagree, or values are not positive and finite, or there is nothing to fit.
    """
    sizes, errors = np.asarray(sizes, dtype=float), np.asarray(errors, dtype=float)
    if sizes.ndim != 1 or sizes.shape != errors.shape or np.unique(sizes).size < 2:
        raise InputError("sizes", "one error a size, two distinct sizes", f"{sizes.shape}, {errors.shape}", "add sizes")
    for name, values in (("sizes", sizes), ("errors", errors)):
        if not (np.all(np.isfinite(values)) and np.all(values > 0)):
            raise InputError(name, "positive finite values", values, "leave out values at the level of rounding")
    x, y = np.log(sizes), np.log(errors)
    centered = x - x.mean()
    spread = centered @ centered
    order = float(centered @ y / spread)
    constant = float(np.exp(y.mean() - order * x.mean()))
    freedom = sizes.size - 2
    if freedom == 0:
        return OrderFit(order, np.nan, (-np.inf, np.inf), constant)
    residual = y - y.mean() - order * centered
    error = float(np.sqrt(residual @ residual / freedom / spread))
    # Loaded late: it would add to the time in which the command starts.
    from scipy.special import stdtrit

    half = float(stdtrit(freedom, 0.975)) * error
    return OrderFit(order, error, (order - half, order + half), constant)


def richardson(coarse, medium, fine, ratio: float = 2.0) -> tuple[float, float]:
    """Extrapolate three values at sizes ``h, h/ratio, h/ratio**2`` to size zero.

    Returns
    -------
    limit, order : float
        The extrapolated value and the observed order ``log(|coarse - medium| / |medium - fine|) / log(ratio)``
        (L. F. Richardson, Phil. Trans. R. Soc. A 210, 307 (1911); P. J. Roache, J. Fluids Eng. 116, 405 (1994), eq. 5).

    Raises
    ------
    InputError
        When the values do not converge monotonically.
    """
    first, second = medium - coarse, fine - medium
    if not first * second > 0 or not abs(second) < abs(first):
        raise InputError(
            "values",
            "monotonic convergence",
            (coarse, medium, fine),
            "refine until the differences shrink with one sign",
        )
    gain = first / second
    return float(fine + second / (gain - 1.0)), float(np.log(gain) / np.log(ratio))
