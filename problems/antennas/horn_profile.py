"""The horn's profile as a polygon, and the parameters that move its corners. Needs Firedrake."""

from __future__ import annotations

import numpy as np
from adjointdesign.problems.antennas.horn_mesh import moving, read
from adjointdesign.problems.antennas.horn_slots import ceiling
from scipy.interpolate import BSpline

from adjointdesign.design.boundary_curve import boundary_curve, boundary_edges, curvature
from adjointdesign.design.polygons import require_apart
from adjointdesign.errors import StepRejected
from adjointdesign.objectives.s_parameters import smooth_maximum
from adjointdesign.tape import linear


def profile(problem) -> Profile:
    """That of the settings."""
    return (CorrugatedProfile if problem.specification.slots else SmoothProfile)(problem)


class Outline:
    """The conductor as polygons: the profile, and the casing, which stays.

    Parameters
    ----------
    problem : Horn
        Names the mesh.
    """

    def __init__(self, problem):
        self._tagged = tagged = read(problem, problem.source.path)
        self.curve = boundary_curve(tagged.mesh, [tagged.facets["profile"]])
        # The rest of the conductor, whose ends at the profile's are this one's own to the bit.
        casing = boundary_edges(tagged.mesh, [tagged.facets["casing"]])
        for end in self.curve.points[[0, -1]]:
            casing[np.linalg.norm(casing - end, axis=2) < 1e-9 * problem.specification.unit] = end
        self._casing = casing

    def require_clear(self, displacement: np.ndarray) -> None:
        """Refuse a profile that crosses itself or the outside of the conductor, where the mesh has no cells to show it."""
        corners = self.curve.points + displacement
        require_apart(np.concatenate([np.stack([corners[:-1], corners[1:]], axis=1), self._casing]), "m, as (r, z)")


class Profile(Outline):
    """What moves its corners, besides; to be subclassed.

    Parameters
    ----------
    problem : Horn
        Names mesh, slots and control.
    """

    matrix: np.ndarray
    """From parameters to displacements of the corners, flattened, m."""

    def _moved_by(self, matrix: np.ndarray, smooth: np.ndarray, of_smooth: np.ndarray, radius: float) -> None:
        """Take the matrix of the corners, and the one of the corners of the profile without its slots."""
        self.matrix = matrix
        self._displacement = linear(matrix, out_shape=self.curve.points.shape)
        self._smooth, self._smooth_displacement = smooth, linear(of_smooth, out_shape=smooth.shape)
        self._largest = 1 / radius

    def displacement(self, parameters):
        """Of the polygon's corners, m, on the tape; shape (corners, 2)."""
        return self._displacement(parameters)

    def excess_curvature(self, parameters):
        """Square of the largest curvature over the largest allowed one, less one, on the tape; of the profile without its slots.

        The maximum is a smooth one, the logarithm of a mean of exponentials: of n corners it lies below the largest by up to
        0.05 ln n (0.14 for the 17 of the shipped mesh), most when a single corner is bent.
        """
        turns = curvature(self._smooth_displacement(parameters) + self._smooth) / self._largest
        return smooth_maximum(turns * turns, 0.05) - 1.0


class SmoothProfile(Profile):
    """Moves along its normals: every node, or a spline over its length."""

    def __init__(self, problem):
        super().__init__(problem)
        o, shape = problem.optimization, moving(problem, self._tagged, problem.discretization.least_quality)
        # One row a node that moves, with a one at its corner.
        at_corner = self.curve.weights(shape.points)
        if o.control == "mesh":
            moves = shape.smooth(o.step)
        else:
            moves = _spline(at_corner @ self.curve.places, o.coefficients)
            moves = moves * (o.step / np.linalg.norm(moves, axis=1).max())
        along = np.einsum("nc,nd,np->cdp", at_corner, shape.normals, moves)
        matrix = along.reshape(-1, along.shape[2])
        self._moved_by(matrix, self.curve.points, matrix, o.minimum_radius)


class CorrugatedProfile(Profile):
    """Moves along r: by the depth of each slot, and by a spline over z, which takes the slots along."""

    def __init__(self, problem):
        super().__init__(problem)
        o, smooth, slots = problem.optimization, problem.source.smooth, problem.source.corrugation
        self._slots, corners = slots, self.curve.points
        self._parts = type(self.curve)(slots.points).weights(corners) @ slots.parts

        def by_spline(z: np.ndarray) -> np.ndarray:
            if o.control == "depths":
                return np.zeros((len(z), 0))
            low, high = sorted(smooth[[0, -1], 1])
            return _spline(np.clip((z - low) / (high - low), 0.0, 1.0), o.coefficients)

        moves = np.hstack([self._parts, by_spline(corners[:, 1])])
        self._unit = o.step / np.linalg.norm(moves, axis=1).max()
        of_smooth = np.hstack([np.zeros((len(smooth), len(slots.depths))), by_spline(smooth[:, 1])])
        self._moved_by(self._unit * _radial(moves), smooth, self._unit * _radial(of_smooth), o.minimum_radius)
        # Sides stay at their z, and so does what of the casing is above them.
        self._limits = np.array([ceiling(self._casing, r, z) for r, z in corners]) - slots.least

    def table(self, displacement: np.ndarray) -> np.ndarray:
        """Of each slot, from the throat on, z of its sides, r of their lips, and its depth, m."""
        corners, edges = self.curve.points + displacement, self._slots.edges
        sides = [[corners[np.abs(corners[:, 1] - z) < 1e-3 * self._slots.least, 0] for z in pair] for pair in edges]
        return np.column_stack([edges, [[r.min() for r in pair] for pair in sides], [np.ptp(pair[0]) for pair in sides]])

    def require_clear(self, displacement: np.ndarray) -> None:
        """Refuse slots that leave too little of the conductor, besides."""
        floor = self._parts.max(axis=1) > 0.5
        over = (self.curve.points + displacement)[:, 0] - self._limits
        if np.any(over[floor] > 1e-9 * self._slots.least):
            j = int(np.argmax(self._parts[floor][np.argmax(over[floor])]))
            raise StepRejected(f"slot {j + 1} leaves less than {self._slots.least:.3g} m of the conductor")
        super().require_clear(displacement)


def _radial(moves: np.ndarray) -> np.ndarray:
    """Moves along r as rows of a matrix to (r, z)."""
    return np.stack([moves, np.zeros_like(moves)], axis=1).reshape(-1, moves.shape[1])


def _spline(places: np.ndarray, count: int) -> np.ndarray:
    """Cubic B-splines at places from 0 to 1, without those that do not vanish at the ends."""
    knots = np.concatenate([np.zeros(3), np.linspace(0, 1, count), np.ones(3)])
    return BSpline.design_matrix(places, knots, 3).toarray()[:, 1:-1]
