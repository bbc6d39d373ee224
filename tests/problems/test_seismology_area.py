"""Allowed areas: distances against Shapely and PROJ, date line and poles, and what is refused."""

import json

import numpy as np
import pytest
from seismology_derivatives import derivatives_hold

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.area import read_area
from adjointdesign.problems.seismology.geography import Region, cartesian, geodesic
from adjointdesign.problems.seismology.plane import Plane

pyproj = pytest.importorskip("pyproj")
shapely = pytest.importorskip("shapely")
GEOD = pyproj.Geod(ellps="WGS84")
OUTER = [[170.0, -44.0], [171.0, -44.0], [171.2, -43.0], [170.4, -43.3], [170.0, -43.0], [170.0, -44.0]]
HOLE = [[170.4, -43.7], [170.7, -43.8], [170.6, -43.5], [170.4, -43.7]]


def geojson(tmp_path, *polygons, name="area.geojson"):
    features = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": p}} for p in polygons
    ]
    (tmp_path / name).write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return tmp_path / name


def box(west, south, east, north):
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


@pytest.mark.parametrize("middle", [(170.0, -43.0), (180.0, 12.0), (0.0, 90.0), (33.0, -89.5)])
def test_plane_coordinates_are_true_in_length_and_direction_from_the_middle(middle):
    plane, azimuth = Plane(*middle), np.arange(0, 360, 30.0)
    for far, length, angle in ((1e3, 1e-8, 1e-7), (100e3, 1e-6, 1e-4), (1000e3, 3e-5, 1e-3)):
        lon, lat, _ = GEOD.fwd(*(np.full(12, v) for v in middle), azimuth, np.full(12, far))
        coordinates = plane.coordinates_of(lon, lat)
        assert np.allclose(np.linalg.norm(coordinates, axis=-1), far, rtol=length)
        directions = np.rad2deg(np.arctan2(*coordinates.T))
        assert np.max(np.abs((directions - azimuth + 180) % 360 - 180)) < angle
        assert np.allclose(plane.coordinates_of(*plane.places(coordinates)), coordinates, atol=1e-6)


def test_signed_distance_is_that_of_shapely_and_nearly_the_geodesic_one(tmp_path):
    area, rng = read_area(geojson(tmp_path, [OUTER, HOLE])), np.random.default_rng(0)
    lon, lat = rng.uniform(169.5, 171.5, 200), rng.uniform(-44.5, -42.5, 200)
    ours = area.signed_distance(cartesian(lon, lat, 0.0))
    points = shapely.points(area.plane.coordinates_of(lon, lat))
    expected = shapely.distance(area.polygons.boundary, points) * np.where(
        shapely.contains(area.polygons, points), -1, 1
    )
    assert np.allclose(ours, expected, atol=1e-6) and np.array_equal(area.contains(lon, lat), ours < 0)
    assert 20 < np.sum(ours < 0) < 180
    # The southern edge lies along a parallel: points of it by PROJ.
    edge = np.linspace(170.0, 171.0, 20001)
    for k in np.flatnonzero((lat < -44) & (lon > 170.1) & (lon < 170.9))[:3]:
        assert ours[k] == pytest.approx(geodesic(lon[k], lat[k], edge, -44.0)[0].min(), rel=2e-4, abs=2.0)


def test_height_does_not_change_the_distance(tmp_path):
    area = read_area(geojson(tmp_path, [OUTER, HOLE]))
    lon, lat = np.array([170.2, 169.0]), np.array([-43.6, -43.0])
    low, high = (area.signed_distance(cartesian(lon, lat, height)) for height in (0.0, 3e3))
    assert np.allclose(low, high, atol=0.02)


def test_derivatives_are_exact_to_second_order_beside_edges_and_around_corners(tmp_path):
    area = read_area(geojson(tmp_path, [OUTER, HOLE]))
    lon = np.array([170.9, 170.1, 169.9, 171.3, 170.55, 170.35])
    lat = np.array([-43.95, -43.21, -44.1, -42.9, -43.65, -43.71])
    assert derivatives_hold(area.signed_distance, cartesian(lon, lat, 700.0), 50.0)
    # On the border itself, too: no kink.
    on = area.plane.places(area.polygons.geoms[0].exterior.interpolate(8.3e3).coords[0])
    assert abs(area.signed_distance(cartesian(*on, 0.0))[0]) < 1e-6
    assert derivatives_hold(area.signed_distance, cartesian(*on, 0.0), 50.0)


def test_an_area_across_the_date_line_is_one_however_it_is_written(tmp_path):
    short = read_area(geojson(tmp_path, box(179, -18, -179, -17)))
    past = read_area(geojson(tmp_path, box(179, -18, 181, -17)))
    cut = read_area(geojson(tmp_path, box(179, -18, 180, -17), box(-180, -18, -179, -17)))
    across = np.linspace(179, 181, 101)
    ring = np.concatenate([across, across[::-1]]), np.repeat([-18.0, -17.0], 101)
    expected = abs(GEOD.polygon_area_perimeter(*ring)[0])
    for area in (short, past, cut):
        assert area.size == pytest.approx(expected, rel=1e-3)
        assert (
            area.contains([180, -180, 179.5, 178, 0], [-17.5, -17.5, -17.5, -17.5, -17.5]).tolist()
            == [True] * 3 + [False] * 2
        )
        lon, lat = area.nearest([178.0, 180.0], [-17.5, -17.4])
        assert (
            lon[0] == pytest.approx(179.0, abs=1e-3)
            and abs(lon[1]) == pytest.approx(180.0)
            and lat[1] == pytest.approx(-17.4)
        )
    # No seam is left inside: the distance in the middle is that to the border.
    assert cut.signed_distance(cartesian([180.0], [-17.5], 0.0))[0] == pytest.approx(-55.4e3, rel=3e-3)


@pytest.mark.parametrize("pole", [1, -1])
def test_rings_around_a_pole(tmp_path, pole):
    around = read_area(geojson(tmp_path, [[[x, pole * 80] for x in (0, 90, 180, -90, 0)]], name="a.geojson"))
    ring = [[-180, pole * 80], [180, pole * 80], [180, pole * 90], [-180, pole * 90], [-180, pole * 80]]
    boxed = read_area(geojson(tmp_path, [ring], name="b.geojson"))
    cap = abs(GEOD.polygon_area_perimeter(np.arange(360.0), np.full(360, pole * 80.0))[0])
    meridian = geodesic(0.0, pole * 90.0, 0.0, pole * 80.0)[0]
    for area in (around, boxed):
        assert area.size == pytest.approx(cap, rel=3e-3)
        assert area.signed_distance(cartesian([12.0], [pole * 90.0], 0.0))[0] == pytest.approx(-meridian, rel=1e-3)
        assert area.contains([10.0, 190.0, 77.0], [pole * 81.0, pole * 89.0, pole * 79.9]).tolist() == [
            True,
            True,
            False,
        ]
    assert derivatives_hold(around.signed_distance, cartesian([12.0], [pole * 83.0], 0.0), 50.0)


def test_an_edge_close_to_a_pole_follows_its_parallel(tmp_path):
    close = read_area(geojson(tmp_path, [[[x, 89.9] for x in (0, 90, 180, -90, 0)]]))
    meridian = geodesic(0.0, 90.0, 0.0, 89.9)[0]
    assert close.signed_distance(cartesian([0.0], [90.0], 0.0))[0] == pytest.approx(-meridian, rel=1e-3)


def test_the_nearest_place_within_is_that_of_shapely_and_keeps_its_margin(tmp_path):
    area = read_area(geojson(tmp_path, [OUTER, HOLE]))
    lon, lat = np.array([169.0, 170.55, 170.2]), np.array([-43.6, -43.66, -43.6])
    at = area.nearest(lon, lat)
    assert at[0][2] == pytest.approx(170.2, abs=1e-9) and at[1][2] == pytest.approx(-43.6, abs=1e-9)
    assert np.allclose(area.signed_distance(cartesian(*at, 0.0))[:2], 0, atol=1e-4)
    moved = geodesic(lon, lat, *at)[0]
    assert np.allclose(moved[:2], area.signed_distance(cartesian(lon, lat, 0.0))[:2], rtol=2e-3)
    inner = area.nearest(lon, lat, margin=2e3)
    assert np.all(area.signed_distance(cartesian(*inner, 0.0)) < -1999.9)
    with pytest.raises(InputError, match="less than half the width of the allowed area, got 100000 m"):
        area.nearest(lon, lat, margin=100e3)


def mask(tmp_path, longitude, latitude, allowed, name="mask.csv"):
    rows = [f"{x},{y},{int(allowed(x, y))}" for x in longitude for y in latitude]
    (tmp_path / name).write_text("lon,lat,mask\n" + "\n".join(rows) + "\n")
    return tmp_path / name


def test_a_land_mask_becomes_an_area_and_is_cut_with_polygons(tmp_path):
    path = mask(
        tmp_path,
        np.arange(168, 173, 0.25),
        np.arange(-46, -41, 0.25),
        lambda x, y: x + y > 127 and not (x, y) == (171.0, -43.0),
    )
    area = read_area(path)
    # Allowed beyond the line x + y = 127 + 1/8, half way between nodes; a hole about one node.
    assert area.contains([171.5, 170.0, 171.0, 171.0], [-43.0, -44.0, -43.0, -43.2]).tolist() == [
        True,
        False,
        False,
        True,
    ]
    south = read_area(path, geojson(tmp_path, box(168, -46, 173, -43.5)))
    assert south.contains([171.5, 172.5], [-43.0, -44.0]).tolist() == [False, True] and south.size < area.size
    with pytest.raises(InputError, match="expected an area larger than nothing, got none"):
        read_area(path, geojson(tmp_path, box(168, -46, 169, -45)))
    west = read_area(path, region=Region(168, -46, 172, -41))
    assert west.contains([172.5, 171.5], [-42.0, -42.0]).tolist() == [False, True]


def test_masks_across_the_date_line_with_longitudes_of_either_kind(tmp_path):
    near, lat = np.arange(177, 183.5, 0.5), np.arange(-19, -15, 0.5)
    wrapped = np.where(near > 180, near - 360, near)

    def inside(x, y):
        return abs(x % 360 - 180) < 1.2 and y < -17

    first = read_area(mask(tmp_path, near, lat, inside))
    second = read_area(mask(tmp_path, wrapped, lat, inside))
    third = read_area(mask(tmp_path, wrapped, lat, inside), region=Region(178.4, -19, -178.4, -15.5))
    assert first.size == pytest.approx(second.size, rel=1e-9) == pytest.approx(third.size, rel=1e-9)
    assert first.contains([180, -179.2, 178.5], [-18, -18, -18]).tolist() == [True, True, False]


@pytest.mark.parametrize(
    "ring, said",
    [
        (
            OUTER[:-1],
            "expected closed: the first position again as the last, got [170.0, -44.0] and [170.0, -43.0]; close",
        ),
        ([OUTER[0], OUTER[1], OUTER[0]], "expected at least 4 positions"),
        ([[y, x] for x, y in OUTER], "got 170 and -44 (position 1); they seem to be swapped"),
        ([OUTER[k] for k in (0, 2, 1, 4, 0)], "expected rings that do not cross, got self-intersection near 170."),
        ([OUTER[0], OUTER[1], OUTER[0], OUTER[0]], "expected"),
        ([[0, 0], [170, 0], [170, 60], [0, 60], [0, 0]], "expected within 4,500 km of its middle"),
        ([["a", 0]] * 4, "expected positions [longitude, latitude]"),
    ],
)
def test_bad_rings_are_refused_in_one_line(tmp_path, ring, said):
    with pytest.raises(InputError) as caught:
        read_area(geojson(tmp_path, [ring]))
    message = str(caught.value)
    assert said in message and "area.geojson" in message and "\n" not in message


def test_files_without_any_area_are_refused(tmp_path):
    (tmp_path / "points.geojson").write_text('{"type": "Point", "coordinates": [1, 2]}')
    with pytest.raises(InputError, match="expected at least one Polygon or MultiPolygon, got none"):
        read_area(tmp_path / "points.geojson")
    with pytest.raises(InputError, match="an area larger than nothing"):
        read_area(mask(tmp_path, np.arange(5.0), np.arange(5.0), lambda x, y: False))
    (tmp_path / "bad.csv").write_text("lon,lat,mask\n0,0,7\n0,1,1\n1,0,1\n1,1,1\n")
    with pytest.raises(InputError, match=r"numbers from 0 \(forbidden\) to 1 \(allowed\), got 1 to 7"):
        read_area(tmp_path / "bad.csv")


@pytest.mark.parametrize(
    "library, call", [("shapely", lambda p: read_area(p)), ("pyproj", lambda p: geodesic(0, 0, 1, 1))]
)
def test_without_a_library_one_line_says_how_to_get_it(tmp_path, monkeypatch, library, call):
    path = geojson(tmp_path, [OUTER])
    monkeypatch.setitem(__import__("sys").modules, library, None)
    with pytest.raises(InputError, match=rf"{library}, which .* got none; pip install 'adjointdesign\[seismology\]'"):
        call(path)
