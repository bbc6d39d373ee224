"""Prescribed currents: point dipoles, lines, sheets and blocks of uniform density."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from adjointdesign.sources.placing import (
    Bounds,
    Injection,
    Medium,
    box_bounds,
    check_components,
    check_inside,
    checked_box,
    lengths,
    spread,
)
from adjointdesign.sources.waveforms import Waveform


@dataclass(frozen=True)
class UniformCurrent:
    """A current of uniform density over a point, line, plane or block.

    A zero side length concentrates the current there, so the unit of a unit amplitude follows from the shape. In three
    dimensions a point carries 1 A m, a line 1 A, a sheet 1 A/m and a block 1 A/m^2; in two dimensions, where
    everything extends along z without end, a point carries 1 A (for ``ez``, a line current), a line 1 A/m, a
    rectangle 1 A/m^2. For a magnetic component read V for A. The current is spread over the component's own
    points by linear interpolation: its moment is exact and moves continuously with ``center``.

    Parameters
    ----------
    name : str
        Name of the source.
    center : tuple of float
        Center, m, one value an axis.
    component : str
        ``"ex"`` to ``"ez"`` for an electric, ``"hx"`` to ``"hz"`` for a magnetic current.
    waveform : Waveform
        Time dependence.
    size : tuple of float, optional
        Side lengths, m, one an axis; zero everywhere (a dipole) when left out.
    """

    name: str
    center: tuple[float, ...]
    component: str
    waveform: Waveform
    size: tuple[float, ...] | None = None

    def __post_init__(self):
        what = f"source '{self.name}'"
        center = lengths(f"{what}: center", self.center)
        size = (0.0,) * len(center) if self.size is None else self.size
        for name, values in zip(("center", "size"), checked_box(what, center, size)):
            object.__setattr__(self, name, values)

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return box_bounds(self.center, self.size)

    def place(self, medium: Medium, dt: float) -> list[Injection]:
        """Put the current on the grid.

        Raises
        ------
        InputError
            When the current leaves the domain or the grid does not carry the component.
        """
        grid = medium.grid
        check_inside(f"source '{self.name}'", self.bounds, grid)
        check_components(f"source '{self.name}'", (self.component,), grid)
        rows = [spread(grid, self.component, a, *self.bounds[a]) for a in range(grid.ndim)]
        slots = [np.flatnonzero(row) for row in rows]
        density = reduce(np.multiply.outer, [row[s] for row, s in zip(rows, slots)])
        indices = grid.flat_index(*np.ix_(*slots))
        return [Injection(self.component, indices.ravel(), density.ravel().astype(complex))]


def point_dipole(name: str, center: tuple[float, ...], component: str, waveform: Waveform) -> UniformCurrent:
    """Dipole of unit current moment: 1 A m (1 V m when magnetic) in three dimensions, 1 A (1 V) in two."""
    return UniformCurrent(name, center, component, waveform)
