"""Closed surfaces of triangles: read from STL files and checked, and what lies inside them.

A point is inside where the winding number is not zero: the sum of the directions in which a ray along z from it leaves
(+1) and enters (-1) the surface. Triangles that share a side evaluate the same expression of its ends for a ray, in the
same order, so that no ray slips between them or counts twice; and rays are moved by a few billionths of the size, by
amounts of no simple ratio, so that none meets a corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np

_SAME = 1e-6
"""Corners nearer than this share of the size are one: STL files repeat them in single precision."""
_FLAT = 1e-4
"""Slope below which a triangle is across an axis."""
_FACE = 0.01
"""A flat face is one that covers at least this share of the body's extent."""
_AWAY = (3.3e-9, 4.7e-9)
"""By how much rays are moved along x and y, over the size."""


@dataclass(frozen=True, eq=False)
class ClosedSurface:
    """A closed surface of triangles, counterclockwise as seen from outside.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        Corners, m.
    triangles : ndarray of int, shape (m, 3)
        Numbers of the corners.
    """

    points: np.ndarray
    triangles: np.ndarray

    @classmethod
    def joined(cls, corners: np.ndarray) -> ClosedSurface:
        """From the corners of single triangles, shape ``(m, 3, 3)``, m.

        Raises
        ------
        ValueError
            With what was expected, when they do not close, disagree on where the inside is, or enclose nothing.
        """
        points, triangles = _merged(corners)
        forward = np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)])
        sides, which = np.unique(np.sort(forward, axis=1), axis=0, return_inverse=True)
        which = which.ravel()
        if not len(sides):
            raise ValueError("triangles that enclose a volume, not none")
        odd = np.flatnonzero(np.bincount(which) % 2)
        if odd.size:
            place = ", ".join(f"{x:.4g}" for x in points[sides[odd[0]]].mean(axis=0))
            raise ValueError(f"a closed surface: {odd.size} sides of its triangles are open, one at {place} m")
        turns = np.bincount(which, np.where(forward[:, 0] < forward[:, 1], 1, -1))
        if np.any(turns):
            count = np.count_nonzero(turns)
            raise ValueError(f"triangles that all turn the same way about the inside: at {count} sides they do not")
        surface = cls(points, triangles)
        if abs(surface.volume) <= 1e-12 * np.prod(np.maximum(np.ptp(points, axis=0), 1e-3 * surface.size)):
            raise ValueError("triangles that enclose a volume, not none")
        return surface if surface.volume > 0 else cls(points, triangles[:, ::-1])

    @cached_property
    def size(self) -> float:
        """The longest extent, m."""
        return float(np.ptp(self.points, axis=0).max())

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest position along each axis, m."""
        return tuple(zip(self.points.min(axis=0).tolist(), self.points.max(axis=0).tolist()))

    @cached_property
    def areas(self) -> np.ndarray:
        """Outward normals with the areas for lengths, m^2, shape ``(m, 3)``."""
        a, b, c = np.moveaxis(self.points[self.triangles], 1, 0)
        return 0.5 * np.cross(b - a, c - a)

    @property
    def volume(self) -> float:
        """Enclosed volume, m^3."""
        middle = self.points.mean(axis=0)
        return float(np.sum((self.points[self.triangles].mean(axis=1) - middle) * self.areas) / 3)

    @cached_property
    def _reach(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Corners of all triangles, and the lowest and highest position of each along each axis."""
        corners = self.points[self.triangles]
        return corners, corners.min(axis=1), corners.max(axis=1)

    def faces(self, axis: int) -> list[tuple[float, int]]:
        """Flat faces across an axis that are not small: position (m), and the direction away from the inside."""
        flat = self._across(axis)
        place = self.points[self.triangles[flat, 0], axis]
        area = self.areas[flat, axis]
        extent = np.prod(np.delete(np.ptp(self.points, axis=0), axis))
        found, order = [], np.argsort(place)
        for group in np.split(order, np.flatnonzero(np.diff(place[order]) > _SAME * self.size) + 1):
            for sign in (-1, 1):
                mine = group[np.sign(area[group]) == sign]
                if np.abs(area[mine]).sum() >= _FACE * extent:
                    found.append((float(np.median(place[mine])), sign))
        return found

    def curved(self, axis: int) -> bool:
        """Whether a face is neither across nor along an axis, or across it but none of `faces`."""
        slope = np.abs(self.areas[:, axis]) / np.maximum(np.linalg.norm(self.areas, axis=1), 1e-300)
        flat = self._across(axis)
        places, found = self.points[self.triangles[flat, 0], axis], [place for place, _ in self.faces(axis)]
        known = np.abs(places[:, None] - np.array(found)) <= 10 * _SAME * self.size
        return bool(np.any((slope > _FLAT) & ~flat) or not known.any(axis=1).all())

    def _across(self, axis: int) -> np.ndarray:
        beside = np.linalg.norm(np.delete(self.areas, axis, axis=1), axis=1)
        return beside < _FLAT * np.abs(self.areas[:, axis])

    def inside(self, x, y, z, slack: float) -> np.ndarray:
        """Which points of a mesh of positions (m), one row along each axis, are inside.

        With a positive ``slack`` (m) also those as near as that along all axes, with a negative one without these.
        """
        rows = [np.ravel(p) for p in (x, y, z)]
        if slack == 0:
            return self._enclosed(*rows)
        shifted = (self._enclosed(*(p + s for p, s in zip(rows, shift))) for shift in product((-slack, slack), repeat=3))
        combine = np.logical_or if slack > 0 else np.logical_and
        result = next(shifted)
        for other in shifted:
            result = combine(result, other)
        return result

    def _enclosed(self, x, y, z) -> np.ndarray:
        """The winding number is not zero, over the product of three ascending rows."""
        winding = np.zeros((len(x), len(y), len(z) + 1), np.int32)
        x, y = (p + away * self.size for p, away in zip((x, y), _AWAY))
        corners, low, high = self._reach
        near = np.flatnonzero((high[:, :2] >= (x[0], y[0])).all(axis=1) & (low[:, :2] <= (x[-1], y[-1])).all(axis=1))
        (i0, j0), (i1, j1) = ([np.searchsorted(p, end[near, a]) for a, p in enumerate((x, y))] for end in (low, high))
        counts = (i1 - i0) * (j1 - j0)
        pair = np.repeat(np.arange(len(counts)), counts)
        at = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
        i, j, which = i0[pair] + at // (j1 - j0)[pair], j0[pair] + at % (j1 - j0)[pair], near[pair]
        weights = [_side(self.points, self.triangles[which][:, [k - 2, k - 1]], x[i], y[j]) for k in range(3)]
        turn = np.sign(weights[0])
        hit = (turn != 0) & (np.sign(weights[1]) == turn) & (np.sign(weights[2]) == turn)
        share = np.stack([w[hit] for w in weights], axis=1)
        height = np.sum(share * corners[which[hit]][:, :, 2], axis=1) / share.sum(axis=1)
        height = np.clip(height, low[which[hit], 2], high[which[hit], 2])
        np.add.at(winding, (i[hit], j[hit], np.searchsorted(z, height)), turn[hit].astype(np.int32))
        # What lies above a point counts; with all of it zero, so does what lies below, with the other sign.
        return np.cumsum(winding, axis=2)[:, :, :-1] != 0


def read_stl(path: Path, scale: float) -> ClosedSurface:
    """The surface in an STL file, in ``scale`` metres.

    Raises
    ------
    ValueError
        With what was expected, when the file cannot be read, and as `ClosedSurface.joined`.
    """
    from meshio import ReadError, stl

    try:
        _check_length(path)
        with np.errstate(over="ignore"):  # four letters of a text file, taken for the number of triangles
            mesh = stl.read(path)
        corners = np.concatenate([np.zeros((0, 3, 3)), *(mesh.points[block.data] for block in mesh.cells)])
    except (OSError, ReadError, ValueError, IndexError) as error:
        raise ValueError(f"an STL file that can be read ({str(error) or type(error).__name__})") from None
    if not np.all(np.isfinite(corners)):
        raise ValueError("an STL file of finite numbers")
    return ClosedSurface.joined(scale * np.asarray(corners, float))


def _check_length(path: Path) -> None:
    """Raise ValueError for a binary file that is not as long as its number of triangles says."""
    with path.open("rb") as file:
        head = file.read(84)
    count, size = int.from_bytes(head[80:], "little"), path.stat().st_size
    expected = 84 + 50 * count
    # Four letters of a text file would be a larger number.
    if len(head) == 84 and count < 2**24 and size != expected:
        told = "it is cut short" if size < expected else "there is more behind them"
        raise ValueError(f"{size} bytes where its {count} triangles take {expected}: {told}")


def _merged(corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners that are nearly the same made one, triangles without extent left out."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    points, number = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    if len(points) == 0:
        return points, np.zeros((0, 3), int)
    near = cKDTree(points).query_pairs(_SAME * np.ptp(points, axis=0).max(), output_type="ndarray")
    links = coo_array((np.ones(len(near)), (near[:, 0], near[:, 1])), shape=(len(points),) * 2)
    count, label = connected_components(links, directed=False)
    kept = np.zeros((count, 3))
    kept[label] = points
    triangles = label[number.ravel()].reshape(-1, 3)
    whole = np.all(triangles != np.roll(triangles, 1, axis=1), axis=1)
    return kept, triangles[whole]


def _side(points, ends, x, y) -> np.ndarray:
    """Twice the signed area seen along z of side and ray: the same number but for its sign from either triangle."""
    order = ends[:, 0] < ends[:, 1]
    first, second = np.where(order, ends.T, ends.T[::-1])
    p, q = points[first], points[second]
    return np.where(order, 1.0, -1.0) * ((q[:, 0] - p[:, 0]) * (y - p[:, 1]) - (q[:, 1] - p[:, 1]) * (x - p[:, 0]))
