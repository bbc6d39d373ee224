"""The finished antenna of a design problem: its files, and what a simulation of the exported file gives."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np

from adjointdesign.files import atomic_write
from adjointdesign.problem import Picture

logger = logging.getLogger(__name__)
FIGURES = {
    "s_parameters": ("Matching", "Magnitude of the reflection over frequency", "Simulated from antenna.toml, on a grid of its own."),
    "smith": ("Smith chart", "Reflection over frequency in the plane of the Smith chart",
              "The upper half is inductive. A dot marks the middle of the band, circles its ends."),
    "pattern_1": ("Radiation", "Realized gain over the angle from z in two planes", "Realized gain, mismatch included."),
    "pattern_3d_1": ("Radiation in space", "Realized gain in all directions", "The distance from the middle is the gain in dB above the floor."),
    "currents_1": ("Surface current", "Magnitude of the current on metal sheets", "In the middle of the band, for 1 W that the source has available."),
    "mesh": ("Mesh", "Mesh lines over the parts along each axis", "The grid of the simulation of antenna.toml; absorbing layers shaded."),
}  # fmt: skip
"""What `describe_pictures` draws: heading, description and caption by name of the file."""


SAME_DIRECTION = 1.6
"""Two directions count as one up to this, degrees: half a step of the cuts of the pattern."""


def deliver(problem, folder: Path, parameters: np.ndarray, status: str) -> None:
    """Write ``design.h5`` and ``antenna.toml`` with the files it names, and what a simulation of it gives: see docs/howto-antenna.md."""
    import tomli_w

    from adjointdesign.parameters import write_parameters
    from adjointdesign.problems.antennas.describe import simulate
    from adjointdesign.problems.antennas.describe_deliver import deliver as write_results
    from adjointdesign.problems.antennas.describe_ringing import ringing_summary
    from adjointdesign.problems.antennas.geometry.description import read

    own = problem.evaluate(parameters).readings
    ringing = problem.ringing.summary
    write_parameters(folder / "design.h5", parameters, own, problem=problem.name, status=status)
    path = folder / "antenna.toml"
    atomic_write(path, tomli_w.dumps(problem.describe(parameters, folder)))
    results = simulate(read(path), lambda line: logger.info("antenna.toml: %s", line))
    write_results(results, folder)
    found = judged(problem, results)
    atomic_write(
        folder / "verification.json",
        json.dumps({
            "cells": list(results.model.grid.cells),
            "rung_down": ringing_summary(results.ringing)["rung_down"],
            "own_grid": ringing,
            "readings": {name: np.asarray(values).tolist() for name, values in found.items()},
            "targets": [
                {"target": str(t), "value": t.worst(found[t.reading]), "met": bool(t.violation(t.worst(found[t.reading])) <= 0)}
                for t in problem.targets() if t.reading in found
            ],
        }, indent=1),
    )  # fmt: skip


def judged(problem, results) -> dict[str, np.ndarray]:
    """The problem's readings as the simulation of the file gives them: ``S11``, ``gain`` (where the pattern has the directions) and ``efficiency``."""
    from adjointdesign.objectives.decibels import amplitude_decibels

    s, band = problem.specification, results.model.frequencies
    curve = results.s_parameters[:, 0, 0]
    reflection = np.interp(s.frequencies, band, curve.real) + 1j * np.interp(s.frequencies, band, curve.imag)
    found = {"S11": amplitude_decibels(reflection)}
    if s.far_frequencies:
        radiation = results.radiation(0)
        apart = np.array([_angles(results.directions, np.radians(d)) for d in s.directions])
        nearest = apart.argmin(axis=1)
        if np.degrees(apart.min(axis=1).max()) <= SAME_DIRECTION:
            found["gain"] = 10 * np.log10(np.maximum(radiation["realized_gain"][:, nearest], 1e-12))
        found["efficiency"] = radiation["radiated"] / radiation["available"]
    return found


def _angles(directions: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Angles between directions (theta, phi) and one of them, rad."""

    def vectors(theta, phi):
        return np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=-1)

    return np.arccos(np.clip(vectors(*directions.T) @ vectors(*wanted), -1, 1))


def pictures(problem, folder: Path) -> list[Picture]:
    """Figures of the simulation of the exported file; none before it is there."""
    drawn = [(name, folder / f"{name}.png", *words) for name, words in FIGURES.items()]
    return [
        Picture(name, heading, path.read_bytes(), description, caption)
        for name, path, heading, description, caption in drawn if path.is_file()
    ]  # fmt: skip


def summarize(folder: Path) -> list[str]:
    """What the simulation of the exported file says of the targets."""
    path = folder / "verification.json"
    if not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    cells = " x ".join(str(n) for n in found["cells"])
    lines = [f"simulated again from antenna.toml on {cells} cells{'' if found.get('rung_down', True) else ', NOT RUNG DOWN'}:"]
    own = found.get("own_grid")  # older folders do not say
    if own and not own["rung_down"]:
        left = f"{own['remaining_energy']:.1e} of the energy of the port's voltage is left at the end, asked {own['decay']:.1e}"
        lines.insert(0, f"NOT RUNG DOWN on the grid of the optimization: {left}; lower discretization.decay")
    lines += [f"  {t['target']}: {t['value']:.2f}, {'met' if t['met'] else 'MISSED'}" for t in found["targets"]]
    for name, values in found["readings"].items():
        values = np.array(values)
        lines.append(f"  {name} {values.min():.3g} to {values.max():.3g}" if values.size > 1 else f"  {name} {values.item():.4g}")
    return lines
