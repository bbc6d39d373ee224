"""What a source is to a solver, and the one-dimensional stencils by which sources and monitors sit on the grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, OFFSETS, YeeGrid

if TYPE_CHECKING:
    from adjointdesign.sources.waveforms import Waveform

Bounds = tuple[tuple[float, float], ...]
"""Lowest and highest position along each axis, m."""


class Medium(Protocol):
    """The part of a solver's medium that sources and monitors read; arrays have the grid's storage shape."""

    grid: YeeGrid
    permittivity: dict[str, np.ndarray]
    """Relative permittivity at each electric component."""
    conductivity: dict[str, np.ndarray]
    """Electric conductivity, S/m; components left out are lossless."""
    conductor: dict[str, np.ndarray]
    """Where a component lies in a perfect conductor; components left out have none."""
    permeability: dict[str, np.ndarray]
    """Relative permeability at each magnetic component; components left out have one."""
    dispersive: dict
    """Dispersive materials by name, each with its ``material`` and its ``strength`` at each electric component."""


@dataclass(frozen=True)
class Injection:
    """The current that a source drives into one field component.

    Parameters
    ----------
    component : str
        ``"ex"`` to ``"ez"``: electric current density, A/m^2; ``"hx"`` to ``"hz"``: magnetic current density, V/m^2.
    indices : ndarray of int
        Flat storage indices, each at most once, shape ``(n,)``.
    profile : ndarray of complex
        Current density per unit amplitude, shape ``(n,)``.
    """

    component: str
    indices: np.ndarray
    profile: np.ndarray


class Source(Protocol):
    """Anything that drives a field."""

    name: str
    waveform: Waveform

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""

    def place(self, medium: Medium, dt: float) -> list[Injection]:
        """Put the source on the grid of ``medium``, for a solver with time step ``dt`` (s)."""


def lengths(what: str, values) -> tuple[float, ...]:
    """``values`` as a tuple of float; `InputError` under the name ``what`` unless they are a row of finite numbers."""
    try:
        row = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        row = np.array(np.nan)
    if row.ndim != 1 or not np.all(np.isfinite(row)):
        raise InputError(what, "finite lengths in metres, one an axis", values, "give a tuple of numbers")
    return tuple(row.tolist())


def checked_box(name: str, center, size) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Center and side lengths of a box as tuples of float; `InputError` unless they fit together."""
    center, sides = lengths(f"{name}: center", center), lengths(f"{name}: size", size)
    if len(sides) != len(center) or min(sides, default=0.0) < 0:
        raise InputError(f"{name}: size", f"{len(center)} lengths, none negative", size, "correct the size")
    return center, sides


def box_bounds(center: tuple[float, ...], size: tuple[float, ...]) -> Bounds:
    """Bounds of a box of the given center and side lengths, m."""
    return tuple((c - s / 2, c + s / 2) for c, s in zip(center, size))


def check_inside(name: str, bounds: Bounds, grid: YeeGrid) -> None:
    """Raise `InputError` unless ``bounds`` has one pair an axis and lies within the domain, to rounding."""
    if len(bounds) != grid.ndim:
        raise InputError(
            name, f"{grid.ndim} coordinates", len(bounds), "give a center and a size with one value an axis"
        )
    for a, (low, high) in enumerate(bounds):
        (start, *_, end), slack = grid.lines(a), 1e-6 * grid.spacing[a]
        if not (start - slack <= low <= high <= end + slack):
            raise InputError(
                f"{name} along {AXES[a]}", f"an extent within the domain, {start:.6g} to {end:.6g} m",
                f"{low:.6g} to {high:.6g} m", "move or shrink it, or enlarge the domain",
            )  # fmt: skip


def check_components(name: str, components: tuple[str, ...], grid: YeeGrid) -> None:
    """Raise `InputError` unless the grid carries every one of ``components``."""
    for c in components:
        if c not in grid.components:
            raise InputError(
                f"{name}: component", f"one of {', '.join(grid.components)} (polarization {grid.polarization})",
                c, "choose a component that the simulation carries",
            )  # fmt: skip


def nearest_node(grid: YeeGrid, axis: int, position: float) -> int:
    """Index of the node nearest to ``position`` (m) along ``axis``."""
    lines = grid.lines(axis)
    return int(np.searchsorted(0.5 * (lines[:-1] + lines[1:]), position, side="right"))


def _fold_ghosts(weights: np.ndarray, valid: slice) -> np.ndarray:
    """Move the weights of ghost slots to the nearest slot that holds a value; slots along the last axis."""
    weights[..., valid.start] += weights[..., : valid.start].sum(-1)
    weights[..., valid.stop - 1] += weights[..., valid.stop :].sum(-1)
    weights[..., : valid.start] = 0
    weights[..., valid.stop :] = 0
    return weights


def interpolation(grid: YeeGrid, component: str, axis: int, positions: np.ndarray) -> np.ndarray:
    """Linear interpolation from the slots of ``component`` along ``axis`` to ``positions``.

    Within half a cell of the domain's edge, where a component has no outer neighbor, its outermost value is taken.

    Parameters
    ----------
    positions : ndarray
        Positions, m, shape ``(n,)``.

    Returns
    -------
    ndarray
        Weights, each row summing to one, shape ``(n, cells[axis] + 2)``.
    """
    x, positions = grid.coordinates(component, axis), np.asarray(positions, dtype=float)
    below = np.clip(np.searchsorted(x, positions, side="right") - 1, 0, len(x) - 2)
    share = np.clip((positions - x[below]) / (x[below + 1] - x[below]), 0.0, 1.0)
    weights, rows = np.zeros((len(positions), len(x))), np.arange(len(positions))
    weights[rows, below], weights[rows, below + 1] = 1.0 - share, share
    return _fold_ghosts(weights, grid.nodes(component, axis))


def spread(grid: YeeGrid, component: str, axis: int, low: float, high: float) -> np.ndarray:
    """Density of a unit current along ``axis`` on the slots of ``component``.

    The transpose of linear interpolation: slot ``s`` takes the share of its hat function that lies between ``low`` and
    ``high`` of a density of one, or ``hat_s(low) / d`` (1/m), with the length ``d`` of the slot, of a unit current
    concentrated at ``low == high``. Both depend continuously on the position of the current. A density that reaches the
    edge of the domain goes on in its image beyond it (periodic or mirrored), so its outermost node carries it in full.

    Returns
    -------
    ndarray
        Weights, shape ``(cells[axis] + 2,)``.
    """
    lengths = grid.lengths(component, axis)
    if high <= low:
        return interpolation(grid, component, axis, np.array([low]))[0] / lengths
    x = grid.coordinates(component, axis)
    left, right = np.diff(x, prepend=2 * x[0] - x[1]), np.diff(x, append=2 * x[-1] - x[-2])

    def share(position):  # of each hat function that lies below a position
        s = position - x
        down, up = np.clip(s / left, -1.0, 0.0), np.clip(s / right, 0.0, 1.0)
        return (left * (0.5 + down + 0.5 * down**2) + right * (up - 0.5 * up**2)) / (0.5 * (left + right))

    valid = grid.nodes(component, axis)
    weights = _fold_ghosts(share(high) - share(low), valid)
    whole = (high - low) / (weights @ lengths)  # on a graded grid the ends' shares are not quite what they stand for
    if OFFSETS[component][axis] == 0:
        slack = 1e-6 * grid.spacing[axis]
        if abs(low - x[valid.start]) < slack:
            weights[valid.start] *= 2
        if abs(high - x[valid.stop - 1]) < slack:
            weights[valid.stop - 1] *= 2
    return weights * whole
