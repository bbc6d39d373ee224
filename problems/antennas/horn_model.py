"""The finite elements of the horn: profile, meshes and solver. Needs Firedrake."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from firedrake import Function, FunctionSpace
from scipy.interpolate import BSpline

from adjointdesign.design.boundary_curve import boundary_curve, boundary_edges, curvature
from adjointdesign.design.mesh_quality import least_quality
from adjointdesign.design.mesh_shape import MeshShape
from adjointdesign.design.polygons import require_apart
from adjointdesign.design.remesh import remesh, require_geometry
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


def _shape(problem, tagged, least_quality: float) -> MeshShape:
    facets, mesh = tagged.facets, tagged.mesh
    (radius, low, high), _ = _band(_frame(tagged))

    def beyond(x):
        return np.maximum(np.maximum(x[:, 0] - radius, low - x[:, 1]), x[:, 1] - high)

    # The far field is read in the band: no cell of it, nor one across which it begins, may move.
    of_cells = beyond(mesh.coordinates.dat.data_ro_with_halos)[mesh.coordinates.cell_node_map().values]
    least = of_cells[of_cells.max(axis=1) > 0].min(initial=0.0)
    reach = min(mesh.comm.allgather(float(least))) - 1e-9 * problem.specification.unit
    return MeshShape(
        mesh, [facets["profile"]], [facets[n] for n in ("casing", "port", "interface", "outer")], {facets["axis"]: 0},
        lambda x: beyond(x) >= reach, least_quality=least_quality,
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
        shape = _shape(problem, tagged, problem.discretization.least_quality)
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
        require_apart(np.concatenate([np.stack([corners[:-1], corners[1:]], axis=1), self._casing]), "m, as (r, z)")

    def excess_curvature(self, parameters):
        """Square of the largest curvature over the largest allowed one, less one, on the tape.

        The maximum is a smooth one, the logarithm of a mean of exponentials: of n corners it lies below the largest by up to
        0.05 ln n (0.14 for the 17 of the shipped mesh), most when a single corner is bent.
        """
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
    least_quality : float, optional
        Of cells, in the place of that of the settings.
    """

    def __init__(self, problem, tagged, displacement: np.ndarray, least_quality: float | None = None):
        s = problem.specification
        self._problem, self.tagged, self.displacement = problem, tagged, displacement
        self.shape = _shape(problem, tagged, problem.discretization.least_quality if least_quality is None else least_quality)
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
            When the displaced profile crosses itself or others, or no good mesh of it can be made.
        """
        base = cls(problem, _read(problem, source(problem)), np.zeros_like(displacement))
        if base.quality(displacement) >= problem.discretization.remesh_below:
            return base
        tagged = new_mesh(problem, displacement)
        found, limit = least_quality(tagged.mesh), problem.discretization.least_quality
        if not found >= limit:
            raise StepRejected(f"a new mesh of the shape has a cell of quality {found:.3g}, less than {limit:g}")
        return cls(problem, tagged, displacement)

    @classmethod
    def undeformed(cls, problem, displacement: np.ndarray, target: Path | None = None) -> Model:
        """On a new mesh, kept in a file if one is named, that is not to be deformed: any quality of its cells will do."""
        return cls(problem, new_mesh(problem, displacement, target), displacement, least_quality=0.0)

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


def require_geometry_everywhere(problem) -> None:
    """Refuse, on all ranks, a mesh file of which no new mesh can be made."""
    _on_rank_zero(lambda: require_geometry(source(problem)))


def new_mesh(problem, displacement: np.ndarray, target: Path | None = None):
    """Mesh the horn with its profile displaced, into a file if one is named; rank 0 works, all read.

    Raises
    ------
    StepRejected
        On all ranks, when there is no mesh of this shape.
    """
    corners, unit = problem.profile.curve.points, problem.specification.unit
    with tempfile.TemporaryDirectory() as folder:
        path = target or Path(folder) / "horn.msh"
        _on_rank_zero(lambda: remesh(source(problem), path, corners / unit, (corners + displacement) / unit))
        try:
            return _read(problem, path)
        except InputError as error:
            raise StepRejected(f"the new mesh of the shape cannot be used: {error}") from None


def _on_rank_zero(work: Callable[[], None]) -> None:
    """Do something on rank 0, and raise on all what it raises there."""
    from mpi4py import MPI

    outcome = InputError, ("Gmsh", "to do its work on rank 0", "a failure there", "see its message")
    try:
        if MPI.COMM_WORLD.rank == 0:
            try:
                work()
                outcome = None
            except InputError as error:
                outcome = InputError, (error.what, error.expected, str(error.got), error.remedy)
            except StepRejected as error:
                outcome = StepRejected, error.args
    finally:
        # Also when it fails in a way that is not foreseen: the others wait here.
        outcome = MPI.COMM_WORLD.bcast(outcome)
    if outcome is not None:
        kind, words = outcome
        raise kind(*words)


def _frame(tagged) -> tuple[tuple[float, float, float], float]:
    """Radius, low and high end of what the absorbing frame encloses, and its depth, m."""
    inside = boundary_curve(tagged.mesh, [tagged.facets["interface"]]).points
    radius, low, high = inside[:, 0].max(), inside[:, 1].min(), inside[:, 1].max()
    (_, bottom), (side, top) = tagged.box
    depths = np.array([side - radius, low - bottom, top - high])
    if not depths.min() > 0 or np.ptp(depths) > 1e-6 * depths.max():
        got = f"{depths[0]:.6g} m at the side, {depths[1]:.6g} m below and {depths[2]:.6g} m above"
        raise InputError("mesh", "a frame of the same depth on all sides of the interface", got, "make it so")
    return (float(radius), float(low), float(high)), float(depths[0])


def _band(frame) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Where the far field is read: from a tenth to half of the frame's depth away from it."""
    (radius, low, high), depth = frame
    return tuple(
        (radius - part * depth, low + part * depth, high - part * depth) for part in (0.6, 0.1)
    )  # fmt: skip


def _radius(tagged, port) -> float:
    return float(boundary_curve(tagged.mesh, [port]).points[:, 0].max())
