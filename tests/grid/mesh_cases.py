"""Small meshes for the tests of the mesh reader."""

import numpy as np

from adjointdesign.grid.mesh_read import Block, FileMesh, Group

DIMENSIONS = {"triangle": 2, "quad": 2, "tetra": 3, "hexahedron": 3}
FACET = {"triangle": "line", "quad": "line", "tetra": "triangle", "hexahedron": "quad"}


def lattice(kind, n=3):
    """Nodes of the unit square or cube in n steps, and rightly numbered cells."""
    dimension = DIMENSIONS[kind]
    points = np.stack(np.meshgrid(*[np.arange(n + 1) / n] * dimension, indexing="ij"), axis=-1).reshape(-1, dimension)

    def node(*index):
        return np.ravel_multi_index(index, (n + 1,) * dimension)

    cells = []
    for corner in np.ndindex(*(n,) * dimension):
        if dimension == 2:
            i, j = corner
            a, b, c, d = node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)
            cells += [[a, b, c, d]] if kind == "quad" else [[a, b, c], [a, c, d]]
        else:
            i, j, k = corner
            v = [node(i + x, j + y, k + z) for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
            paths = ((0, 1, 2, 6), (0, 2, 3, 6), (0, 3, 7, 6), (0, 7, 4, 6), (0, 4, 5, 6), (0, 5, 1, 6))
            cells += [v] if kind == "hexahedron" else [[v[q] for q in path] for path in paths]
    return points, np.array(cells)


def square(kind="triangle", n=3):
    """The square with the left half (2D: cells of x < 1/2) named core, its left side named inlet (numbers 7 and 7)."""
    points, cells = lattice(kind, n)
    left = np.flatnonzero(points[:, 0] == 0)
    lines = np.stack([left[:-1], left[1:]], axis=1)
    core = np.flatnonzero(points[cells].mean(axis=1)[:, 0] < 0.5)
    return FileMesh(
        points,
        [Block("line", 1, lines), Block(kind, 2, cells)],
        [Group("inlet", 7, 0, np.arange(len(lines))), Group("core", 7, 1, core)],
        [],
    )


def bare(kind, points, cells, *more):
    """A file with cells, and further blocks, and no names."""
    return FileMesh(np.asarray(points, dtype=float), [Block(kind, DIMENSIONS[kind], np.asarray(cells)), *more], [], [])
