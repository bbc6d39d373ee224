"""Edges in the plane: whether they cross."""

from __future__ import annotations

import numpy as np

from adjointdesign.errors import StepRejected


def require_apart(edges: np.ndarray, unit: str = "m") -> None:
    """Refuse edges that cross or touch each other elsewhere than at ends that they share (along a line they may overlap).

    Parameters
    ----------
    edges : ndarray, shape (n, 2, 2)
        The ends of each.
    unit : str
        In which they are, for the message.

    Raises
    ------
    StepRejected
        With the place.
    """
    start, along = edges[:, 0], edges[:, 1] - edges[:, 0]

    def cross(a, b):
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]

    # Where the lines through each edge i and each edge j meet, as parts of their lengths.
    between, slope = start[None] - start[:, None], cross(along[:, None], along[None])
    lengths = np.linalg.norm(along, axis=1)
    slope = np.where(np.abs(slope) > 1e-9 * lengths[:, None] * lengths[None], slope, np.nan)  # parallel ones meet nowhere
    with np.errstate(invalid="ignore"):
        own, other = cross(between, along[None]) / slope, cross(between, along[:, None]) / slope
    slack = 1e-9  # where corners meet
    meet = (np.abs(own - 0.5) <= 0.5 + slack) & (np.abs(other - 0.5) <= 0.5 + slack)
    shared = (edges[:, None, :, None] == edges[None, :, None, :]).all(axis=-1).any(axis=(2, 3))
    if np.any(meet & ~shared):
        i, j = np.argwhere(meet & ~shared)[0]
        at = start[i] + own[i, j] * along[i]
        raise StepRejected(f"the shape crosses itself at ({at[0]:.4g}, {at[1]:.4g}) {unit}")
