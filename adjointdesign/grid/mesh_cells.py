"""The kinds of cells that meshes are made of: corners, facets, Jacobians. Numbering is that of VTK (and of meshio)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Kind:
    """One kind of cell; local corner numbers throughout.

    Parameters
    ----------
    name : str
        In the plural, for people.
    dimension : int
        Of the cell.
    facets : tuple of tuple
        Each facet's corners: of a rightly numbered cell they run around the outward normal (in 2D: with the cell on the left).
    frames : tuple of tuple
        A corner, then its neighbors in right-handed order: where the map is not affine, one frame for each corner.
    mirror : tuple
        The corners of the mirrored numbering.
    edges : tuple of tuple
        Ends of the edges, in the order in which second-order cells number the nodes on them; empty where those are not read.
    """

    name: str
    dimension: int
    facets: tuple[tuple[int, ...], ...]
    frames: tuple[tuple[int, ...], ...]
    mirror: tuple[int, ...]
    edges: tuple[tuple[int, int], ...] = ()

    @property
    def corners(self) -> int:
        """Number of corners."""
        return len(self.mirror)

    def jacobians(self, points: np.ndarray) -> np.ndarray:
        """Jacobian determinants over the product of edge lengths (the sine of the corner in 2D), in each of the frames.

        Parameters
        ----------
        points : ndarray, shape (cells, corners, dimension)

        Returns
        -------
        ndarray, shape (cells, frames)
            In -1 to 1; zero also where an edge has no length.
        """
        found = []
        for corner, *neighbors in self.frames:
            edges = points[:, neighbors] - points[:, [corner]]
            length = np.linalg.norm(edges, axis=2).prod(axis=1)
            found.append(np.linalg.det(edges) / np.where(length > 0, length, 1.0))
        return np.stack(found, axis=1)

    def curved_jacobians(self, points: np.ndarray) -> np.ndarray:
        """Jacobian determinants of second-order simplices, at their nodes, in units of their volume's (cubed edges, say).

        Parameters
        ----------
        points : ndarray, shape (cells, corners + edges, dimension)

        Returns
        -------
        ndarray, shape (cells, corners + edges)
        """
        n = self.corners
        barycentric = np.vstack([np.eye(n), [0.5 * (np.eye(n)[a] + np.eye(n)[b]) for a, b in self.edges]])
        to_reference = np.vstack([-np.ones(n - 1), np.eye(n - 1)])
        found = []
        for at in barycentric:
            # Shape functions L (2 L - 1) of corners and 4 La Lb of edges, L the barycentric coordinates.
            slopes = np.zeros((n + len(self.edges), n))
            slopes[:n] = np.diag(4 * at - 1)
            for row, (a, b) in enumerate(self.edges, start=n):
                slopes[row, a], slopes[row, b] = 4 * at[b], 4 * at[a]
            found.append(np.linalg.det(np.einsum("cnd,nr->crd", points, slopes @ to_reference)))
        return np.stack(found, axis=1)


KINDS = {
    "triangle": Kind("triangles", 2, ((0, 1), (1, 2), (2, 0)), ((0, 1, 2),), (0, 2, 1), ((0, 1), (1, 2), (2, 0))),
    "quad": Kind(
        "quadrilaterals", 2, ((0, 1), (1, 2), (2, 3), (3, 0)), ((0, 1, 3), (1, 2, 0), (2, 3, 1), (3, 0, 2)), (0, 3, 2, 1)
    ),
    "tetra": Kind(
        "tetrahedra", 3, ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2)), ((0, 1, 2, 3),), (0, 2, 1, 3),
        ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)),
    ),
    "hexahedron": Kind(
        "hexahedra", 3,
        ((0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)),
        ((0, 1, 3, 4), (1, 2, 0, 5), (2, 3, 1, 6), (3, 0, 2, 7), (4, 7, 5, 0), (5, 4, 6, 1), (6, 5, 7, 2), (7, 6, 4, 3)),
        (0, 3, 2, 1, 4, 7, 6, 5),
    ),
}  # fmt: skip
"""Straight cells by meshio's name."""

CURVED = {"triangle6": "triangle", "tetra10": "tetra"}
"""Second-order cells that are read, and the straight ones that they refine."""


def turns(facets: np.ndarray) -> np.ndarray:
    """Tell facets with the same corners in the one direction of rotation (True) from those in the other.

    Parameters
    ----------
    facets : ndarray of int, shape (facets, corners)

    Returns
    -------
    ndarray of bool, shape (facets,)
    """
    rows, size = np.arange(len(facets)), facets.shape[1]
    lowest = facets.argmin(axis=1)
    if size == 2:
        return lowest == 0
    return facets[rows, (lowest + 1) % size] < facets[rows, (lowest - 1) % size]
