"""The final horn: its files, and its figures of merit on a mesh and a degree of their own."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
from adjointdesign.problems.antennas.horn_model import Model
from firedrake import FiniteElement, Function, FunctionSpace, SpatialCoordinate

from adjointdesign.files import atomic_write
from adjointdesign.grid.mesh_vtk import write_vtk
from adjointdesign.objectives.decibels import amplitude_decibels
from adjointdesign.objectives.radiation import realized_gain
from adjointdesign.report.deliverables.touchstone import write_touchstone

STEP = 2.0
"""Of the pattern, degrees."""
POINTS = 15
"""Of the spectrum."""
SLOT = ("z of the side towards the throat (m)", "z of the other side (m)", "r of that side's lip (m)", "r of the other's (m)", "depth (m)")
"""Columns of the table of slots."""


def deliver(problem, folder: Path, parameters: np.ndarray, status: str) -> None:
    """Write ``design.h5``, ``horn.msh``, ``profile.csv``, ``pattern.csv``, ``horn.s1p`` and ``field.vtu``; ``slots.csv`` of slots.

    The design is judged on a new mesh of its geometry with elements of one degree more than those of the optimization, the mask
    at angles `STEP` apart.
    """
    import h5py

    displacement = np.asarray(problem.density(parameters, {}))
    own = problem.evaluate(parameters).readings
    corners = problem.profile.curve.points
    d = problem.discretization
    better = d.model_copy(update={"degree": d.degree + 1, "angle_step": min(STEP, d.angle_step)})
    finer = type(problem)(problem.specification, better, problem.optimization)
    before = simulated(finer, finer.model)
    model = Model.undeformed(finer, displacement, folder / "horn.msh")
    after = simulated(finer, model)
    checked = judged(finer, model, displacement)
    points, triangles, values = section(model)
    _write_csv(folder / "profile.csv", ("z (m)", "r (m)"), (corners + displacement)[:, ::-1])
    if problem.specification.slots:
        _write_csv(folder / "slots.csv", SLOT, problem.profile.table(displacement))
    names = ["angle (degrees)", *(f"realized gain at {f:.6g} Hz (dB)" for f in problem.specification.frequencies)]
    _write_csv(folder / "pattern.csv", names, np.column_stack([after["angles"], after["gain"].T]))
    write_touchstone(folder / "horn", after["frequencies"], after["s11"][:, None, None], ["TM01"])
    real, imaginary = field(model)
    write_vtk(folder / "field.vtu", real=real, imaginary=imaginary)
    # In memory first: HDF5 can crash the process when it meets a full disk.
    with h5py.File("design.h5", "w", driver="core", backing_store=False) as file:
        file.attrs.update(problem=problem.name, status=status, degree_checked=finer.discretization.degree)
        file["parameters"], file["corners"], file["displacement"] = parameters, corners, displacement
        for name, readings in (("readings", own), ("readings_checked", checked)):
            for key, value in readings.items():
                file[f"{name}/{key}"] = np.asarray(value)
        for name, found in (("initial", before), ("final", after)):
            for key, value in found.items():
                file[f"{name}/{key}"] = value
        file["section/points"], file["section/triangles"], file["section/field"] = points, triangles, values
        file.attrs["targets_met"] = json.dumps(met(problem, checked))
        file.flush()
        atomic_write(folder / "design.h5", file.id.get_file_image())


def simulated(problem, model) -> dict[str, np.ndarray]:
    """Reflection over a band half as wide again, and the pattern at the specified frequencies."""
    frequencies = np.array(problem.specification.frequencies)
    center, half = (frequencies.max() + frequencies.min()) / 2, max(np.ptp(frequencies) / 2, 0.02 * frequencies.mean())
    band = np.linspace(max(center - 1.5 * half, 1.01 * model.guide.cutoff), center + 1.5 * half, POINTS)
    angles = np.arange(0.0, 180.0 + STEP / 2, STEP)
    inputs = {"coordinates": np.asarray(model.coordinates(model.displacement))}
    spectrum = model.solver_at(band).forward(inputs)["s11"][:, 0]
    far = model.solver_at(frequencies, np.radians(angles)).forward(inputs)["far"][:, 0]
    return {"frequencies": band, "s11": spectrum, "angles": angles, "gain": _decibels(realized_gain(far, model.powers))}


def judged(problem, model, displacement) -> dict[str, np.ndarray]:
    """The problem's readings by another model."""
    fields = model.solver.forward({"coordinates": np.asarray(model.coordinates(displacement))})
    problem._model = displacement, model
    return {name: np.asarray(value) for name, value in problem.readings(fields).items()}


def met(problem, readings) -> dict[str, float]:
    """By how much each target is met, dB (negative: missed)."""
    return {str(t): -float(t.violation(t.worst(readings[t.reading]))) for t in problem.targets()}


def field(model) -> tuple[Function, Function]:
    """Real and imaginary part of Hphi, A/m, at the middle frequency, for an incoming wave of unit amplitude."""
    system = model.solver.systems[len(model.solver.systems) // 2]
    (state,) = system.solutions({"coordinates": np.asarray(model.coordinates(model.displacement))})
    scalar = FunctionSpace(model.tagged.mesh, "CG", model.solver.space.ufl_element().embedded_superdegree)
    return tuple(Function(scalar).interpolate(state[part]) for part in range(2))


def section(model) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Corners, triangles and field of all ranks' cells, triangle by triangle, without the absorbing frame."""
    mesh = model.tagged.mesh
    nodes = FunctionSpace(mesh, FiniteElement("DG", mesh.ufl_cell(), 1, variant="equispaced"))
    places = np.stack([Function(nodes).interpolate(x).dat.data_ro for x in SpatialCoordinate(mesh)], axis=1)
    values = [Function(nodes).interpolate(part).dat.data_ro for part in field(model)]
    cells = nodes.cell_node_map().values[: mesh.cell_set.size]
    places = np.concatenate(mesh.comm.allgather(places[cells].reshape(-1, 2)))
    values = np.concatenate(mesh.comm.allgather((values[0] + 1j * values[1])[cells].ravel()))
    (radius, low, high), _ = model.frame
    middle = places.reshape(-1, 3, 2).mean(axis=1)
    inside = (middle[:, 0] < radius) & (middle[:, 1] > low) & (middle[:, 1] < high)
    kept = np.repeat(inside, 3)
    return places[kept], np.arange(kept.sum()).reshape(-1, 3), values[kept]


def summarize(folder: Path) -> list[str]:
    """What the finer simulation says of the design in a run's folder."""
    import h5py

    with h5py.File(folder / "design.h5") as file:
        checked, own = ({k: v[()] for k, v in file[name].items()} for name in ("readings_checked", "readings"))
        margins = json.loads(file.attrs["targets_met"])
        degree = file.attrs["degree_checked"]

    def worst(values):
        return values.reshape(len(values), -1).max(axis=1)  # of a frequency; the two have sidelobes at different angles

    change = max(np.max(np.abs(worst(checked[name]) - worst(own[name]))) for name in own)
    lines = [f"on a new mesh at degree {degree}, sidelobes at finer angles: readings change by up to {change:.2g} dB"]
    lines += [f"{target}: {'met with' if m >= 0 else 'MISSED by'} {abs(m):.2f} dB{' to spare' * (m >= 0)}" for target, m in margins.items()]
    return lines


def _decibels(power) -> np.ndarray:
    return amplitude_decibels(np.sqrt(np.asarray(power)))


def _write_csv(path: Path, names, rows) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([[repr(float(v)) for v in row] for row in rows])
    atomic_write(path, text.getvalue())
