"""Described metals of finite conductivity: solids and sheets as a surface impedance (`adjointdesign.media.surface_impedance`)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.surface_impedance import conducting_surface, skin_depth
from adjointdesign.problems.antennas.geometry.description import Antenna

_DEPTHS = 7.0
"""Skin depths ``t`` from which currents on both sides of a solid know nothing of each other, ``2 exp(-t)``: to a part in 500."""


def faces_of(antenna: Antenna) -> list[tuple]:
    """Boundary conditions of the solver, one pair an axis."""
    from adjointdesign.solvers.fdtd_maxwell import Cpml, Pec, Pmc

    kinds = {"open": Cpml(antenna.grid.absorber_cells), "ground": Pec(), "symmetry": Pmc()}
    return [tuple(kinds[antenna.boundaries.face(axis, end)] for end in (0, 1)) for axis in range(3)]


def with_finite_metals(antenna: Antenna, grid: YeeGrid, medium, sheets):
    """The medium with the solids and sheets of metals of finite conductivity.

    Parameters
    ----------
    antenna : Antenna
        The description.
    grid : YeeGrid
        Its grid.
    medium : Medium
        All else.
    sheets : callable
        ``sheets(sheet, component)``: one over the length across a sheet that each edge of the grid on it stands for, 1/m, by its share on the sheet.

    Raises
    ------
    InputError
        When a metal is no good conductor in the band, the band is too wide, or a solid is but a few skin depths thick.
    """
    from adjointdesign.solvers.fdtd_maxwell import with_conductor
    from adjointdesign.solvers.fdtd_maxwell.finite_conductor import thinnest

    band, boundaries = (antenna.band.low, antenna.band.high), faces_of(antenna)
    for name in sorted({s.medium for s in antenna.solids if antenna.medium(s.medium).metal}):
        conductivity, cells = antenna.medium(name).conductivity, _cells(antenna, grid, name)
        material, _ = conducting_surface(conductivity, band)
        least, thickness = _DEPTHS * skin_depth(conductivity, antenna.band.low), thinnest(grid, cells, boundaries)
        if thickness < least:
            raise InputError(
                f"solids of '{name}'", f"{least:.4g} m of thickness or more, {_DEPTHS:g} skin depths", f"{thickness:.4g} m",
                "describe them as sheets of that thickness",
            )  # fmt: skip
        medium = with_conductor(medium, name, material, boundaries, cells)
    for sheet in antenna.sheets:
        if antenna.medium(sheet.medium).metal:
            thickness = np.inf if sheet.thickness is None else sheet.thickness
            material, _ = conducting_surface(antenna.medium(sheet.medium).conductivity, band, thickness, sheet.sides)
            medium = _with_sheet(antenna, medium, f"sheet '{sheet.name}'", material, lambda c, s=sheet: sheets(s, c))
    return medium


def _cells(antenna: Antenna, grid: YeeGrid, name: str) -> np.ndarray:
    """Cells of the solids of a medium; in absorbing layers as at the face of the domain."""
    middles = []
    for axis, (low, high) in enumerate(antenna.bounds):
        lines = grid.lines(axis)
        tiny = 1e-3 * grid.spacing[axis]
        middles.append(np.clip(0.5 * (lines[1:] + lines[:-1]), low + tiny, high - tiny))
    x, y, z = np.meshgrid(*middles, indexing="ij", sparse=True)
    cells = np.zeros(grid.cells, bool)
    for solid in sorted(antenna.solids, key=antenna.rank):
        inside = np.broadcast_to(solid.inside(x, y, z, 0.0), cells.shape)
        cells[inside] = solid.medium == name
    return cells


def _with_sheet(antenna: Antenna, medium, name: str, material, strength_of):
    """The medium with a sheet; in absorbing layers it is a perfect conductor."""
    from adjointdesign.solvers.fdtd_maxwell import Dispersive

    grid, strength, conductor = medium.grid, {}, {}
    for c in grid.electric:
        outside = np.zeros(grid.shape, bool)
        for axis, (low, high) in enumerate(antenna.bounds):
            position = grid.coordinates(c, axis).reshape([-1 if a == axis else 1 for a in range(3)])
            tiny = 1e-3 * grid.spacing[axis]
            outside |= (position < low - tiny) | (position > high + tiny)
        here = strength_of(c)
        held = np.asarray(medium.conductor.get(c, np.zeros(grid.shape, bool)))
        conductor[c] = held | outside & (here > 0)
        strength[c] = here * ~conductor[c]
    return replace(medium, conductor=conductor, dispersive={**medium.dispersive, name: Dispersive(material, strength)})
