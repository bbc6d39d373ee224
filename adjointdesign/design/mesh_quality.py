"""How far cells are from degenerate."""

from __future__ import annotations

import itertools
import math

import numpy as np
from firedrake import Function

from adjointdesign.errors import InputError


def mesh_quality(mesh, coordinates: np.ndarray | None = None) -> np.ndarray:
    """Quality of this rank's cells: 1 is best, 0 degenerate, negative inverted.

    Of triangles and tetrahedra the mean ratio (P. Knupp, SIAM J. Sci. Comput. 23, 193 (2001)); of quadrilaterals and
    hexahedra the least sine (volume) that edges span at a corner.

    Parameters
    ----------
    mesh : Mesh
        With straight edges. A cell is inverted when it is the other way round than in ``mesh.coordinates``.
    coordinates : ndarray, optional
        Nodal values of this rank, in the place of the mesh's own.

    Returns
    -------
    ndarray, shape (cells,)

    Raises
    ------
    InputError
        When the mesh is extruded.
    """
    if mesh.extruded:
        raise InputError("mesh", "triangles, quadrilaterals, tetrahedra or hexahedra", "an extruded mesh", "make it of cells of one kind")
    now = mesh.coordinates
    if coordinates is not None:
        now = Function(now.function_space())
        now.dat.data_wo[...] = coordinates
    nodes = mesh.coordinates.cell_node_map().values
    dimension = mesh.topological_dimension
    simplex = nodes.shape[1] == dimension + 1
    measure = _mean_ratio if simplex else _corners
    before = measure(mesh.coordinates.dat.data_ro_with_halos[nodes])
    with np.errstate(over="ignore", invalid="ignore"):  # far out it is NaN
        return np.sign(before) * measure(now.dat.data_ro_with_halos[nodes])


def least_quality(mesh, coordinates: np.ndarray | None = None) -> float:
    """The smallest `mesh_quality` on any rank; NaN when there is one."""
    return float(np.min(mesh.comm.allgather(float(mesh_quality(mesh, coordinates).min(initial=math.inf)))))


def _mean_ratio(x):
    d = x.shape[2]
    volume = np.linalg.det(x[:, 1:] - x[:, :1]) / math.factorial(d)
    edges = sum(np.sum((x[:, i] - x[:, j]) ** 2, axis=1) for i, j in itertools.combinations(range(d + 1), 2))
    unit = math.sqrt(3) / 4 if d == 2 else 1 / (6 * math.sqrt(2))
    return np.sign(volume) * (np.abs(volume) / unit) ** (2 / d) * (d * (d + 1) / 2) / edges


def _corners(x):
    d = x.shape[2]
    x = x.reshape(len(x), *(2,) * d, d)
    result = np.full(len(x), np.inf)
    turn = None
    for corner in itertools.product((0, 1), repeat=d):
        at = x[(slice(None), *corner)]
        edges = []
        for axis in range(d):
            other = list(corner)
            other[axis] = 1 - other[axis]
            edges.append((x[(slice(None), *other)] - at) * (1 - 2 * corner[axis]))
        edges = np.stack(edges, axis=1)
        sine = np.linalg.det(edges) / np.prod(np.linalg.norm(edges, axis=2), axis=1)
        turn = np.sign(sine) if turn is None else turn
        result = np.minimum(result, sine * turn)
    return result * turn
