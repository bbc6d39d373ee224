"""Minimizing a reduced functional with SciPy, on real vectors of the controls.

Complex controls go to SciPy as (real, imaginary) pairs; with the package's cotangents the pairs of the derivative are
then the gradient. The drivers with history, restart and continuation are in `adjointdesign.optimize`.
"""

from __future__ import annotations

from dataclasses import dataclass

from typing import TYPE_CHECKING

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.tape.functional import ReducedFunctional

if TYPE_CHECKING:  # loaded late, as it takes a third of a second
    import scipy.optimize

HESSIAN_METHODS = ("Newton-CG", "trust-ncg", "trust-krylov", "trust-constr")
DERIVATIVE_FREE = ("Nelder-Mead", "Powell", "COBYLA", "COBYQA")


@dataclass(frozen=True)
class MinimizeResult:
    """Where a minimization ended, converged or not.

    Parameters
    ----------
    controls : Array, AdjFloat or list of them
        The final controls, in the form in which the functional takes them.
    value : float
        The functional there.
    converged : bool
        Whether the method's stopping test was met (an exhausted number of iterations is no loss of the result).
    message : str
        What the method says.
    scipy : scipy.optimize.OptimizeResult
        The method's own record.
    """

    controls: object
    value: float
    converged: bool
    message: str
    scipy: scipy.optimize.OptimizeResult


class _Vector:
    """The controls of a functional as one real vector, the same on every rank."""

    def __init__(self, functional: ReducedFunctional):
        self.controls = functional.controls

    def flat(self, values) -> np.ndarray:
        values = values if isinstance(values, (list, tuple)) else [values]
        return np.array([x for c, v in zip(self.controls, values) for x in c.fetch_numpy(v)], dtype=float)

    def unflat(self, vector: np.ndarray):
        values, offset = [], 0
        for control in self.controls:
            value, offset = control.assign_numpy(control.copy_data(), vector, offset)
            values.append(value)
        return self.controls.delist(values)


def _evaluator(functional: ReducedFunctional, vector: _Vector):
    """Value, gradient and Hessian product at any x, with one evaluation for calls at the same x."""
    last: dict = {"x": None}

    def value(x):
        if last["x"] is None or not np.array_equal(last["x"], x):
            last["value"], last["gradient"] = float(functional(vector.unflat(x))), None
            last["x"] = np.array(x)
        return last["value"]

    def gradient(x):
        value(x)
        if last["gradient"] is None:
            last["gradient"] = vector.flat(functional.derivative())
        return last["gradient"].copy()

    def hessian_product(x, p):
        gradient(x)
        return vector.flat(functional.hessian(vector.unflat(p)))

    return value, gradient, hessian_product


def _bounds(bounds, functional: ReducedFunctional, vector: _Vector):
    if len(bounds) != 2:
        raise InputError("bounds", "(lower, upper)", f"{len(bounds)} values", "give a pair")
    sides = []
    for side, infinite in zip(bounds, (-np.inf, np.inf)):
        per_control = side if isinstance(side, (list, tuple)) else [side] * len(functional.controls)
        if len(per_control) != len(functional.controls):
            raise InputError("bounds", f"{len(functional.controls)} values a side", len(per_control), "one a control")
        full = []
        for bound, control in zip(per_control, functional.controls):
            bound = infinite if bound is None else bound
            if np.ndim(bound) == 0:
                full += [float(bound)] * len(control.fetch_numpy(control.control))
            else:
                full += control.fetch_numpy(functional._fitting(bound, control.control, "bounds"))
        sides.append(np.array(full))
    return list(zip(*sides))


def _constraint(constraint, functional: ReducedFunctional, vector: _Vector) -> dict:
    kind, other = constraint if isinstance(constraint, tuple) and len(constraint) == 2 else (None, None)
    if kind not in ("ineq", "eq") or not isinstance(other, ReducedFunctional):
        raise InputError(
            "constraint",
            "('ineq', functional) for functional >= 0, or ('eq', functional)",
            constraint,
            "give such a pair",
        )
    if len(other.controls) != len(functional.controls):
        raise InputError("constraint", "the controls of the objective", "others", "make it on the same controls")
    value, gradient, _ = _evaluator(other, vector)
    return {"type": kind, "fun": value, "jac": gradient}


def minimize(functional, method="L-BFGS-B", bounds=None, constraints=(), tol=None, options=None, callback=None):
    """Minimize a reduced functional with one of SciPy's methods, and never lose the result.

    Parameters
    ----------
    functional : ReducedFunctional
        A real scalar.
    method : str
        A method of ``scipy.optimize.minimize``; gradients and Hessian products are passed to those that use them.
    bounds : (lower, upper), optional
        Each None, a number, an array like the control, or a list of these with one a control.
    constraints : sequence of (str, ReducedFunctional)
        ``("ineq", g)`` for ``g >= 0``, ``("eq", g)`` for ``g = 0``, on the same controls; as many as you like.
    tol, options, callback
        As in ``scipy.optimize.minimize``.

    Returns
    -------
    MinimizeResult
        Also when the method did not converge. The functional is left evaluated at the result.

    Raises
    ------
    InputError
        When the functional is not a `ReducedFunctional`, or bounds or constraints are malformed.
    """
    if not isinstance(functional, ReducedFunctional):
        raise InputError(
            "functional", "an adjointdesign.tape.ReducedFunctional", type(functional).__name__, "make one of it"
        )
    import scipy.optimize

    vector = _Vector(functional)
    value, gradient, hessian_product = _evaluator(functional, vector)
    keywords = {}
    if method not in DERIVATIVE_FREE:
        keywords["jac"] = gradient
    if method in HESSIAN_METHODS:
        keywords["hessp"] = hessian_product
    if bounds is not None:
        keywords["bounds"] = _bounds(bounds, functional, vector)
    if constraints:
        keywords["constraints"] = [_constraint(c, functional, vector) for c in constraints]
    start = vector.flat([c.tape_value() for c in functional.controls])
    result = scipy.optimize.minimize(
        value, start, method=method, tol=tol, options=options, callback=callback, **keywords
    )
    return MinimizeResult(
        vector.unflat(result.x), value(result.x), bool(result.success), str(result.message), result
    )
