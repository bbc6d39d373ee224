"""The metalens by the FDTD solver: another discretization of the same physics, to hold the finite elements against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.constants import C0, EPS0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Cpml, Decay, FdtdMaxwell, Medium
from adjointdesign.sources import GaussianPulse
from adjointdesign.sources.placing import Injection

LAYER = 16
"""Cells of the absorbing layers."""


@dataclass(frozen=True)
class _Row:
    """Polarization current (A/m^2 per unit amplitude) of one row of field points."""

    name: str
    waveform: GaussianPulse
    indices: np.ndarray
    density: np.ndarray
    bounds: tuple

    def place(self, medium, dt):
        return [Injection("ez", self.indices, self.density.astype(complex))]


def gain(problem, density: np.ndarray, spacing: float) -> float:
    """Intensity gain at the focus (dB) as FDTD has it, for the density of the pixels.

    The scattered field is that of the current ``-i w eps0 (eps - 1) E`` that the plane wave E drives in the lens; what is
    read is the total field's intensity under the same Gaussian.

    Parameters
    ----------
    problem : Metalens
        With its specification.
    density : ndarray
        One value a pixel.
    spacing : float
        Size of a cell, m.
    """
    s, d = problem.specification, problem.discretization
    frequency = C0 / s.wavelength
    k, w = 2 * np.pi / s.wavelength, 2 * np.pi * frequency
    around = d.padding + LAYER * spacing
    low = np.array([-s.aperture / 2 - around, -around])
    high = np.array([s.aperture / 2 + around, s.thickness + s.focal_length + around])
    cells = tuple(int(n) for n in np.ceil((high - low) / spacing - 1e-9))
    grid = YeeGrid(cells, (spacing, spacing), tuple(low), "ez")
    x, y = (grid.coordinates("ez", axis) for axis in range(2))
    permittivity = 1 + (s.permittivity - 1) * _covered(problem, density, x, y, spacing)
    pulse = GaussianPulse(frequency, 0.3 * frequency)
    rows = [j for j in range(len(y)) if np.any(permittivity[:, j] > 1 + 1e-12)]
    sources = [
        _Row(f"row {j}", pulse, grid.flat_index(np.arange(len(x)), np.array(j)), permittivity[:, j] - 1,
             ((-s.aperture / 2, s.aperture / 2), (y[j], y[j])))
        for j in rows
    ]  # fmt: skip
    focus, size = (0.0, s.thickness + s.focal_length), (6 * s.spot, 6 * s.spot)
    monitor = FieldMonitor("focus", focus, size, ("ez",), [frequency], colocate=False)
    solver = FdtdMaxwell(
        Medium(grid, {"ez": permittivity}), sources, [monitor], boundaries=[Cpml(LAYER)] * 2, run_length=Decay(),
        minimum_permittivity=1.0,
    )  # fmt: skip
    amplitudes = -1j * w * EPS0 * np.exp(1j * k * y[rows])
    reading = solver.evaluate({"amplitudes": amplitudes})["focus"][0, 0] / pulse.spectrum(frequency)
    xs, ys = (np.asarray(c) for c in solver.program.doors.placements[-1].coordinates)
    total = reading + np.exp(1j * k * ys)[None, :]
    weight = np.exp(-((xs[:, None] - focus[0]) ** 2 + (ys[None, :] - focus[1]) ** 2) / s.spot**2)
    return float(10 * np.log10(np.sum(weight * np.abs(total) ** 2) / np.sum(weight)))


def _covered(problem, density, x, y, spacing) -> np.ndarray:
    """Mean density over the dual cell of every field point: exact, as integral of the pixels' cumulative sums."""
    edges = problem.model.edges
    lengths = np.diff(edges[0])[:, None] * np.diff(edges[1])[None, :]
    cumulated = np.zeros((len(edges[0]), len(edges[1])))
    cumulated[1:, 1:] = np.cumsum(np.cumsum(density * lengths, axis=0), axis=1)

    def along(axis, table, position):
        return np.apply_along_axis(lambda column: np.interp(position, edges[axis], column), axis, table)

    def integral(px, py):
        return along(1, along(0, cumulated, px), py)

    h = spacing / 2
    return (integral(x + h, y + h) - integral(x - h, y + h) - integral(x + h, y - h) + integral(x - h, y - h)) / spacing**2
