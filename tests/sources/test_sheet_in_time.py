"""Current sheets in a run of the plain Yee scheme radiate the power that they must."""

import numpy as np
import pytest
from plain_yee import run
from stand_in import StandInMedium

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import FieldMonitor, FluxMonitor, power
from adjointdesign.sources import GaussianPulse, UniformCurrent

F0 = 200e12


@pytest.mark.parametrize("component,axis,index", [("ey", "x", 1.0), ("ex", "y", 1.5), ("hz", "x", 1.5)])
def test_sheet_between_plates_radiates_plane_waves(component, axis, index):
    """A sheet of 1 A/m radiates ``eta / (8 cos t)`` W/m^2 either way, one of 1 V/m ``1 / (8 eta cos t)``.

    ``sin t = n (dl / c dt) sin(w dt / 2)``: in the limit of fine cells ``cos t = 1``, the textbook's plane wave. A
    magnetic sheet stands half a cell off the node plane when it is put there.
    """
    a, d, width = AXES.index(axis), 50e-9, 0.2e-6
    cells = (240, 4) if axis == "x" else (4, 240)
    grid = YeeGrid(cells, (d, d), (0.0, 0.0), "hz")
    medium = StandInMedium(grid, {c: np.full(grid.shape, index**2) for c in grid.electric})
    dt = 0.5 * d / C0

    def at(cell):
        return (cell * d, width / 2) if axis == "x" else (width / 2, cell * d)

    size = (0.0, width) if axis == "x" else (width, 0.0)
    pulse = GaussianPulse(F0, 0.3 * F0)
    frequencies = F0 * np.array([0.9, 1.0, 1.1])
    place = 120 if component[0] == "e" else 120.5
    monitors = [FluxMonitor(n, at(c), axis, width, frequencies) for n, c in (("low", 105), ("high", 135))]
    monitors.append(FieldMonitor("wave", at(130), tuple(0.0 for _ in size), ("ex", "ey"), frequencies))
    steps = int((pulse.duration + 60e-15) / dt)
    source = UniformCurrent("sheet", at(place), component, pulse, size)
    readings = run(medium, dt, steps, [source], monitors, absorber=(a, 90))

    spectrum, eta = pulse.spectrum(frequencies), ETA0 / index
    cosine = np.sqrt(1 - (index * d / (C0 * dt) * np.sin(np.pi * frequencies * dt)) ** 2)
    expected = width * (eta if component[0] == "e" else 1 / eta) / (8 * cosine)
    assert power(readings["high"], spectrum) == pytest.approx(expected, rel=2e-4, abs=0)
    assert power(readings["low"], spectrum) == pytest.approx(-expected, rel=2e-4, abs=0)
    field = np.abs(readings["wave"][:, 1 - a].ravel() / spectrum)
    assert field**2 / (2 * eta) * cosine * width == pytest.approx(expected, rel=5e-4, abs=0)
