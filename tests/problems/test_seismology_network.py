"""Networks read, written and refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.catalog import Catalog
from adjointdesign.problems.seismology.geography import Region
from adjointdesign.problems.seismology.network import Network, check_stations, check_together, read_network
from adjointdesign.problems.seismology.network_files import write_network

obspy = pytest.importorskip("obspy")
OBSPY = Path(obspy.__file__).parent
ALPS = Network(
    ("BW.RJOB", "BW.NEW_1", "GR.FUR"),
    [12.795714, 12.1 + 1e-14, 11.2752],
    [47.737167, 47.0, 48.1629],
    [860.0, 1.5, 565.0],
)


def test_a_real_inventory_with_epochs_is_read_once_a_station():
    network = read_network(OBSPY / "core/data/BW_GR_misc.xml")
    # Places as in the files of GR (BGR) and BW (LMU Munich) that ObsPy ships.
    assert sorted(network.codes) == ["BW.RJOB", "GR.FUR", "GR.WET"]
    k = network.codes.index("BW.RJOB")
    assert network.places[k].tolist() == [12.795714, 47.737167, 860.0]


@pytest.mark.parametrize("ending", ["xml", "geojson", "csv"])
def test_what_is_written_comes_back_to_the_last_digit(tmp_path, ending):
    path = write_network(tmp_path / f"plan.{ending}", ALPS, {"cost": np.array([1.5, 2.0, 0.0])})
    back = read_network(path)
    order = [back.codes.index(code) for code in ALPS.codes]
    assert np.array_equal(back.places[order], ALPS.places)
    assert list(tmp_path.iterdir()) == [path]


def test_other_programs_read_what_is_written(tmp_path):
    inventory = obspy.read_inventory(str(write_network(tmp_path / "plan.xml", ALPS)), format="STATIONXML")
    assert {f"{n.code}.{s.code}" for n in inventory for s in n} == set(ALPS.codes)
    from lxml import etree

    marks = etree.parse(str(write_network(tmp_path / "plan.kml", ALPS, {"a<b": [1, 2, 3]}))).findall(".//{*}Placemark")
    assert [mark.findtext("{*}name") for mark in marks] == list(ALPS.codes)
    assert marks[0].findtext("{*}description") == "<ul><li>a&lt;b: 1</li></ul>"
    assert marks[0].findtext("{*}Point/{*}coordinates") == "12.795714,47.737167,860.0"
    features = json.loads(
        write_network(tmp_path / "plan.geojson", ALPS, {"fixed": np.array([True, False, True])}).read_text()
    )["features"]
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [12.795714, 47.737167, 860.0]}
    assert [f["properties"]["fixed"] for f in features] == [True, False, True]


def test_longitudes_past_the_date_line_are_written_as_the_standard_has_them(tmp_path):
    fiji = Network(("XX.A",), [181.5], [-17.0], [0.0])
    back = read_network(write_network(tmp_path / "fiji.xml", fiji))
    assert back.longitude.tolist() == [-178.5] and np.allclose(back.positions(), fiji.positions(), atol=1e-8)


def test_bad_names_and_columns_are_refused_by_the_writer(tmp_path):
    with pytest.raises(InputError, match="a name that ends in .xml, .geojson, .kml, .csv, got .txt"):
        write_network(tmp_path / "plan.txt", ALPS)
    with pytest.raises(InputError, match="column cost: expected 3 entries"):
        write_network(tmp_path / "plan.csv", ALPS, {"cost": [1.0]})


@pytest.mark.parametrize(
    "text, said",
    [
        ("sta,lon,lat\nA,12,47\nA,12.5,47\n", "station codes: expected each code once, got XX.A twice"),
        ("net,sta,lon,lat\nGR,A,47,112\n", "got 112 and 47 (station GR.A); they seem to be swapped"),
        ("sta,lon,lat,elev_km\nA,12,47,860\n", "expected meters, from -12,000 to 9,000, got 860000"),
        ("sta,lon,lat,elev_ft\nA,12,47,860\n", "expected m or km, got ft"),
        ("lon,lat\n12,47\n", "expected a column code or station"),
        ("sta,lon,lat\nA B,12,47\n", "expected NET.STA, of letters and digits, got 'XX.A B'"),
    ],
)
def test_bad_tables_are_refused_in_one_line(tmp_path, text, said):
    (tmp_path / "net.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        read_network(tmp_path / "net.csv")
    assert said in str(caught.value) and "net.csv" in str(caught.value) and "\n" not in str(caught.value)


def station_xml(*stations):
    inside = "".join(
        f'<Station code="A" startDate="{start}" endDate="{end}"><Latitude>{lat}</Latitude><Longitude>12</Longitude>'
        "<Elevation>100</Elevation><Site><Name>A</Name></Site></Station>"
        for start, end, lat in stations
    )
    space = 'xmlns="http://www.fdsn.org/xml/station/1" schemaVersion="1.1"'
    head = f"<FDSNStationXML {space}><Source>a</Source><Created>2020-01-01T00:00:00</Created>"
    return f'{head}<Network code="XY">{inside}</Network></FDSNStationXML>'


def test_a_moved_station_counts_where_it_stood_last_and_duplicates_are_refused(tmp_path, caplog):
    path = tmp_path / "net.xml"
    first = ("2001-01-01T00:00:00", "2005-01-01T00:00:00", 47.0)
    path.write_text(station_xml(("2005-01-01T00:00:00", "2009-01-01T00:00:00", 47.5), first))
    assert read_network(path).latitude.tolist() == [47.5] and "XY.A was moved" in caplog.text
    path.write_text(station_xml(("2004-01-01T00:00:00", "2009-01-01T00:00:00", 47.5), first))
    with pytest.raises(InputError, match="station codes: expected each code once, got XY.A twice"):
        read_network(path)


def test_other_files_are_told_from_inventories(tmp_path):
    with pytest.raises(InputError, match=r"got a catalogue of events \(QuakeML\)"):
        read_network(OBSPY / "core/tests/data/neries_events.xml")
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": [}')
    with pytest.raises(InputError, match=r"a\.geojson, line 1: expected JSON"):
        read_network(tmp_path / "a.geojson")
    (tmp_path / "a.xml").write_text(station_xml()[:-3])
    with pytest.raises(InputError, match=r"a\.xml, line 1: expected well-formed XML"):
        read_network(tmp_path / "a.xml")


def test_swapped_catalogues_and_stations_outside_are_refused():
    def events(longitude, latitude):
        return Catalog(longitude, latitude, [5e3] * 3, [1.0] * 3, ("",) * 3, [0.0] * 3)

    lon, lat = [12.0, 12.5, 11.5], [47.5, 48.0, 47.0]
    check_together(events(lon, lat), ALPS)
    check_together(events([140.0] * 3, lat), ALPS)
    with pytest.raises(InputError, match="at it with longitude and latitude swapped; swap the two columns of one file"):
        check_together(events(lat, lon), ALPS)
    check_stations(ALPS, Region(11, 46, 13, 49))
    with pytest.raises(
        InputError, match=r"expected places within the model \(12 to 13 deg E, 46 to 49 deg N\), got GR.FUR;"
    ):
        check_stations(ALPS, Region(12, 46, 13, 49))
