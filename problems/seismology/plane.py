"""A local plane: azimuthal equidistant coordinates about any place, smooth in Cartesian positions."""

from __future__ import annotations

from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np

from adjointdesign.problems.seismology.geography import (
    FLATTENING,
    SEMI_MAJOR,
    cartesian,
    geodetic,
    local_frame,
    moved,
    on_ellipsoid,
)
from adjointdesign.tape import taped

REACH = 4_500e3
"""m; as far from its middle as a plane is used."""

_TERMS = np.cumprod([1.0] + [2 * k / (2 * k + 1) for k in range(1, 30)])[::-1]
"""Coefficients of asin(s) / (s sqrt(1 - s^2)) in powers of s^2, the highest first."""


@dataclass(frozen=True)
class Plane:
    """Coordinates in meters to the east and north of a middle (deg), along straight lines through it true to length.

    With the chord ``d`` from the middle to a place on the ellipsoid, ``r`` its part in the tangent plane and ``R`` the
    Gaussian mean radius there, the coordinates are ``r theta / sin theta`` with ``theta = 2 asin(|d| / 2R)``. Distances
    from the middle are those of geodesics to 3e-5 within 1000 km; across, lengths grow by theta^2/6 (0.4 % there).
    """

    longitude: float
    latitude: float

    @property
    def radius(self) -> float:
        """Gaussian mean radius of curvature at the middle, m."""
        squared = FLATTENING * (2 - FLATTENING)
        return SEMI_MAJOR * np.sqrt(1 - squared) / (1 - squared * np.sin(np.deg2rad(self.latitude)) ** 2)

    def coordinates(self, positions):
        """Plane coordinates, shape (n, 2), m, of what lies below Cartesian positions of shape (n, 3); on the tape."""
        return _coordinates(positions, self)

    def coordinates_of(self, longitude, latitude) -> np.ndarray:
        """Plane coordinates, shape (n, 2), m, of places in degrees."""
        return _coordinates(cartesian(np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float), 0.0), self)

    def places(self, coordinates) -> tuple[np.ndarray, np.ndarray]:
        """Longitude and latitude, deg, of plane coordinates of shape (n, 2): the inverse of `coordinates`."""
        coordinates = np.asarray(coordinates, dtype=float).reshape(-1, 2)
        start = np.broadcast_to([self.longitude, self.latitude, 0.0], (len(coordinates), 3))
        theta = np.linalg.norm(coordinates, axis=-1, keepdims=True) / self.radius
        flat = coordinates * np.sinc(theta / np.pi)
        for _ in range(12):
            # The ellipsoid differs little from the sphere of the first guess: each round gains two digits and more.
            positions = moved(start, flat[:, 0], flat[:, 1])
            flat = flat + (coordinates - _coordinates(positions, self)) * np.cos(theta)
        longitude, latitude, _ = geodetic(moved(start, flat[:, 0], flat[:, 1]))
        return longitude, latitude


@taped
def _coordinates(positions, plane: Plane):
    east, north, _ = local_frame(plane.longitude, plane.latitude)
    chord = on_ellipsoid(positions) - cartesian(plane.longitude, plane.latitude, 0.0)
    squared_sine = anp.sum(chord**2, axis=-1, keepdims=True) / (2 * plane.radius) ** 2
    stretch = 0.0
    for term in _TERMS:
        stretch = stretch * squared_sine + term
    return stretch * anp.stack([anp.dot(chord, east), anp.dot(chord, north)], axis=-1)
