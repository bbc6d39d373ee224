"""Bodies made of equal blocks as files: their surface for printers and mills, their densities for ParaView."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.files import replacing

_CORNERS = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)])
"""Of a hexahedron, in VTK's order."""


def surface(solid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The faces between solid and empty blocks, as triangles that turn counterclockwise seen from outside.

    Every edge is passed as often in one direction as in the other: the surface is closed. Where blocks touch along an edge alone
    four triangles meet there.

    Parameters
    ----------
    solid : ndarray of bool, shape (nx, ny, nz)
        Which blocks are solid.

    Returns
    -------
    triangles : ndarray of int, shape (n, 3, 3)
        Corners (second axis) in numbers of blocks along x, y, z (third).
    normals : ndarray of int, shape (n, 3)
        Directions away from the solid.

    Raises
    ------
    InputError
        When there is no solid block.
    """
    solid = np.asarray(solid, bool)
    if solid.ndim != 3 or not solid.any():
        raise InputError("solid", "an array of three axes with a solid block", f"shape {solid.shape}, {solid.sum()} solid", "check the design")
    around, triangles, normals = np.pad(solid, 1), [], []
    for axis in range(3):
        u, v = np.eye(3, dtype=int)[[(axis + 1) % 3, (axis + 2) % 3]]
        for side in (-1, 1):
            bare = solid & ~np.roll(around, -side, axis)[1:-1, 1:-1, 1:-1]
            corner = np.argwhere(bare)
            corner[:, axis] += side > 0
            a, b, c, d = corner, corner + u, corner + u + v, corner + v
            turned = ((a, b, c), (a, c, d)) if side > 0 else ((a, c, b), (a, d, c))
            for triangle in turned:
                triangles.append(np.stack(triangle, axis=1))
                normals.append(np.tile(side * np.eye(3, dtype=int)[axis], (len(corner), 1)))
    return np.concatenate(triangles), np.concatenate(normals)


def write_surface(path: Path, solid: np.ndarray, corner, pitch) -> None:
    """Write the surface of solid blocks as a binary STL file, mm.

    Parameters
    ----------
    path : Path
        The file.
    solid : ndarray of bool, shape (nx, ny, nz)
        Which blocks are solid.
    corner, pitch : tuple of float
        Lowest corner, and sides of a block, m.

    Raises
    ------
    InputError
        As `surface`.
    """
    from adjointdesign.problems.antennas.describe_geometry import write_stl

    triangles, _ = surface(solid)
    write_stl(path, np.asarray(corner) + triangles * np.asarray(pitch))


def write_blocks(path: Path, values: dict[str, np.ndarray], corner, pitch) -> None:
    """Write values of blocks as a VTK file (``.vtu``), one hexahedron a block, m.

    Parameters
    ----------
    path : Path
        The file.
    values : dict of str to ndarray, shape (nx, ny, nz)
        Real values by name.
    corner, pitch : tuple of float
        Lowest corner, and sides of a block, m.
    """
    import meshio

    shape = np.array(next(iter(values.values())).shape)
    nodes = np.indices(shape + 1).reshape(3, -1).T
    first = np.indices(shape).reshape(3, -1).T
    numbers = np.ravel_multi_index((first[:, None] + _CORNERS).transpose(2, 0, 1), tuple(shape + 1))
    data = {name: [np.ravel(v)] for name, v in values.items()}
    mesh = meshio.Mesh(np.asarray(corner) + nodes * np.asarray(pitch), [("hexahedron", numbers)], cell_data=data)
    with replacing(path) as temporary:
        meshio.vtu.write(os.fspath(temporary), mesh)
