"""What comes of a network: its rating, and the files of a run."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from adjointdesign.problems.seismology.geography import displacements
from adjointdesign.problems.seismology.network import Network, check_together, read_network
from adjointdesign.problems.seismology.network_files import write_network
from scipy.spatial import cKDTree

from adjointdesign.files import atomic_write
from adjointdesign.objectives.detection import require_enough
from adjointdesign.parameters import read_parameters, write_parameters

FORMATS = (".xml", ".geojson", ".kml", ".csv")
"""Of the stations in a run's folder."""
FEASIBLE = 1e-6
"""Largest constraint that counts as met, as in the optimizers."""


def rate(problem, network: Network) -> tuple[dict, dict[str, np.ndarray]]:
    """How a network detects: numbers, fit for JSON, and arrays for figures.

    Raises
    ------
    InputError
        When it has fewer stations than have to detect.
    """
    s, catalog = problem.specification, problem.given.catalog
    require_enough(s.k, len(network))
    inputs = problem.medium(network.positions())
    probabilities = problem.solver().probabilities(inputs)
    weights, magnitudes = problem.solver().weights, catalog.magnitude
    which = problem.bins()
    bins = [
        {"from": float(b * s.bin), "to": float((b + 1) * s.bin), "events": int(np.sum(which == b)), "detection": float(probabilities[which == b].mean())}
        for b in np.unique(which)
    ]
    complete = problem.relation.magnitude_of(problem.completeness.forward(inputs)["level"])
    levels = np.full(len(complete), float(problem.relation.level(np.median(magnitudes))))
    numbers = {
        "stations": len(network),
        "least_spacing": _least_spacing(network),
        "detection": float(weights @ probabilities),
        "by_magnitude": bins,
        "completeness": {"mean": float(complete.mean()), "least": float(complete.min()), "largest": float(complete.max())},
    }
    return numbers, {
        "events": probabilities, "completeness": complete, "detection": problem.completeness.network.detected(inputs, levels),
    }  # fmt: skip


def _least_spacing(network: Network) -> float | None:
    """Of any two stations, m."""
    if len(network) < 2:
        return None
    positions = network.positions()
    return float(cKDTree(positions).query(positions, k=2)[0][:, 1].min())


def existing(problem) -> Network | None:
    """The network without new stations; None when too few of it are left to detect anything."""
    given, s = problem.given.network, problem.specification
    count = len(given) - s.added
    return given.selected(np.arange(count)) if count >= s.k else None


def deliver(problem, folder: Path, parameters: np.ndarray, status: str) -> None:
    """Write ``design.h5``, ``stations.xml``, ``.geojson``, ``.kml`` and ``.csv``, ``rating.json`` and ``maps.npz``."""
    readings = problem.evaluate(parameters).readings
    write_parameters(folder / "design.h5", parameters, readings, problem=problem.name, status=status)
    network, before = problem.network_of(parameters), existing(problem)
    numbers, arrays = rate(problem, network)
    columns = _columns(problem, network)
    for ending in FORMATS:
        write_network(folder / f"stations{ending}", network, columns)
    missed = [f"constraint {name} MISSED" for name, v in problem.constraints(parameters, {}).items() if np.max(np.asarray(v)) > FEASIBLE]
    rated = {"before": None, "after": numbers, "warnings": missed + problem.warnings()}
    maps = {f"after_{name}": values for name, values in arrays.items()}
    if before is not None:
        rated["before"], arrays = rate(problem, before)
        maps |= {f"before_{name}": values for name, values in arrays.items()}
    atomic_write(folder / "rating.json", json.dumps(rated, indent=1))
    buffer = io.BytesIO()
    np.savez(buffer, **maps)
    atomic_write(folder / "maps.npz", buffer.getvalue())


def _columns(problem, network: Network) -> dict[str, list]:
    """Whether a station stays, is moved or new, and how far it was moved."""
    start, s = problem.given.network, problem.specification
    east, north = displacements(start.places, network.longitude, network.latitude)
    count, free = len(start), set(problem.given.movable.tolist())
    kind = ["new" if i >= count - s.added else "moved" if i in free else "fixed" for i in range(count)]
    return {"kind": kind, "east_m": np.round(east, 1).tolist(), "north_m": np.round(north, 1).tolist()}


def summarize(folder: Path) -> list[str]:
    """Before and after, and what the relation does not cover."""
    rated = json.loads((folder / "rating.json").read_text(encoding="utf-8"))
    before, after = rated["before"], rated["after"]

    def words(name, values):
        start = "" if before is None else f"{values(before):.3f} -> "
        return f"{name}: {start}{values(after):.3f}"

    return [
        words("mean probability of detection", lambda r: r["detection"]),
        words("magnitude of completeness, mean over the map", lambda r: r["completeness"]["mean"]),
        *([] if after["least_spacing"] is None else [f"nearest stations: {after['least_spacing']:.0f} m apart"]),
        *(f"note: {line}" for line in rated["warnings"]),
    ]


def evaluate_file(problem, path: Path) -> dict:
    """Rate design parameters, or the network in a file; fit for JSON.

    Raises
    ------
    InputError
        When the file cannot be read, lies elsewhere than the earthquakes, or has too few stations.
    """
    if path.suffix in (".npy", ".h5"):
        network = problem.network_of(read_parameters(path, problem.design_shape))
    else:
        network = read_network(path)
        check_together(problem.given.catalog, network)
    numbers, _ = rate(problem, network)
    readings = {
        "detection": numbers["detection"], "completeness": numbers["completeness"]["mean"], "least_spacing": numbers["least_spacing"],
        "by_magnitude": numbers["by_magnitude"],
    }  # fmt: skip
    objective = numbers["completeness"]["mean"] if problem.optimization.objective == "completeness" else 1 - numbers["detection"]
    return {
        "problem": problem.name, "design": str(path), "format": path.suffix.lstrip("."), "stations": len(network),
        "objective": objective, "readings": readings,
        "targets_met": all(t.violation(readings[t.reading]) <= 0 for t in problem.targets()), "warnings": problem.warnings(),
    }  # fmt: skip


def table(problem, result: dict) -> str:
    """The same for people."""
    readings = result["readings"]
    lines = [f"{result['stations']} stations, {problem.specification.k} of which have to detect"]
    lines.append(f"mean probability of detection {readings['detection']:.4f}")
    for b in readings["by_magnitude"]:
        lines.append(f"  magnitude {b['from']:g} to {b['to']:g}: {b['detection']:.4f} ({b['events']} events)")
    lines.append(f"magnitude of completeness, mean over the map {readings['completeness']:.3f}")
    if readings["least_spacing"] is not None:
        lines.append(f"nearest stations {readings['least_spacing']:.0f} m apart")
    for target in problem.targets():
        lines.append(f"{target}: {'met' if target.violation(readings[target.reading]) <= 0 else 'MISSED'}")
    return "\n".join(lines + [f"note: {line}" for line in result["warnings"]])
