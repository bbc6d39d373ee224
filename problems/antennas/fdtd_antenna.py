"""An antenna in FDTD, part of which is designed: what the problems of this package share.

What is not designed (ground, substrate, ports, open space) is described as in a file for ``adjointdesign evaluate``; the
design enters the solver as inputs over a box of that grid. A finished design is described in the same terms, written to
``antenna.toml``, and simulated again from that file on a grid of its own.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from adjointdesign.problems.antennas.geometry.build import Model, build
from adjointdesign.problems.antennas.geometry.description import Antenna, described
from adjointdesign.problems.antennas.ringing_watch import RingingWatch
from pydantic import Field, field_validator

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, Settings
from adjointdesign.tape import taped

Positive = Annotated[float, Field(gt=0)]
Length = Annotated[float, Field(ge=1e-12, le=1e3)]
LEAST_ROOM = 2
"""Cells from metal to the absorber: the far-field box lies between, off both."""


class AntennaSpecification(Settings):
    """What every antenna is asked about.

    ``frequencies`` (Hz) are those at which the port is read, ``far_frequencies`` (Hz) those of the far field, which is read
    along ``directions`` (theta and phi, degrees). ``impedance`` (ohm) is that of the port.
    """

    frequencies: tuple[Positive, ...]
    far_frequencies: tuple[Positive, ...] = ()
    directions: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
    impedance: Positive = 50.0

    @field_validator("frequencies", "far_frequencies")
    @classmethod
    def _ascend(cls, values):
        if any(b <= a for a, b in zip(values, values[1:])):
            raise ValueError("ascending frequencies")
        return values

    @field_validator("frequencies")
    @classmethod
    def _some(cls, values):
        if not values:
            raise ValueError("at least one frequency")
        return values


class AntennaDiscretization(Settings):
    """How an antenna is simulated.

    ``cell`` (m) is the side of the cells where the design is; ``cells_per_wavelength`` holds everywhere else. A run ends when its
    energy has fallen by ``decay``, or ``periods`` lowest periods after the pulse. The finished design is simulated from its file
    with cells of ``cell / refinement`` at metal.
    """

    cell: Length
    cells_per_wavelength: Annotated[float, Field(ge=8)] = 15.0
    absorber_cells: Annotated[int, Field(ge=4, le=100)] = 8
    padding: Length | None = None
    decay: Annotated[float, Field(gt=0, lt=1)] = 1e-6
    periods: Positive = 60.0
    courant: Annotated[float, Field(ge=0.01, lt=1)] = 0.95
    refinement: Positive = 1.0
    precision: Literal["double", "single"] = "double"
    schedule: Literal["auto", "memory", "revolve", "disk"] = "auto"
    memory_budget: str = "2GiB"
    threads: Annotated[int, Field(ge=1)] | None = None


class FdtdAntenna(Problem):
    """An antenna with one port.

    A problem defines `background`, `nodes`, `design`, `describe`, the first steps of the flow (`density`, `medium`), its `objective`
    and `targets`.
    """

    reads_power: ClassVar[bool] = False
    """Whether the radiated power is read, for efficiencies."""

    def __init__(self, specification, discretization, optimization):
        super().__init__(specification, discretization, optimization)
        room, least = discretization.padding, LEAST_ROOM * discretization.cell
        if room is not None and room < least * (1 - 1e-9):
            raise InputError("discretization.padding", f"{least:.4g} m or more, {LEAST_ROOM} cells", f"{room:.4g} m", "enlarge it")
        for theta, _ in specification.directions if specification.far_frequencies else ():
            if self.antenna.boundaries.z[0] == "ground" and not abs(theta) < 90:
                raise InputError("specification.directions", "angles above the ground, less than 90 degrees from z", f"{theta:g} degrees", "change it")

    # -- what an antenna defines --------------------------------------------------------------------------------------

    def background(self) -> dict:
        """What is not designed, as the content of a TOML file; `settings` holds the parts that all share."""
        raise NotImplementedError

    def nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Positions along each axis that must be nodes of the grid, m: those of the cells where the design is."""
        raise NotImplementedError

    def design(self) -> dict[str, Any]:
        """Arguments of `FdtdMaxwell` that say what is designed, ``box`` above all."""
        raise NotImplementedError

    def describe(self, parameters: np.ndarray, folder) -> dict:
        """The finished antenna as the content of a TOML file; files that it names are written into ``folder``."""
        raise NotImplementedError

    # -- the model ----------------------------------------------------------------------------------------------------

    def settings(self, refinement: float | None = None) -> dict:
        """Band, grid, run and far field of a description: those of the optimization, or of a finished design."""
        s, d = self.specification, self.discretization
        every = sorted({*s.frequencies, *s.far_frequencies})
        low, high = every[0], every[-1]
        if low == high:
            low, high = 0.9 * low, 1.1 * high
        grid: dict[str, Any] = {"cells_per_wavelength": d.cells_per_wavelength, "absorber_cells": d.absorber_cells}
        run = {"decay": d.decay, "periods": d.periods, "courant": d.courant, "precision": d.precision}
        if refinement is not None:
            grid |= {"edge_size": d.cell / refinement, "cells_per_wavelength": d.cells_per_wavelength * refinement}
            # No derivatives are tested by it, and it is the judge of what is left of a run.
            run |= {"precision": "single", "decay": min(d.decay, 1e-6)}
        whole: dict[str, Any] = {
            "name": self.name, "band": {"low": low, "high": high, "points": 101}, "grid": grid, "run": run,
            "domain": {} if d.padding is None else {"padding": d.padding},
        }  # fmt: skip
        if s.far_frequencies:
            whole["far_field"] = {"frequencies": list(s.far_frequencies)}
        return whole

    @cached_property
    def antenna(self) -> Antenna:
        """The description of what is not designed."""
        return described(self.background())

    @cached_property
    def model(self) -> Model:
        """The same on its grid."""
        return build(self.antenna, self.nodes(), designed_metal=True)

    def solver(self):
        """The FDTD solver; made once."""
        return self._solver

    @cached_property
    def _solver(self):
        d = self.discretization
        options = {"schedule": d.schedule, "memory_budget": d.memory_budget, "threads": d.threads}
        solver = self.model.solver(0, self._monitors(), **options, **self.design())
        # One length for all runs, so that a resumed search goes on as it began and a file is judged as it was found.
        solver.evaluate({name: np.asarray(values) for name, values in self.medium(self.exemplar()).items()})
        return solver

    def exemplar(self):
        """The density by whose run the length of all is set: that of the first design."""
        return self.density(self.initial_design(np.random.default_rng(0)), self.stages()[0].parameters)

    def _monitors(self) -> list:
        from adjointdesign.monitors import FarFieldMonitor, PortMonitor, RadiatedPowerMonitor

        s = self.specification
        monitors: list = [PortMonitor(self.model.ports[0])]
        if s.far_frequencies:
            bounds, ground = self.model.far_field_box
            box = ([0.5 * (a + b) for a, b in bounds], [b - a for a, b in bounds], s.far_frequencies)
            monitors.append(FarFieldMonitor("far field", *box, np.radians(s.directions), ground=ground))
            if self.reads_power:
                monitors.append(RadiatedPowerMonitor("radiated power", *box, ground=ground))
        return monitors

    def prepare(self) -> None:
        """Make the solver; put the first design through every stage."""
        first = self.initial_design(np.random.default_rng(0))
        for stage in self.stages():
            self.medium(self.density(first, stage.parameters))
        self.solver()

    def refined(self, factor: float):
        """The same design on smaller cells; the absorbing layers stay as thick as they are."""
        d = self.discretization
        return self.rebuilt(
            cell=d.cell / factor, cells_per_wavelength=d.cells_per_wavelength * factor, absorber_cells=round(d.absorber_cells * factor)
        )  # fmt: skip

    # -- the flow -----------------------------------------------------------------------------------------------------

    def solve(self, medium):
        """Voltage of the port over time, far field, tangential fields on its box."""
        from adjointdesign.tape import solve

        fields = solve(self.solver(), **medium)
        self.ringing.look(np.asarray(fields[self.model.ports[0].name]))
        return fields

    @cached_property
    def ringing(self) -> RingingWatch:
        """What the runs leave over at their end."""
        s, dt = self.specification, self.solver().dt
        return RingingWatch(self.discretization.decay, max(1, round(0.5 / (min((*s.frequencies, *s.far_frequencies)) * dt))))

    def readings(self, fields) -> dict[str, Any]:
        """``reflection`` (complex) and ``S11`` (dB); ``gain`` (realized, dBi, frequency by direction) and ``efficiency`` (total)."""
        from adjointdesign.objectives.network import lumped_s_parameters
        from adjointdesign.objectives.s_parameters import decibels

        s, port = self.specification, self.model.ports[0]
        drive = self._drive(s.frequencies)
        voltage = transform(fields[port.name], self._kernel)
        reflection = lumped_s_parameters([[voltage]], [drive], [port.impedance])[:, 0, 0]
        found = {"reflection": reflection, "S11": decibels(reflection)}
        if s.far_frequencies:
            found |= self._radiation(fields, port)
        return found

    def _radiation(self, fields, port) -> dict[str, Any]:
        from adjointdesign.objectives.far_field import radiation_intensity, realized_gain, total_efficiency
        from adjointdesign.objectives.s_parameters import power_decibels

        drive = self._drive(self.specification.far_frequencies)
        available = np.full(len(drive), 1 / (8 * port.impedance))  # of one volt behind the impedance
        far = fields["far field"] / drive[:, None, None]
        found = {"gain": power_decibels(realized_gain(radiation_intensity(far), available))}
        if self.reads_power:
            radiated = self.model.mirrored * _radiated(fields["radiated power"], drive, self.solver().dt, self.specification.far_frequencies)
            found["efficiency"] = total_efficiency(radiated, available)
        return found

    @cached_property
    def _kernel(self) -> np.ndarray:
        """Of the transform of the port's voltage, s."""
        solver = self.solver()
        return solver.dt * np.exp(2j * np.pi * np.outer(self.specification.frequencies, (np.arange(solver.steps) + 0.5) * solver.dt))

    def _drive(self, frequencies) -> np.ndarray:
        """Transform of the source's voltage as the program drives it, V s."""
        solver = self.solver()
        return solver.program.doors.sources[0].spectrum(np.array(frequencies), solver.dt, solver.steps)

    # -- files --------------------------------------------------------------------------------------------------------

    def file_result(self, path, objective, readings):
        """Also whether the run has rung down."""
        return super().file_result(path, objective, readings) | {"ringing": self.ringing.summary}

    def table(self, result):
        """Also a run that has not rung down."""
        return super().table(result) + ("" if result["ringing"]["rung_down"] else f"\nNOT RUNG DOWN: {self.ringing.words}")

    def deliver(self, folder, parameters, status):
        """Write design.h5, the antenna as a file, and what a simulation of that file gives; see `fdtd_deliver.py`."""
        from adjointdesign.problems.antennas.fdtd_deliver import deliver

        deliver(self, folder, parameters, status)

    def pictures(self, folder):
        """Matching, Smith chart, pattern, currents, mesh lines."""
        from adjointdesign.problems.antennas.fdtd_deliver import pictures

        return pictures(self, folder)

    def summarize(self, folder):
        """What the simulation of the exported antenna says."""
        from adjointdesign.problems.antennas.fdtd_deliver import summarize

        return summarize(folder)


@taped
def transform(signal, kernel):
    """Of a real signal, by the matrix that holds ``dt exp(i w t)``."""
    import autograd.numpy as anp

    return anp.dot(kernel.real, signal) + 1j * anp.dot(kernel.imag, signal)


def _radiated(reading, drive, dt: float, frequencies):
    """Power out of the box for one volt; the factor pairs whole steps of E with H, see `PortMonitor`."""
    from adjointdesign.monitors import power

    return taped(lambda r: power(r, drive) * np.cos(np.pi * np.array(frequencies) * dt))(reading)


def require(what: str, value: float, low: float, high: float, unit: str = "m") -> None:
    """Raise `InputError` unless a value lies within bounds."""
    if not low <= value <= high:
        raise InputError(what, f"{low:.4g} to {high:.4g} {unit}", f"{value:.4g} {unit}", "change it")
