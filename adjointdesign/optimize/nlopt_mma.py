"""MMA and CCSA through NLopt: bounds, inequality constraints, min-max.

K. Svanberg, SIAM J. Optim. 12, 555 (2002), as implemented by S. G. Johnson in NLopt (``LD_MMA``, ``LD_CCSAQ``).

NLopt does not report its outer iterations. An iteration is here an evaluation that found a better point: that is when
NLopt moves the center of its approximation.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from adjointdesign.optimize.evaluation import Evaluation
from adjointdesign.optimize.stopping import Status
from adjointdesign.optimize.tracker import Tracker


def run(algorithm: str, tracker: Tracker, x0: np.ndarray, minimax: bool) -> tuple[Status, str]:
    """Run NLopt's ``algorithm`` until the tracker stops the run, or rounding stops NLopt.

    A min-max objective becomes ``min t`` subject to ``f_i(x) - t <= 0``. NLopt's damping has the dimension of the
    objective and starts at one, so objective and ``t`` are scaled by the objective's size at ``x0``; ``t`` is counted
    from the objective at ``x0``, where the problem in ``(x, t)`` is thus feasible if it is so in ``x``.

    Parameters
    ----------
    algorithm : {"LD_MMA", "LD_CCSAQ"}
        NLopt's name.
    """
    import nlopt

    first = tracker.evaluate(x0)
    n, m = x0.size, first.constraints.size
    offset, scale = (first.value if minimax else 0.0), float(np.max(np.abs(first.values))) or 1.0
    raised: list[BaseException] = []

    def evaluate(z: np.ndarray) -> Evaluation:
        before = tracker.best
        try:
            evaluation = tracker.evaluate(z[:n])
            if tracker.best is before:
                tracker.check_stall()
            else:
                tracker.end_iteration()
        except BaseException as error:  # NLopt replaces some exceptions by its own: kept, and raised again below
            raised.append(error)
            raise
        return evaluation

    def scalar(z, gradient):
        evaluation = evaluate(z)
        if gradient.size:
            gradient[:] = evaluation.jacobian[0] / scale
        return evaluation.value / scale

    def height(z, gradient):
        if gradient.size:
            gradient[:] = 0.0
            gradient[n] = 1.0
        return float(z[n])

    def constraints(result, z, gradient):
        evaluation = evaluate(z)
        k = result.size - m  # rows f_i - t, of which a scalar objective has none
        if k:
            result[:k] = (evaluation.values - offset) / scale - z[n]
        result[k:] = evaluation.constraints
        if gradient.size:
            if k:
                gradient[:k, :n], gradient[:k, n] = evaluation.jacobian / scale, -1.0
            gradient[k:, :n] = evaluation.constraint_jacobian
            gradient[k:, n:] = 0.0

    pad = int(minimax)
    optimizer = nlopt.opt(getattr(nlopt, algorithm), n + pad)
    optimizer.set_lower_bounds(np.append(tracker.lower, [-np.inf] * pad))
    optimizer.set_upper_bounds(np.append(tracker.upper, [np.inf] * pad))
    optimizer.set_min_objective(height if minimax else scalar)
    rows = (first.values.size if minimax else 0) + m
    if rows:
        # The user's tolerance is in the user's units; t can always be met exactly.
        tolerance = np.append(np.zeros(rows - m), np.full(m, tracker.stop.constraint_tolerance))
        optimizer.add_inequality_mconstraint(constraints, tolerance)
    tracker.check_gradient()
    try:
        optimizer.optimize(np.append(x0, [0.0] * pad))
        message = f"{algorithm} ended with code {optimizer.last_optimize_result()}"
    except nlopt.RoundoffLimited:
        return Status.CONVERGED, f"{algorithm} is limited by rounding"
    except nlopt.ForcedStop:
        message = f"{algorithm} was stopped"
    except RuntimeError as error:
        message = f"{algorithm} failed: {error}"
    finally:
        if raised:
            raise raised[0]
    return Status.FAILED, message


mma = partial(run, "LD_MMA")
ccsa = partial(run, "LD_CCSAQ")
