"""Bridges between Firedrake's functions and arrays on the tape, both ways, differentiable to second order.

A function's nodal values, those of the nodes that a rank owns, are an `Array` with the mesh's communicator. The finite-element
solvers of this package take and give such arrays; `array` and `function` connect them with what firedrake.adjoint records.
`samples` reads nodal values at points that every rank names (the pixels of a grid, say), `from_grid` and `from_cells` go the
other way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse
from firedrake import (
    Cofunction, Function, FunctionSpace, SpatialCoordinate, TensorFunctionSpace, TrialFunction, VectorFunctionSpace,
    VertexOnlyMesh, assemble, interpolate,
)  # fmt: skip
from firedrake.exceptions import VertexOnlyMeshMissingPointsError
from pyadjoint import Block
from pyadjoint.tape import annotate_tape, get_working_tape, stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.parallel import end_together
from adjointdesign.tape.array import Array
from adjointdesign.tape.block import Operation, record

end_together()


def array(function: Function) -> Array:
    """The nodal values of a function, on the tape.

    Returns
    -------
    Array
        Of shape ``function.dat.data_ro.shape``, with the mesh's communicator.
    """
    dual = function.function_space().dual()
    return _bridged(function, _array_of, lambda cotangent: _filled(Cofunction(dual), cotangent))


def function(values: Array, space) -> Function:
    """The function with these nodal values, on the tape.

    Raises
    ------
    InputError
        When the values are not of the shape that the space asks for on this rank.
    """
    expected = Function(space).dat.data_ro.shape
    if space.mesh().comm.allreduce(int(values.shape != expected)):
        raise InputError("values", f"shape {expected}, one a node of the space", f"shape {values.shape}", "match the space")
    return _bridged(values, lambda array: _filled(Function(space), array), _array_of)


class _Bridge(Block):
    """Values stay what they are; only the type that holds them changes: ``outward`` from input to output."""

    def __init__(self, source, outward, inward):
        super().__init__()
        self._outward, self._inward = outward, inward
        self.add_dependency(source)

    def recompute_component(self, inputs, block_variable, idx, prepared):
        return self._outward(inputs[0])

    def evaluate_tlm_component(self, inputs, tlm_inputs, block_variable, idx, prepared=None):
        return None if tlm_inputs[0] is None else self._outward(tlm_inputs[0])

    def evaluate_adj_component(self, inputs, adj_inputs, block_variable, idx, prepared=None):
        return None if adj_inputs[0] is None else self._inward(adj_inputs[0])

    def evaluate_hessian_component(
        self, inputs, hessian_inputs, adj_inputs, block_variable, idx, relevant_dependencies, prepared=None
    ):
        return self.evaluate_adj_component(inputs, hessian_inputs, block_variable, idx)


def _bridged(source, outward, inward):
    with stop_annotating():
        result = outward(source)
    if annotate_tape():
        block = _Bridge(source, outward, inward)
        get_working_tape().add_block(block)
        block.add_output(result.create_block_variable())
    return result


def _array_of(function) -> Array:
    return Array(function.dat.data_ro, function.function_space().mesh().comm)


def _filled(target, values: Array):
    target.dat.data_wo[...] = values.data
    return target


def samples(values: Array, space, points) -> Array:
    """A function's values at points, on the tape; exact for the interpolant that the function is.

    Parameters
    ----------
    values : Array
        Nodal values, as `array` gives them.
    space : FunctionSpace
        Of the function; scalar, or of vectors or tensors by components.
    points : array_like, shape (n, dimension)
        The same on every rank, all within the mesh.

    Returns
    -------
    Array
        Of shape (n, ...value shape), the same on every rank.

    Raises
    ------
    InputError
        When a point is outside of the mesh.
    """
    points = np.asarray(points, dtype=float)
    mesh = space.mesh()
    if points.ndim != 2 or points.shape[1] != mesh.geometric_dimension:
        raise InputError("points", f"shape (n, {mesh.geometric_dimension})", f"shape {points.shape}", "reshape them")
    with stop_annotating():
        operation = _Samples(space, points)
        results = operation.evaluate([values.data])
    return record(operation, [values], results, floats=False)[0]


class _Samples(Operation):
    name = "samples at points"

    def __init__(self, space, points):
        mesh = space.mesh()
        self.comm, self.count, self.value_shape = mesh.comm, len(points), space.value_shape
        try:
            vertices = VertexOnlyMesh(mesh, points, missing_points_behaviour="error", tolerance=1e-6)
        except VertexOnlyMeshMissingPointsError:
            raise InputError("points", "points within the mesh", "some outside of it", "leave these out") from None
        at_vertices = FunctionSpace(vertices, "DG", 0)
        target = at_vertices if not self.value_shape else TensorFunctionSpace(vertices, "DG", 0, shape=self.value_shape)
        self.matrix = assemble(interpolate(TrialFunction(space), target)).petscmat
        # Which of the points this rank has, in the order of its vertices.
        named = FunctionSpace(vertices.input_ordering, "DG", 0)
        number = Function(named)
        number.dat.data_wo[...] = np.arange(number.dat.data_ro.size)
        self.own = assemble(interpolate(number, at_vertices)).dat.data_ro.round().astype(int)

    def evaluate(self, values):
        x, y = self.matrix.createVecs()
        x.setArray(np.ravel(values[0]))
        self.matrix.mult(x, y)
        result = np.zeros((self.count, *self.value_shape))
        result[self.own] = y.getArray().reshape(-1, *self.value_shape)
        # Every point belongs to one rank and the others add zeros, so that all get the same bits.
        return [sum(self.comm.allgather(result))]

    def tangent(self, values, tangents):
        return self.evaluate(tangents)

    def adjoint(self, values, cotangents, wanted):
        x, y = self.matrix.createVecs()
        y.setArray(np.ravel(cotangents[0][self.own]))
        self.matrix.multTranspose(y, x)
        return [x.getArray().reshape(values[0].shape).copy()]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        return self.adjoint(values, cotangent_tangents, wanted)


def from_grid(values: Array, axes: Sequence, space, outside: float = 0.0) -> Array:
    """Nodal values of a scalar space from values on a rectilinear grid, on the tape: linear between the grid's points.

    Parameters
    ----------
    values : Array or array_like
        On the grid, indexed ``[x, y]`` or ``[x, y, z]``; the same on every rank.
    axes : sequence of array_like
        Increasing coordinates of the grid's points along each axis, m.
    space : FunctionSpace
        With values at points for nodes (Lagrange, also discontinuous).
    outside : float
        Value of the nodes that are not between the grid's points.

    Returns
    -------
    Array
        With the mesh's communicator.

    Raises
    ------
    InputError
        When the grid does not have the dimensions of the mesh, or the values not the shape of the grid.
    """
    return _from_points(values, axes, space, outside, _linear)


def from_cells(values: Array, edges: Sequence, space, outside: float = 0.0) -> Array:
    """Nodal values of a scalar space from values that are constant on the cells (pixels) of a rectilinear grid, on the tape.

    Parameters
    ----------
    values : Array or array_like
        One a cell, indexed ``[x, y]`` or ``[x, y, z]``; the same on every rank.
    edges : sequence of array_like
        Increasing coordinates of the cells' edges along each axis, one more than cells, m.
    space, outside
        As of `from_grid`; nodes on an edge take the upper cell.

    Returns
    -------
    Array
        With the mesh's communicator.

    Raises
    ------
    InputError
        As `from_grid`.
    """
    return _from_points(values, edges, space, outside, _constant)


def _from_points(values, axes, space, outside, weights_along) -> Array:
    axes = [np.asarray(axis, dtype=float) for axis in axes]
    values = values if isinstance(values, Array) else Array(values)
    mesh = space.mesh()
    if len(axes) != mesh.geometric_dimension or space.value_shape:
        raise InputError("axes", f"{mesh.geometric_dimension} axes and a scalar space", f"{len(axes)} axes", "match them")
    if any(axis.ndim != 1 or axis.size < 2 or np.any(np.diff(axis) <= 0) for axis in axes):
        raise InputError("axes", "two or more increasing coordinates along each", axes, "sort them")
    with stop_annotating():
        nodes = Function(VectorFunctionSpace(mesh, space.ufl_element())).interpolate(SpatialCoordinate(mesh)).dat.data_ro
        weights = _weights(axes, nodes.reshape(-1, len(axes)), weights_along)
        shape = tuple(weights_along(axis, axis[:1]).shape[1] for axis in axes)
        if values.shape != shape or values.comm is not None:
            raise InputError(
                "values", f"shape {shape}, the same on every rank", f"shape {values.shape}", "gather or reshape them"
            )
        operation = _FromGrid(weights, outside)
        results = operation.evaluate([values.data])
    return record(operation, [values], results, comm=mesh.comm, reduce_over=mesh.comm, floats=False)[0]


def _weights(axes, nodes, weights_along) -> scipy.sparse.csr_array:
    """Rows of weights, one a node; empty where a node is outside of the grid."""
    count = len(nodes)
    inside = np.ones(count, dtype=bool)
    total = scipy.sparse.csr_array(np.ones((count, 1)))
    for axis, x in zip(axes, nodes.T, strict=True):
        slack = 1e-9 * (axis[-1] - axis[0])
        inside &= (x >= axis[0] - slack) & (x <= axis[-1] + slack)
        total = _row_products(total, weights_along(axis, x))
    return scipy.sparse.diags_array(inside.astype(float)) @ total


def _linear(axis, x) -> scipy.sparse.csr_array:
    """Weights of the grid's points along one axis, two a node."""
    left = np.clip(np.searchsorted(axis, x) - 1, 0, axis.size - 2)
    part = np.clip((x - axis[left]) / (axis[left + 1] - axis[left]), 0.0, 1.0)
    columns, weights = np.stack([left, left + 1], axis=1), np.stack([1 - part, part], axis=1)
    return scipy.sparse.csr_array((weights.ravel(), columns.ravel(), 2 * np.arange(x.size + 1)), (x.size, axis.size))


def _constant(axis, x) -> scipy.sparse.csr_array:
    """Weights of the cells along one axis, one a node."""
    cell = np.clip(np.searchsorted(axis, x + 1e-9 * (axis[-1] - axis[0]), side="right") - 1, 0, axis.size - 2)
    return scipy.sparse.csr_array((np.ones(x.size), cell, np.arange(x.size + 1)), (x.size, axis.size - 1))


def _row_products(a, b) -> scipy.sparse.csr_array:
    """Kronecker product of each row of ``a`` with the same row of ``b``, in C order; both with equally long rows."""
    count, width = a.shape[0], b.shape[1]
    if count == 0:
        return scipy.sparse.csr_array((0, a.shape[1] * width))
    columns = a.indices.reshape(count, -1, 1) * width + b.indices.reshape(count, 1, -1)
    weights = a.data.reshape(count, -1, 1) * b.data.reshape(count, 1, -1)
    rows = columns[0].size * np.arange(count + 1)
    return scipy.sparse.csr_array((weights.ravel(), columns.ravel(), rows), (count, a.shape[1] * width))


class _FromGrid(Operation):
    name = "nodal values from a grid"

    def __init__(self, weights, outside):
        self.weights = weights
        self.rest = outside * (1 - np.asarray(weights.sum(axis=1)).ravel()).round()

    def evaluate(self, values):
        return [self.weights @ np.ravel(values[0]) + self.rest]

    def tangent(self, values, tangents):
        return [self.weights @ np.ravel(tangents[0])]

    def adjoint(self, values, cotangents, wanted):
        return [(self.weights.T @ cotangents[0]).reshape(values[0].shape)]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        return self.adjoint(values, cotangent_tangents, wanted)
