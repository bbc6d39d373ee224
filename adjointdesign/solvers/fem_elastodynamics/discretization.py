"""Spectral elements with a diagonal mass matrix: one set of points serves nodes, quadrature, medium and strain.

The nodes of an element are the points of its quadrature rule: Gauss-Lobatto-Legendre on quadrilaterals and hexahedra
(Komatitsch and Tromp, Geophys. J. Int. 139, 806 (1999)), the rules of Kong, Mulder and van Veldhuizen on triangles and
tetrahedra (Chin-Joe-Kong, Mulder and van Veldhuizen, J. Eng. Math. 35, 405 (1999)). Nodes taken cell by cell are called
*points* here. With N (values at the points), B (gradients there) and the weights W, mass and stiffness of a medium with
coefficients c at the points are ``N^T W c N``, which is diagonal, and ``B^T W c B``, which is never formed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, cached_property

import numpy as np
import scipy.sparse
from finat.ufl import BrokenElement, FiniteElement
from firedrake import (
    FacetNormal, Function, FunctionSpace, Jacobian, JacobianDeterminant, TensorFunctionSpace, TestFunction, TrialFunction,
    VectorFunctionSpace, VertexOnlyMesh, assemble, ds, dx, grad, interpolate,
)  # fmt: skip
from firedrake.exceptions import VertexOnlyMeshMissingPointsError

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics.matrix import Matrix, rows
from adjointdesign.solvers.fem_linear.require import require_tags

LARGEST_DEGREE = {"triangle": 5, "tetrahedron": 3}
"""Up to which degree there are such rules on simplices."""

_ZERO = 1e-13
"""Part of the largest weight on the boundary below which a weight is rounding of a zero."""


class Discretization:
    """Spaces, matrices and weights of a mesh.

    Parameters
    ----------
    mesh : Mesh
        Triangles, quadrilaterals, tetrahedra or hexahedra.
    degree : int
        Polynomial degree.

    Raises
    ------
    InputError
        When there is no diagonal mass matrix of this degree on these cells.
    """

    def __init__(self, mesh, degree: int):
        cell = mesh.ufl_cell()
        box = cell.cellname in ("quadrilateral", "hexahedron")
        if not box and cell.cellname not in LARGEST_DEGREE:
            raise InputError(
                "mesh", "triangles, quadrilaterals, tetrahedra or hexahedra", cell.cellname, "use one of these"
            )
        largest = LARGEST_DEGREE.get(cell.cellname)
        if degree < 1 or (largest is not None and degree > largest):
            raise InputError(
                "degree", "at least 1" + ("" if largest is None else f" and at most {largest} on {cell.cellname}s"),
                degree, "choose another, or another mesh",
            )  # fmt: skip
        self.mesh, self.comm, self.degree = mesh, mesh.comm, degree
        self.dimension = mesh.geometric_dimension
        element = FiniteElement("Q", cell, degree, variant="spectral") if box else FiniteElement("KMV", cell, degree)
        broken = FiniteElement("DQ", cell, degree, variant="gll") if box else BrokenElement(element)
        self.space = FunctionSpace(mesh, element)
        self.point_space = FunctionSpace(mesh, broken)
        self.nodes, self.points = self.space.dof_dset.size, self.point_space.dof_dset.size
        self.to_points = self.values_at_points(self.space)
        trial = TrialFunction(self.space)
        self.gradient = self._at_points([trial.dx(i) for i in range(self.dimension)], self.space)
        stretch = abs(JacobianDeterminant(mesh))
        reference = assemble(TestFunction(self.point_space) / stretch * dx(degree=2 * degree + 2)).dat.data_ro
        self.weights = reference * assemble(interpolate(stretch, self.point_space)).dat.data_ro

    def _at_points(self, expressions, space) -> Matrix:
        blocks = [rows(assemble(interpolate(e, self.point_space)).petscmat) for e in expressions]
        return Matrix(self.comm, blocks, space.dof_dset.size)

    def values_at_points(self, space) -> Matrix:
        """Matrix that evaluates a function of a scalar space at the points."""
        return self._at_points([TrialFunction(space)], space)

    def vector_space(self, components: int):
        """Space of the unknown."""
        return self.space if components == 1 else VectorFunctionSpace(self.mesh, self.space.ufl_element(), dim=components)

    def boundary_weights(self, tags: Sequence) -> tuple[np.ndarray, np.ndarray]:
        """Weights of the points in integrals over part of the boundary.

        Returns
        -------
        plain, normal : ndarray
            Of shape (points,), and times ``n_i n_j`` of the normal, of shape (dimension, dimension, points).

        Raises
        ------
        InputError
            When the mesh has no such tags, or the rule has negative weights on facets.
        """
        require_tags(self.mesh, tags)
        test, n, d = TestFunction(self.point_space), FacetNormal(self.mesh), self.dimension
        plain = assemble(test * ds(tuple(tags))).dat.data_ro.copy()
        floor = _ZERO * max(self.comm.allgather(float(np.abs(plain).max(initial=0.0))))
        if min(self.comm.allgather(float(plain.min(initial=0.0)))) < -floor:
            raise InputError(
                "absorbing", "an element whose nodes on a facet have positive weights there",
                f"degree {self.degree} on {self.mesh.ufl_cell().cellname}s", "lower the degree",
            )  # fmt: skip
        touched = plain > floor
        normal = np.empty((d, d, self.points))
        for i in range(d):
            for j in range(i, d):
                normal[i, j] = normal[j, i] = assemble(test * n[i] * n[j] * ds(tuple(tags))).dat.data_ro * touched
        return plain * touched, normal

    def nodes_on(self, tags: Sequence) -> np.ndarray:
        """Indices of this rank's nodes on part of the boundary.

        Raises
        ------
        InputError
            When the mesh has no such tags.
        """
        require_tags(self.mesh, tags)
        nodes = self.space.boundary_nodes(tuple(tags)) if tags else np.empty(0, dtype=int)
        return nodes[nodes < self.nodes]

    def evaluation(self, positions: np.ndarray) -> Callable:
        """Values of the basis functions at positions, and their derivatives.

        Each position is in one cell, also where it touches several: a derivative at the face of a cell is that on one
        side, not always the same side.

        Parameters
        ----------
        positions : ndarray
            Of shape (positions, dimension).

        Returns
        -------
        callable
            ``axes -> sparse matrix`` (positions by this rank's nodes) of the derivatives along these axes, one after the
            other; its sum over the ranks is the whole.

        Raises
        ------
        InputError
            When a position is outside the mesh.
        """
        if not len(positions):
            return lambda axes: scipy.sparse.csr_array((0, self.nodes))
        # Equal positions (a force of several components, say) have one vertex and one row between them.
        places, of_position = np.unique(positions, axis=0, return_inverse=True)
        of_position = of_position.ravel()
        try:
            cloud = VertexOnlyMesh(self.mesh, places, redundant=True, missing_points_behaviour="error", tolerance=1e-6)
        except VertexOnlyMeshMissingPointsError as error:
            raise InputError("position of a source or receiver", "a point of the mesh", error, "move it inside") from None
        # Which of the places each local row is: the coordinates are handed on unchanged.
        here = cloud.coordinates.dat.data_ro.reshape(-1, self.dimension)
        order = np.array([np.flatnonzero(np.all(places == row, axis=1))[0] for row in here], dtype=int)

        @cache
        def derivatives(count: int) -> list[scipy.sparse.csr_array]:
            # All at once: one expression compiles in a fraction of the time that one for each of them takes.
            expression = TrialFunction(self.space)
            for _ in range(count):
                expression = grad(expression)
            shape = (self.dimension,) * count
            target = TensorFunctionSpace(cloud, "DG", 0, shape=shape) if count else FunctionSpace(cloud, "DG", 0)
            every = rows(assemble(interpolate(expression, target)).petscmat)
            found = []
            for k in range(self.dimension**count):
                part = scipy.sparse.coo_array(every[k :: self.dimension**count])
                found.append(self._own_columns(order[part.row], part.col, part.data, len(places))[of_position])
            return found

        return lambda axes: derivatives(len(axes))[np.ravel_multi_index(axes, (self.dimension,) * len(axes)) if axes else 0]

    @cached_property
    def affine(self) -> bool:
        """Whether every cell is a simplex, parallelogram or parallelepiped with plane faces."""
        jacobian = Jacobian(self.mesh)
        bent = 0.0
        for entry in (jacobian[i, j] for i in range(self.dimension) for j in range(self.dimension)):
            values = assemble(interpolate(entry, self.point_space)).dat.data_ro
            by_cell = values[self.point_space.cell_node_list[: self.mesh.cell_set.size]]
            bent = max(bent, float(np.ptp(by_cell, axis=1).max(initial=0.0) / (np.abs(values).max(initial=0.0) or 1.0)))
        return max(self.comm.allgather(bent)) < 1e-10

    def _own_columns(self, where, columns, values, count) -> scipy.sparse.csr_array:
        """Give entries of global columns to the ranks that own them."""
        start, stop = self.space.dof_dset.layout_vec.getOwnershipRange()
        parts = self.comm.allgather((where, columns, values))
        where, columns, values = (np.concatenate([part[k] for part in parts]) for k in range(3))
        own = (columns >= start) & (columns < stop)
        return scipy.sparse.csr_array((values[own], (where[own], columns[own] - start)), shape=(count, self.nodes))

    def function(self, values: np.ndarray) -> Function:
        """Function of nodal values of shape (components, nodes)."""
        result = Function(self.vector_space(len(values)))
        result.dat.data_wo[...] = values[0] if len(values) == 1 else values.T
        return result

    def total(self, value):
        """Sum over the ranks, bitwise the same on every rank, which an allreduce does not promise."""
        return self.comm.bcast(self.comm.reduce(value))
