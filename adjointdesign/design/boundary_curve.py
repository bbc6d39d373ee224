"""Tagged curves of a plane mesh as the polygons that they are: corners in order, places on them, curvature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.tape.taped import taped


@dataclass(frozen=True)
class BoundaryCurve:
    """A polygon.

    Parameters
    ----------
    points : ndarray, shape (n, 2)
        Corners in order, m; the first one is not repeated where the curve is closed.
    closed : bool
        Whether the last corner is joined to the first.
    """

    points: np.ndarray
    closed: bool = False

    @property
    def lengths(self) -> np.ndarray:
        """Of the edges, m; the last one of a closed curve leads back to the first corner."""
        ends = np.roll(self.points, -1, axis=0) if self.closed else self.points[1:]
        return np.linalg.norm(ends - self.points[: len(ends)], axis=1)

    @property
    def places(self) -> np.ndarray:
        """Length of the curve up to each corner over the whole, from 0."""
        lengths = self.lengths
        return np.concatenate([[0.0], np.cumsum(lengths)])[: len(self.points)] / lengths.sum()

    def weights(self, points: np.ndarray) -> np.ndarray:
        """Matrix that interpolates values at the corners linearly to points on the curve, shape (points, corners).

        Raises
        ------
        InputError
            When a point is not on the curve.
        """
        nearest, part, away = self._nearest(points)
        if np.any(away > 1e-6 * self.lengths.sum()):
            raise InputError("points", "points on the curve", f"one {away.max():.3g} m off it", "take them from it")
        result, rows = np.zeros((len(points), len(self.points))), np.arange(len(points))
        result[rows, nearest] += 1 - part
        result[rows, (nearest + 1) % len(self.points)] += part
        return result

    def distance(self, points: np.ndarray) -> float:
        """Of the farthest of some points from the curve, m."""
        return float(self._nearest(points)[2].max())

    def _nearest(self, points):
        """Of each point the nearest edge, the part of it up to the nearest place, and how far that is."""
        starts = self.points if self.closed else self.points[:-1]
        edge = (np.roll(self.points, -1, axis=0) if self.closed else self.points[1:]) - starts
        square = np.maximum(np.sum(edge**2, axis=1), 1e-300)  # corners may coincide
        part = np.clip(np.einsum("pei,ei->pe", points[:, None] - starts, edge) / square, 0.0, 1.0)
        away = np.linalg.norm(points[:, None] - starts - part[:, :, None] * edge, axis=2)
        nearest, rows = np.argmin(away, axis=1), np.arange(len(points))
        return nearest, part[rows, nearest], away[rows, nearest]


def boundary_curve(mesh, tags: Sequence[int]) -> BoundaryCurve:
    """The facets of some tags of a plane mesh, in the place where it was read; the same on every rank.

    Raises
    ------
    InputError
        When there are no such facets, or they form several curves, or one with branches.
    """
    pairs = boundary_edges(mesh, tags)
    if not len(pairs):
        raise InputError("design", "tags with facets in the mesh", list(tags), "name a curve of the mesh")
    size = np.ptp(pairs.reshape(-1, 2), axis=0).max()
    keys = np.round(pairs / (1e-9 * size)).astype(np.int64)
    corners, first, inverse = np.unique(keys.reshape(-1, 2), axis=0, return_index=True, return_inverse=True)
    edges = np.unique(np.sort(inverse.reshape(-1, 2), axis=1), axis=0)
    order, closed = _path(len(corners), edges, list(tags))
    return BoundaryCurve(pairs.reshape(-1, 2)[first][order], closed)


def curvature(points, closed: bool = False):
    """Curvature at the corners of a polygon, on the tape: the angle by which it turns over the mean length of its edges.

    Parameters
    ----------
    points : Array or ndarray, shape (n, 2)
        In order, m.
    closed : bool
        Whether the last corner is joined to the first; else the two ends have no curvature.

    Returns
    -------
    Array, shape (n,) or (n - 2,)
        1/m, positive where the curve turns left.
    """
    return (_closed_curvature if closed else _open_curvature)(points)


def _turning(before, after):
    from autograd import numpy as np

    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    dot = np.sum(before * after, axis=1)
    return np.arctan2(cross, dot) / ((np.sqrt(np.sum(before**2, axis=1)) + np.sqrt(np.sum(after**2, axis=1))) / 2)


@taped
def _open_curvature(points):
    return _turning(points[1:-1] - points[:-2], points[2:] - points[1:-1])


@taped
def _closed_curvature(points):
    from autograd import numpy as np

    return _turning(points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points)


def boundary_edges(mesh, tags) -> np.ndarray:
    """Ends of all ranks' facets with these tags, shape (n, 2, 2), m, in the place where the mesh was read.

    Facets that several ranks know of are there several times.
    """
    plex = mesh.topology_dm
    low, high = plex.getHeightStratum(1)
    section, values = plex.getCoordinateSection(), plex.getCoordinatesLocal().array
    found = []
    for tag in tags:
        points = plex.getStratumIS("Face Sets", tag)
        for facet in points.indices if points else ():
            if not low <= facet < high:
                continue  # the label has the ends of the facets too
            found.append([values[section.getOffset(v) : section.getOffset(v) + 2] for v in plex.getCone(facet)])
    return np.concatenate(mesh.comm.allgather(np.array(found, dtype=float).reshape(-1, 2, 2)))


def _path(count, edges, tags) -> tuple[np.ndarray, bool]:
    """Corners along the curve, from the end with the lower number, and whether it is closed."""
    neighbors = [[] for _ in range(count)]
    for a, b in edges:
        neighbors[a].append(b)
        neighbors[b].append(a)
    ends = [i for i, near in enumerate(neighbors) if len(near) == 1]
    closed = not ends
    order, previous = [ends[0] if ends else 0], -1
    while len(order) <= count:
        near = [n for n in neighbors[order[-1]] if n != previous]
        if not near or near[0] == order[0]:
            break
        previous = order[-1]
        order.append(near[0])
    if len(order) != count or max(map(len, neighbors)) > 2:
        raise InputError("design", "facets that form one curve without branches", f"several, or branches, of tags {tags}", "name one curve")
    return np.array(order), closed
