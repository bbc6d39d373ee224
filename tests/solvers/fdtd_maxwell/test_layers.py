"""A stack of layers, one of them lossy, transmits and reflects as the transfer matrix says."""

import numpy as np
import pytest
from fdtd_cases import layered_medium

from adjointdesign.constants import C0, EPS0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FluxMonitor, power
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Periodic, Steps
from adjointdesign.sources import GaussianPulse, UniformCurrent
from adjointdesign.verification.orders import observed_order

F0 = 2e14
FREQUENCIES = F0 * np.array([0.8, 0.95, 1.0, 1.1])
EDGES = np.array([0.0, 0.2e-6, 0.35e-6, 0.65e-6])
PERMITTIVITY = [1.0, 4.0, 2.0, 6.0, 1.0]


def transfer_matrix(conductivity):
    """Transmitted and reflected share of the power at normal incidence, vacuum on either side.

    M. Born and E. Wolf, Principles of Optics, 7th ed., section 1.6.2: characteristic matrix of a stratified medium.
    """
    shares = []
    for f in FREQUENCIES:
        w = 2 * np.pi * f
        matrix = np.eye(2, dtype=complex)
        for thickness, eps, sigma in zip(np.diff(EDGES), PERMITTIVITY[1:-1], conductivity[1:-1]):
            n = np.sqrt(eps + 1j * sigma / (w * EPS0))
            phase = w / C0 * n * thickness
            matrix = matrix @ [[np.cos(phase), -1j * np.sin(phase) / n], [-1j * n * np.sin(phase), np.cos(phase)]]
        (a, b), (c, d) = matrix
        t, r = 2 / (a + b + c + d), (a + b - c - d) / (a + b + c + d)
        shares.append((abs(t) ** 2, abs(r) ** 2))
    return np.array(shares).T


def simulate(polarization, cells_in_first_layer, conductivity):
    """The same shares from two runs, with and without the stack, in a periodic strip."""
    d = EDGES[1] / cells_in_first_layer
    layer = Cpml(cells=20)
    margin = 0.6e-6
    cells = int(round((EDGES[-1] + 2 * margin) / d)) + 2 * layer.cells
    grid = YeeGrid((4, cells), (d, d), (0.0, -margin - layer.cells * d), polarization)
    driven, width = {"ez": "ez", "hz": "ex"}[polarization], 4 * d
    pulse = GaussianPulse(F0, 0.6 * F0)
    source = UniformCurrent("sheet", (width / 2, -0.5e-6), driven, pulse, (width, 0.0))
    monitors = [
        FluxMonitor(name, (width / 2, y), "y", width, FREQUENCIES) for name, y in (("in", -0.3e-6), ("out", 0.95e-6))
    ]
    readings = []
    for values, sigma in ((PERMITTIVITY, conductivity), ([1.0] * 5, [0.0] * 5)):
        medium = layered_medium(grid, "y", EDGES, values, sigma)
        solver = FdtdMaxwell(
            medium, [source], monitors, boundaries=[Periodic(), layer], run_length=Steps(1), courant=0.9,
            minimum_permittivity=1.0,
        )  # fmt: skip
        solver.steps = int((pulse.duration + 90e-15) / solver.dt)
        readings.append(solver.evaluate({}))
    stack, empty = readings
    incident = power(empty["in"])
    reflected = -power(stack["in"] - empty["in"])
    return np.array([power(stack["out"]) / incident, reflected / incident])


@pytest.mark.parametrize("polarization", ["ez", "hz"])
@pytest.mark.parametrize("sigma", [0.0, 6e3], ids=["lossless", "lossy"])
def test_stack_transmits_and_reflects(polarization, sigma):
    conductivity = [0.0, 0.0, sigma, 0.5 * sigma, 0.0]
    expected = transfer_matrix(conductivity)
    sizes, errors = (8, 11, 15, 20), []
    for n in sizes:
        shares = simulate(polarization, n, conductivity)
        errors.append(np.abs(shares - expected).max())
    assert observed_order(1 / np.array(sizes), errors).order == pytest.approx(2.0, abs=0.15)
    assert errors[-1] < 2e-3
    if sigma == 0:
        assert shares.sum(axis=0) == pytest.approx(1.0, abs=2e-5)  # nothing is lost but what the layers return
