"""Dispersive media in the electric update: which places, which numbers.

A material of strength ``s`` adds ``s chi`` to the permittivity, with poles ``a`` and residues ``c`` as in
`adjointdesign.media.dispersion`. Each pole has a memory ``Q`` with ``dQ/dt = a Q + E``, advanced by the bilinear rule
(Han, Dutton and Fan, IEEE Microw. Wirel. Compon. Lett. 16, 119 (2006)):

    Q' = k Q + b (E + E'),    k = (1 + a dt/2) / (1 - a dt/2),    b = (dt/2) / (1 - a dt/2).

With ``m = 2`` for a pair of conjugate poles and 1 for a real one, the polarization current of a step is
``m Re c (Q' - Q)``, and the electric update becomes

    (p + s g) E' = (q - s g) E + curl H - J - s sum Re W,    W = m c (k - 1) Q,    W' = k W + n (E + E'),
    g = sigma dt / (2 eps0) + sum m Re c b,                  n = m c (k - 1) b.

What is stored is ``Y``, the part of W that E of the same instant has no share in, ``W = Y + n E``, so that one pass
over the fields does:

    (p + s g) E' = (q - s h) E + curl H - J - s sum Re Y,    Y' = k Y + (1 + k) n E,    h = g + sum Re n.      (1)

A Drude medium is a conductivity and a pole whose shares in g nearly cancel; g is therefore summed as ``(sigma/eps0 +
sum m Re c) dt/2 + sum m Re (a b c) dt/2``, where the first bracket, the response at once, is exactly zero.

Adjoint. In the scaled variables of `propagation.py`, with the cotangent y of Y and ``V = -(1 + k) n conj(y) / s``,
the transpose of (1) is (1) again, run backward: ``p e = q e' + curl h - s sum Re V'``, ``V = k V' + (1 + k) n e'``.
So is its second-order sweep. What the strength adds to the gradient needs no history but that of E, because the
filter of (1) may act on either factor:

    dJ/ds = - w sum_n [ e(n+1) (h E(n) + g E(n+1)) + E(n) sum Re V(n+1) ].

A tangent of s drives tangents by ``- ds (h E + g E' + sum Re Y)``: for those alone ``sum Re Y`` is kept, a block at a
time.

Stability. The bilinear rule turns a passive medium into a passive discrete one that sees ``(E + E')/2``, just as the
conductivity does, so the energy argument of the lossy Yee scheme holds and the time step stays that of eps_inf.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.solvers.fdtd_maxwell.medium import Box, Medium
from adjointdesign.solvers.fdtd_maxwell.poles import BEGIN, END, INSIDE, MEMORY, PLACE, SET, Disperse, Poles, Runs


class Rates:
    """The numbers of one material for one time step: ``k - 1`` and ``(1 + k) n`` of each pole, ``g`` and ``h``."""

    def __init__(self, material: Dispersion, dt: float):
        a, c = np.array(material.poles, complex), np.array(material.residues, complex)
        self.paired = a.imag != 0
        m = np.where(self.paired, 2.0, 1.0)
        b = (dt / 2) / (1 - a * dt / 2)
        self.decay = 2 * a * b
        n = m * c * self.decay * b
        self.drive = (2 + self.decay) * n
        at_once = material.conductivity / EPS0 + np.sum((m * c).real)
        if abs(at_once) < 1e-12 * (material.conductivity / EPS0 + np.sum(abs(m * c))):
            at_once = 0.0
        self.next = (at_once + np.sum((m * c * a * b).real)) * dt / 2
        self.now = self.next + np.sum(n.real)
        # Of W = m c (k - 1) Q: the energy |a c| |Q|^2, twice that of a pair, in units where the field's is eps E^2.
        self.energy = abs(a * c) * m / abs(m * c * self.decay) ** 2 if a.size else np.zeros(0)


class DispersivePlaces:
    """Where a solver's medium is dispersive, or may become so by design.

    Parameters
    ----------
    medium : Medium
        Background with its dispersive materials.
    periodic : tuple of bool
        Periodic axes.
    box : Box
        Where strengths are designed.
    designed : tuple of str
        Names of the materials whose strengths are inputs.
    dt : float
        Time step, s.
    dtype : numpy dtype
        Precision of the fields.
    """

    def __init__(self, medium: Medium, periodic, box: Box, designed: tuple[str, ...], dt: float, dtype):
        self.grid, self.medium, self.box, self.dtype = medium.grid, medium, box, np.dtype(dtype)
        self.names, self.designed = tuple(medium.dispersive), designed
        self.rates = [Rates(part.material, dt) for part in medium.dispersive.values()]
        self.now, self.next = (np.array([getattr(r, w) for r in self.rates]) for w in ("now", "next"))
        everywhere = Box.everywhere(self.grid, periodic)
        labels = {c: self._labels(c, everywhere) for c in self.grid.electric}
        self._sets = np.unique(np.concatenate([found for _, found in labels.values()]))
        self.flat = {c: flat for c, (flat, _) in labels.items()}
        self.runs, self._memory_sizes = zip(*(self._runs(*labels[c]) for c in self.grid.electric))
        self.poles = self._poles()

    @property
    def present(self) -> bool:
        """Whether there are any."""
        return any(len(flat) for flat in self.flat.values())

    @property
    def nbytes(self) -> int:
        """What the places themselves, and the coefficients and the memory of a run, take."""
        places = sum(len(flat) for flat in self.flat.values())
        return 8 * places + ((1 + len(self.names)) * places + sum(self._memory_sizes)) * self.dtype.itemsize

    def zero_memory(self) -> tuple[np.ndarray, ...]:
        """The memory of all poles at rest, one flat array an electric component."""
        return tuple(np.zeros(size, self.dtype) for size in self._memory_sizes)

    # -- where ------------------------------------------------------------------------------------------------------

    def _labels(self, component: str, everywhere: Box) -> tuple[np.ndarray, np.ndarray]:
        """Flat storage indices of the dispersive places, ascending, and what is there: bits of materials and the box."""
        inside = np.zeros(self.grid.shape, bool)
        inside[self.box.slices[component]] = bool(self.designed)
        label = np.zeros(self.grid.shape, np.min_scalar_type(2 ** (len(self.names) + 1) - 1))
        for m, name in enumerate(self.names):
            strength = self.medium.dispersive[name].strength.get(component)
            there = np.zeros(self.grid.shape, bool) if strength is None else np.asarray(strength) > 0
            label |= np.where(there | inside if name in self.designed else there, label.dtype.type(1 << m), 0)
        label |= np.where(inside, label.dtype.type(1 << len(self.names)), 0)
        carried = np.zeros(self.grid.shape, bool)
        carried[everywhere.slices[component]] = True
        flat = np.flatnonzero(carried & (label > 0))
        return flat, label.ravel()[flat].astype(np.int64)

    def _runs(self, flat: np.ndarray, label: np.ndarray) -> tuple[Runs, int]:
        """Runs of one component, and the size of their memory."""
        rows, middle, last = self.grid.as_storage(self.grid.shape)
        fresh = np.ones(len(flat), bool)
        fresh[1:] = (np.diff(flat) != 1) | (np.diff(label) != 0) | (flat[1:] % last == 0)
        first = np.flatnonzero(fresh)
        lengths = np.diff(np.append(first, len(flat)))
        table = np.zeros((len(first), 7), np.int64)
        table[:, 0] = flat[first] // last % middle
        table[:, BEGIN] = flat[first] % last
        table[:, END] = table[:, BEGIN] + lengths
        table[:, PLACE] = first
        table[:, SET] = np.searchsorted(self._sets, label[first])
        table[:, INSIDE] = label[first] >> len(self.names)
        sizes = lengths * np.array([self._stretches(s) for s in self._sets], np.int64)[table[:, SET]]
        table[:, MEMORY] = np.cumsum(sizes) - sizes
        starts = np.searchsorted(flat[first] // (middle * last), np.arange(rows + 1))
        return Runs(table, starts), int(sizes.sum())

    def _members(self, label: int) -> list[int]:
        return [m for m in range(len(self.names)) if label >> m & 1]

    def _stretches(self, label: int) -> int:
        """Stretches of memory of a run: one a relaxation, two a resonance."""
        return sum(int(np.sum(1 + self.rates[m].paired)) for m in self._members(label))

    def _poles(self) -> Poles:
        members = [self._members(label) for label in self._sets]

        def joined(parts, dtype):
            return np.concatenate([np.zeros(0), *parts]).astype(dtype)

        def two_columns(which):
            values = np.concatenate([np.zeros(0, complex), *(getattr(r, which) for r in self.rates)])
            return np.stack([values.real, values.imag], axis=1).astype(self.dtype)

        return Poles(
            np.cumsum([0, *map(len, members)]), joined(members, np.int64),
            np.cumsum([0, *(len(r.paired) for r in self.rates)]), joined([r.paired for r in self.rates], np.int64),
            two_columns("decay"), two_columns("drive"),
            np.array([self.designed.index(n) if n in self.designed else -1 for n in self.names], np.int64),
            self.now.astype(self.dtype), self.next.astype(self.dtype),
        )  # fmt: skip

    # -- how much ---------------------------------------------------------------------------------------------------

    def strengths(self, component: str, values: dict[str, np.ndarray], which: slice = slice(None)) -> np.ndarray:
        """Strength of every material at the places, ``(materials, places)``; ``values`` over the box, by material."""
        slots = np.unravel_index(self.flat[component][which], self.grid.shape)
        out = np.zeros((len(self.names), len(slots[0])))
        for row, name in zip(out, self.names):
            strength = self.medium.dispersive[name].strength.get(component)
            if strength is not None:
                row[:] = np.asarray(strength)[slots]
            if name in values:
                ranges = self.box.slices[component]
                inside = np.all([(x >= r.start) & (x < r.stop) for x, r in zip(slots, ranges)], axis=0)
                row[inside] = values[name][tuple(x[inside] - r.start for x, r in zip(slots, ranges))]
        return out

    def within(self, component: str, rows: slice) -> slice:
        """The places on some storage rows."""
        width = self.grid.shape[1] if self.grid.ndim == 2 else self.grid.shape[1] * self.grid.shape[2]
        return slice(*np.searchsorted(self.flat[component], [rows.start * width, rows.stop * width]))

    def constants(self, keep, gain) -> Disperse:
        """All constants of a run for its coefficients at the places."""
        return Disperse(self.present, self.runs, tuple(keep), tuple(gain), self.poles)

    def energy(self, number: int, memory: np.ndarray, strengths: np.ndarray) -> float:
        """What the poles of electric component ``number`` store, in the unit of the integral of ``eps E^2``."""
        component = self.grid.electric[number]
        table, flat = self.runs[number].table, self.flat[component]
        lengths = table[:, END] - table[:, BEGIN]
        run = np.repeat(np.arange(len(table)), lengths)
        along = np.arange(len(flat)) - table[run, PLACE]
        volume = cell_volumes(self.grid, component, flat)
        total = 0.0
        for number_of_set, label in enumerate(self._sets):
            places = np.flatnonzero(table[run, SET] == number_of_set)
            at = table[run[places], MEMORY] + along[places]
            for m in self._members(label):
                for paired, weight in zip(self.rates[m].paired, self.rates[m].energy):
                    for _ in range(1 + paired):
                        stored = np.square(memory[at], dtype=float)
                        total += weight * np.sum(strengths[m, places] * volume[places] * stored)
                        at = at + lengths[run[places]]
        return total


def cell_volumes(grid: YeeGrid, component: str, flat: np.ndarray) -> np.ndarray:
    """Volume over that of the smallest cell of the given storage slots."""
    slots = np.unravel_index(flat, grid.shape)
    return np.prod([(grid.lengths(component, a) / grid.spacing[a])[x] for a, x in enumerate(slots)], axis=0)
