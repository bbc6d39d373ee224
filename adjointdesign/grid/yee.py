"""The Yee grid: where each field component lives, and where it is stored.

K. S. Yee, IEEE Trans. Antennas Propag. 14, 302 (1966). Component ``c`` of cell ``(i, j, k)`` lives at
``origin + (i + ox, j + oy, k + oz) * spacing`` with the offsets of `OFFSETS`; where cells differ in size (a graded grid), at
the node or in the middle of the cell that these offsets name.

Every component is stored in an array of the same shape, ``cells + 2`` along each axis: slot ``s = i + 1`` holds index
``i``. Slot 0 and slot ``n + 1`` of a half-integer (offset one half) axis are ghosts that carry the boundary condition; an
integer axis uses slots 1 to ``n + 1`` for its ``n + 1`` nodes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.memory import require_memory

AXES = "xyz"
OFFSETS = {
    "ex": (0.5, 0.0, 0.0),
    "ey": (0.0, 0.5, 0.0),
    "ez": (0.0, 0.0, 0.5),
    "hx": (0.0, 0.5, 0.5),
    "hy": (0.5, 0.0, 0.5),
    "hz": (0.5, 0.5, 0.0),
}
NODES, MIDDLES = ("ey", "ez", "ex"), ("ex", "ey", "ez")
"""Of each axis a component that lives on its nodes, and one that lives in the middle of its cells."""
COMPONENTS = {
    "ez": ("ez", "hx", "hy"),
    "hz": ("ex", "ey", "hz"),
    "3d": ("ex", "ey", "ez", "hx", "hy", "hz"),
}


@dataclass(frozen=True)
class YeeGrid:
    """A rectilinear Yee grid in two or three dimensions: uniform, or made by `graded`.

    Parameters
    ----------
    cells : tuple of int
        Number of cells along each axis, length 2 or 3.
    spacing : tuple of float
        Cell size along each axis, m; of a graded grid the smallest, which serves for tolerances and not as a measure.
    origin : tuple of float
        Position of node ``(0, 0[, 0])``, m.
    polarization : {"ez", "hz", "3d"}
        The field components that are carried. In two dimensions everything is uniform along z.

    Raises
    ------
    InputError
        When a count is below one, a spacing is not positive, lengths disagree, or the memory available cannot hold
        a medium, coefficients, and fields of a run and its adjoint on so many cells, even in single precision.
    """

    cells: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    polarization: str = "3d"
    graded_lines: tuple[tuple[float, ...], ...] | None = field(default=None, repr=False)

    @classmethod
    def graded(cls, lines, polarization: str = "3d") -> YeeGrid:
        """A grid with cells of any size along each axis.

        The scheme stays of second order where sizes change smoothly (P. Monk and E. Suli, SIAM J. Numer. Anal. 31, 393 (1994),
        have it so on any rectilinear grid).

        Parameters
        ----------
        lines : sequence of array_like
            Ascending positions of the nodes along each axis, m.
        polarization : {"ez", "hz", "3d"}
            As of `YeeGrid`.

        Raises
        ------
        InputError
            When positions are not finite or do not ascend, and as `YeeGrid`.
        """
        rows = []
        for axis, positions in enumerate(lines):
            row = np.asarray(positions, dtype=float)
            if row.ndim != 1 or row.size < 2 or not np.all(np.isfinite(row)) or not np.all(np.diff(row) > 0):
                raise InputError(f"lines along {AXES[axis]}", "at least two ascending positions in metres", positions, "sort them and leave out doubles")
            rows.append(tuple(row.tolist()))
        cells, spacing = tuple(len(r) - 1 for r in rows), tuple(float(np.diff(r).min()) for r in rows)
        return cls(cells, spacing, tuple(r[0] for r in rows), polarization, tuple(rows))

    def __post_init__(self):
        if self.polarization not in COMPONENTS:
            raise InputError("polarization", f"one of {', '.join(COMPONENTS)}", self.polarization, "choose one of these")
        ndim = 3 if self.polarization == "3d" else 2
        for name in ("cells", "spacing", "origin"):
            if len(getattr(self, name)) != ndim:
                raise InputError(name, f"{ndim} values for polarization {self.polarization}", getattr(self, name), "give one value an axis")
        if not all(isinstance(n, (int, np.integer)) and n >= 1 for n in self.cells):
            raise InputError("cells", "whole numbers of at least 1", self.cells, "enlarge the domain or refine the spacing")
        if not all(0 < d < np.inf for d in self.spacing):
            raise InputError("spacing", "positive lengths in metres", self.spacing, "correct the spacing")
        if not np.all(np.isfinite(self.origin)):
            raise InputError("origin", "finite positions in metres", self.origin, "correct the origin")
        # Everything that is large is made on a grid, so here a size that cannot work is met before any of it: for an
        # electric component a permittivity in double precision and two coefficients in single, and two sets of fields.
        values = math.prod(int(n) + 2 for n in self.cells)
        require_memory(
            f"grid of {' x '.join(str(n) for n in self.cells)} cells",
            values * (16 * len(self.electric) + 8 * len(self.components)),
            "medium, coefficients and fields of a run and its adjoint", "coarsen the spacing or shrink the domain",
        )  # fmt: skip

    @property
    def ndim(self) -> int:
        """Number of space dimensions, 2 or 3."""
        return len(self.cells)

    @property
    def components(self) -> tuple[str, ...]:
        """Names of the field components carried, electric ones first."""
        return COMPONENTS[self.polarization]

    @property
    def electric(self) -> tuple[str, ...]:
        """Names of the electric components carried."""
        return tuple(c for c in self.components if c[0] == "e")

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of the storage of each component, ``cells + 2``."""
        return tuple(n + 2 for n in self.cells)

    @cached_property
    def storage_axes(self) -> tuple[int, ...]:
        """Axes of the three-dimensional storage of compiled code: (0, 1, 2), or (0, 2) with a middle axis of length one."""
        return (0, 1, 2) if self.ndim == 3 else (0, 2)

    def as_storage(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """A shape along the grid's axes, as one of three axes."""
        return tuple(shape) if self.ndim == 3 else (shape[0], 1, shape[1])

    @property
    def extent(self) -> tuple[float, ...]:
        """Side lengths of the domain, m."""
        if self.graded_lines is not None:
            return tuple(row[-1] - row[0] for row in self.graded_lines)
        return tuple(n * d for n, d in zip(self.cells, self.spacing))

    def nodes(self, component: str, axis: int) -> slice:
        """Storage slots along ``axis`` that hold values of ``component`` (ghosts left out)."""
        return slice(1, self.cells[axis] + (2 if OFFSETS[component][axis] == 0 else 1))

    def interior(self, component: str) -> tuple[slice, ...]:
        """`nodes` along every axis: the part of the storage that holds values of ``component``."""
        return tuple(self.nodes(component, a) for a in range(self.ndim))

    def lines(self, axis: int) -> np.ndarray:
        """Positions of the nodes along ``axis``, m; shape ``(cells[axis] + 1,)``."""
        return self._extended_lines(axis)[2:-2]

    def _extended_lines(self, axis: int) -> np.ndarray:
        """Nodes -2 to ``cells + 2``: beyond the domain the outermost cell is repeated, as a mirror would."""
        if self.graded_lines is None:
            return self.origin[axis] + np.arange(-2, self.cells[axis] + 3) * self.spacing[axis]
        row = np.array(self.graded_lines[axis])
        first, last = row[1] - row[0], row[-1] - row[-2]
        return np.r_[row[0] - 2 * first, row[0] - first, row, row[-1] + last, row[-1] + 2 * last]

    def coordinates(self, component: str, axis: int) -> np.ndarray:
        """Positions along ``axis`` of every storage slot of ``component``, m; shape ``(cells[axis] + 2,)``."""
        if self.graded_lines is None:
            slots = np.arange(self.cells[axis] + 2) - 1
            return self.origin[axis] + (slots + OFFSETS[component][axis]) * self.spacing[axis]
        lines = self._extended_lines(axis)
        return lines[1:-2] if OFFSETS[component][axis] == 0 else 0.5 * (lines[1:-2] + lines[2:-1])

    def borders(self, component: str, axis: int) -> np.ndarray:
        """Borders along ``axis`` between what storage slots of ``component`` stand for, m; shape ``(cells[axis] + 3,)``.

        A value in the middle of a cell stands for the cell; one on a node, for half of both cells that meet there.
        """
        lines = self._extended_lines(axis)
        return 0.5 * (lines[:-2] + lines[1:-1]) if OFFSETS[component][axis] == 0 else lines[1:-1]

    def lengths(self, component: str, axis: int) -> np.ndarray:
        """Length along ``axis`` that every storage slot of ``component`` stands for, m; shape ``(cells[axis] + 2,)``.

        On the outermost nodes it is a whole one: half of it belongs to the image or repetition beyond.
        """
        if self.graded_lines is None:
            return np.full(self.cells[axis] + 2, self.spacing[axis])
        return np.diff(self.borders(component, axis))

    def flat_index(self, *slots: np.ndarray) -> np.ndarray:
        """Flat (C order) storage index of the given slots, one integer array an axis, broadcast together."""
        return np.ravel_multi_index(np.broadcast_arrays(*slots), self.shape)
