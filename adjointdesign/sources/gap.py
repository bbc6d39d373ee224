"""The gap between two conductors: the edges of the grid on which lumped ports and elements sit.

A box along one axis, several cells long in series and several edges wide in parallel. The voltage across it is that of
its high end over its low end, ``V = - int E . dl``, the mean over the parallel lines weighted by the dual areas of
their edges. A two-terminal admittance ``Y`` becomes a material of admittivity ``Y l / A`` on every edge, ``l`` being
the length of the gap and ``A`` the sum of the dual areas: a conductor of ``1/R``, a dielectric of ``C``. Slice by slice
it is in series what it should be in all, whatever the sizes of the cells.

M. Piket-May, A. Taflove, J. Baron, IEEE Trans. Microw. Theory Tech. 42, 1514 (1994), section II, for a single edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, OFFSETS, YeeGrid
from adjointdesign.sources.placing import (
    Bounds,
    Medium,
    box_bounds,
    check_components,
    check_inside,
    checked_box,
    nearest_node,
)

METAL_CONDUCTIVITY = 1e4
"""Conductivity from which a medium counts as the metal at the end of a gap, S/m: between graphite and the metals."""

CARRIER_CONDUCTIVITY = 100.0
"""The same for the static conductivity of a dispersive medium, S/m: the surface of a metal has 1 ohm or less per square, on cells up to a centimetre."""


@dataclass(frozen=True, eq=False)
class GapEdges:
    """The edges of a gap.

    Parameters
    ----------
    component : str
        Electric component along the gap.
    indices : ndarray of int
        Flat storage indices, shape ``(series, parallel)``.
    lengths : ndarray
        Length of the edges of each slice, m, shape ``(series,)``.
    areas : ndarray
        Dual area of each line that lies in the domain, m^2 (m in two dimensions), shape ``(parallel,)``.
    share : float
        Part of the gap that lies in the domain.
    """

    component: str
    indices: np.ndarray
    lengths: np.ndarray
    areas: np.ndarray
    share: float

    @property
    def length(self) -> float:
        """Length of the gap, m."""
        return float(self.lengths.sum())

    @property
    def area(self) -> float:
        """Dual area of all parallel lines, those beyond a symmetry plane included, m^2 (m in two dimensions)."""
        return float(self.areas.sum()) / self.share

    @property
    def voltage_weights(self) -> np.ndarray:
        """Weights that make the voltage of the high end over the low end from E, m, shape ``(series, parallel)``."""
        return -np.multiply.outer(self.lengths, self.areas / self.areas.sum())

    def density(self, value: float) -> float:
        """The material property that makes ``value`` in all: S/m for a conductance in S, F/m for a capacitance in F."""
        return value * self.length / self.area


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A box that spans the gap between two conductors.

    Parameters
    ----------
    name : str
        Name of what sits there.
    axis : {"x", "y", "z"}
        Direction from one conductor to the other; the positive terminal is at the high end.
    center : tuple of float
        Center of the box, m, one value an axis.
    size : tuple of float
        Side lengths, m: along ``axis`` the gap, zero across it for a single line of edges. Faces move to the nearest
        nodes.
    share : float, optional
        The part that lies in the domain, when the box touches a face along the gap: 1/2 where a symmetry plane (`Pmc`)
        cuts the gap in half, 1/4 where two do, 1 where only what lies in the domain is meant. Values, voltages,
        currents and powers are those of the whole. On a periodic axis a gap lies inside or spans all of it (share 1).
    designed_metal : bool
        The metal at the ends comes from the design, so it is not looked for in the medium.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    axis: str
    center: tuple[float, ...]
    size: tuple[float, ...]
    share: float | None = None
    designed_metal: bool = False

    kind = "gap"
    """What messages call it."""

    def __post_init__(self):
        for name, values in zip(("center", "size"), checked_box(self.title, self.center, self.size)):
            object.__setattr__(self, name, values)
        axes = AXES[: len(self.center)]
        if not isinstance(self.axis, str) or len(self.axis) != 1 or self.axis not in axes:
            raise InputError(f"{self.title}: axis", f"one of {', '.join(axes)}", self.axis, "name the axis of the gap")
        if self.share is not None and not 0 < self.share <= 1:
            raise InputError(f"{self.title}: share", "a number above 0, at most 1", self.share, "1/2 for one symmetry plane")

    @property
    def title(self) -> str:
        """Kind and name, for messages."""
        return f"{self.kind} '{self.name}'"

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return box_bounds(self.center, self.size)

    def edges(self, medium: Medium) -> GapEdges:
        """The edges on the grid of ``medium``.

        Raises
        ------
        InputError
            When the box leaves the domain, spans no cell, runs through metal, ends where no metal is, or touches a face
            of the domain sideways with no ``share`` given (on all but symmetry planes it would be shorted there).
        """
        grid, a = medium.grid, AXES.index(self.axis)
        component = "e" + self.axis
        check_inside(self.title, self.bounds, grid)
        check_components(self.title, (component,), grid)
        low, high = ([nearest_node(grid, b, pair[end]) for b, pair in enumerate(self.bounds)] for end in (0, 1))
        if high[a] == low[a]:
            raise InputError(
                f"{self.title}: size along {self.axis}", "a gap of at least one cell", f"{self.size[a]:.4g} m",
                "lengthen the gap or refine the grid there",
            )  # fmt: skip
        # Edges lie between nodes along the axis, and on nodes, ends included, across it; slot = index + 1.
        slots = [np.arange(p + 1, q + (1 if b == a else 2)) for b, (p, q) in enumerate(zip(low, high))]
        self._check_faces(grid, a, low, high)
        self._check_metal(medium, component, a, slots)
        areas = np.array(1.0)
        for b in range(grid.ndim):
            if b != a:
                width = np.array(grid.lengths(component, b)[slots[b]])
                for face in (1, grid.cells[b] + 1):  # half of it lies beyond
                    width[slots[b] == face] *= 0.5
                areas = np.multiply.outer(areas, width)
        indices = np.moveaxis(grid.flat_index(*np.ix_(*slots)), a, 0).reshape(len(slots[a]), -1)
        return GapEdges(component, indices, grid.lengths(component, a)[slots[a]], areas.ravel(), self.share or 1.0)

    def _check_faces(self, grid: YeeGrid, a: int, low, high) -> None:
        touched = [b for b in range(grid.ndim) if b != a and (low[b] == 0 or high[b] == grid.cells[b])]
        if touched and self.share is None:
            b = touched[0]
            raise InputError(
                f"{self.title} along {AXES[b]}", "a box away from the faces of the domain, or share",
                f"{self.bounds[b][0]:.4g} to {self.bounds[b][1]:.4g} m",
                "move it inward, or give share (1/2 where a symmetry plane cuts it)",
            )  # fmt: skip
        if self.share is not None and self.share < 0.5 ** len(touched):
            raise InputError(
                f"{self.title}: share", f"at least {0.5 ** len(touched):g} for a box that touches faces of the domain along "
                f"{len(touched)} axes across {self.axis}", self.share, "leave it out where no symmetry plane cuts the box",
            )  # fmt: skip

    def _check_metal(self, medium: Medium, component: str, a: int, slots: list[np.ndarray]) -> None:
        masks = medium.conductor
        own = np.asarray(masks[component])[np.ix_(*slots)] if component in masks else np.zeros(1, bool)
        if own.any():
            part = "wholly" if own.all() else f"at {np.count_nonzero(own)} of its {own.size} edges"
            raise InputError(self.title, "a gap free of metal", f"one {part} in a conductor", "shrink or move the box")
        if self.designed_metal:
            return
        for node, end in ((slots[a][0], "low"), (slots[a][-1] + 1, "high")):
            if node in (1, medium.grid.cells[a] + 1):
                continue  # the wall of the domain
            at = [s if b != a else np.array([node]) for b, s in enumerate(slots)]
            touched = touches_metal(medium, at)
            if not touched.all():
                raise InputError(
                    self.title, f"metal at the {end} end of the gap along {self.axis}",
                    f"none at {np.count_nonzero(~touched)} of its {touched.size} lines",
                    "let the box reach from conductor to conductor, or say designed_metal=True if the design makes the metal",
                )  # fmt: skip


def touches_metal(medium: Medium, slots: list[np.ndarray]) -> np.ndarray:
    """Whether an edge that meets at a node is metal, over the product of node slots, one array an axis."""
    grid = medium.grid
    found = np.zeros([len(s) for s in slots], bool)
    for component in grid.electric:
        along = [b for b in range(grid.ndim) if OFFSETS[component][b]]
        for step in (-1, 0) if along else ():  # the edges before and behind the node; none along z in two dimensions
            at = [s + (step if b in along else 0) for b, s in enumerate(slots)]
            inside = [(s >= r.start) & (s < r.stop) for s, r in zip(at, grid.interior(component))]
            metal = np.zeros(found.shape, bool)
            if component in medium.conductor:
                metal |= np.asarray(medium.conductor[component])[np.ix_(*at)]
            if component in medium.conductivity:
                metal |= np.asarray(medium.conductivity[component])[np.ix_(*at)] >= METAL_CONDUCTIVITY
            for part in medium.dispersive.values():
                if component in part.strength:
                    metal |= np.asarray(part.strength[component])[np.ix_(*at)] * part.material.conductivity >= CARRIER_CONDUCTIVITY
            found |= metal & reduce(np.logical_and.outer, inside)
    return found
