"""What stays the same between the runs of one FDTD solver: grid, time step, boundaries, doors, box and constants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, OFFSETS, YeeGrid
from adjointdesign.memory import require_memory
from adjointdesign.solvers.fdtd_maxwell import sweep
from adjointdesign.solvers.fdtd_maxwell.absorber import Cpml, Pec, Periodic, Pmc, layer_cells, phases, require_even_layers
from adjointdesign.solvers.fdtd_maxwell.dispersive import DispersivePlaces
from adjointdesign.solvers.fdtd_maxwell.doors import Doors, place_weights
from adjointdesign.solvers.fdtd_maxwell.faces import Faces
from adjointdesign.solvers.fdtd_maxwell.images import images
from adjointdesign.solvers.fdtd_maxwell.medium import Box, Medium, check_numbers, check_values, half_loss
from adjointdesign.solvers.fdtd_maxwell.permeability import Permeability
from adjointdesign.solvers.fdtd_maxwell.poles import Disperse, Drives
from adjointdesign.solvers.fdtd_maxwell.propagation import HistoryPool
from adjointdesign.solvers.fdtd_maxwell.rotation import Rotation, Turned
from adjointdesign.solvers.fdtd_maxwell.stability import largest_eigenvalue
from adjointdesign.solvers.fdtd_maxwell.state import State

_FACES = (Cpml, Pec, Pmc, Periodic)
_DOOR_SHARE, _DOOR_BYTES = 0.015, 2**19
"""What the buffers of sources and monitors may take at most: this share of fields and coefficients, and where that is less
than so many bytes, these."""
_DOOR_UPDATES, _DOOR_BYTES_OF_SMALL = 2**21, 2**22
"""On a small grid they may be larger, up to these bytes, until so many cells are updated between two visits at the doors: a visit
takes about a millisecond, as fifty thousand cells do."""
_SLAB_VALUES = 2**15
"""Values of one component that are turned into coefficients at a time."""


def courant_time_step(grid: YeeGrid, index: float, courant: float) -> float:
    """``courant`` times the largest stable time step in a medium of refractive index ``index``, s.

    ``dt <= n / (c sqrt(sum 1/d^2))`` (Taflove and Hagness, 3rd ed., eq. 4.54), with the smallest cells of a graded grid; see
    `stability.py` for what a medium on such a grid allows.
    """
    return courant * index / (C0 * math.sqrt(sum(1.0 / d**2 for d in grid.spacing)))


def checked_faces(grid: YeeGrid, boundaries) -> tuple:
    """Boundary conditions as ``((low, high), ...)``, one pair an axis, checked against the grid."""
    listed = boundaries if isinstance(boundaries, (tuple, list)) else (boundaries,)
    faces = tuple(tuple(pair) if isinstance(pair, (tuple, list)) else (pair, pair) for pair in listed)
    if len(faces) != grid.ndim or any(len(pair) != 2 for pair in faces):
        raise InputError("boundaries", f"{grid.ndim} faces or pairs of faces", boundaries, "give one an axis")
    for axis, pair in enumerate(faces):
        unknown = [f for f in pair if not isinstance(f, _FACES)]
        if unknown:
            raise InputError(f"boundaries along {AXES[axis]}", "Cpml, Pec, Pmc or Periodic", unknown[0], "use one of these")
        if len({isinstance(f, Periodic) for f in pair}) == 2:
            raise InputError(f"boundaries along {AXES[axis]}", "Periodic on both faces or on none", pair, "change one")
        layers = tuple(int(n) for n in layer_cells(faces)[axis])
        if any(layers) and sum(layers) + 4 > grid.cells[axis]:
            raise InputError(
                f"boundaries along {AXES[axis]}", f"absorbing layers well inside {grid.cells[axis]} cells",
                f"layers of {layers} cells", "enlarge the domain or thin the layers",
            )  # fmt: skip
    require_even_layers(grid, faces)
    return faces


def checked_box(grid: YeeGrid, box: Box, periodic: tuple[bool, ...]) -> Box:
    """The box, if it holds values of every electric component, and each value of a periodic axis only once."""
    if set(box.slices) != set(grid.electric):
        raise InputError("box", f"ranges of the components {grid.electric}", tuple(box.slices), "give all of these alone")
    return _within_grid(grid, box, periodic)


def checked_magnetic_box(grid: YeeGrid, box: Box | None, periodic: tuple[bool, ...]) -> Box:
    """The box, if it holds values of magnetic components alone, and each value of a periodic axis only once; none is empty."""
    if box is None:
        return Box({})
    magnetic = tuple(c for c in grid.components if c not in grid.electric)
    if not isinstance(box, Box) or not set(box.slices) <= set(magnetic):
        got = tuple(box.slices) if isinstance(box, Box) else box
        raise InputError("magnetic_box", f"a Box of some of the components {magnetic}", got, "see Box.covering")
    return _within_grid(grid, box, periodic)


def _within_grid(grid: YeeGrid, box: Box, periodic: tuple[bool, ...]) -> Box:
    if not box.slices:
        return box
    for component, whole in Box.everywhere(grid, periodic, tuple(box.slices)).slices.items():
        for axis, (given, most) in enumerate(zip(box.slices[component], whole, strict=True)):
            if not most.start <= given.start < given.stop <= most.stop:
                raise InputError(
                    f"box of {component} along {AXES[axis]}", f"slots within {most.start} to {most.stop - 1}"
                    + (" (the next repeats the first)" if periodic[axis] else ""), f"{given.start} to {given.stop - 1}",
                    "shrink it; Box.covering takes the periodic axes as its last argument",
                )  # fmt: skip
    return box


@dataclass(frozen=True)
class Coefficients:
    """Coefficients of a run: electric ones over the storage, one array a component, those of the dispersive places, and faces.

    In dispersive places ``ca`` is one: their pass over the fields comes before it and does its part, see `poles.disperse`.
    ``faces`` are those with a permeability.
    """

    ca: tuple[np.ndarray, ...]
    cb: tuple[np.ndarray, ...]
    lossy: bool
    faces: Faces
    dispersive: Disperse


class Program:
    """Constants of a solver; parameters as for `FdtdMaxwell`.

    ``grid``, ``medium``, ``faces``, ``box`` and ``magnetic_box`` are the user's, and so are the components and arrays that
    `coefficients` and `variation` take and the places of ``doors``. Everything made of them for compiled sweeps is in the frame of
    ``turned`` (see `rotation.py`): states, histories, coefficients, dispersive places, faces with a permeability.
    """

    def __init__(self, medium: Medium, sources, monitors, boundaries, box: Box | None, courant: float,
                 minimum_permittivity: float | None, dtype, conductivity_wanted: bool, magnetic_box: Box | None = None,
                 extremes=(), designed: tuple[str, ...] = ()):  # fmt: skip
        self.grid, self.medium, self.dtype = medium.grid, medium, np.dtype(dtype)
        self.faces = checked_faces(self.grid, boundaries)
        require_memory(
            f"FdtdMaxwell on {' x '.join(str(n) for n in self.grid.cells)} cells", self._least_bytes(),
            "fields and coefficients", "coarsen the spacing, shrink the domain or choose precision 'single'",
        )  # fmt: skip
        self.conductivity_wanted = conductivity_wanted
        self.box = checked_box(self.grid, box or Box.everywhere(self.grid, self.periodic), self.periodic)
        self.magnetic_box = checked_magnetic_box(self.grid, magnetic_box, self.periodic)
        self._walls = {c: self._conductor(c) for c in self.grid.electric}
        if minimum_permittivity is not None and not 0 < minimum_permittivity < math.inf:
            raise InputError("minimum_permittivity", "a positive number", minimum_permittivity, "try 1")
        self.by_cell = self.grid.graded_lines is not None or bool(medium.permeability) or bool(self.magnetic_box.slices)
        if self.by_cell:
            self.minimum_permittivity = minimum_permittivity or 0.0
            self.dt = courant * self._largest_time_step(extremes)
        else:
            if minimum_permittivity is None:
                minimum_permittivity = min(float(medium.permittivity[c][self.grid.interior(c)].min()) for c in self.grid.electric)
            self.minimum_permittivity = minimum_permittivity
            self.dt = courant_time_step(self.grid, math.sqrt(minimum_permittivity), courant)
        self.rotation = Rotation.of(self.grid)
        self.turned = turned = Turned.of(self.rotation, medium, self.faces, self.box, self.magnetic_box)
        self._turned_walls = self.rotation.arrays(self._walls)
        self._turned_periodic = self.rotation.along(self.periodic)
        self.box_starts = self._box_starts()
        self.places = DispersivePlaces(turned.medium, self._turned_periodic, turned.box, designed, self.dt, self.dtype)
        require_memory(
            "dispersive media", self._least_bytes() + self.places.nbytes,
            "fields, coefficients and memory of all poles", "use fewer poles, disperse less of the domain, or choose precision 'single'",
        )  # fmt: skip
        self._check_sources(sources)
        self._check_far_fields(monitors)
        self.doors = Doors(medium, self.faces, sources, monitors, self.dt, self.dtype, self.rotation)
        self.permeability = Permeability(turned.medium, turned.faces, turned.magnetic_box, self.dt, self.dtype, self.rotation.names)
        shapes = [turned.grid.as_storage(turned.box.shape(c)) for c in turned.grid.electric]
        self.pool = HistoryPool([*shapes, (1, 1, self.permeability.count)], self.dtype)
        self.drive_pool = HistoryPool([(len(designed), *s) for s in shapes], self.dtype)
        no_change = tuple(np.zeros((1, 1, 1), self.dtype) for _ in shapes)
        self.no_variation = (no_change, no_change, np.zeros(self.permeability.count, self.dtype))
        levels, change = (tuple(np.zeros(none, self.dtype) for _ in shapes) for none in ((1, 0, 1, 1, 1), (0, 1, 1, 1)))
        self.no_drives = Drives(levels, False, levels, change)
        self.box_weights = tuple(self._weights(c) for c in turned.grid.electric)
        self._phases = {t: phases(turned.grid, self.dt, turned.faces, self.dtype, t) for t in (False, True)}
        self._images, self._images_across = (
            tuple(images(turned.grid, turned.faces, c, self.dtype, across) for c in turned.grid.components)
            for across in (False, True)
        )
        self._background = {
            c: (np.asarray(turned.medium.permittivity[c], float), np.asarray(turned.medium.conductivity.get(c, 0.0), float))
            for c in turned.grid.electric
        }

    @property
    def periodic(self) -> tuple[bool, ...]:
        """Whether each axis is periodic."""
        return tuple(isinstance(pair[0], Periodic) for pair in self.faces)

    def _least_bytes(self) -> int:
        """What every run takes: fields and electric coefficients."""
        arrays = len(self.grid.components) + 2 * len(self.grid.electric)
        return arrays * math.prod(self.grid.shape) * self.dtype.itemsize

    @cached_property
    def state_bytes(self) -> int:
        """Size of a `State`."""
        return self.zero_state().nbytes

    @cached_property
    def door_steps(self) -> int:
        """Steps for which the values of sources and samples of monitors are buffered at a time, a power of two.

        As many as keep the buffers small beside fields and coefficients, beside the running transforms, or beside what is small on
        any machine; 64 where few places are read.
        """
        ports = self.doors.forward_ports(np.zeros(len(self.doors.sources)), 0, 1, sampling=True)
        bytes_per_step = sum(a.nbytes for a in (*ports.values, *ports.samples))
        transforms = sum(z.nbytes for total in self.doors.readings(0) for z in total.values())
        room = max(_DOOR_BYTES, _DOOR_SHARE * self._least_bytes(), transforms)
        wanted = _DOOR_UPDATES / math.prod(self.grid.cells) * bytes_per_step
        room = max(room, min(wanted, _DOOR_BYTES_OF_SMALL))
        return min(64, 2 ** int(math.log2(max(1.0, room / max(bytes_per_step, 1)))))

    def _box_starts(self) -> np.ndarray:
        """First slot of the box along each storage axis, one row a component."""
        starts = np.zeros((len(self.grid.electric), 3), dtype=np.int64)
        for row, c in zip(starts, self.turned.grid.electric):
            row[list(self.turned.grid.storage_axes)] = [s.start for s in self.turned.box.slices[c]]
        return starts

    def zero_state(self) -> State:
        """A state at rest."""
        return State.zero(self.turned.grid, self.turned.faces, self.dtype, self.places.zero_memory())

    def _check_sources(self, sources) -> None:
        """Refuse a source that lies wholly in an absorbing layer; an extended one (a plane wave's sheet) may cross it."""
        for source in sources:
            for axis, (lower, upper) in enumerate(source.bounds):
                low, high = layer_cells(self.faces)[axis]
                lines = self.grid.lines(axis)
                inner = (lines[low], lines[len(lines) - 1 - high])
                slack = 1e-6 * self.grid.spacing[axis]  # on the edge itself is not within the layer
                if upper < inner[0] - slack or lower > inner[1] + slack:
                    raise InputError(
                        f"source '{source.name}'",
                        f"a position between the absorbing layers, {inner[0]:.4g} to {inner[1]:.4g} m along {AXES[axis]}",
                        f"{lower:.4g} m" if upper == lower else f"{lower:.4g} to {upper:.4g} m",
                        "move the source or enlarge the domain",
                    )  # fmt: skip

    def _check_far_fields(self, monitors) -> None:
        """Refuse a far-field box in an absorbing layer, beside periodic faces, or on a face that is not what it is said to be."""
        for monitor in monitors:
            if not hasattr(monitor, "ground"):
                continue
            for axis, pair in enumerate(self.faces):
                lines = self.grid.lines(axis)
                layers = layer_cells(self.faces)[axis]
                for end, (face, layer, at) in enumerate(zip(pair, layers, monitor.bounds[axis])):
                    name = "-+"[end] + AXES[axis]
                    said, inner = (monitor.ground or {}).get(name), lines[layer] if end == 0 else lines[len(lines) - 1 - layer]
                    outside = (at - inner) * (1 - 2 * end) < -1e-6 * self.grid.spacing[axis]
                    if abs(at - lines[-end]) > 1e-6 * self.grid.spacing[axis]:
                        said = None  # a conductor within the domain, which the monitor itself looks for
                    is_it = "pec" if isinstance(face, Pec) else "pmc" if isinstance(face, Pmc) else None
                    if isinstance(face, Periodic) or (outside and layer) or (said is not None and said != is_it):
                        kind = type(face).__name__
                        raise InputError(
                            f"monitor '{monitor.name}' at the face {name}", "a box between the absorbing layers, with ground only on faces that are Pec "
                            "('pec') or Pmc ('pmc')", f"{at:.6g} m{f' on {said!r}' if said else ''} beside {kind}", "shrink the box or correct ground",
                        )  # fmt: skip

    def _weights(self, component: str) -> np.ndarray:
        grid, faces, box = self.turned.grid, self.turned.faces, self.turned.box
        flat = grid.flat_index(*np.ix_(*(np.arange(s.start, s.stop) for s in box.slices[component])))
        return place_weights(grid, faces, component, flat.ravel()).reshape(flat.shape)

    def _conductor(self, component: str) -> np.ndarray:
        """Where the component is held at zero: conductors, conducting outer walls, and storage that holds no value."""
        held = np.ones(self.grid.shape, dtype=bool)
        held[self.grid.interior(component)] = False
        held |= np.asarray(self.medium.conductor.get(component, False))
        for axis, pair in enumerate(self.faces):
            if OFFSETS[component][axis] == 0:
                for face, slot in zip(pair, (1, self.grid.cells[axis] + 1)):
                    if isinstance(face, (Cpml, Pec)):
                        held[(slice(None),) * axis + (slot,)] = True
        return held

    # -- medium -------------------------------------------------------------------------------------------------------

    def coefficients(self, permittivity: dict, conductivity: dict, permeability: dict, strengths: dict) -> Coefficients:
        """Coefficients of the background with the given box values (by component; missing ones keep it).

        ``strengths`` is by material, then by component.

        Raises
        ------
        InputError
            When a value has the wrong shape, is not finite, or makes the time step unstable.
        """
        designed = {f"strength_{name}": part for name, part in strengths.items()}
        for what, part in {"permittivity": permittivity, "conductivity": conductivity, "permeability": permeability, **designed}.items():
            for c, values in part.items():
                box = self.box if c in self.box.slices else self.magnetic_box
                check_values(f"{what}_{c[1]}", np.asarray(values), box.shape(c), positive=what.startswith("perm"))
        if self.by_cell and (permittivity or permeability):
            self._require_stable(permittivity, permeability)
        permittivity, conductivity, permeability = map(self.rotation.arrays, (permittivity, conductivity, permeability))
        strengths = {name: self.rotation.arrays(part) for name, part in strengths.items()}
        grid = self.turned.grid
        stored = grid.as_storage(grid.shape)
        ca, cb, keep, gain, lossy = [], [], [], [], False
        for c in grid.electric:
            q, p = np.empty(grid.shape, self.dtype), np.empty(grid.shape, self.dtype)
            held = self._turned_walls[c]
            flat = self.places.flat[c]
            keep.append(np.empty(len(flat), self.dtype))
            gain.append(np.empty((len(self.places.names), len(flat)), self.dtype))
            # A slab at a time: temporary arrays in double precision must not outweigh what a run keeps.
            for rows in self._slabs():
                eps, sigma = self._rows(c, rows, permittivity.get(c), conductivity.get(c))
                loss = half_loss(sigma, self.dt)
                lossy = lossy or bool(np.any(sigma))
                p[rows] = np.where(held[rows], 0.0, 1.0 / (eps + loss))
                q[rows] = np.where(held[rows], 0.0, (eps - loss) / (eps + loss))
                here = self.places.within(c, rows)
                at = flat[here]
                if at.size:
                    s = self.strengths(c, strengths, here)
                    within = at - rows.start * (eps.size // len(eps))
                    eps, loss, free = (x.ravel()[within] for x in (eps, loss, ~held[rows]))
                    share = np.where(free, 1.0 / (eps + loss + self.places.next @ s), 0.0)
                    p.ravel()[at], q.ravel()[at] = share, free
                    keep[-1][here] = share * (eps - loss - self.places.now @ s)
                    gain[-1][:, here] = share * s
            ca.append(q.reshape(stored))
            cb.append(p.reshape(stored))
        faces = self.permeability.faces(permeability)
        return Coefficients(tuple(ca), tuple(cb), lossy, faces, self.places.constants(keep, gain))

    def strengths(self, component: str, strengths: dict, which: slice = slice(None)) -> np.ndarray:
        """Strength of every dispersive material at the places of a turned component; ``strengths`` by material, then by component."""
        values = {name: np.asarray(part[component], float) for name, part in strengths.items() if component in part}
        return self.places.strengths(component, values, which)

    def _largest_time_step(self, extremes) -> float:
        """Stable for the background, with the least permittivity in the box where one is given, and for the given inputs, s."""
        floor = {}
        if self.minimum_permittivity:
            background = {c: v[self.box.slices[c]] for c, v in self.medium.permittivity.items()}
            floor = {c: np.minimum(v, self.minimum_permittivity) for c, v in background.items()}
        bounds = [self._eigenvalue({}, {}), *([self._eigenvalue(floor, {})] if floor else [])]
        for inputs in extremes:
            found = {"permittivity": {}, "permeability": {}}
            for name, values in inputs.items():
                kind, _, axis = name.rpartition("_")
                box, component = (self.magnetic_box, f"h{axis}") if kind == "permeability" else (self.box, f"e{axis}")
                if component not in box.slices or kind not in (*found, "conductivity"):
                    raise InputError("extremes", "inputs of the solver: permittivity_x, permeability_x and so on", name, "rename or remove it")
                check_values(f"{name} among extremes", np.asarray(values), box.shape(component), positive=kind in found)
                if kind in found:
                    found[kind][component] = np.asarray(values, float)
            bounds.append(self._eigenvalue(floor | found["permittivity"], found["permeability"]))
        return 2 / (C0 * math.sqrt(max(bounds)))

    def _require_stable(self, permittivity: dict, permeability: dict) -> None:
        bound = self._eigenvalue(permittivity, permeability)
        if bound * (0.5 * C0 * self.dt) ** 2 >= 1:
            raise InputError(
                "permittivity and permeability", f"a medium that is stable with time steps of {self.dt:.4g} s",
                f"one that may need {2 / (C0 * math.sqrt(bound)):.4g} s", "give the solver a smaller minimum_permittivity, or such inputs among its extremes",
            )  # fmt: skip

    def _eigenvalue(self, permittivity: dict, permeability: dict) -> float:
        """`largest_eigenvalue` of the background with the given box values."""

        def placed(background, box, values):
            parts = {c: np.broadcast_to(v, self.grid.shape) for c, v in background.items()}
            for c, v in values.items():
                parts[c] = np.array(parts.get(c, np.ones(self.grid.shape)), dtype=float)
                parts[c][box.slices[c]] = v
                for axis, periodic in enumerate(self.periodic):  # the last node is the first again
                    if periodic and OFFSETS[c][axis] == 0:
                        rows = np.moveaxis(parts[c], axis, 0)
                        rows[self.grid.cells[axis] + 1] = rows[1]
            return parts

        return largest_eigenvalue(
            self.grid, placed(self.medium.permittivity, self.box, permittivity), self._walls,
            placed(self.medium.permeability, self.magnetic_box, permeability),
        )  # fmt: skip

    def _slabs(self) -> list[slice]:
        """Ranges of storage rows that together make up the grid, each of about `_SLAB_VALUES` values."""
        rows, width = self.turned.grid.shape[0], math.prod(self.turned.grid.shape[1:])
        step = max(1, _SLAB_VALUES // width)
        return [slice(first, min(first + step, rows)) for first in range(0, rows, step)]

    def _rows(self, component: str, rows: slice, permittivity, conductivity) -> tuple[np.ndarray, np.ndarray]:
        """Permittivity and conductivity of the background on some rows, with the box's values where there are any.

        Raises
        ------
        InputError
            When a permittivity makes the time step unstable.
        """
        source = np.arange(rows.start, rows.stop)
        # The last node of a periodic axis is the first, whose value it takes.
        repeated = [axis for axis, yes in enumerate(self._turned_periodic) if yes and OFFSETS[component][axis] == 0]
        if 0 in repeated:
            source[source == self.turned.grid.cells[0] + 1] = 1
        along, *across = self.turned.box.slices[component]
        inside = (source >= along.start) & (source < along.stop)
        parts = []
        for background, values in zip(self._background[component], (permittivity, conductivity)):
            part = np.broadcast_to(background, self.turned.grid.shape)[source]
            if values is not None and inside.any():
                part[(inside, *across)] = values[source[inside] - along.start]
            for axis in repeated:
                if axis > 0:
                    before = (slice(None),) * axis
                    part[(*before, self.turned.grid.cells[axis] + 1)] = part[(*before, 1)]
            parts.append(part)
        whole = self.turned.grid.interior(component)
        carried = (source >= whole[0].start) & (source < whole[0].stop)
        least = parts[0][(carried, *whole[1:])].min(initial=math.inf)
        if least < self.minimum_permittivity * (1 - 1e-9):
            raise InputError(
                f"permittivity_{self.rotation.original(component)[1]}", f"values of at least {self.minimum_permittivity:g}, for which the time "
                "step was chosen", f"{least:g}", "give the solver a smaller minimum_permittivity",
            )  # fmt: skip
        return parts[0], parts[1]

    def variation(self, permittivity: dict, conductivity: dict, permeability: dict, strengths: dict):
        """For a change of the medium ``dq`` and ``dp`` over the box, ``dmu`` on its faces, and that of the designed strengths.

        Raises
        ------
        InputError
            When a change has the wrong shape, is complex or is not finite.
        """
        tangents = {f"strength_{name}": part for name, part in strengths.items()}
        for what, part in {"permittivity": permittivity, "conductivity": conductivity, "permeability": permeability, **tangents}.items():
            for c, change in part.items():
                box = self.box if c in self.box.slices else self.magnetic_box
                check_numbers(f"tangent of {what}_{c[1]}", np.asarray(change), box.shape(c))
        permittivity, conductivity, permeability = map(self.rotation.arrays, (permittivity, conductivity, permeability))
        strengths = {name: self.rotation.arrays(part) for name, part in strengths.items()}
        dq, dp, ds = [], [], []
        designed = [self.places.names.index(name) for name in self.places.designed]
        for c in self.turned.grid.electric:
            shape = self.turned.box.shape(c)
            d_eps = np.broadcast_to(np.asarray(permittivity.get(c, 0.0), float), shape)
            d_loss = half_loss(np.broadcast_to(np.asarray(conductivity.get(c, 0.0), float), shape), self.dt)
            change = np.zeros((len(designed), *shape))
            for row, name in zip(change, self.places.designed):
                row[:] = strengths.get(name, {}).get(c, 0.0)
            now, following = (np.tensordot(x[designed], change, 1) for x in (self.places.now, self.places.next))
            stored = self.turned.grid.as_storage(shape)
            dq.append((d_eps - d_loss - now).astype(self.dtype, order="C").reshape(stored))
            dp.append((d_eps + d_loss + following).astype(self.dtype, order="C").reshape(stored))
            ds.append(change.astype(self.dtype).reshape(len(designed), *stored))
        return tuple(dq), tuple(dp), self.permeability.variation(permeability), tuple(ds)

    def scheme(self, coefficients: Coefficients, transposed: bool) -> sweep.Scheme:
        """All constants of one compiled sweep."""
        magnetic, electric = self._phases[transposed]
        return sweep.Scheme(
            magnetic, electric, coefficients.ca, coefficients.cb, coefficients.lossy, self._images, self._images_across,
            *(any(len(i.origin) for i in every) for every in (self._images, self._images_across)), coefficients.faces,
            coefficients.dispersive,
        )
