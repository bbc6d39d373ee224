"""Objective and gradient of a problem over a ladder of refinements: orders, the limit with its error bar, and what a tolerance takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, value_and_gradient
from adjointdesign.verification.orders import richardson

MOST_LEVELS, LARGEST_RATIO = 12, 10.0
ORDERS = (0.5, 12.0)
"""Orders that a scheme may have: what is found outside says that the levels show none."""
AGREE = 1.0
"""How far the orders of the last three levels and of the three before may differ."""
SAFETY = 1.25
"""Of the error bar, three grids and more: P. J. Roache, J. Fluids Eng. 116, 405 (1994)."""


@dataclass(frozen=True)
class Limit:
    """Where a quantity goes.

    Parameters
    ----------
    order : float or None
        Observed on the three finest levels; None where they do not converge monotonically, or show no credible order.
    value : float or None
        Extrapolated (Richardson); None likewise.
    error : float
        Estimated error of the finest level: `SAFETY` times its distance from the limit, or the largest change over the last
        three levels where there is none.
    """

    order: float | None
    value: float | None
    error: float


@dataclass(frozen=True)
class Convergence:
    """What refinement does to a problem.

    Parameters
    ----------
    problem : str
        Its name.
    factors : tuple of float
        Refinements of the given discretization, from 1 on.
    objectives : tuple of float
        The objective on each level.
    gradient_changes : tuple of float
        Norm of the change of the gradient from each level to the next, over the norm of the finest.
    limit : Limit
        Of the objective.
    gradient_order : float or None
        Observed order of the gradient, from the last two changes.
    gradient_error : float
        Estimated relative error of the finest gradient.
    """

    problem: str
    factors: tuple[float, ...]
    objectives: tuple[float, ...]
    gradient_changes: tuple[float, ...]
    limit: Limit
    gradient_order: float | None
    gradient_error: float

    def factor_for(self, tolerance: float) -> float | None:
        """Refinement at which the objective's error is ``tolerance``; None where no order was observed."""
        if self.limit.order is None:
            return None
        return self.factors[-1] * (self.limit.error / tolerance) ** (1 / self.limit.order)

    def as_dict(self) -> dict[str, Any]:
        """Everything, fit for JSON."""
        changes = (None, *self.gradient_changes)
        return {
            "problem": self.problem,
            "levels": [
                {"factor": f, "objective": j, "gradient_change": c}
                for f, j, c in zip(self.factors, self.objectives, changes, strict=True)
            ],
            "objective_order": self.limit.order, "objective_limit": self.limit.value, "objective_error": self.limit.error,
            "gradient_order": self.gradient_order, "gradient_error": self.gradient_error,
        }  # fmt: skip

    def __str__(self):
        lines = [f"{self.problem}, {len(self.factors)} levels", "  refinement       objective   change of the gradient"]
        for factor, value, change in zip(self.factors, self.objectives, ("", *(f"{c:.3e}" for c in self.gradient_changes))):
            lines.append(f"  {factor:10g}  {value:14.8g}   {change:>22s}")
        if self.limit.value is None:
            lines.append(f"  objective: no order on these levels; it changes by up to {self.limit.error:.2g}")
        else:
            lines.append(
                f"  objective: order {self.limit.order:.2f}, limit {self.limit.value:.8g}, "
                f"error of the finest level about {self.limit.error:.2g}"
            )
        order = "no order on these levels" if self.gradient_order is None else f"order {self.gradient_order:.2f}"
        lines.append(f"  gradient: {order}, relative error of the finest level about {self.gradient_error:.2g}")
        return "\n".join(lines)


def converge(
    problem: Problem,
    parameters: np.ndarray,
    stage: Mapping[str, Any],
    levels: int = 3,
    *,
    ratio: float = 2.0,
    progress: Callable[[str], None] | None = None,
) -> Convergence:
    """Refine a problem step by step; the design parameters stay.

    Parameters
    ----------
    problem : Problem
        One with a method `refined`; its own discretization is the coarsest.
    parameters : ndarray
        The design.
    stage : mapping
        See `Problem.evaluate`.
    levels : int
        At least 3.
    ratio : float
        Of refinements, above 1.
    progress : callable, optional
        Told of each level.

    Returns
    -------
    Convergence

    Raises
    ------
    InputError
        When there are too few levels, or a refined problem has other design parameters.
    """
    if levels < 3:
        raise InputError("--levels", "at least 3", levels, "an order takes three")
    if levels > MOST_LEVELS:
        raise InputError("--levels", f"at most {MOST_LEVELS}", levels, "each is finer than the one before by the ratio")
    if not 1 < ratio <= LARGEST_RATIO:
        raise InputError("--ratio", f"above 1 and at most {LARGEST_RATIO:g}", ratio, "refine, in smaller steps")
    factors, objectives, gradients = [ratio**k for k in range(levels)], [], []
    # All of them before the first one runs: a later one may have to be refused.
    ladder = [problem, *(problem.refined(factor) for factor in factors[1:])]
    for fine in ladder:
        if fine.design_shape != problem.design_shape:
            raise InputError(
                "design parameters", f"the same on every refinement, {problem.design_shape}", fine.design_shape,
                "choose a control that does not depend on the mesh",
            )  # fmt: skip
    for factor, fine in zip(factors, ladder, strict=True):
        if progress is not None:
            progress(f"refinement {factor:g}")
        fine.begin(stage, parameters)
        # Of values where the largest counts, the sum: which of them is largest may change from level to level.
        values, jacobian, *_ = value_and_gradient(fine, parameters, stage)
        objectives.append(float(values.sum()))
        gradients.append(jacobian.sum(axis=0))
    norm = float(np.linalg.norm(gradients[-1])) or 1.0
    changes = [float(np.linalg.norm(b - a) / norm) for a, b in zip(gradients, gradients[1:])]
    order = math.log(changes[-2] / changes[-1], ratio) if 0 < changes[-1] < changes[-2] else None
    if order is not None and not ORDERS[0] <= order <= ORDERS[1]:
        order = None
    return Convergence(
        problem.name, tuple(factors), tuple(objectives), tuple(changes), limit_of(objectives, ratio), order,
        changes[-1] if order is None else SAFETY * changes[-1] / (ratio**order - 1),
    )  # fmt: skip


def limit_of(values, ratio: float) -> Limit:
    """Extrapolate the last three of some values; each level finer by ``ratio`` than the one before."""
    coarse, medium, fine = values[-3:]
    none = Limit(None, None, float(max(abs(medium - coarse), abs(fine - medium))))
    try:
        value, order = richardson(coarse, medium, fine, ratio)
        before = richardson(*values[-4:-1], ratio)[1] if len(values) > 3 else order
    except InputError:
        return none
    if not ORDERS[0] <= order <= ORDERS[1] or abs(order - before) > AGREE:
        return none
    return Limit(order, value, SAFETY * abs(value - fine))
