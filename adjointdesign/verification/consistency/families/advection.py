"""Advection by a velocity that changes sign, by upwind differences, and the same program transposed.

``u_t + a u_x = 0`` with ``a = sin(2 pi x) / (2 pi)``, periodic on (0, 1): a source at 0, a sink at 1/2, both on
nodes. Characteristics follow ``tan(pi X) = e^t tan(pi xi)``, and with ``J = integral of g u(T)`` the gradient is
``g(X) dX/dxi``: the adjoint, ``-p_t = (a p)_x``, grows at the source and decays at the sink.

Upwind differences at a node take ``a_j``. Their transpose gives node j what both neighbors take from it: at the
source two outflows where the equation has ``a_x``, at the sink nothing.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.verification.consistency.comparison import Sample

TIME = 0.75
COURANT = 0.5
POINTS = 8
DIRECTIONS = 4


def velocity(x):
    """a."""
    return np.sin(2 * np.pi * x) / (2 * np.pi)


def target(x):
    """g."""
    return 1 + 0.5 * np.cos(2 * np.pi * x + 0.5)


def initial(x):
    """u at the start."""
    return 1 + 0.6 * np.sin(2 * np.pi * x + 1)


def _steps(nodes: int) -> tuple[int, float]:
    steps = int(np.ceil(TIME * nodes / (2 * np.pi) / COURANT))
    return steps, TIME / steps


def program(u: np.ndarray) -> float:
    """J of the values of u at the start, by Euler steps."""
    steps, dt = _steps(u.size)
    x = np.arange(u.size) / u.size
    right, left = np.maximum(velocity(x), 0) * u.size, np.minimum(velocity(x), 0) * u.size
    for _ in range(steps):
        u = u - dt * (right * (u - np.roll(u, 1)) + left * (np.roll(u, -1) - u))
    return float(np.mean(target(x) * u))


def reverse(nodes: int) -> np.ndarray:
    """Gradient of `program` over the cell size: its steps transposed."""
    steps, dt = _steps(nodes)
    x = np.arange(nodes) / nodes
    right, left, p = np.maximum(velocity(x), 0) * nodes, np.minimum(velocity(x), 0) * nodes, target(x)
    for _ in range(steps):
        out, in_ = right * p, left * p
        p = p - dt * (out - np.roll(out, -1) + np.roll(in_, 1) - in_)
    return p


def adjoint(nodes: int) -> np.ndarray:
    """p at the start from ``-p_t = (a p)_x``, by upwind fluxes at faces: their velocities, not those of the nodes."""
    steps, dt = _steps(nodes)
    x = np.arange(nodes) / nodes
    face, p = velocity(x + 0.5 / nodes) * nodes, target(x)
    for _ in range(steps):
        flux = np.maximum(face, 0) * np.roll(p, -1) + np.minimum(face, 0) * p
        p = p + dt * (flux - np.roll(flux, 1))
    return p


def exact_gradient(xi: np.ndarray) -> np.ndarray:
    """``g(X) dX/dxi``."""
    sine, cosine, growth = np.sin(np.pi * xi), np.cos(np.pi * xi), np.exp(TIME)
    place = np.arctan2(growth * sine, cosine) / np.pi
    return target(place) * growth / (cosine**2 + (growth * sine) ** 2)


def advection(refinement: float, pointwise: bool = False) -> Sample:
    """Derivatives along fixed smooth changes of the start, or the Riesz representative at eight fixed points."""
    nodes = int(refinement)
    x, fine = np.arange(nodes) / nodes, np.arange(400) / 400
    exact_objective = float(np.mean(exact_gradient(fine) * initial(fine)))
    discrete, continuous, objective = reverse(nodes), adjoint(nodes), program(initial(x))
    if pointwise:
        every = slice(None, None, nodes // POINTS)
        return Sample(discrete[every], continuous[every], exact_gradient(x[every]), objective, exact_objective)
    along = lambda x: np.stack([np.cos(2 * np.pi * j * x + 0.3 * j) for j in range(DIRECTIONS)]) / x.size
    return Sample(
        along(x) @ discrete, along(x) @ continuous, along(fine) @ exact_gradient(fine), objective, exact_objective
    )
