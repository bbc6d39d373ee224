"""Sources into, and monitors out of, the compiled sweeps, block by block, with their exact transposes.

The compiled code only injects and samples point values; waveforms, profiles and running Fourier transforms are small matrix
products here. With `weights` the volume of a place over that of the smallest cell (half of it on a symmetry plane), and the adjoint fields
scaled as in `propagation.py`, the transposes are: an adjoint value to inject is the cotangent of the sample over the weight,
and the cotangent of an injected value is the sampled adjoint field times the weight.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.constants import C0, EPS0, ETA0
from adjointdesign.grid.yee import OFFSETS, YeeGrid
from adjointdesign.solvers.fdtd_maxwell.absorber import Periodic, Pmc
from adjointdesign.solvers.fdtd_maxwell.gates import places
from adjointdesign.solvers.fdtd_maxwell.rotation import Rotation
from adjointdesign.solvers.fdtd_maxwell.sweep import Ports

_PLACES = 8192
"""Places whose samples are transformed at a time."""


def place_weights(grid: YeeGrid, faces, component: str, indices: np.ndarray) -> np.ndarray:
    """Volume that belongs to each storage index over that of the smallest cell: half for every symmetry plane it lies on."""
    weight = np.ones(len(indices))
    for axis, slot in enumerate(np.unravel_index(indices, grid.shape)):
        weight *= (grid.lengths(component, axis) / grid.spacing[axis])[slot]
        if OFFSETS[component][axis] == 0:
            for face, place in zip(faces[axis], (1, grid.cells[axis] + 1)):
                if isinstance(face, Pmc):
                    weight[slot == place] *= 0.5
    return weight


def unique_slots(grid: YeeGrid, faces, indices: np.ndarray) -> np.ndarray:
    """The same places with every periodic image replaced by the slot that is carried (1 to n)."""
    slots = list(np.unravel_index(indices, grid.shape))
    for axis, n in enumerate(grid.cells):
        if isinstance(faces[axis][0], Periodic):
            slots[axis] = (slots[axis] - 1) % n + 1
    return np.ravel_multi_index(slots, grid.shape)


def image_shares(grid: YeeGrid, faces, component: str, indices: np.ndarray, bounds) -> np.ndarray:
    """One half on either end of a periodic axis that an extended source reaches: both ends are one place.

    A source does not know of the boundaries, and carries its density in full on the outermost nodes, as it must on a
    symmetry plane.
    """
    share = np.ones(len(indices))
    for axis, (slot, (low, high)) in enumerate(zip(np.unravel_index(indices, grid.shape), bounds)):
        if isinstance(faces[axis][0], Periodic) and OFFSETS[component][axis] == 0 and high > low:
            for end, reach in ((1, low), (grid.cells[axis] + 1, high)):
                if abs(reach - grid.coordinates(component, axis)[end]) < 1e-6 * grid.spacing[axis]:
                    share[slot == end] *= 0.5
    return share


def _complex(parts: np.ndarray) -> np.ndarray:
    """The numbers whose real parts are the upper half of the rows, and whose imaginary parts are the lower."""
    half = len(parts) // 2
    return parts[:half] + 1j * parts[half:]


class _Points:
    """Concatenated places of several users: per component the indices, their weights, and each user's columns.

    They come by the user's components and indices; ``places`` and ``weights`` are in the order of turned components, see `rotation.py`.
    """

    def __init__(self, grid: YeeGrid, faces, rotation: Rotation):
        self.grid, self.faces, self.rotation = grid, faces, rotation
        self._parts = {c: [] for c in grid.components}
        self._size = dict.fromkeys(grid.components, 0)

    def add(self, component: str, indices: np.ndarray) -> slice:
        indices = unique_slots(self.grid, self.faces, np.asarray(indices, dtype=np.int64).ravel())
        self._parts[component].append(indices)
        first = self._size[component]
        self._size[component] += len(indices)
        return slice(first, first + len(indices))

    def close(self, dtype) -> None:
        self.dtype = dtype
        shape, original = self.grid.shape, [self.rotation.original(c) for c in self.grid.components]
        indices = tuple(np.concatenate([np.zeros(0, np.int64), *self._parts[c]]) for c in original)
        stored = self.grid.as_storage(self.rotation.along(shape))
        self.places = tuple(places(self.rotation.flat(i, shape), stored) for i in indices)
        self.weights = tuple(place_weights(self.grid, self.faces, c, i) for c, i in zip(original, indices))

    def empty(self, rows: int) -> tuple[np.ndarray, ...]:
        return tuple(np.zeros((rows, len(p.index)), self.dtype) for p in self.places)


class Doors:
    """Every source and monitor of a solver, placed.

    Parameters
    ----------
    medium : Medium
        Medium around them (what modes are computed from).
    faces : tuple of pairs of Face
        Boundary conditions.
    sources, monitors : sequence
        See `adjointdesign.sources` and `adjointdesign.monitors`.
    dt : float
        Time step, s.
    dtype : numpy dtype
        Precision of the fields.
    rotation : Rotation
        Of storage. Sources and monitors know nothing of it: they place themselves on the user's grid.
    """

    def __init__(self, medium, faces, sources, monitors, dt: float, dtype, rotation: Rotation):
        self.grid, self.dt = medium.grid, dt
        self._number = {c: self.grid.components.index(rotation.component(c)) for c in self.grid.components}
        self.sources, self.monitors = tuple(sources), tuple(monitors)
        self._into, self._out = (_Points(self.grid, faces, rotation) for _ in range(2))
        self._injections = []  # (source number, component, columns, profile with units)
        for number, source in enumerate(self.sources):
            for injection in source.place(medium, dt):
                scale = -dt / EPS0 if injection.component[0] == "e" else C0 * dt
                columns = self._into.add(injection.component, injection.indices)
                share = image_shares(self.grid, faces, injection.component, injection.indices, source.bounds)
                profile = scale * share * np.asarray(injection.profile).ravel()
                self._injections.append((number, injection.component, columns, profile))
        self.placements = [m.place(medium, dt) for m in self.monitors]
        self._columns = [
            {c: self._out.add(c, indices) for c, indices in p.indices.items()} for p in self.placements
        ]
        self._into.close(dtype)
        self._out.close(dtype)
        nowhere = places(np.zeros(0, np.int64), self.grid.as_storage(rotation.along(self.grid.shape)))
        self._samples: tuple[np.ndarray, ...] = ()
        self._nothing = tuple(nowhere for _ in self.grid.components)

    # -- times --------------------------------------------------------------------------------------------------------

    def _source_times(self, component: str, first: int, last: int) -> np.ndarray:
        return (np.arange(first, last) + (0.5 if component[0] == "e" else 0.0)) * self.dt

    def _sample_times(self, component: str, first: int, last: int) -> np.ndarray:
        return (np.arange(first, last) + (1.0 if component[0] == "e" else 0.5)) * self.dt

    def _transform(self, monitor, component: str, first: int, last: int) -> np.ndarray:
        """Weights of the running Fourier transform, shape ``(n_freq, last - first)``, physical units of the field."""
        t = self._sample_times(component, first, last)
        scale = self.dt * (1.0 if component[0] == "e" else 1.0 / ETA0)
        return scale * np.exp(2j * np.pi * np.outer(np.asarray(monitor.frequencies), t))

    # -- forward ------------------------------------------------------------------------------------------------------

    def forward_ports(self, amplitudes: np.ndarray, first: int, last: int, sampling: bool) -> Ports:
        """Doors of the forward sweep over steps ``first`` to ``last - 1``."""
        values = self._into.empty(last - first)
        for number, component, columns, profile in self._injections:
            which = self._number[component]
            wave = amplitudes[number] * self.sources[number].waveform(self._source_times(component, first, last))
            values[which][:, columns] += np.real(np.multiply.outer(wave, profile))
        out = self._out.places if sampling else self._nothing
        return Ports(self._into.places, values, out, self._buffers(out, last - first))

    def readings(self, steps: int) -> list[dict[str, np.ndarray]]:
        """Empty accumulators, one a monitor: component to ``(steps, n_points)``, or ``(2 n_freq, n_points)`` with the
        real parts of the running transforms before the imaginary ones."""
        return [
            {c: np.zeros((steps if m.frequencies is None else 2 * len(m.frequencies), len(i))) for c, i in p.indices.items()}
            for m, p in zip(self.monitors, self.placements)
        ]

    def accumulate(self, readings, ports: Ports, first: int, last: int) -> None:
        """Add the samples of steps ``first`` to ``last - 1``."""
        for monitor, reading, columns in zip(self.monitors, readings, self._columns):
            for component, total in reading.items():
                rows = ports.samples[self._number[component]][:, columns[component]]
                if monitor.frequencies is None:
                    total[first:last] = rows * (1.0 if component[0] == "e" else 1.0 / ETA0)
                else:
                    # One real product for the real and imaginary parts, half the work of a complex one; some places
                    # at a time, so that it does not leave the processor's caches.
                    w = self._transform(monitor, component, first, last)
                    parts = np.concatenate([w.real, w.imag]).astype(rows.dtype)  # a block of steps in the fields' precision
                    for start in range(0, rows.shape[1], _PLACES):
                        some = slice(start, start + _PLACES)
                        total[:, some] += parts @ rows[:, some]

    def read(self, readings) -> dict[str, np.ndarray]:
        """Readings by monitor name."""
        return {
            m.name: p.read(r if m.frequencies is None else {c: _complex(total) for c, total in r.items()})
            for m, p, r in zip(self.monitors, self.placements, readings)
        }

    # -- adjoint ------------------------------------------------------------------------------------------------------

    def raw_cotangents(self, cotangents: dict[str, np.ndarray]) -> list[dict | None]:
        """Cotangents of the accumulators from those of the readings, ``None`` where there is none."""
        return [
            p.transpose(np.asarray(cotangents[m.name])) if m.name in cotangents else None
            for m, p in zip(self.monitors, self.placements)
        ]

    def adjoint_ports(self, raw, first: int, last: int) -> Ports:
        """Doors of the adjoint sweep over steps ``first`` to ``last - 1`` (see `retreat` for the meaning of the rows)."""
        values = self._out.empty(last - first)
        for monitor, cotangent, columns in zip(self.monitors, raw, self._columns):
            for component, g in (cotangent or {}).items():
                which = self._number[component]
                # The electric value injected on arrival at the start of step n is the sample of row n - 1.
                shift = 1 if component[0] == "e" else 0
                rows = self._cotangent_rows(monitor, component, g, first - shift, last - shift)
                values[which][:, columns[component]] += rows / self._out.weights[which][columns[component]]
        return Ports(self._out.places, values, self._into.places, self._into.empty(last - first))

    def arrival_ports(self, raw, steps: int) -> Ports:
        """The single row injected at the end of the run, before the first adjoint step."""
        ports = self.adjoint_ports(raw, steps, steps + 1)
        return Ports(ports.into, ports.values, self._nothing, self._buffers(self._nothing, 1))

    def _cotangent_rows(self, monitor, component, g, first, last):
        begin = max(first, 0)  # there is no sample before the first step
        rows = np.zeros((last - first, g.shape[1]))
        if monitor.frequencies is None:
            series = np.real(g[begin:last]) * (1.0 if component[0] == "e" else 1.0 / ETA0)
            rows[begin - first :][: len(series)] = series  # the magnetic series has no row for the arrival
        else:
            w = self._transform(monitor, component, begin, last)
            rows[begin - first :] = w.real.T @ g.real + w.imag.T @ g.imag
        return rows

    def amplitude_cotangents(self, total: np.ndarray, ports: Ports, first: int, last: int) -> None:
        """Add to ``total`` (complex, one a source) what the adjoint samples of a block say of the amplitudes."""
        for number, component, columns, profile in self._injections:
            which = self._number[component]
            wave = self.sources[number].waveform(self._source_times(component, first, last))
            rows = ports.samples[which][:, columns] * self._into.weights[which][columns]
            total[number] += np.conj(np.sum(wave * (rows @ profile)))

    def _buffers(self, doors, rows: int) -> tuple[np.ndarray, ...]:
        """Room for samples: the last that was made, if it fits, since fresh pages cost as much as the sampling."""
        shapes = tuple((rows, len(p.index)) for p in doors)
        if tuple(b.shape for b in self._samples) != shapes:
            self._samples = tuple(np.zeros(shape, self._out.dtype) for shape in shapes)
        return self._samples
