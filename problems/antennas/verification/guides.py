"""Guides and lines: a rectangular waveguide, square and round coaxial lines, a wire in a square tube."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import numpy as np

from adjointdesign.constants import C0, ETA0
from adjointdesign.problems.antennas.verification.case import Case, Quantity
from adjointdesign.problems.antennas.verification.ringing import ShapedCurrent

WR90 = (22.86e-3, 10.16e-3)
"""Width and height of the guide, m (EIA RS-261)."""


def rectangular(resolution: float) -> tuple[float, float]:
    """Cutoff of TE10, Hz, from the phase constant at 10 GHz and from the decay at 4 GHz."""
    phase, decay = abs(_propagation(resolution, 10e9).imag), abs(_propagation(resolution, 4e9).real)
    return math.sqrt(10e9**2 - (C0 * phase / (2 * math.pi)) ** 2), math.sqrt(4e9**2 + (C0 * decay / (2 * math.pi)) ** 2)


def _propagation(resolution: float, frequency: float) -> complex:
    """Propagation constant of the guide, by a pulse without waves near the cutoff, which would never leave."""
    from adjointdesign.grid.yee import YeeGrid
    from adjointdesign.monitors import VoltageMonitor
    from adjointdesign.objectives.network import line_constants
    from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Steps
    from adjointdesign.sources import GaussianPulse

    width, height = WR90
    n = round(resolution)
    d, rows = width / n, round(height / width * n)
    grid = YeeGrid((n, rows, 4 * n), (d, height / rows, d), (0.0, 0.0, 0.0))
    pulse = GaussianPulse(frequency, 1e9)
    sheet = np.zeros(grid.shape)
    sheet[1:-1, 1:-1, n] = np.sin(np.pi * grid.coordinates("ey", 0)[1:-1] / width)[:, None]
    middle, apart = d * (n // 2), round(n / 3)
    places = [d * (2 * n + k * apart) for k in (-1, 0, 1)]
    planes = [
        VoltageMonitor(f"plane at {z}", ((middle, 0.0, z), (middle, height, z)), np.array([frequency])) for z in places
    ]
    feed, faces = ShapedCurrent("feed", {"ey": sheet}, pulse), [Pec(), Pec(), Cpml(cells=n // 2)]
    solver = FdtdMaxwell(Medium.uniform(grid), [feed], planes, boundaries=faces, run_length=Steps(1))
    solver.steps = int((pulse.duration + 3e-9) / solver.dt)
    readings = solver.evaluate({})
    voltages = [readings[p.name].reshape(1) for p in planes]
    return line_constants(np.stack([*voltages, np.ones(1)], axis=1), d * apart, 0.0)[0][0]


def square_coax(resolution: float) -> tuple[float]:
    """Impedance of a line of squares, sides one to two; a quarter, cut by two symmetry planes."""
    from adjointdesign.grid.yee import YeeGrid
    from adjointdesign.monitors import LineMonitor
    from adjointdesign.objectives.network import line_constants
    from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Pmc, Steps
    from adjointdesign.sources import GaussianPulse, LumpedPort, load_lumped

    half, side = round(resolution), 8e-3
    n, d = 2 * half, side / (2 * half)
    grid = YeeGrid((n, n, 8 * n), (d, d, d), (0.0,) * 3)
    inner = {c: np.zeros(grid.shape, bool) for c in grid.electric}
    inner["ex"][: half + 1, : half + 2] = inner["ey"][: half + 2, : half + 1] = inner["ez"][: half + 2, : half + 2] = (
        True
    )
    medium = Medium(grid, Medium.uniform(grid).permittivity, {}, inner)
    # On two sides (four, with the images), so that the first mode with a cutoff is not excited.
    ports = [
        LumpedPort(name=f"feed along {x}", axis=x, center=center, size=size, impedance=100.0, share=0.5)
        for x, center, size in (
            ("x", (0.75 * side, 0, 0.375 * side), (0.5 * side, 0, 0)),
            ("y", (0, 0.75 * side, 0.375 * side), (0, 0.5 * side, 0)),
        )
    ]  # fmt: skip
    monitor = LineMonitor(
        name="line", axis="z", position=5.5 * side, spacing=side, points=((side, 0, 0), (side / 2, 0, 0)),
        loop=((0, side / 2), (0, side / 2), (0, 0)), frequencies=np.array([4e9]), share=0.25,
    )  # fmt: skip
    solver = FdtdMaxwell(
        load_lumped(medium, ports), [p.source(GaussianPulse(4e9, 2e9)) for p in ports], [monitor],
        run_length=Steps(225 * n),
        boundaries=[(Pmc(), Pec()), (Pmc(), Pec()), (Pmc(), Cpml(cells=n))],
    )  # fmt: skip
    return (float(line_constants(solver.evaluate({})["line"], *monitor.distances(grid))[1].real[0]),)


def round_coax(resolution: float) -> tuple[float]:
    """Impedance of the round air line of the reference file, from the wave of its port."""
    from adjointdesign.problems.antennas.geometry.build import build
    from adjointdesign.problems.antennas.geometry.description import described

    data = tomllib.loads((Path(__file__).parents[1] / "reference" / "coaxial-line.toml").read_text())
    data["grid"]["edge_size"] = 1.5e-3 / resolution
    model = build(described(data))
    return (float(model.ports[0].constants(model.bare, 1e-13, [model.antenna.band.center]).impedance[0].real),)


def _tube_impedance(radius: float, side: float) -> float:
    return ETA0 / (2 * math.pi) * math.log(1.0787 * side / (2 * radius))


def wire_in_tube(resolution: float) -> tuple[float]:
    """Impedance of a wire of a 120th of the side of a square tube in its middle: far thinner than a cell."""
    from adjointdesign.grid.yee import YeeGrid
    from adjointdesign.media.thin_wire import thin_wire
    from adjointdesign.monitors import LineMonitor
    from adjointdesign.objectives.network import line_constants
    from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Medium, Pec, Steps
    from adjointdesign.sources import GaussianPulse, LumpedPort, Resistor, load_lumped

    side, radius, n = 12e-3, 0.1e-3, 2 * round(resolution / 2)
    d, middle = side / n, side / 2
    grid = YeeGrid((n, n, 5 * n), (d, d, d), (0.0, 0.0, 0.0))
    end = 5 * side
    wired = thin_wire(Medium.uniform(grid), "z", (middle, middle), (0.0, end), radius, gaps=[(0.0, d), (end - d, end)])
    matched = _tube_impedance(radius, side)
    port = LumpedPort(name="feed", axis="z", center=(middle, middle, d / 2), size=(0.0, 0.0, d), impedance=matched)
    load = Resistor(name="load", axis="z", center=(middle, middle, end - d / 2), size=(0.0, 0.0, d), resistance=matched)
    line = LineMonitor(
        name="line", axis="z", position=2.5 * side, spacing=2 / 3 * side, frequencies=np.array([2e9]),
        points=((side, middle, 0.0), (middle, middle, 0.0)), loop=((middle, middle), (middle, middle), (0, 0)),
    )  # fmt: skip
    solver = FdtdMaxwell(
        load_lumped(wired, [port, load]),
        [port.source(GaussianPulse(1.5e9, 2e9))],
        [line],
        boundaries=[Pec()] * 3,
        run_length=Steps(1),
    )
    solver.steps = int(4e-9 / solver.dt)
    return (float(line_constants(solver.evaluate({})["line"], *line.distances(grid))[1].real[0]),)


CASES = (
    Case(
        "rectangular-waveguide",
        "guides",
        "WR-90, driven by a sheet of current",
        rectangular,
        "cells across the width",
        (9.0, 18.0),
        (
            Quantity(
                "cutoff from the phase at 10 GHz",
                "Hz",
                "D. M. Pozar, Microwave Engineering, 4th ed. (2012), appendix I",
                6.557e9,
                2,
                2e-3,
            ),
            Quantity(
                "cutoff from the decay at 4 GHz",
                "Hz",
                "D. M. Pozar, Microwave Engineering, 4th ed. (2012), appendix I",
                6.557e9,
                2,
                2e-3,
            ),
        ),
    ),
    Case(
        "square-coaxial-line",
        "guides",
        "sides of one to two",
        square_coax,
        "cells from conductor to conductor",
        (4.0, 8.0),
        (
            Quantity(
                "impedance",
                "ohm",
                "F. Bowman, Introduction to Elliptic Functions (1953), pp. 99-104: a capacitance of 10.23409 eps0",
                ETA0 / 10.2340925693681,
                4 / 3,
                2e-3,
            ),
        ),
    ),
    Case(
        "round-coaxial-line",
        "guides",
        "radii of 1.5 and 3.45 mm, conductors cut out of the cells",
        round_coax,
        "cells to the inner radius",
        (8.0, 16.0),
        (
            Quantity(
                "impedance",
                "ohm",
                "D. M. Pozar, Microwave Engineering, 4th ed. (2012), table 2.1: eta / (2 pi) ln(b / a)",
                lambda: ETA0 / (2 * math.pi) * math.log(2.3),
                1,
                5e-3,
            ),
        ),
    ),
    Case(
        "wire-in-square-tube",
        "guides",
        "a wire of a 120th of the side, thinner than the cells",
        wire_in_tube,
        "cells to the side",
        (12.0, 18.0),
        (
            Quantity(
                "impedance",
                "ohm",
                "G. Polya and G. Szego, Isoperimetric Inequalities in Mathematical Physics (1951): 1.0787 a/2",
                lambda: _tube_impedance(0.1e-3, 12e-3),
                2,
                2e-3,
            ),
        ),
    ),
)
