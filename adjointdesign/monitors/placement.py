"""What a monitor is to a solver: where it samples the fields, and a linear map from the samples to its reading."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy import sparse

from adjointdesign.errors import InputError
from adjointdesign.sources.placing import Bounds, Medium


class Placement(Protocol):
    """A monitor on a grid.

    ``indices`` maps each component to the flat storage indices that the solver samples at every step. ``read`` takes,
    for each component, the running transforms ``sum_n F(t_n) exp(+i w t_n) dt``, shape ``(n_frequencies, n_points)``,
    with ``t_n = n dt`` for E and ``(n + 1/2) dt`` for H, or the real samples themselves, shape ``(n_steps,
    n_points)``. ``shape`` is that of the reading; its first entry is -1 for a time series, whose length only the run
    knows.
    """

    indices: dict[str, np.ndarray]
    shape: tuple[int, ...]

    def read(self, samples: dict[str, np.ndarray]) -> np.ndarray:
        """Reading that belongs to ``samples``."""

    def transpose(self, cotangent: np.ndarray) -> dict[str, np.ndarray]:
        """Adjoint of `read`: cotangents of the samples, with ``dJ = Re sum(conj(g) dz)``."""


class Monitor(Protocol):
    """Anything that reads a field."""

    name: str
    frequencies: np.ndarray | None

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""

    def place(self, medium: Medium, dt: float) -> Placement:
        """Put the monitor on the grid of ``medium``, for a solver with time step ``dt`` (s)."""


def check_frequencies(name: str, frequencies) -> np.ndarray:
    """Frequencies as an array of float; `InputError` unless they are a row of positive numbers in Hz."""
    try:
        values = np.atleast_1d(np.asarray(frequencies, dtype=float))
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.ndim != 1 or values.size == 0 or not np.all(np.isfinite(values) & (values > 0)):
        raise InputError(
            f"monitor '{name}': frequencies", "positive numbers in Hz", frequencies, "correct the frequencies"
        )
    return values


@dataclass(frozen=True, eq=False)
class LinearPlacement:
    """A reading whose every row is the same real linear map of a row of samples.

    Parameters
    ----------
    indices : dict of ndarray
        Sampled storage indices of each component.
    shape : tuple of int
        Shape of the reading.
    maps : dict of sparse array
        For each component, the matrix from its samples to a flattened row of the reading.
    coordinates : tuple of ndarray
        Positions of the reading's points along each axis, m, where they form a grid.
    """

    indices: dict[str, np.ndarray]
    shape: tuple[int, ...]
    maps: dict[str, sparse.csr_array]
    coordinates: tuple[np.ndarray, ...] = field(default=())

    def read(self, samples: dict[str, np.ndarray]) -> np.ndarray:
        """Sum over components of ``samples @ map.T``, reshaped."""
        rows = sum((matrix @ samples[c].T).T for c, matrix in self.maps.items())
        return np.ascontiguousarray(rows).reshape(self.shape)

    def transpose(self, cotangent: np.ndarray) -> dict[str, np.ndarray]:
        """``cotangent @ map`` for each component."""
        rows = np.asarray(cotangent).reshape(len(cotangent), -1)
        return {c: np.ascontiguousarray((matrix.T @ rows.T).T) for c, matrix in self.maps.items()}
