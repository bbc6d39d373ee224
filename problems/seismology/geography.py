"""Places on the WGS84 ellipsoid: Cartesian coordinates, local frames, displacements and distances.

Positions are Earth-centered, Earth-fixed Cartesian coordinates in meters, and a station is moved in meters to the east
and north of where it began: longitudes jump at the date line and mean nothing at a pole, these do neither. Longitude
and latitude (degrees, geodetic) appear only where files are read and written. Heights are above the ellipsoid;
elevations of stations (above the geoid) are taken for heights, which shifts a region as a whole, by at most 110 m.

What says "on the tape" is written with autograd.numpy and has exact first and second derivatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np
from autograd.tracer import getval

from adjointdesign.errors import InputError
from adjointdesign.tape import taped

SEMI_MAJOR = 6_378_137.0
"""Semi-major axis of WGS84, m (NGA.STND.0036_1.0.0_WGS84, table 3.1)."""

FLATTENING = 1 / 298.257223563
"""Flattening of WGS84 (the same table)."""

SEMI_MINOR = SEMI_MAJOR * (1 - FLATTENING)
"""Semi-minor axis, m."""

_SQUARES = np.array([SEMI_MAJOR, SEMI_MAJOR, SEMI_MINOR]) ** 2
_ECCENTRICITY_2 = FLATTENING * (2 - FLATTENING)


@taped
def cartesian(longitude, latitude, height):
    """Earth-centered, Earth-fixed coordinates, m, of longitudes, latitudes (deg) and heights (m); on the tape.

    Returns
    -------
    ndarray, shape (..., 3)
        Hofmann-Wellenhof, Lichtenegger and Wasle, GNSS (2008), eq. (8.1).
    """
    lon, lat = anp.deg2rad(longitude), anp.deg2rad(latitude)
    prime_vertical = SEMI_MAJOR / anp.sqrt(1 - _ECCENTRICITY_2 * anp.sin(lat) ** 2)
    out = (prime_vertical + height) * anp.cos(lat)
    along = (prime_vertical * (1 - _ECCENTRICITY_2) + height) * anp.sin(lat)
    return anp.stack([out * anp.cos(lon), out * anp.sin(lon), along + 0.0 * out], axis=-1)


@taped
def geodetic(positions):
    """Longitude, latitude (deg) and height (m) of Cartesian positions: the inverse of `cartesian`; on the tape.

    Bowring's iteration (Surv. Rev. 28, 202 (1985)), three times: to rounding at all depths of earthquakes. On the axis
    of rotation the longitude has no derivative, and is zero.

    Parameters
    ----------
    positions : ndarray, shape (..., 3)
        m.
    """
    x, y, z = positions[..., 0], positions[..., 1], positions[..., 2]
    across = anp.sqrt(x**2 + y**2)
    reduced = anp.arctan2(z * SEMI_MAJOR, across * SEMI_MINOR)
    for _ in range(3):
        up = z + _ECCENTRICITY_2 / (1 - _ECCENTRICITY_2) * SEMI_MINOR * anp.sin(reduced) ** 3
        out = across - _ECCENTRICITY_2 * SEMI_MAJOR * anp.cos(reduced) ** 3
        lat = anp.arctan2(up, out)
        reduced = anp.arctan2(SEMI_MINOR * anp.sin(lat), SEMI_MAJOR * anp.cos(lat))
    root = anp.sqrt(1 - _ECCENTRICITY_2 * anp.sin(lat) ** 2)
    height = across * anp.cos(lat) + z * anp.sin(lat) - SEMI_MAJOR * root
    return anp.rad2deg(anp.arctan2(y, x)), anp.rad2deg(lat), height


def local_frame(longitude, latitude):
    """Unit vectors to the east, the north and up (along the normal of the ellipsoid) at places given in degrees.

    At a pole the longitude given says which way east and north point.

    Returns
    -------
    tuple of ndarray, each of shape (..., 3)
    """
    lon, lat = np.broadcast_arrays(np.deg2rad(longitude), np.deg2rad(latitude))
    zero = np.zeros_like(lon)
    east = np.stack([-np.sin(lon), np.cos(lon), zero], axis=-1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)
    up = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
    return east, north, up


@taped
def moved(start, east, north, up=0.0):
    """Cartesian positions of places that are moved to the east and north at constant height, and then up; on the tape.

    The displacement is laid off in the plane that touches the ellipsoid below the start, brought back to the ellipsoid
    along the start's normal, and raised along the normal there. On the ellipsoid a displacement of s meters goes s^3/(6
    R^2) farther than s: 4 m in 100 km. `displacements` is the inverse.

    Parameters
    ----------
    start : ndarray, shape (n, 3)
        Longitude, latitude (deg) and height (m) of each place, constants.
    east, north, up : ndarray, shape (n,), or float
        m.

    Returns
    -------
    ndarray, shape (n, 3)
        m.

    Raises
    ------
    InputError
        When a displacement leads past the horizon, 6,350 km away.
    """
    longitude, latitude, height = np.moveaxis(np.asarray(start, dtype=float), -1, 0)
    to_east, to_north, normal = local_frame(longitude, latitude)
    plane = cartesian(longitude, latitude, 0.0) + _times(east, to_east) + _times(north, to_north)
    # Down the normal by t: A t^2 - 2 B t + C = 0 on the ellipsoid; the root near zero, without cancellation.
    a = np.sum(normal**2 / _SQUARES, axis=-1)
    b = anp.sum(plane * normal / _SQUARES, axis=-1)
    c = anp.sum(plane**2 / _SQUARES, axis=-1) - 1
    under_root = b**2 - a * c
    if np.any(getval(under_root) <= 0):
        farthest = float(np.max(np.hypot(getval(east), getval(north)))) / 1e3
        raise InputError("displacement", "less than 6,350 km", f"{farthest:.0f} km", "bound the displacements")
    surface = plane - _times(c / (b + anp.sqrt(under_root)), normal)
    outward = surface / _SQUARES
    outward = outward / anp.sqrt(anp.sum(outward**2, axis=-1, keepdims=True))
    return surface + _times(height + up, outward)


def _times(number, vector):
    """Vectors of shape (n, 3), each times its number."""
    return anp.reshape(number, anp.shape(number) + (1,)) * vector


@taped
def on_ellipsoid(positions):
    """Where the normals of the ellipsoid through Cartesian positions meet it, shape (..., 3), m; on the tape.

    Two steps of Newton's method, each along the normal at the last: right to 0.4 mm from 1 km above or below, to 4 cm
    from 10 km.
    """
    foot = positions
    for _ in range(2):
        outward = foot / _SQUARES
        excess = anp.sum(foot * outward, axis=-1, keepdims=True) - 1
        foot = foot - excess / (2 * anp.sum(outward**2, axis=-1, keepdims=True)) * outward
    return foot


def displacements(start, longitude, latitude):
    """How far to the east and north (m), in the sense of `moved`, places lie from their starts.

    Parameters
    ----------
    start : ndarray, shape (n, 3)
        As in `moved`.
    longitude, latitude : ndarray, shape (n,)
        deg.

    Raises
    ------
    InputError
        When a place lies beyond the horizon of its start.
    """
    start = np.asarray(start, dtype=float)
    to_east, to_north, normal = local_frame(start[..., 0], start[..., 1])
    there = cartesian(np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float), 0.0)
    if np.any(np.sum(there / _SQUARES * normal, axis=-1) <= 0):
        raise InputError("displacement", "less than 6,350 km", "a place beyond the horizon", "begin nearer to it")
    by = there - cartesian(start[..., 0], start[..., 1], 0.0)
    return np.sum(by * to_east, axis=-1), np.sum(by * to_north, axis=-1)


@taped
def straight_distances(positions, others, least: float = 1.0):
    """Straight (hypocentral) distances, m, from each of n positions to each of m others; on the tape.

    Parameters
    ----------
    positions, others : ndarray, shapes (n, 3) and (m, 3)
        Cartesian, m.
    least : float
        What is added in quadrature, m, so that derivatives exist where a station sits on a source.

    Returns
    -------
    ndarray, shape (n, m)
        ``sqrt(|x - y|^2 + least^2)``.
    """
    between = anp.reshape(positions, (-1, 1, 3)) - anp.reshape(others, (1, -1, 3))
    return anp.sqrt(anp.sum(between**2, axis=-1) + least**2)


def geodesic(longitude, latitude, to_longitude, to_latitude):
    """Length (m) of the shortest line on the ellipsoid between places, and its azimuth at the first (deg, 0 to 360).

    By PROJ: C. F. F. Karney, J. Geod. 87, 43 (2013), which holds for antipodes too. Arguments broadcast.

    Raises
    ------
    InputError
        When pyproj is not installed.
    """
    try:
        from pyproj import Geod
    except ImportError:
        raise missing("pyproj") from None
    places = np.broadcast_arrays(
        *(np.asarray(v, dtype=float) for v in (longitude, latitude, to_longitude, to_latitude))
    )
    azimuth, _, distance = Geod(a=SEMI_MAJOR, f=FLATTENING).inv(*(np.ravel(v) for v in places))
    shape = places[0].shape
    return np.asarray(distance).reshape(shape), np.mod(np.asarray(azimuth).reshape(shape), 360.0)


def missing(library: str) -> InputError:
    """The one line that says how to get a library of the extra `seismology`."""
    return InputError(
        library, f"{library}, which problems of seismology need", "none", "pip install 'adjointdesign[seismology]'"
    )


@dataclass(frozen=True)
class Region:
    """A rectangle of longitudes and latitudes, deg; with ``west`` larger than ``east`` it lies across the date line."""

    west: float
    south: float
    east: float
    north: float

    def __post_init__(self):
        edges = np.array([self.west, self.south, self.east, self.north], dtype=float)
        if not (np.all(np.isfinite(edges)) and -90 <= self.south < self.north <= 90):
            got = f"south {self.south:g}, north {self.north:g}"
            raise InputError(
                "region", "south below north, within -90 and 90 degrees", got, "give west, south, east, north"
            )

    def contains(self, longitude, latitude):
        """Whether places (deg) lie in the region or on its edge."""
        width = np.mod(self.east - self.west, 360.0)
        width = 360.0 if width == 0 and self.east != self.west else width
        across = np.mod(np.asarray(longitude) - self.west, 360.0)
        return (across <= width) & (np.asarray(latitude) >= self.south) & (np.asarray(latitude) <= self.north)
