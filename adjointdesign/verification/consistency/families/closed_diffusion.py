"""Closed solutions of the diffusion cases and of their adjoint problems, on the unit square."""

from __future__ import annotations

import numpy as np

DIRECTIONS = 3


def bump(t, a, library=np):
    """``sin(pi t) exp(a t)``, zero at both ends, and its first two derivatives; ``library=ufl`` for expressions."""
    s, c, e = library.sin(np.pi * t), library.cos(np.pi * t), library.exp(a * t)
    return s * e, (np.pi * c + a * s) * e, ((a * a - np.pi**2) * s + 2 * np.pi * a * c) * e


def _product(x, y, a: float, b: float):
    """A product of two bumps, its slopes and minus its Laplacian."""
    f, df, ddf = bump(x, a)
    g, dg, ddg = bump(y, b)
    return f * g, np.stack([df * g, f * dg], axis=-1), -(ddf * g + f * ddg)


def state(x, y):
    """u, its gradient, and f."""
    return _product(x, y, 1.0, 0.5)


def _adjoint(x, y):
    return _product(x, y, -0.5, 1.0)


def source(x, y):
    """f."""
    return state(x, y)[2]


def weight(x, y):
    """g of the objective ``int g u``."""
    return _adjoint(x, y)[2]


def adjoint(x, y):
    """w of the objective ``int g u``."""
    return _adjoint(x, y)[0]


def adjoint_slopes(x, y):
    """Its gradient, (points, 2)."""
    return _adjoint(x, y)[1]


def harmonic(x, y):
    """w of the flux, of UFL coordinates too: a polynomial, for exact quadrature, of a degree that no element holds."""
    return (
        x**7
        - 21 * x**5 * y**2
        + 35 * x**3 * y**4
        - 7 * x * y**6
        + 4 * x**3 * y
        - 4 * x * y**3
        + 0.5 * (x * x - y * y)
        + 1.0
    )


def directions(x, y) -> np.ndarray:
    """Smooth directions, (directions, points).

    They vanish at the corners, where else the solution for such a source would not be smooth.
    """
    bubble = np.sin(np.pi * x) * np.sin(np.pi * y)
    return np.stack([bubble * np.cos(j * (x + 0.7 * y + 0.3)) for j in range(1, DIRECTIONS + 1)])


def square_points():
    """Points and weights of a quadrature that leaves rounding."""
    points, weights = np.polynomial.legendre.leggauss(40)
    points, weights = (points + 1) / 2, weights / 2
    x, y = np.meshgrid(points, points, indexing="ij")
    return x.ravel(), y.ravel(), np.outer(weights, weights).ravel()


def objective(volume: bool) -> float:
    """The objective: ``int f w`` with either adjoint solution."""
    x, y, weights = square_points()
    return float(np.sum(weights * source(x, y) * (adjoint if volume else harmonic)(x, y)))


def source_gradient(volume: bool) -> np.ndarray:
    """Derivatives with respect to f along the directions."""
    x, y, weights = square_points()
    return directions(x, y) @ (weights * (adjoint if volume else harmonic)(x, y))


def diffusivity_gradient() -> np.ndarray:
    """Derivatives of ``int g u`` with respect to k along the directions."""
    x, y, weights = square_points()
    return -directions(x, y) @ (weights * np.sum(state(x, y)[1] * _adjoint(x, y)[1], axis=-1))
