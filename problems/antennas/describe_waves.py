"""Ports of lines and guides in the results of a described antenna: the waves that they read, S-parameters, impedances.

A lumped port has the waves of its own impedance (eq. (1) of `adjointdesign.sources.lumped_port`), so that both kinds stand in one S-matrix: that
which makes the outgoing waves of all runs from their incident ones, whatever comes back from behind a wave port.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adjointdesign.problems.antennas.geometry.build import Model
from adjointdesign.problems.antennas.geometry.wave_ports import cutoff


@dataclass(frozen=True)
class WaveReading:
    """What one run reads at a port of a line or guide.

    Parameters
    ----------
    band, middle, far : ndarray, shape (n, 2)
        Amplitudes of the waves that enter and leave at the frequencies of the band, in its middle, and at those of the far field, sqrt(W) s.
    propagation, impedance : ndarray
        Constants of the wave over the band, 1/m and ohm: of voltage and power, or in a hollow guide the wave impedance.
    """

    band: np.ndarray
    middle: np.ndarray
    far: np.ndarray
    propagation: np.ndarray
    impedance: np.ndarray


def is_wave(port) -> bool:
    """Whether a port of a model is one of a line or guide."""
    return hasattr(port, "setback")


def port_monitors(model: Model) -> list:
    """What reads the ports: a series in time of each, in their order, then waves."""
    from adjointdesign.monitors import PortMonitor, WavePortMonitor, WaveSignalMonitor

    middle = model.antenna.band.center
    far = model.antenna.far_frequencies if model.antenna.far_field else []
    waves = [WavePortMonitor(p, np.concatenate([model.frequencies, [middle], far])) for p in model.ports if is_wave(p)]
    return [*(WaveSignalMonitor(p, middle) if is_wave(p) else PortMonitor(p) for p in model.ports), *waves]


def wave_readings(model: Model, solver, readings) -> dict[str, WaveReading]:
    """Readings of a run by the names of its ports."""
    found, count = {}, len(model.frequencies)
    placements = dict(zip((m.name for m in solver.program.doors.monitors), solver.program.doors.placements))
    for port in filter(is_wave, model.ports):
        waves = readings[port.name]
        line = port.constants_of([mode for (mode,) in placements[port.name].modes[:count]])
        impedance = line.wave_impedance if line.impedance is None else line.impedance
        found[port.name] = WaveReading(waves[:count], waves[count : count + 1], waves[count + 1 :], line.propagation, impedance.real)
    return found


def above_cutoff(model: Model, waves: dict[str, WaveReading]) -> float:
    """How far the band lies above the cutoffs of the waves of its lines and guides, Hz; zero without such."""
    lowest = max((cutoff(w.propagation.imag, model.frequencies) for w in waves.values()), default=model.frequencies[0])
    return float(model.frequencies[0] - lowest)


def scales(model: Model) -> list[float]:
    """Square root of the watts of a wave for a unit of what is read at each port: one, or ``1 / sqrt(2 Z)`` for a voltage."""
    return [1.0 if is_wave(p) else 1 / np.sqrt(2 * p.impedance) for p in model.ports]


def references(model: Model, waves: dict[str, WaveReading]) -> np.ndarray:
    """Impedances to which S-parameters refer, ohm, shape ``(frequencies, ports)``: those given, else those of the lines."""
    columns = []
    for number, port in enumerate(model.ports):
        given = getattr(model.antenna.ports[number], "impedance", None) if is_wave(port) else port.impedance
        columns.append(waves[port.name].impedance if given is None else np.full(len(model.frequencies), given))
    return np.stack(columns, axis=1)


def s_parameters(model: Model, runs: Sequence, voltages: list[list[np.ndarray]]) -> np.ndarray:
    """S-parameters with their planes moved and for the impedances of `references`.

    Parameters
    ----------
    model : Model
        The antenna.
    runs : sequence of PortRun
        One a port.
    voltages : list of lists of ndarray
        ``[run][port]``: transforms of the voltages of lumped ports, V s; of no meaning for others.
    """
    from adjointdesign.objectives.network import deembed, renormalize, s_matrix

    ports, shape = model.ports, (len(model.frequencies), len(model.ports), len(runs))
    incident, outgoing = np.zeros(shape, complex), np.zeros(shape, complex)
    own, propagation, lengths = np.zeros(shape[:2]), np.zeros(shape[:2], complex), np.zeros(shape[1])
    for i, (port, scale) in enumerate(zip(ports, scales(model))):
        for n, run in enumerate(runs):
            if is_wave(port):
                incident[:, i, n], outgoing[:, i, n] = run.waves[port.name].band.T
            else:
                incident[:, i, n] = 0.5 * scale * run.drive if n == i else 0.0
                outgoing[:, i, n] = scale * voltages[n][i] - incident[:, i, n]
        if is_wave(port):
            line = runs[0].waves[port.name]
            own[:, i], propagation[:, i], lengths[i] = line.impedance, line.propagation, model.antenna.ports[i].deembed
        else:
            own[:, i] = port.impedance
    s = deembed(s_matrix(incident, outgoing), propagation, lengths)
    wanted = references(model, runs[0].waves)
    return s if np.array_equal(own, wanted) else renormalize(s, own, wanted)
