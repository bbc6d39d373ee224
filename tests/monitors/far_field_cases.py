"""Runs with point sources in front of far-field monitors, and what point sources radiate in closed form."""

import numpy as np

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Steps
from adjointdesign.sources import GaussianPulse, point_dipole

F0 = 1e9
LENGTH = C0 / F0
FREQUENCIES = F0 * np.array([0.9, 1.1])
PULSE = GaussianPulse(F0, 0.3 * F0)
SPECTRUM = PULSE.spectrum(FREQUENCIES)
DIRECTIONS = np.stack([np.linspace(0.1, 3.0, 9), np.linspace(0.3, 6.0, 9)], axis=1)
UPWARD = np.stack([np.linspace(0.0, 1.5, 9), np.linspace(0.3, 6.0, 9)], axis=1)


def centered(cells, spacing, polarization="3d", low=None):
    """A uniform grid around the origin; where ``low`` has a number, from there along that axis."""
    low = low or [None] * len(cells)
    origin = tuple(-n * spacing / 2 if x is None else x for n, x in zip(cells, low))
    return YeeGrid(tuple(cells), (spacing,) * len(cells), origin, polarization)


def far_fields(medium, dipoles, monitors, boundaries=None, periods=15.0, courant=0.95):
    """Readings, over the spectrum, of runs long enough to ring down to ten digits.

    ``dipoles`` are pairs of component and center, or triples with the amplitude last.
    """
    sources = [point_dipole(f"dipole {n}", d[1], d[0], PULSE) for n, d in enumerate(dipoles)]
    solver = FdtdMaxwell(
        medium, sources, monitors, boundaries=boundaries or [Cpml(6)] * medium.grid.ndim, run_length=Steps(1),
        courant=courant, threads=1,
    )  # fmt: skip
    solver.steps = int((PULSE.duration + periods / F0) / solver.dt)
    readings = solver.evaluate({"amplitudes": np.array([d[2] if len(d) > 2 else 1.0 for d in dipoles], dtype=complex)})
    return {name: r / SPECTRUM.reshape(-1, *[1] * (r.ndim - 1)) for name, r in readings.items()}


def unit_vectors(directions):
    """``r``, ``theta`` and ``phi``, each of shape ``(directions, 3)``."""
    theta, phi = np.asarray(directions).T
    st, ct, sp, cp = np.sin(theta), np.cos(theta), np.sin(phi), np.cos(phi)
    return (
        np.stack([st * cp, st * sp, ct], 1), np.stack([ct * cp, ct * sp, -st], 1), np.stack([-sp, cp, 0 * theta], 1)
    )  # fmt: skip


def dipole_far_field(component, center, directions, index=1.0):
    """Far-field amplitudes of a dipole of 1 A m (1 V m), shape ``(frequencies, 2, directions)``.

    Electric, along z at the origin: ``E_theta = - i k eta sin(theta) / (4 pi)`` (Balanis, eq. 4-26a, ``exp(-i w t)``),
    and its dual, ``E_phi = i k sin(theta) / (4 pi)`` (eq. 5-27b). Along another axis: the projections of the axis in
    the place of ``sin(theta)``.
    """
    k = 2 * np.pi * FREQUENCIES * index / C0
    r, theta, phi = unit_vectors(directions)
    axis = "xyz".index(component[1])
    delay = np.exp(-1j * np.multiply.outer(k, r @ np.array(center)))
    if component[0] == "e":
        parts = ETA0 / index * np.stack([theta[:, axis], phi[:, axis]])
    else:  # E = - eta r x H with H_theta, H_phi those of the dual
        parts = np.stack([phi[:, axis], -theta[:, axis]])
    return 1j * k[:, None, None] / (4 * np.pi) * parts * delay[:, None]


def relative(found, expected):
    """Largest difference over the largest value, a number a frequency."""
    axes = tuple(range(1, expected.ndim))
    return np.abs(found - expected).max(axis=axes) / np.abs(expected).max(axis=axes)
