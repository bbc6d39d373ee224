"""Amplitudes from magnitudes, held against numbers in print."""

import numpy as np
import pytest
from adjointdesign.problems.seismology.relations import (
    MILLIMETER,
    RELATIONS,
    BruneSource,
    moment,
    outside_range,
    prior_completeness,
    relation,
)

from adjointdesign.errors import InputError
from adjointdesign.objectives.completeness import Completeness
from adjointdesign.objectives.detection import Network


@pytest.mark.parametrize(("name", "millimeters", "kilometers"), [
    # C. F. Richter, Bull. Seismol. Soc. Am. 25, 1 (1935): magnitude 3 writes 1 mm at 100 km, to which both are tied.
    ("hutton-boore-1987", 1.0, 100.0), ("bakun-joyner-1984", 1.0, 100.0),
    # Hutton and Boore 1987: their curve agrees with magnitude 3 writing 10 mm at 17 km.
    ("hutton-boore-1987", 10.0, 17.0),
])  # fmt: skip
def test_magnitude_three(name, millimeters, kilometers):
    found = RELATIONS[name].magnitude(millimeters * MILLIMETER, kilometers * 1e3)
    assert found == pytest.approx(3.0, abs=0.02 if kilometers == 17 else 1e-12)


def test_obspy_estimate_of_bakun_and_joyner():
    """The example in ObsPy's estimate_magnitude (eq. 3, p. 1835): 3.34e6 counts peak to peak at 0.255 km are magnitude 2.132873.

    Its amplitude on a Wood-Anderson seismometer follows from the instrument's response at the period given, 0.13 s.
    """
    paz = {"poles": [-4.444 + 4.444j, -4.444 - 4.444j, -1.083 + 0j], "zeros": [0j, 0j, 0j], "sensitivity": 671140000.0}
    wood_anderson = {"poles": [-6.2832 - 4.7124j, -6.2832 + 4.7124j], "zeros": [0j], "sensitivity": 2080}
    s = 2j * np.pi / (2 * 0.065)

    def response(instrument):
        return abs(np.prod([s - z for z in instrument["zeros"]]) / np.prod([s - p for p in instrument["poles"]])) * instrument["sensitivity"]

    millimeters = 3.34e6 / 2 / response(paz) * response(wood_anderson) * 1e3
    assert RELATIONS["bakun-joyner-1984"].magnitude(millimeters * MILLIMETER, 255.0) == pytest.approx(2.132873, abs=2e-4)


@pytest.mark.parametrize("kilometers", [10, 50, 100, 400])
def test_nanometers_and_millimeters_agree(kilometers):
    """IASPEI's formula is Hutton and Boore's, in nm of ground and with constants to two digits."""
    a, b = (RELATIONS[name].magnitude(1e-7, 1e3 * kilometers) for name in ("hutton-boore-1987", "iaspei"))
    assert a == pytest.approx(b, abs=0.005)


def test_ground_amplitude_in_print():
    """0.000428486 micrometers of ground for ML 0 at 100 km where -log A0 is 3.05: J. C. Lahr's table "Amplitude versus Distance"."""
    assert MILLIMETER * 10**-3.05 == pytest.approx(0.000428486e-6, rel=1e-5)


def test_station_correction_is_added():
    assert RELATIONS["iaspei"].magnitude(1e-7, 1e5, 0.3) - RELATIONS["iaspei"].magnitude(1e-7, 1e5) == pytest.approx(0.3)


def test_luckett_lowers_near_magnitudes():
    """By 1.16 exp(-0.2 r): about one unit within a few kilometers (abstract), nothing at 50 km."""
    near, far = (RELATIONS["iaspei"].magnitude(1e-7, r) - RELATIONS["luckett-2019"].magnitude(1e-7, r) for r in (1e3, 5e4))
    assert near == pytest.approx(1.16 * np.exp(-0.2)) and far < 1e-4


def test_moment_of_hanks_and_kanamori():
    """M = 2/3 log10 M0 - 10.7 in dyn cm: M 6 is 10^25.05 dyn cm."""
    assert moment(6.0) * 1e7 == pytest.approx(10**25.05)


def test_corner_frequency():
    """D. M. Boore 2003: 4.9e6 speed (stress drop / M0)^(1/3), km/s, bar, dyn cm."""
    source = BruneSource(stress_drop=100e5, speed=3500.0)
    assert source.corner(5.0) == pytest.approx(4.9e6 * 3.5 * (100 / (moment(5.0) * 1e7)) ** (1 / 3), rel=2e-3)


def test_brune_spectrum():
    """Amplitude from its factors one by one; half of the plateau at the corner; slope 1.5 in magnitude far below the corner, 0.5 far above."""
    source = BruneSource()
    r, m, f = 5e4, 3.0, source.frequency
    plateau = source.radiation * source.surface * moment(m) / (4 * np.pi * source.density * source.speed**3 * r)
    spectrum = plateau / (1 + (f / source.corner(m)) ** 2) * np.exp(-np.pi * f * (r / (200 * f**0.5 * 3500) + source.kappa))
    assert source.level(m) - source.attenuation()(r) == pytest.approx(np.log10(2 * source.bandwidth * spectrum))
    corner = BruneSource(frequency=float(source.corner(m)), kappa=0.0)
    low = BruneSource(frequency=1e-9, kappa=0.0)
    assert corner.level(m) - low.level(m) == pytest.approx(-np.log10(2))
    for magnitude, slope in ((-2.0, 1.5), (8.0, 0.5)):
        assert source.level(magnitude + 0.5) - source.level(magnitude - 0.5) == pytest.approx(slope, abs=0.01)
    assert source.magnitude_of(source.level(2.7)) == pytest.approx(2.7)


def test_words_about_ranges():
    """Named, with how much of what is outside."""
    used = relation("hutton-boore-1987")
    assert outside_range(used, [2e4, 5e5], [3.0], ["ML", "MLv"]) == []
    lines = outside_range(used, [5e3, 5e4, 8e5, 1e5], [3.0], ["mb"])
    assert lines[0] == "relation hutton-boore-1987: distances from 5 to 800 km, 50 % of them outside of its range, 10 to 700 km"
    assert "mb" in lines[1]
    with pytest.raises(InputError, match="one of hutton-boore-1987, bakun-joyner-1984"):
        relation("richter")


def test_prior_of_taiwan():
    """Within a regular network, completeness grows with the distance to the fourth station as Mignan's does: to his scatter, 0.18.

    His constant is fitted to each network, and here stands for the noise.
    """
    used, gaps, ours, fourth = relation("hutton-boore-1987"), [10e3, 20e3, 40e3, 80e3, 160e3], [], []
    for spacing in gaps:
        x, y = (a.ravel() * spacing for a in np.meshgrid(np.arange(-3, 4) + 0.3, np.arange(-3, 4) + 0.2))
        positions, event = np.stack([x, y, 0 * x], axis=1), np.array([[0.0, 0.0, -8e3]])
        complete = Completeness(Network(event, used.attenuation(), 0.3, 4), 0.95)
        ours.append(complete.forward({"positions": positions, "thresholds": np.full(len(x), -7.5)})["level"][0])
        fourth.append(np.sort(np.hypot(x, y))[3])
    prior, scatter = prior_completeness(fourth, 4)
    apart = np.array(ours) - prior
    assert np.std(apart) < scatter and ours[-1] - ours[0] > 1.3
