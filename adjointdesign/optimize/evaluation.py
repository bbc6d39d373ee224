"""One evaluation: everything that the objective and the constraints say at one point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from adjointdesign.errors import InputError


@dataclass(frozen=True)
class Evaluation:
    """Objective, constraints and readings at one point.

    Parameters
    ----------
    x : ndarray, shape (n,)
        The point.
    values : ndarray, shape (k,)
        Objective values; the objective is their maximum (``k = 1`` unless the run is a min-max).
    jacobian : ndarray, shape (k, n)
        Their gradients, one a row.
    constraints : ndarray, shape (m,)
        Constraint values; feasible where none is positive.
    constraint_jacobian : ndarray, shape (m, n)
        Their gradients, one a row.
    readings : mapping of str to array_like
        What else the objective reported: numbers or arrays by name.
    replayed : bool
        Whether this came from a history instead of a computation.
    """

    x: np.ndarray
    values: np.ndarray
    jacobian: np.ndarray
    constraints: np.ndarray
    constraint_jacobian: np.ndarray
    readings: Mapping[str, object] = field(default_factory=dict)
    replayed: bool = False

    @property
    def value(self) -> float:
        """The objective: the largest of ``values``."""
        return float(np.max(self.values))

    @property
    def violation(self) -> float:
        """The largest positive constraint, or 0."""
        return float(np.max(self.constraints, initial=0.0))

    def nonfinite(self) -> str | None:
        """Name of the first part that is not finite, if any."""
        parts = {
            "objective": self.values,
            "gradient": self.jacobian,
            "constraint": self.constraints,
            "constraint gradient": self.constraint_jacobian,
        }
        return next((name for name, part in parts.items() if not np.all(np.isfinite(part))), None)


def evaluator(
    objective: Callable, constraints: Sequence[Callable], n: int, minimax: bool
) -> Callable[[np.ndarray], Evaluation]:
    """One function of x that evaluates the objective and every constraint, shapes checked.

    Parameters
    ----------
    objective : callable
        ``objective(x) -> (value, gradient)`` or ``(value, gradient, readings)``; a min-max objective returns
        ``(values, jacobian)`` of shapes (k,) and (k, n) in the place of value and gradient.
    constraints : sequence of callable
        Each ``g(x) -> (values, jacobian)`` of shapes (m,) and (m, n), or a number and (n,).
    n : int
        Number of variables.
    minimax : bool
        Whether the objective has several values.

    Raises
    ------
    InputError
        By the returned function, when a shape is wrong.
    """

    def evaluate(x: np.ndarray) -> Evaluation:
        # Each callee gets its own copy: optimizers reuse their buffer, and a callee may write into what it is given.
        value, gradient, *rest = objective(x.copy())
        values, jacobian = _rows("objective", value, gradient, n)
        if not minimax and values.size != 1:
            remedy = "give minimax=True to minimize their maximum"
            raise InputError("objective", "one value", f"{values.size} values", remedy)
        rows = [_rows(f"constraints[{i}]", *g(x.copy()), n) for i, g in enumerate(constraints)]
        return Evaluation(
            x=x.copy(),
            values=values,
            jacobian=jacobian,
            constraints=np.concatenate([np.zeros(0), *(v for v, _ in rows)]),
            constraint_jacobian=np.concatenate([np.zeros((0, n)), *(j for _, j in rows)]),
            readings=rest[0] if rest else {},
        )

    return evaluate


def _rows(name: str, value, gradient, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Values of shape (k,) and gradients of shape (k, n), copied so that the callee may reuse its own arrays."""
    values = np.array(value, dtype=float)
    rows = np.array(gradient, dtype=float)
    if values.ndim > 1 or values.size == 0 or rows.shape != (*values.shape, n):
        raise InputError(
            name,
            f"values of shape (k,) with a Jacobian of shape (k, {n}), or one value with a gradient of shape ({n},)",
            f"shapes {values.shape} and {rows.shape}",
            "correct what the function returns",
        )
    return values.reshape(-1), rows.reshape(-1, n)
