"""The facets of a mesh: which cells share them, and the faults that only this shows."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_cells import Kind, turns


class FacetTable:
    """Every facet of every cell, and which of them are one."""

    def __init__(self, points, cells, kind: Kind, order):
        self.points, self.cells, self.kind, self.order = points, cells, kind, order
        facets = cells[:, np.array(kind.facets)].reshape(-1, len(kind.facets[0]))
        self.cell = np.repeat(np.arange(len(cells)), len(kind.facets))
        self.turns = turns(facets)
        self.unique, self.number, self.count = np.unique(
            np.sort(facets, axis=1), axis=0, return_inverse=True, return_counts=True
        )
        self.number = self.number.ravel()

    def refuse_overlaps(self, as_in_file) -> None:
        """Refuse facets of more than two cells, and of two that lie on the same side of it."""
        crowded = np.flatnonzero(self.count[self.number] > 2)
        if len(crowded):
            raise refused(
                self.points, self.cells, self.order, np.unique(self.cell[crowded]), "facets of one cell or two",
                "a cell with a facet of more", "mesh this place again",
            )  # fmt: skip
        same = np.bincount(self.number, weights=np.where(self.turns, 1, -1)) ** 2 == 4
        folded = np.unique(self.cell[same[self.number]])
        if len(folded):
            # A node moved through the opposite facet inverts a few cells: those that run against the others in the file.
            rare = as_in_file != (as_in_file.mean() > 0.5)
            culprits = folded[rare[folded]]
            raise refused(
                self.points, self.cells, self.order, culprits if len(culprits) else folded, "cells that lie side by side",
                "one inverted, which overlaps its neighbors", "move its nodes, or mesh this place again",
            )  # fmt: skip

    def refuse_isolated(self, notes) -> None:
        """Refuse cells that share no facet with any other; count the parts."""
        shared = np.flatnonzero(self.count[self.number] == 2)
        pairs = self.cell[shared[np.argsort(self.number[shared], kind="stable")]].reshape(-1, 2).T
        size = len(self.cells)
        parts, part = connected_components(coo_array((np.ones(pairs.shape[1]), pairs), shape=(size, size)), directed=False)
        alone = np.flatnonzero(np.bincount(part)[part] == 1)
        if len(alone) and size > 1:
            raise refused(
                self.points, self.cells, self.order, alone, "cells that share facets with others",
                "an isolated one", "remove it, or have the mesh conform (nodes not doubled, none hanging)",
            )  # fmt: skip
        if parts > 1:
            notes.append(f"{parts} parts that share no facet")

    def refuse_strays(self, facets) -> None:
        """Refuse tagged facets that are facets of no cell."""
        if not len(facets):
            return
        # Rows that both have get the same number.
        both, number = np.unique(np.concatenate([self.unique, np.sort(facets, axis=1)]), axis=0, return_inverse=True)
        known = np.zeros(len(both), dtype=bool)
        known[number.ravel()[: len(self.unique)]] = True
        stray = np.flatnonzero(~known[number.ravel()[len(self.unique) :]])
        if len(stray):
            seen = facets[stray[0]][facets[stray[0]] >= 0]
            where = f", one near {place(self.points[seen].mean(axis=0))} m" if len(seen) else ""
            raise InputError(
                "mesh file", "boundary cells that are facets of cells", f"{len(stray)} that are of none{where}",
                "have the mesh conform to them (Gmsh: embed them, or BooleanFragments)",
            )  # fmt: skip


def refused(points, cells, order, bad, expected, got, remedy) -> InputError:
    """Say which cell it is, the first of ``bad``; ``order`` are the numbers of cells in the file."""
    first = bad[0]
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    at = place(points[cells[first]].mean(axis=0))
    return InputError("mesh file", expected, f"{got}: cell {order[first]} (counted from 0) at {at} m{more}", remedy)


def place(values) -> str:
    """Coordinates for people."""
    return "(" + ", ".join(f"{value:.6g}" for value in values) + ")"
