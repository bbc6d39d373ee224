"""What a mesh must have and resolve, refused in one line where it does not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from firedrake import (
    CellDiameter, FiniteElement, Function, FunctionSpace, JacobianDeterminant, SpatialCoordinate, VectorFunctionSpace, assemble,
    interpolate,
)  # fmt: skip

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
    diameter = _diameters(mesh, cells)
    medium = Function(cells).interpolate(abs(permittivity)).dat.data_ro
    index = np.sqrt(np.maximum(medium, 1.0))
    wavelengths = diameter * index * frequency / C0
    worst = max(mesh.comm.allgather(float(wavelengths.max(initial=0.0))))
    if worst * LEAST_NODES > degree:
        raise InputError(
            "mesh", f"at least {LEAST_NODES / degree:.3g} cells per wavelength in the medium for degree {degree}",
            f"{1 / worst:.3g} at {frequency:.4g} Hz", "refine the mesh, raise the degree, or lower the frequency",
        )  # fmt: skip


def _diameters(mesh, cells: FunctionSpace) -> np.ndarray:
    """Largest distance within each cell that this rank owns."""
    space = mesh.coordinates.function_space()
    if space.ufl_element().embedded_superdegree == 1 or not mesh.ufl_cell().is_simplex:
        return Function(cells).interpolate(CellDiameter(mesh)).dat.data_ro
    # UFL knows none of curved cells: between their nodes.
    nodes = mesh.coordinates.dat.data_ro_with_halos[space.cell_node_list[: mesh.cell_set.size]]
    distances = (np.linalg.norm(nodes - nodes[:, [i]], axis=2) for i in range(nodes.shape[1]))
    return np.max([d.max(axis=1, initial=0.0) for d in distances], axis=0)


def require_names(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that nobody would look up.

    Raises
    ------
    InputError
        With the names that there are.
    """
    known = list(known)
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise InputError(what, f"some of {', '.join(known)}", ", ".join(unknown), "rename or remove them")


def require_cells_everywhere(mesh) -> None:
    """Refuse a mesh of which some rank has no cell; on every rank.

    Raises
    ------
    InputError
        With the numbers of cells and ranks.
    """
    cells = mesh.comm.allgather(mesh.cell_set.size)
    if 0 in cells:
        raise InputError("mesh", "a cell or more for every rank", f"{sum(cells)} cells on {len(cells)} ranks",
                         "refine the mesh, or use fewer ranks")  # fmt: skip


def require_layers(mesh, layers: Sequence) -> None:
    """Refuse absorbing layers that no cell is in, and such that leave no cell outside of them.

    Raises
    ------
    InputError
        With the extent of the mesh.
    """
    for layer in layers:
        if not 0 <= layer.axis < mesh.geometric_dimension:
            continue  # refused by `stretches`, which knows the layers of all axes
        least, most = _extent(mesh, layer.axis)
        low, high = layer.inner
        if (math.isfinite(low) and not least < low < most) or (math.isfinite(high) and not least < high < most):
            raise InputError(
                f"inner of the layer along axis {layer.axis}", f"ends within the mesh, between {least:.6g} and {most:.6g} m", layer.inner,
                "correct them, or give minus or plus infinity where there is no layer",
            )  # fmt: skip


def require_radius(mesh) -> None:
    """Refuse a mesh of a body of revolution that reaches over the axis.

    Raises
    ------
    InputError
        With the least radius.
    """
    least, most = _extent(mesh, 0)
    if least < -1e-9 * most or most <= 0:
        raise InputError("mesh", "points (r, z) with r >= 0 for a body of revolution", f"r = {least:.6g} m", "mesh one half of the section")


def _extent(mesh, axis: int) -> tuple[float, float]:
    values = mesh.coordinates.dat.data_ro[:, axis]
    return mesh.comm.allreduce(values.min(initial=math.inf), min), mesh.comm.allreduce(values.max(initial=-math.inf), max)


class Orientation:
    """The sense of every cell of a mesh, which a move of its coordinates must not turn.

    The sign of the Jacobian's determinant is compared at the nodes of the space in which the determinant lies: that is
    exact for triangles and tetrahedra with straight edges, and for quadrilaterals.
    """

    def __init__(self, mesh):
        element, dimension = mesh.coordinates.function_space().ufl_element(), mesh.topological_dimension
        simplex = mesh.ufl_cell().is_simplex
        degree = dimension * (element.embedded_superdegree - 1) if simplex else dimension * element.embedded_subdegree - 1
        # Nodes at the vertices, where the determinant of a quadrilateral is least (by default they are inside).
        variant = {"variant": "equispaced"} if degree else {}
        nodes = FiniteElement("DG" if simplex else "DQ", mesh.ufl_cell(), degree, **variant)
        self._comm = mesh.comm
        self._determinant = interpolate(JacobianDeterminant(mesh), FunctionSpace(mesh, nodes))
        self._places = interpolate(SpatialCoordinate(mesh), VectorFunctionSpace(mesh, nodes))
        self._sense = np.sign(assemble(self._determinant).dat.data_ro)

    def require_kept(self) -> None:
        """Refuse coordinates that turn a cell over, or flatten it; on every rank.

        Raises
        ------
        InputError
            With the place of the worst.
        """
        determinant = assemble(self._determinant).dat.data_ro * self._sense
        worst = int(determinant.argmin()) if determinant.size else 0
        least = self._comm.allgather(float(determinant[worst]) if determinant.size else math.inf)
        if min(least) > 0:
            return
        place = self._comm.bcast(np.ravel(assemble(self._places).dat.data_ro[worst]).tolist(), root=int(np.argmin(least)))
        raise InputError(
            "coordinates", "cells that keep their orientation", f"a cell turned over, or flat, near ({', '.join(f'{x:.6g}' for x in place)})",
            "take smaller steps, or mesh the new shape",
        )  # fmt: skip
