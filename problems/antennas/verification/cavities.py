"""Boxes of perfect conductor, empty and partly filled: their resonances."""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.problems.antennas.verification.case import Case, Quantity
from adjointdesign.problems.antennas.verification.cavity_theory import (
    HARRINGTON,
    JACKSON,
    PERMITTIVITY,
    SIDES,
    SLAB,
    box_resonance,
    resonance,
)
from adjointdesign.problems.antennas.verification.ringing import EndingPulse, ShapedCurrent, ringing_frequency

PERIODS = 30
"""How long a box rings after the pulse."""


def box_grid(resolution: float):
    """A uniform grid with so many cells to the slab."""
    from adjointdesign.grid.yee import YeeGrid

    cells = tuple(round(side / SLAB * resolution) for side in SIDES)
    return YeeGrid(cells, tuple(side / n for side, n in zip(SIDES, cells)), (0.0, 0.0, 0.0))


def shares(grid) -> dict[str, np.ndarray]:
    """Part of each electric component's dual cell that the slab fills; its face is a node."""
    found = {}
    for c in grid.electric:
        borders = grid.borders(c, 0)
        along = np.clip((SLAB - borders[:-1]) / np.diff(borders), 0.0, 1.0)
        found[c] = np.broadcast_to(along[:, None, None], grid.shape).copy()
    return found


def _profile(grid, component: str, frequency: float, permittivity: float, kind: str) -> np.ndarray:
    """The mode's own component: ``Ez`` when TE, ``Ex`` when TM (continuous as D), zero on walls."""
    across = (math.pi / SIDES[1]) ** 2 + (math.pi / SIDES[2] if kind == "tm" else 0.0) ** 2
    k = 2 * math.pi * frequency / C0
    x, y, z = (grid.coordinates(component, a) for a in range(3))
    k1, k2 = np.emath.sqrt(permittivity * k**2 - across), np.emath.sqrt(k**2 - across)
    rest = SIDES[0] - SLAB
    if kind == "te":
        along = np.where(x < SLAB, np.sin(k1 * x) / np.sin(k1 * SLAB), np.sin(k2 * (SIDES[0] - x)) / np.sin(k2 * rest))
        shape = along[:, None, None] * np.sin(np.pi * y / SIDES[1])[:, None] * np.ones_like(z)
    else:
        along = np.where(x < SLAB, np.cos(k1 * x) / np.cos(k1 * SLAB), np.cos(k2 * (SIDES[0] - x)) / np.cos(k2 * rest))
        shape = along[:, None, None] * np.sin(np.pi * y / SIDES[1])[:, None] * np.sin(np.pi * z / SIDES[2])
    inside = np.zeros(grid.shape)
    inside[grid.interior(component)] = 1.0
    return shape.real * inside


def ringing_solver(grid, medium, kind: str, permittivity: float, **options):
    """A solver whose box rings in one mode, and the function of its readings that is the frequency."""
    from adjointdesign.monitors import FieldMonitor
    from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Pec, Steps

    component = "ez" if kind == "te" else "ex"
    expected = resonance(permittivity, SIDES[0], kind)
    pulse = EndingPulse(expected, 5 / expected)
    listener = FieldMonitor("at", (0.2 * SIDES[0], 0.4 * SIDES[1], 0.4 * SIDES[2]), (0.0,) * 3, (component,))
    current = ShapedCurrent("mode", {component: _profile(grid, component, expected, permittivity, kind)}, pulse)
    solver = FdtdMaxwell(medium, [current], [listener], boundaries=[Pec()] * 3, run_length=Steps(1), **options)
    solver.steps = int((pulse.duration + PERIODS / expected) / solver.dt)
    began = int(pulse.duration / solver.dt) + 2

    def frequency(reading):
        return ringing_frequency(reading[began:, 0, 0, 0, 0], solver.dt, expected)

    return solver, frequency


def _frequency(resolution: float, kind: str, permittivity: float) -> float:
    from adjointdesign.solvers.fdtd_maxwell import Medium

    grid = box_grid(resolution)
    medium = Medium(grid, {c: 1 + (permittivity - 1) * share for c, share in shares(grid).items()})
    solver, frequency = ringing_solver(grid, medium, kind, permittivity)
    return float(frequency(solver.evaluate({})["at"]))


def empty(resolution: float) -> tuple[float, float]:
    """Resonances of the empty box."""
    return _frequency(resolution, "te", 1.0), _frequency(resolution, "tm", 1.0)


def loaded(resolution: float) -> tuple[float, float]:
    """Resonances of the box with the slab."""
    return _frequency(resolution, "te", PERMITTIVITY), _frequency(resolution, "tm", PERMITTIVITY)


def driven(resolution: float) -> tuple[float]:
    """Resonance of the reference cavity, Hz: where the susceptance that its port sees passes through zero."""
    from adjointdesign.problems.antennas.verification.wires import reference

    def change(data: dict) -> None:
        data["band"] = {"low": 7.6e9, "high": 8.0e9, "points": 81}

    results = reference("cavity", resolution / 20, change)
    f, b = results.model.frequencies, (1 / results.input_impedance[:, 0]).imag
    (k,) = np.flatnonzero(b[1:] * b[:-1] < 0)
    return (float(f[k] - b[k] * (f[k + 1] - f[k]) / (b[k + 1] - b[k])),)


_CELLS = "cells to 10 mm"
CASES = (
    Case(
        "driven-cavity",
        "cavities",
        "a box of 30 x 25 x 20 mm between perfect conductors, driven by a port",
        driven,
        "cells a wavelength",
        (10.0, 20.0),
        (Quantity("resonance", "Hz", JACKSON, lambda: box_resonance(1, 1, 0), 2, 1e-3),),
    ),
    Case(
        "empty-cavity",
        "cavities",
        "the same box, ringing by itself",
        empty,
        _CELLS,
        (6.0, 8.0),
        (
            Quantity("resonance 1, 1, 0", "Hz", JACKSON, lambda: box_resonance(1, 1, 0), 2, 2e-5),
            Quantity("resonance 0, 1, 1", "Hz", JACKSON, lambda: box_resonance(0, 1, 1), 2, 2e-5),
        ),
    ),
    Case(
        "loaded-cavity",
        "cavities",
        "the box with 10 mm of permittivity 4 at one wall",
        loaded,
        _CELLS,
        (6.0, 8.0),
        (
            Quantity(
                "resonance, E along the slab",
                "Hz",
                HARRINGTON,
                lambda: resonance(PERMITTIVITY, SIDES[0], "te"),
                2,
                1e-4,
            ),
            Quantity(
                "resonance, E across it too", "Hz", HARRINGTON, lambda: resonance(PERMITTIVITY, SIDES[0], "tm"), 2, 1e-4
            ),
        ),
    ),
)
