"""The shape of a mesh as a design: boundary nodes move, the others follow as an elastic body would.

The deformation is the one of least elastic energy with the given displacement of the design boundary, so the energy
is a norm of that displacement: the Steklov-Poincare metric (V. Schulz, M. Siebenborn, K. Welker, SIAM J. Optim. 26,
2800 (2016)). `MeshShape.smooth` holds its inverse square root for displacements along the normals. An optimizer
that is told of parameters p for the normal displacements ``smooth p``, and knows only Euclid, then works in this
metric. Forces act on the design boundary alone: gradients at interior nodes, which are none of the shape, do not
move them (T. Etling, R. Herzog, E. Loayza, G. Wachsmuth, SIAM J. Sci. Comput. 42, A1200 (2020)).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import scipy.linalg
from firedrake import (
    CellVolume, Constant, DirichletBC, FacetNormal, Function, FunctionSpace, SpatialCoordinate, TestFunction,
    TrialFunction, assemble, derivative, div, dot, dS, ds, dx, grad, inner, sym,
)  # fmt: skip
from firedrake.petsc import PETSc
from pyadjoint.tape import stop_annotating

from adjointdesign.design.mesh_quality import least_quality
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.tape.array import Array
from adjointdesign.tape.block import Operation, record


class MeshShape:
    """Coordinates of a mesh as a function of the displacement of the nodes on its design boundary.

    All ranks hold all displacements, in an order that depends on the nodes' places only.

    Parameters
    ----------
    mesh : Mesh
        With straight edges.
    design : sequence of facet tags
        What moves: boundary, or interfaces inside the mesh if ``inside`` is given.
    fixed : sequence of facet tags
        What stays; a node that is also of ``design`` stays. Facets of neither are free to follow.
    sliding : mapping
        Facet tag to the number of the coordinate that its nodes keep, such as 0 on an axis ``x = 0``.
    hold : callable, optional
        ``x -> bool array``, from points of shape (n, dimension): further nodes that stay.
    inside : cell tag, optional
        Cells out of which normals point; by default out of the mesh.
    least_quality : float
        Of cells, see `mesh_quality`; less is refused with `StepRejected`.

    Raises
    ------
    InputError
        When the mesh has no such tags, is curved, extruded or bad from the start, when nothing can move, or when what
        is held does not keep the mesh from moving as a whole.
    """

    def __init__(self, mesh, design: Sequence[int], fixed: Sequence[int] = (), sliding: Mapping[int, int] | None = None,
                 hold: Callable | None = None, inside: int | None = None, least_quality: float = 0.2):  # fmt: skip
        coordinates = mesh.coordinates
        self.space = coordinates.function_space()
        if self.space.ufl_element().degree() not in (1, (1, 1), (1, 1, 1)):
            raise InputError("mesh", "cells with straight edges", "curved ones", "make it of first order")
        self.mesh, self.comm, self.limit = mesh, mesh.comm, least_quality
        with stop_annotating():
            self.undeformed = coordinates.dat.data_ro.copy()
            self._require_quality(self.undeformed, InputError)
            self._require_tags(design, fixed, sliding or {}, inside)
            count, dimension = self.undeformed.shape

            def nodes(tags):
                mask = np.zeros(count, dtype=bool)
                for tag in tags:
                    found = DirichletBC(self.space, 0, tag).nodes
                    mask[found[found < count]] = True
                return mask

            held = np.repeat(nodes(fixed)[:, None], dimension, axis=1)
            if hold is not None:
                held |= np.asarray(hold(self.undeformed), dtype=bool)[:, None]
            for tag, axis in (sliding or {}).items():
                held[nodes([tag]), axis] = True
            movable = np.flatnonzero(nodes(design) & ~held.all(axis=1))
            self.points, self._order = _sorted_everywhere(self.comm, self.undeformed[movable])
            if not len(self.points):
                got = f"tags {list(design)}, all held"
                raise InputError("design", "a boundary with nodes that may move", got, "free some")
            self._require_support(held)
            normals = np.where(held, 0.0, self._normals(design, inside))[movable]
            normals = self._gathered(normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None])
            self._movable, self._held = movable, held
            self.free = self._gathered((~held[movable]).astype(float)) > 0
            self._ksp = self._elasticity()
            try:
                self._compliance = scipy.linalg.cho_factor(self._under_unit_forces(), lower=True)
            except (scipy.linalg.LinAlgError, ValueError):  # a part of the mesh for itself, and nothing of it held
                raise _unsupported() from None
            self.normals = normals

    # -- the map ------------------------------------------------------------------------------------------------------

    def coordinates(self, displacements) -> Array:
        """Nodal values of the mesh's coordinates, on the tape.

        Parameters
        ----------
        displacements : Array or ndarray, shape (n, dimension)
            Of the nodes at `points`, m; the same on every rank. Components that `free` denies are left out.

        Raises
        ------
        StepRejected
            When a cell's quality falls below the limit.
        InputError
            When the shape is wrong, or there are values that are not finite.
        """
        displacements = displacements if isinstance(displacements, Array) else Array(displacements)
        if displacements.shape != self.points.shape:
            got = f"shape {displacements.shape}"
            raise InputError("displacements", f"shape {self.points.shape}", got, "one a node of `points`")
        with stop_annotating():
            operation = _Deformation(self)
            results = operation.evaluate([displacements.data])
        return record(operation, [displacements], results, comm=self.comm, reduce_over=self.comm, floats=False)[0]

    def smooth(self, unit: float) -> np.ndarray:
        """Matrix from Euclidean parameters to displacements along `normals`: an inverse square root of the metric.

        Parameters
        ----------
        unit : float
            How far, m, a vector of parameters of length one can move a node.

        Returns
        -------
        ndarray, shape (n, n)
        """
        count = len(self.points)
        along = np.zeros((*self.points.shape, count))
        along[np.arange(count), :, np.arange(count)] = self.normals
        along = along[self.free]
        metric = along.T @ scipy.linalg.cho_solve(self._compliance, along)
        root = scipy.linalg.solve_triangular(scipy.linalg.cholesky((metric + metric.T) / 2), np.eye(count))
        return root * (unit / np.linalg.norm(root, axis=1).max())

    def deform(self, displacements: np.ndarray) -> np.ndarray:
        """Displacements of all of this rank's nodes, linear in those of the design nodes.

        Raises
        ------
        InputError
            When there are values that are not finite.
        """
        if not np.all(np.isfinite(displacements)):
            raise InputError("displacements", "finite values", "NaN or infinity", "look for where they come from")
        forces = np.zeros(self.points.shape)
        forces[self.free] = scipy.linalg.cho_solve(self._compliance, displacements[self.free])
        return self._solve(self._load(forces))

    def deform_transposed(self, cotangents: np.ndarray) -> np.ndarray:
        """The transpose of `deform`; this rank's share, to be summed over ranks."""
        share = np.zeros(self.points.shape)
        share[self._order] = self._solve(cotangents)[self._movable]
        result = np.zeros(self.points.shape)
        result[self.free] = scipy.linalg.cho_solve(self._compliance, share[self.free])
        return result

    def require_quality(self, coordinates: np.ndarray) -> None:
        """Raise `StepRejected` when a cell is worse than the limit."""
        self._require_quality(coordinates, StepRejected)

    # -- set-up -------------------------------------------------------------------------------------------------------

    def _require_quality(self, coordinates, refusal) -> None:
        found = least_quality(self.mesh, coordinates)
        if not found >= self.limit:
            if refusal is InputError:
                wanted = f"cells of quality {self.limit:g} or better"
                raise InputError("mesh", wanted, f"one of {found:.3g}", "make a better mesh")
            raise refusal(f"a cell of quality {found:.3g}, less than {self.limit:g}")

    def _require_tags(self, design, fixed, sliding, inside) -> None:
        known = [int(tag) for tag in self.mesh.exterior_facets.unique_markers]  # of interfaces too, on all ranks
        for name, tags in (("design", design), ("fixed", fixed), ("sliding", sliding)):
            missing = [tag for tag in tags if tag not in known]
            if missing:
                raise InputError(name, f"some of the facet tags {known}", missing, "correct them, or tag the mesh")
        if inside is not None:
            plex = self.mesh.topology_dm
            own = plex.getLabelIdIS("Cell Sets").indices if plex.hasLabel("Cell Sets") else ()
            known = sorted(set().union(*self.comm.allgather({int(tag) for tag in own})))
            if inside not in known:
                raise InputError("inside", f"one of the cell tags {known}", inside, "correct it, or tag the mesh")

    def _require_support(self, held: np.ndarray) -> None:
        """Refuse what is held when the mesh can move, or turn, without any of it moving."""
        dimension = held.shape[1]
        center = np.mean(self.points, axis=0)
        away = (self.undeformed - center) / max(np.abs(self.points - center).max(), 1e-300)
        motions = [np.tile(np.eye(dimension)[i], (len(away), 1)) for i in range(dimension)]
        for i in range(dimension):
            for j in range(i):
                turn = np.zeros_like(away)
                turn[:, i], turn[:, j] = away[:, j], -away[:, i]
                motions.append(turn)
        motions = np.stack([motion[held] for motion in motions], axis=1)
        moved = np.linalg.eigvalsh(sum(self.comm.allgather(motions.T @ motions)))
        if moved[0] <= 1e-10 * moved[-1]:
            raise _unsupported()

    def _normals(self, design, inside) -> np.ndarray:
        outward, tags = dot(FacetNormal(self.mesh), TestFunction(self.space)), tuple(design)
        if inside is None:
            return assemble(outward * ds(tags)).dat.data_ro.copy()
        region = Function(FunctionSpace(self.mesh, "DG", 0))
        region.interpolate(Constant(1.0), subset=self.mesh.cell_subset(inside))
        form = region * outward * ds(tags) + sum((region * outward)(side) for side in "+-") * dS(tags)
        return assemble(form).dat.data_ro.copy()

    def _elasticity(self) -> PETSc.KSP:
        """Factors of the stiffness with what is held taken out; small cells are stiff, so that large ones give way."""
        u, v = TrialFunction(self.space), TestFunction(self.space)
        stiffness = 1 / CellVolume(self.mesh)
        form = stiffness * (2 * inner(sym(grad(u)), sym(grad(v))) + div(u) * div(v)) * dx
        matrix = assemble(form, mat_type="aij").petscmat
        start, _ = matrix.getOwnershipRange()
        matrix.zeroRowsColumns((start + np.flatnonzero(self._held.ravel())).astype(PETSc.IntType), diag=1.0)
        ksp = PETSc.KSP().create(comm=matrix.comm)
        ksp.setOperators(matrix)
        ksp.setType("preonly")
        ksp.getPC().setType("cholesky")
        ksp.getPC().setFactorSolverType("mumps")
        return ksp

    def _under_unit_forces(self) -> np.ndarray:
        """Displacements of the free components under a unit force on each."""
        places = np.argwhere(self.free)
        compliance = np.zeros((len(places), len(places)))
        for column, place in enumerate(places):
            forces = np.zeros(self.points.shape)
            forces[tuple(place)] = 1.0
            moved = np.zeros(self.points.shape)
            moved[self._order] = self._solve(self._load(forces))[self._movable]
            compliance[:, column] = moved[self.free]
        compliance = self.comm.bcast(sum(self.comm.allgather(compliance)))
        return (compliance + compliance.T) / 2

    def _load(self, forces: np.ndarray) -> np.ndarray:
        load = np.zeros_like(self.undeformed)
        load[self._movable] = forces[self._order]
        return load

    def _gathered(self, values: np.ndarray) -> np.ndarray:
        """Values at this rank's movable nodes, as those at all `points`."""
        result = np.zeros((len(self.points), *values.shape[1:]))
        result[self._order] = values
        return sum(self.comm.allgather(result))

    def _solve(self, load: np.ndarray) -> np.ndarray:
        x, b = self._ksp.getOperators()[0].createVecs()
        b.setArray(np.where(self._held, 0.0, load).ravel())
        self._ksp.solve(b, x)
        return x.getArray().reshape(load.shape).copy()


class _Deformation(Operation):
    name = "deformation of a mesh"

    def __init__(self, shape: MeshShape):
        self.shape = shape

    def evaluate(self, values):
        result = self.shape.undeformed + self.shape.deform(values[0])
        self.shape.require_quality(result)
        return [result]

    def tangent(self, values, tangents):
        return [self.shape.deform(tangents[0])]

    def adjoint(self, values, cotangents, wanted):
        return [self.shape.deform_transposed(cotangents[0])]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        return [None] if cotangent_tangents[0] is None else self.adjoint(values, cotangent_tangents, wanted)


def _unsupported() -> InputError:
    expected = "enough to keep the mesh from moving as a whole"
    return InputError("fixed", expected, "too little", "fix a boundary, or more of one")


def mesh_integral(mesh, coordinates, integrand: Callable, measure=dx):
    """``int integrand(x)`` as a function of the mesh's coordinates, on the tape: a volume, a moment, a length.

    Parameters
    ----------
    mesh : Mesh
        Of the coordinates.
    coordinates : Array
        As `MeshShape.coordinates` gives them.
    integrand : callable
        ``x -> UFL expression``: 1 gives the volume, ``x[0]`` its first moment (over the volume: the centroid).
    measure : UFL measure
        ``dx(tag)``, ``ds(tag)``.

    Returns
    -------
    AdjFloat
    """
    with stop_annotating():
        operation = _Integral(mesh, integrand(SpatialCoordinate(mesh)) * measure(domain=mesh))
        results = operation.evaluate([coordinates.data])
    return record(operation, [coordinates], results)[0]


class _Integral(Operation):
    name = "integral over a mesh"

    def __init__(self, mesh, form):
        self.coordinates, self.form = mesh.coordinates, form
        self.direction = Function(self.coordinates.function_space())

    @contextmanager
    def _at(self, values):
        """The mesh has these coordinates, and its own again afterwards."""
        before = self.coordinates.dat.data_ro.copy()
        differ = any(self.coordinates.function_space().mesh().comm.allgather(not np.array_equal(before, values[0])))
        if differ:
            self.coordinates.dat.data_wo[...] = values[0]
        try:
            yield
        finally:
            if differ:
                self.coordinates.dat.data_wo[...] = before

    def evaluate(self, values):
        with self._at(values):
            return [self._replicated(assemble(self.form))]

    def _replicated(self, value):
        return self.coordinates.function_space().mesh().comm.bcast(float(value))

    def tangent(self, values, tangents):
        self.direction.dat.data_wo[...] = tangents[0]
        with self._at(values):
            return [self._replicated(assemble(derivative(self.form, self.coordinates, self.direction)))]

    def adjoint(self, values, cotangents, wanted):
        with self._at(values):
            slope = assemble(derivative(self.form, self.coordinates)).dat.data_ro.copy()
        return [float(np.real(cotangents[0])) * slope]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        result = np.zeros_like(values[0])
        if cotangent_tangents[0] is not None:
            result = result + self.adjoint(values, cotangent_tangents, wanted)[0]
        if tangents[0] is not None and cotangents[0] is not None:
            self.direction.dat.data_wo[...] = tangents[0]
            once = derivative(self.form, self.coordinates, self.direction)
            with self._at(values):
                slope = assemble(derivative(once, self.coordinates)).dat.data_ro
            result = result + float(np.real(cotangents[0])) * slope
        return [result]


def _sorted_everywhere(comm, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All ranks' points sorted by place, and where this rank's are among them."""
    parts = comm.allgather(points)
    everything = np.concatenate(parts)
    if not len(everything):
        return everything, np.zeros(0, dtype=int)
    unit = 1e-9 * max(np.ptp(everything, axis=0).max(), 1e-300)
    order = np.lexsort(np.round(everything / unit).T[::-1])
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    start = sum(len(part) for part in parts[: comm.rank])
    return everything[order], place[start : start + len(points)]
