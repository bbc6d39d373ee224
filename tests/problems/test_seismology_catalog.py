"""Catalogues read from files that come with ObsPy, and every way in which one can be wrong."""

import logging
from pathlib import Path

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.catalog import Catalog, read_catalog

obspy = pytest.importorskip("obspy")
OBSPY = Path(obspy.__file__).parent
HEADER = "time,latitude,longitude,depth_km,mag,magType\n"
ROW = "2020-01-02T03:04:05Z,47.5,12.25,8.5,2.1,ML\n"


def written(tmp_path, text, name="events.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_quakeml_comes_in_meters_with_its_preferred_values():
    catalog = read_catalog(OBSPY / "io/quakeml/tests/data/neries_events.xml")
    # The numbers as they stand in that file, which is QuakeML 1.2 of the European-Mediterranean Seismological Centre.
    assert catalog.magnitude.tolist() == [4.4, 4.3, 3.0] and catalog.magnitude_type == ("mb", "ML", "ML")
    assert catalog.depth.tolist() == [1000.0, 14400.0, 7000.0]
    assert catalog.longitude.tolist() == [79.689, 41.044, 37.736]
    assert catalog.time[0] == obspy.UTCDateTime("2012-04-04T14:21:42.3").timestamp


@pytest.fixture(scope="module")
def swarm():
    return read_catalog(OBSPY / "io/nordic/tests/data/select.out")


def test_zmap_and_nordic_through_obspy(swarm):
    zmap = read_catalog(OBSPY / "core/tests/data/events_longitude_wrap.zmap")
    assert len(zmap) == 15 and zmap.depth.max() == pytest.approx(365310.0) and zmap.longitude.min() < -176
    assert len(swarm) == 50 and set(swarm.magnitude_type) == {"ML"}
    # The first lines of that file: 2013 9 1 0411 15.7, -43.340 170.376 8.5, 0.6L.
    first = swarm.longitude[0], swarm.latitude[0], swarm.depth[0], swarm.magnitude[0]
    assert first == pytest.approx((170.376, -43.340, 8500.0, 0.6))


def test_second_locations_of_one_event_are_left_out(swarm):
    once = swarm.without_repeats(seconds=2.0, meters=10e3)
    # 11 pairs in that file have origin times within a second: 04:11:15.7 and 04:11:16.0 on the first day, and so on.
    assert len(once) == 39 and np.all(np.diff(np.sort(once.time)) > 2)
    assert len(swarm.without_repeats(seconds=2.0, meters=1.0)) == 50


def test_csv_with_names_and_units_in_many_ways(tmp_path):
    plain = read_catalog(written(tmp_path, HEADER + ROW))
    assert (plain.longitude[0], plain.latitude[0], plain.depth[0], plain.magnitude[0]) == (12.25, 47.5, 8500.0, 2.1)
    assert plain.time[0] == obspy.UTCDateTime(2020, 1, 2, 3, 4, 5).timestamp and plain.magnitude_type == ("ML",)
    other = (
        "# made by hand\nOrigin Time;Lon [deg];Lat [deg];Depth (m);ML\n2020-01-02T04:04:05+01:00;12.25;47.5;8500;2.1\n"
    )
    again = read_catalog(written(tmp_path, other))
    for name in ("longitude", "latitude", "depth", "magnitude", "magnitude_type", "time"):
        assert np.array_equal(getattr(plain, name), getattr(again, name)), name
    bare = written(tmp_path, HEADER.replace("depth_km", "depth") + ROW)
    assert read_catalog(bare, depth_unit="km").depth[0] == 8500.0
    with pytest.raises(InputError, match="depth_unit: expected km, as in the header of .*, got m"):
        read_catalog(written(tmp_path, HEADER + ROW), depth_unit="m")


@pytest.mark.parametrize(
    "text, said",
    [
        (
            HEADER.replace("depth_km", "depth") + ROW,
            "expected a unit, m or km, got none; name the column depth_km or depth_m",
        ),
        (HEADER.replace(",mag,magType", "") + ROW.replace(",2.1,ML", ""), "expected a column of magnitudes"),
        (HEADER + ROW.replace("2.1", ""), "got 1 without a magnitude"),
        (HEADER + ROW.replace("47.5,12.25", "170.5,-43.5"), "got 170.5 and -43.5 (event 1); they seem to be swapped"),
        (HEADER + 3 * ROW + ROW.replace("47.5", "147.5"), "got 147.5 and 12.25 (event 4); check the two columns"),
        (HEADER + ROW.replace("47.5,12.25", "5300000,420000"), "give degrees, not meters"),
        (HEADER + ROW.replace("8.5", "8500"), "expected at most 800 km, in meters, got 8500 km (event 1)"),
        (HEADER + ROW.replace("2.1", "two"), "line 2: expected a number, got 'two'"),
        (HEADER + ROW.replace("12.25", "inf"), "line 2: expected a number, got 'inf'"),
        (
            HEADER + ROW.replace("2020-01-02T03:04:05Z", "yesterday"),
            "expected ISO 8601 or seconds since 1970, got 'yesterday'",
        ),
        (HEADER + ROW + "2020,1\n", "line 3: expected 6 columns, as in the header, got 2"),
        (HEADER, "expected a header line and rows"),
    ],
)
def test_bad_tables_are_refused_in_one_line(tmp_path, text, said):
    with pytest.raises(InputError) as caught:
        read_catalog(written(tmp_path, text))
    message = str(caught.value)
    assert said in message and "events.csv" in message and "\n" not in message


QUAKEML = """<?xml version="1.0"?>
<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">
<eventParameters publicID="smi:a/b">{}</eventParameters></q:quakeml>
"""
EVENT = """<event publicID="smi:a/{0}"><origin publicID="smi:a/o{0}"><time><value>2020-01-01T00:00:0{0}Z</value></time>
<latitude><value>{1}</value></latitude><longitude><value>12</value></longitude>
<depth><value>{2}</value></depth></origin>
{3}</event>"""
MAGNITUDE = '<magnitude publicID="smi:a/m{0}"><mag><value>1.5</value></mag></magnitude>'


def test_a_catalogue_without_magnitudes_is_refused_and_one_with_some_says_what_it_leaves_out(tmp_path, caplog):
    without = QUAKEML.format(EVENT.format(1, 47, 5000, ""))
    with pytest.raises(InputError, match="expected events with magnitude, place and depth, got 1 without a magnitude"):
        read_catalog(written(tmp_path, without, "a.xml"))
    some = QUAKEML.format(EVENT.format(1, 47, 5000, "") + EVENT.format(2, 47, 5000, MAGNITUDE.format(2)))
    with caplog.at_level(logging.WARNING):
        assert len(read_catalog(written(tmp_path, some, "b.xml"))) == 1
    assert "left out 1 without a magnitude, of 2 events" in caplog.text


def test_depths_in_kilometers_where_quakeml_has_meters_are_refused(tmp_path):
    events = [EVENT.format(k, 46 + k, 9 + k, MAGNITUDE.format(k)) for k in range(3)]
    path = written(tmp_path, QUAKEML.format("".join(events)), "a.xml")
    with pytest.raises(
        InputError, match="expected meters, got the deepest of 3 events at 11 m, in a region 2[0-9]{2} km wide"
    ):
        read_catalog(path)
    assert read_catalog(path, depth_unit="m").depth.max() == 11.0
    with pytest.raises(InputError, match="expected m, or none, for a format with a unit of its own, got km"):
        read_catalog(path, depth_unit="km")


def test_of_several_magnitudes_the_preferred_one_counts(tmp_path):
    second = MAGNITUDE.format("q").replace("1.5", "2.5") + "<preferredMagnitudeID>smi:a/mq</preferredMagnitudeID>"
    text = QUAKEML.format(EVENT.format(1, 47, 5000, MAGNITUDE.format(1) + second))
    assert read_catalog(written(tmp_path, text, "a.xml")).magnitude.tolist() == [2.5]


def test_times_without_a_zone_are_utc_wherever_the_computer_stands(tmp_path, monkeypatch):
    import time

    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        got = read_catalog(written(tmp_path, HEADER + ROW.replace("Z,", ",")))
    time.tzset()
    assert got.time[0] == obspy.UTCDateTime(2020, 1, 2, 3, 4, 5).timestamp


def test_malformed_xml_is_told_with_file_and_line(tmp_path):
    broken = QUAKEML.format("").replace("</eventParameters>", "<event>\n")
    with pytest.raises(InputError, match=r"a\.xml, line 4: expected well-formed XML .*mismatch"):
        read_catalog(written(tmp_path, broken, "a.xml"))


def test_other_files_are_told_from_catalogues(tmp_path):
    with pytest.raises(InputError, match="got an inventory of stations"):
        read_catalog(OBSPY / "core/data/BW_RJOB.xml")
    with pytest.raises(InputError, match="something that ObsPy cannot read"):
        read_catalog(written(tmp_path, "<html></html>", "a.xml"))
    with pytest.raises(InputError, match="No such file"):
        read_catalog(tmp_path / "none.xml")
    with pytest.raises(InputError, match="an empty file"):
        read_catalog(written(tmp_path, "", "a.xml"))


def test_without_obspy_one_line_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "obspy", None)
    with pytest.raises(InputError, match=r"pip install 'adjointdesign\[seismology\]'"):
        read_catalog(written(tmp_path, QUAKEML, "a.xml"))


def test_catalogues_cannot_be_changed_and_select():
    catalog = Catalog([10.0, 11.0], [45.0, 46.0], [5e3, 6e3], [1.0, 2.0], ("ML", ""), [0.0, 1.0])
    with pytest.raises(ValueError):
        catalog.magnitude[0] = 3
    assert catalog.selected(catalog.magnitude > 1.5).latitude.tolist() == [46.0]
    with pytest.raises(InputError, match="at least one event"):
        catalog.selected([])
