"""Derivatives of the resonances of a partly filled box, by the tape, against those of the closed form."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np

from adjointdesign.problems.antennas.verification.case import Case, Quantity
from adjointdesign.problems.antennas.verification.cavities import box_grid, ringing_solver, shares
from adjointdesign.problems.antennas.verification.cavity_theory import HARRINGTON, PERMITTIVITY, SIDES, SLAB, derivative


def permittivity_derivative(resolution: float, kind: str) -> float:
    """By the tape, the slab's permittivity being the control."""
    from adjointdesign.solvers.fdtd_maxwell import Box, Medium
    from adjointdesign.tape import AdjFloat, ReducedFunctional, recording, solve, taped

    grid = box_grid(resolution)
    filled = shares(grid)
    medium = Medium(grid, {c: 1 + (PERMITTIVITY - 1) * share for c, share in filled.items()})
    box = Box.covering(grid, (0.0,) * 3, (SLAB, *SIDES[1:]))
    solver, frequency = ringing_solver(grid, medium, kind, PERMITTIVITY, box=box)
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

    The last layer of cells is made thicker by a factor s. On the lattice that is the same, exactly, as permittivity and
    permeability times s across the layer and over s along it, and halfway to it on its near nodes: so the wall's place
    is a medium.
    """
    from adjointdesign.solvers.fdtd_maxwell import Box, Medium
    from adjointdesign.tape import AdjFloat, ReducedFunctional, recording, solve, taped

    grid = box_grid(resolution)
    filled = shares(grid)
    medium = Medium(grid, {c: 1 + (PERMITTIVITY - 1) * share for c, share in filled.items()})
    d = grid.spacing[0]
    layer = (SIDES[0] - 1.25 * d, 0.0, 0.0), SIDES
    magnetic = tuple("h" + c[1] for c in grid.electric)
    box, magnetic_box = Box.covering(grid, *layer), Box.covering(grid, *layer, components=magnetic)
    solver, frequency = ringing_solver(grid, medium, kind, PERMITTIVITY, box=box, magnetic_box=magnetic_box)
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


_IMPLICIT = HARRINGTON + ", and the implicit function theorem"
_CELLS = "cells to 10 mm"
CASES = (
    Case(
        "cavity-permittivity-gradient",
        "cavities",
        "derivative of both with the permittivity, by the tape",
        permittivity_derivatives,
        _CELLS,
        (6.0, 8.0),
        (
            Quantity(
                "derivative, E along the slab", "Hz", _IMPLICIT, lambda: derivative("permittivity", "te"), 2, 2e-4
            ),
            Quantity("derivative, E across it too", "Hz", _IMPLICIT, lambda: derivative("permittivity", "tm"), 2, 2e-4),
        ),
    ),
    Case(
        "cavity-size-gradient",
        "cavities",
        "derivative of both with the place of the wall opposite, by the tape",
        side_derivatives,
        _CELLS,
        (6.0, 8.0),
        (
            Quantity("derivative, E along the slab", "Hz/m", _IMPLICIT, lambda: derivative("side", "te"), 2, 5e-4),
            Quantity("derivative, E across it too", "Hz/m", _IMPLICIT, lambda: derivative("side", "tm"), 2, 2e-3),
        ),
    ),
)
