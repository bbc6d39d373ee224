"""A microstrip line: its impedance and effective permittivity against closed-form models."""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.problems.antennas.verification.case import Case, Quantity

STRIP = {"w": 3.52e-3, "h": 1.524e-3, "ep_r": 3.38}
"""Width and height of the microstrip line, m, and permittivity of its substrate."""


def _strip_grid(n: int):
    """``n`` cells in the substrate; half of the strip, whose edge lies a third of a cell beyond a node."""
    from adjointdesign.grid.mesh_lines import Fixed, Region, mesh_lines, metal_edge, thin_layer
    from adjointdesign.grid.yee import YeeGrid

    d, large = STRIP["h"] / n, Region(-1.0, 1.0, 4.8e-3 / n)
    fixed, regions = metal_edge(STRIP["w"] / 2, d, 1)
    x = mesh_lines(
        [Fixed(0.0), Fixed(14e-3), *fixed], [large, Region(0.0, STRIP["w"] / 2, 1.5 * d), *regions], layers=(0, 8)
    )
    fixed, regions = thin_layer(0.0, STRIP["h"], n)
    y = mesh_lines([Fixed(12e-3), *fixed], [large, *regions], layers=(0, 8))
    return YeeGrid.graded([x, y, np.arange(22 * n + 1) * 3e-3 / n])


def microstrip(resolution: float) -> tuple[float, float]:
    """Effective permittivity and impedance at 2 GHz."""
    from adjointdesign.monitors import LineMonitor
    from adjointdesign.objectives.network import line_constants
    from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Pmc, Steps
    from adjointdesign.sources import GaussianPulse, LumpedPort, load_lumped

    n, height, permittivity = round(resolution), STRIP["h"], {}
    grid = _strip_grid(n)
    for c in grid.electric:
        borders = grid.borders(c, 1)
        share = np.clip((height - borders[:-1]) / np.diff(borders), 0.0, 1.0)
        mean = 1 / (share / STRIP["ep_r"] + 1 - share) if c == "ey" else 1 + (STRIP["ep_r"] - 1) * share
        permittivity[c] = np.broadcast_to(mean[:, None], grid.shape).copy()
    last = np.flatnonzero(grid.lines(0) <= STRIP["w"] / 2 + 1e-9)[-1]
    metal = {c: np.zeros(grid.shape, bool) for c in ("ex", "ez")}
    metal["ex"][: last + 1, n + 1] = metal["ez"][: last + 2, n + 1] = True
    edge, dz = grid.lines(0)[last], 3e-3 / n
    port = LumpedPort(
        name="feed",
        axis="y",
        center=(edge / 2, height / 2, 3 * dz),
        size=(edge, height, 0.0),
        impedance=50.0,
        share=0.5,
    )
    monitor = LineMonitor(
        name="line", axis="z", position=36e-3, spacing=9e-3, points=((0, 0, 0), (0, height, 0)),
        loop=((0, edge), (height, height), (0, 0)), frequencies=np.array([2e9]), share=0.5,
    )  # fmt: skip
    solver = FdtdMaxwell(
        load_lumped(Medium(grid, permittivity, {}, metal), [port]), [port.source(GaussianPulse(3.5e9, 3e9))], [monitor],
        boundaries=[(Pmc(), Cpml(cells=8)), (Pec(), Cpml(cells=8)), (Pmc(), Cpml(cells=8, index=1.6))],
        run_length=Steps(1000 * n),
    )  # fmt: skip
    propagation, impedance, *_ = line_constants(solver.evaluate({})["line"], *monitor.distances(grid))
    return float((-((propagation[0] * C0 / (2 * math.pi * 2e9)) ** 2)).real), float(impedance[0].real)


def _model():
    from skrf import Frequency
    from skrf.media import MLine

    options = {
        "t": None,
        "rho": None,
        "tand": 0,
        "diel": "frequencyinvariant",
        "model": "hammerstadjensen",
        "disp": "kirschningjansen",
    }
    return MLine(Frequency.from_f([2e9], unit="hz"), **STRIP, **options)


_SOURCE = (
    "E. Hammerstad and O. Jensen, IEEE MTT-S Int. Microw. Symp. Digest, 407 (1980), with the dispersion of "
    "M. Kirschning and R. H. Jansen, Electron. Lett. 18, 272 (1982), as scikit-rf has them"
)
CASES = (
    Case(
        "microstrip-line",
        "guides",
        "3.52 mm on 1.524 mm of permittivity 3.38",
        microstrip,
        "cells in the substrate",
        (3.0, 4.0),
        (
            Quantity("effective permittivity at 2 GHz", "", _SOURCE, lambda: _model().ep_reff_f.real[0], 1, 5e-3),
            Quantity("impedance at 2 GHz", "ohm", _SOURCE, lambda: _model().z0_characteristic.real[0], 1, 1e-2),
        ),
    ),
)
