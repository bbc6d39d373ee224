"""Thin wires and edges of sheets in the time domain: impedances of lines against closed forms."""

import numpy as np
import pytest
from scipy.special import ellipk

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.sheet import METAL
from adjointdesign.media.sheet_edge import strip
from adjointdesign.media.thin_wire import thin_wire
from adjointdesign.monitors import LineMonitor
from adjointdesign.objectives.network import line_constants
from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Medium, Pec, Steps
from adjointdesign.sources import GaussianPulse, LumpedPort, Resistor, load_lumped

FREQUENCIES = np.array([1e9, 2e9])


@pytest.mark.slow
@pytest.mark.parametrize("radius", [0.02e-3, 0.1e-3, 0.35e-3])
def test_a_wire_in_a_square_tube(radius):
    """``Z = (eta0 / 2 pi) ln(1.0787 D / 2a)``, and waves at the speed of light (Polya and Szego: inner radius of the square)."""
    n, d = 12, 1e-3
    grid = YeeGrid((n, n, 60), (d, d, d), (0.0, 0.0, 0.0))
    middle = 6e-3
    wired = thin_wire(Medium.uniform(grid), "z", (middle, middle), (0.0, 60e-3), radius, gaps=[(0.0, d), (59e-3, 60e-3)])
    expected = ETA0 / (2 * np.pi) * np.log(1.0787 * n * d / (2 * radius))
    port = LumpedPort(name="feed", axis="z", center=(middle, middle, d / 2), size=(0.0, 0.0, d), impedance=expected)
    load = Resistor(name="load", axis="z", center=(middle, middle, 59.5e-3), size=(0.0, 0.0, d), resistance=expected)
    line = LineMonitor(name="line", axis="z", position=30e-3, spacing=8e-3, points=((12e-3, middle, 0.0), (middle, middle, 0.0)),
                       loop=((middle, middle), (middle, middle), (0, 0)), frequencies=FREQUENCIES)  # fmt: skip
    solver = FdtdMaxwell(load_lumped(wired, [port, load]), [port.source(GaussianPulse(1.5e9, 2e9))], [line],
                         boundaries=[Pec()] * 3, run_length=Steps(1))  # fmt: skip
    solver.steps = int(4e-9 / solver.dt)
    propagation, impedance, *_ = line_constants(solver.evaluate({})["line"], *line.distances(grid))
    assert impedance.real == pytest.approx(expected, rel=2e-3)
    assert np.abs(propagation.imag) * C0 / (2 * np.pi * FREQUENCIES) == pytest.approx(1.0, rel=2e-3)


@pytest.mark.slow
@pytest.mark.parametrize("low,high", [(18.37e-3, 31.81e-3), (18.95e-3, 32.12e-3)])
def test_a_stripline_with_edges_between_nodes(low, high):
    """``Z = 30 pi K(k) / K(k')``, ``k = sech(pi w / 2b)`` (Cohn 1955), at five cells to half the height (bare strips: 3 and 4 % off)."""
    d, b, length = 1e-3, 10e-3, 60
    grid = YeeGrid((50, 10, length), (d, d, d), (0.0, 0.0, 0.0))
    m = 1 / np.cosh(np.pi * (high - low) / (2 * b)) ** 2
    expected = ETA0 / 4 * ellipk(m) / ellipk(1 - m)
    links, rows = strip(low, high, grid.lines(0), 1.0)
    factors, beside = (1 / (1 - share + 1 / METAL) for share in (links, rows))
    nodes = np.flatnonzero(rows == 1)
    on_nodes, between = slice(3, length), slice(3, length - 1)  # open at both ends
    medium = Medium.uniform(grid)
    medium.permittivity["ex"][1:-1, 6, on_nodes] *= factors[:, None]
    medium.permittivity["ez"][1:, 6, between] *= beside[:, None]
    permeability = np.ones(grid.shape)
    permeability[1:-1, 6, between] /= factors[:, None]
    conductor = {c: np.zeros(grid.shape, bool) for c in ("ex", "ez")}
    conductor["ex"][1:-1, 6, on_nodes] = (links == 1)[:, None]
    conductor["ez"][1:, 6, between] = (rows == 1)[:, None]
    medium = Medium(grid, medium.permittivity, {}, conductor, {"hy": permeability})
    middle = grid.lines(0)[(nodes[0] + nodes[-1]) // 2]
    # Both sides are fed alike: the mode with opposite fields above and below reaches far below its cutoff.
    ports = [LumpedPort(name=f"feed at {y}", axis="y", center=(middle, y, 3e-3), size=(0.0, b / 2, 0.0), impedance=2 * expected) for y in (b / 4, 3 * b / 4)]
    loads = [Resistor(name=f"load at {y}", axis="y", center=(middle, y, 57e-3), size=(0.0, b / 2, 0.0), resistance=2 * expected) for y in (b / 4, 3 * b / 4)]
    sources = [p.source(GaussianPulse(1.5e9, 2e9)) for p in ports]
    line = LineMonitor(name="line", axis="z", position=30e-3, spacing=8e-3, points=((middle, 0.0, 0.0), (middle, b / 2, 0.0)),
                       loop=((grid.lines(0)[nodes[0]], grid.lines(0)[nodes[-1]]), (b / 2, b / 2), (0, 0)), frequencies=FREQUENCIES)  # fmt: skip
    solver = FdtdMaxwell(load_lumped(medium, [*ports, *loads]), sources, [line], boundaries=[Pec()] * 3, run_length=Steps(1))
    solver.steps = int(5e-9 / solver.dt)
    propagation, impedance, *_ = line_constants(solver.evaluate({"amplitudes": np.array([1.0, -1.0])})["line"], *line.distances(grid))
    assert impedance.real == pytest.approx(expected, rel=2e-3)
    assert np.abs(propagation.imag) * C0 / (2 * np.pi * FREQUENCIES) == pytest.approx(1.0, rel=4e-3)
