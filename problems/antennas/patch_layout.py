"""The metal of an inset-fed patch: rectangles from its dimensions, the grid around them, what the solver is told of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.media.sheet import sheet

AROUND = 3
"""Fewest cells of the board beyond the largest metal, for the factors of its border."""


@dataclass(frozen=True)
class PatchLayout:
    """Where the metal of a patch may be, and the nodes of the grid there.

    The line begins ``overhang`` before the port, which is at the origin, and runs along x to the patch at ``feed``; all is mirrored at
    y = 0 but for the offset of the patch's middle.

    Parameters
    ----------
    feed, overhang, line_width : float
        Length of the line from port to patch and before the port, and its width, m.
    reach : tuple of float
        Largest length of the patch and its farthest side along y, m.
    margin : float
        From the largest metal to the edges of the board, m.
    height : float
        Of the substrate, m.
    cell : float
        Largest side of the cells, m.
    layers : int
        Cells across the substrate.
    half : bool
        Whether y = 0 is a plane of symmetry.
    """

    feed: float
    overhang: float
    line_width: float
    reach: tuple[float, float]
    margin: float
    height: float
    cell: float
    layers: int
    half: bool

    @property
    def x(self) -> np.ndarray:
        """Nodes of the board along x, m; one of them at the port."""
        end = self.feed + self.reach[0]
        side = self._side(end)
        return np.arange(-self._beyond(self.overhang, side), self._beyond(end, side) + 1) * side

    @property
    def y(self) -> np.ndarray:
        """Nodes of the board along y on both sides, m."""
        side = self._side(self.reach[1])
        count = self._beyond(self.reach[1], side)
        return np.arange(-count, count + 1) * side

    def _side(self, length: float) -> float:
        """Of the cells that divide a length."""
        return length / int(np.ceil(length / self.cell - 1e-9))

    def _beyond(self, length: float, side: float) -> int:
        """Cells to the edge of the board over metal of such a length."""
        return int(np.ceil(length / side - 1e-9)) + max(AROUND, int(np.ceil(self.margin / side - 1e-9)))

    @property
    def z(self) -> np.ndarray:
        """Nodes across the substrate, and the next, m."""
        return np.arange(self.layers + 2) * (self.height / self.layers)

    @property
    def y_kept(self) -> np.ndarray:
        """Nodes along y that are in the domain, m."""
        return self.y[len(self.y) // 2 :] if self.half else self.y

    @property
    def ratios(self) -> tuple[float, float]:
        """Height of the cells at the sheet over their sides."""
        dz = self.z[1]
        return dz / (self.x[1] - self.x[0]), dz / (self.y[1] - self.y[0])

    def rectangles(self, length, width, inset, gap, offset) -> list[tuple]:
        """Line, body and what lies on either side of the line, overlapping: ``(x_low, x_high, y_low, y_high)``, m."""
        side, inner, end = 0.5 * self.line_width, self.feed + inset, self.feed + length
        low, high = offset - 0.5 * width, offset + 0.5 * width
        return [
            (-self.overhang, end, -side, side),
            (inner, end, low, high),
            (self.feed, end, low, -side - gap),
            (self.feed, end, side + gap, high),
        ]

    def outline(self, length, width, inset, gap, offset) -> list[tuple[float, float]]:
        """Corners of all of it, or of the half in the domain, m, counterclockwise."""
        side, inner, end = 0.5 * self.line_width, self.feed + inset, self.feed + length
        low, high = offset - 0.5 * width, offset + 0.5 * width
        upper = [(end, high), (self.feed, high), (self.feed, side + gap), (inner, side + gap), (inner, side), (-self.overhang, side)]
        if self.half:
            return [(-self.overhang, 0.0), (end, 0.0), *upper]
        return [(-self.overhang, -side), (inner, -side), (inner, -side - gap), (self.feed, -side - gap), (self.feed, low), (end, low), *upper]

    def factors(self, length, width, inset, gap, offset):
        """What the metal does to the grid, see `adjointdesign.media.sheet`; on and between `x` and `y_kept`."""
        along_x, along_y, faces = sheet(self.rectangles(length, width, inset, gap, offset), self.x, self.y, self.ratios)
        first = len(self.y) - len(self.y_kept)
        return along_x[:, first:], along_y[:, first:], faces[:, first:]
