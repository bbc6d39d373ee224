"""What the tests of the FDTD solver share: layered media, currents of any shape, frequencies of ringing signals."""

from dataclasses import dataclass, field

import numpy as np
from scipy import linalg

from adjointdesign.constants import C0
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.solvers.fdtd_maxwell import Medium
from adjointdesign.sources import Injection


@dataclass(frozen=True)
class Pulse:
    """A pulse that begins and ends at exactly zero, ``sin^4(pi t / T) exp(-i w t)``; then a closed domain rings."""

    frequency: float
    duration: float

    @property
    def center_frequency(self):
        return self.frequency

    def __call__(self, t):
        inside = (t > 0) & (t < self.duration)
        return np.where(inside, np.sin(np.pi * t / self.duration) ** 4, 0) * np.exp(-2j * np.pi * self.frequency * t)


@dataclass(eq=False)
class Current:
    """A current density ``profile`` (storage shape, complex) of each component in the whole domain."""

    name: str
    profiles: dict
    waveform: object
    bounds: tuple = field(default=())

    def place(self, medium, dt):
        injections = []
        for c, profile in self.profiles.items():
            indices = np.flatnonzero(profile)
            injections.append(Injection(c, indices, profile.ravel()[indices].astype(complex)))
        return injections


def layered_medium(grid: YeeGrid, axis: str, edges, permittivity, conductivity=None) -> Medium:
    """Layers across ``axis`` between ``edges`` (one value more than edges), means over each component's dual cell."""
    a = AXES.index(axis)

    def averaged(values, c):
        x, half = grid.coordinates(c, a), grid.spacing[a] / 2
        bounds = np.concatenate([[-np.inf], edges, [np.inf]])
        parts = [
            np.clip(np.minimum(x + half, high) - np.maximum(x - half, low), 0, None) * value
            for low, high, value in zip(bounds[:-1], bounds[1:], values)
        ]
        shape = [-1 if b == a else 1 for b in range(grid.ndim)]
        return np.broadcast_to((sum(parts) / (2 * half)).reshape(shape), grid.shape).copy()

    sigma = {c: averaged(conductivity, c) for c in grid.electric} if conductivity is not None else {}
    return Medium(grid, {c: averaged(permittivity, c) for c in grid.electric}, sigma)


def scheme_frequency(dt: float, spacing, wavevector, index: float = 1.0) -> float:
    """Frequency of a plane wave in the Yee scheme, Hz.

    ``(n sin(w dt/2) / (c dt))^2 = sum (sin(k d/2) / d)^2``, Taflove and Hagness, 3rd ed., eq. 4.12.
    """
    total = sum((np.sin(k * d / 2) / d) ** 2 for k, d in zip(wavevector, spacing))
    return np.arcsin(C0 * dt / index * np.sqrt(total)) / (np.pi * dt)


def ringing_poles(signal: np.ndarray, count: int) -> np.ndarray:
    """Poles ``z`` of a sum of ``count`` terms ``z**n``, by the matrix pencil.

    Y. Hua and T. K. Sarkar, IEEE Trans. Acoust. Speech Signal Process. 38, 814 (1990).
    """
    rows = len(signal) // 2
    hankel = linalg.hankel(signal[:rows], signal[rows - 1 :])
    basis = np.linalg.svd(hankel, full_matrices=False)[0][:, :count]
    return np.linalg.eigvals(np.linalg.lstsq(basis[:-1], basis[1:], rcond=None)[0])


def ringing_frequencies(signal: np.ndarray, dt: float, count: int) -> np.ndarray:
    """Frequencies (Hz, ascending) of a sum of ``count`` cosines that ring undamped."""
    frequencies = np.sort(np.angle(ringing_poles(signal, 2 * count)) / (2 * np.pi * dt))
    return frequencies[frequencies > 0]
