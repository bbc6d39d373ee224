"""Waveguides: effective index, what the absorbing layers return, and reciprocity."""

import numpy as np
import pytest
from fdtd_cases import layered_medium
from scipy.optimize import brentq

from adjointdesign.constants import C0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FieldMonitor, ModeMonitor
from adjointdesign.problems.photonics.soi_bend import SoiBend
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Steps
from adjointdesign.sources import GaussianPulse, ModeSource, point_dipole
from adjointdesign.verification.orders import observed_order

WAVELENGTHS = np.array([1265, 1270, 1275, 1285, 1290, 1295]) * 1e-9
BAND = C0 / WAVELENGTHS
CORE, CLADDING, WIDTH = 12.25, 2.25, 0.4e-6


def slab_index(frequency, order, magnetic):
    """Effective index of a symmetric slab, ``kappa w - order pi = 2 atan(p gamma / kappa)``.

    A. W. Snyder and J. D. Love, Optical Waveguide Theory, table 12-4: ``p`` is 1 for TE, core over cladding for TM.
    """
    k0 = 2 * np.pi * frequency / C0
    p = CORE / CLADDING if magnetic else 1.0

    def mismatch(n):
        kappa, gamma = k0 * np.sqrt(CORE - n**2), k0 * np.sqrt(n**2 - CLADDING)
        return kappa * WIDTH - order * np.pi - 2 * np.arctan(p * gamma / kappa)

    return brentq(mismatch, np.sqrt(CLADDING) + 1e-9, np.sqrt(CORE) - 1e-12, xtol=1e-14)


def straight(polarization, d, layer, order=0, length=3e-6, window=1.44e-6, positions=(1.6e-6, 2.2e-6), time=300e-15):
    """Amplitudes that two mode monitors read in a straight guide that runs into the absorbing layer."""
    cells = (int(round(length / d)), 2 * (int(round((0.5 * window + 0.1e-6) / d)) + layer.cells))
    grid = YeeGrid(cells, (d, d), (0.0, -cells[1] * d / 2), polarization)
    medium = layered_medium(grid, "y", [-WIDTH / 2, WIDTH / 2], [CLADDING, CORE, CLADDING])
    pulse = GaussianPulse.covering(BAND, 2e13)
    source = ModeSource("in", (0.8e-6, 0.0), "x", window, pulse, 1, order)
    monitors = [ModeMonitor(f"at {x}", (x, 0.0), "x", window, (order,), BAND) for x in positions]
    solver = FdtdMaxwell(medium, [source], monitors, boundaries=[layer, layer], run_length=Steps(1))
    solver.steps = int(time / solver.dt)
    readings = solver.evaluate({})
    return [readings[m.name][:, 0] / pulse.spectrum(BAND)[:, None] for m in monitors]


@pytest.mark.parametrize("cells", [10, 12])
@pytest.mark.parametrize("polarization,order", [("ez", 0), ("ez", 1), ("hz", 0)])
def test_layers_absorb_guided_modes(polarization, order, cells):
    """Below -60 dB at every wavelength, with the default profile, on cells of 20 nm."""
    near, _ = straight(polarization, 20e-9, Cpml(cells=cells), order)
    returned = 20 * np.log10(np.abs(near[:, 1] / near[:, 0]))
    assert returned.max() < -60


@pytest.mark.parametrize(
    "options,cells,least", [({}, 10, -89), ({}, 12, -93), ({"order": 4.0}, 10, -108), ({"order": 4.0}, 12, -121)]
)
def test_layers_matched_to_the_mode_absorb_more(options, cells, least):
    """Matched to the mode's effective index, and graded more steeply with it."""
    near, _ = straight("ez", 20e-9, Cpml(cells=cells, index=2.8, **options))
    assert 20 * np.log10(np.abs(near[:, 1] / near[:, 0])).max() < least


@pytest.mark.slow
@pytest.mark.parametrize("preset,least", [({}, -70), (SoiBend.presets["coarse"], -55)], ids=["default", "coarse"])
def test_layers_absorb_the_mode_of_a_silicon_wire(preset, least):
    """Below -60 dB in three dimensions, with the section, cells and layers of `soi-bend`; its coarse preset less."""
    wire = SoiBend.Specification(**preset.get("specification", {}))
    numerics = SoiBend.Discretization(**preset.get("discretization", {}))
    d, layer = numerics.spacing, Cpml(numerics.pml_cells, index=np.sqrt(wire.core_permittivity))
    core = (wire.guide_width, wire.thickness)
    window = tuple(w + 2 * wire.mode_margin for w in core)
    across = [2 * (int(np.ceil(w / 2 / d)) + layer.cells) for w in window]
    length = int(round(2.4e-6 / d)) + 2 * layer.cells
    grid = YeeGrid((length, *across), (d,) * 3, (-layer.cells * d, *(-n * d / 2 for n in across)))
    permittivity = {}
    for c in grid.electric:
        filled = [
            np.clip(np.minimum(x + d / 2, w / 2) - np.maximum(x - d / 2, -w / 2), 0, None) / d
            for x, w in ((grid.coordinates(c, 1), core[0]), (grid.coordinates(c, 2), core[1]))
        ]
        contrast = wire.core_permittivity - wire.cladding_permittivity
        section = wire.cladding_permittivity + contrast * np.multiply.outer(*filled)
        permittivity[c] = np.broadcast_to(section, grid.shape).copy()
    frequency = C0 / wire.wavelengths[0]
    pulse = GaussianPulse(frequency, 0.12 * frequency)
    source = ModeSource("in", (0.4e-6, 0.0, 0.0), "x", window, pulse)
    monitor = ModeMonitor("near", (0.9e-6, 0.0, 0.0), "x", window, (0,), [frequency])
    solver = FdtdMaxwell(Medium(grid, permittivity), [source], [monitor], boundaries=[layer] * 3, run_length=Steps(1))
    solver.steps = int((pulse.duration + 100e-15) / solver.dt)
    forward, backward = np.abs(solver.evaluate({})["near"][0, 0] / pulse.spectrum(frequency))
    assert forward == pytest.approx(1.0, abs=1e-2)
    assert 20 * np.log10(backward / forward) < least


@pytest.mark.parametrize("polarization,order", [("ez", 0), ("ez", 1), ("hz", 0)])
def test_effective_index(polarization, order):
    """From the phase between two monitors, against the closed form of the slab, at second order in the cell."""
    expected = np.array([slab_index(f, order, polarization == "hz") for f in BAND])
    sizes, errors = (40e-9, 25e-9, 20e-9), []
    for d in sizes:
        near, far = straight(polarization, d, Cpml(cells=int(0.3e-6 / d)), order, time=220e-15)
        distance = 0.6e-6
        turns = np.round((expected * distance / WAVELENGTHS) - np.angle(far[:, 0] / near[:, 0]) / (2 * np.pi))
        index = (np.angle(far[:, 0] / near[:, 0]) / (2 * np.pi) + turns) * WAVELENGTHS / distance
        errors.append(np.abs(index / expected - 1).max())
    assert observed_order(sizes, errors).order == pytest.approx(2.0, abs=0.2)


def test_reciprocity_of_guides():
    """S12 = S21 between unlike guides through an arbitrary lossy medium, to what radiation crosses the modes' windows."""
    d = 40e-9
    grid = YeeGrid((90, 60), (d, d), (0.0, -30 * d), "ez")
    rng = np.random.default_rng(0)
    guides = [layered_medium(grid, "y", [-w / 2, w / 2], [CLADDING, CORE, CLADDING]) for w in (0.4e-6, 0.24e-6)]
    wide, narrow = (guide.permittivity["ez"] for guide in guides)
    permittivity = np.where(grid.coordinates("ez", 0)[:, None] < 1.8e-6, wide, narrow)
    permittivity[36:56, 16:46] = 2.25 + 10 * rng.random((20, 30))
    sigma = np.zeros(grid.shape)
    sigma[36:56, 16:46] = 1e3 * rng.random((20, 30))
    medium = Medium(grid, {"ez": permittivity}, {"ez": sigma})
    frequency = BAND.mean()
    pulse = GaussianPulse(frequency, 0.3 * frequency)
    ports = {"left": ((0.8e-6, 0.0), 1), "right": ((2.8e-6, 0.0), -1)}
    window = 1.6e-6
    readings = {}
    for name, (center, direction) in ports.items():
        source = ModeSource("in", center, "x", window, pulse, direction)
        monitors = [ModeMonitor(n, c, "x", window, (0,), [frequency]) for n, (c, _) in ports.items()]
        layer = Cpml(cells=10)
        solver = FdtdMaxwell(medium, [source], monitors, boundaries=[layer, layer], run_length=Steps(9000))
        readings[name] = solver.evaluate({})
    forward, backward = readings["left"]["right"][0, 0, 0], readings["right"]["left"][0, 0, 1]
    assert abs(forward / pulse.spectrum(frequency)) > 0.05
    assert abs(forward / backward - 1) < 1e-4


@pytest.mark.parametrize("polarization,pair", [("ez", ("ez", "ez")), ("hz", ("ex", "ey")), ("hz", ("ey", "ey"))])
def test_reciprocity_of_dipoles(polarization, pair):
    """``E_b`` at B of a current along a at A is ``E_a`` at A of the same along b at B: step by step, to rounding.

    Lorentz's theorem for the scheme itself, through an arbitrary lossy medium and between layers.
    """
    d = 40e-9
    grid = YeeGrid((40, 36), (d, d), (0.0, 0.0), polarization)
    rng = np.random.default_rng(0)
    medium = Medium(
        grid,
        {c: 1 + 5 * rng.random(grid.shape) for c in grid.electric},
        {c: 3e3 * rng.random(grid.shape) for c in grid.electric},
    )
    ends = [(c, tuple(grid.coordinates(c, a)[s] for a, s in enumerate(at))) for c, at in zip(pair, [(14, 15), (27, 22)])]
    layer = Cpml(cells=8, kappa=2.0, alpha=100.0)
    readings = []
    for (driven, here), (read, there) in (ends, ends[::-1]):
        solver = FdtdMaxwell(
            medium, [point_dipole("s", here, driven, GaussianPulse(2e14, 2e14))],
            [FieldMonitor("m", there, (0.0, 0.0), (read,))],
            boundaries=[layer, layer], run_length=Steps(800), minimum_permittivity=1.0,
        )  # fmt: skip
        readings.append(solver.evaluate({})["m"].ravel())
    assert np.abs(readings[1] - readings[0]).max() <= 1e-12 * np.abs(readings[0]).max()
