"""The power that lossy and dispersive media take.

In a run a conductivity works on the mean of two steps, and a dispersive material of strength ``s`` presents its
susceptibility at ``W = (2 / dt) tan(pi f dt)`` in place of ``w`` (`adjointdesign.media.dispersion`). Beside E of whole
steps, as `RadiatedPowerMonitor` pairs it with H, the loss current at the half steps is therefore ``g E`` and an
imaginary part, with

    g(f) = sigma cos(pi f dt) + sum s eps0 (2 / dt) sin(pi f dt) Im chi(W),                    (1)

and the power that the medium takes is ``sum g |E|^2 dV / 2``: exactly what the discrete equations take out of the
fields (Jackson, Classical Electrodynamics, 3rd ed., eq. 6.127, of the scheme itself).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.grid.yee import AXES
from adjointdesign.monitors.far_field_box import BoxMonitor, slots_inside
from adjointdesign.sources.placing import Medium, check_inside, nearest_node


@dataclass(frozen=True, eq=False)
class LossPlacement:
    """A monitor of dissipated power on a grid.

    Parameters
    ----------
    indices : dict of ndarray
        Sampled storage indices of each electric component, of lossy places alone.
    volumes : dict of ndarray
        What each stands for, m^3 (m^2 in two dimensions).
    frequencies : ndarray
        Hz.
    dt : float
        Time step, s.
    weights : ndarray
        ``g dV`` of eq. (1), shape ``(n_frequencies, n_points)``, all components one after the other.
    """

    indices: dict[str, np.ndarray]
    volumes: dict[str, np.ndarray]
    frequencies: np.ndarray
    dt: float
    weights: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the reading."""
        return len(self.frequencies), 2, self.weights.shape[1]

    def read(self, samples: dict[str, np.ndarray]) -> np.ndarray:
        """E of all points, and ``g E dV``."""
        field = np.concatenate([samples[c] for c in self.indices], axis=1)
        return np.stack([field, self.weights * field], axis=1)

    def transpose(self, cotangent: np.ndarray) -> dict[str, np.ndarray]:
        """Adjoint of `read`."""
        g = np.asarray(cotangent)
        field = g[:, 0] + self.weights * g[:, 1]
        ends = np.cumsum([i.size for i in self.indices.values()])[:-1]
        return dict(zip(self.indices, np.split(field, ends, axis=1)))

    def taken_by(self, part: Medium, reading: np.ndarray) -> np.ndarray:
        """Power that a part of the medium takes, in units of `adjointdesign.monitors.power` without a spectrum.

        Parameters
        ----------
        part : Medium
            A medium on the same grid with some of the losses, and none elsewhere.
        reading : ndarray
            Reading of the monitor.

        Returns
        -------
        ndarray, shape ``(n_frequencies,)``
        """
        weights = _weights(part, self.indices, self.volumes, self.frequencies, self.dt)
        return 0.5 * np.sum(weights * np.abs(reading[:, 0]) ** 2, axis=1)


@dataclass(frozen=True, eq=False)
class DissipatedPowerMonitor(BoxMonitor):
    """E where a medium takes power, from which `adjointdesign.monitors.power` makes the power that is taken in a box.

    The reading has shape ``(n_frequencies, 2, n_points)``: E of all lossy places, and the loss current that goes with
    it. With the same box and ``ground`` as a `RadiatedPowerMonitor`, in the same units, and with conductivity,
    dispersive poles, resistive sheets, lumped elements and the impedances of ports alike, the two together are exactly
    the work that sources do in the box, as discretised, once the run has rung down. It samples only where there is loss,
    but all of that: a large lossy body makes it slow.

    The medium is that of the solver. What its inputs change is not known here, so where conductivity or strengths are
    designed this is no measure of their loss.

    Parameters
    ----------
    name : str
        Name of the monitor.
    center : tuple of float
        Center of the box, m.
    size : tuple of float
        Side lengths, m; faces move to the nearest nodes. What lies in the faces themselves does not count.
    frequencies : array_like of float
        Frequencies, Hz.
    ground : dict of str to str, optional
        As for `RadiatedPowerMonitor`. What lies in a symmetry plane counts by half.

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

    def place(self, medium: Medium, dt: float) -> LossPlacement:
        """Put the monitor on the grid.

        Raises
        ------
        InputError
            When the box leaves the domain.
        """
        grid = medium.grid
        check_inside(f"monitor '{self.name}'", self.bounds, grid)
        low, high = ([nearest_node(grid, a, b[end]) for a, b in enumerate(self.bounds)] for end in (0, 1))
        mirrors = {AXES.index(face[1]): (int(face[0] == "+"), kind) for face, kind in self.ground.items()}
        indices, volumes = {}, {}
        for c in grid.electric:
            along = [slots_inside(grid, c, a, low[a], high[a], mirrors.get(a)) for a in range(grid.ndim)]
            flat = grid.flat_index(*np.ix_(*(s for s, _ in along))).ravel()
            lossy = _lossy(medium, c, flat)
            indices[c] = flat[lossy]
            volumes[c] = reduce(np.multiply.outer, (w for _, w in along)).ravel()[lossy]
        weights = _weights(medium, indices, volumes, self.frequencies, dt)
        return LossPlacement(indices, volumes, self.frequencies, dt, weights)


def _lossy(medium: Medium, component: str, flat: np.ndarray) -> np.ndarray:
    """Which places have loss, and no metal, where there is no field."""
    parts = [medium.conductivity, *(d.strength for d in medium.dispersive.values())]
    found = np.zeros(flat.size, bool)
    for part in parts:
        if component in part:
            found |= np.asarray(part[component]).ravel()[flat] > 0
    if component in medium.conductor:
        found &= ~np.asarray(medium.conductor[component]).ravel()[flat]
    return found


def _weights(medium: Medium, indices, volumes, frequencies: np.ndarray, dt: float) -> np.ndarray:
    """Eq. (1) times the volume of each place, shape ``(n_frequencies, n_points)``."""
    half = np.pi * frequencies * dt
    terms = [(np.cos(half), medium.conductivity)]
    for part in medium.dispersive.values():
        loss = EPS0 * (2 / dt) * np.sin(half) * part.material.scheme_susceptibility(frequencies, dt).imag
        terms.append((loss, part.strength))
    columns = []
    for c, flat in indices.items():
        total = np.zeros((len(frequencies), flat.size))
        for factor, share in terms:
            if c in share:
                total += np.multiply.outer(factor, np.asarray(share[c]).ravel()[flat])
        columns.append(total * volumes[c])
    return np.concatenate(columns, axis=1)
