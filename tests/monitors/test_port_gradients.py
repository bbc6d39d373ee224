"""Derivatives of what ports and lines read: exact as discretised, and those of the closed form."""

import autograd.numpy as anp
import numpy as np
import pytest
from port_lines import FREQUENCIES, PULSE, chain_matrix, end_ports, line_impedance, plates, s_of_chain

from adjointdesign.constants import C0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import CurrentMonitor, LineMonitor, PortMonitor, VoltageMonitor, WavePortMonitor
from adjointdesign.objectives.matching import worst_reflection
from adjointdesign.objectives.network import lumped_s_parameters
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Pec, Pmc, Steps
from adjointdesign.solvers.fdtd_maxwell.medium import Box, Medium
from adjointdesign.sources import Capacitor, GaussianPulse, Inductor, LumpedPort, WavePort, load_lumped
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, solve, taped
from adjointdesign.verification.dot_product import check_solver
from adjointdesign.verification.taylor import taylor_test

D = 1e-3


def small_antenna():
    """An eighth of something: a cut port and a whole one on graded lines, all monitors, a design beside them."""
    growth = [np.r_[1.0, 1.2, 1.1, 1.0, 0.8, 1.0, 1.2, 1.2, 1.2, 1.2, 1.2, 1.2], np.r_[1.0, 0.9, 0.8, np.ones(8)], np.ones(14)]
    grid = YeeGrid.graded([D * np.r_[0.0, np.cumsum(g)] for g in growth])
    x, y, z = (grid.lines(a) for a in range(3))
    metal = np.zeros(grid.shape, bool)
    metal[1:4, 1, 5:10] = metal[6, 4, 5:10] = True
    metal[:, :, [7, 8]] = False  # nodes 6 to 8
    free = Medium(grid, Medium.uniform(grid, 1.5).permittivity, {}, {"ez": metal})
    ports = [
        LumpedPort(name="cut", axis="z", center=(x[2] / 2, 0.0, z[7]), size=(x[2], 0.0, 2 * D), impedance=70.0, share=0.25),
        LumpedPort(name="whole", axis="z", center=(x[5], y[3], z[7]), size=(0.0, 0.0, 2 * D), impedance=30.0),
    ]
    there = dict(axis="z", center=ports[1].center, size=ports[1].size)
    loads = [Capacitor(name="load", **there, capacitance=1e-14), Inductor(name="coil", **there, inductance=1e-9, resistance=9.0)]
    frequencies = [5e9, 9e9]
    loop = ((0.0, x[2]), (0.0, 0.0), (0.0, 0.0))
    monitors = [
        PortMonitor(ports[0], frequencies), PortMonitor(ports[1]),
        VoltageMonitor("voltage", ((x[3], y[1], z[5]), (x[3], y[1], z[9]), (x[6], y[1], z[9])), frequencies),
        CurrentMonitor("current", (x[1], 0.0, z[9] + D / 2), "z", (2 * x[1], 0.0, 0.0), share=1.0),
        LineMonitor(name="line", axis="z", position=z[7], spacing=2 * D, points=((x[3], 0, 0), (x[3], y[4], 0)), loop=loop,
                    frequencies=frequencies, share=0.25),
    ]  # fmt: skip
    pulse = GaussianPulse(8e9, 10e9)
    solver = FdtdMaxwell(
        load_lumped(free, [*ports, *loads]), [p.source(pulse) for p in ports], monitors,
        boundaries=[(Pmc(), Cpml(cells=4)), (Pmc(), Cpml(cells=4)), (Pec(), Cpml(cells=4))], run_length=Steps(80),
        box=Box.covering(grid, (x[3], y[1], z[3]), (x[5], y[3], z[6])), minimum_permittivity=1.0, conductivity_gradient=True,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    shapes = {c: solver.program.box.shape(c) for c in grid.electric}
    inputs = {f"permittivity_{c[1]}": 1.2 + rng.random(s) for c, s in shapes.items()}
    inputs |= {f"conductivity_{c[1]}": 0.1 * rng.random(s) for c, s in shapes.items()}
    return solver, inputs | {"amplitudes": np.array([1.0, 0.3 - 0.2j])}


def test_readings_have_exact_derivatives():
    """Tangent, adjoint, second order: residuals at most 1e-12, Taylor orders 2 and 3, in medium and amplitudes."""
    check = check_solver(*small_antenna(), np.random.default_rng(1))
    assert check["passed"], str(check)


def taped_line():
    """A line of permittivity one to three with ports at both ends, the first driven; S as a taped function of it."""
    grid, axes, boundaries = plates("hz", "x", "y", cells=16)
    ports = end_ports(grid, axes, (0.4, 1.5))
    source, steps = ports[0].source(PULSE), 2500
    solver = FdtdMaxwell(
        load_lumped(Medium.uniform(grid), ports), [source], [PortMonitor(p, FREQUENCIES) for p in ports],
        boundaries=boundaries, run_length=Steps(steps), minimum_permittivity=1.0,
    )  # fmt: skip
    drive = source.spectrum(FREQUENCIES, solver.dt, steps)

    def s_parameters(permittivity):
        readings = solve(solver, permittivity_y=permittivity)
        return lumped_s_parameters([[readings[p.name] for p in ports]], [drive], [p.impedance for p in ports])

    return grid, axes, ports, solver, s_parameters


def test_gradient_of_the_worst_reflection_passes_taylor_tests():
    *_, solver, s_parameters = taped_line()
    rng = np.random.default_rng(2)
    start = Array(1.2 + rng.random(solver.program.box.shape("ey")))
    with recording() as tape:
        objective = worst_reflection(s_parameters(start)[:, 0, 0], 1.0)
        reduced = ReducedFunctional(objective, Control(start), tape=tape)
    direction = Array(rng.normal(size=start.shape))
    assert taylor_test(reduced, start, direction).passed
    assert taylor_test(reduced, start, direction, order=2).passed


def test_gradient_of_a_uniform_line_is_that_of_the_closed_form():
    """``d |S11|^2 / d eps`` and ``d Re S21 / d eps`` of the discrete line, by central differences of that."""
    grid, axes, ports, solver, s_parameters = taped_line()
    d, dt = grid.spacing[0], solver.dt

    def closed_form(eps):
        half_step = np.pi * FREQUENCIES * dt
        half_cell = np.arcsin(np.sqrt(eps) * d / (C0 * dt) * np.sin(half_step))
        z = line_impedance(grid, axes) / np.sqrt(eps) * np.cos(half_step) / np.cos(half_cell)
        s = s_of_chain(*chain_matrix(grid.extent[0], 2 * half_cell / d, z), *(p.impedance for p in ports))
        return np.array([np.sum(np.abs(s[:, 0, 0]) ** 2), np.sum(s[:, 1, 0].real)])

    permittivity = Array(np.full(solver.program.box.shape("ey"), 2.0))
    expected = (closed_form(2 + 1e-5) - closed_form(2 - 1e-5)) / 2e-5
    for number in range(2):
        with recording() as tape:
            s = s_parameters(permittivity)
            value = (abs(s[:, 0, 0]) ** 2).sum() if number == 0 else s[:, 1, 0].real.sum()
            reduced = ReducedFunctional(value, Control(permittivity), tape=tape)
        assert float(value) == pytest.approx(closed_form(2.0)[number], rel=1e-10)
        assert reduced.derivative().data.sum() == pytest.approx(expected[number], rel=1e-8)




def test_gradient_of_a_reflection_at_wave_ports_passes_taylor_tests():
    """WR-90 between two wave ports, a designed body in its middle: |S11|^2 + |1 - S21|^2 of two runs through the tape, first and second order."""
    a, b, d = 22.86e-3, 10.16e-3, 22.86e-3 / 8
    grid = YeeGrid((8, 3, 26), (d, b / 3, d), (0.0, 0.0, 0.0))
    ports = [
        WavePort(name=name, axis="z", center=(a / 2, b / 2, z * d), size=(a, b), setback=2 * d, direction=sense)
        for name, z, sense in (("one", 10, 1), ("two", 16, -1))
    ]  # fmt: skip
    frequencies = np.array([9.5e9, 10.5e9])
    runs = [
        FdtdMaxwell(
            Medium.uniform(grid), [port.source(GaussianPulse(10e9, 2e9))], [WavePortMonitor(p, frequencies) for p in ports],
            boundaries=[Pec(), Pec(), Cpml(6, index=0.7)], run_length=Steps(260), box=Box.covering(grid, (2 * d, 0.0, 12 * d), (6 * d, b, 14 * d)),
            minimum_permittivity=1.0,
        )
        for port in ports
    ]  # fmt: skip

    def objective(permittivity):
        readings = [solve(run, permittivity_y=permittivity) for run in runs]

        @taped
        def mismatch(waves):
            stacked = anp.stack([anp.stack([waves[n][p] for p in range(2)], axis=1) for n in range(2)], axis=-1)
            s = anp.matmul(stacked[:, :, 1], anp.linalg.inv(stacked[:, :, 0]))
            return anp.sum(anp.abs(s[:, 0, 0]) ** 2 + anp.abs(1 - s[:, 1, 0]) ** 2)

        return mismatch([[r[p.name] for p in ports] for r in readings])

    rng = np.random.default_rng(4)
    start = Array(1.2 + rng.random(runs[0].program.box.shape("ey")))
    with recording() as tape:
        reduced = ReducedFunctional(objective(start), Control(start), tape=tape)
    direction = Array(rng.normal(size=start.shape))
    assert taylor_test(reduced, start, direction).passed
    assert taylor_test(reduced, start, direction, order=2).passed
