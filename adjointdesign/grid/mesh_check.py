"""Whether a mesh that was read can be computed on: what is only untidy is put right and said, what is wrong is refused."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_cells import CURVED, KINDS, Kind
from adjointdesign.grid.mesh_facets import FacetTable, place, refused
from adjointdesign.grid.mesh_read import FileMesh

SAME = 1e-10
"""Nodes closer than this, over the diagonal of the box, are at the same place."""
FLAT = 1e-10
"""A cell whose Jacobian over the product of its edges is below this has no volume."""


@dataclass
class SoundMesh:
    """A mesh without faults.

    Parameters
    ----------
    points : ndarray, shape (nodes, dimension)
        m.
    cells : ndarray of int, shape (cells, corners)
        Rightly numbered, each cell once.
    kind : Kind
        Of all cells.
    groups : dict
        Name to tag and cells.
    facet_groups : dict
        Name to tag and facets, of shape (facets, corners); every one is a facet of a cell.
    bends : tuple of ndarray or None
        Of a curved mesh: the middles of straight edges, and where the curved ones have their middles.
    notes : list of str
        What was put right, and what one may want to know.
    """

    points: np.ndarray
    cells: np.ndarray
    kind: Kind
    groups: dict[str, tuple[int, np.ndarray]]
    facet_groups: dict[str, tuple[int, np.ndarray]]
    bends: tuple[np.ndarray, np.ndarray] | None = None
    notes: list[str] = field(default_factory=list)


def sound_mesh(file: FileMesh, *, scale: float = 1.0, merge_nodes: bool = False) -> SoundMesh:
    """Check a mesh file's contents.

    Parameters
    ----------
    file : FileMesh
        What was read.
    scale : float
        Metres in one unit of the file.
    merge_nodes : bool
        Make one node of those at the same place, rather than refuse them.

    Returns
    -------
    SoundMesh

    Raises
    ------
    InputError
        When cells are mixed, of a kind that is not read, tangled, flat, isolated, or more than two share a facet; when
        nodes are missing, not finite, doubled; when the mesh is a surface in space, or a tagged facet belongs to no cell.
    """
    if not (np.isfinite(scale) and scale > 0):
        raise InputError("scale", "a positive number, metres in one unit of the file", scale, "correct it")
    type_, nodes, groups = _cells(file)
    kind, notes = KINDS[CURVED.get(type_, type_)], []
    facets, facet_groups = _facets(file, kind)
    if nodes.min() < 0 or nodes.max() >= len(file.points) or not np.isfinite(file.points[nodes]).all():
        raise InputError("mesh file", "nodes with a finite place for every cell", "cells with nodes that have none", "write it again")
    points = _in_its_dimension(scale * file.points, nodes, kind, notes)
    points, nodes, facets = _used_once(points, nodes, facets, merge_nodes, notes)
    order, nodes, inverse = _each_once(nodes, notes)
    groups = {name: (tag, np.unique(inverse[members])) for name, (tag, members) in groups.items()}
    bends = _bends(points, nodes, kind) if type_ in CURVED else None
    cells = _rightly_numbered(points, nodes[:, : kind.corners], kind, order, notes)
    table = FacetTable(points, cells, kind, order)
    table.refuse_overlaps(np.all(cells == nodes[:, : kind.corners], axis=1))
    table.refuse_isolated(notes)
    table.refuse_strays(facets)
    if bends is not None:
        bad = np.flatnonzero((kind.curved_jacobians(_numbered_alike(points, nodes, kind)) <= 0).any(axis=1))
        if len(bad):
            raise refused(points, cells, order, bad, "curved edges that stay apart", "ones that cross", "mesh finer there")
        notes.append("curved (second order)")
    loose = len(cells) - len(np.unique(np.concatenate([np.empty(0, int), *(members for _, members in groups.values())])))
    if loose and groups:
        notes.append(f"{loose} cells in no region")
    facet_groups = {name: (tag, facets[members]) for name, (tag, members) in facet_groups.items()}
    return SoundMesh(points, cells, kind, groups, facet_groups, bends, notes)


def _cells(file: FileMesh):
    """The cells of the highest dimension, all of one type, and their groups as tag and members."""
    dimension = max((block.dimension for block in file.blocks if len(block.nodes)), default=0)
    if dimension < 2:
        raise InputError("mesh file", "cells of two or three dimensions", "none", "have the mesher save them")
    chosen = {i: block for i, block in enumerate(file.blocks) if block.dimension == dimension and len(block.nodes)}
    counts: dict[str, int] = {}
    for block in chosen.values():
        counts[block.type] = counts.get(block.type, 0) + len(block.nodes)
    if len(counts) > 1:
        got = " and ".join(f"{count} {name}" for name, count in counts.items())
        raise InputError("mesh file", "cells of one kind", got, "mesh with one (Gmsh: recombine all surfaces, or none)")
    (type_,) = counts
    if type_ not in KINDS and type_ not in CURVED:
        raise InputError(
            "mesh file", f"cells of the kinds {', '.join([*KINDS, *CURVED])}", f"{type_} (by meshio's name)",
            "mesh with one of these; curved ones are read of order 2, without corners of right angles only",
        )  # fmt: skip
    return type_, np.concatenate([block.nodes for block in chosen.values()]), _grouped(file, chosen)


def _facets(file: FileMesh, kind: Kind):
    """Corners of the cells of one dimension less, and their groups."""
    size = len(kind.facets[0])
    chosen = {i: b for i, b in enumerate(file.blocks) if b.dimension == kind.dimension - 1 and b.nodes.size and b.nodes.shape[1] >= size}
    corners = [block.nodes[:, :size] for block in chosen.values()]
    return np.concatenate([np.empty((0, size), dtype=int), *corners]), _grouped(file, chosen)


def _grouped(file: FileMesh, blocks) -> dict[str, tuple[int, np.ndarray]]:
    """Name to tag and members, counted through these blocks; names without a number get free ones."""
    starts = dict(zip(blocks, np.cumsum([0, *(len(block.nodes) for block in blocks.values())]), strict=False))
    numbers: dict[str, int | None] = {}
    members: dict[str, list] = {}
    for group in file.groups:
        if group.block in blocks:
            numbers[group.name] = numbers.get(group.name) or group.number
            members.setdefault(group.name, []).append(starts[group.block] + group.members)
    free = (n for n in range(1, 2 * len(numbers) + 2) if n not in numbers.values())
    return {
        name: (next(free) if numbers[name] is None else numbers[name], np.unique(np.concatenate(members[name])))
        for name in sorted(members)
    }


def _in_its_dimension(points, nodes, kind: Kind, notes) -> np.ndarray:
    """Drop the coordinate in which a plane mesh has one value only."""
    used = points[np.unique(nodes)]
    extent = np.ptp(used, axis=0)
    if points.shape[1] > kind.dimension:
        flat = np.flatnonzero(extent <= SAME * np.linalg.norm(extent))
        if len(flat) != 1:
            raise InputError(
                "mesh file", "a mesh in a plane x, y or z = constant, or one of a volume",
                f"{kind.name} that extend over {place(extent)} m",
                "have the mesher save the cells of the volume (Gmsh: put the volume into a physical group), or turn the plane",
            )  # fmt: skip
        points = np.delete(points, flat[0], axis=1)
        if flat[0] != 2:
            notes.append(f"the file's {' and '.join('xyz'.replace('xyz'[flat[0]], ''))} taken for x and y")
    elif points.shape[1] < kind.dimension or not (extent > 0).all():
        raise InputError("mesh file", f"{kind.name} with a volume", f"an extent of {place(extent)} m", "write it again")
    return points


def _used_once(points, nodes, facets, merge: bool, notes):
    """Drop nodes of no cell; join or refuse nodes at the same place."""
    used = np.unique(nodes)
    if len(used) < len(points):
        notes.append(f"{len(points) - len(used)} nodes of no cell dropped")
    new = np.full(len(points), -1)
    new[used] = np.arange(len(used))
    points, nodes = points[used], new[nodes]
    facets = np.where((facets >= 0) & (facets < len(new)), new[np.clip(facets, 0, len(new) - 1)], -1)
    pairs = cKDTree(points).query_pairs(SAME * np.linalg.norm(np.ptp(points, axis=0)), output_type="ndarray")
    if len(pairs) and not merge:
        raise InputError(
            "mesh file", "every place to have one node", f"{len(pairs)} pairs at the same place, one at {place(points[pairs[0, 0]])} m",
            "join them in the mesher (Gmsh: Coherence; Mesh.RemoveDuplicateNodes), or give merge_nodes=True, which also closes slits",
        )  # fmt: skip
    if len(pairs):
        graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(len(points), len(points)))
        count, joined = connected_components(graph, directed=False)
        notes.append(f"{len(points) - count} doubled nodes joined")
        _, first = np.unique(joined, return_index=True)
        points, nodes, facets = points[first], joined[nodes], np.where(facets >= 0, joined[facets], -1)
    return points, nodes, facets


def _each_once(nodes, notes):
    """Cells without their copies (Gmsh's format 2.2 writes one for each group): numbers in the file, nodes, new numbers."""
    _, first, inverse = np.unique(np.sort(nodes, axis=1), axis=0, return_index=True, return_inverse=True)
    if len(first) < len(nodes):
        notes.append(f"{len(nodes) - len(first)} copies of cells dropped")
    order = np.sort(first)
    return order, nodes[order], np.searchsorted(order, first)[inverse.ravel()]


def _rightly_numbered(points, cells, kind: Kind, order, notes) -> np.ndarray:
    """Mirror the numbering of cells that run the wrong way; refuse those that have no way."""
    jacobians = kind.jacobians(points[cells])
    flat = np.flatnonzero((np.abs(jacobians) <= FLAT).all(axis=1))
    if len(flat):
        raise refused(points, cells, order, flat, "cells with a volume", "a flat one", "mesh this place again")
    negative = (jacobians < 0).all(axis=1)
    tangled = np.flatnonzero(~(negative | (jacobians > FLAT).all(axis=1)))
    if len(tangled):
        raise refused(points, cells, order, tangled, "convex cells", "one that is tangled", "move its nodes, or mesh this place again")
    if negative.any():
        notes.append(f"{negative.sum()} cells renumbered to positive orientation")
    return np.where(negative[:, None], cells[:, kind.mirror], cells)


def _numbered_alike(points, nodes, kind: Kind) -> np.ndarray:
    """Places of the nodes of second-order cells, cells of the mirrored numbering mirrored back."""
    corners = nodes[:, : kind.corners]
    negative = (kind.jacobians(points[corners]) < 0).all(axis=1)
    known = [frozenset(edge) for edge in kind.edges]
    mirror = [*kind.mirror, *(kind.corners + known.index(frozenset(kind.mirror[c] for c in edge)) for edge in kind.edges)]
    return points[np.where(negative[:, None], nodes[:, mirror], nodes)]


def _bends(points, nodes, kind: Kind):
    ends = np.array(kind.edges)
    # The ends in one order, so that the two cells of an edge find its middle to the last bit.
    pairs = np.sort(nodes[:, ends].reshape(-1, 2), axis=1)
    _, first = np.unique(nodes[:, kind.corners :].ravel(), return_index=True)
    return points[pairs[first]].mean(axis=1), points[nodes[:, kind.corners :].ravel()[first]]
