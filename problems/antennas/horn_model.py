"""The finite elements of the horn: profile, meshes and solver. Needs Firedrake."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path

import numpy as np
from firedrake import Function, FunctionSpace
from scipy.interpolate import BSpline

from adjointdesign.design.boundary_curve import boundary_curve, boundary_edges, curvature
from adjointdesign.design.mesh_quality import least_quality
from adjointdesign.design.mesh_shape import MeshShape
from adjointdesign.design.polygons import require_apart
from adjointdesign.design.remesh import remesh
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.grid.mesh import mesh_from_file
from adjointdesign.grid.mesh_shipped import shipped_mesh
from adjointdesign.objectives.s_parameters import smooth_maximum
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, RoundGuide, far_field
from adjointdesign.tape import linear

REGIONS = ("air", "frame", "wall", "profile", "casing", "port", "axis", "interface", "outer")
REFLECTION = 1e-4
"""Of the absorbing frame, at normal incidence."""


def source(problem) -> Path:
    """The mesh file of the settings."""
    name = problem.discretization.mesh
    return Path(name) if name.endswith(".msh") else shipped_mesh(name)


def _read(problem, path: Path):
    return mesh_from_file(path, scale=problem.specification.unit, require=REGIONS)


def _shape(problem, tagged) -> MeshShape:
    facets = tagged.facets
    inner, _ = _band(_frame(tagged))

    def around(x):
        # The far field is read in the band: nothing may move there. One cell more, since the band fades in across cells.
        return (x[:, 0] > inner[0] - margin) | (x[:, 1] < inner[1] + margin) | (x[:, 1] > inner[2] - margin)

    margin = 0.1 * problem.specification.unit
    return MeshShape(
        tagged.mesh, [facets["profile"]], [facets[n] for n in ("casing", "port", "interface", "outer")], {facets["axis"]: 0}, around,
        least_quality=problem.discretization.least_quality,
    )  # fmt: skip


class Profile:
    """The horn's profile as a polygon, and the parameters that move its corners.

    Parameters
    ----------
    problem : Horn
        Names mesh and control.
    """

    def __init__(self, problem):
        o = problem.optimization
        tagged = _read(problem, source(problem))
        shape = _shape(problem, tagged)
        self.curve = boundary_curve(tagged.mesh, [tagged.facets["profile"]])
        # One row a node that moves, with a one at its corner.
        at_corner = self.curve.weights(shape.points)
        if o.control == "mesh":
            moves = shape.smooth(o.step)
        else:
            moves = _spline(at_corner @ self.curve.places, o.coefficients)
            moves = moves * (o.step / np.linalg.norm(moves, axis=1).max())
        along = np.einsum("nc,nd,np->cdp", at_corner, shape.normals, moves)
        self.matrix = along.reshape(-1, along.shape[2])
        """From parameters to displacements of the corners, flattened, m."""
        # The rest of the conductor, whose ends at the profile's are this one's own to the bit.
        casing = boundary_edges(tagged.mesh, [tagged.facets["casing"]])
        ends = self.curve.points[[0, -1]]
        for end in ends:
            casing[np.linalg.norm(casing - end, axis=2) < 1e-9 * problem.specification.unit] = end
        self._casing = casing
        self._displacement = linear(self.matrix, out_shape=self.curve.points.shape)
        self._largest = 1 / o.minimum_radius

    def displacement(self, parameters):
        """Of the polygon's corners, m, on the tape; shape (corners, 2)."""
        return self._displacement(parameters)

    def require_clear(self, displacement: np.ndarray) -> None:
        """Refuse a profile that crosses itself or the outside of the conductor, where the mesh has no cells to show it."""
        corners = self.curve.points + displacement
        require_apart(np.concatenate([np.stack([corners[:-1], corners[1:]], axis=1), self._casing]))

    def excess_curvature(self, parameters):
        """Square of the largest curvature over the largest allowed one, less one, on the tape."""
        turns = curvature(self.displacement(parameters) + self.curve.points) / self._largest
        return smooth_maximum(turns * turns, 0.05) - 1.0


def _spline(places: np.ndarray, count: int) -> np.ndarray:
    """Cubic B-splines at places from 0 to 1, without those that do not vanish at the ends."""
    knots = np.concatenate([np.zeros(3), np.linspace(0, 1, count), np.ones(3)])
    return BSpline.design_matrix(places, knots, 3).toarray()[:, 1:-1]


class Model:
    """Mesh, deformation and solver around one displacement of the profile.

    Parameters
    ----------
    problem : Horn
        What is simulated.
    tagged : TaggedMesh
        The mesh.
    displacement : ndarray, shape (corners, 2)
        With which the profile is in that mesh, m.
    """

    def __init__(self, problem, tagged, displacement: np.ndarray):
        s = problem.specification
        self._problem, self.tagged, self.displacement = problem, tagged, displacement
        self.shape = _shape(problem, tagged)
        corners = problem.profile.curve
        moved = type(corners)(corners.points + displacement)
        weights = moved.weights(self.shape.points)
        self._to_nodes = linear(np.kron(weights, np.eye(2)), out_shape=self.shape.points.shape)
        frame = _frame(tagged)
        port, angles = tagged.facets["port"], np.radians(problem.angles())
        guide = RoundGuide(port, _radius(tagged, port))
        self.guide, self.frame = guide, frame
        self.powers = np.array([guide.power(f) for f in s.frequencies])
        self.solver = self._solver(problem, s.frequencies, angles)

    @classmethod
    def around(cls, problem, displacement: np.ndarray) -> Model:
        """On the mesh of the file if its cells stay good under this displacement of the profile, else on a new one.

        Raises
        ------
        StepRejected
            When the displaced profile crosses itself or others.
        """
        base = cls(problem, _read(problem, source(problem)), np.zeros_like(displacement))
        if base.quality(displacement) >= problem.discretization.remesh_below:
            return base
        return cls(problem, new_mesh(problem, displacement), displacement)

    def quality(self, displacement: np.ndarray) -> float:
        """Of the worst cell when the profile's corners are displaced."""
        shape = self.shape
        nodes = np.asarray(self._to_nodes(displacement - self.displacement))
        return least_quality(shape.mesh, shape.undeformed + shape.deform(nodes))

    def coordinates(self, displacement):
        """Of the mesh, on the tape, for any displacement of the profile's corners."""
        self._problem.profile.require_clear(np.asarray(displacement))
        return self.shape.coordinates(self._to_nodes(displacement - self.displacement))

    def solver_at(self, frequencies, angles: np.ndarray) -> FemHelmholtz:
        """Another solver on this mesh, for a finer spectrum and pattern (rad)."""
        return self._solver(self._problem, frequencies, angles)

    def _solver(self, problem, frequencies, angles) -> FemHelmholtz:
        mesh, facets, d = self.tagged.mesh, self.tagged.facets, problem.discretization
        (radius, low, high), depth = self.frame
        vacuum = Function(FunctionSpace(mesh, "DG", 0)).assign(1.0)
        return FemHelmholtz(
            mesh, frequencies, vacuum, [self.guide.incoming()], {"s11": self.guide.reflection()}, polarization="hphi", degree=d.degree,
            layers=[Layer(0, (-math.inf, radius), depth, REFLECTION), Layer(1, (low, high), depth, REFLECTION)],
            conductors=(facets["wall"],), magnetic_walls=(facets["axis"],), impedances={facets["port"]: self.guide.impedance},
            probes={"far": far_field(angles, *_band(self.frame))}, shape=True, options=d.solver or None,
        )  # fmt: skip


def new_mesh(problem, displacement: np.ndarray, target: Path | None = None):
    """Mesh the horn with its profile displaced, into a file if one is named; rank 0 works, all read."""
    from mpi4py import MPI

    comm, refusal = MPI.COMM_WORLD, None
    with tempfile.TemporaryDirectory() as folder:
        path = target or Path(folder) / "horn.msh"
        if comm.rank == 0:
            corners, unit = problem.profile.curve.points, problem.specification.unit
            try:
                remesh(source(problem), path, corners / unit, (corners + displacement) / unit)
            except (InputError, StepRejected) as error:
                refusal = error
        refusal = comm.bcast(refusal)
        if refusal is not None:
            raise refusal
        return _read(problem, path)


def _frame(tagged) -> tuple[tuple[float, float, float], float]:
    """Radius, low and high end of what the absorbing frame encloses, and its depth, m."""
    inside = boundary_curve(tagged.mesh, [tagged.facets["interface"]]).points
    radius, low, high = inside[:, 0].max(), inside[:, 1].min(), inside[:, 1].max()
    return (float(radius), float(low), float(high)), float(tagged.box[1, 0] - radius)


def _band(frame) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Where the far field is read: from a tenth to half of the frame's depth away from it."""
    (radius, low, high), depth = frame
    return tuple(
        (radius - part * depth, low + part * depth, high - part * depth) for part in (0.6, 0.1)
    )  # fmt: skip


def _radius(tagged, port) -> float:
    return float(boundary_curve(tagged.mesh, [port]).points[:, 0].max())
