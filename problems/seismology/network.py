"""Networks of seismic stations: from StationXML, other inventories, GeoJSON or CSV, and held against a catalogue."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.catalog import Catalog, check_coordinates
from adjointdesign.problems.seismology.geography import Region, cartesian
from adjointdesign.problems.seismology.obspy_files import obspy_read
from adjointdesign.problems.seismology.tables import LATITUDE, LONGITUDE, Table, read_text

logger = logging.getLogger(__name__)

WHAT = "an inventory of stations (StationXML, another format that ObsPy reads, GeoJSON or CSV)"
SAME_PLACE = 1.0
"""m; entries of one code that lie nearer to each other than this are one station."""
NO_NETWORK = "XX"
"""Code of the network for stations whose file names none (set aside for that by the FDSN)."""


@dataclass(frozen=True, eq=False)
class Network:
    """Stations, one an entry of each array (which cannot be written to).

    Parameters
    ----------
    codes : tuple of str
        ``NET.STA``, each once.
    longitude, latitude : ndarray, shape (n,)
        deg.
    elevation : ndarray, shape (n,)
        m.

    Raises
    ------
    InputError
        When there is no station, shapes differ, a code is not such or comes twice, or a coordinate cannot be one.
    """

    codes: tuple[str, ...]
    longitude: np.ndarray
    latitude: np.ndarray
    elevation: np.ndarray

    def __post_init__(self):
        object.__setattr__(self, "codes", tuple(self.codes))
        for name in ("longitude", "latitude", "elevation"):
            values = np.array(getattr(self, name), dtype=float)
            values.flags.writeable = False
            object.__setattr__(self, name, values)
        if not self.codes:
            raise InputError("network", "at least one station", "none", "check the file and what was selected")
        if any(np.shape(getattr(self, name)) != (len(self),) for name in ("longitude", "latitude", "elevation")):
            raise InputError(
                "network", f"{len(self)} entries in every column", "other shapes", "give one entry a station"
            )
        for code in self.codes:
            parts = code.split(".")
            if len(parts) != 2 or not all(part and part.replace("-", "").replace("_", "").isalnum() for part in parts):
                raise InputError(
                    "station code", "NET.STA, of letters and digits", repr(code), "name network and station"
                )
        twice = sorted({code for code in self.codes if self.codes.count(code) > 1})
        if twice:
            raise InputError(
                "station codes", "each code once", f"{', '.join(twice)} twice", "rename or remove one of them"
            )
        check_coordinates("network", "station", self.longitude, self.latitude, self.codes)
        bad = np.flatnonzero(~((self.elevation > -12e3) & (self.elevation < 9e3)))
        if bad.size:
            got = f"{self.elevation[bad[0]]:g} ({self.codes[bad[0]]})"
            raise InputError("elevation of the network", "meters, from -12,000 to 9,000", got, "check the unit")

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def places(self) -> np.ndarray:
        """Longitude, latitude (deg) and height (m), shape (n, 3): the start that `geography.moved` takes."""
        return np.stack([self.longitude, self.latitude, self.elevation], axis=-1)

    def positions(self) -> np.ndarray:
        """Cartesian, m, shape (n, 3)."""
        return cartesian(self.longitude, self.latitude, self.elevation)

    def selected(self, wanted) -> Network:
        """The stations that a boolean array or an array of numbers names."""
        wanted = np.asarray(wanted)
        index = np.arange(len(self))[wanted if wanted.size else slice(0)]
        return Network(
            tuple(self.codes[k] for k in index), self.longitude[index], self.latitude[index], self.elevation[index]
        )

    def joined(self, other: Network) -> Network:
        """The stations of both."""
        pairs = zip((self.longitude, self.latitude, self.elevation), (other.longitude, other.latitude, other.elevation))
        return Network(self.codes + other.codes, *(np.concatenate(pair) for pair in pairs))


def read_network(path) -> Network:
    """Read stations: GeoJSON (``.geojson``, ``.json``), CSV (``.csv``), or an inventory in any format that ObsPy reads.

    CSV files have columns for longitude (lon), latitude (lat), station (sta, code) and, where there are such, network
    (net) and elevation (elev, height; m unless the header says km). GeoJSON has a ``Point`` a station with the
    properties ``code`` (``NET.STA``), or ``station`` and ``network``; the elevation is the third coordinate or the
    property ``elevation``, m. Without a network the code is XX. Of a station that was moved the latest place counts.

    Raises
    ------
    InputError
        When the file cannot be read or is no such, and where `Network` raises.
    """
    ending = Path(path).suffix.lower()
    reader = {".csv": _rows_of_csv, ".geojson": _rows_of_geojson, ".json": _rows_of_geojson}.get(
        ending, _rows_of_inventory
    )
    rows = reader(path)
    if not rows:
        raise InputError(f"network {path}", "at least one station", "none", "check the file")
    try:
        return Network(*zip(*rows))
    except InputError as error:
        raise InputError(f"{path}: {error.what}", error.expected, error.got, error.remedy) from None


def _rows_of_csv(path) -> list:
    table = Table(path)
    longitude, latitude = table.numbers(LONGITUDE), table.numbers(LATITUDE)
    stations = table.text(("code", "station", "sta", "station_code", "name"))
    net, height = ("network", "net", "network_code"), ("elevation", "elev", "height", "altitude")
    networks = table.text(net) if table.find(net) is not None else [""] * len(stations)
    elevation = np.zeros(len(stations))
    if table.find(height) is not None:
        unit = table.unit(height) or "m"
        if unit not in ("m", "km"):
            raise InputError(f"elevation in {path}", "m or km", unit, "name the column elevation_m")
        elevation = table.numbers(height) * (1e3 if unit == "km" else 1.0)
    return [(_code(n, s), *place) for n, s, *place in zip(networks, stations, longitude, latitude, elevation)]


def _rows_of_geojson(path) -> list:
    features = geojson_features(path)
    rows = []
    for k, feature in enumerate(features, 1):
        geometry, properties = feature.get("geometry") or {}, feature.get("properties") or {}
        if geometry.get("type") != "Point":
            continue
        place = geometry.get("coordinates")
        if not (isinstance(place, list) and len(place) >= 2 and all(type(v) in (int, float) for v in place)):
            raise InputError(f"feature {k} of {path}", "coordinates [longitude, latitude]", place, "mend the point")
        station = str(properties.get("code") or properties.get("station") or properties.get("name") or "")
        elevation = place[2] if len(place) > 2 else properties.get("elevation", 0.0)
        if type(elevation) not in (int, float):
            raise InputError(f"elevation of feature {k} of {path}", "a number, m", elevation, "mend the point")
        rows.append((_code(str(properties.get("network") or ""), station), place[0], place[1], elevation))
    return rows


def geojson_features(path) -> list[dict]:
    """The features of a GeoJSON file (RFC 7946); a bare geometry comes as one feature.

    Raises
    ------
    InputError
        When the file is not JSON, or no GeoJSON.
    """
    try:
        content = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}", "JSON", error.msg, "mend the file") from error
    kind = content.get("type") if isinstance(content, dict) else None
    features = content.get("features") if kind == "FeatureCollection" else [content] if kind == "Feature" else None
    if features is None and kind in ("Point", "Polygon", "MultiPolygon", "GeometryCollection"):
        features = [{"type": "Feature", "properties": {}, "geometry": content}]
    if not (isinstance(features, list) and all(isinstance(feature, dict) for feature in features)):
        raise InputError(
            str(path), "GeoJSON: a FeatureCollection, Feature or geometry", kind or "no type", "check the file"
        )
    return features


def _rows_of_inventory(path) -> list:
    epochs: dict[str, list] = {}
    for network in obspy_read("read_inventory", path, "FDSNStationXML", WHAT):
        for station in network:
            place = (station.longitude, station.latitude, station.elevation or 0.0)
            if None in place:
                raise InputError(f"station {station.code} of {path}", "longitude and latitude", "none", "add them")
            start = station.start_date.timestamp if station.start_date else -np.inf
            end = station.end_date.timestamp if station.end_date else np.inf
            epochs.setdefault(_code(network.code, station.code), []).append((start, end, tuple(map(float, place))))
    return [(code, *place) for code, entries in epochs.items() for place in _one_place(code, entries)]


def _one_place(code: str, entries: list) -> list:
    """Where a station stands (or stood last); all its places where epochs overlap: `Network` refuses duplicates."""
    entries = sorted(entries)
    places = [cartesian(*place) for _, _, place in entries]
    if all(np.linalg.norm(place - places[-1]) < SAME_PLACE for place in places):
        return [entries[-1][2]]
    if all(before[1] <= after[0] for before, after in zip(entries, entries[1:])):
        logger.warning("station %s was moved: the latest of its %d places counts", code, len(entries))
        return [entries[-1][2]]
    return [place for _, _, place in entries]


def _code(network: str, station: str) -> str:
    return station if "." in station else f"{network or NO_NETWORK}.{station}"


def check_together(catalog: Catalog, network: Network) -> None:
    """Refuse a catalogue far away from the network that would lie at it with longitude and latitude swapped.

    Raises
    ------
    InputError
    """
    middle = network.positions().mean(axis=0)
    reach = 200e3 + 5 * np.max(np.linalg.norm(network.positions() - middle, axis=-1))
    away = np.median(np.linalg.norm(catalog.positions() - middle, axis=-1))
    if away <= reach or np.any(np.abs(catalog.longitude) > 90):
        return
    swapped = cartesian(catalog.latitude, catalog.longitude, -catalog.depth)
    if np.median(np.linalg.norm(swapped - middle, axis=-1)) <= reach:
        got = f"most events {away / 1e3:.0f} km away from it, and at it with longitude and latitude swapped"
        raise InputError(
            "coordinates of the catalogue", "events near the network", got, "swap the two columns of one file"
        )


def check_stations(network: Network, region: Region) -> None:
    """Refuse stations outside of the region of a model.

    Raises
    ------
    InputError
    """
    outside = [
        code for code, inside in zip(network.codes, region.contains(network.longitude, network.latitude)) if not inside
    ]
    if outside:
        told = ", ".join(outside[:5]) + (f" and {len(outside) - 5} more" if len(outside) > 5 else "")
        where = f"{region.west:g} to {region.east:g} deg E, {region.south:g} to {region.north:g} deg N"
        raise InputError(
            "stations", f"places within the model ({where})", told, "leave them out, or take a larger model"
        )
