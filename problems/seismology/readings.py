"""Where the stations of a bulletin stand, when it tells only how far and which way each is from its events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.catalog import WHAT, Catalog, read_catalog
from adjointdesign.problems.seismology.geography import geodesic, missing
from adjointdesign.problems.seismology.network import NO_NETWORK, Network
from adjointdesign.problems.seismology.obspy_files import obspy_read
from adjointdesign.problems.seismology.plane import Plane

DEGREE = np.pi * 6_371e3 / 180
"""m in the degree of distance that ObsPy writes where a bulletin has kilometers."""


@dataclass(frozen=True, eq=False)
class Located:
    """Stations, and how well each is known.

    Parameters
    ----------
    network : Network
        With elevations of zero: nothing tells them.
    readings : ndarray, shape (n,)
        How many pairs of distance and azimuth each place rests on.
    misfit : ndarray, shape (n,)
        Root mean square distance, m, between a station's place and where the single readings put it.
    """

    network: Network
    readings: np.ndarray
    misfit: np.ndarray


def stations_from_readings(path, least: int = 1) -> Located:
    """Places of stations from distances and azimuths in a bulletin (Nordic, IMS and others that ObsPy reads).

    Each reading puts the station at the end of a geodesic from the epicenter; a place is the mean of its readings'
    places, weighted by the inverse square of the distance to which an azimuth given to the degree is worth, or to the
    kilometer at least.

    Parameters
    ----------
    path : path-like
    least : int
        Stations with fewer readings are left out.

    Raises
    ------
    InputError
        When the file cannot be read, or tells of no station.
    """
    try:
        from pyproj import Geod
    except ImportError:
        raise missing("pyproj") from None
    geod, places = Geod(ellps="WGS84"), {}
    for event in obspy_read("read_events", path, "quakeml", WHAT):
        origin = event.preferred_origin() or next(iter(event.origins), None)
        codes = {pick.resource_id.id: pick.waveform_id for pick in event.picks if pick.waveform_id}
        for station, distance, azimuth in sorted(_readings(origin, codes)):
            longitude, latitude, _ = geod.fwd(origin.longitude, origin.latitude, azimuth, distance)
            places.setdefault(station, []).append((longitude, latitude, max(1e3, np.deg2rad(distance))))
    places = {station: np.array(found) for station, found in sorted(places.items()) if len(found) >= least}
    if not places:
        raise InputError(f"readings of {path}", "distances and azimuths of stations", "none", "take another bulletin")
    rows, counts, misfits = [], [], []
    for station, found in places.items():
        plane = Plane(found[0, 0], found[0, 1])
        mean = np.average(plane.coordinates_of(found[:, 0], found[:, 1]), axis=0, weights=found[:, 2] ** -2.0)
        longitude, latitude = (float(value[0]) for value in plane.places(mean))
        away, _ = geodesic(longitude, latitude, found[:, 0], found[:, 1])
        rows.append((station, longitude, latitude, 0.0))
        counts.append(len(found))
        misfits.append(np.sqrt(np.mean(away**2)))
    return Located(Network(*zip(*rows)), np.array(counts), np.array(misfits))


def _readings(origin, codes: dict) -> set:
    """Station, distance (m) and azimuth (deg) of each arrival; P and S of one station, which say the same, once."""
    found = set()
    for arrival in origin.arrivals if origin else ():
        waveform = codes.get(arrival.pick_id.id if arrival.pick_id else None)
        if waveform and None not in (arrival.distance, arrival.azimuth):
            code = f"{waveform.network_code or NO_NETWORK}.{waveform.station_code}"
            found.add((code, arrival.distance * DEGREE, arrival.azimuth))
    return found


def southern_alps() -> tuple[Catalog, Network]:
    """Real earthquakes and stations that come with ObsPy: a month of the Southern Alps of New Zealand, September 2013.

    The bulletin of Victoria University of Wellington (``obspy/io/nordic/tests/data/select.out``) has 50 locations, with
    local magnitudes from 0.6 to 1.8, of 39 events beside the Alpine Fault, read at 20 stations; distances to the
    kilometer and azimuths to the degree. Each event comes once; stations (`stations_from_readings`) are right to some
    hundred meters, and stand at sea level.

    Raises
    ------
    InputError
        When ObsPy or pyproj is not installed, or ObsPy came without its data.
    """
    try:
        import obspy
    except ImportError:
        raise missing("obspy") from None
    path = Path(obspy.__file__).parent / "io" / "nordic" / "tests" / "data" / "select.out"
    return read_catalog(path).without_repeats(seconds=2.0, meters=10e3), stations_from_readings(path).network
