"""The control problem through which Runge-Kutta schemes are judged, its program, the transposed program, and its
closed forms.

That of W. W. Hager, Numer. Math. 87, 247 (2000), with a = 1/2 and q = 2: minimize

    J = 1/2 integral over (0, 1) of u^2 + q x^2,      x' = a x + u,      x(0) = 1,

here in ``z = log x``, which makes it nonlinear: ``z' = a + u exp(-z)``. The change of variables leaves u, J and the
gradients as they are, so the closed forms of the linear problem hold: the gradient in u is ``u + y``, with ``y' = -a
y - q x`` and ``y(1) = 0``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adjointdesign.verification.consistency.families.runge_kutta import Tableau

A, Q = 0.5, 2.0


@dataclass(frozen=True)
class Equation:
    """``x' = f`` with the running cost ``1/2 (u^2 + q x(state)^2)``: f and the cost of the state with their
    derivatives.

    ``f`` and ``f_state`` are functions of state, u and a; the others of the state, since a and u enter linearly.
    """

    f: Callable
    f_state: Callable
    f_u: Callable
    f_a: Callable
    start: float
    cost: Callable
    cost_state: Callable


LOGARITHMIC = Equation(
    f=lambda z, u, a: a + u * np.exp(-z),
    f_state=lambda z, u, a: -u * np.exp(-z),
    f_u=lambda z: np.exp(-z),
    f_a=lambda z: 1 + 0 * z,
    start=0.0,
    cost=lambda z: np.exp(2 * z) / 2,
    cost_state=lambda z: np.exp(2 * z),
)
LINEAR = Equation(
    f=lambda x, u, a: a * x + u,
    f_state=lambda x, u, a: a + 0 * x,
    f_u=lambda x: 1 + 0 * x,
    f_a=lambda x: x,
    start=1.0,
    cost=lambda x: x**2 / 2,
    cost_state=lambda x: x,
)


def program(equation: Equation, scheme: Tableau, u: np.ndarray):
    """J of controls ``u`` (steps, stages, ...), by the scheme, and the states at nodes and stages."""
    steps, stages = u.shape[:2]
    h = 1 / steps
    node = np.full(u.shape[2:], equation.start, dtype=u.dtype)
    nodes, inner, cost = [node], [], np.zeros_like(node)
    for k in range(steps):
        y, slopes = [], []
        for i in range(stages):
            y.append(nodes[k] + h * sum((scheme.a[i, j] * slopes[j] for j in range(i)), np.zeros_like(node)))
            slopes.append(equation.f(y[i], u[k, i], A))
            cost = cost + h * scheme.b[i] * (u[k, i] ** 2 / 2 + Q * equation.cost(y[i]))
        inner.append(y)
        nodes.append(nodes[k] + h * sum(b * slope for b, slope in zip(scheme.b, slopes)))
    return cost, np.array(nodes), np.array(inner)


def reverse(equation: Equation, scheme: Tableau, u: np.ndarray):
    """Gradient of `program` in u, and in the initial state, a and q (3, ...): its steps transposed, last to first."""
    _, _, inner = program(equation, scheme, u)
    steps, stages = u.shape[:2]
    h = 1 / steps
    gradient, parameters = np.zeros_like(u), np.zeros((3, *u.shape[2:]), dtype=u.dtype)
    for k in reversed(range(steps)):
        into_stage = [None] * stages
        for i in reversed(range(stages)):
            y = inner[k, i]
            slope = h * scheme.b[i] * parameters[0] + h * sum(
                (scheme.a[j, i] * into_stage[j] for j in range(i + 1, stages)), np.zeros_like(y)
            )
            into_stage[i] = slope * equation.f_state(y, u[k, i], A) + h * scheme.b[i] * Q * equation.cost_state(y)
            gradient[k, i] = slope * equation.f_u(y) + h * scheme.b[i] * u[k, i]
            parameters[1] += slope * equation.f_a(y)
            parameters[2] += h * scheme.b[i] * equation.cost(y)
        parameters[0] += sum(into_stage)
    return gradient, parameters


def stage_times(scheme: Tableau, steps: int) -> np.ndarray:
    """Times of the stages, (steps, stages)."""
    return (np.arange(steps)[:, None] + scheme.c) / steps


def control(t):
    """The control at which gradients are taken where it is given; not the optimal one."""
    return -np.exp(-t)


def exact_gradient(t):
    """``u + y`` of the equations: ``x = e^(t/2)/3 + 2 e^(-t)/3``, ``y = e^(-t/2) integral of 2 x e^(s/2) over (t,
    1)``."""
    return (
        control(t) + np.exp(-t / 2) * (2 / 3 * np.e - 8 / 3 * np.exp(-0.5)) - 2 / 3 * np.exp(t / 2) + 8 / 3 * np.exp(-t)
    )


EXACT_OBJECTIVE = (1 - np.exp(-2)) / 4 + (np.e - 1) / 9 + 8 / 9 * (1 - np.exp(-0.5)) + 2 / 9 * (1 - np.exp(-2))
"""``1/2 integral of e^(-2t) + 2 x^2``."""


def riccati(a, q):
    """K(0) of the smallest J, ``K x(0)^2 / 2``: ``-K' = 2 a K - K^2 + q``, ``K(1) = 0``."""
    root = np.sqrt(a * a + q)
    return q * np.sinh(root) / (root * np.cosh(root) - a * np.sinh(root))
