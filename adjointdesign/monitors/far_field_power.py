"""The power that leaves a closed box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from adjointdesign.monitors.far_field_box import BoxMonitor, place_box
from adjointdesign.monitors.placement import LinearPlacement
from adjointdesign.sources.placing import Medium


@dataclass(frozen=True, eq=False)
class RadiatedPowerMonitor(BoxMonitor):
    """Tangential fields on a closed box, from which `adjointdesign.monitors.power` makes the power out of it.

    The reading has shape ``(n_frequencies, 2, n_points)`` and means what that of `FluxMonitor` does, for all faces
    together, with outward normals. It samples two thirds of the points that six of these would, those of a
    `FarFieldMonitor` on the same box, and agrees with them to rounding where the faces are in a medium without loss.

    Parameters
    ----------
    name : str
        Name of the monitor.
    center : tuple of float
        Center of the box, m.
    size : tuple of float
        Side lengths, m; faces move to the nearest nodes.
    frequencies : array_like of float
        Frequencies, Hz.
    ground : dict of str to str, optional
        As for `FarFieldMonitor`. The power is that through the faces that are there: over a ground plane all that is
        radiated, with a symmetry plane half of it.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    name: str
    center: tuple[float, ...]
    size: tuple[float, ...]
    frequencies: np.ndarray
    ground: dict[str, str] | None = None

    def place(self, medium: Medium, dt: float) -> LinearPlacement:
        """Put the monitor on the grid.

        Raises
        ------
        InputError
            As `FarFieldMonitor.place`.
        """
        box = place_box(f"monitor '{self.name}'", self.bounds, self.ground, medium)
        total = sum(patch.areas.size for patch in box.patches)
        entries = {c: ([], [], []) for c in box.indices}  # weights, rows of the reading, columns of the samples
        start = 0
        for patch, (at_e, at_h) in zip(box.patches, box.columns):
            count = patch.areas.size
            for c, row, columns, weights in (
                (patch.e, start, at_e, np.ones(count)),
                (patch.h, total + start, at_h, patch.outward * patch.areas.ravel()),
            ):
                for part, values in zip(entries[c], (weights, row + np.arange(count), columns)):
                    part.append(values)
            start += count
        maps = {}
        for c, parts in entries.items():
            weights, rows, columns = map(np.concatenate, parts)
            maps[c] = sparse.csr_array((weights, (rows, columns)), shape=(2 * total, box.indices[c].size))
        return LinearPlacement(box.indices, (len(self.frequencies), 2, total), maps)
