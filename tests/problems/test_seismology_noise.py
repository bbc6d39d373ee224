"""Noise and costs: Peterson's models against his tables, bands against closed forms, maps against their nodes."""

import math
from pathlib import Path

import numpy as np
import pytest
from seismology_derivatives import derivatives_hold

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology import noise, spectra
from adjointdesign.problems.seismology.costs import CostMap, read_costs
from adjointdesign.problems.seismology.geography import cartesian
from adjointdesign.problems.seismology.grids import Grid, read_grid
from adjointdesign.problems.seismology.network import Network

obspy = pytest.importorskip("obspy")

# J. Peterson, USGS Open-File Report 93-322 (1993), tables 3 (NLNM) and 4 (NHNM): period T from which on, A and B of
# L = A + B log10 T.
LOW = """0.10 -162.36 5.64; 0.17 -166.70 0; 0.40 -170.00 -8.30; 0.80 -166.40 28.90; 1.24 -168.60 52.48;
2.40 -159.98 29.81; 4.30 -141.10 0; 5.00 -71.36 -99.77; 6.00 -97.26 -66.49; 10.00 -132.18 -31.57; 12.00 -205.27 36.16;
15.60 -37.65 -104.33; 21.90 -114.37 -47.10; 31.60 -160.58 -16.28; 45.00 -187.50 0; 70.00 -216.47 15.70;
101.00 -185.00 0; 154.00 -168.34 -7.61;
328.00 -217.43 11.90; 600.00 -258.28 26.60; 10000 -346.88 48.75"""
HIGH = """0.10 -108.73 -17.23; 0.22 -150.34 -80.50; 0.32 -122.31 -23.87; 0.80 -116.85 32.51; 3.80 -108.48 18.08;
4.60 -74.66 -32.95; 6.30 0.66 -127.18; 7.90 -93.37 -22.42; 15.40 73.54 -162.98; 20.00 -151.52 10.01;
354.80 -206.66 31.63"""


@pytest.mark.parametrize("which, table", [("low", LOW), ("high", HIGH)])
def test_noise_models_are_those_of_the_report(which, table):
    rows = np.array([[float(x) for x in row.split()] for row in table.split(";")])
    period = np.geomspace(0.101, 9e4, 500)
    # Not within a step of ObsPy's samples from a corner.
    period = period[np.min(np.abs(np.log(period[:, None] / rows[:, 0])), axis=1) > 0.02]
    of = np.searchsorted(rows[:, 0], period) - 1
    expected = rows[of, 1] + rows[of, 2] * np.log10(period)
    assert np.max(np.abs(spectra.peterson(which).at(period) - expected)) < 0.01


def test_a_band_of_white_and_of_sloping_noise_has_its_closed_form():
    white = spectra.Spectrum([0.05, 100.0], [-120.0, -120.0])
    assert white.rms(1, 10, "acceleration") == pytest.approx(math.sqrt(1e-12 * 9), rel=1e-6)
    assert white.rms(1, 10) == pytest.approx(math.sqrt(1e-12 * 0.9) / (2 * math.pi), rel=1e-6)
    assert white.rms(1, 10, "displacement") == pytest.approx(math.sqrt(1e-12 * 0.333) / (2 * math.pi) ** 2, rel=1e-6)
    # 20 dB a decade of period is a density that falls as the square of the frequency.
    sloping = spectra.Spectrum([0.1, 1.0, 10.0], [-140.0, -120.0, -100.0])
    assert sloping.rms(0.5, 4, "acceleration") == pytest.approx(math.sqrt(1e-12 * (2 - 0.25)), rel=1e-6)


def test_the_sampling_of_bands_suffices(monkeypatch):
    coarse = spectra.peterson("low").rms(0.05, 8)
    monkeypatch.setattr(spectra, "SAMPLES", 20_000)
    assert coarse == pytest.approx(spectra.peterson("low").rms(0.05, 8), rel=1e-5)


def test_spectra_come_from_tables_and_from_archives_of_obspy(tmp_path):
    (tmp_path / "a.csv").write_text("# vertical, night\nPeriod (s),Level (dB)\n10,-150\n0.1,-140\n")
    (tmp_path / "b.csv").write_text("frequency_hz,psd_db\n0.1,-150\n10,-140\n")
    first, second = (spectra.read_spectrum(tmp_path / f"{name}.csv") for name in "ab")
    assert first.period.tolist() == [0.1, 10] and first.level.tolist() == second.level.tolist() == [-140, -150]
    from obspy.signal import PPSD

    old = Path(obspy.__file__).parent / "signal/tests/data/IUANMO_ppsd_paz.npz"
    ppsd = PPSD.load_npz(str(old), allow_pickle=True)
    ppsd.save_npz(str(tmp_path / "c.npz"))
    period, level = ppsd.get_percentile(50)
    third = spectra.read_spectrum(tmp_path / "c.npz")
    assert np.array_equal(third.period, np.sort(period)) and np.array_equal(
        third.level, np.array(level)[np.argsort(period)]
    )


@pytest.mark.parametrize(
    "text, said",
    [
        ("period,level\n1,-140\n1,-150\n", "expected positive seconds, each once"),
        ("period,level\n1,140\n2,150\n", "expected from -300 to 0 dB, got 140 to 150; give decibels"),
        ("period,level\n0,-140\n2,-150\n", "expected positive numbers, got 0"),
        ("period,noise\n1,-140\n", "expected a column level or psd"),
        ("period,level\n1,-140\n", "expected at least two periods"),
    ],
)
def test_bad_spectra_are_refused(tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(InputError) as caught:
        spectra.read_spectrum(tmp_path / "a.csv")
    assert said in str(caught.value) and "a.csv" in str(caught.value)


def test_bands_beyond_a_spectrum_and_other_archives_are_refused(tmp_path):
    with pytest.raises(
        InputError, match="within 1e-05 to 10 Hz, as Peterson's new low noise model has it, got 1 to 20 Hz"
    ):
        spectra.peterson("low").rms(1, 20)
    with pytest.raises(InputError, match="0 < low < high, Hz, got 4 to 2"):
        spectra.peterson("low").rms(4, 2)
    np.savez(tmp_path / "a.npz", x=1)
    with pytest.raises(InputError, match="an archive of ObsPy's PPSD.save_npz"):
        spectra.read_spectrum(tmp_path / "a.npz")


LON, LAT = np.linspace(176, 184, 17), np.linspace(-20, -14, 13)
WAVES = 0.5 + 0.3 * np.sin(LON[:, None] / 3) * np.cos(LAT / 2)
PLACES = np.array([[178.3, -17.2], [-178.9, -15.1], [180.0, -18.0]])


def test_maps_pass_through_their_nodes_and_have_exact_derivatives_across_the_date_line():
    grid = Grid(LON, LAT, WAVES)
    nodes = cartesian(LON[[2, 8, 12]], LAT[[3, 6, 9]], 500.0)
    assert np.allclose(grid.at(nodes), WAVES[[2, 8, 12], [3, 6, 9]], atol=1e-12)
    at = cartesian(*PLACES.T, 500.0)
    expected = 0.5 + 0.3 * np.sin(np.mod(PLACES[:, 0], 360) / 3) * np.cos(PLACES[:, 1] / 2)
    assert np.allclose(grid.at(at), expected, atol=1e-4)
    assert derivatives_hold(grid.at, at, 5e3)
    outside = grid.at(cartesian([190.0], [-17.0], 0.0))
    assert outside == pytest.approx(0.5 + 0.3 * math.sin(184 / 3) * math.cos(-17 / 2), abs=1e-6)
    assert grid.covers([-177.0, 190.0, 178.0], [-17.0, -17.0, -25.0]).tolist() == [True, False, False]


def test_a_map_around_the_globe_has_no_seam_at_the_date_line():
    lon = np.arange(-180.0, 180.0, 5.0)
    grid = Grid(lon, LAT, 0.5 + 0.3 * np.cos(np.deg2rad(3 * lon[:, None])) * np.cos(LAT / 4))
    places = np.array([177.3, 179.999, -180.0, -177.8]), np.array([-17.2, -15.1, -18.0, -16.6])
    expected = 0.5 + 0.3 * np.cos(np.deg2rad(3 * places[0])) * np.cos(places[1] / 4)
    at = cartesian(*places, 0.0)
    assert np.allclose(grid.at(at), expected, atol=1e-4) and grid.covers(177.3, -17.2)
    assert derivatives_hold(grid.at, at, 5e3)


def test_noise_scaled_by_a_map_runs_from_the_low_model_to_the_high():
    share = np.clip(WAVES, 0, 1)
    share[2, 3], share[8, 6] = 0.0, 1.0
    field = noise.scaled_noise(Grid(LON, LAT, share), 1, 5)
    got = field.log_amplitude(cartesian(LON[[2, 8]], LAT[[3, 6]], 0.0))
    assert np.allclose(np.exp(got), [spectra.peterson(w).rms(1, 5) for w in ("low", "high")], rtol=1e-9)
    above = noise.scaled_noise(Grid(LON, LAT, 20 * share), 1, 5, decibels=spectra.peterson("low"))
    got = above.log_amplitude(cartesian(LON[[2, 8]], LAT[[3, 6]], 0.0))
    assert np.allclose(np.exp(got), spectra.peterson("low").rms(1, 5) * np.array([1, 10]), rtol=1e-9)
    assert derivatives_hold(field.log_amplitude, cartesian(*PLACES.T, 0.0), 5e3)
    with pytest.raises(InputError, match="if these are decibels, name the spectrum"):
        noise.scaled_noise(Grid(LON, LAT, 20 * share), 1, 5)
    same = noise.uniform_noise(spectra.peterson("high"), 1, 5).log_amplitude(cartesian(*PLACES.T, 0.0))
    assert np.allclose(same, math.log(spectra.peterson("high").rms(1, 5))) and same.shape == (3,)


def test_noise_between_sites_is_theirs_at_them_and_the_mean_half_way():
    sites = cartesian(np.array([10.0, 10.5]), np.array([47.0, 47.0]), 0.0)
    field = noise.noise_of_sites(sites, [spectra.peterson("low"), spectra.peterson("high")], 1, 5, length=5e3)
    ends = np.log([spectra.peterson(w).rms(1, 5) for w in ("low", "high")])
    assert np.allclose(field.log_amplitude(sites), ends, atol=1e-9)
    assert field.log_amplitude(sites.mean(axis=0, keepdims=True))[0] == pytest.approx(ends.mean(), rel=1e-9)
    quarter = sites[:1] + 0.25 * (sites[1:] - sites[:1])
    apart = np.linalg.norm(sites[1] - sites[0])
    weight = 1 / (1 + math.exp((0.25**2 - 0.75**2) * apart**2 / (2 * 20e3**2)))
    wide = noise.noise_of_sites(sites, [spectra.peterson("low"), spectra.peterson("high")], 1, 5, length=20e3)
    assert wide.log_amplitude(quarter)[0] == pytest.approx(ends[0] * weight + ends[1] * (1 - weight), rel=1e-9)
    # Thousands of lengths away the nearer one's still counts, and nothing is divided by zero.
    assert field.log_amplitude(cartesian([-90.0], [0.0], 0.0))[0] == pytest.approx(ends[0])
    near = cartesian(np.array([10.2, 10.27]), np.array([47.05, 46.97]), 300.0)
    assert derivatives_hold(field.log_amplitude, near, 1e3)
    with pytest.raises(InputError, match="expected 2, one a site, got 1"):
        noise.noise_of_sites(sites, [spectra.peterson("low")], 1, 5, length=5e3)


def test_grids_are_read_from_netcdf_of_both_kinds_and_csv(tmp_path):
    import h5py
    from scipy.io import netcdf_file

    lon, lat = np.mod(LON + 180, 360) - 180, LAT[::-1]
    values = WAVES[:, ::-1].T.copy()
    with netcdf_file(tmp_path / "a.nc", "w") as file:
        for name, axis in (("lon", lon), ("lat", lat)):
            file.createDimension(name, axis.size)
            file.createVariable(name, "d", (name,))[:] = axis
        file.createVariable("level", "d", ("lat", "lon"))[:] = values
    with h5py.File(tmp_path / "b.nc", "w") as file:
        file["longitude"], file["latitude"], file["level"] = LON, lat, values
        for k, name in enumerate(("latitude", "longitude")):
            file[name].make_scale(name)
            file["level"].dims[k].attach_scale(file[name])
    rows = [f"{x!r},{y!r},{WAVES[i, j]}" for i, x in enumerate(LON.tolist()) for j, y in enumerate(LAT.tolist())]
    (tmp_path / "c.csv").write_text("lon,lat,value\n" + "\n".join(rows))
    at = cartesian(np.array([177.3, -178.9]), np.array([-17.2, -15.1]), 0.0)
    for name in ("a.nc", "b.nc", "c.csv"):
        assert np.allclose(read_grid(tmp_path / name).at(at), Grid(LON, LAT, WAVES).at(at), atol=1e-12), name
    (tmp_path / "d.csv").write_text("lon,lat,value\n0,0,1\n0,1,2\n1,0,3\n")
    with pytest.raises(InputError, match="2 longitudes by 2 latitudes, each pair once, got 3 rows"):
        read_grid(tmp_path / "d.csv")
    with pytest.raises(InputError, match="expected a NetCDF file, or CSV in a file named .csv"):
        (tmp_path / "e.nc").write_text("no")
        read_grid(tmp_path / "e.nc")


def test_costs_from_maps_and_tables(tmp_path):
    at = cartesian(*PLACES.T, 0.0)
    costs = CostMap(Grid(LON, LAT, 1e4 * WAVES))
    assert costs.total(at) == pytest.approx(np.sum(1e4 * Grid(LON, LAT, WAVES).at(at)))
    assert derivatives_hold(lambda x: costs.at(x), at, 5e3)
    assert CostMap(2500.0).at(at).tolist() == [2500.0] * 3
    network = Network(("XX.A", "GR.B"), [1.0, 2.0], [3.0, 4.0], [0.0, 0.0])
    (tmp_path / "a.csv").write_text("station,cost\nGR.B,7\nA,5\nC,1\n")
    assert read_costs(tmp_path / "a.csv", network).tolist() == [5.0, 7.0]
    for text, said in [("A,5\n", "none for GR.B"), ("A,5\nA,5\nGR.B,1\n", "XX.A twice"), ("A,-5\nGR.B,1\n", "-5")]:
        (tmp_path / "a.csv").write_text("station,cost\n" + text)
        with pytest.raises(InputError, match=said):
            read_costs(tmp_path / "a.csv", network)
    with pytest.raises(InputError, match="no negative price"):
        CostMap(-1.0)
