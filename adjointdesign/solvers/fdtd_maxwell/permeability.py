"""Relative permeability on faces of the grid: which ones, what of it is designed, and the constants of their updates."""

from __future__ import annotations

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, OFFSETS
from adjointdesign.solvers.fdtd_maxwell.absorber import layer_cells
from adjointdesign.solvers.fdtd_maxwell.doors import place_weights
from adjointdesign.solvers.fdtd_maxwell.faces import Faces
from adjointdesign.solvers.fdtd_maxwell.gates import places
from adjointdesign.solvers.fdtd_maxwell.medium import Box, Medium


class Permeability:
    """Faces that have, or may be given, a permeability other than one.

    Parameters
    ----------
    medium : Medium
        Its ``permeability`` is the background.
    faces : tuple of pairs of Face
        Boundary conditions.
    box : Box or None
        Magnetic components that are designed, and where.
    dt : float
        Time step, s.
    dtype : numpy dtype
        Precision of the fields.
    names : str
        Of the axes, for words to the user.

    Raises
    ------
    InputError
        When such a face lies in an absorbing layer.
    """

    def __init__(self, medium: Medium, faces, box: Box | None, dt: float, dtype, names: str = AXES):
        self.grid, self.box, self.dtype = medium.grid, box or Box({}), np.dtype(dtype)
        self._parts, designed, others = {}, [], []
        for number, c in enumerate(self.grid.components):
            if c in self.box.slices:
                slots = np.ix_(*(np.arange(s.start, s.stop) for s in self.box.slices[c]))
                index = self.grid.flat_index(*slots).ravel()
                first = sum(len(i) for _, i in designed)
                self._parts[c] = slice(first, first + len(index))
                designed.append((number, index))
            if c in medium.permeability:
                whole = np.asarray(medium.permeability[c], float).ravel()
                inside = np.zeros(self.grid.shape, bool)
                inside[self.grid.interior(c)] = True
                index = np.flatnonzero((whole != 1) & inside.ravel())
                others.append((number, np.setdiff1d(index, designed[-1][1] if c in self.box.slices else [])))
        listed = [*designed, *others]
        self.component = np.concatenate([np.zeros(0, np.int64), *(np.full(len(i), n) for n, i in listed)])
        self.index = np.concatenate([np.zeros(0, np.int64), *(i for _, i in listed)]).astype(np.int64)
        self.count = sum(len(i) for _, i in designed)
        self._refuse_layers(faces, names)
        self._around(dt)
        self.background = np.ones(len(self.index))
        for number, c in enumerate(self.grid.components):
            if c in medium.permeability:
                own = self.component == number
                self.background[own] = medium.permeability[c][np.unravel_index(self.index[own], self.grid.shape)]
        self.weights = {c: place_weights(self.grid, faces, c, self.index[part]) for c, part in self._parts.items()}
        row = places(self.index, self.grid.as_storage(self.grid.shape))
        self._order, self._starts = row.order, row.starts

    def _refuse_layers(self, faces, names: str) -> None:
        layers = layer_cells(faces)
        for axis, slot in enumerate(np.unravel_index(self.index, self.grid.shape)):
            half = np.array([OFFSETS[self.grid.components[n]][axis] > 0 for n in self.component], dtype=bool)
            low, high = layers[axis]
            # In the middle of a cell slot s lies in cell s - 1; on a node, on the border of the cells s - 2 and s - 1.
            if np.any(slot - 1 < low) and low or np.any(slot - 1 + half > self.grid.cells[axis] - high) and high:
                raise InputError(
                    f"permeability along {names[axis]}", f"one everywhere in the absorbing layers of {low} and {high} cells",
                    "another value there", "end the body before the layer, or enlarge the domain",
                )  # fmt: skip

    def _around(self, dt: float) -> None:
        """The four electric values of each face's curl (two in a plane problem), with their weights."""
        slots = np.array(np.unravel_index(self.index, self.grid.shape)).reshape(self.grid.ndim, -1)
        n = len(self.index)
        around = np.zeros((n, 4), np.int64)
        self.around_component = np.zeros((n, 4), np.int64)
        self.curl_weights = np.zeros((n, 4), self.dtype)
        for number in np.unique(self.component):
            here, c = self.component == number, self.grid.components[number]
            a = AXES.index(c[1])
            for pair, (along, across, sign) in enumerate((((a + 1) % 3, (a + 2) % 3, 1), ((a + 2) % 3, (a + 1) % 3, -1))):
                name = "e" + AXES[across]
                if along >= self.grid.ndim or name not in self.grid.components:
                    continue
                ratio = C0 * dt / self.grid.lengths(c, along)[slots[along, here]]
                for end in (0, 1):
                    place = slots[:, here].copy()
                    place[along] += end
                    column = 2 * pair + end
                    around[here, column] = np.ravel_multi_index(tuple(place), self.grid.shape)
                    self.around_component[here, column] = self.grid.components.index(name)
                    self.curl_weights[here, column] = sign * (1 if end else -1) * ratio
        storage = self.grid.as_storage(self.grid.shape)
        self.slots, self.around = (np.stack(np.unravel_index(flat, storage), axis=-1) for flat in (self.index, around))

    def faces(self, values: dict) -> Faces:
        """Constants of the compiled sweeps, with the designed values by component (missing ones keep the background)."""
        permeability = self.background.copy()
        for c, part in values.items():
            permeability[self._parts[c]] = np.asarray(part, float).ravel()
        return Faces(
            self.component, self.index, self.slots, (1 / permeability - 1).astype(self.dtype), self.around_component, self.around,
            self.curl_weights, self._order, self._starts,
        )  # fmt: skip

    def variation(self, values: dict) -> np.ndarray:
        """Change of the permeability of every designed face."""
        change = np.zeros(self.count, self.dtype)
        for c, part in values.items():
            change[self._parts[c]] = np.asarray(part).ravel()
        return change

    def gradient(self, component: str, total: np.ndarray) -> np.ndarray:
        """``dJ/d mu`` of a component over the box from the sums of `faces.accumulate_faces`."""
        return (self.weights[component] * total[self._parts[component]]).reshape(self.box.shape(component))
