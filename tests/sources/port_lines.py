"""Parallel-plate lines with lumped ports at both ends, and what they are in the discrete equations, in closed form.

On a line along one axis with open (`Pmc`) ends, nodes a step ``d`` apart and the discrete wavenumber of
``sin(k d / 2) / d = sin(w dt / 2) / (c dt)``, waves ``A exp(i k z) + B exp(-i k z)`` of the voltage have at the nodes
the current ``(A exp(i k z) - B exp(-i k z)) cos(k d / 2) / Z`` (the mean of both sides; at an end the half cell is part
of it), and lumped impedances work on ``V cos(w dt / 2)``. So for ports the line has the impedance ``Z cos(w dt / 2) /
cos(k d / 2)``.
"""

import numpy as np

from adjointdesign.constants import C0, ETA0
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.monitors import PortMonitor
from adjointdesign.objectives.network import lumped_s_parameters
from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Pec, Pmc, Steps
from adjointdesign.solvers.fdtd_maxwell.medium import Medium
from adjointdesign.sources import GaussianPulse, LumpedPort, load_lumped

D = 1e-3
FREQUENCIES = np.array([2e9, 5e9, 8e9])
PULSE = GaussianPulse(5e9, 5e9)


def plates(kind, along, gap, cells=24, lines=None):
    """A line along one axis between plates (walls) across another; in 3D with magnetic walls across the third."""
    ndim = 3 if kind == "3d" else 2
    axes = [AXES.index(along), AXES.index(gap)]
    counts = [2] * ndim
    counts[axes[0]], counts[axes[1]] = cells, 3
    spacing = [0.7 * D] * ndim
    spacing[axes[0]], spacing[axes[1]] = D, 0.8 * D
    if lines is None:
        grid = YeeGrid(tuple(counts), tuple(spacing), (0.0,) * ndim, kind)
    else:
        grid = YeeGrid.graded(lines, kind)
    boundaries = [Pmc()] * ndim
    boundaries[axes[1]] = Pec()
    return grid, axes, boundaries


def end_ports(grid, axes, impedances):
    """A port over the whole cross-section at either end; impedances in units of the line's."""
    along, gap = axes
    line = line_impedance(grid, axes)
    center = [r[0] + e / 2 for r, e in zip((grid.lines(a) for a in range(grid.ndim)), grid.extent)]
    size = list(grid.extent)
    size[along] = 0.0
    ports = []
    for number, (end, z) in enumerate(zip((0, -1), impedances), 1):
        center[along] = grid.lines(along)[end]
        ports.append(
            LumpedPort(name=f"port {number}", axis=AXES[gap], center=tuple(center), size=tuple(size), share=1.0,
                       impedance=z * line)  # fmt: skip
        )
    return ports


def line_impedance(grid, axes):
    """``eta0`` times height over width; ohm m in two dimensions."""
    width = np.prod([e for a, e in enumerate(grid.extent) if a not in axes])
    return ETA0 * grid.extent[axes[1]] / width


def s_parameters(grid, boundaries, ports, extra=(), steps=2500, medium=None, frequencies=FREQUENCIES):
    """S-matrix of the ports, each driven in turn, and the time step."""
    medium = load_lumped(medium or Medium.uniform(grid), [*ports, *extra])
    voltages, drives = [], []
    for port in ports:
        source = port.source(PULSE)
        solver = FdtdMaxwell(
            medium, [source], [PortMonitor(p, frequencies) for p in ports], boundaries=boundaries, run_length=Steps(steps)
        )
        readings = solver.evaluate({})
        voltages.append([readings[p.name] for p in ports])
        drives.append(source.spectrum(frequencies, solver.dt, steps))
    return lumped_s_parameters(voltages, drives, [p.impedance for p in ports]), solver.dt


def discrete_line(grid, axes, dt):
    """Length, wavenumber and, for ports, impedance of the discrete line."""
    half_step = np.pi * FREQUENCIES * dt
    d = grid.spacing[axes[0]]
    half_cell = np.arcsin(d / (C0 * dt) * np.sin(half_step))
    return grid.extent[axes[0]], 2 * half_cell / d, line_impedance(grid, axes) * np.cos(half_step) / np.cos(half_cell)


def chain_matrix(length, wavenumber, impedance):
    """``V1 = A V2 + B I2``, ``I1 = C V2 + A I2`` of a line (Pozar, Microwave Engineering, 4th ed., Table 4.1), exp(-i w t)."""
    c, s = np.cos(wavenumber * length), -1j * np.sin(wavenumber * length)
    return c, impedance * s, s / impedance, c


def s_of_chain(a, b, c, d, z1, z2):
    """S-matrix for real references (Frickey, IEEE Trans. Microw. Theory Tech. 42, 205 (1994), Table I)."""
    whole = a * z2 + b + c * z1 * z2 + d * z1
    cross = 2 * np.sqrt(z1 * z2) / whole
    rows = [[(a * z2 + b - c * z1 * z2 - d * z1) / whole, cross], [cross, (-a * z2 + b - c * z1 * z2 + d * z1) / whole]]
    return np.moveaxis(np.array(rows), -1, 0)
