"""Voltages and currents of random fields, and the waves on striplines and a square coaxial line."""

import numpy as np
import pytest
from plain_yee import curl
from scipy.optimize import brentq
from scipy.special import ellipk, ellipkm1
from stand_in import StandInMedium

from adjointdesign.constants import C0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import CurrentMonitor, LineMonitor, PortMonitor, VoltageMonitor
from adjointdesign.objectives.network import line_constants, line_waves, lumped_s_parameters
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Pec, Pmc, Steps
from adjointdesign.solvers.fdtd_maxwell.medium import Medium
from adjointdesign.sources import GaussianPulse, LumpedPort, load_lumped

D = 1e-3


def random_fields(cells=(9, 8, 10)):
    rng = np.random.default_rng(3)
    grid = YeeGrid.graded([np.r_[0.0, np.cumsum(D * (0.6 + rng.random(n)))] for n in cells])
    fields = {c: rng.standard_normal(grid.shape) for c in grid.components}
    return StandInMedium(grid, {c: np.ones(grid.shape) for c in grid.electric}), fields


def read(monitor, medium, fields):
    placement = monitor.place(medium, 1e-12)
    samples = {c: fields[c].ravel()[None, i] for c, i in placement.indices.items()}
    return placement.read(samples)


def region(grid, a, component, low, high):
    """Areas across ``a`` that the values of a component stand for, between nodes (E: those included)."""
    area = np.ones(grid.shape)
    for b in range(3):
        along = np.zeros(grid.shape[b])
        if b != a:
            slots = slice(low[b] + 1, high[b] + (2 if component[0] == "e" else 1))
            along[slots] = grid.lengths(component, b)[slots]
        else:
            along[low[b] + 1] = 1.0
        area = area * along.reshape([-1 if k == b else 1 for k in range(3)])
    return area


@pytest.mark.parametrize("axis", AXES)
def test_a_current_is_the_flux_of_the_curl_through_the_loop(axis):
    """Stokes's theorem of the discrete curl (written apart), on a grid with random lines."""
    medium, fields = random_fields()
    grid, a = medium.grid, AXES.index(axis)
    low, high = [2, 3, 2], [6, 5, 7]
    corners = [(grid.lines(b)[p], grid.lines(b)[q]) for b, (p, q) in enumerate(zip(low, high))]
    center = [0.5 * (p + q) for p, q in corners]
    center[a] = grid.coordinates("e" + axis, a)[low[a] + 1]
    size = tuple(0.0 if b == a else q - p for b, (p, q) in enumerate(corners))
    monitor = CurrentMonitor("i", tuple(center), axis, size)
    expected = np.sum(region(grid, a, "e" + axis, low, high) * curl(fields, "e" + axis, grid, False))
    assert read(monitor, medium, fields) == pytest.approx([expected])


@pytest.mark.parametrize("axis", AXES)
def test_the_voltage_around_a_closed_path_is_the_flux_of_the_curl(axis):
    medium, fields = random_fields()
    grid, a = medium.grid, AXES.index(axis)
    low, high = [2, 3, 2], [6, 5, 7]
    b, c = (a + 1) % 3, (a + 2) % 3
    points = []
    for along_b, along_c in ((low, low), (high, low), (high, high), (low, high), (low, low)):
        point = [grid.lines(k)[n] for k, n in enumerate(low)]
        point[b], point[c] = grid.lines(b)[along_b[b]], grid.lines(c)[along_c[c]]
        points.append(tuple(point))
    expected = -np.sum(region(grid, a, "h" + axis, low, high) * curl(fields, "h" + axis, grid, True))
    assert read(VoltageMonitor("v", points), medium, fields) == pytest.approx([expected])


def stripline(axis="z", loads=(0.5, 2.0)):
    """A sheet between two walls with ports from wall to sheet at both open ends; below it a TEM line, above nothing."""
    a = AXES.index(axis)
    gap, across = (a + 1) % 3, (a + 2) % 3
    cells, spacing = [3] * 3, [0.7 * D] * 3
    cells[a], cells[gap], spacing[a], spacing[gap] = 30, 4, D, 0.8 * D
    grid = YeeGrid(tuple(cells), tuple(spacing), (0.0,) * 3)
    sheet = np.zeros(grid.shape, bool)
    sheet[(slice(None),) * gap + (3,)] = True
    impedance = ETA0 * 2 * spacing[gap] / grid.extent[across]
    ports = []
    for end, (position, z) in enumerate(zip((0.0, grid.extent[a]), loads)):
        center, size = [0.0] * 3, [0.0] * 3
        center[a], center[gap], center[across] = position, 0.8 * D, grid.extent[across] / 2
        size[gap], size[across] = 1.6 * D, grid.extent[across]
        ports.append(LumpedPort(name=f"port {end}", axis=AXES[gap], center=tuple(center), size=tuple(size), share=1.0,
                                impedance=z * impedance))  # fmt: skip
    medium = Medium(grid, Medium.uniform(grid).permittivity, {}, {"e" + axis: sheet, "e" + AXES[across]: sheet})
    boundaries = [Pmc()] * 3
    boundaries[gap] = Pec()
    points = [[0.0] * 3, [0.0] * 3]
    points[1][gap] = 1.6 * D
    loop = [(0.0, 0.0)] * 3
    loop[gap], loop[across] = (1.6 * D, 1.6 * D), (0.0, grid.extent[across])
    return load_lumped(medium, ports), boundaries, ports, impedance, dict(axis=axis, points=points, loop=loop, share=1.0)


@pytest.mark.parametrize("axis", AXES)
def test_three_planes_tell_the_constants_and_waves_of_a_line(axis):
    """Wavenumber, impedance and reflection of the discrete TEM line, to rounding."""
    frequencies = np.array([3e9, 5e9, 7e9])
    medium, boundaries, ports, impedance, line = stripline(axis)
    a, pulse = AXES.index(axis), GaussianPulse(5e9, 4e9)
    monitor = LineMonitor(name="line", position=13 * D, spacing=7 * D, frequencies=frequencies, **line)
    source = ports[0].source(pulse)
    solver = FdtdMaxwell(medium, [source], [monitor, PortMonitor(ports[0], frequencies)], boundaries=boundaries,
                         run_length=Steps(3000))  # fmt: skip
    readings = solver.evaluate({})
    propagation, z, forward, backward = line_constants(readings["line"], *monitor.distances(medium.grid))

    half_cell = np.arcsin(D / (C0 * solver.dt) * np.sin(np.pi * frequencies * solver.dt))
    assert propagation == pytest.approx(-2j * half_cell / D, rel=1e-9)
    assert z == pytest.approx(np.full(3, impedance), rel=1e-9)
    # Twice the impedance at the far end, 17 cells away, as ports see it.
    seen = impedance * np.cos(np.pi * frequencies * solver.dt) / np.cos(half_cell)
    reflection = (2 * impedance - seen) / (2 * impedance + seen)
    assert backward / forward == pytest.approx(reflection * np.exp(4j * half_cell * 17), abs=1e-9)

    both = line_waves(readings["line"][:, 1], readings["line"][:, 3], propagation, z, monitor.distances(medium.grid)[1])
    assert np.array(both) == pytest.approx(np.array([forward, backward]), rel=1e-9)
    # The port's own reflection from the same reflection, 30 cells away.
    drive = source.spectrum(frequencies, solver.dt, 3000)
    s = lumped_s_parameters([[readings["port 0"]]], [drive], [0.5 * impedance])[:, 0, 0]
    at_port = reflection * np.exp(4j * half_cell * 30)
    load = seen * (1 + at_port) / (1 - at_port)
    assert s == pytest.approx((load - 0.5 * impedance) / (load + 0.5 * impedance), abs=1e-9)
    assert medium.grid.lines(a)[13] == pytest.approx(13 * D)


def square_coax_capacitance(ratio):
    """Over eps0, of squares with a ratio of their sides, F. Bowman, Introduction to Elliptic Functions (1953), pp.
    99-104.

    With ``mu(r) = (pi/2) K'(r) / K(r)``, as D. Betsakos, K. Samuelsson, M. Vuorinen, Publ. Inst. Math. 75, 233 (2004)
    have it, whose value for 1/2 is 10.2340925693681.
    """

    def mu(r):
        return 0.5 * np.pi * ellipkm1(r * r) / ellipk(r * r)

    def inverse(y):
        return brentq(lambda r: mu(r) - y, 1e-9, 1 - 1e-15, xtol=1e-16)

    c = (1 - ratio) / (1 + ratio)
    u, v = inverse(np.pi * c / 2), inverse(np.pi / (2 * c))
    return 4 * np.pi / mu(((u - v) / (u + v)) ** 2)


def coax(refinement):
    """A quarter of a square coaxial line, cut by two symmetry planes: its impedance and wavenumber, and the discrete one."""
    n, d = 8 * refinement, D / refinement
    grid = YeeGrid((n, n, 64 * refinement), (d, d, d), (0.0,) * 3)
    inner = {c: np.zeros(grid.shape, bool) for c in grid.electric}
    half = n // 2
    inner["ex"][: half + 1, : half + 2] = inner["ey"][: half + 2, : half + 1] = inner["ez"][: half + 2, : half + 2] = True
    medium = Medium(grid, Medium.uniform(grid).permittivity, {}, inner)
    # On two sides (four, with the images), so that the first mode with a cutoff is not excited.
    ports = [
        LumpedPort(name=f"feed along {x}", axis=x, center=center, size=size, impedance=100.0, share=0.5)
        for x, center, size in (("x", (6 * D, 0, 3 * D), (4 * D, 0, 0)), ("y", (0, 6 * D, 3 * D), (0, 4 * D, 0)))
    ]
    pulse = GaussianPulse(4e9, 2e9)
    frequencies = np.array([3e9, 5e9])
    monitor = LineMonitor(
        name="line", axis="z", position=44 * D, spacing=8 * D, points=((8 * D, 0, 0), (4 * D, 0, 0)),
        loop=((0, 4 * D), (0, 4 * D), (0, 0)), frequencies=frequencies, share=0.25,
    )  # fmt: skip
    solver = FdtdMaxwell(
        load_lumped(medium, ports), [p.source(pulse) for p in ports], [monitor], run_length=Steps(1800 * refinement),
        boundaries=[(Pmc(), Pec()), (Pmc(), Pec()), (Pmc(), Cpml(cells=8 * refinement))],
    )  # fmt: skip
    propagation, impedance, forward, backward = line_constants(solver.evaluate({})["line"], *monitor.distances(grid))
    assert np.abs(backward / forward).max() < 0.01
    discrete = 2 / d * np.arcsin(d / (C0 * solver.dt) * np.sin(np.pi * frequencies * solver.dt))
    assert propagation == pytest.approx(-1j * discrete, rel=1e-5)
    assert impedance == pytest.approx(np.full(2, impedance.real[0]), rel=1e-5)
    return impedance.real[0]


def test_impedance_of_a_square_coaxial_line():
    """36.811 ohm for sides of one to two; the edges of the inner conductor make the order 4/3, and so it extrapolates."""
    exact = ETA0 / square_coax_capacitance(0.5)
    assert square_coax_capacitance(0.5) == pytest.approx(10.2340925693681, rel=1e-12)
    coarse, fine = coax(1), coax(2)
    assert np.log2((coarse - exact) / (fine - exact)) == pytest.approx(4 / 3, abs=0.1)
    assert fine == pytest.approx(exact, rel=0.02)
    assert fine + (fine - coarse) / (2 ** (4 / 3) - 1) == pytest.approx(exact, rel=2e-3)


def test_transposes_are_adjoints():
    medium, _ = random_fields()
    grid = medium.grid
    middle = tuple(e / 2 for e in grid.extent)
    port = LumpedPort(name="p", axis="x", center=middle, size=(3 * D, 2 * D, D), impedance=1.0, designed_metal=True)
    points = [tuple(grid.lines(b)[n] for b, n in enumerate(p)) for p in ((2, 2, 2), (5, 2, 2), (5, 2, 6))]
    rng = np.random.default_rng(4)
    for monitor in (PortMonitor(port, [1e9, 2e9]), PortMonitor(port), VoltageMonitor("v", points, [1e9, 2e9]),
                    CurrentMonitor("i", middle, "y", (D, 0, 2 * D), [1e9, 3e9])):  # fmt: skip
        placement = monitor.place(medium, 0.1e-9)
        rows = 7 if monitor.frequencies is None else 2
        z = {c: rng.standard_normal((rows, i.size)) + 0j for c, i in placement.indices.items()}
        if monitor.frequencies is not None:
            z = {c: v + 1j * rng.standard_normal(v.shape) for c, v in z.items()}
        y = placement.read(z)
        g = rng.standard_normal(y.shape) + 1j * rng.standard_normal(y.shape)
        assert placement.shape == ((-1,) if monitor.frequencies is None else y.shape)
        back = placement.transpose(g)
        assert sum(np.vdot(back[c], z[c]) for c in z) == pytest.approx(np.vdot(g, y), rel=1e-12)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda m: VoltageMonitor("v", ((0, 0, 0),)), "points"),
        (lambda m: VoltageMonitor("v", ((0, 0, 0), (D, D, 0))).place(m, 1.0), "every part runs along one axis"),
        (lambda m: VoltageMonitor("v", ((0, 0, 0), (0, 0, 0.1 * D))).place(m, 1.0), "every part runs along one axis"),
        (lambda m: VoltageMonitor("v", ((0, 0, 0), (99 * D, 0, 0))).place(m, 1.0), "within the domain"),
        (lambda m: CurrentMonitor("i", (D, D, D), "x", (0, 2 * D, D)).place(m, 1.0), "monitor 'i' along z"),
        (lambda m: CurrentMonitor("i", (D, D, D), "q", (0, D, D)), "axis"),
        (lambda m: CurrentMonitor("i", (D, D, D), "x", (D, D, D)), "rectangle across x"),
        (lambda m: CurrentMonitor("i", (D, D, D), "x", (0, D, D), share=0), "share"),
        (lambda m: LineMonitor(name="l", axis="z", position=D, spacing=0.0, points=((0, 0, 0), (D, 0, 0)),
                               loop=((0, 0),) * 3, frequencies=[1e9]), "spacing"),  # fmt: skip
        (lambda m: LineMonitor(name="l", axis="z", position=4 * D, spacing=2 * D, points=((0, 0, 0), (D, 0, 0)),
                               loop=((3 * D, 3 * D),) * 3, frequencies=[1e9]).place(m, 1.0), "cells of one size"),  # fmt: skip
    ],
)  # fmt: skip
def test_bad_monitors_are_refused(make, told):
    medium, _ = random_fields()
    with pytest.raises(InputError, match=told):
        make(medium)
