"""What a described antenna does: every port driven in turn, the far field, the main numbers for people."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.describe_currents import current_monitors, metal_planes, surface_currents
from adjointdesign.problems.antennas.describe_losses import loss_parts
from adjointdesign.problems.antennas.describe_results import PortRun, Results
from adjointdesign.problems.antennas.describe_ringing import ringing_line
from adjointdesign.problems.antennas.describe_waves import is_wave, port_monitors, wave_readings
from adjointdesign.problems.antennas.geometry.build import Model, build
from adjointdesign.problems.antennas.geometry.description import Antenna, read

CUT_STEP = 3.0
"""Of the angles of polar cuts, degrees."""


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
    if antenna.far_field and antenna.wave_ports and len(antenna.ports) > 1:
        raise InputError(
            "far_field", f"one port alone where one is a wave port ('{antenna.wave_ports[0].name}'): behind others waves come back", f"{len(antenna.ports)} ports",
            "leave out far_field, or use lumped ports",
        )  # fmt: skip
    model = build(antenna)
    readers = port_monitors(model)
    directions, weights = far_directions(model) if antenna.far_field else (np.zeros((0, 2)), np.zeros(0))
    runs = []
    for number in range(len(model.ports)):
        runs.append(_run(model, number, readers, directions, progress))
    return Results(model, runs, directions, weights)


def _run(model: Model, number: int, readers: list, directions: np.ndarray, progress) -> PortRun:
    from adjointdesign.monitors import power

    planes = metal_planes(model)
    beside = current_monitors(model, planes)
    monitors = [*readers, *beside.values(), *_around(model, directions)]
    began = time.perf_counter()
    solver = model.solver(number, monitors)  # which refuses what cannot be, before anything is told
    if progress is not None:
        cells = " x ".join(str(n) for n in model.grid.cells)
        progress(f"{cells} cells, port '{model.ports[number].name}', {number + 1} of {len(model.ports)}")
    readings = solver.evaluate({})
    waves = wave_readings(model, solver, readings)
    if is_wave(model.ports[number]):
        wave = waves[model.ports[number].name]
        drive, middle, far_drive = (2 * w[:, 0] for w in (wave.band, wave.middle, wave.far))
    else:
        source, asked = solver.program.doors.sources[0], (model.frequencies, [model.antenna.band.center], model.antenna.far_frequencies)
        drive, middle, far_drive = (source.spectrum(f, solver.dt, solver.steps) for f in asked)
    currents = surface_currents(model, planes, beside, solver, readings, middle[0])
    signals, seconds = [readings[r.name] for r in readers[: len(model.ports)]], time.perf_counter() - began
    if not model.antenna.far_field:
        return PortRun(signals, drive, far_drive, None, None, solver.dt, seconds, currents=currents, waves=waves)
    lost, placement = readings["dissipated power"], solver.program.doors.placements[-1]
    return PortRun(
        signals, drive, far_drive, readings["far field"], power(readings["radiated power"]), solver.dt, seconds,
        power(lost), {name: placement.taken_by(part, lost) for name, part in loss_parts(model).items()}, currents, waves,
    )  # fmt: skip


def _around(model: Model, directions: np.ndarray) -> list:
    """Monitors of the far field and of the powers, that of what is lost last."""
    from adjointdesign.monitors import DissipatedPowerMonitor, FarFieldMonitor, RadiatedPowerMonitor

    if not model.antenna.far_field:
        return []
    bounds, ground = model.far_field_box
    box = ([0.5 * (a + b) for a, b in bounds], [b - a for a, b in bounds], model.antenna.far_frequencies)
    return [
        FarFieldMonitor("far field", *box, directions, ground=ground),
        RadiatedPowerMonitor("radiated power", *box, ground=ground),
        DissipatedPowerMonitor("dissipated power", *box, ground=ground),
    ]


def far_directions(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Directions of the far field (theta and phi, rad) and the solid angles of those that make up the quadrature.

    All of space, or what a ground leaves of it; then the cuts at phi of 0 and 90 degrees, theta from -180 to 180.
    """
    from adjointdesign.objectives.far_field import cut_directions, hemisphere_directions, sphere_directions

    order = model.antenna.far_field.samples
    ground = ground_of(model)
    angles = np.radians(np.arange(-180.0, 180.0 + CUT_STEP / 2, CUT_STEP))
    cuts = np.concatenate([cut_directions(angles, phi) for phi in (0.0, math.pi / 2)])
    if ground is None:
        around, weights = sphere_directions(order)
        return np.concatenate([around, cuts]), weights
    upward, weights = hemisphere_directions(order)
    turned = away_from(ground, unit_vectors(upward))
    around = np.stack([np.arccos(np.clip(turned[:, 2], -1, 1)), np.arctan2(turned[:, 1], turned[:, 0])], axis=1)
    cuts = cuts[ground[1] * unit_vectors(cuts)[:, ground[0]] >= -1e-9]
    return np.concatenate([around, cuts]), weights


def ground_of(model: Model) -> tuple[int, int] | None:
    """Axis across the ground and the sign of the direction away from it; None without a ground.

    Raises
    ------
    InputError
        When there are two.
    """
    grounds = [face for face, kind in model.far_field_box[1].items() if kind == "pec"]
    if len(grounds) > 1:
        raise InputError(
            "far field", "one ground at most", " and ".join(grounds), "leave out far_field, or open a face"
        )
    return (AXES.index(grounds[0][1]), 1 if grounds[0][0] == "-" else -1) if grounds else None


def away_from(ground: tuple[int, int] | None, vectors: np.ndarray) -> np.ndarray:
    """Vectors about z with their axes exchanged in turn until z has become the axis away from the ground."""
    if ground is None:
        return vectors
    axis, sign = ground
    return np.roll(vectors, axis + 1, axis=-1) * np.where(np.arange(3) == axis, sign, 1)


def unit_vectors(directions: np.ndarray) -> np.ndarray:
    """Unit vectors of directions (theta and phi, rad), shape ``(..., 3)``."""
    theta, phi = np.moveaxis(directions, -1, 0)
    return np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)


def evaluate_file(path: str | Path, progress=None) -> Results:
    """Simulate the antenna that a TOML file describes; raises as `read` and `simulate`."""
    return simulate(read(path), progress)


def _balance(far: dict, k: int) -> str:
    """Where the accepted power goes at one frequency."""
    parts = [f"{name} {share[k]:.2%}" for name, share in far["dissipated_by"].items() if abs(share[k]) >= 5e-5]
    taken = f" ({', '.join(parts)})" if parts else ""
    others = f", into other ports {far['transferred'][k]:.2%}" if abs(far["transferred"][k]) >= 5e-5 else ""
    return (
        f"of the accepted power dissipated {round(far['dissipated'][k], 4) + 0.0:.2%}{taken}{others}; "
        f"power balance to {abs(far['power_balance_error'][k]):.1e}"
    )


def table(results: Results) -> str:
    """The main numbers, for people."""
    s, z, f = results.s_parameters, results.input_impedance, results.model.frequencies
    found = results.summary()
    cells = " x ".join(str(n) for n in found["cells"])
    lines = [
        f"{found['antenna']}: {cells} cells, {found['cells_per_wavelength']:.1f} a wavelength or more, "
        f"{sum(found['steps'])} steps"
    ]
    for p, name in enumerate(found["ports"]):
        best = int(np.argmin(np.abs(s[:, p, p])))
        lines.append(
            f"  port {name}: |S{p + 1}{p + 1}| least at {f[best]:.6g} Hz, "
            f"{20 * np.log10(np.abs(s[best, p, p])):.2f} dB, "
            f"impedance {z[best, p].real:.2f} ohm, reactance {-z[best, p].imag:.2f} ohm"
        )
        if found["far_field"]:
            far = found["far_field"][name]
            for k, frequency in enumerate(far["frequencies"]):
                lines.append(
                    f"    {frequency:.6g} Hz: directivity {far['directivity_dbi'][k]:.2f} dBi "
                    f"at theta {far['direction'][k][0]:.0f}, "
                    f"phi {far['direction'][k][1]:.0f} degrees, realized gain {far['realized_gain_dbi'][k]:.2f} dBi, "
                    f"radiation efficiency {far['radiation_efficiency'][k]:.4f}"
                )
                lines.append(f"      {_balance(far, k)}")
    lines.append(ringing_line(found, results.lengthen))
    return "\n".join(lines)
