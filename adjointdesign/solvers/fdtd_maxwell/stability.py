"""The largest stable time step, cell by cell.

Leapfrog is stable while ``(c dt)^2`` times the largest eigenvalue of ``mu^-1 curl eps^-1 curl`` stays below four. That eigenvalue
is at most the largest one of any single cell, when the energy of every edge and face is shared among the cells that meet there in
proportion to their volumes (B. Irons and G. Treharne, Proc. 3rd Conf. on Matrix Methods in Structural Mechanics (1971)). In a
uniform medium the bound of a cell is ``4 sum 1/d^2 / (eps mu)``, that of the endless grid itself; where permeability and permittivity
change from place to place together, it is far above what their separate least values would allow.
"""

from __future__ import annotations

import itertools

import numpy as np

from adjointdesign.grid.yee import AXES, OFFSETS, YeeGrid


def largest_eigenvalue(grid: YeeGrid, permittivity: dict, conductor: dict, permeability: dict) -> float:
    """Upper bound of the eigenvalues of ``mu^-1 curl eps^-1 curl`` on a grid, 1/m^2.

    Parameters
    ----------
    grid : YeeGrid
        The grid.
    permittivity : dict of str to ndarray
        Relative permittivity of every electric component, of the grid's storage shape.
    conductor : dict of str to ndarray of bool
        Where components are held at zero; components left out are free.
    permeability : dict of str to ndarray
        Relative permeability of magnetic components; components left out have one.
    """
    inverse = {c: np.where(conductor.get(c, False), 0.0, 1.0 / np.asarray(v, float)) for c, v in permittivity.items()}
    sizes = np.meshgrid(*(1.0 / np.diff(grid.lines(a)) ** 2 for a in range(grid.ndim)), indexing="ij", sparse=True)
    # One bound for all cells: their own size, and the largest 1/eps on their edges.
    largest = np.zeros(grid.cells)
    for c, values in inverse.items():
        for place in _places(c, grid.ndim):
            np.maximum(largest, values[_slots(grid, place)], out=largest)
    bound = 4 * sum(sizes) * largest
    # A better one where some face has a permeability: the cell's own matrix.
    magnetic = np.zeros(grid.cells, bool)
    for c, values in permeability.items():
        for place in _places(c, grid.ndim):
            magnetic |= np.asarray(values)[_slots(grid, place)] != 1
    cells = np.argwhere(magnetic)
    if len(cells):
        bound[magnetic] = _of_cells(grid, cells, inverse, permeability)
    return float(bound.max())


def _places(component: str, ndim: int):
    """Where a component lives on a cell: 0 and 1 for the nodes on either side of it, None for its middle, along each axis."""
    return list(itertools.product(*((0, 1) if OFFSETS[component][a] == 0 else (None,) for a in range(ndim))))


def _slots(grid: YeeGrid, place) -> tuple:
    """Storage of that place of all cells."""
    return tuple(slice(1 + (p or 0), n + 1 + (p or 0)) for p, n in zip(place, grid.cells))


def _of_cells(grid: YeeGrid, cells: np.ndarray, inverse: dict, permeability: dict) -> np.ndarray:
    """Largest eigenvalue of the matrix of each of some cells."""
    ndim = grid.ndim
    edges = [(c, p) for c in grid.electric for p in _places(c, ndim)]
    faces = [(c, p) for c in grid.components if c not in grid.electric for p in _places(c, ndim)]
    steps = [np.diff(grid.lines(a))[cells[:, a]] for a in range(ndim)]
    matrix = np.zeros((len(cells), len(faces), len(edges)))
    for row, (h, at) in enumerate(faces):
        a = AXES.index(h[1])
        for along, across, sign in (((a + 1) % 3, (a + 2) % 3, 1), ((a + 2) % 3, (a + 1) % 3, -1)):
            if along >= ndim or "e" + AXES[across] not in grid.electric:
                continue
            for end in (0, 1):
                place = tuple(end if b == along else at[b] for b in range(ndim))
                matrix[:, row, edges.index(("e" + AXES[across], place))] += sign * (2 * end - 1) / steps[along]
    # Shares of a cell's volume: a half for every axis along which a value sits on a node.
    share = {part: 0.5 ** sum(p is not None for p in part[1]) for part in (*edges, *faces)}

    def values(part, source, missing):
        c, place = part
        if c not in source:
            return np.full(len(cells), missing)
        return np.asarray(source[c], float)[tuple(cells[:, b] + 1 + (place[b] or 0) for b in range(ndim))]

    for column, part in enumerate(edges):
        matrix[:, :, column] *= np.sqrt(values(part, inverse, 0.0) / share[part])[:, None]
    for row, part in enumerate(faces):
        matrix[:, row] *= np.sqrt(share[part] / values(part, permeability, 1.0))[:, None]
    return np.linalg.eigvalsh(matrix @ matrix.transpose(0, 2, 1))[:, -1]
