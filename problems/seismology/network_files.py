"""Networks written for others: StationXML, GeoJSON, KML (for globes) and CSV."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from adjointdesign.errors import InputError
from adjointdesign.files import atomic_write
from adjointdesign.problems.seismology.geography import missing
from adjointdesign.problems.seismology.network import Network

SOURCE = "adjointdesign"


def write_network(path, network: Network, properties: Mapping[str, Sequence] | None = None) -> Path:
    """Write stations, atomically, in the format that the ending names: ``.xml``, ``.geojson``, ``.kml``, ``.csv``.

    `read_network` reads back all but KML, to the last digit. StationXML holds the stations without instruments (which a
    plan does not know yet) and without dates.

    Parameters
    ----------
    path : path-like
    network : Network
    properties : mapping of str to sequence, optional
        Further columns, one entry a station (``{"fixed": [True, False], "cost": [0.0, 5000.0]}``), for GeoJSON, KML and
        CSV; StationXML has no place for them.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        When the ending is another, a column has the wrong length, or ObsPy is missing (StationXML).
    """
    path, properties = Path(path), dict(properties or {})
    writers = {".xml": _station_xml, ".geojson": _geojson, ".kml": _kml, ".csv": _csv}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise InputError(
            str(path), "a name that ends in " + ", ".join(writers), path.suffix or "no ending", "choose a format"
        )
    for name, column in properties.items():
        if len(column) != len(network):
            raise InputError(f"column {name}", f"{len(network)} entries, one a station", len(column), "give one each")
    atomic_write(path, writer(network, properties))
    return path


def _stations(network: Network):
    """Code, longitude, latitude, elevation of each, as plain numbers."""
    return zip(network.codes, network.longitude.tolist(), network.latitude.tolist(), network.elevation.tolist())


def _plain(value):
    return value.item() if hasattr(value, "item") else value


def _station_xml(network: Network, properties: dict) -> bytes:
    try:
        from obspy import UTCDateTime
        from obspy.core import inventory
    except ImportError:
        raise missing("obspy") from None
    members: dict[str, list] = {}
    for code, longitude, latitude, elevation in _stations(network):
        net, name = code.split(".")
        # The standard has longitudes from -180 to 180.
        longitude = longitude if abs(longitude) <= 180 else (longitude + 180) % 360 - 180
        station = inventory.Station(name, latitude, longitude, elevation, site=inventory.Site(name))
        members.setdefault(net, []).append(station)
    networks = [inventory.Network(net, stations=stations) for net, stations in members.items()]
    file = io.BytesIO()
    inventory.Inventory(networks=networks, source=SOURCE, sender=SOURCE, created=UTCDateTime()).write(
        file, format="STATIONXML", validate=True
    )
    return file.getvalue()


def _geojson(network: Network, properties: dict) -> str:
    features = []
    for k, (code, *place) in enumerate(_stations(network)):
        told = {"code": code} | {name: _plain(column[k]) for name, column in properties.items()}
        features.append({"type": "Feature", "geometry": {"type": "Point", "coordinates": place}, "properties": told})
    return json.dumps({"type": "FeatureCollection", "features": features}, indent=1, allow_nan=False) + "\n"


def _kml(network: Network, properties: dict) -> str:
    marks = []
    for k, (code, longitude, latitude, elevation) in enumerate(_stations(network)):
        told = "".join(
            f"<li>{escape(str(name))}: {escape(str(_plain(column[k])))}</li>" for name, column in properties.items()
        )
        text = f"<description>{escape(f'<ul>{told}</ul>')}</description>" if told else ""
        point = f"<Point><coordinates>{longitude!r},{latitude!r},{elevation!r}</coordinates></Point>"
        marks.append(f"<Placemark><name>{escape(code)}</name>{text}{point}</Placemark>\n")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n'
    return head + "".join(marks) + "</Document></kml>\n"


def _csv(network: Network, properties: dict) -> str:
    import csv

    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["code", "longitude", "latitude", "elevation_m", *properties])
    for k, (code, *place) in enumerate(_stations(network)):
        writer.writerow([code, *map(repr, place), *(_plain(column[k]) for column in properties.values())])
    return file.getvalue()
