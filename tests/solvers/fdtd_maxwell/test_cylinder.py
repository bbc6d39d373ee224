"""A line source beside a dielectric cylinder: the scattered power against the series of cylinder functions."""

import numpy as np
import pytest
from scipy.special import h1vp, hankel1, jv, jvp

from adjointdesign.constants import C0, EPS0, MU0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.monitors import FluxMonitor, power
from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Steps
from adjointdesign.sources import GaussianPulse, point_dipole
from adjointdesign.verification.orders import observed_order

RADIUS, INDEX, DISTANCE = 0.3e-6, 1.8, 0.75e-6
F0 = 2.2e14
FREQUENCIES = F0 * np.array([0.85, 1.0, 1.15])


def series(polarization):
    """Power per length that the cylinder scatters of the field of a line current of 1 A (``hz``: 1 V), W/m.

    Incident ``-(w mu0 / 4) H0(k |r - r_s|)`` (E of an electric line current; for H of a magnetic one eps0 in place of
    mu0), expanded by Graf's theorem (DLMF 10.23.7); coefficients from continuity at the surface (C. F. Bohren and D. R.
    Huffman, Absorption and Scattering of Light by Small Particles, eqs. 8.30 and 8.32). A wave ``sum c_m H_m(k r)
    exp(i m phi)`` carries ``(2 / (w mu0)) sum |c_m|^2``, by the Wronskian.
    """
    constant = MU0 if polarization == "ez" else EPS0
    ratio = INDEX if polarization == "ez" else 1 / INDEX
    m = np.arange(-25, 26)
    totals = []
    for f in FREQUENCIES:
        w = 2 * np.pi * f
        x, y = w / C0 * RADIUS, w / C0 * RADIUS * INDEX
        above = jvp(m, x) * jv(m, y) - ratio * jv(m, x) * jvp(m, y)
        below = ratio * hankel1(m, x) * jvp(m, y) - h1vp(m, x) * jv(m, y)
        scattered = -w * constant / 4 * hankel1(m, w / C0 * DISTANCE) * above / below
        totals.append(2 / (w * constant) * np.sum(np.abs(scattered) ** 2))
    return np.array(totals)


def covered(grid, component, strips=64):
    """Share of each dual cell that the cylinder covers: exact along y, by the mean of many strips along x."""
    x, y = np.meshgrid(*(grid.coordinates(component, a) for a in range(2)), indexing="ij", sparse=True)
    d, share = grid.spacing[0], 0.0
    for u in (np.arange(strips) + 0.5) / strips - 0.5:
        chord = np.sqrt(np.maximum(RADIUS**2 - (x + u * d) ** 2, 0.0))
        share = share + np.clip(np.minimum(y + d / 2, chord) - np.maximum(y - d / 2, -chord), 0.0, None)
    return share / (strips * d)


def simulate(polarization, cells_a_radius):
    """The same from the fluxes of the scattered field out of a box around the cylinder."""
    d = RADIUS / cells_a_radius
    layer = Cpml(cells=20)
    low = (-0.6e-6, -0.6e-6)
    extent = (1.6e-6, 1.2e-6)
    cells = tuple(int(round(e / d)) + 2 * layer.cells for e in extent)
    grid = YeeGrid(cells, (d, d), tuple(p - layer.cells * d for p in low), polarization)
    pulse = GaussianPulse(F0, 0.5 * F0)
    source = point_dipole("line", (DISTANCE, 0.0), polarization, pulse)
    half = 0.45e-6
    places = [(-1, "x", (-half, 0.0)), (1, "x", (half, 0.0)), (-1, "y", (0.0, -half)), (1, "y", (0.0, half))]
    monitors = [FluxMonitor(f"{axis}{sign}", at, axis, 2 * half, FREQUENCIES) for sign, axis, at in places]
    readings = []
    for contrast in (INDEX**2 - 1, 0.0):
        medium = Medium(grid, {c: 1 + contrast * covered(grid, c) for c in grid.electric})
        solver = FdtdMaxwell(
            medium, [source], monitors, boundaries=[layer, layer], run_length=Steps(1), minimum_permittivity=1.0
        )
        solver.steps = int((pulse.duration + 60e-15) / solver.dt)
        readings.append(solver.evaluate({}))
    spectrum = pulse.spectrum(FREQUENCIES)
    return sum(
        sign * power(readings[0][m.name] - readings[1][m.name], spectrum) for (sign, _, _), m in zip(places, monitors)
    )


@pytest.mark.parametrize("polarization,order,least", [("ez", 2.0, 2e-3), ("hz", 1.0, 2e-2)])
def test_cylinder_scatters(polarization, order, least):
    """Second order where E is along the cylinder, first where E crosses its surface: so the plain mean of permittivity.

    A. Farjadpour et al., Opt. Lett. 31, 2972 (2006): only a tensor mean would be of second order there.
    """
    expected = series(polarization)
    sizes = (8, 10, 12, 16, 20, 24)
    errors = [np.linalg.norm(simulate(polarization, n) / expected - 1) for n in sizes]
    assert observed_order(1 / np.array(sizes), errors).order == pytest.approx(order, abs=0.1)
    assert errors[-1] < least
