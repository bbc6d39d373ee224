"""A far-field monitor on a grid: the field on a box projected on plane waves of the scheme, and the adjoint of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import AXES, OFFSETS
from adjointdesign.monitors.far_field_box import ClosedBox, Patch
from adjointdesign.monitors.far_field_waves import AxisWave, WaveAxis, wave_rate

_BLOCK = 512
"""Directions that are worked on at a time: bounds the memory of a `FarFieldPlacement`, and keeps it in the caches."""


@dataclass(frozen=True)
class Polarizations:
    """Unit vectors of the directions, and the fields of waves that come from them, at phase zero.

    ``cosines`` has shape ``(3, directions)``; ``e``, V/m, and ``h``, A/m, have shape ``(polarizations, 3,
    directions)``.
    """

    cosines: np.ndarray
    e: np.ndarray
    h: np.ndarray

    @classmethod
    def of(cls, directions: np.ndarray, polarization: str, impedance: float) -> Polarizations:
        """Waves polarized along theta and phi; in two dimensions along z (``ez``) or phi (``hz``)."""
        flat = polarization != "3d"
        theta, phi = (np.full(len(directions), np.pi / 2), directions) if flat else directions.T
        zero = np.zeros_like(theta)
        r = np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
        along_theta = np.array([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), -np.sin(theta)])
        along_phi = np.array([-np.sin(phi), np.cos(phi), zero])
        along_z = np.array([zero, zero, zero + 1])
        if flat:
            r[2] = 0.0  # the cosine of pi/2 is not quite zero
        vectors = {"3d": [along_theta, along_phi], "ez": [along_z], "hz": [along_phi]}[polarization]
        return cls(r, np.array(vectors), np.array([-np.cross(r, e, axis=0) / impedance for e in vectors]))


@dataclass(frozen=True)
class _Wave:
    """Factors of a block of directions along one axis: those of the distinct cosines, and which is whose."""

    factors: AxisWave
    which: np.ndarray

    def of(self, component: str, axis: int) -> np.ndarray:
        """Factors that belong to a component: on nodes or in the middle of cells."""
        return self.factors.middles if OFFSETS[component][axis] else self.factors.nodes


@dataclass(frozen=True, eq=False)
class FarFieldPlacement:
    """A far-field monitor on a grid: eq. (1) of `far_field_box` with the waves of `far_field_waves` in the place of
    field 2.

    Nothing of the size points times directions is kept. A wave is a product of one factor an axis, so on each face the
    sum over one axis is a matrix product with the factors of the distinct cosines along that axis, and the sum over the
    other follows a direction at a time; products of angles (`sphere_directions`) share their cosines along z.
    """

    box: ClosedBox
    frequencies: np.ndarray
    polarizations: Polarizations
    center: tuple[float, ...]
    dt: float
    indices: dict[str, np.ndarray] = field(init=False)
    shape: tuple[int, ...] = field(init=False)

    def __post_init__(self):
        count, _, directions = self.polarizations.e.shape
        object.__setattr__(self, "indices", self.box.indices)
        object.__setattr__(self, "shape", (len(self.frequencies), count, directions))

    def read(self, samples: dict[str, np.ndarray]) -> np.ndarray:
        """Far-field amplitudes, shape ``(n_frequencies, n_polarizations, n_directions)``."""
        out = np.zeros(self.shape, complex)
        for number, block, waves in self._sweep():
            for patch, columns in zip(self.box.patches, self.box.columns):
                both = np.stack([samples[c][number, at] for c, at in zip((patch.e, patch.h), columns)])
                both = both.reshape(2, *patch.shape) * patch.areas
                e, h = self._project(patch, both, waves)
                wave_e, wave_h = self._wave_fields(patch, block, waves)
                out[number][:, block] += e * wave_h - h * wave_e
            out[number][:, block] *= self._scale(self.frequencies[number])
        return out

    def transpose(self, cotangent: np.ndarray) -> dict[str, np.ndarray]:
        """Cotangents of the samples: the conjugate transpose of `read`."""
        g = np.asarray(cotangent)
        out = {c: np.zeros((len(self.frequencies), i.size), complex) for c, i in self.indices.items()}
        for number, block, waves in self._sweep():
            rows = np.conj(self._scale(self.frequencies[number])) * g[number][:, block]
            for patch, columns in zip(self.box.patches, self.box.columns):
                wave_e, wave_h = self._wave_fields(patch, block, waves)
                both = np.stack([np.sum(rows * wave_h.conj(), axis=0), -np.sum(rows * wave_e.conj(), axis=0)])
                spread = self._spread(patch, both, waves) * patch.areas
                for c, at, values in zip((patch.e, patch.h), columns, spread):
                    out[c][number, at] += values.ravel()  # on one face no place comes twice
        return out

    def check(self) -> None:
        """Raise `InputError` when the grid is too coarse for the highest frequency."""
        frequency = self.frequencies.max()
        for axis in self._axes:
            axis.waves(np.ones(1), *self._rates(frequency))

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def _index(self) -> float:
        return np.sqrt(self.box.permittivity)

    def _rates(self, frequency: float) -> tuple[float, float]:
        """Wave number in the continuum and in the scheme, rad/m."""
        return 2 * np.pi * frequency * self._index / C0, wave_rate(frequency, self.dt, self._index)

    def _scale(self, frequency: float) -> complex:
        """Far-field amplitude over ``int J . E dV``: as in the continuum but for W, eq. (1) of `far_field_waves`."""
        (_, rate), eta = self._rates(frequency), ETA0 / self._index
        if self.box.grid.ndim == 3:
            return 1j * rate * eta / (4 * np.pi)
        return -eta * np.sqrt(rate / (8 * np.pi)) * np.exp(-0.25j * np.pi)

    @cached_property
    def _axes(self) -> list[WaveAxis]:
        box = self.box
        return [WaveAxis(a, box.lines(a), self.center[a], box.mirrors.get(a)) for a in range(box.grid.ndim)]

    def _sweep(self):
        """Number of the frequency, directions, and waves, block by block."""
        for number, frequency in enumerate(self.frequencies):
            rates = self._rates(frequency)
            for first in range(0, self.shape[-1], _BLOCK):
                block = slice(first, first + _BLOCK)
                waves = []
                for axis in self._axes:
                    # Rounded, so that equal angles are found to be equal however they came about.
                    cosines = np.round(self.polarizations.cosines[axis.number, block], 14)
                    distinct, which = np.unique(cosines, return_inverse=True)
                    waves.append(_Wave(axis.waves(distinct, *rates), which))
                yield number, block, waves

    def _wave_fields(self, patch: Patch, block: slice, waves) -> tuple[np.ndarray, np.ndarray]:
        """The parts of the wave's E and H that do not change along a face, with the outward sign."""
        a, wave = patch.axis, waves[patch.axis]
        last = -1 if patch.side else 0
        e, h = (vectors[:, AXES.index(c[1]), block] for c, vectors in
                ((patch.e, self.polarizations.e), (patch.h, self.polarizations.h)))  # fmt: skip
        at_e, at_h = (wave.of(c, a)[last][wave.which] for c in (patch.e, patch.h))
        return patch.outward * e * at_e, patch.outward * h * at_h

    def _factors(self, patch: Patch, waves) -> list[tuple[np.ndarray, np.ndarray]]:
        """Factors at the patch's points and which is whose, for each axis along the face."""
        found = []
        for a, widths in patch.widths.items():
            first = 0
            if OFFSETS[patch.e][a] == 0:  # the node on the face is left out, unless it is on a magnetic wall
                first = patch.slots[a][0] - self.box.low[a] - 1
            found.append((waves[a].of(patch.e, a)[first : first + len(widths)], waves[a].which))
        return found

    def _project(self, patch: Patch, values: np.ndarray, waves) -> np.ndarray:
        """Sum of values, shape ``(2, *patch.shape)``, times the wave at each direction; shape ``(2, directions)``."""
        factors = self._factors(patch, waves)
        if len(factors) == 1:
            (one, which), = factors
            return (values @ one)[:, which]
        (u, which_u), (v, which_v) = factors
        if u.shape[1] < v.shape[1]:
            values, (u, which_u), (v, which_v) = values.swapaxes(1, 2), factors[1], factors[0]
        return np.einsum("pud,ud->pd", (values @ v)[..., which_v], u[:, which_u])

    def _spread(self, patch: Patch, rows: np.ndarray, waves) -> np.ndarray:
        """Adjoint of `_project`."""
        factors = self._factors(patch, waves)
        if len(factors) == 1:
            (one, which), = factors
            return _gather(rows, which, one.shape[1]) @ one.conj().T
        (u, which_u), (v, which_v) = factors
        swap = u.shape[1] < v.shape[1]
        if swap:
            (u, which_u), (v, which_v) = factors[1], factors[0]
        each = rows[:, None, :] * u[:, which_u].conj()
        values = _gather(each, which_v, v.shape[1]) @ v.conj().T
        return values.swapaxes(1, 2) if swap else values


def _gather(values: np.ndarray, which: np.ndarray, count: int) -> np.ndarray:
    """Sum the columns (last axis) that share a number in ``which``."""
    matrix = sparse.csr_array((np.ones(len(which)), (which, np.arange(len(which)))), shape=(count, len(which)))
    return (matrix @ values.reshape(-1, len(which)).T).T.reshape(*values.shape[:-1], count)
