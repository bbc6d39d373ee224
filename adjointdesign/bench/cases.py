"""The runs that the FDTD benchmark measures: a dielectric block in an absorbing box, with one running Fourier
transform; and the same with one thing more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.monitors.far_field import FarFieldMonitor
from adjointdesign.monitors.fields import FieldMonitor
from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, FdtdMaxwell, Medium, Steps
from adjointdesign.sources.currents import point_dipole
from adjointdesign.sources.waveforms import GaussianPulse

_SPACING = 20e-9
_FREQUENCY = C0 / 1.55e-6
_RESONANT = Dispersion.lorentz(2.25, 1.0, 1.3 * _FREQUENCY, 0.1 * _FREQUENCY)
_STORED_BUDGET = 2**40  # never the limit: the schedule "memory" keeps the whole history


@dataclass(frozen=True)
class Case:
    """One run: a box with absorbing layers on all faces, ``cells`` along each axis.

    Parameters
    ----------
    name : str
        What tables call it.
    cells : tuple of int
        Cells along each axis, two (Ez polarization) or three.
    precision : {"single", "double"}
        Precision of the fields.
    threads, steps, layer : int
        Number of threads, of time steps, and cells of absorbing layer on each face.
    design : int
        Side of the design box, cells.
    snapshots : int
        Where positive, the gradient is measured under revolve with so many snapshots; where zero, with stored history.
    gradient : bool
        Whether a gradient is measured.
    variant : {"", "dispersive", "graded", "far field"}
        What is added: a block of a tenth of the volume with a resonance, whose strength is then designed with the permittivity;
        cells that grow and shrink along every axis; a far-field box around everything, with 11 frequencies.
    """

    name: str
    cells: tuple[int, ...]
    precision: str
    threads: int
    steps: int
    design: int
    layer: int = 10
    snapshots: int = 0
    gradient: bool = False
    variant: str = ""

    @cached_property
    def solver(self) -> FdtdMaxwell:
        """The solver of this case."""
        axes = range(len(self.cells))
        polarization = "3d" if len(axes) == 3 else "ez"
        if self.variant == "graded":
            grid = YeeGrid.graded([self._graded(n) for n in self.cells], polarization)
        else:
            grid = YeeGrid(self.cells, (_SPACING,) * len(axes), (0.0,) * len(axes), polarization)
        extent = np.array(grid.extent)

        def block(*position):
            inside = True
            for x, length in zip(position, extent):
                inside = inside & (np.abs(x - length / 2) < length / 6)
            return np.where(inside, 12.25, 1.0)

        half = self.design * _SPACING / 2
        dipole = point_dipole("dipole", tuple(0.3 * extent), "ez", GaussianPulse(_FREQUENCY, _FREQUENCY / 4))
        normal = extent * np.where(np.arange(len(axes)) == 0, 0.0, 0.7)
        plane = FieldMonitor(
            "plane", (0.7 * extent[0], *(extent[1:] / 2)), tuple(normal), ("ey", "ez", "hy", "hz") if len(axes) == 3
            else ("ez", "hy"), np.array([_FREQUENCY]),
        )  # fmt: skip
        arguments = dict(
            boundaries=[Cpml(self.layer)] * len(axes), run_length=Steps(self.steps), precision=self.precision,
            box=Box.covering(grid, extent / 2 - half, extent / 2 + half), threads=self.threads, courant=0.9,
        )  # fmt: skip
        medium = Medium.from_function(grid, block)
        monitors = [plane]
        if self.variant == "far field":
            around = np.linspace(0.8, 1.2, 11) * _FREQUENCY
            angles = np.stack(np.meshgrid(np.linspace(0.1, 3.0, 9), np.linspace(0.0, 6.0, 12)), axis=-1).reshape(-1, 2)
            size = extent - 2 * (self.layer + 1) * _SPACING
            monitors.append(FarFieldMonitor("far field", tuple(extent / 2), tuple(size), around, angles))
        if self.variant == "dispersive":
            medium = medium.filled("resonant", _RESONANT, self._tenth(extent))
            arguments["designed"] = ("resonant",)
        parts = medium, [dipole], monitors
        stored = FdtdMaxwell(*parts, schedule="memory", memory_budget=_STORED_BUDGET, **arguments)
        if not self.snapshots:
            return stored
        units = self.steps // (4 * self.snapshots)
        budget = self.snapshots * self.state_bytes(stored) + (max(units, 1) + 1) * stored.program.pool.bytes_per_step
        return FdtdMaxwell(*parts, schedule="revolve", memory_budget=budget, **arguments)

    @cached_property
    def inputs(self) -> dict[str, np.ndarray]:
        """The background's own permittivity in the design box, so that the medium is the same as without it."""
        program = self.solver.program
        inputs = {}
        for c in program.grid.electric:
            inputs[f"permittivity_{c[1]}"] = program.medium.permittivity[c][program.box.slices[c]]
            for name, part in program.medium.dispersive.items():
                inputs[f"strength_{name}_{c[1]}"] = part.strength[c][program.box.slices[c]]
        return inputs

    def _graded(self, count: int) -> np.ndarray:
        """Nodes whose distances grow by half and shrink again, even in the absorbing layers."""
        inner = count - 2 * (self.layer + 1)
        even = np.ones(self.layer + 1)
        sizes = np.concatenate([even, 1 + 0.5 * np.sin(np.pi * (np.arange(inner) + 0.5) / inner) ** 2, even])
        return _SPACING * np.concatenate([[0.0], np.cumsum(sizes)])

    @staticmethod
    def _tenth(extent: np.ndarray):
        """A block in the middle, of a tenth of the volume, as a function of position."""
        half = 0.5 * 0.1 ** (1 / len(extent)) * extent

        def share(*position):
            inside = True
            for x, length, reach in zip(position, extent, half):
                inside = inside & (np.abs(x - length / 2) < reach)
            return np.where(inside, 1.0, 0.0)

        return share

    @staticmethod
    def state_bytes(solver: FdtdMaxwell) -> int:
        """Size of the fields and the absorber's memory."""
        return solver.program.zero_state().nbytes

    def expected_bytes(self) -> int:
        """Fields and coefficients of the forward and adjoint sweeps, history or budget, and the gradient's sums."""
        program = self.solver.program
        fields = (2 if self.gradient else 1) * self.state_bytes(self.solver)
        coefficients = program.coefficients({}, {}, {}, {})
        poles = coefficients.dispersive
        arrays = sum(a.nbytes for a in (*coefficients.ca, *coefficients.cb, *poles.keep, *poles.gain))
        if not self.gradient:
            return fields + arrays
        kept = self.solver.memory_budget if self.snapshots else self.steps * program.pool.bytes_per_step
        sums = 1 + len(program.places.designed)
        return fields + arrays + kept + 8 * sums * sum(int(np.prod(s)) for s in program.pool.shapes)
