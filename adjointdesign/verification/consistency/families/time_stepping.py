"""Gradients through time steppers: Runge-Kutta schemes in optimal control, and the leapfrog wave equation.

Orders of Runge-Kutta schemes come from the conditions on their coefficients, by `runge_kutta`.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.families.control_problem import LINEAR
from adjointdesign.verification.consistency.families.leapfrog import leapfrog
from adjointdesign.verification.consistency.families.runge_kutta import SCHEMES, classical_order, control_order, stage_order
from adjointdesign.verification.consistency.families.runge_kutta_gradients import along_directions, at_optimum, at_stages

LADDER = (8.0, 16.0, 32.0, 64.0, 128.0)
CELLS = (16.0, 32.0, 64.0, 128.0, 256.0)


def _scheme_cases():
    for name, scheme in SCHEMES.items():
        given = classical_order(scheme)
        orders = dict.fromkeys(("discrete", "continuous", "difference", "objective"), given)
        yield Case(
            f"rk-direction-{name}",
            "time-stepping",
            f"{scheme.name}: control given, J = 1/2 integral of u^2 + 2 x^2",
            "the derivative of a Runge-Kutta step is the same step of the derivative: order of Butcher's conditions",
            partial(along_directions, scheme=scheme),
            LADDER,
            "convergent",
            orders,
        )
        stage = stage_order(scheme)
        if stage:
            yield Case(
                f"rk-stage-{name}",
                "time-stepping",
                f"{scheme.name}: control given, its gradient as a function of time, at the stages",
                f"Hager 2000: costates of stages stand for 1 - d_i/b_i of the step, states for c_i: order {stage}",
                partial(at_stages, scheme=scheme),
                LADDER,
                "convergent",
                {"discrete": stage, "continuous": given, "difference": stage, "objective": given},
                "Riesz representative in time, in the scheme's own quadrature",
            )
        else:
            yield Case(
                f"rk-stage-{name}",
                "time-stepping",
                f"{scheme.name}: control given, its gradient at the stages, weights 1/2 each",
                "a weight b_i = 0: stage derivatives make no function of time; 0 and twice the gradient",
                partial(at_stages, scheme=scheme, weights=np.array([0.5, 0.5])),
                LADDER,
                "inconsistent",
                {"discrete": 0, "continuous": given, "difference": 0, "objective": given},
                "values at the stages, weighted alike",
            )
        best = control_order(scheme)
        if best:
            orders = {"discrete": best, "continuous": given, "difference": min(best, given), "objective": best}
            if name == "heun":
                # The costate's partner scheme has c and b a c of Heun's own: both errors are one in their leading term.
                orders["difference"] = 3
            yield Case(
                f"rk-optimum-{name}",
                "time-stepping",
                f"{scheme.name}: smallest J over controls free at each stage",
                f"Hager 2000, Theorem 2.1 and Table 1: order {best}, classical {given}",
                partial(at_optimum, scheme=scheme),
                LADDER,
                "convergent",
                orders,
                "derivatives in log x(0), a and q",
            )
        else:
            yield Case(
                f"rk-optimum-{name}",
                "time-stepping",
                f"{scheme.name}: smallest J over controls free at each stage, x itself stepped",
                "Hager 2000, introduction: at a weight b_i = 0 controls cost nothing, and the smallest J is 0",
                partial(at_optimum, scheme=scheme, equation=LINEAR),
                LADDER,
                "inconsistent",
                {"discrete": 0, "continuous": given, "difference": 0, "objective": 0},
                "derivatives in x(0), a and q",
            )


_WAVE = "u_tt = u_xx + f by leapfrog; "

CASES = (
    *_scheme_cases(),
    Case(
        "leapfrog-displacement",
        "time-stepping",
        _WAVE + "J = integral of g u(T), adjoint from w = 0, w_t = -g",
        "leapfrog transposed is leapfrog, and its start is the one of second order",
        leapfrog,
        CELLS,
        "identical",
        {"discrete": 2, "continuous": 2, "objective": 2},
    ),
    Case(
        "leapfrog-velocity",
        "time-stepping",
        _WAVE + "J = integral of g u_t(T), centered; adjoint from w = g, w_t = 0 to second order",
        "the centered velocity transposed is the start of second order",
        partial(leapfrog, velocity="centered"),
        CELLS,
        "identical",
        {"discrete": 2, "continuous": 2, "objective": 2},
    ),
    Case(
        "leapfrog-velocity-one-sided",
        "time-stepping",
        _WAVE + "J = integral of g u_t(T), (u^N - u^(N-1)) / dt; the same adjoint",
        "a one-sided difference is of first order, and so is the start that it transposes to",
        partial(leapfrog, velocity="one-sided"),
        CELLS,
        "convergent",
        {"difference": 1, "discrete": 1, "continuous": 2, "objective": 1},
    ),
    Case(
        "leapfrog-velocity-adjoint-first-order",
        "time-stepping",
        _WAVE + "J = integral of g u_t(T), centered; adjoint from w^(N-1) = w^N",
        "a start without its term of second order shifts the adjoint by dt/2",
        partial(leapfrog, velocity="centered", first_order=True),
        CELLS,
        "convergent",
        {"difference": 1, "discrete": 2, "continuous": 1, "objective": 2},
    ),
)
