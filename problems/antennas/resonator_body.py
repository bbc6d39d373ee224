"""The dielectric body of a resonator antenna: blocks of a density on its grid, and what a finished body is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import ndimage

from adjointdesign.media.rasterize import overlap_matrix

SOLID = 0.5
"""Density from which a block of the finished body is solid."""


@dataclass(frozen=True)
class Blocks:
    """The room for a body on the ground z = 0, centered at x = y = 0; what lies at negative y mirrors the rest.

    Parameters
    ----------
    size : tuple of float
        Along x, y (all of it) and z, m.
    counts : tuple of int
        Number of blocks of one density along x, y (the half at positive y) and z.
    cell : float
        Largest cell of the grid, m.
    """

    size: tuple[float, float, float]
    counts: tuple[int, int, int]
    cell: float

    @property
    def lower(self) -> tuple[float, float, float]:
        """Lowest corner of the half that is simulated, m."""
        return -self.size[0] / 2, 0.0, 0.0

    @property
    def upper(self) -> tuple[float, float, float]:
        """Highest corner, m."""
        return self.size[0] / 2, self.size[1] / 2, self.size[2]

    @property
    def pitch(self) -> tuple[float, ...]:
        """Sides of a block, m."""
        return tuple((high - low) / n for low, high, n in zip(self.lower, self.upper, self.counts))

    @cached_property
    def borders(self) -> tuple[np.ndarray, ...]:
        """Positions between blocks along each axis, ends included, m."""
        return self._even(self.counts)

    @cached_property
    def nodes(self) -> tuple[np.ndarray, ...]:
        """Positions of nodes of the grid along each axis, m."""
        return self._even([math.ceil((high - low) / self.cell - 1e-6) for low, high in zip(self.lower, self.upper)])

    def _even(self, counts) -> tuple[np.ndarray, ...]:
        return tuple(np.linspace(low, high, n + 1) for low, high, n in zip(self.lower, self.upper, counts))

    # -- on the grid --------------------------------------------------------------------------------------------------

    def matrices(self, grid, box) -> dict[str, list]:
        """By electric component, one matrix an axis from blocks to their share of the dual cells of the box."""
        return {c: [self._shares(grid, c, axis, ranges[axis]) for axis in range(3)] for c, ranges in box.slices.items()}

    def _shares(self, grid, component: str, axis: int, slots: slice):
        borders = grid.borders(component, axis)[slots.start : slots.stop + 1]
        own = self.borders[axis]
        if axis == 0:
            return overlap_matrix(own, borders)
        # The image in the plane of symmetry, or in the ground, fills what of a dual cell lies beyond it.
        count = len(own) - 1
        both = overlap_matrix(np.concatenate([-own[:0:-1], own]), borders)
        return (both[:, count:] + both[:, count - 1 :: -1]).tocsr()

    def filtered(self, density, radius: float):
        """Mean over the neighborhood of each block, its images in the plane of symmetry and in the ground included (on the tape)."""
        from adjointdesign.design.filters import conic_filter
        from adjointdesign.tape import taped

        spacing, (_, rows, layers) = self.pitch, self.counts

        def mean(rho):
            from autograd import numpy as anp

            rho = anp.concatenate([rho[:, ::-1], rho], axis=1)
            rho = anp.concatenate([rho[:, :, ::-1], rho], axis=2)
            return conic_filter(rho, radius, spacing)[:, rows:, layers:]

        return taped(mean)(density)

    # -- finished -----------------------------------------------------------------------------------------------------

    def boxes(self, solid: np.ndarray) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
        """Lower and upper corners of boxes that make up the solid blocks, each block in one of them."""
        left, found = np.array(solid, bool), []
        while left.any():
            first = np.argwhere(left)[0]
            last = first.copy()
            for axis in (2, 0, 1):
                while last[axis] + 1 < left.shape[axis]:
                    ahead = tuple(slice(a, b + 1) if k != axis else slice(b + 1, b + 2) for k, (a, b) in enumerate(zip(first, last)))
                    if not left[ahead].all():
                        break
                    last[axis] += 1
            left[tuple(slice(a, b + 1) for a, b in zip(first, last))] = False
            corners = zip(*((float(e[a]), float(e[b + 1])) for e, a, b in zip(self.borders, first, last)))
            found.append(tuple(corners))
        return found

    def whole(self, values: np.ndarray) -> np.ndarray:
        """Values of the blocks with those at negative y."""
        return np.concatenate([values[:, ::-1], values], axis=1)

    @property
    def corner(self) -> tuple[float, float, float]:
        """Lowest corner of the whole body, m."""
        return -self.size[0] / 2, -self.size[1] / 2, 0.0

    def pieces(self, solid: np.ndarray) -> tuple[int, int]:
        """How many pieces the whole body falls into (blocks hold together by their faces), and how many touch the ground."""
        labels, count = ndimage.label(self.whole(solid))
        return count, len(np.setdiff1d(np.unique(labels[:, :, 0]), [0]))
