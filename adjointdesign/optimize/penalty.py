"""Constraints as a quadratic penalty, for optimizers that take none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Penalty:
    """What stands for the constraints under an optimizer that takes none; see `penalized`."""

    weight: float
    margin: float = 0.0


def penalized(objective: Callable, constraints: Callable, weight: float, margin: float = 0.0) -> Callable:
    """The objective plus ``weight sum(max(0, g + margin)^2)`` (Nocedal and Wright, Numerical Optimization, 2nd ed., sec. 17.1).

    With a finite weight the minimizer violates ``g + margin <= 0`` a little; the margin makes room for that.

    Parameters
    ----------
    objective : callable
        ``objective(x) -> (value, gradient, readings)``.
    constraints : callable
        ``constraints(x) -> (values, jacobian)``, feasible where no value is positive.
    weight : float
        Price of a violation of one.
    margin : float
        How far inside the feasible set the penalty begins.

    Returns
    -------
    callable
        Of the form of ``objective``; its readings get the constraint values as ``constraints``.
    """

    def total(x: np.ndarray):
        value, gradient, readings = objective(x)
        values, jacobian = constraints(x)
        excess = np.maximum(values + margin, 0.0)
        return (
            value + weight * float(excess @ excess),
            gradient + 2.0 * weight * (excess @ jacobian),
            {**readings, "constraints": values},
        )

    return total
