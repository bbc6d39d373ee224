"""A horn from a file."""

from __future__ import annotations

import copy
import csv
import math
from pathlib import Path

import numpy as np
from adjointdesign.problems.antennas.horn_deliver import met
from adjointdesign.problems.antennas.horn_mesh import Source, drawn
from adjointdesign.problems.antennas.horn_model import Model
from adjointdesign.problems.antennas.horn_profile import Outline

from adjointdesign.design.boundary_curve import BoundaryCurve
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.parameters import read_parameters

DETAIL = 0.02
"""Part of an edge by which a profile may leave the mesh's."""
DRAWN = 0.002
"""The same where the mesh is made for the profile."""
CORNERS = 1000
"""Of a profile, at most."""


def evaluate_file(problem, path: Path) -> dict:
    """Objective and readings of the horn that a file describes, on a mesh of its own; fit for JSON.

    Raises
    ------
    InputError
        When the file cannot be read, describes no profile between the ends of the one in the mesh, or one that cannot be simulated.
    """
    own = copy.copy(problem)  # so that the model made here stays here
    try:
        if path.suffix == ".csv":
            displacement, made = from_profile(own, path)
            if made is not None:
                own.source = made
                own.profile = Outline(own)
                displacement = np.zeros_like(own.profile.curve.points)
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


def from_profile(problem, path: Path) -> tuple[np.ndarray | None, Source | None]:
    """Displacements that put the corners of the problem's mesh on a profile, or else a mesh that is drawn for it.

    Corners go each to one of the profile's, if it has as many, or to places at the same parts of its length, if they can follow it so.
    """
    what, corners = f"design file {path}", problem.profile.curve
    points = _read(path, what)
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
            return points - corners.points, None
    if away <= DETAIL * edge:
        return along - corners.points, None
    edge = BoundaryCurve(problem.source.smooth).lengths.mean()
    points[[0, -1]] = corners.points[[0, -1]]
    kept = _simplified(points, DRAWN * edge)
    if len(kept) > CORNERS:
        expected = f"a profile that {CORNERS} corners can follow to {DRAWN * edge:.3g} m"
        raise InputError(what, expected, f"one that needs {len(kept)}", "leave out what is finer")
    steps = [np.linspace(a, b, 1 + math.ceil(np.linalg.norm(b - a) / edge))[1:] for a, b in zip(kept, kept[1:])]
    return None, drawn(problem, problem.source.path, np.concatenate([kept[:1], *steps]))


def _read(path: Path, what: str) -> np.ndarray:
    """Corners (r, z) in m."""
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
    return points[:, ::-1].copy()


def _simplified(points: np.ndarray, tolerance: float) -> np.ndarray:
    """Those corners of a polygon that keep it to a distance (D. Douglas, T. Peucker, Cartographica 10, 112 (1973))."""
    kept, spans = {0, len(points) - 1}, [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last == first + 1:
            continue
        start, along = points[first], points[last] - points[first]
        part = (points[first + 1 : last] - start) @ along / max(along @ along, 1e-300)
        away = np.linalg.norm(points[first + 1 : last] - start - np.clip(part, 0, 1)[:, None] * along, axis=1)
        if away.max() > tolerance:
            middle = first + 1 + int(np.argmax(away))
            kept.add(middle)
            spans += [(first, middle), (middle, last)]
    return points[sorted(kept)]


def _is_head(rows) -> bool:
    try:
        [float(v) for v in rows[0]]
    except (ValueError, IndexError):
        return True
    return False
