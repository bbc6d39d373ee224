"""Boxes of perfect conductor, empty and partly filled: their resonances, and the derivatives of these by the tape."""

from __future__ import annotations

import math
from functools import lru_cache

import autograd.numpy as anp
import numpy as np
from scipy.optimize import brentq

from adjointdesign.constants import C0
from adjointdesign.problems.antennas.verification.case import Case, Quantity
from adjointdesign.problems.antennas.verification.ringing import EndingPulse, ShapedCurrent, ringing_frequency

SIDES = (30e-3, 25e-3, 20e-3)
"""Of the box, m; the slab fills it from x = 0."""
SLAB, PERMITTIVITY = 10e-3, 4.0
PERIODS = 30
"""How long a box rings after the pulse."""


# -- what theory says -------------------------------------------------------------------------------------------------


def _sine_cosine(square: float, length: float) -> tuple[float, float]:
    """``sin(k l) / k`` and ``cos(k l)`` of a square ``k^2`` of either sign."""
    k = math.sqrt(abs(square))
    if square < 0:
        return math.sinh(k * length) / k, math.cosh(k * length)
    return length * np.sinc(k * length / math.pi), math.cos(k * length)


def mismatch(frequency: float, permittivity: float, side: float, kind: str) -> float:
    """What vanishes at a resonance of the box of a side with a slab in it.

    R. F. Harrington, Time-Harmonic Electromagnetic Fields (1961), section 4-6: ``tan(k1 s) / k1 + tan(k2 (a - s)) / k2 = 0`` for fields
    TE to x, ``k1 tan(k1 s) / eps + k2 tan(k2 (a - s)) = 0`` for TM, both times the cosines, with ``k1^2 = eps k^2 - ky^2 - kz^2`` and
    ``k2^2 = k^2 - ky^2 - kz^2``.
    """
    across = (math.pi / SIDES[1]) ** 2 + (math.pi / SIDES[2] if kind == "tm" else 0.0) ** 2
    k = 2 * math.pi * frequency / C0
    filled, empty = permittivity * k**2 - across, k**2 - across
    (s1, c1), (s2, c2) = _sine_cosine(filled, SLAB), _sine_cosine(empty, side - SLAB)
    if kind == "te":
        return s1 * c2 + s2 * c1
    return filled * s1 * c2 / permittivity + empty * s2 * c1


@lru_cache
def resonance(permittivity: float, side: float, kind: str) -> float:
    """The lowest resonance of a kind, Hz: without variation along z when TE, with half a wave along y and z when TM."""
    tried = np.linspace(2e9, 12e9, 501)
    values = np.array([mismatch(f, permittivity, side, kind) for f in tried])
    first = int(np.flatnonzero(values[1:] * values[:-1] < 0)[0])
    return brentq(mismatch, tried[first], tried[first + 1], args=(permittivity, side, kind), xtol=1e-3)


def derivative(of: str, kind: str) -> float:
    """Of the resonance in the slab's permittivity or the box's side, by the implicit function theorem (Hz, Hz/m)."""
    at = (resonance(PERMITTIVITY, SIDES[0], kind), PERMITTIVITY, SIDES[0])
    place = 1 if of == "permittivity" else 2

    def slope(n: int) -> float:
        step = 1e-5 * at[n]
        low, high = list(at), list(at)
        low[n], high[n] = at[n] - step, at[n] + step
        return (mismatch(*high, kind) - mismatch(*low, kind)) / (2 * step)

    return -slope(place) / slope(0)


# -- what the program gives -------------------------------------------------------------------------------------------


def _grid(resolution: float):
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


def _solver(grid, medium, kind: str, permittivity: float, **options):
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

    grid = _grid(resolution)
    medium = Medium(grid, {c: 1 + (permittivity - 1) * share for c, share in shares(grid).items()})
    solver, frequency = _solver(grid, medium, kind, permittivity)
    return float(frequency(solver.evaluate({})["at"]))


def empty(resolution: float) -> tuple[float, float]:
    """Resonances of the empty box."""
    return _frequency(resolution, "te", 1.0), _frequency(resolution, "tm", 1.0)


def loaded(resolution: float) -> tuple[float, float]:
    """Resonances of the box with the slab."""
    return _frequency(resolution, "te", PERMITTIVITY), _frequency(resolution, "tm", PERMITTIVITY)


def permittivity_derivative(resolution: float, kind: str) -> float:
    """By the tape, the slab's permittivity being the control."""
    from adjointdesign.solvers.fdtd_maxwell import Box, Medium
    from adjointdesign.tape import AdjFloat, ReducedFunctional, recording, solve, taped

    grid = _grid(resolution)
    filled = shares(grid)
    medium = Medium(grid, {c: 1 + (PERMITTIVITY - 1) * share for c, share in filled.items()})
    box = Box.covering(grid, (0.0,) * 3, (SLAB, *SIDES[1:]))
    solver, frequency = _solver(grid, medium, kind, PERMITTIVITY, box=box)
    parts = [filled[c][box.slices[c]] for c in grid.electric]

    @taped
    def media(permittivity):
        return tuple(1 + (permittivity - 1) * part for part in parts)

    with recording():
        control = AdjFloat(PERMITTIVITY)
        inputs = dict(zip(("permittivity_x", "permittivity_y", "permittivity_z"), media(control)))
        value = taped(frequency)(solve(solver, **inputs)["at"])
        return float(ReducedFunctional(value, control).derivative())


def side_derivative(resolution: float, kind: str) -> float:
    """By the tape, the wall at the far end being moved.

    The last layer of cells is made thicker by a factor s. On the lattice that is the same, exactly, as permittivity and permeability
    times s across the layer and over s along it, and halfway to it on its near nodes: so the wall's place is a medium.
    """
    from adjointdesign.solvers.fdtd_maxwell import Box, Medium
    from adjointdesign.tape import AdjFloat, ReducedFunctional, recording, solve, taped

    grid = _grid(resolution)
    filled = shares(grid)
    medium = Medium(grid, {c: 1 + (PERMITTIVITY - 1) * share for c, share in filled.items()})
    d = grid.spacing[0]
    layer = (SIDES[0] - 1.25 * d, 0.0, 0.0), SIDES
    magnetic = tuple("h" + c[1] for c in grid.electric)
    box, magnetic_box = Box.covering(grid, *layer), Box.covering(grid, *layer, components=magnetic)
    solver, frequency = _solver(grid, medium, kind, PERMITTIVITY, box=box, magnetic_box=magnetic_box)
    boxes = {c: (box if c in grid.electric else magnetic_box) for c in grid.components}

    @taped
    def media(s):
        made = []
        for c, where in boxes.items():
            x = grid.coordinates(c, 0)[where.slices[c][0]]
            # Share of the layer in the length that each value stands for along x; a value on the wall has half a cell.
            share = np.where(x > SIDES[0] - 0.75 * d, 1.0, np.where(x > SIDES[0] - 1.25 * d, 0.5, 0.0))
            stretch = 1 + (s - 1) * share
            factor = 1 / stretch if c[1] == "x" else stretch
            made.append(anp.ones(where.shape(c)) * anp.reshape(factor, (-1, 1, 1)))
        return tuple(made)

    with recording():
        control = AdjFloat(1.0)
        kinds = {"e": "permittivity_", "h": "permeability_"}
        inputs = {kinds[c[0]] + c[1]: m for c, m in zip(boxes, media(control))}
        value = taped(frequency)(solve(solver, **inputs)["at"])
        return float(ReducedFunctional(value, control).derivative()) / d


def permittivity_derivatives(resolution: float) -> tuple[float, float]:
    """Of both modes."""
    return permittivity_derivative(resolution, "te"), permittivity_derivative(resolution, "tm")


def side_derivatives(resolution: float) -> tuple[float, float]:
    """Of both modes."""
    return side_derivative(resolution, "te"), side_derivative(resolution, "tm")


def driven(resolution: float) -> tuple[float]:
    """Resonance of the reference cavity, Hz: where the susceptance that its port sees passes through zero."""
    from adjointdesign.problems.antennas.verification.wires import reference

    def change(data: dict) -> None:
        data["band"] = {"low": 7.6e9, "high": 8.0e9, "points": 81}

    results = reference("cavity", resolution / 20, change)
    f, b = results.model.frequencies, (1 / results.input_impedance[:, 0]).imag
    (k,) = np.flatnonzero(b[1:] * b[:-1] < 0)
    return (float(f[k] - b[k] * (f[k + 1] - f[k]) / (b[k + 1] - b[k])),)


_JACKSON = "J. D. Jackson, Classical Electrodynamics, 3rd ed. (1999), eq. 8.45"
_HARRINGTON = "R. F. Harrington, Time-Harmonic Electromagnetic Fields (1961), section 4-6, solved"
_IMPLICIT = _HARRINGTON + ", and the implicit function theorem"
_CELLS = "cells to 10 mm"


def _box(*turns: int) -> float:
    return C0 / 2 * math.hypot(*(m / side for m, side in zip(turns, SIDES)))


CASES = (
    Case("driven-cavity", "cavities", "a box of 30 x 25 x 20 mm between perfect conductors, driven by a port", driven, "cells a wavelength", (10.0, 20.0), (
        Quantity("resonance", "Hz", _JACKSON, lambda: _box(1, 1, 0), 2, 1e-3),
    )),
    Case("empty-cavity", "cavities", "the same box, ringing by itself", empty, _CELLS, (6.0, 8.0), (
        Quantity("resonance 1, 1, 0", "Hz", _JACKSON, lambda: _box(1, 1, 0), 2, 2e-5),
        Quantity("resonance 0, 1, 1", "Hz", _JACKSON, lambda: _box(0, 1, 1), 2, 2e-5),
    )),
    Case("loaded-cavity", "cavities", "the box with 10 mm of permittivity 4 at one wall", loaded, _CELLS, (6.0, 8.0), (
        Quantity("resonance, E along the slab", "Hz", _HARRINGTON, lambda: resonance(PERMITTIVITY, SIDES[0], "te"), 2, 1e-4),
        Quantity("resonance, E across it too", "Hz", _HARRINGTON, lambda: resonance(PERMITTIVITY, SIDES[0], "tm"), 2, 1e-4),
    )),
    Case("cavity-permittivity-gradient", "cavities", "derivative of both with the permittivity, by the tape", permittivity_derivatives, _CELLS, (6.0, 8.0), (
        Quantity("derivative, E along the slab", "Hz", _IMPLICIT, lambda: derivative("permittivity", "te"), 2, 2e-4),
        Quantity("derivative, E across it too", "Hz", _IMPLICIT, lambda: derivative("permittivity", "tm"), 2, 2e-4),
    )),
    Case("cavity-size-gradient", "cavities", "derivative of both with the place of the wall opposite, by the tape", side_derivatives, _CELLS, (6.0, 8.0), (
        Quantity("derivative, E along the slab", "Hz/m", _IMPLICIT, lambda: derivative("side", "te"), 2, 5e-4),
        Quantity("derivative, E across it too", "Hz/m", _IMPLICIT, lambda: derivative("side", "tm"), 2, 2e-3),
    )),
)  # fmt: skip
