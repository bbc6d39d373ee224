"""The horn's meshes: that in which designs begin, and new ones by Gmsh. Needs Firedrake."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from adjointdesign.problems.antennas.horn_slots import Corrugation, corrugated

from adjointdesign.design.boundary_curve import boundary_curve, boundary_edges
from adjointdesign.design.mesh_shape import MeshShape
from adjointdesign.design.remesh import redraw, remesh, require_geometry
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.grid.mesh import mesh_from_file
from adjointdesign.grid.mesh_shipped import shipped_mesh

REGIONS = ("air", "frame", "wall", "profile", "casing", "port", "axis", "interface", "outer")


@dataclass(frozen=True)
class Source:
    """The mesh file in which designs begin.

    Parameters
    ----------
    path : Path
        Of the file, there for rank 0.
    smooth : ndarray, shape (n, 2)
        Corners (r, z) of the profile without slots, m.
    corrugation : Corrugation or None
        The profile with slots, if there are any.
    folder : TemporaryDirectory or None
        Of the file if it was made for this.
    """

    path: Path
    smooth: np.ndarray
    corrugation: Corrugation | None = None
    folder: tempfile.TemporaryDirectory | None = None


def source(problem) -> Source:
    """That of the settings: of the named mesh, with slots cut into its profile if there are to be any."""
    s, name = problem.specification, problem.discretization.mesh
    path = Path(name) if name.endswith(".msh") else shipped_mesh(name)
    tagged = read(problem, path)
    smooth = boundary_curve(tagged.mesh, [tagged.facets["profile"]]).points
    if not s.slots:
        return Source(path, smooth)
    casing = boundary_edges(tagged.mesh, [tagged.facets["casing"]])
    corrugation = corrugated(smooth, casing, s.slots, s.slot_width, s.slot_depths)
    made = drawn(problem, path, corrugation.points)
    return Source(made.path, smooth, corrugation, made.folder)


def drawn(problem, path: Path, polygon: np.ndarray) -> Source:
    """That with a polygon, (r, z) in m, for the profile of a mesh file.

    Raises
    ------
    StepRejected
        When the polygon crosses itself or the rest of the conductor.
    """
    folder = tempfile.TemporaryDirectory()
    target = Path(folder.name) / path.name
    on_rank_zero(lambda: redraw(path, target, "profile", polygon / problem.specification.unit))
    return Source(target, polygon, folder=folder)


def read(problem, path: Path):
    """A mesh with all that a horn's has."""
    return mesh_from_file(path, scale=problem.specification.unit, require=REGIONS)


def require_geometry_everywhere(problem) -> None:
    """Refuse, on all ranks, a mesh file of which no new mesh can be made."""
    path = problem.source.path
    on_rank_zero(lambda: require_geometry(path))


def new_mesh(problem, displacement: np.ndarray, target: Path | None = None):
    """Mesh the horn with its profile displaced, into a file if one is named; rank 0 works, all read.

    Raises
    ------
    StepRejected
        On all ranks, when there is no mesh of this shape.
    """
    source, corners, unit = problem.source.path, problem.profile.curve.points, problem.specification.unit
    with tempfile.TemporaryDirectory() as folder:
        path = target or Path(folder) / "horn.msh"
        on_rank_zero(lambda: remesh(source, path, corners / unit, (corners + displacement) / unit))
        try:
            return read(problem, path)
        except InputError as error:
            raise StepRejected(f"the new mesh of the shape cannot be used: {error}") from None


def on_rank_zero(work: Callable[[], None]) -> None:
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


def moving(problem, tagged, least_quality: float) -> MeshShape:
    """The mesh as it moves with its profile."""
    facets, mesh = tagged.facets, tagged.mesh
    (radius, low, high), _ = band(frame(tagged))

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


def frame(tagged) -> tuple[tuple[float, float, float], float]:
    """Radius, low and high end of what the absorbing frame encloses, and its depth, m."""
    inside = boundary_curve(tagged.mesh, [tagged.facets["interface"]]).points
    radius, low, high = inside[:, 0].max(), inside[:, 1].min(), inside[:, 1].max()
    (_, bottom), (side, top) = tagged.box
    depths = np.array([side - radius, low - bottom, top - high])
    if not depths.min() > 0 or np.ptp(depths) > 1e-6 * depths.max():
        got = f"{depths[0]:.6g} m at the side, {depths[1]:.6g} m below and {depths[2]:.6g} m above"
        raise InputError("mesh", "a frame of the same depth on all sides of the interface", got, "make it so")
    return (float(radius), float(low), float(high)), float(depths[0])


def band(frame) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Where the far field is read: from a tenth to half of the frame's depth away from it."""
    (radius, low, high), depth = frame
    return tuple(
        (radius - part * depth, low + part * depth, high - part * depth) for part in (0.6, 0.1)
    )  # fmt: skip
