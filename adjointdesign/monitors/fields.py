"""Reading field components on a point, line, plane or box."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy import sparse

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors.placement import LinearPlacement, check_frequencies
from adjointdesign.sources.placing import (
    Bounds,
    Medium,
    box_bounds,
    check_components,
    check_inside,
    checked_box,
    interpolation,
    nearest_node,
)


@dataclass(frozen=True, eq=False)
class FieldMonitor:
    """Field components over a box, as running transforms or as time series.

    The reading has shape ``(n_frequencies, n_components, nx, ny[, nz])``, complex, or
    ``(n_steps, n_components, nx, ny[, nz])``, real: E in V/m and H in A/m, times seconds in a transform. Division
    by ``waveform.spectrum`` gives the phasor per unit amplitude of the source.

    Along an axis where the box has a size, points are the nodes of the grid from the one nearest to its lower face to
    the one nearest to its upper face; along an axis of zero size there is one point, exactly where it was asked for.
    Components are brought to those points by linear interpolation (second order), except in the outer half cell of the
    domain, where the outermost value stands. ``E`` and ``H`` remain half a time step apart, each transformed at its own
    instants; row ``n`` of a time series holds what step ``n`` computed, ``H((n + 1/2) dt)`` and ``E((n + 1) dt)``.

    Parameters
    ----------
    name : str
        Name of the monitor.
    center : tuple of float
        Center of the box, m.
    size : tuple of float
        Side lengths, m, zero where the box is flat.
    components : tuple of str
        Components to read.
    frequencies : array_like of float, optional
        Frequencies, Hz; a time series when left out.
    colocate : bool, optional
        Interpolate to the common points. With False, the one component asked for is read at its own positions within
        the box (the nearest ones along axes of zero size), without interpolation.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    center: tuple[float, ...]
    size: tuple[float, ...]
    components: tuple[str, ...]
    frequencies: np.ndarray | None = None
    colocate: bool = True

    def __post_init__(self):
        what = f"monitor '{self.name}'"
        if isinstance(self.components, str):
            object.__setattr__(self, "components", (self.components,))
        if self.frequencies is not None:
            object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))
        for name, values in zip(("center", "size"), checked_box(what, self.center, self.size)):
            object.__setattr__(self, name, values)
        if not self.components or len(set(self.components)) != len(self.components):
            raise InputError(f"{what}: components", "at least one, none twice", self.components, "name them once each")
        if not self.colocate and len(self.components) > 1:
            raise InputError(
                f"{what}: components", "one only when colocate is False", self.components, "use one monitor a component"
            )

    @property
    def bounds(self) -> Bounds:
        """Extent along each axis, m."""
        return box_bounds(self.center, self.size)

    def place(self, medium: Medium, dt: float) -> LinearPlacement:
        """Put the monitor on the grid.

        Raises
        ------
        InputError
            When the box leaves the domain or the grid does not carry a component.
        """
        grid = medium.grid
        check_inside(f"monitor '{self.name}'", self.bounds, grid)
        check_components(f"monitor '{self.name}'", self.components, grid)
        points = tuple(self._points(grid, a) for a in range(grid.ndim))
        indices, maps = {}, {}
        for row, c in enumerate(self.components):
            weights = [interpolation(grid, c, a, points[a]) for a in range(grid.ndim)]
            slots = [np.flatnonzero(w.any(axis=0)) for w in weights]
            indices[c] = grid.flat_index(*np.ix_(*slots)).ravel()
            matrix = reduce(sparse.kron, (sparse.csr_array(w[:, s]) for w, s in zip(weights, slots)))
            place = sparse.csr_array(([1.0], ([row], [0])), shape=(len(self.components), 1))
            maps[c] = sparse.csr_array(sparse.kron(place, matrix))
        rows = -1 if self.frequencies is None else len(self.frequencies)
        shape = (rows, len(self.components), *(len(p) for p in points))
        return LinearPlacement(indices, shape, maps, points)

    def _points(self, grid: YeeGrid, axis: int) -> np.ndarray:
        """Positions along ``axis`` of the points of the reading, m."""
        low, high = self.bounds[axis]
        if not self.colocate:
            own = grid.coordinates(self.components[0], axis)[grid.nodes(self.components[0], axis)]
            slack = 1e-6 * grid.spacing[axis]
            within = own[(own >= low - slack) & (own <= high + slack)]
            return within if high > low and within.size else own[[np.argmin(np.abs(own - self.center[axis]))]]
        if high == low:
            return np.array([low])
        nodes = np.arange(nearest_node(grid, axis, low), nearest_node(grid, axis, high) + 1)
        return grid.lines(axis)[nodes]
