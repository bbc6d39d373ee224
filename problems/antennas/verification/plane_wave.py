"""A plane wave along z inside a box and nothing outside it, exact on the lattice at one frequency."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from adjointdesign.constants import C0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.problems.antennas.verification.ringing import ShapedCurrent


def wavenumber(frequency: float, spacing: float, dt: float) -> float:
    """Along an axis of the grid, 1/m: ``sin(k d / 2) / d = sin(w dt / 2) / (c dt)``.

    A. Taflove and S. C. Hagness, Computational Electrodynamics, 3rd ed. (2005), eq. 4.12.
    """
    return 2 / spacing * math.asin(spacing / (C0 * dt) * math.sin(math.pi * frequency * dt))


def curl(fields: dict[str, np.ndarray], grid: YeeGrid, of_electric: bool) -> dict[str, np.ndarray]:
    """Of E on the faces, or of H on the edges, of a uniform grid; zero on the outermost slots."""
    found = {}
    for component in grid.components:
        if (component[0] == "h") is not of_electric:
            continue
        a = AXES.index(component[1])
        kind, total = ("e" if of_electric else "h"), np.zeros(grid.shape, complex)
        for along, across, sign in (((a + 1) % 3, (a + 2) % 3, 1), ((a + 2) % 3, (a + 1) % 3, -1)):
            values = fields[kind + AXES[across]]
            step = np.diff(values, axis=along) / grid.spacing[along]
            # A face's slot lies after its node's, an edge's node before the middle of the next cell.
            room = [(0, 0)] * 3
            room[along] = (0, 1) if of_electric else (1, 0)
            total += sign * np.pad(step, room)
        found[component] = total
    return found


def plane_wave(name: str, grid: YeeGrid, inside: Callable, waveform, dt: float) -> ShapedCurrent:
    """Currents on the surface of a region that make ``Ex = exp(i k z)``, ``Hy = Ex / eta`` in it and nothing outside.

    The equivalence principle as the difference equations have it: with 1 in the region and 0 outside for chi,
    ``J = curl(chi H) - chi curl H`` and ``M = chi curl E - curl(chi E)`` (Taflove and Hagness, section 5.6, for all
    time; here with the phases of the waveform's own frequency, at which alone the wave is plane).

    Parameters
    ----------
    name : str
        Name of the source.
    grid : YeeGrid
        A uniform grid in three dimensions, vacuum on the surface.
    inside : callable
        From coordinates of a component (three arrays that broadcast) to whether they are in the region.
    waveform : Waveform
        Time dependence; its center frequency is that of the wave.
    dt : float
        Time step, s.

    Raises
    ------
    InputError
        On a graded grid, whose lattice has no plane waves.
    """
    if grid.graded_lines is not None:
        raise InputError("grid", "a uniform one", "a graded one", "give every axis one cell size")
    k = wavenumber(waveform.center_frequency, grid.spacing[2], dt)
    wave, chi = {}, {}
    for c in grid.components:
        axes = np.meshgrid(*(grid.coordinates(c, a) for a in range(3)), indexing="ij", sparse=True)
        size = {"ex": 1.0, "hy": 1 / ETA0}.get(c, 0.0)
        wave[c] = np.broadcast_to(size * np.exp(1j * k * axes[2]), grid.shape)
        chi[c] = np.broadcast_to(inside(*axes), grid.shape)
    cut = {c: chi[c] * wave[c] for c in wave}
    profiles = {}
    for of_electric, sign in ((False, 1), (True, -1)):
        whole, part = curl(wave, grid, of_electric), curl(cut, grid, of_electric)
        for c in whole:
            values = np.zeros(grid.shape, complex)
            values[grid.interior(c)] = (sign * (part[c] - chi[c] * whole[c]))[grid.interior(c)]
            values[np.abs(values) < 1e-9 * np.abs(whole[c]).max(initial=0.0)] = 0
            profiles[c] = values
    return ShapedCurrent(name, {c: v for c, v in profiles.items() if np.any(v)}, waveform)
