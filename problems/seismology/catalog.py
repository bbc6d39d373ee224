"""Earthquake catalogues: what a problem needs of each event, from QuakeML, ZMAP, whatever else ObsPy reads, or CSV."""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from itertools import takewhile

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.geography import cartesian
from adjointdesign.problems.seismology.obspy_files import obspy_read
from adjointdesign.problems.seismology.tables import LATITUDE, LONGITUDE, Table

logger = logging.getLogger(__name__)

WHAT = "an earthquake catalogue (QuakeML, ZMAP, another format that ObsPy reads, or CSV)"
DEEPEST = 800e3
"""m; the deepest earthquakes known lie at about 700 km."""
SCALES = {"ml": "ML", "mw": "Mw", "mb": "mb", "ms": "Ms", "md": "Md"}
"""Columns whose name is that of a magnitude scale, and how the scale is written."""
METERS = {"m": 1.0, "km": 1e3}


@dataclass(frozen=True, eq=False)
class Catalog:
    """Events, one an entry of each array (which cannot be written to).

    Parameters
    ----------
    longitude, latitude : ndarray, shape (n,)
        Epicenters, deg.
    depth : ndarray, shape (n,)
        m below the ellipsoid, positive downward.
    magnitude : ndarray, shape (n,)
    magnitude_type : tuple of str
        ``ML``, ``Mw``, ... as the source writes it; empty where it says nothing.
    time : ndarray, shape (n,)
        Origin times, seconds since 1970-01-01 UTC.

    Raises
    ------
    InputError
        When there is no event, shapes differ, or a value cannot be what it is said to be.
    """

    longitude: np.ndarray
    latitude: np.ndarray
    depth: np.ndarray
    magnitude: np.ndarray
    magnitude_type: tuple[str, ...]
    time: np.ndarray

    def __post_init__(self):
        for name in ("longitude", "latitude", "depth", "magnitude", "time"):
            values = np.array(getattr(self, name), dtype=float)
            values.flags.writeable = False
            object.__setattr__(self, name, values)
        object.__setattr__(self, "magnitude_type", tuple(self.magnitude_type))
        count = len(self)
        if count == 0:
            raise InputError("catalogue", "at least one event", "none", "check the file and what was selected")
        if any(np.shape(getattr(self, f.name)) != (count,) for f in fields(self)):
            raise InputError("catalogue", f"{count} entries in every column", "other shapes", "give one entry an event")
        check_coordinates("catalogue", "event", self.longitude, self.latitude, [str(k + 1) for k in range(count)])
        if not (np.all(np.isfinite(self.magnitude)) and np.all(np.abs(self.magnitude) <= 11)):
            raise InputError(
                "magnitude of the catalogue", "finite numbers from -11 to 11", "others", "check the column"
            )
        if not np.all(np.isfinite(self.time)):
            raise InputError("time of the catalogue", "finite numbers", "others", "give seconds since 1970")
        bad = np.flatnonzero(~(np.abs(self.depth) <= DEEPEST))
        if bad.size:
            got = f"{self.depth[bad[0]] / 1e3:g} km (event {bad[0] + 1})"
            raise InputError("depth of the catalogue", "at most 800 km, in meters", got, "check the unit of the depths")

    def __len__(self) -> int:
        return self.longitude.size

    def positions(self) -> np.ndarray:
        """Hypocenters, Cartesian, m, shape (n, 3)."""
        return cartesian(self.longitude, self.latitude, -self.depth)

    def selected(self, wanted) -> Catalog:
        """The events that a boolean array or an array of numbers names."""
        wanted = np.asarray(wanted)
        index = np.arange(len(self))[wanted if wanted.size else slice(0)]
        types = tuple(self.magnitude_type[k] for k in index)
        return Catalog(
            self.longitude[index],
            self.latitude[index],
            self.depth[index],
            self.magnitude[index],
            types,
            self.time[index],
        )

    def without_repeats(self, seconds: float, meters: float) -> Catalog:
        """The catalogue without later entries that are nearer than this in time and in place to one that stays.

        Bulletins may hold several locations of one event; each would count as an earthquake.
        """
        positions, kept = self.positions(), []
        for k in np.argsort(self.time, kind="stable"):
            before = takewhile(lambda j: self.time[k] - self.time[j] < seconds, reversed(kept))
            if all(np.linalg.norm(positions[k] - positions[j]) >= meters for j in before):
                kept.append(k)
        return self.selected(np.sort(np.array(kept)))


def check_coordinates(what: str, item: str, longitude, latitude, names) -> None:
    """Refuse longitudes and latitudes that cannot be such, and say so if they seem to be swapped.

    Raises
    ------
    InputError
    """
    bad = np.flatnonzero(~((np.abs(latitude) <= 90) & (np.abs(longitude) <= 360)))
    if bad.size == 0:
        return
    k = bad[0]
    got = f"{latitude[k]:g} and {longitude[k]:g} ({item} {names[k]})"
    swapped = 2 * bad.size > len(latitude) and np.all(np.abs(longitude) <= 90) and np.all(np.abs(latitude) <= 360)
    meters = np.any(np.abs(longitude) > 1e3) or np.any(np.abs(latitude) > 1e3)
    remedy = "they seem to be swapped" if swapped else "give degrees, not meters" if meters else "check the two columns"
    raise InputError(f"coordinates of the {what}", "latitude within 90 and longitude within 360 degrees", got, remedy)


def read_catalog(path, depth_unit: str | None = None) -> Catalog:
    """Read a catalogue: CSV with a header when the name ends in ``.csv``, else any format that ObsPy reads.

    A CSV file has columns for longitude (or lon), latitude (lat), depth, magnitude (mag, or ML, Mw, mb, Ms, Md) and
    time (origin_time, datetime; ISO 8601, UTC where it says no zone, or seconds since 1970); magnitude_type (mag_type,
    magtype) where there is one. The unit of depth is part of its name: ``depth_km``, ``depth_m``, ``depth (km)``.
    Events without a magnitude or a depth are left out, and the log says how many.

    Parameters
    ----------
    path : path-like
    depth_unit : {"m", "km"}, optional
        For a CSV file whose header says no unit. For other files, whose format has one (QuakeML: m), "m" ends doubts
        about depths that look like kilometers.

    Raises
    ------
    InputError
        When the file cannot be read or is no catalogue, or has no magnitudes; when coordinates seem to be swapped or
        depths in another unit than the format's.
    """
    table = str(path).lower().endswith(".csv")
    if depth_unit not in (None, *METERS) or depth_unit == "km" and not table:
        expected = "m or km" if table else "m, or none, for a format with a unit of its own"
        raise InputError("depth_unit", expected, depth_unit, "leave it out, and correct depths in the file")
    catalog = _from_csv(path, depth_unit) if table else _from_obspy(path)
    if depth_unit is None:
        _check_depth_unit(path, catalog)
    return catalog


def _from_obspy(path) -> Catalog:
    rows, lacking = [], {"an origin": 0, "a magnitude": 0, "a depth": 0}
    for event in obspy_read("read_events", path, "quakeml", WHAT):
        origin = event.preferred_origin() or next(iter(event.origins), None)
        magnitude = event.preferred_magnitude() or next(iter(event.magnitudes), None)
        if origin is None or None in (origin.longitude, origin.latitude, origin.time):
            lacking["an origin"] += 1
        elif magnitude is None or magnitude.mag is None:
            lacking["a magnitude"] += 1
        elif origin.depth is None:
            lacking["a depth"] += 1
        else:
            kind = magnitude.magnitude_type or ""
            rows.append((origin.longitude, origin.latitude, origin.depth, magnitude.mag, kind, origin.time.timestamp))
    return _catalog(path, rows, lacking)


def _from_csv(path, depth_unit: str | None) -> Catalog:
    table = Table(path)
    depth = ("depth", "dep", "focal_depth")
    unit = table.unit(depth) or depth_unit
    if depth_unit and unit != depth_unit:
        raise InputError("depth_unit", f"{unit}, as in the header of {path}", depth_unit, "leave it out")
    if unit not in METERS:
        raise InputError(f"depth in {path}", "a unit, m or km", unit or "none", "name the column depth_km or depth_m")
    longitude, latitude = table.numbers(LONGITUDE), table.numbers(LATITUDE)
    names = ("magnitude", "mag", "m", *SCALES)
    column = table.find(names)
    if column is None:
        got = ", ".join(name for name, _ in table.columns)
        raise InputError(
            f"catalogue {path}", "a column of magnitudes (magnitude, mag, ML, ...)", got, "add the magnitudes"
        )
    scale = table.columns[column][0]
    kinds = ("magnitude_type", "mag_type", "magtype")
    given = table.text(kinds) if table.find(kinds) is not None else None
    times = table.text(("time", "origin_time", "datetime", "date_time"))
    depths, magnitudes = table.text(depth), table.text(names)
    rows, lacking = [], {"a magnitude": 0, "a depth": 0}
    for k, line in enumerate(table.lines):
        if "" in (depths[k], magnitudes[k]):
            lacking["a magnitude" if not magnitudes[k] else "a depth"] += 1
            continue
        kind = given[k] if given else SCALES.get(scale, "")
        numbers = [_number(path, line, text) for text in (depths[k], magnitudes[k])]
        rows.append(
            (longitude[k], latitude[k], numbers[0] * METERS[unit], numbers[1], kind, _seconds(path, line, times[k]))
        )
    return _catalog(path, rows, lacking)


def _catalog(path, rows: list, lacking: dict) -> Catalog:
    left_out = ", ".join(f"{count} without {what}" for what, count in lacking.items() if count)
    if not rows:
        what = "with magnitude, place and depth"
        raise InputError(
            f"catalogue {path}", f"events {what}", left_out or "no event", "add them, or take another catalogue"
        )
    if left_out:
        logger.warning("catalogue %s: left out %s, of %d events", path, left_out, len(rows) + sum(lacking.values()))
    columns = list(zip(*rows))
    try:
        return Catalog(*columns)
    except InputError as error:
        raise InputError(f"{path}: {error.what}", error.expected, error.got, error.remedy) from None


def _number(path, line: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{path}, line {line}", "a number", repr(text), "mend the row") from None


def _seconds(path, line: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"time in {path}, line {line}", "ISO 8601 or seconds since 1970", repr(text), "mend the row"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _check_depth_unit(path, catalog: Catalog) -> None:
    """Refuse depths that read as kilometers where the format has meters: none below 700 m in a wide region."""
    positions, deepest = catalog.positions(), float(np.max(catalog.depth))
    extent = float(np.linalg.norm(np.ptp(positions, axis=0)))
    if 1.0 < deepest < 700.0 and extent > 50e3:
        got = f"the deepest of {len(catalog)} events at {deepest:g} m, in a region {extent / 1e3:.0f} km wide"
        raise InputError(
            f"depths of {path}", "meters", got, "multiply them by 1000, or say depth_unit if they are right"
        )
