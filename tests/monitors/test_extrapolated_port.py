"""S-parameters of runs that have not rung down: against those that have, with the derivatives of the whole program."""

import numpy as np
from port_lines import FREQUENCIES, PULSE, end_ports, plates

from adjointdesign.monitors import PortMonitor
from adjointdesign.objectives.extrapolation import ringing_error, ringing_transform
from adjointdesign.objectives.matching import worst_reflection
from adjointdesign.objectives.network import lumped_s_parameters
from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Steps
from adjointdesign.solvers.fdtd_maxwell.medium import Medium
from adjointdesign.sources import load_lumped
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, solve
from adjointdesign.verification.taylor import taylor_test

BAND = np.linspace(FREQUENCIES[0], FREQUENCIES[-1], 13)


def resonant_line(steps):
    """A line with a weakly coupled port at one end and a weak load at the other; its reflection by extrapolation."""
    grid, axes, boundaries = plates("hz", "x", "y", cells=16)
    ports = end_ports(grid, axes, (0.05, 0.05))
    source = ports[0].source(PULSE)
    solver = FdtdMaxwell(
        load_lumped(Medium.uniform(grid), ports), [source], [PortMonitor(ports[0])], boundaries=boundaries,
        run_length=Steps(steps), minimum_permittivity=1.0,
    )  # fmt: skip
    drive = source.spectrum(BAND, solver.dt, steps)

    def reflection(permittivity, after=PULSE.duration):
        signal = solve(solver, permittivity_y=permittivity)[ports[0].name]
        voltage = ringing_transform(signal, solver.dt, after, BAND)
        return lumped_s_parameters([[voltage]], [drive], [ports[0].impedance])[:, 0, 0]

    return solver, ports[0], drive, reflection


def test_a_tenth_of_the_run_gives_the_reflection():
    """The line loses a tenth of its amplitude a round trip; the long run goes on until nothing is left."""
    long, port, drive, _ = resonant_line(12000)
    permittivity = np.full(long.program.box.shape("ey"), 2.0)
    signal = long.evaluate({"permittivity_y": permittivity})[port.name]
    whole = 2 * ringing_transform(signal, long.dt, PULSE.duration, BAND) / drive - 1
    assert np.abs(signal[-100:]).max() < 1e-9 * np.abs(signal).max()
    short, _, drive, reflection = resonant_line(1200)
    cut = short.evaluate({"permittivity_y": permittivity})[port.name]
    estimate = 2 * ringing_error(cut, short.dt, PULSE.duration, BAND) / np.abs(drive)
    error = np.abs(reflection(Array(permittivity)).data - whole)
    assert error.max() <= estimate.max() < 1e-3
    assert np.all(error < 3 * estimate)
    recorded = 2 * short.dt * np.exp(2j * np.pi * np.outer(BAND, (np.arange(1200) + 0.5) * short.dt)) @ cut / drive - 1
    assert np.abs(recorded - whole).max() > 0.02


def test_gradient_of_an_extrapolated_reflection_passes_taylor_tests():
    """That of the program that ran, extrapolation included, to second order."""
    solver, _, _, reflection = resonant_line(900)
    rng = np.random.default_rng(2)
    start = Array(1.5 + rng.random(solver.program.box.shape("ey")))
    with recording() as tape:
        reduced = ReducedFunctional(worst_reflection(reflection(start), 1.0), Control(start), tape=tape)
    direction = Array(rng.normal(size=start.shape))
    for order in (1, 2):
        result = taylor_test(reduced, start, direction, order=order)
        assert result.passed, str(result)


def test_gradient_of_the_short_run_is_that_of_the_long_one():
    """Which the gradient of what was recorded is not, by far."""

    def gradient(steps, recorded=False):
        solver, _, _, reflection = resonant_line(steps)
        start = Array(np.full(solver.program.box.shape("ey"), 2.0))
        with recording() as tape:
            s = reflection(start, steps * solver.dt) if recorded else reflection(start)
            reduced = ReducedFunctional((abs(s) ** 2).sum(), Control(start), tape=tape)
        return reduced.derivative().data

    whole = gradient(12000)
    size = np.abs(whole).max()
    assert np.abs(gradient(900) - whole).max() < 1e-6 * size
    assert np.abs(gradient(900, recorded=True) - whole).max() > 0.5 * size
