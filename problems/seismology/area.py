"""Where stations may stand: a signed distance with exact derivatives, and the nearest place within."""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.geography import Region, cartesian, geodetic, missing
from adjointdesign.problems.seismology.plane import REACH, Plane
from adjointdesign.problems.seismology.polygons import cut, in_plane, polygons_of
from adjointdesign.tape import taped


class Area:
    """An area of one or more polygons with holes, in a local plane about its middle.

    Parameters
    ----------
    polygons : shapely Polygon or MultiPolygon
        In coordinates of the plane, m.
    plane : Plane

    Raises
    ------
    InputError
        When nothing is allowed.
    """

    def __init__(self, polygons, plane: Plane):
        from shapely import get_parts, prepare
        from shapely.geometry import MultiPolygon
        from shapely.geometry.polygon import orient

        parts = [orient(part) for part in get_parts(polygons) if part.geom_type == "Polygon" and part.area > 0]
        if not parts:
            raise InputError("allowed area", "an area larger than nothing", "none", "check the polygons or the mask")
        self.polygons, self.plane = MultiPolygon(parts), plane
        prepare(self.polygons)
        rings = [np.asarray(ring.coords) for part in parts for ring in (part.exterior, *part.interiors)]
        # The inside lies to the left, of outer rings and holes alike.
        self._starts = np.concatenate([ring[:-1] for ring in rings])
        self._ends = np.concatenate([ring[1:] for ring in rings])

    @property
    def size(self) -> float:
        """m^2 in the plane."""
        return float(self.polygons.area)

    def signed_distance(self, positions):
        """Distance (m, in the plane) of Cartesian positions (n, 3) from the border, negative inside; on the tape.

        It is the distance from a straight piece of the border, which is linear through the border and has no kink
        there, or from a corner. Where two places of the border are nearest alike (on the middle line) the gradient
        jumps, and that of either is given.

        Returns
        -------
        ndarray, shape (n,)
        """
        return _signed_distance(self.plane.coordinates(positions), self)

    def contains(self, longitude, latitude) -> np.ndarray:
        """Whether places (deg) lie within the area."""
        from shapely import contains_xy

        return contains_xy(self.polygons, *self.plane.coordinates_of(longitude, latitude).T)

    def nearest(self, longitude, latitude, margin: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Places themselves where they lie within the area by a margin (m), else the nearest such places; deg.

        Raises
        ------
        InputError
            When no place lies so far within.
        """
        from shapely import get_coordinates, points, shortest_line

        inner = self.polygons.buffer(-margin) if margin else self.polygons
        if inner.is_empty:
            raise InputError(
                "margin", "less than half the width of the allowed area", f"{margin:g} m", "make it smaller"
            )
        there = points(self.plane.coordinates_of(np.atleast_1d(longitude), np.atleast_1d(latitude)))
        lines = get_coordinates(shortest_line(inner, there)).reshape(-1, 2, 2)
        return self.plane.places(lines[:, 0])

    def border(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Longitudes and latitudes (deg) of each ring, closed, to be drawn."""
        rings = [ring for part in self.polygons.geoms for ring in (part.exterior, *part.interiors)]
        return [self.plane.places(np.asarray(ring.coords)) for ring in rings]

    def _nearest_pieces(self, points: np.ndarray):
        """Number of the nearest piece of the border for each point, and where on it (0 to 1) the nearest place lies."""
        along = self._ends - self._starts
        squared = np.sum(along**2, axis=-1)
        pieces, where = np.empty(len(points), dtype=int), np.empty(len(points))
        for k, point in enumerate(points):
            t = np.clip(np.sum((point - self._starts) * along, axis=-1) / squared, 0.0, 1.0)
            away = np.sum((self._starts + t[:, None] * along - point) ** 2, axis=-1)
            pieces[k] = np.argmin(away)
            where[k] = t[pieces[k]]
        return pieces, where


@taped
def _signed_distance(points, area: Area):
    from autograd.tracer import getval
    from shapely import contains_xy

    plain = np.asarray(getval(points), dtype=float)
    pieces, where = area._nearest_pieces(plain)
    start, along = area._starts[pieces], (area._ends - area._starts)[pieces]
    outward = np.stack([along[:, 1], -along[:, 0]], axis=-1) / np.linalg.norm(along, axis=-1, keepdims=True)
    flat = anp.sum((points - start) * outward, axis=-1)
    corner = start + where[:, None] * along
    # Within rounding of a corner its own distance has no derivative: that of the piece does as well there.
    round_corner = ((where == 0) | (where == 1)) & (np.sum((plain - corner) ** 2, axis=-1) > 1e-12)
    by = points - corner
    far = anp.sqrt(anp.where(round_corner, anp.sum(by**2, axis=-1), 1.0))
    sign = np.where(contains_xy(area.polygons, plain[:, 0], plain[:, 1]), -1.0, 1.0)
    return anp.where(round_corner, sign * far, flat)


def read_area(*paths, region: Region | None = None) -> Area:
    """The area that all given files allow: polygons (``.geojson``, ``.json``) or masks on a grid (``.nc``, ``.csv``).

    Polygons (GeoJSON, RFC 7946) may have holes and lie in several features, of which any allows. Their edges are
    straight in longitude and latitude; one that goes around by more than 180 degrees is taken the short way, across the
    date line, unless it goes from -180 to 180 all along. A ring may go around a pole. A mask (variable ``mask``,
    ``land``, ``lsm`` or ``allowed``) allows where it is 0.5 or more, linear between nodes; NaN is 0.

    Parameters
    ----------
    paths : path-like
    region : Region, optional
        What of a grid is used; needed when it is larger than 4,500 km about its middle.

    Raises
    ------
    InputError
        When a file cannot be read, has no polygon, a ring is not closed or crosses itself; when nothing is allowed, or
        the area is too large for a plane.
    """
    try:
        from shapely import intersection_all
    except ImportError:
        raise missing("shapely") from None
    every = [polygons_of(path, region) for path in paths]
    plane, shapes = None, []
    for path, polygons in zip(paths, every):
        if not polygons:
            raise InputError(
                f"allowed area {path}", "an area larger than nothing", "none", "check the mask and the region"
            )
        positions = np.concatenate([cartesian(*cut(ring).T, 0.0) for polygon in polygons for ring in polygon])
        plane = plane or Plane(*_middle(positions))
        middle = cartesian(plane.longitude, plane.latitude, 0.0)
        if np.max(np.linalg.norm(positions - middle, axis=-1)) > REACH:
            raise InputError(
                f"allowed area {path}", "within 4,500 km of its middle", "a larger one", "cut it, or give a region"
            )
        shapes.append(in_plane(path, polygons, plane))
    try:
        return Area(intersection_all(shapes), plane)
    except InputError as error:
        told = " and ".join(str(path) for path in paths)
        raise InputError(f"allowed area {told}", error.expected, error.got, error.remedy) from None


def _middle(positions: np.ndarray) -> tuple[float, float]:
    longitude, latitude, _ = geodetic(np.mean(positions, axis=0))
    return float(longitude), float(latitude)
