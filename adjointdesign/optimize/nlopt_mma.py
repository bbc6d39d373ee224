"""MMA and CCSA through NLopt: bounds, inequality constraints, min-max.

K. Svanberg, SIAM J. Optim. 12, 555 (2002), as implemented by S. G. Johnson in NLopt (``LD_MMA``, ``LD_CCSAQ``).

What NLopt sees is ``min t + c s`` subject to ``f_i(x) - t <= 0`` and ``g_j(x) - s <= 0``, where ``t`` is there for a
min-max only (a single objective stands in its place) and the slack ``s`` for a start that violates a constraint. The
problem is so always feasible at its start, which Svanberg's method assumes.

NLopt does not report its outer iterations. An iteration is here an evaluation that found a better point: that is when
NLopt moves the center of its approximation.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.stopping import Status
from adjointdesign.optimize.tracker import Tracker

PENALTY = 1e4
"""Weight ``c`` of the slack, per objective value at the start: exact while the multipliers sum to less."""


class _Form:
    """The problem in NLopt's variables ``z = (x, t, s)``, the last two where they are needed, and in scaled units.

    NLopt's damping has the dimension of the objective and starts at one, so objective and ``t`` are counted in units of
    the objective at the start (``t`` from that value), and ``s`` in units of the violation there.
    """

    def __init__(self, first: Evaluation, minimax: bool, feasible: bool):
        self.n, self.k, self.m = first.x.size, first.values.size if minimax else 0, first.constraints.size
        self.scale = float(np.max(np.abs(first.values))) or 1.0
        self.offset, self.violation = first.value, first.violation
        extra = [("t", 0.0, -np.inf, np.inf)] * minimax + [("s", 1.0, 0.0, 1.0)] * (not feasible)
        self.start, self.lower, self.upper = (np.array([e[i] for e in extra]) for i in (1, 2, 3))
        self.column = {e[0]: self.n + i for i, e in enumerate(extra)}
        self.size = self.n + len(extra)

    def objective(self, z: np.ndarray, gradient: np.ndarray, evaluation: Evaluation) -> float:
        """Scaled objective, its gradient written in place if that has a size."""
        value, slope = evaluation.value / self.scale, evaluation.jacobian[0] / self.scale
        if "t" in self.column:
            value, slope = z[self.column["t"]], 0.0
        weight = PENALTY * self.violation if "s" in self.column else 0.0
        if gradient.size:
            gradient[:] = 0.0
            gradient[: self.n] = slope
            for name, factor in (("t", 1.0), ("s", weight)):
                if name in self.column:
                    gradient[self.column[name]] = factor
        return float(value + (weight * z[self.column["s"]] if weight else 0.0))

    def constraints(self, result: np.ndarray, z: np.ndarray, gradient: np.ndarray, evaluation: Evaluation) -> None:
        """Rows ``f_i - t`` and ``g_j - s``, and their gradients, written in place."""
        k, n = self.k, self.n
        result[k:] = evaluation.constraints
        if gradient.size:
            gradient[:] = 0.0
            gradient[k:, :n] = evaluation.constraint_jacobian
        if k:
            result[:k] = (evaluation.values - self.offset) / self.scale - z[self.column["t"]]
            if gradient.size:
                gradient[:k, :n], gradient[:k, self.column["t"]] = evaluation.jacobian / self.scale, -1.0
        if "s" in self.column:
            result[k:] -= self.violation * z[self.column["s"]]
            if gradient.size:
                gradient[k:, self.column["s"]] = -self.violation


def run(algorithm: str, tracker: Tracker, x0: np.ndarray, minimax: bool) -> tuple[Status, str]:
    """Run NLopt's ``algorithm`` ("LD_MMA" or "LD_CCSAQ") until the tracker stops the run, or NLopt cannot go on."""
    import nlopt

    first = tracker.evaluate(x0)
    form = _Form(first, minimax, tracker.feasible(first))
    raised: list[BaseException] = []

    def evaluate(z: np.ndarray) -> Evaluation:
        before = tracker.best
        try:
            evaluation = tracker.evaluate(z[: form.n])
            if tracker.best is before:
                tracker.check_stall()
            else:
                tracker.end_iteration()
        except BaseException as error:  # NLopt replaces some exceptions by its own: kept, and raised again below
            raised.append(error)
            raise
        return evaluation

    optimizer = nlopt.opt(getattr(nlopt, algorithm), form.size)
    optimizer.set_lower_bounds(np.append(tracker.lower, form.lower))
    optimizer.set_upper_bounds(np.append(tracker.upper, form.upper))
    optimizer.set_min_objective(lambda z, gradient: form.objective(z, gradient, evaluate(z)))
    if form.k + form.m:
        # The user's tolerance is in the user's units; t can always be met exactly.
        tolerance = np.append(np.zeros(form.k), np.full(form.m, tracker.stop.constraint_tolerance))
        optimizer.add_inequality_mconstraint(lambda r, z, g: form.constraints(r, z, g, evaluate(z)), tolerance)
    # NLopt's default for the dual problem is MMA itself, to 1e-14 within 100 000 steps: for 26 000 variables and 12
    # values measured at minutes an iteration in CCSA, and less accurate. SLSQP needs a few steps.
    optimizer.set_param("dual_algorithm", nlopt.LD_SLSQP)
    tracker.check_gradient()
    try:
        optimizer.optimize(np.append(x0, form.start))
        message = f"{algorithm} ended with code {optimizer.last_optimize_result()}"
    except (nlopt.RoundoffLimited, nlopt.ForcedStop, nlopt.runtime_error, RuntimeError, MemoryError) as error:
        message = f"{algorithm} cannot go on ({type(error).__name__})"
    finally:
        if raised:
            raise raised[0]
    return tracker.end_without_progress(message)


mma = partial(run, "LD_MMA")
ccsa = partial(run, "LD_CCSAQ")
