"""Lumped ports against transmission lines in closed form, power, reciprocity, and what is refused."""

import numpy as np
import pytest
from port_lines import (
    D,
    FREQUENCIES,
    PULSE,
    chain_matrix,
    discrete_line,
    end_ports,
    plates,
    s_of_chain,
    s_parameters,
)

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import FluxMonitor, PortMonitor, power
from adjointdesign.objectives.network import average_power, port_current
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Pmc, Steps
from adjointdesign.solvers.fdtd_maxwell.medium import Medium
from adjointdesign.sources import ContinuousWave, GaussianPulse, LumpedPort, load_lumped

CASES = [("hz", "x", "y"), ("hz", "y", "x"), ("3d", "x", "z"), ("3d", "y", "x"), ("3d", "z", "y")]


@pytest.mark.parametrize("kind,along,gap", CASES)
@pytest.mark.parametrize("impedances", [(1.0, 1.0), (0.4, 2.5)])
def test_two_ports_on_a_line_are_what_the_discrete_line_says(kind, along, gap, impedances):
    """Every S-parameter to rounding, in magnitude and phase; and so ``sum |S|^2 = 1`` and ``S12 = S21``."""
    grid, axes, boundaries = plates(kind, along, gap)
    ports = end_ports(grid, axes, impedances)
    s, dt = s_parameters(grid, boundaries, ports)
    expected = s_of_chain(*chain_matrix(*discrete_line(grid, axes, dt)), *(p.impedance for p in ports))
    assert s == pytest.approx(expected, abs=1e-12)
    assert np.sum(np.abs(s) ** 2, axis=1) == pytest.approx(1.0, abs=1e-12)


def test_matched_ports_approach_the_continuous_line_with_second_order():
    """Reflection to zero and phase to ``exp(i w L / c)``: errors fall by four when cells are halved."""
    errors = []
    for refinement in (1, 2):
        grid, axes, boundaries = plates("hz", "x", "y")
        cells = tuple(refinement * n for n in grid.cells)
        grid = YeeGrid(cells, tuple(d / refinement for d in grid.spacing), grid.origin, "hz")
        s, _ = s_parameters(grid, boundaries, end_ports(grid, axes, (1.0, 1.0)), steps=2500 * refinement)
        phase = np.exp(2j * np.pi * FREQUENCIES * grid.extent[0] / C0)
        errors.append((np.abs(s[:, 0, 0]).max(), np.abs(s[:, 1, 0] - phase).max()))
    assert np.array(errors[0]) / errors[1] == pytest.approx(4.0, rel=0.05)


def test_cells_of_any_size_in_and_beside_the_gap_change_nothing():
    """In series and in parallel: graded across the line, the two ports are the same to rounding."""
    regular, axes, boundaries = plates("3d", "z", "y")
    lines = [np.array([0.0, 0.5, 0.8, 1.4]) * D, np.array([0.0, 0.3, 0.9, 1.3, 2.4]) * D, regular.lines(2)]
    grid = YeeGrid.graded(lines, "3d")
    assert grid.extent == pytest.approx(regular.extent)
    ports = end_ports(grid, axes, (0.4, 2.5))
    s, dt = s_parameters(grid, boundaries, ports, steps=6000)
    expected = s_of_chain(*chain_matrix(D * 24, *discrete_line_on(grid, axes, dt)), *(p.impedance for p in ports))
    assert s == pytest.approx(expected, abs=1e-12)


def discrete_line_on(grid, axes, dt):
    """As `discrete_line`, for a grid whose cells along the line are all ``D`` long but whose smallest are not."""
    _, wavenumber, impedance = discrete_line(YeeGrid((24, 3, 2), (D, 2.4 * D / 3, 0.7 * D), (0.0,) * 3), (0, 1), dt)
    return wavenumber, impedance


def test_a_line_of_growing_cells_loses_nothing():
    """Graded along the line: no closed form, but unitary and reciprocal to rounding, and near ``exp(i w L / c)``."""
    cells = D * np.r_[1.2 ** np.arange(8), 1.2 ** np.arange(8)[::-1]] / 2
    lines = [np.r_[0.0, np.cumsum(cells)], np.linspace(0.0, 2.4 * D, 4)]
    grid, axes, boundaries = plates("hz", "x", "y", lines=lines)
    s, _ = s_parameters(grid, boundaries, end_ports(grid, axes, (1.0, 1.0)), steps=6000)
    unitary = np.einsum("fki,fkj->fij", s.conj(), s)
    assert unitary == pytest.approx(np.broadcast_to(np.eye(2), unitary.shape), abs=1e-12)
    assert s[:, 1, 0] == pytest.approx(s[:, 0, 1], abs=1e-12)
    assert s[:, 1, 0] == pytest.approx(np.exp(2j * np.pi * FREQUENCIES * grid.extent[0] / C0), abs=0.1)


def wired(graded=False):
    """Open space with three wires in a row along z, a gap between each two."""
    grid = YeeGrid((17, 16, 18), (D, 0.8 * D, 0.9 * D), (0.0,) * 3)
    if graded:
        growth = [np.r_[np.ones(5), 1 + 0.3 * np.sin(np.arange(n - 10)), np.ones(5)] for n in grid.cells]
        grid = YeeGrid.graded([np.r_[0.0, np.cumsum(d * g)] for d, g in zip(grid.spacing, growth)])
    wire = np.zeros(grid.shape, bool)
    wire[8, 9, 6:14] = True
    wire[8, 9, [8, 11, 12]] = False
    z = grid.lines(2)
    at = grid.lines(0)[7], grid.lines(1)[8]
    ports = []
    for number, (low, high) in enumerate([(7, 8), (10, 12)], 1):
        center, size = (*at, (z[low] + z[high]) / 2), (0.0, 0.0, z[high] - z[low])
        ports.append(LumpedPort(name=f"port {number}", axis="z", center=center, size=size, impedance=30.0 * number))
    return grid, Medium(grid, Medium.uniform(grid).permittivity, {}, {"ez": wire}), ports


@pytest.mark.parametrize("graded", [False, True])
def test_accepted_power_is_the_flux_out_of_a_box_around_the_port(graded):
    """``flux cos(pi f dt)``, to what is left of the field: Poynting's theorem of the discrete equations."""
    grid, medium, ports = wired(graded)
    port = ports[0]
    frequencies, pulse = [7e9, 9e9], GaussianPulse(8e9, 2.5e9)  # nothing near zero, which the thin layers hold for long
    low, high = (5, 6, 5), (10, 11, 9)  # around one gap and its two wires
    corners = [(grid.lines(a)[p], grid.lines(a)[q]) for a, (p, q) in enumerate(zip(low, high))]
    monitors = [PortMonitor(port, frequencies)]
    for a in range(3):
        for end in (0, 1):
            center = [0.5 * (p + q) for p, q in corners]
            center[a] = corners[a][end]
            widths = tuple(q - p for b, (p, q) in enumerate(corners) if b != a)
            monitors.append(FluxMonitor(f"{AXES[a]}{end}", tuple(center), AXES[a], widths, frequencies))
    source = port.source(pulse)
    # The other gap lies across the box's face: closed by metal here.
    medium.conductor["ez"][8, 9, [11, 12]] = True
    solver = FdtdMaxwell(
        load_lumped(medium, [port]), [source], monitors, boundaries=[Cpml(cells=4)] * 3, run_length=Steps(2500)
    )
    readings = solver.evaluate({})
    drive = source.spectrum(frequencies, solver.dt, 2500)
    voltage = readings["port 1"]
    accepted = average_power(voltage, port_current(voltage, drive, port.impedance)) / np.abs(drive) ** 2
    out = sum(sign * power(readings[f"{x}{end}"], drive) for x in AXES for end, sign in ((0, -1), (1, 1)))
    assert np.all(accepted > 0)
    assert out * np.cos(np.pi * np.array(frequencies) * solver.dt) == pytest.approx(accepted, rel=1e-10)


def test_ports_in_a_random_graded_medium_are_reciprocal():
    """One edge and two in series, at any time of the run: the source's map is the transpose of the monitor's."""
    rng = np.random.default_rng(1)
    grid, medium, ports = wired(graded=True)
    for c in grid.electric:
        medium.permittivity[c][...] = 1 + 3 * rng.random(grid.shape)
    s, _ = s_parameters(grid, [Cpml(cells=4)] * 3, ports, steps=300, medium=medium)
    assert np.abs(s[:, 1, 0]).min() > 1e-3
    assert s[:, 1, 0] == pytest.approx(s[:, 0, 1], rel=1e-10)


def test_half_of_a_port_on_a_symmetry_plane_is_half_of_it():
    """The lower half of a symmetric structure gives the voltage of the whole one, at the same impedance of the whole."""
    series = {}
    for whole in (True, False):
        grid = YeeGrid((16 if whole else 8, 14, 16), (D, D, D), (-8 * D if whole else 0.0, 0.0, 0.0))
        metal = np.zeros(grid.shape, bool)
        center = grid.cells[0] // 2 + 1 if whole else 1
        metal[max(center - 1, 0) : center + 2, 7, 4:13] = True
        metal[:, :, 8] = False
        port = LumpedPort(
            name="port", axis="z", center=(0.0 if whole else D / 2, 6 * D, 7.5 * D), size=(2 * D if whole else D, 0.0, D),
            impedance=50.0, share=None if whole else 0.5,
        )  # fmt: skip
        medium = load_lumped(Medium(grid, Medium.uniform(grid).permittivity, {}, {"ez": metal}), [port])
        faces = [Cpml(cells=4) if whole else (Pmc(), Cpml(cells=4)), Cpml(cells=4), Cpml(cells=4)]
        solver = FdtdMaxwell(
            medium, [port.source(PULSE)], [PortMonitor(port)], boundaries=faces, run_length=Steps(300), minimum_permittivity=1.0
        )
        series[whole] = solver.evaluate({})["port"]
    assert np.abs(series[True]).max() > 0.1
    assert series[False] == pytest.approx(series[True], abs=1e-13)


def test_spectrum_is_that_of_the_samples_and_holds_for_wide_pulses():
    grid, axes, _ = plates("hz", "x", "y")
    source = end_ports(grid, axes, (1.0, 1.0))[0].source(PULSE)
    fine = np.arange(0, PULSE.duration, 1e-14) + 0.5e-14
    direct = 1e-14 * np.exp(2j * np.pi * np.outer(FREQUENCIES, fine)) @ np.real(2j * PULSE(fine))
    assert source.spectrum(FREQUENCIES, 1e-12, amplitude=2j) == pytest.approx(direct, rel=1e-6)
    with pytest.raises(InputError, match="never ends"):
        end_ports(grid, axes, (1.0, 1.0))[0].source(ContinuousWave(5e9, 1e-9)).spectrum(FREQUENCIES, 1e-12)


def port(**changes):
    base = dict(name="feed", axis="z", center=(7 * D, 6.4 * D, 6.75 * D), size=(0.0, 0.0, 0.9 * D), impedance=50.0)
    return LumpedPort(**base | changes)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (dict(impedance=0.0), "port 'feed': impedance"),
        (dict(impedance=-50.0), "port 'feed': impedance"),
        (dict(impedance=1j), "port 'feed': impedance"),
        (dict(impedance="50"), "port 'feed': impedance"),
        (dict(axis="r"), "port 'feed': axis"),
        (dict(size=(0.0, 0.0)), "port 'feed': size"),
        (dict(share=2.0), "port 'feed': share"),
        (dict(share=0.5), "at least 1"),
        (dict(center=(7 * D, 6.4 * D, 6.3 * D), size=(0.0, 0.0, 0.2 * D)), "at least one cell"),
        (dict(center=(7 * D, 6.4 * D, 40 * D)), "within the domain"),
        (dict(axis="x", size=(D, 0.0, 0.0)), "metal at the high end of the gap along x"),
        (dict(center=(3 * D, 6.4 * D, 6.75 * D)), "none at 1 of its 1 lines"),
        (dict(size=(2 * D, 0.0, 0.9 * D)), "none at 2 of its 3 lines"),
        (dict(center=(7 * D, 6.4 * D, 5.85 * D)), "wholly in a conductor"),
        (dict(center=(7 * D, 6.4 * D, 6.3 * D), size=(0.0, 0.0, 1.8 * D)), "at 1 of its 2 edges in a conductor"),
        (dict(center=(0.0, 6.4 * D, 6.75 * D), designed_metal=True), "share"),
    ],
)
def test_bad_ports_are_refused(changes, told):
    _, medium, _ = wired()
    with pytest.raises(InputError, match=told):
        load_lumped(medium, [port(**changes)])


def test_metal_may_come_from_the_design_or_be_a_good_conductor():
    grid, medium, _ = wired()
    elsewhere = port(center=(3 * D, 6.4 * D, 6.75 * D), designed_metal=True)
    assert elsewhere.edges(medium).indices.shape == (1, 1)
    copper = Medium(grid, medium.permittivity, {"ez": np.where(medium.conductor["ez"], 5.8e7, 0.0)})
    assert port().edges(copper).indices.shape == (1, 1)
    substrate = Medium(grid, medium.permittivity, {"ez": np.where(medium.conductor["ez"], 10.0, 0.0)})
    with pytest.raises(InputError, match="metal at the low end"):
        port().edges(substrate)


def test_overlapping_and_namesake_ports_are_refused():
    _, medium, _ = wired()
    with pytest.raises(InputError, match="port 'second'.*port 'feed' has too"):
        load_lumped(medium, [port(), port(name="second")])
    with pytest.raises(InputError, match="names of ports"):
        load_lumped(medium, [port(), port()])
    with pytest.raises(InputError, match="component"):
        flat = YeeGrid((10, 10), (D, D), (0.0, 0.0), "ez")
        LumpedPort(name="p", axis="x", center=(5 * D, 5 * D), size=(10 * D, 0.0), impedance=1.0).edges(Medium.uniform(flat))
