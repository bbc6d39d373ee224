"""One pyadjoint block for every differentiable map: what `taped`, `linear`, `solve` and the collectives share."""

from __future__ import annotations

import numpy as np
import pyadjoint
from pyadjoint import AdjFloat
from pyadjoint.tape import annotate_tape, get_working_tape, stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.tape.array import Array


def raw(value):
    """NumPy array or float behind an `Array`, an AdjFloat or anything that is already plain."""
    if isinstance(value, Array):
        return value.data
    return float(value) if isinstance(value, AdjFloat) else value


def is_taped(value) -> bool:
    """Whether the tape can differentiate with respect to ``value``."""
    return isinstance(value, (Array, AdjFloat))


def frozen_copy(value):
    """Read-only copy of an array, so that a later change of the user's data does not change what was recorded."""
    copy = np.array(value)
    copy.flags.writeable = False
    return copy


class Operation:
    """A differentiable map from a list of arrays (or floats) to a list of arrays, ``None`` meaning zero.

    Cotangents follow the convention of the package: ``dJ = Re sum(conj(g) dz)``. Every method is a function of its
    arguments alone. ``wanted`` holds the indices of the inputs whose result is used.
    """

    name = "operation"

    def evaluate(self, values: list) -> list:
        """Return the outputs."""
        raise NotImplementedError

    def tangent(self, values: list, tangents: list) -> list:
        """Return ``J tangents``, an entry an output."""
        raise NotImplementedError

    def adjoint(self, values: list, cotangents: list, wanted: set[int]) -> list:
        """Return ``J^T cotangents``, an entry an input."""
        raise NotImplementedError

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted) -> list:
        """Return the derivative of `adjoint` along ``tangents`` and ``cotangent_tangents``, an entry an input."""
        raise NotImplementedError


class MapBlock(pyadjoint.Block):
    """The record of one `Operation` on the tape."""

    def __init__(self, operation: Operation, inputs: list, reduce_over):
        super().__init__()
        self.operation = operation
        # A replicated input of a map between distributed arrays gets one share of its cotangent from every rank.
        self._reduce_over = reduce_over
        for value in inputs:
            self.add_dependency(value)

    def __str__(self):
        return self.operation.name

    def _like_input(self, index: int, value):
        """Cotangent as a fresh object of the kind that input ``index`` has."""
        if value is None:
            return None
        variable = self.get_dependencies()[index].output
        if self._reduce_over is not None and getattr(variable, "comm", None) is None:
            value = sum(self._reduce_over.allgather(np.asarray(value)))
        if isinstance(variable, AdjFloat):
            return float(np.real(value))
        value = np.asarray(value)
        if value.shape != variable.shape:
            raise InputError(
                f"cotangent of input {index} of {self.operation.name}",
                f"shape {variable.shape}",
                f"shape {value.shape}",
                "return it in the shape of the input",
            )
        value = value if np.iscomplexobj(variable.data) else value.real
        return Array(value.astype(variable.dtype, copy=False), variable.comm)

    def _like_output(self, index: int, value):
        """Value or tangent as a fresh object of the kind that output ``index`` has."""
        if value is None:
            return None
        variable = self.get_outputs()[index].output
        return AdjFloat(np.real(value)) if isinstance(variable, AdjFloat) else Array(value, variable.comm)

    def prepare_recompute_component(self, inputs, relevant_outputs):
        """Run the operation once for all outputs."""
        return self.operation.evaluate([raw(v) for v in inputs])

    def recompute_component(self, inputs, block_variable, idx, prepared):
        """Return one output of the run."""
        return self._like_output(idx, prepared[idx])

    def _raw_like(self, what: str, values: list, variables: list) -> list:
        """Plain values, each of the shape of the recorded variable that it belongs to."""
        plain = [raw(v) for v in values]
        for index, (value, variable) in enumerate(zip(plain, variables)):
            expected = np.shape(raw(variable.output))
            if value is not None and np.shape(value) != expected:
                raise InputError(
                    f"{what} {index} of {self.operation.name}", f"shape {expected}", f"shape {np.shape(value)}",
                    "give it the shape of what it belongs to",
                )  # fmt: skip
        return plain

    def prepare_evaluate_tlm(self, inputs, tlm_inputs, relevant_outputs):
        """Run the tangent sweep once for all outputs."""
        tangents = self._raw_like("tangent of input", tlm_inputs, self.get_dependencies())
        results = self.operation.tangent([raw(v) for v in inputs], tangents)
        return self._raw_like("resulting tangent of output", results, self.get_outputs())

    def evaluate_tlm_component(self, inputs, tlm_inputs, block_variable, idx, prepared=None):
        """Return the tangent of one output."""
        return self._like_output(idx, prepared[idx])

    def prepare_evaluate_adj(self, inputs, adj_inputs, relevant_dependencies):
        """Run the adjoint sweep once for all inputs."""
        wanted = {index for index, _ in relevant_dependencies}
        cotangents = self._raw_like("cotangent of output", adj_inputs, self.get_outputs())
        return self.operation.adjoint([raw(v) for v in inputs], cotangents, wanted)

    def evaluate_adj_component(self, inputs, adj_inputs, block_variable, idx, prepared=None):
        """Return the cotangent of one input, a fresh object."""
        return self._like_input(idx, prepared[idx])

    def prepare_evaluate_hessian(self, inputs, hessian_inputs, adj_inputs, relevant_dependencies):
        """Run the second-order adjoint sweep once for all inputs."""
        inwards, outwards = self.get_dependencies(), self.get_outputs()
        tangents = self._raw_like("tangent of input", [variable.tlm_value for variable in inwards], inwards)
        return self.operation.second_adjoint(
            [raw(v) for v in inputs],
            tangents,
            self._raw_like("cotangent of output", adj_inputs, outwards),
            self._raw_like("cotangent's tangent of output", hessian_inputs, outwards),
            {index for index, _ in relevant_dependencies},
        )

    def evaluate_hessian_component(
        self, inputs, hessian_inputs, adj_inputs, block_variable, idx, relevant_dependencies, prepared=None
    ):
        """Return the second-order cotangent of one input, a fresh object."""
        return self._like_input(idx, prepared[idx])


def record(operation: Operation, inputs: list, results: list, comm=None, reduce_over=None, floats: bool = True) -> list:
    """Wrap the results of an operation that has just run and, while annotation is on, put it on the tape.

    Parameters
    ----------
    operation : Operation
        What ran.
    inputs : list of Array or AdjFloat
        What it ran on.
    results : list of array_like
        What came out.
    comm : mpi4py communicator, optional
        The ranks that own parts of each output; None when the outputs are replicated.
    reduce_over : mpi4py communicator, optional
        The ranks over which the cotangents of replicated inputs are summed.
    floats : bool
        Whether real scalars become AdjFloat (otherwise arrays without dimensions).

    Raises
    ------
    InputError
        When annotation is on and no tape is set.
    """
    with stop_annotating():
        outputs = [
            AdjFloat(value) if floats and np.ndim(value) == 0 and not np.iscomplexobj(value) else Array(value, comm)
            for value in results
        ]
    if annotate_tape() and inputs:
        tape = get_working_tape()
        if tape is None:
            raise InputError("tape", "a working tape", "none", "record within `with recording() as tape:`")
        block = MapBlock(operation, inputs, reduce_over)
        tape.add_block(block)
        for output in outputs:
            block.add_output(output.create_block_variable())
    return outputs
