"""What the runs of a described antenna read, and what follows: S-parameters, impedance, powers, gains, error bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from adjointdesign.problems.antennas.describe_ringing import Ringing, ringing_summary, transforms
from adjointdesign.problems.antennas.describe_waves import WaveReading, above_cutoff, is_wave, references, s_parameters, scales
from adjointdesign.problems.antennas.geometry.build import Model, cells_per_wavelength


@dataclass(frozen=True)
class PortRun:
    """What one run reads: one port driven, all others matched.

    Parameters
    ----------
    signals : list of ndarray
        Voltage of each port over time, V, at ``(n + 1/2) dt``; of those of lines and guides what `WaveSignalMonitor` reads.
    drive : ndarray
        Transform of the source's voltage at the frequencies of the band, V s; of those twice the incident wave, sqrt(W) s.
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
    dissipated : ndarray or None
        Power that the medium within that box takes, the ports' impedances included, in units of ``power``.
    losses : dict of str to ndarray
        Parts of it by what takes them, see `loss_parts`.
    currents : tuple of SurfaceCurrent
        On flat metal, in the middle of the band.
    waves : dict of str to WaveReading
        Of ports of lines and guides, by their names.
    """

    signals: list[np.ndarray]
    drive: np.ndarray
    far_drive: np.ndarray
    far: np.ndarray | None
    power: np.ndarray | None
    dt: float
    seconds: float
    dissipated: np.ndarray | None = None
    losses: dict[str, np.ndarray] = field(default_factory=dict)
    currents: tuple = ()
    waves: dict[str, WaveReading] = field(default_factory=dict)

    def voltages(self, frequencies: np.ndarray) -> list[np.ndarray]:
        """Transforms of the signals until the end of the run, V s, as of the far field."""
        return transforms(self.signals, self.dt, frequencies)


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
        """Of the ports, ohm; of a line or guide in the middle of the band."""
        middle = len(self.model.frequencies) // 2
        return [float(self.references[middle, n]) if is_wave(p) else p.impedance for n, p in enumerate(self.model.ports)]

    @property
    def references(self) -> np.ndarray:
        """Impedances to which S-parameters refer, ohm, shape ``(frequencies, ports)``."""
        return references(self.model, self.runs[0].waves)

    def amplitude(self, number: int) -> float:
        """What a port's drive is where 1 W is available, in its unit."""
        return 2 / scales(self.model)[number]

    @cached_property
    def ringing(self) -> list[Ringing]:
        """What each run's end left out of the ports' voltages."""
        units, end = scales(self.model), self.model.pulse.duration
        return [
            Ringing(r.signals, r.dt, end, self.model.frequencies, r.drive, [unit / units[n] for unit in units], above_cutoff(self.model, r.waves))
            for n, r in enumerate(self.runs)
        ]

    @cached_property
    def s_parameters(self) -> np.ndarray:
        """``[frequency, port out, port in]``, extrapolated beyond the end of a run where that is better."""
        from adjointdesign.objectives.network import lumped_s_parameters

        if self.runs[0].waves:
            return s_parameters(self.model, self.runs, [r.recorded for r in self.ringing])
        return lumped_s_parameters([r.voltages for r in self.ringing], [r.drive for r in self.runs], self.impedances)

    @property
    def input_impedance(self) -> np.ndarray:
        """Of each port with the others matched, ohm, in ``exp(-i w t)``; shape ``(frequencies, ports)``."""
        from adjointdesign.objectives.network import input_impedance

        s = self.s_parameters
        return np.stack([input_impedance(s[:, p, p], z) for p, z in enumerate(self.references.T)], axis=1)

    @property
    def lengthen(self) -> str:
        """What makes the runs longer."""
        run, low = self.model.antenna.run, self.model.antenna.band.low
        longest = max(len(r.signals[0]) * r.dt for r in self.runs)
        spent = longest >= self.model.pulse.duration + run.periods / low
        return f"raise run.periods ({run.periods:g})" if spent else f"lower run.decay ({run.decay:g})"

    def radiation(self, number: int) -> dict:
        """Powers and gains of a run at the frequencies of the far field; gains over all directions.

        ``available``, ``accepted``, ``radiated``, ``dissipated`` and ``transferred`` (into the other ports) in W per
        ``|V s|^2`` of the drive; the radiated power is that through the box, the dissipated one that of the medium
        within it without what the ports take by their circuit. ``losses`` is a dict of its parts, of which ``ports``
        is what ports several edges wide take beyond that (`adjointdesign.sources.lumped_port`).
        """
        from adjointdesign.objectives.far_field import directivity, radiation_intensity, realized_gain

        run, frequencies = self.runs[number], self.model.antenna.far_frequencies
        intensity = radiation_intensity(run.far / run.far_drive[:, None, None])
        available = np.full(len(frequencies), 1 / self.amplitude(number) ** 2)
        port = self.model.ports[number]
        if is_wave(port):  # the only one, see `simulate`
            accepted = available * (1 - np.abs(run.waves[port.name].far[:, 1] / run.waves[port.name].far[:, 0]) ** 2)
            taken = [np.zeros(len(frequencies))]
        else:
            voltages = [v / run.far_drive for v in run.voltages(frequencies)]
            accepted = 0.5 * np.real(voltages[number] * np.conj(1 - voltages[number])) / port.impedance
            taken = [0.5 * np.abs(v) ** 2 / z for v, z in zip(voltages, self.impedances)]
        # The box pairs whole steps of E with H, as waves do; `PortMonitor` says why the factor for a voltage.
        unit = self.model.mirrored / np.abs(run.far_drive) ** 2 * (1.0 if is_wave(port) else np.cos(np.pi * frequencies * run.dt))
        radiated = unit * run.power
        dissipated = unit * run.dissipated - sum(taken)
        losses = {name: unit * part for name, part in run.losses.items()}
        return {
            "available": available,
            "accepted": accepted,
            "radiated": radiated,
            "dissipated": dissipated,
            "transferred": sum(taken) - taken[number],
            "losses": losses | {"ports": dissipated - sum(losses.values())},
            "pattern_power": intensity[:, : len(self.weights)] @ self.weights,
            "directivity": directivity(intensity, radiated),
            "realized_gain": realized_gain(intensity, available),
        }

    @staticmethod
    def power_balance_error(radiation: dict) -> np.ndarray:
        """What is radiated, dissipated and transferred over what is accepted, less one: a check of the run."""
        leaving = radiation["radiated"] + radiation["dissipated"] + radiation["transferred"]
        return leaving / radiation["accepted"] - 1

    def summary(self) -> dict:
        """Everything as plain numbers, for ``--json``; see docs/command-line.md."""
        from adjointdesign.objectives.decibels import amplitude_decibels

        antenna, s = self.model.antenna, self.s_parameters
        ports, count = [p.name for p in self.model.ports], len(self.runs)
        z = self.input_impedance
        return {
            "antenna": antenna.name,
            "ports": ports,
            "frequencies": self.model.frequencies.tolist(),
            "s_parameters_db": {
                f"S{i + 1}{',' if count > 9 else ''}{j + 1}": amplitude_decibels(s[:, i, j]).tolist()
                for i in range(count)
                for j in range(count)
            },
            "input_resistance": {p: z[:, i].real.tolist() for i, p in enumerate(ports)},
            "input_reactance": {p: (-z[:, i].imag).tolist() for i, p in enumerate(ports)},
            "lines": {
                name: {"impedance": wave.impedance.tolist(), "phase_constant": (-wave.propagation.imag).tolist()}
                for name, wave in self.runs[0].waves.items()
            },
            **ringing_summary(self.ringing),
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
            "direction": [upright(*angles) for angles in np.degrees(self.directions[peak])],
            "radiation_efficiency": (radiation["radiated"] / radiation["accepted"]).tolist(),
            "total_efficiency": (radiation["radiated"] / radiation["available"]).tolist(),
            "dissipated": (radiation["dissipated"] / radiation["accepted"]).tolist(),
            "dissipated_by": {
                name: (part / radiation["accepted"]).tolist() for name, part in radiation["losses"].items()
            },
            "transferred": (radiation["transferred"] / radiation["accepted"]).tolist(),
            "power_balance_error": self.power_balance_error(radiation).tolist(),
            "pattern_power_error": (radiation["pattern_power"] / radiation["radiated"] - 1).tolist(),
        }


def upright(theta: float, phi: float) -> list[float]:
    """The same direction with theta from 0 to 180 and phi from 0 to 360 degrees."""
    return [float(abs(theta)), float((phi + 180 * (theta < 0)) % 360)]
