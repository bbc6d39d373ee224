"""The state of a run: fields, absorber memory and the memory of dispersive media."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.grid.yee import YeeGrid
from adjointdesign.solvers.fdtd_maxwell.absorber import layer_cells, slots

_AXES_OF_TERM_3D = (1, 2, 2, 0, 0, 1)  # derivative axis of the terms xy, xz, yz, yx, zx, zy
_AXES_OF_TERM_2D = (0, 1)


@dataclass
class State:
    """Fields and the absorber's memory of both phases, three axes each, and the memory of dispersive media, flat.

    Magnetic fields are scaled by eta0 (V/m).
    """

    fields: tuple[np.ndarray, ...]
    psi_h: tuple[np.ndarray, ...]
    psi_e: tuple[np.ndarray, ...]
    poles: tuple[np.ndarray, ...]

    @classmethod
    def zero(cls, grid: YeeGrid, faces, dtype, poles: tuple[np.ndarray, ...]) -> State:
        """A state at rest; ``poles`` is the memory of dispersive media at rest."""
        thickness = [slots(n, *pair)[1] for n, pair in zip(grid.cells, layer_cells(faces))]

        def memory():
            out = []
            for axis in _AXES_OF_TERM_3D if grid.ndim == 3 else _AXES_OF_TERM_2D:
                shape = list(grid.shape)
                shape[axis] = thickness[axis]
                out.append(np.zeros(grid.as_storage(shape), dtype))
            return tuple(out)

        fields = tuple(np.zeros(grid.as_storage(grid.shape), dtype) for _ in grid.components)
        return cls(fields, memory(), memory(), poles)

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """All arrays, in one order."""
        return self.fields + self.psi_h + self.psi_e + self.poles

    @property
    def nbytes(self) -> int:
        """Size in bytes."""
        return sum(a.nbytes for a in self.arrays)

    def copy(self) -> State:
        """A copy that shares nothing."""
        return State(*(tuple(a.copy() for a in part) for part in (self.fields, self.psi_h, self.psi_e, self.poles)))

    def assign(self, other: State) -> None:
        """Overwrite with the values of ``other``."""
        for mine, theirs in zip(self.arrays, other.arrays):
            mine[...] = theirs
