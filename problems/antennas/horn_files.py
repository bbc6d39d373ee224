"""A horn from a file."""

from __future__ import annotations

import copy
import csv
import math
from pathlib import Path

import numpy as np
from adjointdesign.problems.antennas.horn_deliver import met
from adjointdesign.problems.antennas.horn_model import Model

from adjointdesign.design.boundary_curve import BoundaryCurve
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.parameters import read_parameters


DETAIL = 0.02
"""Part of an edge by which a profile may leave the mesh's."""


def evaluate_file(problem, path: Path) -> dict:
    """Objective and readings of the horn that a file describes, on a mesh of its own; fit for JSON.

    Raises
    ------
    InputError
        When the file cannot be read, describes no profile between the ends of the one in the mesh, one that the mesh has too few
        corners for, or one that cannot be simulated.
    """
    own = copy.copy(problem)  # so that the model made here stays here
    try:
        if path.suffix == ".csv":
            displacement = _from_profile(own, path)
            own._model = displacement, Model.undeformed(own, displacement)
        else:
            parameters = read_parameters(path, own.design_shape)
            displacement = np.asarray(own.density(parameters, {}))
            own.begin({}, parameters)
        readings = {name: np.asarray(value) for name, value in own.respond(displacement).items()}
    except StepRejected as refusal:
        what = f"design file {path}"
        raise InputError(what, "a shape that can be simulated", refusal, "correct the shape, or refine it less sharply") from None
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
    profile, size = BoundaryCurve(points), corners.lengths.sum()
    with np.errstate(over="ignore"):
        length = profile.lengths.sum()
    if not 0 < length < math.inf:
        raise InputError(what, "a profile of finite length", f"{length} m", "export it again")
    if max(np.linalg.norm(points[i] - corners.points[i]) for i in (0, -1)) > 1e-3 * size:
        ends = " and ".join(f"(z, r) = ({z:.6g}, {r:.6g})" for r, z in corners.points[[0, -1]])
        raise InputError(what, f"a profile from {ends} m", "other ends", "these stay where they are: make it end there")
    along = np.stack([np.interp(corners.places, profile.places, points[:, i]) for i in range(2)], axis=1)
    along[[0, -1]] = corners.points[[0, -1]]
    followed = BoundaryCurve(along)
    away, edge = followed.distance(points), followed.lengths.mean()
    if len(points) == len(corners.points):
        # Corner by corner where their edges have the same parts of the whole, or nothing else keeps the shape.
        parts = (profile.lengths / length) / (corners.lengths / size)
        if away > DETAIL * edge or (parts.min() > 0.5 and parts.max() < 2):
            return points - corners.points
    if away > DETAIL * edge:
        raise InputError(
            what, f"a profile that {len(along)} corners at even parts of its length can follow to {DETAIL * edge:.3g} m",
            f"one that leaves them by {away:.3g} m", f"give {len(along)} corners, or take a mesh with more on the profile",
        )  # fmt: skip
    return along - corners.points


def _is_head(rows) -> bool:
    try:
        [float(v) for v in rows[0]]
    except (ValueError, IndexError):
        return True
    return False
