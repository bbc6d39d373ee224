"""Stations found from a bulletin's distances and azimuths."""

import re
from pathlib import Path

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.catalog import read_catalog
from adjointdesign.problems.seismology.geography import geodesic
from adjointdesign.problems.seismology.network import read_network
from adjointdesign.problems.seismology.readings import southern_alps, stations_from_readings

obspy = pytest.importorskip("obspy")
pytest.importorskip("pyproj")


def test_stations_are_where_their_readings_say():
    catalog, network = southern_alps()
    assert len(catalog) == 39 and len(network) == 20
    # Lines of that bulletin, km and deg: GCSZ 4 304, WHYM 11 182, LABE 25 205 of 2013-09-01 04:11.
    for name, distance, azimuth in (("GCSZ", 4, 304), ("WHYM", 11, 182), ("LABE", 25, 205)):
        k = network.codes.index(f"XX.{name}")
        far, bearing = geodesic(170.376, -43.340, network.longitude[k], network.latitude[k])
        # To the kilometer and the degree (here), with hypocenters given to 1/1000 deg.
        assert abs(far - distance * 1e3) < 600 and abs(bearing - azimuth) < np.rad2deg(600 / far)


def test_what_the_page_says_of_columns_and_of_these_data_is_so(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "seismology.md").read_text()
    (tmp_path / "a.csv").write_text(page.split("```text\n")[1].split("```")[0])
    first = read_catalog(tmp_path / "a.csv")
    path = Path(obspy.__file__).parent / "io/nordic/tests/data/select.out"
    found, given = stations_from_readings(path), read_catalog(path)
    assert (first.longitude[0], first.depth[0], first.time[0]) == (given.longitude[0], given.depth[0], given.time[0])
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
    names = {row[1].strip(): re.findall("`([^`]+)`", row[2]) for row in rows}
    for place in names["longitude, latitude"]:
        other = "lat" if place.startswith("lo") or place == "lng" else "lon"
        (tmp_path / "n.csv").write_text(f"sta,{place},{other}\nA,12,13\n")
        assert read_network(tmp_path / "n.csv").longitude[0] == (12 if other == "lat" else 13), place
    for magnitude in names["magnitude"][:7]:
        (tmp_path / "a.csv").write_text(f"time,lat,lon,depth_m,{magnitude}\n0,1,2,3,4\n")
        assert read_catalog(tmp_path / "a.csv").magnitude[0] == 4.0, magnitude
    many = found.readings >= 15
    assert (
        f"the {found.readings[many].min()} to {found.readings.max()} readings that {many.sum()}\nof them have" in page
    )
    assert found.misfit[many].min() > 200 and found.misfit[many].max() < 460 and np.sum(found.readings == 1) == 5


def test_readings_of_a_known_station_give_its_place(tmp_path):
    """Distances and azimuths that ObsPy computes, written as QuakeML."""
    from obspy.core import event as e
    from obspy.geodetics import gps2dist_azimuth, kilometer2degrees

    station, catalog = (179.98, -17.0), obspy.Catalog()
    for k, (lon, lat) in enumerate([(179.5, -17.2), (-179.7, -16.8), (179.9, -16.5)]):
        distance, azimuth, _ = gps2dist_azimuth(lat, lon, station[1], station[0])
        pick = e.Pick(time=obspy.UTCDateTime(k), waveform_id=e.WaveformStreamID("FJ", "MSVF"))
        arrival = e.Arrival(
            pick_id=pick.resource_id, phase="P", azimuth=azimuth, distance=kilometer2degrees(distance / 1e3)
        )
        origin = e.Origin(time=obspy.UTCDateTime(k), longitude=lon, latitude=lat, depth=5e3, arrivals=[arrival])
        catalog.append(e.Event(picks=[pick], origins=[origin]))
    catalog.write(str(tmp_path / "a.xml"), "QUAKEML")
    found = stations_from_readings(tmp_path / "a.xml")
    assert found.network.codes == ("FJ.MSVF",) and found.readings.tolist() == [3]
    assert geodesic(*station, found.network.longitude, found.network.latitude)[0][0] < 1.0 and found.misfit[0] < 1.0
    with pytest.raises(InputError, match="expected distances and azimuths of stations, got none"):
        stations_from_readings(tmp_path / "a.xml", least=4)
