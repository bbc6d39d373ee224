"""A microstrip line between a lumped port and an absorbing layer, against closed-form models.

E. Hammerstad, O. Jensen, IEEE MTT-S Int. Microw. Symp. Digest, 407 (1980), with the dispersion of M. Kirschning, R. H.
Jansen, Electron. Lett. 18, 272 (1982), as scikit-rf has them; stated to be right to 0.2 % in the effective
permittivity.
"""

import numpy as np
import pytest

from adjointdesign.constants import C0
from adjointdesign.grid.mesh_lines import Fixed, Region, mesh_lines, metal_edge, thin_layer
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import LineMonitor
from adjointdesign.objectives.network import line_constants
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Pec, Pmc, Steps
from adjointdesign.solvers.fdtd_maxwell.medium import Medium
from adjointdesign.sources import GaussianPulse, LumpedPort, load_lumped

HEIGHT, WIDTH, PERMITTIVITY = 1.524e-3, 3.52e-3, 3.38
FREQUENCIES = np.array([2e9, 4e9])


def graded(n, outward):
    """Lines with ``n`` cells in the substrate; half of the strip, whose edge is a node or (outward) by the rule of thirds."""
    d, large = HEIGHT / n, Region(-1.0, 1.0, 4.8e-3 / n)
    fixed, regions = metal_edge(WIDTH / 2, d, outward)
    x = mesh_lines([Fixed(0.0), Fixed(14e-3), *fixed], [large, Region(0.0, WIDTH / 2, 1.5 * d), *regions], layers=(0, 8))
    fixed, regions = thin_layer(0.0, HEIGHT, n)
    y = mesh_lines([Fixed(12e-3), *fixed], [large, *regions], layers=(0, 8))
    return YeeGrid.graded([x, y, np.arange(22 * n + 1) * 3e-3 / n])


def microstrip(n, outward=0):
    """Effective permittivity and impedance, real parts, at both frequencies."""
    grid = graded(n, outward)
    permittivity = {}
    for c in grid.electric:
        borders = grid.borders(c, 1)
        share = np.clip((HEIGHT - borders[:-1]) / np.diff(borders), 0.0, 1.0)
        mean = 1 / (share / PERMITTIVITY + 1 - share) if c == "ey" else 1 + (PERMITTIVITY - 1) * share
        permittivity[c] = np.broadcast_to(mean[:, None], grid.shape).copy()
    last = np.flatnonzero(grid.lines(0) <= WIDTH / 2 + 1e-9)[-1]
    metal = {c: np.zeros(grid.shape, bool) for c in ("ex", "ez")}
    metal["ex"][: last + 1, n + 1] = metal["ez"][: last + 2, n + 1] = True
    edge, dz = grid.lines(0)[last], 3e-3 / n
    port = LumpedPort(name="feed", axis="y", center=(edge / 2, HEIGHT / 2, 3 * dz), size=(edge, HEIGHT, 0.0), impedance=50.0,
                      share=0.5)  # fmt: skip
    monitor = LineMonitor(
        name="line", axis="z", position=36e-3, spacing=9e-3, points=((0, 0, 0), (0, HEIGHT, 0)),
        loop=((0, edge), (HEIGHT, HEIGHT), (0, 0)), frequencies=FREQUENCIES, share=0.5,
    )  # fmt: skip
    medium = load_lumped(Medium(grid, permittivity, {}, metal), [port])
    solver = FdtdMaxwell(
        medium, [port.source(GaussianPulse(3.5e9, 3e9))], [monitor], run_length=Steps(1000 * n),
        boundaries=[(Pmc(), Cpml(cells=8)), (Pec(), Cpml(cells=8)), (Pmc(), Cpml(cells=8, index=1.6))],
    )  # fmt: skip
    propagation, impedance, *_ = line_constants(solver.evaluate({})["line"], *monitor.distances(grid))
    return (-((propagation * C0 / (2 * np.pi * FREQUENCIES)) ** 2)).real, impedance.real


@pytest.mark.slow
def test_microstrip_against_closed_form_models():
    """Edges by the rule of thirds: at once; edges on nodes: of first order, so extrapolated."""
    from skrf import Frequency
    from skrf.media import MLine

    model = MLine(Frequency.from_f(FREQUENCIES, unit="hz"), w=WIDTH, h=HEIGHT, t=None, ep_r=PERMITTIVITY, rho=None, tand=0,
                  diel="frequencyinvariant", model="hammerstadjensen", disp="kirschningjansen")  # fmt: skip
    expected = model.ep_reff_f.real, model.z0_characteristic.real
    assert expected[1][0] == pytest.approx(50.1, abs=0.1)

    permittivity, impedance = microstrip(4, outward=1)
    assert permittivity == pytest.approx(expected[0], rel=2e-3)
    assert impedance[0] == pytest.approx(expected[1][0], rel=1e-2)

    coarse, fine = np.array(microstrip(3)), np.array(microstrip(4))
    permittivity, impedance = fine + 3 * (fine - coarse)
    assert permittivity == pytest.approx(expected[0], rel=5e-3)
    assert impedance[0] == pytest.approx(expected[1][0], rel=1e-2)
