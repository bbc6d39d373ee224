"""Which axis lies along the rows of storage: the grid that compiled sweeps see is the user's, turned so that rows are long.

Sweeps go row by row along the last axis of storage, and a row of few cells costs as much for its beginning and end as for what is
between. A turn takes x, y, z to one another in a circle, ``x -> y -> z -> x`` or the other way, with the components of both fields.
It keeps the orientation, and with it every curl: compiled code need not know.

Two frames, then. *The user's* is that of grid, medium, sources, monitors, inputs, readings and all words; what is *turned* is the
storage of fields and whatever meets it in compiled code, and comes from `Turned`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.solvers.fdtd_maxwell.medium import Box, Dispersive, Medium

_LONGER = 1.5
"""How many times as many cells as z an axis has that takes its place along the rows.

Measured, one thread, a step of 63 x 31 x 13 cells with absorbing layers: 1.7 times the cells a second with rows of 63, 1.2 to 1.6
times with rows of 31; which of the other two axes comes first makes a difference of a quarter at most.
"""


def axis_of_rows(cells: tuple[int, ...]) -> int:
    """The axis that should lie along rows: the last, or the longest one if that is much longer."""
    longest = int(np.argmax(cells))
    return longest if cells[longest] >= _LONGER * cells[-1] else len(cells) - 1


@dataclass(frozen=True)
class Rotation:
    """The user's axes in the order of storage: ``axes[s]`` is the user's axis number of storage axis ``s``.

    In two dimensions, and where no axis is much longer than z, nothing is turned: whatever is given comes back as it is.
    """

    axes: tuple[int, ...]

    @classmethod
    def of(cls, grid: YeeGrid) -> Rotation:
        """The rotation that suits a grid."""
        if grid.ndim == 2:
            return cls((0, 1))
        last = axis_of_rows(grid.cells)
        return cls(((last + 1) % 3, (last + 2) % 3, last))

    @cached_property
    def names(self) -> str:
        """Names of the user's axes in the order of storage."""
        return "".join(AXES[a] for a in self.axes)

    def component(self, component: str) -> str:
        """What a component of the user's is called in the turned frame."""
        axis = AXES.index(component[1])
        return component[0] + AXES[self.axes.index(axis)] if axis in self.axes else component

    def original(self, component: str) -> str:
        """What a turned component is called by the user."""
        axis = AXES.index(component[1])
        return component[0] + AXES[self.axes[axis]] if axis < len(self.axes) else component

    def along(self, values) -> tuple:
        """One value an axis, in the order of storage."""
        return tuple(values[a] for a in self.axes)

    def array(self, values) -> np.ndarray:
        """An array over the user's axes, seen in the turned frame (a view)."""
        return np.asarray(values).transpose(self.axes)

    def restored(self, values: np.ndarray) -> np.ndarray:
        """An array over the turned axes, as the user knows it, in C order."""
        return np.ascontiguousarray(values.transpose(np.argsort(self.axes)))

    def arrays(self, values: dict) -> dict:
        """Arrays by component."""
        return {self.component(c): self.array(v) for c, v in values.items()}

    def flat(self, indices: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Flat indices into storage of the user's ``shape`` as flat indices into turned storage."""
        return np.ravel_multi_index(self.along(np.unravel_index(indices, shape)), self.along(shape))

    def grid(self, grid: YeeGrid) -> YeeGrid:
        """The grid with its axes turned."""
        lines = None if grid.graded_lines is None else self.along(grid.graded_lines)
        return YeeGrid(*map(self.along, (grid.cells, grid.spacing, grid.origin)), grid.polarization, lines)

    def medium(self, medium: Medium) -> Medium:
        """The medium on the turned grid; its arrays are views."""
        dispersive = {name: Dispersive(part.material, self.arrays(part.strength)) for name, part in medium.dispersive.items()}
        parts = (medium.permittivity, medium.conductivity, medium.conductor, medium.permeability)
        return Medium(self.grid(medium.grid), *map(self.arrays, parts), dispersive)

    def box(self, box: Box) -> Box:
        """The same part of the turned grid."""
        return Box({self.component(c): self.along(slices) for c, slices in box.slices.items()})


class Turned(NamedTuple):
    """What a run is made of, in the turned frame."""

    medium: Medium
    faces: tuple
    box: Box
    magnetic_box: Box

    @property
    def grid(self) -> YeeGrid:
        """The turned grid."""
        return self.medium.grid

    @classmethod
    def of(cls, rotation: Rotation, medium: Medium, faces: tuple, box: Box, magnetic_box: Box) -> Turned:
        """Turned from the user's; the same objects where nothing turns."""
        if rotation.axes == tuple(range(medium.grid.ndim)):
            return cls(medium, faces, box, magnetic_box)
        return cls(rotation.medium(medium), rotation.along(faces), rotation.box(box), rotation.box(magnetic_box))
