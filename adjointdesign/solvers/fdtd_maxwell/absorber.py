"""Convolutional perfectly matched layer: its profiles, and the weights of every difference, forward and transposed.

Stretched coordinate ``s = kappa + sigma / (alpha + i w eps0)`` (J. A. Roden and S. D. Gedney, Microw. Opt. Technol. Lett.
27, 334 (2000), eqs. 11 to 16), polynomial grading of sigma and kappa, alpha falling linearly into the layer (Taflove and
Hagness, Computational Electrodynamics, 3rd ed., ch. 7).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.constants import C0, EPS0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, MIDDLES, NODES, YeeGrid
from adjointdesign.solvers.fdtd_maxwell.kernels import Phase


@dataclass(frozen=True)
class Cpml:
    """An absorbing layer on one face.

    Parameters
    ----------
    cells : int
        Thickness in cells.
    order : float
        Exponent of the grading.
    strength : float
        Peak conductivity over the value ``0.8 (order + 1) / (eta0 d n)`` that Taflove and Hagness (eq. 7.67) recommend.
    index : float
        Refractive index ``n`` that the layer is matched for (the guide's effective index is a good choice).
    kappa : float
        Peak of the real stretch.
    alpha : float
        Frequency shift at the inner edge, S/m: absorbs evanescent fields and keeps long runs stable at the price of
        reflection at frequencies below ``alpha / (2 pi eps0)``.
    """

    cells: int = 10
    order: float = 3.0
    strength: float = 1.0
    index: float = 1.0
    kappa: float = 1.0
    alpha: float = 0.0

    def __post_init__(self):
        if not isinstance(self.cells, (int, np.integer)) or self.cells < 1:
            raise InputError("Cpml.cells", "a whole number of at least 1 cell", self.cells, "use Pec() for a bare wall")
        for name, least, expected in (("order", 0, "a positive number"), ("strength", 0, "a positive number"),
                                      ("index", 0, "a positive number"), ("kappa", 1, "a number of at least 1"),
                                      ("alpha", 0, "a number of at least 0")):  # fmt: skip
            value = getattr(self, name)
            if not np.isfinite(value) or value < least or (value == 0 and name != "alpha"):
                raise InputError(f"Cpml.{name}", expected, value, "correct it, or leave it out for the default")

    def profile(self, depth: np.ndarray, spacing: float, dt: float):
        """Stretch and recursion at normalized ``depth`` (0 inner edge, 1 wall): ``(kappa, b, a)``."""
        inside = depth > 0
        d = np.clip(depth, 0.0, 1.0)
        sigma = self.strength * 0.8 * (self.order + 1) / (ETA0 * spacing * self.index) * d**self.order
        kappa = 1.0 + (self.kappa - 1.0) * d**self.order
        alpha = self.alpha * (1.0 - d)
        b = np.where(inside, np.exp(-(sigma / kappa + alpha) * dt / EPS0), 0.0)
        denominator = np.where(inside & (sigma > 0), kappa * (sigma + kappa * alpha), 1.0)
        return np.where(inside, kappa, 1.0), b, np.where(inside, sigma * (b - 1.0) / denominator, 0.0)


@dataclass(frozen=True)
class Pec:
    """Perfect electric conductor on one face: tangential E is zero."""


@dataclass(frozen=True)
class Pmc:
    """Perfect magnetic conductor on one face: a plane of even symmetry of tangential E."""


@dataclass(frozen=True)
class Periodic:
    """Periodic along the axis (both faces)."""


Face = Cpml | Pec | Pmc | Periodic


def layer_cells(faces) -> np.ndarray:
    """Thickness of the absorbing layer on each face, cells; shape ``(axes, 2)``."""
    return np.array([[f.cells if isinstance(f, Cpml) else 0 for f in pair] for pair in faces])


def slots(cells: int, low: int, high: int):
    """Place of each storage slot in a layer's memory, its thickness, and the slot bounds of the two layers.

    The memory has a spare plane beyond each layer, always zero, so that the transposed difference needs no exception.
    """
    slot = np.full(cells + 2, -1, dtype=np.int64)
    size = 0
    low_end, high_start = 1, cells + 2
    if low:
        low_end, size = low + 2, low + 3
        slot[1:low_end] = np.arange(1, low_end)
    if high:
        high_start = cells + 1 - high
        slot[high_start:] = np.arange(high_start, cells + 2) - (cells - high) + size
        size += high + 2
    return slot, max(size, 1), low_end, high_start


def _axis_profiles(grid: YeeGrid, axis: int, dt: float, faces):
    """``c dt / d``, kappa, ``b`` and ``a`` at integer and at half-integer slots of one axis."""
    cells, out = grid.cells[axis], []
    sizes = np.diff(grid.lines(axis))
    for offset, component in ((0.0, NODES[axis]), (0.5, MIDDLES[axis])):
        position = np.arange(cells + 2) - 1 + offset
        kappa, b, a = np.ones(cells + 2), np.zeros(cells + 2), np.zeros(cells + 2)
        for face, size, depth in zip(faces, (sizes[0], sizes[-1]), (lambda f: (f.cells - position) / f.cells,
                                                                    lambda f: (position - (cells - f.cells)) / f.cells)):  # fmt: skip
            if isinstance(face, Cpml):
                ki, bi, ai = face.profile(depth(face), size, dt)
                kappa, b, a = kappa * ki, b + bi, a + ai
        out.append((C0 * dt / grid.lengths(component, axis), kappa, b, a))
    return out


def require_even_layers(grid: YeeGrid, faces) -> None:
    """Refuse absorbing layers in which cells change in size, for which the transposed layer would not be exact.

    The first cell before a layer counts too: its neighbor's half is part of the length at the layer's edge.

    Raises
    ------
    InputError
        With the sizes.
    """
    for axis, pair in enumerate(faces):
        sizes = np.diff(grid.lines(axis))
        for face, row, side in zip(pair, (sizes, sizes[::-1]), ("lower", "upper")):
            if isinstance(face, Cpml) and np.ptp(row[: face.cells + 1]) > 1e-6 * row[0]:
                raise InputError(
                    f"lines along {AXES[axis]}", f"{face.cells + 1} equal cells at the {side} face: the absorbing layer's and one before",
                    f"cells of {row[: face.cells + 1].min():.4g} to {row[: face.cells + 1].max():.4g} m", "make them equal, or thin the layer",
                )  # fmt: skip
        if isinstance(pair[0], Periodic) and abs(sizes[0] - sizes[-1]) > 1e-6 * sizes[0]:
            raise InputError(
                f"lines along {AXES[axis]}", "first and last cell of one size, since the axis is periodic",
                f"{sizes[0]:.4g} and {sizes[-1]:.4g} m", "make them equal",
            )  # fmt: skip


def phases(grid: YeeGrid, dt: float, faces, dtype, transposed: bool) -> tuple[Phase, Phase]:
    """Weights of the magnetic and of the electric phase.

    In the forward sweep the derivative is stretched where it lands (magnetic phase: half-integer slots); in the transposed
    sweep the field is stretched where it is read (magnetic phase: integer slots), and then differentiated.
    """
    layers = layer_cells(faces)
    length = max(grid.cells) + 2
    built = []
    for electric in (False, True):
        weights = np.zeros((3, 4, length), dtype)
        slot = np.full((3, length), -1, dtype=np.int64)
        bounds = np.zeros((3, 2), dtype=np.int64)
        for axis, (n, row) in enumerate(zip(grid.cells, grid.storage_axes)):
            integer, half = _axis_profiles(grid, axis, dt, faces[axis])
            slot[row, : n + 2], _, *bounds[row] = slots(n, *layers[axis])
            # A magnetic derivative lands on half-integer slots from s and s + 1, an electric one on integer slots from s - 1, s.
            here, there = (integer, half) if electric else (half, integer)
            ratio, kappa, b, a = here
            if transposed:  # the length is that of the place where the derivative lands, in the layer's memory the same
                reach, stretch, b, a = there
                above, below = (stretch, np.r_[stretch[:1], stretch[:-1]]) if electric else (np.r_[stretch[1:], stretch[-1:]], stretch)
                weights[row, :, : n + 2] = ratio / above, ratio / below, b, reach * a
            else:
                weights[row, :, : n + 2] = ratio / kappa, ratio / kappa, b, ratio * a
        built.append(Phase(weights, slot, bounds, transposed))
    return built[0], built[1]
