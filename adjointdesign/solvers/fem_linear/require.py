"""What a mesh must have and resolve, refused in one line where it does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from firedrake import CellDiameter, Function, FunctionSpace

from adjointdesign.constants import C0
from adjointdesign.errors import InputError

LEAST_NODES = 5
"""Nodes per wavelength in the medium below which a mesh is refused: a Nyquist limit with little to spare."""


def require_tags(mesh, tags: Sequence) -> None:
    """Refuse boundary tags that a mesh does not have.

    Raises
    ------
    InputError
        With the tags that it has.
    """
    known = [int(tag) for tag in mesh.exterior_facets.unique_markers]
    missing = [tag for tag in tags if tag not in known]
    if missing:
        raise InputError("boundary tags", f"some of {known}, which the mesh has", missing, "correct them, or tag the mesh")


def require_resolution(mesh, frequency: float, degree: int, permittivity: Function) -> None:
    """Refuse a mesh whose cells are too large for the wavelength in them.

    Raises
    ------
    InputError
        With the number of cells per wavelength that the worst cell has, and what is needed.
    """
    cells = FunctionSpace(mesh, "DG", 0)
    diameter = Function(cells).interpolate(CellDiameter(mesh)).dat.data_ro
    medium = Function(cells).interpolate(abs(permittivity)).dat.data_ro
    index = np.sqrt(np.maximum(medium, 1.0))
    wavelengths = diameter * index * frequency / C0
    worst = max(mesh.comm.allgather(float(wavelengths.max(initial=0.0))))
    if worst * LEAST_NODES > degree:
        raise InputError(
            "mesh", f"at least {LEAST_NODES / degree:.3g} cells per wavelength in the medium for degree {degree}",
            f"{1 / worst:.3g} at {frequency:.4g} Hz", "refine the mesh, raise the degree, or lower the frequency",
        )  # fmt: skip

