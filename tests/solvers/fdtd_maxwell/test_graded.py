"""Graded grids: second order however cells differ, absorbers as good as on even ones, refusals of what would not be exact."""

import numpy as np
import pytest
from fdtd_cases import Current, Pulse, ringing_frequencies

from adjointdesign.constants import C0, MU0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor, FluxMonitor, power
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Periodic, Steps
from adjointdesign.sources import GaussianPulse, UniformCurrent, point_dipole
from adjointdesign.verification.orders import observed_order

SIDES = (1.0, 0.8, 0.7)


def lines(side, cells, refine, seed):
    """Cells that differ by up to three times, each in ``refine`` equal parts."""
    sizes = np.repeat(np.random.default_rng(seed).uniform(0.5, 1.5, cells), refine)
    return side * np.r_[0.0, np.cumsum(sizes)] / sizes.sum()


@pytest.mark.parametrize("polarization,mode", [("ez", (2, 1)), ("hz", (1, 1)), pytest.param("3d", (1, 2, 0), marks=pytest.mark.slow)])
def test_box_resonance(polarization, mode):
    """``f = (c / 2) sqrt(sum (m / L)^2)`` (Jackson, 3rd ed., eq. 8.45), on grids without any smoothness."""
    ndim, driven = len(mode), "hz" if polarization == "hz" else "ez"
    frequency = C0 / 2 * np.linalg.norm([m / side for m, side in zip(mode, SIDES)])
    wave = np.cos if driven == "hz" else np.sin
    errors, parts = [], (1, 2, 3)
    for refine in parts:
        grid = YeeGrid.graded([lines(SIDES[a], 9, refine, a) for a in range(ndim)], polarization)
        profile = np.ones(())
        for a, m in enumerate(mode):
            along = (wave if m else np.cos)(np.pi * m * grid.coordinates(driven, a) / SIDES[a])
            along[: grid.nodes(driven, a).start] = along[grid.nodes(driven, a).stop :] = 0
            profile = np.multiply.outer(profile, along)
        pulse = Pulse(frequency, 5 / frequency)
        listener = FieldMonitor("at", tuple(0.37 * s for s in SIDES[:ndim]), (0.0,) * ndim, (driven,))
        solver = FdtdMaxwell(Medium.uniform(grid), [Current("mode", {driven: profile}, pulse)], [listener],
                             boundaries=[Pec()] * ndim, run_length=Steps(1), courant=0.9)  # fmt: skip
        solver.steps = int(20 / frequency / solver.dt)
        signal = solver.evaluate({})["at"].ravel()[int(pulse.duration / solver.dt) + 2 :]
        every = max(1, int(0.1 / frequency / solver.dt))
        # The continuous mode is not quite one of the grid: others ring along, a little.
        found = ringing_frequencies(signal[::every], every * solver.dt, 5)
        errors.append(np.abs(found / frequency - 1).min())
    assert observed_order([1 / p for p in parts], errors).order == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 3e-3


def test_power_of_a_line_current_leaves_through_an_absorber():
    """``P = eta0 k |I|^2 / 8`` (Harrington, Time-Harmonic Electromagnetic Fields, eq. 5-92), wherever the box of monitors is."""
    frequency = 1e9
    wavelength = C0 / frequency
    errors, parts = [], (2, 4, 8)
    for refine in parts:
        inner = wavelength / 14 * np.r_[0.0, np.cumsum(np.repeat(np.random.default_rng(2).uniform(0.5, 1.5, 22), refine))] / refine
        step = wavelength / 14 / refine
        layer = 9 * refine
        row = np.r_[inner[0] + step * np.arange(-layer, 0), inner, inner[-1] + step * np.arange(1, layer + 1)]
        grid = YeeGrid.graded([row, row], "ez")
        pulse = GaussianPulse(frequency, 0.5 * frequency)
        low, middle, high = inner[3 * refine], inner[11 * refine], inner[19 * refine]
        faces = {
            side: FluxMonitor(side, at, axis, high - low, [frequency])
            for side, axis, at in (
                ("left", "x", (low, (low + high) / 2)), ("right", "x", (high, (low + high) / 2)),
                ("front", "y", ((low + high) / 2, low)), ("back", "y", ((low + high) / 2, high)),
            )
        }  # fmt: skip
        solver = FdtdMaxwell(
            Medium.uniform(grid), [point_dipole("line", (middle, middle), "ez", pulse)], list(faces.values()),
            boundaries=[Cpml(cells=layer - 1)] * 2, run_length=Steps(1), courant=0.9,
        )  # fmt: skip
        solver.steps = int((pulse.duration + 8 / frequency) / solver.dt)
        readings = solver.evaluate({})
        spectrum = pulse.spectrum(np.array([frequency]))
        out = sum((1 if side in ("right", "back") else -1) * power(readings[side], spectrum)[0] for side in faces)
        errors.append(abs(out / (MU0 * 2 * np.pi * frequency / 8) - 1))
    assert observed_order([1 / p for p in parts], errors).order == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 5e-5


def test_a_uniform_sheet_is_uniform_and_has_its_moment():
    """Also of a component that lives in the middle of cells that differ."""
    grid = YeeGrid.graded([lines(1.0, 12, 1, 4), lines(1.0, 10, 1, 5)], "hz")
    (injection,) = UniformCurrent("sheet", (0.5, 0.5), "ex", GaussianPulse(1e9, 1e9), (0.6, 0.0)).place(Medium.uniform(grid), 1e-12)
    x, y = np.unravel_index(injection.indices, grid.shape)
    moment = np.sum(injection.profile * grid.lengths("ex", 0)[x] * grid.lengths("ex", 1)[y])
    assert moment == pytest.approx(0.6, rel=1e-12)
    across = np.array([np.sum((injection.profile * grid.lengths("ex", 1)[y])[x == i]) for i in np.unique(x)]).real
    assert np.ptp(across[2:-2]) < 1e-12 and across[3] == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("faces,message", [((Cpml(cells=3), Cpml(cells=2)), "3 equal cells at the upper face"), ((Periodic(), Periodic()), "one size")])
def test_cells_that_would_spoil_exactness_are_refused(faces, message):
    row = np.r_[0, np.cumsum([1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1.5])]
    with pytest.raises(InputError, match=message):
        FdtdMaxwell(Medium.uniform(YeeGrid.graded([row, row], "ez")), [], [], boundaries=[faces, Pec()], run_length=Steps(1))
