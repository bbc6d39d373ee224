"""Differences at a free surface that keep the scheme's energy, so that its transpose stays the scheme.

Along z the fields live on nodes ``j`` (normal stresses, vx) and half nodes ``j + 1/2`` (shear stress, vz), and the surface is
node 0. With diagonal norms N (nodes) and H (half nodes), and for stresses that vanish at the surface, a pair of differences Q
(nodes to half nodes) and P (half nodes to nodes) with

    N P = -(H Q)^T                                                                                        (1)

sums by parts as derivatives integrate by parts: the condition of zero traction holds in the norm, no energy comes or goes, and
the adjoint in the norm is the scheme again. Q is exact for polynomials of degree two everywhere, and so is P, but for constants
at the surface, where the stress is zero. These conditions, with Levander's stencil from half node 3 and node 4 on, have exactly
one solution with three and four rows of their own: the numbers below, in units of the spacing. (They are of second order at the
surface and of fourth inside. Such pairs are known: O. O'Reilly, T. Lundquist, E. M. Dunham and J. Nordstrom, J. Comput. Phys.
346, 572 (2017); theirs carry a value on the surface in both grids.)
"""

from __future__ import annotations

import numpy as np

INNER, OUTER = 9 / 8, -1 / 24
"""Weights of the near and the far pair in the difference of fourth order, Levander (1988)."""
NODE_NORM = np.array([7 / 18, 9 / 8, 1.0, 71 / 72])
HALF_NORM = np.array([13 / 12, 7 / 8, 25 / 24])
_HALF_TIMES_Q = np.array(
    [
        [-79 / 72, 9 / 8, -1 / 24, 1 / 72, 0, 0],
        [1 / 12, -9 / 8, 9 / 8, -1 / 12, 0, 0],
        [1 / 72, 0, -9 / 8, 83 / 72, OUTER, 0],
    ]
)
"""``H Q`` of the first three half nodes over the first six nodes."""


def surface_rows() -> tuple[np.ndarray, np.ndarray]:
    """Q on half nodes 0 to 3 over nodes 0 to 5, and P on nodes 0 to 3 over half nodes 0 to 5, both of shape ``(4, 6)``."""
    weighted = np.zeros((6, 6))
    weighted[:3] = _HALF_TIMES_Q
    for k in range(3, 6):  # half nodes of Levander's stencil
        for offset, value in ((-1, -OUTER), (0, -INNER), (1, INNER), (2, OUTER)):
            if k + offset < 6:
                weighted[k, k + offset] = value
    up = weighted[:4] / np.r_[HALF_NORM, 1.0][:, None]
    down = -weighted.T[:4] / NODE_NORM[:, None]
    return up, down


def norms(count: int, free: bool) -> tuple[np.ndarray, np.ndarray]:
    """Norms of ``count`` nodes and half nodes along z, shape ``(count,)``: one but at a free surface."""
    nodes, halves = np.ones(count), np.ones(count)
    if free:
        nodes[: len(NODE_NORM)], halves[: len(HALF_NORM)] = NODE_NORM, HALF_NORM
    return nodes, halves


def largest_difference(free: bool) -> float:
    """Norm of the difference operator along an axis, in units of one over the spacing: what bounds the time step."""
    if not free:
        return 2 * (INNER - OUTER)
    count = 60  # the closure is felt by a few rows only
    up, _ = surface_rows()
    q = np.zeros((count, count))
    for k in range(count):
        for offset, value in ((-1, -OUTER), (0, -INNER), (1, INNER), (2, OUTER)):
            if 0 <= k + offset < count:
                q[k, k + offset] = value
    q[:4] = 0
    q[:4, :6] = up
    nodes, halves = norms(count, True)
    return max(2 * (INNER - OUTER), float(np.linalg.norm(np.sqrt(halves)[:, None] * q / np.sqrt(nodes), 2)))
