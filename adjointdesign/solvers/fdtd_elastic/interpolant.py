"""Velocities at any position, and their derivatives in it: a smooth interpolant and its jets.

Along each axis a value is the sum of eight neighbors with the weights

    w(t) = b(t) - (b(t + 1) - 2 b(t) + b(t - 1)) / 4,                                                      (1)

b the quintic B-spline: its quasi-interpolant of fourth order, which reproduces cubics (the second difference removes the
spline's variance 1/2). It is four times continuously differentiable, so that derivatives in a position are those of the number
computed: the first two of a velocity, and of a moment tensor, which acts through the first derivative itself. Above a free
surface the values are continued by cubics.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.interpolate import BSpline

from adjointdesign.solvers.fdtd_elastic.kernels import PAD

JETS = tuple((order - m, m) for order in range(4) for m in range(order + 1))
"""Derivatives along x and z, by order: one, then two, three and four of them."""
_OFFSETS = ((0.5, 0.0), (0.0, 0.5))
"""Where vx and vz lie in the cell."""
_REACH = 8


def jets_up_to(order: int) -> int:
    """Number of derivatives up to an order."""
    return (order + 1) * (order + 2) // 2


def raised(jet: int, axis: int) -> int:
    """Number of the derivative of a jet along an axis."""
    orders = list(JETS[jet])
    orders[axis] += 1
    return JETS.index(tuple(orders))


@lru_cache(maxsize=4)
def _spline(derivative: int) -> BSpline:
    basis = BSpline.basis_element(np.arange(-3.0, 4.0), extrapolate=False)
    return basis.derivative(derivative) if derivative else basis


def _weight(t: np.ndarray, derivative: int) -> np.ndarray:
    """A derivative of eq. (1), t in cells."""
    b = [np.nan_to_num(_spline(derivative)(t + shift)) for shift in (1, 0, -1)]
    return 1.5 * b[1] - 0.25 * (b[0] + b[2])


def _along(position: np.ndarray, count: int, spacing: float, free: bool) -> tuple[np.ndarray, np.ndarray]:
    """First of eight neighbors, ``(points,)``, and weights of derivatives 0 to 3, ``(4, points, 8)``, at positions in cells."""
    base = np.floor(position).astype(np.int64) - 3
    nodes = base[:, None] + np.arange(_REACH)
    weights = np.stack([_weight(position[:, None] - nodes, n) / spacing**n for n in range(4)])
    start = np.clip(base, 0 if free else base, None)
    out = np.zeros_like(weights)
    for p in range(len(position)):
        for m in range(_REACH):
            node = nodes[p, m]
            if node >= start[p]:
                out[:, p, node - start[p]] += weights[:, p, m]
            else:  # the cubic through the first four values
                for q in range(4):
                    others = [r for r in range(4) if r != q]
                    out[:, p, q] += weights[:, p, m] * np.prod([(node - r) / (q - r) for r in others])
    return start, out


def place(grid, positions: np.ndarray, free: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neighbors of positions, and the weights of all `JETS` there.

    Parameters
    ----------
    grid : StaggeredGrid
        The grid.
    positions : ndarray, shape (points, 2)
        x and depth, m.
    free : bool
        Whether the top is a free surface.

    Returns
    -------
    index : ndarray of int, shape (points, 2, 64)
        Flat storage index of vx and of vz.
    weights : ndarray, shape (points, 2, 10, 64)
        By jet, 1/m to its order.
    rows : ndarray of int, shape (points, 2, 64)
        Number along z, for the norms at a surface.
    """
    stored = grid.shape[1] + 2 * PAD
    index, weights, rows = [], [], []
    for offset in _OFFSETS:
        along = [
            _along((positions[:, a] - grid.origin[a]) / grid.spacing[a] - offset[a], grid.shape[a], grid.spacing[a], free and a == 1)
            for a in range(2)
        ]
        (i, wx), (j, wz) = along
        i, j = i[:, None] + np.arange(_REACH), j[:, None] + np.arange(_REACH)
        index.append(((i[:, :, None] + PAD) * stored + j[:, None, :] + PAD).reshape(len(positions), -1))
        rows.append(np.broadcast_to(j[:, None, :], (len(positions), _REACH, _REACH)).reshape(len(positions), -1))
        products = [wx[m][:, :, None] * wz[n][:, None, :] for m, n in JETS]
        weights.append(np.stack(products, axis=1).reshape(len(positions), len(JETS), -1))
    return np.stack(index, axis=1), np.stack(weights, axis=1), np.stack(rows, axis=1)
