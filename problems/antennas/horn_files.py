"""A horn from a file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from adjointdesign.problems.antennas.horn_deliver import met
from adjointdesign.problems.antennas.horn_model import Model, new_mesh

from adjointdesign.design.boundary_curve import BoundaryCurve
from adjointdesign.errors import InputError
from adjointdesign.parameters import read_parameters


def evaluate_file(problem, path: Path) -> dict:
    """Objective and readings of the horn that a file describes, on a mesh of its own; fit for JSON.

    Raises
    ------
    InputError
        When the file cannot be read, or describes no profile between the ends of the one in the mesh.
    """
    if path.suffix == ".csv":
        displacement = _from_profile(problem, path)
        problem._model = displacement, Model(problem, new_mesh(problem, displacement), displacement)
    else:
        parameters = read_parameters(path, problem.design_shape)
        displacement = np.asarray(problem.density(parameters, {}))
        problem.begin({}, parameters)
    readings = {name: np.asarray(value) for name, value in problem.respond(displacement).items()}
    margins = met(problem, readings)
    return {
        "problem": problem.name, "design": str(path), "format": path.suffix.lstrip("."),
        "objective": float(np.asarray(problem.objective(readings, {}))),
        "readings": {name: values.tolist() for name, values in readings.items()},
        "margins_db": margins, "targets_met": all(m >= 0 for m in margins.values()),
    }  # fmt: skip


def _from_profile(problem, path: Path) -> np.ndarray:
    """Displacements that put the corners on a profile, at the same parts of its length."""
    what, corners = f"design file {path}", problem.profile.curve
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row]
        points = np.array([[float(v) for v in row] for row in rows[1 if _is_head(rows) else 0 :]])
    except FileNotFoundError:
        raise InputError(what, "an existing file", "none", "check the path") from None
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(what, "lines of z and r in m", str(error).splitlines()[0], "export it again") from error
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 2 or not np.all(np.isfinite(points)):
        raise InputError(what, "two or more lines of z and r in m", f"shape {points.shape}", "export it again")
    points = points[:, ::-1]
    if np.linalg.norm(points[0] - corners.points[0]) > np.linalg.norm(points[-1] - corners.points[0]):
        points = points[::-1]
    size = corners.lengths.sum()
    if max(np.linalg.norm(points[i] - corners.points[i]) for i in (0, -1)) > 1e-3 * size:
        ends = " and ".join(f"(z, r) = ({z:.6g}, {r:.6g})" for r, z in corners.points[[0, -1]])
        raise InputError(what, f"a profile from {ends} m", "other ends", "these stay where they are: make it end there")
    if len(points) == len(corners.points):
        return points - corners.points
    profile = BoundaryCurve(points)
    along = np.stack([np.interp(corners.places, profile.places, points[:, i]) for i in range(2)], axis=1)
    along[[0, -1]] = corners.points[[0, -1]]
    return along - corners.points


def _is_head(rows) -> bool:
    try:
        [float(v) for v in rows[0]]
    except (ValueError, IndexError):
        return True
    return False
