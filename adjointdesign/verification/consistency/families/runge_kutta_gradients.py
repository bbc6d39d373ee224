"""Gradients of the control problem through Runge-Kutta schemes: those of the program, and those of the equations.

A program samples the control at the stages. Its gradient is asked for in three ways, and each has an order of its own:

=========  =======================================================================================================
direction  derivatives along smooth directions: the classical order, since a derivative of the scheme is the scheme
stage      the gradient as a function of time, at the stages: `stage_order`, at most 2
optimum    of the smallest J, in the initial state, a and q: controls answer to costates, and `control_order` counts
=========  =======================================================================================================
"""

from __future__ import annotations

import numpy as np

from adjointdesign.verification.consistency.comparison import Sample
from adjointdesign.verification.consistency.families.control_problem import (
    EXACT_OBJECTIVE,
    LOGARITHMIC,
    A,
    Equation,
    Q,
    control,
    exact_gradient,
    program,
    reverse,
    riccati,
    stage_times,
)
from adjointdesign.verification.consistency.families.runge_kutta import Tableau

DIRECTIONS = 4
TINY = 1e-30
"""Step of complex-step derivatives: exact to rounding."""


def _hermite(times: np.ndarray, values: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Cubic through values and slopes at equal steps of (0, 1), at any times."""
    steps = len(values) - 1
    k = np.clip((times * steps).astype(int), 0, steps - 1)
    s, h = times * steps - k, 1 / steps
    return (
        (1 + 2 * s) * (1 - s) ** 2 * values[k]
        + s**2 * (3 - 2 * s) * values[k + 1]
        + h * s * (1 - s) * ((1 - s) * slopes[k] - s * slopes[k + 1])
    )


def adjoint_gradient(scheme: Tableau, steps: int, times: np.ndarray) -> np.ndarray:
    """``u + y`` with the adjoint equation integrated backward by the scheme itself, along interpolated states."""
    grid, h = np.linspace(0, 1, steps + 1), 1 / steps
    _, nodes, _ = program(LOGARITHMIC, scheme, control(stage_times(scheme, steps)))
    slopes = LOGARITHMIC.f(nodes, control(grid), A)

    def right(t, costate):
        z = _hermite(np.asarray(t), nodes, slopes)
        return -LOGARITHMIC.f_state(z, control(t), A) * costate - Q * LOGARITHMIC.cost_state(z)

    costate = np.zeros(steps + 1)
    for k in reversed(range(steps)):
        rates: list[float] = []
        for i, c in enumerate(scheme.c):
            rates.append(
                right(grid[k + 1] - c * h, costate[k + 1] - h * sum(scheme.a[i, j] * rates[j] for j in range(i)))
            )
        costate[k] = costate[k + 1] - h * scheme.b @ rates
    z = _hermite(times, nodes, slopes)
    return control(times) + LOGARITHMIC.f_u(z) * _hermite(
        times, costate, np.array([right(t, y) for t, y in zip(grid, costate)])
    )


def _along(times: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(j * times + 0.3 * j) for j in range(1, DIRECTIONS + 1)])


def along_directions(refinement: float, scheme: Tableau) -> Sample:
    """Derivatives of J along fixed smooth changes of the control."""
    steps = int(refinement)
    times = stage_times(scheme, steps)
    gradient, _ = reverse(LOGARITHMIC, scheme, control(times))
    objective, _, _ = program(LOGARITHMIC, scheme, control(times))
    points, weights = np.polynomial.legendre.leggauss(30)
    t = (points + 1) / 2
    continuous = np.tensordot(_along(times), scheme.b / steps * adjoint_gradient(scheme, steps, times), 2)
    return Sample(
        np.tensordot(_along(times), gradient, 2),
        continuous,
        _along(t) @ (weights / 2 * exact_gradient(t)),
        float(objective),
        EXACT_OBJECTIVE,
    )


def at_stages(refinement: float, scheme: Tableau, weights: np.ndarray | None = None) -> Sample:
    """The gradient as a function of time: Riesz representative in the scheme's own quadrature, or in other
    ``weights``."""
    steps = int(refinement)
    times = stage_times(scheme, steps)
    inner = np.broadcast_to((scheme.b if weights is None else weights) / steps, times.shape)
    gradient, _ = reverse(LOGARITHMIC, scheme, control(times))
    objective, _, _ = program(LOGARITHMIC, scheme, control(times))
    continuous = adjoint_gradient(scheme, steps, times)
    return Sample(gradient / inner, continuous, exact_gradient(times), float(objective), EXACT_OBJECTIVE, inner)


def discrete_optimum(equation: Equation, scheme: Tableau, steps: int) -> np.ndarray:
    """Stage controls that make J of the program stationary: Newton's method, Hessians by complex steps of the reverse
    sweep."""
    times = stage_times(scheme, steps)
    # The feedback of the continuous optimum: a good start, from which the program's own optimum is found.
    root = np.sqrt(A * A + Q)
    u = -Q * np.sinh(root * (1 - times)) / (root * np.cosh(root) - A * np.sinh(root))
    size, shape = u.size, u.shape
    for _ in range(12):
        perturbed = (u.reshape(-1, 1) + 1j * TINY * np.eye(size)).reshape(*shape, size)
        gradients, _ = reverse(equation, scheme, perturbed)
        gradients = gradients.reshape(size, size)
        step = np.linalg.solve(gradients.imag / TINY, gradients.real[:, 0])
        u = u - step.reshape(shape)
        if np.linalg.norm(step) < 1e-12 * np.linalg.norm(u):
            break
    return u


def pontryagin(equation: Equation, scheme: Tableau, steps: int) -> np.ndarray:
    """The same three derivatives from the equations of the optimum, ``u = -f_u y``, integrated by the scheme and shot
    for."""
    h = 1 / steps

    def right(v):
        state, costate = v[0], v[1]
        u = -equation.f_u(state) * costate
        return np.array(
            [
                equation.f(state, u, A),
                -equation.f_state(state, u, A) * costate - Q * equation.cost_state(state),
                costate * equation.f_a(state),
                equation.cost(state),
            ]
        )

    def shoot(costate):
        v = np.array([equation.start, costate, 0, 0], dtype=complex)
        for _ in range(steps):
            rates: list[np.ndarray] = []
            for i in range(len(scheme.b)):
                rates.append(right(v + h * sum(scheme.a[i, j] * rates[j] for j in range(i))))
            v = v + h * sum(b * rate for b, rate in zip(scheme.b, rates))
        return v

    costate = riccati(A, Q)
    for _ in range(12):
        end = shoot(costate + 1j * TINY)[1]
        costate -= end.real / (end.imag / TINY)
    return np.array([costate, *shoot(costate)[2:].real])


def at_optimum(refinement: float, scheme: Tableau, equation: Equation = LOGARITHMIC) -> Sample:
    """Derivatives of the smallest J in the initial state, a and q."""
    steps = int(refinement)
    u = discrete_optimum(equation, scheme, steps)
    objective, _, _ = program(equation, scheme, u)
    _, discrete = reverse(equation, scheme, u)
    smallest = riccati(A, Q) / 2
    slopes = [riccati(A + 1j * TINY, Q).imag / TINY / 2, riccati(A, Q + 1j * TINY).imag / TINY / 2]
    return Sample(
        discrete, pontryagin(equation, scheme, steps), np.array([2 * smallest, *slopes]), float(objective), smallest
    )
