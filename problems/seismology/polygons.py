"""Polygons of longitude and latitude, from GeoJSON and from masks on grids, and what they are in a plane."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.catalog import check_coordinates
from adjointdesign.problems.seismology.geography import Region
from adjointdesign.problems.seismology.grids import read_grid
from adjointdesign.problems.seismology.network import geojson_features
from adjointdesign.problems.seismology.plane import Plane

LONGEST_PIECE = 5e3
"""m; lines straight in longitude and latitude are bent on the ground: they are cut into pieces at most that long."""


def polygons_of(path, region: Region | None) -> list[list[np.ndarray]]:
    """Polygons, each a list of rings (the outer one first) of longitude and latitude, shape (n, 2), closed."""
    grid = Path(path).suffix.lower() in (".nc", ".csv", ".grd")
    return _polygons_of_mask(path, region) if grid else _polygons_of_geojson(path)


def _polygons_of_geojson(path) -> list:
    polygons = []
    for feature in geojson_features(path):
        polygons += _polygons_of_geometry(path, feature.get("geometry") or {})
    if not polygons:
        raise InputError(
            f"allowed area {path}", "at least one Polygon or MultiPolygon", "none", "draw the area as a polygon"
        )
    return [[_ring(path, ring) for ring in polygon] for polygon in polygons]


def _polygons_of_geometry(path, geometry: dict) -> list:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        return [polygon for part in geometry.get("geometries", ()) for polygon in _polygons_of_geometry(path, part)]
    polygons = {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(kind, [])
    if not (isinstance(polygons, list) and all(isinstance(rings, list) and rings for rings in polygons)):
        raise InputError(f"allowed area {path}", "a polygon of rings", "no ring", "check its coordinates")
    return polygons


def _ring(path, points) -> np.ndarray:
    where = f"a ring of {path}"
    try:
        ring = np.array([point[:2] for point in points], dtype=float)
    except (TypeError, ValueError):
        ring = np.zeros(0)
    if ring.ndim != 2 or ring.shape[1] != 2 or len(ring) < 3:
        raise InputError(where, "positions [longitude, latitude]", "something else", "check its coordinates")
    check_coordinates(
        f"allowed area {path}", "position", ring[:, 0], ring[:, 1], [str(k + 1) for k in range(len(ring))]
    )
    if not np.array_equal(ring[0], ring[-1]):
        got = f"{ring[0].tolist()} and {ring[-1].tolist()}"
        raise InputError(where, "closed: the first position again as the last", got, "close the ring")
    if len(ring) < 4:
        raise InputError(where, "at least 4 positions, the last as the first", len(ring), "draw an area")
    return ring


def cut(ring: np.ndarray) -> np.ndarray:
    """A ring with its longitudes in one line across the date line, and its edges in short pieces."""
    pieces, longitude = [], ring[0, 0]
    for (lon, lat), (to_lon, to_lat) in zip(ring[:-1], ring[1:]):
        by = to_lon - lon
        if abs(by) < 360:
            by = (by + 180) % 360 - 180 if abs(by) > 180 else by
        width = np.deg2rad(abs(by)) * 6.4e6 * np.cos(np.deg2rad(min(abs(lat), abs(to_lat))))
        height = np.deg2rad(abs(to_lat - lat)) * 6.4e6
        count = max(1, int(np.ceil(np.hypot(width, height) / LONGEST_PIECE)), int(np.ceil(abs(by))))
        t = np.arange(count) / count
        pieces.append(np.stack([longitude + t * by, lat + t * (to_lat - lat)], axis=-1))
        longitude += by
    cut = np.concatenate(pieces)
    return np.concatenate([cut, cut[:1]])


def in_plane(path, polygons: list, plane: Plane):
    """Polygons as one shape in the plane."""
    from shapely import is_valid_reason, union_all
    from shapely.geometry import Polygon

    shapes = []
    for rings in polygons:
        flat = [plane.coordinates_of(*cut(ring).T) for ring in rings]
        shape = Polygon(flat[0], flat[1:])
        if np.any(np.abs(np.diff(rings[0][:, 0])) == 360):
            # Around a pole by way of the whole date line, which goes there and back: a slit without width.
            shape = _closed(shape)
        if not shape.is_valid:
            raise InputError(
                f"a polygon of {path}",
                "rings that do not cross",
                _in_degrees(is_valid_reason(shape), plane),
                "redraw it",
            )
        shapes.append(shape)
    # Polygons cut along the date line, as RFC 7946 has them, meet to rounding: closed, they are one.
    return _closed(union_all(shapes)) if len(shapes) > 1 else shapes[0]


def _closed(shape):
    """A shape without gaps narrower than a centimeter."""
    return shape.buffer(0.005, join_style="mitre").buffer(-0.005, join_style="mitre")


def _in_degrees(reason: str, plane: Plane) -> str:
    kind, _, place = reason.partition("[")
    numbers = place.rstrip("]").split()
    if len(numbers) != 2:
        return kind
    longitude, latitude = plane.places(np.array(numbers, dtype=float))
    return f"{kind.lower()} near {longitude[0]:.4f}, {latitude[0]:.4f}"


def _polygons_of_mask(path, region: Region | None) -> list:
    from contourpy import contour_generator

    grid = read_grid(path, ("mask", "land", "lsm", "allowed", "value", "z"))
    longitude, latitude, values = grid.longitude, grid.latitude, np.nan_to_num(grid.values)
    if region is not None:
        longitude = region.west + np.mod(longitude - region.west, 360.0)
        order = np.argsort(longitude)
        inside = [order[region.contains(longitude[order], 0.5 * (region.south + region.north))]]
        inside.append(np.flatnonzero((latitude >= region.south) & (latitude <= region.north)))
        if min(map(len, inside)) < 2:
            raise InputError(
                f"region of {path}", "at least two nodes each way within it", "fewer", "take a larger region"
            )
        longitude, latitude, values = longitude[inside[0]], latitude[inside[1]], values[np.ix_(*inside)]
    if np.min(values) < -1e-9 or np.max(values) > 1 + 1e-9:
        got = f"{np.min(values):g} to {np.max(values):g}"
        raise InputError(f"mask {path}", "numbers from 0 (forbidden) to 1 (allowed)", got, "make a mask of it")
    found, offsets = contour_generator(longitude, latitude, values.T, fill_type="OuterOffset").filled(0.5, np.inf)
    return [[points[a:b] for a, b in zip(offset[:-1], offset[1:])] for points, offset in zip(found, offsets)]
