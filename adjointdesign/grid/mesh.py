"""Meshes from files: checked, with named regions, as Firedrake meshes; one rank reads, all take part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from firedrake import COMM_WORLD, Function, Mesh, VectorFunctionSpace
from firedrake.mesh import plex_from_cell_list
from mpi4py import MPI
from scipy.spatial import cKDTree

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_check import SoundMesh, sound_mesh
from adjointdesign.grid.mesh_read import read_file
from adjointdesign.parallel import end_together
from adjointdesign.tape import stop_annotating

end_together()

_CELLS, _FACETS = "Cell Sets", "Face Sets"


class Tags(dict):
    """Tags by name; a name that is none is refused with those that are."""

    def __missing__(self, name):
        raise InputError("region", f"one of {', '.join(self) or 'none, the mesh has no names of this kind'}", name, "correct the name")


@dataclass(frozen=True)
class TaggedMesh:
    """A mesh and the names of its regions.

    Parameters
    ----------
    mesh : firedrake.Mesh
        Coordinates in m.
    cells : Tags
        Name to the tag for ``dx(tag)``.
    facets : Tags
        Name to the tag for ``ds(tag)``, ``dS(tag)`` and ``DirichletBC``. Regions may overlap, of cells too.
    box : ndarray, shape (2, dimension)
        The lowest and the highest coordinates, m.
    summary : str
        One line: counts, box, names, and what was put right.
    """

    mesh: object
    cells: Tags
    facets: Tags
    box: np.ndarray
    summary: str


def mesh_from_file(
    path,
    *,
    require: Sequence[str] = (),
    scale: float = 1.0,
    tags: str | None = None,
    merge_nodes: bool = False,
    comm: MPI.Comm = COMM_WORLD,
) -> TaggedMesh:
    """Read a mesh file, check it, and make a distributed mesh of it with its named regions.

    Parameters
    ----------
    path : path-like
        Gmsh 2.2 and 4.1, VTK, VTU, XDMF, Abaqus, MED, and whatever else meshio reads. Cells of the highest dimension
        become the mesh, those of one less its named facets. Triangles and tetrahedra may be curved, of order 2.
    require : sequence of str
        Names of regions, of cells or of facets, that must be there. Regions without a name have their number for one.
    scale : float
        Metres in one unit of the file.
    tags : str, optional
        The integer array over the cells that holds their tags, where a file has several and none is from Gmsh, MED or Medit.
    merge_nodes : bool
        Join nodes at the same place, which are refused otherwise.
    comm : MPI.Comm
        Who takes part; its rank 0 reads the file.

    Returns
    -------
    TaggedMesh

    Raises
    ------
    InputError
        On every rank, when the file cannot be read or the mesh is wrong (see `read_file` and `sound_mesh`), names are
        missing, or there are fewer cells than ranks.
    """
    outcome = None
    try:
        if comm.rank == 0:
            try:
                outcome = _on_rank_zero(Path(path), require, scale, tags, merge_nodes, comm.size)
            except InputError as error:
                outcome = (error.what, error.expected, str(error.got), error.remedy)
    finally:
        # Also when rank 0 fails in a way that is not foreseen: the others wait here.
        sound = comm.bcast(outcome[1] if isinstance(outcome, list) else outcome)
    if isinstance(sound, tuple):
        raise InputError(*sound)
    if sound is None:
        raise InputError("mesh file", "to be read by rank 0", "a failure there", "see its message")
    whole = outcome[0] if comm.rank == 0 else None
    mesh = _distributed(whole, sound, comm)
    return TaggedMesh(mesh, Tags(sound.cells), Tags(sound.facets), sound.box, sound.summary)


@dataclass(frozen=True)
class _Common:
    """What every rank needs to know."""

    dimension: int
    cells: dict[str, int]
    facets: dict[str, int]
    box: np.ndarray
    summary: str
    bends: tuple[np.ndarray, np.ndarray] | None


def _on_rank_zero(path: Path, require, scale, tags, merge_nodes, ranks: int) -> list:
    file = read_file(path, tags)
    try:
        sound = sound_mesh(file, scale=scale, merge_nodes=merge_nodes)
    except InputError as error:
        # Which file, too.
        raise InputError(error.what.replace("mesh file", f"mesh file {path.name}"), error.expected, error.got, error.remedy) from None
    cells = {name: tag for name, (tag, _) in sound.groups.items()}
    facets = {name: tag for name, (tag, _) in sound.facet_groups.items()}
    _require(path, require, cells, facets, file.arrays)
    if len(sound.cells) < ranks:
        raise InputError(
            f"mesh file {path.name}", f"at least one cell for each of {ranks} ranks", f"{len(sound.cells)} cells",
            "take fewer ranks, or a finer mesh",
        )  # fmt: skip
    # A curved boundary reaches beyond the corners.
    extent = np.concatenate([sound.points, *(sound.bends or ())[1:]])
    box = np.stack([extent.min(axis=0), extent.max(axis=0)])
    return [sound, _Common(sound.kind.dimension, cells, facets, box, _summary(path, sound, box), sound.bends)]


def _require(path: Path, require, cells, facets, arrays) -> None:
    missing = [name for name in require if name not in cells and name not in facets]
    if missing:
        got = f"cells {', '.join(cells) or '(none named)'}; facets {', '.join(facets) or '(none named)'}"
        hint = f"; or name the array with the tags by tags= ({', '.join(arrays)})" if len(arrays) > 1 else ""
        raise InputError(
            f"mesh file {path.name}", f"regions named {', '.join(missing)}", got, "name them in the mesher (Gmsh: Physical groups)" + hint
        )


def _summary(path: Path, sound: SoundMesh, box) -> str:
    def list_(groups):
        return ", ".join(f"{name} ({tag})" for name, (tag, _) in groups.items()) or "none"

    low, high = (", ".join(f"{x:.6g}" for x in corner) for corner in box)
    parts = [
        f"{path.name}: {len(sound.cells)} {sound.kind.name}, {len(np.unique(sound.cells))} corners",
        f"box ({low}) to ({high}) m", f"cells {list_(sound.groups)}", f"facets {list_(sound.facet_groups)}", *sound.notes,
    ]  # fmt: skip
    return "; ".join(parts)


def _distributed(whole: SoundMesh | None, common: _Common, comm):
    cells = points = None
    if whole is not None:
        # Only corners become points of the topology; curved edges are put on afterwards.
        corners, cells = np.unique(whole.cells, return_inverse=True)
        cells, points = cells.reshape(whole.cells.shape), whole.points[corners]
        if whole.kind.corners == 8:
            # PETSc runs around a hexahedron's first face the other way than VTK.
            cells = cells[:, [0, 3, 2, 1, 4, 5, 6, 7]]
    plex = plex_from_cell_list(common.dimension, cells, points, comm)
    for label in (_CELLS, _FACETS):
        plex.createLabel(label)
    if whole is not None:
        for tag, members in whole.groups.values():
            for cell in members:
                plex.setLabelValue(_CELLS, cell, tag)
        first, _ = plex.getDepthStratum(0)
        number = {corner: first + index for index, corner in enumerate(corners)}
        for tag, facets in whole.facet_groups.values():
            for facet in facets:
                (point,) = plex.getFullJoin([number[node] for node in facet])
                plex.setLabelValue(_FACETS, point, tag)
    mesh = Mesh(plex, comm=comm)
    return mesh if common.bends is None else _curved(mesh, common.bends)


def _curved(mesh, bends):
    """The same topology with quadratic coordinates: nodes at the middles of straight edges move to those of the curved ones."""
    straight, curved = bends
    space = VectorFunctionSpace(mesh, "CG", 2)
    with stop_annotating():
        coordinates = Function(space).interpolate(mesh.coordinates)
    values = coordinates.dat.data_with_halos
    distance, nearest = cKDTree(straight).query(values)
    # The middles are found on two ways, equal but for rounding; corners are at least half an edge away.
    middles = distance <= 1e-12 * np.abs(straight).max()
    values[middles] = curved[nearest[middles]]
    return Mesh(coordinates)
