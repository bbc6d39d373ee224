"""Controls of the checker itself: right gradients, planted errors, and data that carry no verdict.

A diffusion problem on (0, 1), ``-(k u')' = f`` with u = 0 at both ends and the objective ``J = integral of g u``, by second-order
differences with k at midpoints: u and its adjoint w, ``-(k w')' = g``, have closed forms at k = 1 for f and g below, and

    dJ = -integral of dk u' w'.

And the decay ``y' = -a y`` by Euler's method with the objective ``y(1)``, for what goes wrong in time.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import scipy.linalg

from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.comparison import Sample

LADDER = (16.0, 32.0, 64.0, 128.0, 256.0)
DIRECTIONS = 4


def _along(places: np.ndarray) -> np.ndarray:
    """Fixed smooth directions at some places, (directions, places): no symmetry hides an error in all of them."""
    return np.stack([np.cos(j * places + 0.3 * j) for j in range(1, DIRECTIONS + 1)])


def _fields(cells: int) -> tuple[np.ndarray, np.ndarray]:
    """u and w with k = 1 at the nodes, by second-order differences."""
    x = np.linspace(0, 1, cells + 1)
    return _solved(np.ones(cells), np.exp(x)), _solved(np.ones(cells), np.cos(2 * x))


def _solved(k: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution at the nodes for k at the midpoints."""
    bands = np.zeros((3, k.size - 1), dtype=k.dtype)
    bands[0, 1:], bands[1], bands[2, :-1] = -k[1:-1], k[:-1] + k[1:], -k[1:-1]
    inner = scipy.linalg.solve_banded((1, 1), bands * k.size**2, right[1:-1])
    return np.concatenate([[0.0], inner, [0.0]])


def _program(cells: int) -> np.ndarray:
    """Derivatives of the program's J along the directions, by complex steps: they know of no adjoint."""
    x, step = np.linspace(0, 1, cells + 1), 1e-30
    middle = (x[1:] + x[:-1]) / 2
    u = [_solved(1 + 1j * step * direction, np.exp(x)) for direction in _along(middle)]
    return np.array([np.imag(np.sum(np.cos(2 * x) * f)) / step / cells for f in u])


def _closed(x: np.ndarray) -> np.ndarray:
    """u' w' of the equations: u = 1 + (e - 1) x - e^x, w = (cos 2x - 1 + (1 - cos 2) x) / 4."""
    return (np.e - 1 - np.exp(x)) * (-2 * np.sin(2 * x) + 1 - np.cos(2)) / 4


def _closed_gradient() -> np.ndarray:
    points, weights = np.polynomial.legendre.leggauss(40)
    x = (points + 1) / 2
    return -_along(x) @ (weights / 2 * _closed(x))


def diffusion(cells: float, fault: str = "") -> Sample:
    """Both gradients of the diffusion problem: the continuous one by products at the nodes, unless a fault is planted."""
    n = int(cells)
    h = 1 / n
    u, w = _fields(n)
    middle = (np.arange(n) + 0.5) * h
    product = np.diff(u) * np.diff(w) / h**2
    discrete = _program(n)
    if fault == "same products":
        return Sample(discrete, -h * (_along(middle) @ product), _closed_gradient())
    if fault == "half a cell aside":
        return Sample(discrete, -h * _along(middle + h / 2) @ product, _closed_gradient())
    nodes = np.linspace(0, 1, n + 1)
    slopes = np.gradient(np.stack([u, w]), h, axis=1, edge_order=2)
    weights = np.full(n + 1, h)
    if fault != "weights of the ends":
        weights[[0, -1]] /= 2
    continuous = -_along(nodes) @ (weights * slopes[0] * slopes[1])
    if fault == "sign":
        continuous = -continuous
    if fault == "noise":
        rng = np.random.default_rng(n)
        continuous = discrete * (1 + 10.0 ** rng.uniform(-4, -1) * rng.standard_normal(continuous.shape))
    return Sample(discrete, continuous, _closed_gradient())


def decay(steps: float, late: bool = False) -> Sample:
    """Both gradients of the decay with respect to a(t), the adjoint at its right time or started one step late."""
    n = int(steps)
    dt, t = 1 / n, np.arange(n) / n
    rate = 1 + 0.5 * np.sin(2 * t)
    y = np.cumprod(np.concatenate([[1.0], 1 - dt * rate]))
    adjoint = np.cumprod(np.concatenate([[1.0], 1 - dt * rate[::-1]]))[::-1]
    varied = 1 - dt * (rate + 1e-30j * _along(t))
    discrete = np.imag(np.prod(varied, axis=1)) / 1e-30
    if late:
        adjoint = np.append(adjoint[:-1] / (1 - dt * rate[-1]), 1.0)
    return Sample(discrete, -dt * _along(t) @ (y[:-1] * adjoint[1:]))


_SMOOTH = "-(k u')' = f, second-order differences, J = integral of g u; "

CASES = (
    Case("control-identical", "controls", _SMOOTH + "products where the scheme has them",
         "the scheme is symmetric: its adjoint is the discretized adjoint", partial(diffusion, fault="same products"),
         LADDER, "identical", {"discrete": 2, "continuous": 2}),
    Case("control-convergent", "controls", _SMOOTH + "products at the nodes",
         "second-order differences and the trapezoidal rule", diffusion,
         LADDER, "convergent", {"difference": 2, "discrete": 2, "continuous": 2}),
    Case("control-wrong-sign", "controls", _SMOOTH + "planted: the sign",
         "the difference is twice the gradient", partial(diffusion, fault="sign"), LADDER, "inconsistent", {"difference": 0}),
    Case("control-half-cell", "controls", _SMOOTH + "planted: products half a cell aside",
         "a shift by h/2 changes the integral by O(h)", partial(diffusion, fault="half a cell aside"),
         LADDER, "convergent", {"difference": 1, "discrete": 2, "continuous": 1}),
    Case("control-forgotten-weight", "controls", _SMOOTH + "planted: full weights at the ends of the trapezoidal rule",
         "h/2 too much of each end", partial(diffusion, fault="weights of the ends"),
         LADDER, "convergent", {"difference": 1, "discrete": 2, "continuous": 1}),
    Case("control-adjoint-in-time", "controls", "y' = -a y by Euler's method, J = y(1)",
         "the transpose of Euler's method is Euler's method backward", decay, LADDER, "identical"),
    Case("control-late-adjoint", "controls", "y' = -a y by Euler's method, J = y(1); planted: the adjoint starts one step late",
         "one step too few of an adjoint that moves by O(dt)", partial(decay, late=True), LADDER, "convergent", {"difference": 1}),
    Case("control-noise", "controls", _SMOOTH + "planted: relative noise between 1e-4 and 1e-1",
         "no order fits", partial(diffusion, fault="noise"), LADDER, "undecided"),
    Case("control-two-levels", "controls", _SMOOTH + "two levels only", "two points lie on every line", diffusion, LADDER[:2], "undecided"),
)  # fmt: skip
"""Each with the verdict that a checker must give."""
