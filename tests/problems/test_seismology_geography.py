"""Places on the ellipsoid against PROJ, and geodesics against ObsPy: at the date line, poles and antipodes too."""

import autograd.numpy as anp
import numpy as np
import pytest
from seismology_derivatives import derivatives_hold

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology import geography
from adjointdesign.tape import taped

pyproj = pytest.importorskip("pyproj")
EVERYWHERE = np.array(
    [(12.3, 47.9), (179.999, -17.0), (-180.0, 51.0), (0.0, 90.0), (77.0, -90.0), (-30.0, 89.9999), (140.0, 0.0)]
)


@pytest.mark.parametrize("height", [-700e3, 0.0, 8.8e3])
def test_cartesian_coordinates_are_those_of_proj_and_come_back(height):
    lon, lat = EVERYWHERE.T
    expected = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True).transform(
        lon, lat, np.full(7, height)
    )
    ours = geography.cartesian(lon, lat, height)
    assert np.max(np.abs(ours - np.stack(expected, axis=-1))) < 2e-9 * 6.4e6 / 10
    back = geography.geodetic(ours)
    assert np.max(np.abs(geography.cartesian(*back) - ours)) < 1e-7
    assert np.max(np.abs(back[2] - height)) < 1e-7


def test_frames_are_orthonormal_and_point_where_coordinates_grow():
    lon, lat = EVERYWHERE[:3].T
    frames = np.stack(geography.local_frame(lon, lat), axis=-2)
    assert np.allclose(frames @ frames.swapaxes(-1, -2), np.eye(3), atol=1e-15)
    step = 1e-4
    here = geography.cartesian(lon, lat, 0.0)
    for direction, there in enumerate([(lon + step, lat, 0.0), (lon, lat + step, 0.0), (lon, lat, step)]):
        by = geography.cartesian(*there) - here
        unit = by / np.linalg.norm(by, axis=-1, keepdims=True)
        assert np.allclose(np.sum(unit * frames[:, direction], axis=-1), 1, atol=1e-9)


def test_a_station_moved_ends_where_the_geodesic_of_that_length_ends():
    geod = pyproj.Geod(ellps="WGS84")
    start = np.column_stack([EVERYWHERE, np.linspace(0, 3e3, 7)])
    for azimuth in (0.0, 37.0, 90.0, 251.0):
        far, angle = 20e3, np.deg2rad(azimuth)
        moved = geography.moved(start, np.full(7, far * np.sin(angle)), np.full(7, far * np.cos(angle)))
        lon, lat, height = geography.geodetic(moved)
        expected = geod.fwd(*EVERYWHERE.T, np.full(7, azimuth), np.full(7, far + far**3 / 6 / geography.SEMI_MAJOR**2))
        assert np.allclose(height, start[:, 2], atol=1e-6)
        there = geography.cartesian(np.asarray(expected[0]), np.asarray(expected[1]), start[:, 2])
        # What is left is how the ellipsoid's curvature differs from the sphere's and along the way, s^3 / R^2 / 150.
        assert np.max(np.linalg.norm(there - moved, axis=-1)) < 0.01
        east, north = geography.displacements(start, lon, lat)
        assert np.allclose(east, far * np.sin(angle), atol=1e-6) and np.allclose(north, far * np.cos(angle), atol=1e-6)


def test_a_displacement_past_the_horizon_is_refused():
    with pytest.raises(InputError, match="less than 6,350 km, got 7000 km"):
        geography.moved(np.array([[0.0, 0.0, 0.0]]), np.array([7e6]), np.array([0.0]))


def test_derivatives_of_positions_and_distances_are_exact_to_second_order():
    start = np.column_stack([EVERYWHERE, np.full(7, 800.0)])
    events = geography.cartesian(EVERYWHERE[:4, 0] + 0.1, np.clip(EVERYWHERE[:4, 1] + 0.05, -90, 90), -10e3)

    def lengths(control):
        return geography.straight_distances(events, taped(geography.moved)(start, control[0], control[1], control[2]))

    def together(control):
        return taped(lengths)(control)

    at = np.stack([np.full(7, 30e3), np.full(7, -50e3), np.full(7, 100.0)])
    assert derivatives_hold(together, at, 2e4)

    def coordinates(positions):
        return taped(lambda x: anp.stack(geography.geodetic(x)))(positions)

    assert derivatives_hold(coordinates, geography.cartesian(*EVERYWHERE[:3].T, 1e3), 1e5)


def test_distances_are_straight_and_stay_smooth_on_top_of_a_source():
    positions = np.array([[0.0, 0.0, 0.0], [3e3, 4e3, 0.0]])
    lengths = geography.straight_distances(positions, positions)
    assert np.allclose(lengths, [[1.0, np.sqrt(25e6 + 1)], [np.sqrt(25e6 + 1), 1.0]], rtol=1e-15)
    assert derivatives_hold(lambda x: geography.straight_distances(x, positions), positions, 0.1)


def test_geodesics_agree_with_vincenty_and_hold_at_antipodes():
    base = pytest.importorskip("obspy.geodetics.base")
    rng = np.random.default_rng(2)
    places = np.column_stack([rng.uniform(-180, 180, 20), np.rad2deg(np.arcsin(rng.uniform(-1, 1, 20)))])
    places = np.vstack([places, EVERYWHERE])
    others = np.roll(places, 1, axis=0)
    distance, azimuth = geography.geodesic(*places.T, *others.T)
    for k, (place, other) in enumerate(zip(places, others)):
        expected = base.gps2dist_azimuth(place[1], place[0], other[1], other[0])
        assert abs(distance[k] - expected[0]) < 1e-2
        if abs(place[1]) < 89:
            assert abs((azimuth[k] - expected[1] + 180) % 360 - 180) < 1e-5
    # Karney (2013), J. Geod. 87, 43, table 4: a case near the antipode, where Vincenty's iteration does not converge.
    length, bearing = geography.geodesic(0.0, -30.0, 179.8, 29.9)
    assert abs(length - 19_989_832.827_610) < 1e-5 and abs(bearing - 161.890524736) < 1e-8
    assert np.isclose(geography.geodesic(0.0, 90.0, 55.0, -90.0)[0], 20_003_931.4586, atol=1e-3)


def test_regions_across_the_date_line_and_around_a_pole():
    fiji = geography.Region(170.0, -25.0, -170.0, -10.0)
    assert fiji.contains(np.array([175.0, 180.0, -175.0, 190.0, 0.0]), -17.0).tolist() == [
        True,
        True,
        True,
        True,
        False,
    ]
    cap = geography.Region(-180.0, 80.0, 180.0, 90.0)
    assert cap.contains(np.array([-180.0, 0.0, 179.0]), np.array([85.0, 90.0, 79.0])).tolist() == [True, True, False]
    with pytest.raises(InputError, match="south below north"):
        geography.Region(0.0, 50.0, 10.0, 40.0)
