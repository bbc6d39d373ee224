"""The staggered grid of elastic waves: where stresses and velocities live, and what bounds it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError


@dataclass(frozen=True)
class StaggeredGrid:
    """A grid in two dimensions, x and depth z (positive downward), absorbing layers included.

    Normal stresses, density and moduli are given on nodes ``origin + (i dx, j dz)``; vx lies half a cell from them along x, vz
    along z, the shear stress along both.

    Parameters
    ----------
    shape : tuple of int
        Nodes along x and z.
    spacing : tuple of float
        Cell size along x and z, m.
    origin : tuple of float
        Position of the first node, m. A free surface is at its depth.
    """

    shape: tuple[int, int]
    spacing: tuple[float, float]
    origin: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self):
        for name, least in (("shape", 16), ("spacing", 0.0), ("origin", -math.inf)):
            values = getattr(self, name)
            whole = name != "shape" or all(isinstance(v, (int, np.integer)) for v in values)
            if len(values) != 2 or not whole or not all(math.isfinite(v) and v >= least and (v > 0 or name != "spacing") for v in values):
                what = {"shape": "two whole numbers of at least 16", "spacing": "two positive lengths in m"}.get(name, "two lengths in m")
                raise InputError(f"StaggeredGrid.{name}", what, values, "correct it")

    def nodes(self, axis: int) -> np.ndarray:
        """Coordinates of the nodes along an axis, m."""
        return self.origin[axis] + self.spacing[axis] * np.arange(self.shape[axis])


@dataclass(frozen=True)
class FreeSurface:
    """No traction: the top face, at the depth of the first nodes."""


@dataclass(frozen=True)
class Cpml:
    """An absorbing layer on one face: convolutional perfectly matched layer, D. Komatitsch and R. Martin, Geophysics 72, SM155 (2007).

    Parameters
    ----------
    cells : int
        Thickness.
    reflection : float
        Reflection of the layer at normal incidence before it is discretized.
    frequency : float, optional
        Dominant frequency (Hz), by default that of the first source: damping passes into a shift of frequency, ``pi frequency`` at the
        inner edge, which absorbs waves along the layer.
    order : float
        Exponent of the damping profile.
    """

    cells: int = 12
    reflection: float = 1e-4
    frequency: float | None = None
    order: float = 2.0

    def __post_init__(self):
        if not isinstance(self.cells, (int, np.integer)) or self.cells < 4:
            raise InputError("Cpml.cells", "a whole number of at least 4 cells", self.cells, "make the layer thicker")
        if not 0 < self.reflection < 1:
            raise InputError("Cpml.reflection", "a number between 0 and 1", self.reflection, "try 1e-4")
        for name in ("frequency", "order"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"Cpml.{name}", "a positive number", value, "correct it, or leave it out for the default")

    def recursion(self, depth: np.ndarray, spacing: float, velocity: float, frequency: float, dt: float) -> np.ndarray:
        """``b`` and ``a`` of the memory ``psi' = b psi + a d`` at depths over the thickness, shape ``(2, depths)``."""
        inside, depth = depth > 0, np.clip(depth, 0.0, 1.0)
        damping = -(self.order + 1) * velocity * math.log(self.reflection) / (2 * self.cells * spacing) * depth**self.order
        shift = math.pi * (self.frequency or frequency) * (1 - depth)
        b = np.exp(-(damping + shift) * dt)
        a = np.where(inside, damping * (b - 1) / np.where(inside, damping + shift, 1.0), 0.0)
        return np.stack([np.where(inside, b, 0.0), a])


def faces_of(boundaries) -> tuple[tuple, tuple]:
    """The pairs of faces along x and z.

    Raises
    ------
    InputError
        When a face is not an absorbing layer, nor the top one a free surface.
    """
    pairs = []
    for axis, entry in enumerate(boundaries):
        pair = entry if isinstance(entry, tuple) else (entry, entry)
        for end, face in enumerate(pair):
            if not isinstance(face, Cpml) and not (isinstance(face, FreeSurface) and (axis, end) == (1, 0)):
                raise InputError(
                    f"boundary {'-+'[end]}{'xz'[axis]}", "Cpml(), or at the top (low z) FreeSurface()", face, "use one of these"
                )
        pairs.append(pair)
    if len(pairs) != 2 or any(len(pair) != 2 for pair in pairs):
        raise InputError("boundaries", "a face, or a pair (low, high), along x and along z", boundaries, "give two entries")
    return tuple(pairs)


def layer_cells(faces) -> np.ndarray:
    """Thickness of the layer on each face, shape ``(2, 2)``."""
    return np.array([[face.cells if isinstance(face, Cpml) else 0 for face in pair] for pair in faces])
