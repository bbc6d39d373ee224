"""What a described antenna does: S-parameters, input impedance, gain, efficiency, and how well the run was rung down."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.geometry.build import Model, build, cells_per_wavelength
from adjointdesign.problems.antennas.geometry.description import Antenna, read

RUNG_DOWN = 0.01
"""Largest error of an S-parameter's magnitude by the end of the run that passes for rung down."""
RESTING = 1e-5
"""Share of the largest voltage below which one that does not decay may be rounding or a resting charge."""
CUT_STEP = 3.0
"""Of the angles of polar cuts, degrees."""


@dataclass(frozen=True)
class PortRun:
    """What one run reads: one port driven, all others matched.

    Parameters
    ----------
    signals : list of ndarray
        Voltage of each port over time, V, at ``(n + 1/2) dt``.
    drive : ndarray
        Transform of the source's voltage at the frequencies of the band, V s.
    far_drive : ndarray
        The same at those of the far field.
    far : ndarray or None
        Reading of the far-field monitor.
    power : ndarray or None
        Power through the far-field box, in units of the drive's transform squared, W s^2.
    dt : float
        Time step, s.
    seconds : float
        What it took.
    """

    signals: list[np.ndarray]
    drive: np.ndarray
    far_drive: np.ndarray
    far: np.ndarray | None
    power: np.ndarray | None
    dt: float
    seconds: float

    def voltages(self, frequencies: np.ndarray) -> list[np.ndarray]:
        """Transforms of the signals, V s."""
        t = (np.arange(len(self.signals[0])) + 0.5) * self.dt
        kernel = self.dt * np.exp(2j * np.pi * np.outer(frequencies, t))
        return [kernel @ s for s in self.signals]


@dataclass(frozen=True)
class Results:
    """What was simulated, and what follows.

    Parameters
    ----------
    model : Model
        The antenna on its grid.
    runs : list of PortRun
        One a port.
    directions, weights : ndarray
        Theta and phi (rad) of the far field, and solid angles (sr) of the first of them, which make up the quadrature.
    """

    model: Model
    runs: list[PortRun]
    directions: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def impedances(self) -> list[float]:
        """Of the ports, ohm."""
        return [p.impedance for p in self.model.ports]

    @cached_property
    def s_parameters(self) -> np.ndarray:
        """``[frequency, port out, port in]``."""
        return self._s(self.model.frequencies, [r.drive for r in self.runs])

    def _s(self, frequencies, drives) -> np.ndarray:
        from adjointdesign.objectives.network import lumped_s_parameters

        return lumped_s_parameters([r.voltages(frequencies) for r in self.runs], drives, self.impedances)

    @property
    def input_impedance(self) -> np.ndarray:
        """Of each port with the others matched, ohm, in ``exp(-i w t)``; shape ``(frequencies, ports)``."""
        from adjointdesign.objectives.network import input_impedance

        s = self.s_parameters
        return np.stack([input_impedance(s[:, p, p], z) for p, z in enumerate(self.impedances)], axis=1)

    def truncation_error(self, number: int) -> float:
        """Bound on the error of the S-parameters of a run by what would still have come after its end.

        The largest voltages of the last two sixths of the time after the pulse give the rate of decay; what remains is
        taken for as coherent as it can be, at the frequency of the band where the drive is weakest. A remainder that does
        not decay, but is so small that it is rounding or a resting charge, is taken to last as long as the run did.
        """
        run = self.runs[number]
        worst = 0.0
        for signal in run.signals:
            count = (len(signal) - int(self.model.pulse.duration / run.dt)) // 6
            earlier, later = (np.abs(part).max(initial=0.0) for part in (signal[-2 * count : -count], signal[-count:]))
            rate = math.log(earlier / later) / (count * run.dt) if 0 < later < earlier else 0.0
            if rate > 0:
                lasting = 1 / rate
            else:
                lasting = len(signal) * run.dt if later <= RESTING * np.abs(signal).max() else math.inf
            worst = max(worst, 2 * later * lasting / np.abs(run.drive).min()) if later > 0 else worst
        return float(worst)

    def radiation(self, number: int) -> dict[str, np.ndarray]:
        """Powers and gains of a run at the frequencies of the far field; gains over all directions.

        ``available``, ``accepted`` and ``radiated`` in W per ``|V s|^2`` of the drive; the radiated power is that through the box.
        """
        from adjointdesign.objectives.far_field import directivity, radiation_intensity, realized_gain

        run, frequencies = self.runs[number], self.model.antenna.far_frequencies
        z = self.impedances[number]
        voltage = run.voltages(frequencies)[number] / run.far_drive
        intensity = radiation_intensity(run.far / run.far_drive[:, None, None])
        available = np.full(len(frequencies), 1 / (8 * z))
        # The box pairs whole steps of E with H: `PortMonitor` says why the factor.
        radiated = self._mirrored * run.power / np.abs(run.far_drive) ** 2 * np.cos(np.pi * frequencies * run.dt)
        return {
            "available": available,
            "accepted": 0.5 * np.real(voltage * np.conj(1 - voltage)) / z,
            "radiated": radiated,
            "pattern_power": intensity[:, : len(self.weights)] @ self.weights,
            "directivity": directivity(intensity, radiated),
            "realized_gain": realized_gain(intensity, available),
        }

    @property
    def _mirrored(self) -> int:
        """How many times the domain's power is that of the whole antenna."""
        return 2 ** sum(kind == "pmc" for kind in self.model.far_field_box[1].values())

    def summary(self) -> dict:
        """Everything as plain numbers, for ``--json``; see docs/command-line.md."""
        from adjointdesign.objectives.decibels import amplitude_decibels

        antenna, s = self.model.antenna, self.s_parameters
        ports, count = [p.name for p in self.model.ports], len(self.runs)
        errors = [self.truncation_error(p) for p in range(count)]
        z = self.input_impedance
        return {
            "antenna": antenna.name,
            "ports": ports,
            "frequencies": self.model.frequencies.tolist(),
            "s_parameters_db": {
                f"S{i + 1}{j + 1}": amplitude_decibels(s[:, i, j]).tolist() for i in range(count) for j in range(count)
            },
            "input_resistance": {p: z[:, i].real.tolist() for i, p in enumerate(ports)},
            "input_reactance": {p: (-z[:, i].imag).tolist() for i, p in enumerate(ports)},
            "rung_down": max(errors) <= RUNG_DOWN,
            "truncation_error": max(errors) if math.isfinite(max(errors)) else None,
            "cells": list(self.model.grid.cells),
            "smallest_cell": min(self.model.grid.spacing),
            "cells_per_wavelength": cells_per_wavelength(self.model),
            "steps": [len(r.signals[0]) for r in self.runs],
            "time_step": self.runs[0].dt,
            "seconds": sum(r.seconds for r in self.runs),
            "far_field": {p: self._far_summary(i) for i, p in enumerate(ports)} if antenna.far_field else None,
        }

    def _far_summary(self, number: int) -> dict:
        radiation = self.radiation(number)
        peak = np.argmax(radiation["directivity"], axis=1)
        rows = np.arange(len(peak))
        return {
            "frequencies": self.model.antenna.far_frequencies.tolist(),
            "directivity_dbi": (10 * np.log10(radiation["directivity"][rows, peak])).tolist(),
            "realized_gain_dbi": (10 * np.log10(radiation["realized_gain"][rows, peak])).tolist(),
            "direction": [_upright(*angles) for angles in np.degrees(self.directions[peak])],
            "radiation_efficiency": (radiation["radiated"] / radiation["accepted"]).tolist(),
            "total_efficiency": (radiation["radiated"] / radiation["available"]).tolist(),
            "pattern_power_error": (radiation["pattern_power"] / radiation["radiated"] - 1).tolist(),
        }


def simulate(antenna: Antenna, progress=None) -> Results:
    """Drive every port of an antenna in turn.

    Parameters
    ----------
    antenna : Antenna
        The description.
    progress : callable, optional
        Told what begins, as a line of text.

    Raises
    ------
    InputError
        When the antenna has no port, and as `build` and its parts.
    """
    if not antenna.ports:
        raise InputError("ports", "at least one", "none", "add a port that drives the antenna")
    model = build(antenna)
    directions, weights = far_directions(model) if antenna.far_field else (np.zeros((0, 2)), np.zeros(0))
    runs = []
    for number in range(len(model.ports)):
        runs.append(_run(model, number, directions, progress))
    return Results(model, runs, directions, weights)


def _run(model: Model, number: int, directions: np.ndarray, progress) -> PortRun:
    from adjointdesign.monitors import FarFieldMonitor, PortMonitor, RadiatedPowerMonitor, power

    monitors = [PortMonitor(p) for p in model.ports]
    far = model.antenna.far_frequencies
    if model.antenna.far_field:
        bounds, ground = model.far_field_box
        box = ([0.5 * (a + b) for a, b in bounds], [b - a for a, b in bounds], far)
        monitors += [
            FarFieldMonitor("far field", *box, directions, ground=ground),
            RadiatedPowerMonitor("radiated power", *box, ground=ground),
        ]
    began = time.perf_counter()
    solver = model.solver(number, monitors)  # which refuses what cannot be, before anything is told
    if progress is not None:
        cells = " x ".join(str(n) for n in model.grid.cells)
        progress(f"{cells} cells, port '{model.ports[number].name}', {number + 1} of {len(model.ports)}")
    readings = solver.evaluate({})
    source = solver.program.doors.sources[0]
    drive, far_drive = (source.spectrum(f, solver.dt, solver.steps) for f in (model.frequencies, far))
    return PortRun(
        [readings[p.name] for p in model.ports], drive, far_drive, readings.get("far field"),
        power(readings["radiated power"]) if model.antenna.far_field else None, solver.dt, time.perf_counter() - began,
    )  # fmt: skip


def far_directions(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Directions of the far field (theta and phi, rad) and the solid angles of those that make up the quadrature.

    All of space, or what a ground leaves of it; then the cuts at phi of 0 and 90 degrees, theta from -180 to 180.
    """
    from adjointdesign.objectives.far_field import cut_directions, hemisphere_directions, sphere_directions

    order = model.antenna.far_field.samples
    grounds = [face for face, kind in model.far_field_box[1].items() if kind == "pec"]
    if len(grounds) > 1:
        raise InputError("far field", "one ground at most", " and ".join(grounds), "leave out far_field, or open a face")
    angles = np.radians(np.arange(-180.0, 180.0 + CUT_STEP / 2, CUT_STEP))
    cuts = np.concatenate([cut_directions(angles, phi) for phi in (0.0, math.pi / 2)])
    if not grounds:
        around, weights = sphere_directions(order)
        return np.concatenate([around, cuts]), weights
    upward, weights = hemisphere_directions(order)
    axis, sign = AXES.index(grounds[0][1]), 1 if grounds[0][0] == "-" else -1
    # The hemisphere about z, its axes exchanged in turn until z has become the axis away from the ground.
    turned = np.roll(_vectors(upward), axis + 1, axis=1) * np.where(np.arange(3) == axis, sign, 1)
    around = np.stack([np.arccos(np.clip(turned[:, 2], -1, 1)), np.arctan2(turned[:, 1], turned[:, 0])], axis=1)
    cuts = cuts[sign * _vectors(cuts)[:, axis] >= -1e-9]
    return np.concatenate([around, cuts]), weights


def _vectors(directions: np.ndarray) -> np.ndarray:
    theta, phi = directions.T
    return np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=1)


def _upright(theta: float, phi: float) -> list[float]:
    """The same direction with theta from 0 to 180 and phi from 0 to 360 degrees."""
    return [float(abs(theta)), float((phi + 180 * (theta < 0)) % 360)]


def evaluate_file(path: str | Path, progress=None) -> Results:
    """Simulate the antenna that a TOML file describes; raises as `read` and `simulate`."""
    return simulate(read(path), progress)


def table(results: Results) -> str:
    """The main numbers, for people."""
    s, z, f = results.s_parameters, results.input_impedance, results.model.frequencies
    found = results.summary()
    cells = " x ".join(str(n) for n in found["cells"])
    lines = [f"{found['antenna']}: {cells} cells, {found['cells_per_wavelength']:.1f} a wavelength or more, {sum(found['steps'])} steps"]
    for p, name in enumerate(found["ports"]):
        best = int(np.argmin(np.abs(s[:, p, p])))
        lines.append(
            f"  port {name}: |S{p + 1}{p + 1}| least at {f[best]:.6g} Hz, {20 * np.log10(np.abs(s[best, p, p])):.2f} dB, "
            f"impedance {z[best, p].real:.2f} ohm, reactance {-z[best, p].imag:.2f} ohm"
        )
        if found["far_field"]:
            far = found["far_field"][name]
            for k, frequency in enumerate(far["frequencies"]):
                lines.append(
                    f"    {frequency:.6g} Hz: directivity {far['directivity_dbi'][k]:.2f} dBi at theta {far['direction'][k][0]:.0f}, "
                    f"phi {far['direction'][k][1]:.0f} degrees, realized gain {far['realized_gain_dbi'][k]:.2f} dBi, "
                    f"radiation efficiency {far['radiation_efficiency'][k]:.4f}"
                )
    error = found["truncation_error"]
    if found["rung_down"]:
        lines.append(f"  rung down: what the end of the run left out is at most {error:.1e} of an S-parameter")
    else:
        size = "unbounded" if error is None else f"up to {error:.1e} of an S-parameter"
        lines.append(f"  NOT RUNG DOWN: what the end of the run left out is {size}; raise run.periods")
    return "\n".join(lines)
