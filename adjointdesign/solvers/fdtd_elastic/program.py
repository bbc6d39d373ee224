"""Everything of the elastic scheme that does not change between runs: grid, time step, layers, patch, and how inputs enter."""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.solvers.fdtd_elastic import interpolant
from adjointdesign.solvers.fdtd_elastic.grid import FreeSurface, StaggeredGrid, faces_of, layer_cells
from adjointdesign.solvers.fdtd_elastic.kernels import CLOSED, PAD, Change, Patch, Points, Scheme
from adjointdesign.solvers.fdtd_elastic.medium import NAMES, check_property, check_solid, effective
from adjointdesign.solvers.fdtd_elastic.surface import INNER, OUTER, largest_difference, norms, surface_rows

_REACH = 6
"""Columns that a row of differences at the surface reads."""


class Door:
    """Points at which velocities are read or forces act: indices, and weights of all derivatives."""

    def __init__(self, program: Program, name: str, positions: np.ndarray):
        grid, free = program.grid, program.free
        for axis in range(2):
            nodes, (low, high) = grid.nodes(axis), program.layers[axis]
            first, last = nodes[low], nodes[len(nodes) - 1 - high]
            slack = 0.5 * grid.spacing[axis]  # so that a derivative at the surface itself can be probed
            outside = (positions[:, axis] < first - slack) | (positions[:, axis] > last + slack)
            if np.any(outside):
                raise InputError(
                    name, f"positions between the absorbing layers, {'xz'[axis]} from {first:.6g} to {last:.6g} m",
                    f"{positions[outside][0, axis]:.6g} m", "move the point or enlarge the grid",
                )  # fmt: skip
        self.index, weights, rows = interpolant.place(grid, positions, free)
        self._rows = self.index[:, :, 0] // (grid.shape[1] + 2 * PAD)
        scale = np.stack([1 / program.norms[c][rows[:, c]] for c in range(2)], axis=1)
        self._sampled, self._injected = weights.astype(program.dtype), (weights * scale[:, :, None]).astype(program.dtype)

    def sampled(self, jets: int) -> Points:
        """The points to sample, with the first derivatives."""
        return Points(self.index, self._rows, np.ascontiguousarray(self._sampled[:, :, :jets]))

    def injected(self, jets: int) -> Points:
        """The points to inject at: transposed in the norm of the grid."""
        return Points(self.index, self._rows, np.ascontiguousarray(self._injected[:, :, :jets]))


class Program:
    """See `FdtdElastic`, whose arguments these are."""

    def __init__(self, grid: StaggeredGrid, medium, boundaries, box, courant, fastest, frequency, dtype):
        self.grid, self.dtype = grid, dtype
        self.faces = faces_of(boundaries)
        self.layers = layer_cells(self.faces)
        self.free = isinstance(self.faces[1][0], FreeSurface)
        for axis in range(2):
            inner = grid.shape[axis] - self.layers[axis].sum()
            if inner < 12:
                raise InputError("grid", f"at least 12 nodes along {'xz'[axis]} between the layers", inner, "enlarge the grid")
        if set(medium) != set(NAMES):
            raise InputError("medium", f"the properties {', '.join(NAMES)}", ", ".join(medium) or "none", "give these three")
        for name in NAMES:
            check_property(name, np.broadcast_to(medium[name], grid.shape), grid.shape)
        self.background = np.stack([np.broadcast_to(np.asarray(medium[name], float), grid.shape) for name in NAMES])
        check_solid(self.background)
        self.norms = norms(grid.shape[1], self.free)
        self.box, self.patch = self._placed(box)
        limit = self._limit(self.background)
        if fastest is not None:
            waves = self._fastest(self.background)
            limit *= min(1.0, waves / fastest)
        self.dt = courant * limit
        self._recursion = self._layer_recursion(frequency)
        rows = self.patch.bounds
        self.shape = tuple(int(n) for n in (rows[1] - rows[0], rows[3] - rows[2]))
        high = self._ends()
        self.history_shape = (2, *(int(h - s) for h, s in zip(high, self.patch.start)))
        self.free_histories: dict[int, list] = {}  # by steps, for reuse: fresh pages cost more than the copy into them
        column = slice(rows[2] - PAD, rows[3] - PAD)
        nodes, halves = (n[column] for n in self.norms)
        self.weights = np.stack([nodes, halves, nodes, nodes, halves])[:, None, :]

    # -- places -------------------------------------------------------------------------------------------------------

    def _placed(self, box):
        allowed = []
        for axis in range(2):
            low, high = self.layers[axis]
            # The adjoint's layers reach two nodes further than the forward ones, and the medium half a cell beyond its nodes.
            first = 0 if axis == 1 and self.free else low + 1 + PAD
            allowed.append((first, self.grid.shape[axis] - 1 - high - PAD))
        box = tuple(tuple(int(v) for v in pair) for pair in (allowed if box is None else box))
        for axis, ((first, end), (low, high)) in enumerate(zip(box, allowed)):
            if not low <= first < end <= high:
                raise InputError(
                    f"box along {'xz'[axis]}", f"first node and one past the last within {low} to {high}, between the layers",
                    (first, end), "shrink the box",
                )  # fmt: skip
        (i0, i1), (j0, j1) = box
        bounds = np.array([i0 - 1 + PAD, i1 + PAD, max(j0 - 1, 0) + PAD, j1 + PAD])
        start = np.array([bounds[0] - PAD, bounds[2] - PAD])
        if self._at_surface(bounds):
            start[1] = min(start[1], PAD)
        return box, Patch(bounds, start)

    def _at_surface(self, bounds) -> bool:
        return self.free and bounds[2] < PAD + CLOSED

    def _ends(self) -> tuple[int, int]:
        bounds = self.patch.bounds
        column = bounds[3] + PAD
        return bounds[1] + PAD, max(column, PAD + _REACH) if self._at_surface(bounds) else column

    def patch_properties(self, inputs) -> tuple[np.ndarray, bool]:
        """Properties on the nodes that the patch depends on, shape ``(3, m + 1, n + 1)``, and whether it begins at a free surface."""
        i0, i1, j0, j1 = self.patch.bounds - PAD
        return self.properties(inputs)[:, i0 : i1 + 1, j0 : j1 + 1], bool(self.free and j0 == 0)

    def in_box(self, on_patch: np.ndarray) -> np.ndarray:
        """The box's part of values on the nodes of `patch_properties`."""
        (i0, i1), (j0, j1) = self.box
        row, column = i0 - (self.patch.bounds[0] - PAD), j0 - (self.patch.bounds[2] - PAD)
        return on_patch[:, row : row + i1 - i0, column : column + j1 - j0]

    # -- medium -------------------------------------------------------------------------------------------------------

    def properties(self, inputs) -> np.ndarray:
        """The medium of a run on all nodes.

        Raises
        ------
        InputError
            When it is none, or not stable with the time step.
        """
        changed = [name for name in NAMES if name in inputs]
        if not changed:
            return self.background
        (i0, i1), (j0, j1) = self.box
        values = self.background.copy()
        for name in changed:
            check_property(name, inputs[name], (i1 - i0, j1 - j0))
            values[NAMES.index(name), i0:i1, j0:j1] = inputs[name]
        check_solid(values)
        if self._limit(values) < self.dt:
            raise InputError(
                "medium", f"one that is stable with time steps of {self.dt:.4g} s", f"one that needs {self._limit(values):.4g} s",
                "give the solver the fastest wave to expect (fastest), or lower moduli",
            )  # fmt: skip
        return values

    @staticmethod
    def _fastest(properties) -> float:
        return float(np.sqrt((properties[0] + 2 * properties[1]) / properties[2]).max())

    def _limit(self, properties) -> float:
        """Largest stable time step: that of the fastest wave between a modulus and the lightest of the velocities beside it."""
        lam, mu, rho = np.pad(properties, ((0, 0), (1, 1), (1, 1)), mode="edge")
        light = np.minimum.reduce([
            np.minimum(rho[1:-1, 1:-1] + rho[2:, 1:-1], rho[1:-1, 1:-1] + rho[:-2, 1:-1]),
            np.minimum(rho[1:-1, 1:-1] + rho[1:-1, 2:], rho[1:-1, 1:-1] + rho[1:-1, :-2]),
        ]) / 2  # fmt: skip
        fastest = math.sqrt(float(np.max((lam + 2 * mu)[1:-1, 1:-1] / light)))
        norm = math.hypot(largest_difference(False) / self.grid.spacing[0], largest_difference(self.free) / self.grid.spacing[1])
        return 2 / (norm * fastest)

    def effective(self, inputs) -> np.ndarray:
        """`medium.effective` on all nodes."""
        return effective(np.pad(self.properties(inputs), ((0, 0), (0, 1), (0, 1)), mode="edge"), self.free)

    def on_patch(self, values: np.ndarray) -> np.ndarray:
        """The patch's part of values on all nodes."""
        i0, i1, j0, j1 = self.patch.bounds - PAD
        return values[:, i0:i1, j0:j1]

    # -- compiled constants -------------------------------------------------------------------------------------------

    def _layer_recursion(self, frequency: float) -> np.ndarray:
        velocity = self._fastest(self.background)
        recursion = np.zeros((2, 2, 2, max(self.grid.shape) + 2 * PAD))
        for axis in range(2):
            count, (low, high) = self.grid.shape[axis], self.layers[axis]
            for place, offset in enumerate((0.5, 0.0)):
                at = np.arange(count) + offset
                for face, cells, beyond in zip(self.faces[axis], (low, high), (low - at, at - (count - 1 - high))):
                    if cells:
                        part = face.recursion(beyond / cells, self.grid.spacing[axis], velocity, frequency, self.dt)
                        recursion[axis, place, :, PAD : PAD + count] += part
        return recursion.astype(self.dtype)

    def scheme(self, effective_medium: np.ndarray, transposed: bool) -> Scheme:
        """Constants of a sweep in a medium."""
        rx, rz, bulk, shear, corner = effective_medium
        stored = [np.pad(part, PAD).astype(self.dtype) for part in (self.dt / rx, self.dt / rz, *(self.dt * np.stack([bulk, shear, corner])))]
        spacing = np.array(self.grid.spacing)
        up, down = (rows / spacing[1] for rows in surface_rows())
        inside = down.copy()
        inside[0] = 0  # the strain across the surface meets no modulus there
        ends = [[PAD + low, PAD + n - 1 - high if high else PAD + n] for n, (low, high) in zip(self.grid.shape, self.layers)]
        return Scheme(
            *stored, (INNER / spacing).astype(self.dtype), (OUTER / spacing).astype(self.dtype), up.astype(self.dtype),
            np.stack([down, inside]).astype(self.dtype), CLOSED if self.free else 0, self._recursion, np.array(ends), transposed,
            np.zeros(2, np.int64),
        )  # fmt: skip

    def change(self, effective_medium: np.ndarray, change: np.ndarray) -> Change:
        """What the compiled code takes for a change of the effective medium on the patch."""
        rx, rz = change[:2] / self.on_patch(effective_medium)[:2]
        return Change(*(np.ascontiguousarray(part, dtype=self.dtype) for part in (rx, rz, *(self.dt * change[2:]))))
