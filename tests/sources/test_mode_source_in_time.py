"""The mode source in a run of the plain Yee scheme: power, direction, and the mode monitor and flux that read it."""

import numpy as np
import pytest
from plain_yee import run
from stand_in import layered

from adjointdesign.constants import C0
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import FluxMonitor, ModeMonitor, power
from adjointdesign.sources import GaussianPulse, ModeSource

F0 = C0 / 1.28e-6


@pytest.mark.parametrize("polarization,axis,direction", [("ez", "x", 1), ("hz", "y", -1)])
def test_unit_power_goes_one_way(polarization, axis, direction):
    d, a = 0.05e-6, AXES.index(axis)
    cells = (300, 40) if axis == "x" else (40, 300)
    medium = layered(YeeGrid(cells, (d, d), (0.0, 0.0), polarization), "xy"[1 - a], 1e-6, 0.4e-6, 12.25, 2.25)
    dt = 0.6 * d / C0

    def at(cell):
        return (cell * d, 1e-6) if axis == "x" else (1e-6, cell * d)

    pulse = GaussianPulse(F0, 0.2 * F0)
    frequencies = F0 * np.array([0.97, 1.0, 1.03])
    source = ModeSource("in", at(150), axis, 2e-6, pulse, direction)
    ahead, behind = (180, 120) if direction == 1 else (120, 180)
    monitors = [
        ModeMonitor(n, at(c), axis, 2e-6, (0, 1), frequencies) for n, c in (("ahead", ahead), ("behind", behind))
    ]
    monitors.append(FluxMonitor("flux", at(ahead), axis, 2e-6, frequencies))
    steps = int((pulse.duration + 100e-15) / dt)
    readings = run(medium, dt, steps, [source], monitors, absorber=(a, 120))

    spectrum = pulse.spectrum(frequencies)
    launched = 0 if direction == 1 else 1  # forward or backward, as the mode monitor counts them
    ahead, behind = (np.abs(readings[n] / spectrum[:, None, None]) for n in ("ahead", "behind"))
    assert ahead[:, 0, launched] == pytest.approx(1.0, abs=2e-3)
    assert ahead[1, 0, launched] == pytest.approx(1.0, abs=1e-4)
    assert ahead[1, 0, 1 - launched] < 1e-4  # what the absorber returns: -90 dB
    assert ahead[:, 1].max() < 1e-8  # the other parity
    assert behind[1].max() < 1e-4  # -90 dB, the absorber again
    assert behind.max() < 10 ** (-40 / 20)  # within 3 % of the center
    flux = power(readings["flux"], spectrum)
    assert direction * flux[1] == pytest.approx(ahead[1, 0, launched] ** 2, rel=1e-4)
    assert direction * flux == pytest.approx(1.0, abs=1e-3)  # off the center with what the walls' own modes carry


@pytest.mark.slow
def test_mode_source_is_one_way_in_three_dimensions():
    """A bar between metal walls, read 750 nm away on either side."""
    grid = YeeGrid((150, 10, 8), (50e-9,) * 3, (0.0, 0.0, 0.0), "3d")
    medium = layered(grid, "y", 0.25e-6, 0.2e-6, 9.0, 2.0)
    for c in grid.electric:
        medium.permittivity[c] = np.where(
            np.abs(grid.coordinates(c, 2) - 0.2e-6) < 0.11e-6, medium.permittivity[c], 2.0
        )
    dt = 0.5 * 50e-9 / C0
    pulse = GaussianPulse(F0, 0.2 * F0)
    source = ModeSource("in", (3.75e-6, 0.25e-6, 0.2e-6), "x", (0.5e-6, 0.4e-6), pulse)
    monitors = [
        ModeMonitor(n, (x, 0.25e-6, 0.2e-6), "x", (0.5e-6, 0.4e-6), (0, 1), [F0])
        for n, x in (("ahead", 4.5e-6), ("behind", 3e-6))
    ]
    steps = int((pulse.duration + 40e-15) / dt)
    readings = run(medium, dt, steps, [source], monitors, absorber=(0, 60))
    ahead, behind = (np.abs(readings[n][0] / pulse.spectrum(F0)) for n in ("ahead", "behind"))
    assert ahead[0, 0] == pytest.approx(1.0, abs=1e-3)
    assert behind.max() < 1e-3
