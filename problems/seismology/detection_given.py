"""What the problem `detection-network` is given: earthquakes, stations, area; and the places of its map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from adjointdesign.problems.seismology.catalog import Catalog, read_catalog
from adjointdesign.problems.seismology.detection_settings import DetectionSpecification
from adjointdesign.problems.seismology.geography import cartesian, displacements, geodetic, moved
from adjointdesign.problems.seismology.network import Network, check_together, read_network
from scipy.spatial import cKDTree

from adjointdesign.errors import InputError
from adjointdesign.objectives.detection import require_enough

NEW = "XX.NEW"
"""Codes of new stations, a number behind."""
MARGIN = 0.15
"""Of the map around earthquakes and stations, as a part of its width."""


@dataclass(frozen=True)
class Given:
    """Catalogue of the events that count, network at the start (new stations last), which of it move, allowed area or None."""

    catalog: Catalog
    network: Network
    movable: np.ndarray
    area: Any


def given(specification: DetectionSpecification) -> Given:
    """Read what the settings name.

    Raises
    ------
    InputError
        When a file cannot be used, catalogue and network do not fit together, or k exceeds the number of stations.
    """
    catalog, network = _files(specification)
    low, high = specification.magnitudes
    wanted = (catalog.magnitude >= low) & (catalog.magnitude <= high)
    if not wanted.any():
        got = f"from {catalog.magnitude.min():g} to {catalog.magnitude.max():g}"
        raise InputError("specification.magnitudes", "magnitudes of some events of the catalogue", got, "widen the range")
    catalog = catalog.selected(wanted)
    unknown = sorted(set(specification.fixed) - set(network.codes))
    if unknown:
        raise InputError("specification.fixed", f"codes of the network: {', '.join(network.codes)}", ", ".join(unknown), "correct them")
    movable = [i for i, code in enumerate(network.codes) if code not in specification.fixed]
    area = _area(specification)
    if specification.added:
        new = added(catalog, network, specification.added, area)
        movable += range(len(network), len(network) + len(new))
        network = network.joined(new)
    if not movable:
        raise InputError("specification.fixed", "at least one station that moves, or an added one", "none", "leave one out, or add some")
    require_enough(specification.k, len(network))
    return Given(catalog, network, np.array(movable), area)


def _files(specification: DetectionSpecification) -> tuple[Catalog, Network]:
    if bool(specification.catalog) != bool(specification.network):
        one, other = ("catalog", "network") if specification.catalog else ("network", "catalog")
        got = f"specification.{one} alone"
        raise InputError(f"specification.{other}", "files of both, or of none (the demo)", got, f"name specification.{other} too")
    if not specification.catalog:
        return _demo()
    catalog, network = read_catalog(specification.catalog), read_network(specification.network)
    check_together(catalog, network)
    return catalog, network


@cache
def _demo() -> tuple[Catalog, Network]:
    """Read once: it takes seconds."""
    from adjointdesign.problems.seismology.readings import southern_alps

    return southern_alps()


def _area(specification: DetectionSpecification):
    if not specification.area:
        return None
    from adjointdesign.problems.seismology.area import read_area

    return read_area(specification.area)


def noise_of(specification: DetectionSpecification):
    """Noise at any place: ground displacement in the band."""
    from adjointdesign.problems.seismology.noise import NoiseField, scaled_noise
    from adjointdesign.problems.seismology.spectra import peterson

    if specification.noise_map:
        from adjointdesign.problems.seismology.grids import read_grid

        return scaled_noise(read_grid(specification.noise_map, ("noise", "value", "z")), *specification.band, "displacement")
    low, high = (math.log(peterson(which).rms(*specification.band, "displacement")) for which in ("low", "high"))
    return NoiseField(low + specification.noise * (high - low))


def added(catalog: Catalog, network: Network, count: int, area=None) -> Network:
    """New stations at epicenters, each at the one farthest from all stations before it (of those in the area, where there is one)."""
    places = cartesian(catalog.longitude, catalog.latitude, 0.0)
    allowed = np.ones(len(catalog), bool) if area is None else np.asarray(area.signed_distance(places)) <= 0
    if not allowed.any():
        raise InputError("specification.area", "an area with earthquakes, where new stations begin", "none", "correct it, or add no stations")
    candidates = np.flatnonzero(allowed)
    nearest = cKDTree(network.positions()).query(places[candidates])[0]
    chosen = []
    for _ in range(count):
        best = int(np.argmax(nearest))
        chosen.append(candidates[best])
        nearest = np.minimum(nearest, np.linalg.norm(places[candidates] - places[candidates[best]], axis=1))
    codes = tuple(f"{NEW}{i + 1}" for i in range(count))
    return Network(codes, catalog.longitude[chosen], catalog.latitude[chosen], np.zeros(count))


@dataclass(frozen=True)
class Map:
    """Nodes of a square grid in the plane that touches the ellipsoid amid events and stations.

    ``east`` and ``north`` (m) are those of its lines, ``positions`` Cartesian at depth, shape (nodes * nodes, 3), north running fastest;
    ``origin`` is longitude, latitude (deg) and zero height of the middle.
    """

    origin: np.ndarray
    east: np.ndarray
    north: np.ndarray
    positions: np.ndarray

    def plane(self, longitude, latitude) -> tuple[np.ndarray, np.ndarray]:
        """Kilometers to the east and north of the middle."""
        start = np.broadcast_to(self.origin, (np.size(longitude), 3))
        east, north = displacements(start, np.ravel(longitude), np.ravel(latitude))
        return east / 1e3, north / 1e3


def map_of(given: Given, depth: float, nodes: int) -> Map:
    """A map of earthquakes and stations, with a margin."""
    catalog, network = given.catalog, given.network
    places = np.concatenate([cartesian(catalog.longitude, catalog.latitude, 0.0), cartesian(network.longitude, network.latitude, 0.0)])
    longitude, latitude, _ = geodetic(places.mean(axis=0))
    origin = np.array([float(longitude), float(latitude), 0.0])
    start = np.broadcast_to(origin, places.shape)
    x, y = displacements(start, *geodetic(places)[:2])
    middle, half = np.array([x.max() + x.min(), y.max() + y.min()]) / 2, max(np.ptp(x), np.ptp(y), 1e3) / 2 * (1 + 2 * MARGIN)
    east, north = (m + np.linspace(-half, half, nodes) for m in middle)
    grid = [a.ravel() for a in np.meshgrid(east, north, indexing="ij")]
    positions = moved(np.broadcast_to(origin, (len(grid[0]), 3)), *grid, -depth)
    return Map(origin, east, north, positions)
