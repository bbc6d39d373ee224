"""L-BFGS-B through SciPy: bounds, no constraints.

R. H. Byrd, P. Lu, J. Nocedal and C. Zhu, SIAM J. Sci. Comput. 16, 1190 (1995).
"""

from __future__ import annotations

import sys

import numpy as np

from adjointdesign.optimize.stopping import Status
from adjointdesign.optimize.tracker import Tracker


ROUNDING = 1e-8
"""Share of the first projected gradient below which a line search without success means rounding, not a wrong gradient:
the decrease left is of the order of its square."""


def run(tracker: Tracker, x0: np.ndarray, minimax: bool) -> tuple[Status, str]:
    """Run until the tracker stops the run or L-BFGS-B finds no further decrease.

    Returns
    -------
    status, message
        How L-BFGS-B itself ended. The tracker's own ends arrive as `StopRun`.
    """
    from scipy.optimize import Bounds, minimize  # imported late: 0.2 s at the start of the command

    def objective(x):
        evaluation = tracker.evaluate(x)
        return evaluation.value, evaluation.jacobian[0].copy()

    tracker.evaluate(x0)
    tracker.check_gradient()
    first = tracker.projected_gradient()
    outcome = minimize(
        objective,
        x0,
        jac=True,
        method="L-BFGS-B",
        bounds=Bounds(tracker.lower, tracker.upper),
        callback=lambda intermediate_result: tracker.end_iteration(),
        # Zero tolerances and no limits: those of `Stopping` apply, the same for every driver.
        options={"ftol": 0.0, "gtol": 0.0, "maxiter": sys.maxsize, "maxfun": sys.maxsize},
    )
    where = f"(projected gradient {tracker.projected_gradient():.3g})"
    at_rounding = tracker.projected_gradient() <= ROUNDING * first
    if outcome.status == 0 or at_rounding or tracker.last_decrease() <= tracker.stop.ftol:
        return Status.CONVERGED, f"L-BFGS-B found no further decrease {where}"
    reason = "the gradient is wrong, or the minimum is reached to rounding"
    return Status.FAILED, f"the line search of L-BFGS-B found no decrease: {reason} {where}"
