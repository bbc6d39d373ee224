"""Collective operations of distributed arrays on the tape: the global sum and the gathered array.

A scalar or array that every rank holds is *replicated*: its cotangent is the whole one, the same on every rank.
"""

from __future__ import annotations

import numpy as np
from pyadjoint.tape import stop_annotating

from adjointdesign.tape.array import Array
from adjointdesign.tape.block import Operation, record


class _GlobalSum(Operation):
    name = "global sum"

    def __init__(self, comm):
        self.comm = comm

    def evaluate(self, values):
        # Rank order everywhere, so that the result is bitwise the same on every rank.
        return [sum(self.comm.allgather(np.sum(values[0])))]

    def tangent(self, values, tangents):
        return self.evaluate(tangents)

    def adjoint(self, values, cotangents, wanted):
        return [np.full(values[0].shape, cotangents[0])]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        return self.adjoint(values, cotangent_tangents, wanted)


class _Gather(Operation):
    name = "gather"

    def __init__(self, comm, rows):
        self.comm = comm
        start = sum(comm.allgather(rows)[: comm.rank])
        self.own = slice(start, start + rows)

    def evaluate(self, values):
        return [np.concatenate(self.comm.allgather(values[0]))]

    def tangent(self, values, tangents):
        return self.evaluate(tangents)

    def adjoint(self, values, cotangents, wanted):
        return [cotangents[0][self.own]]

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        return self.adjoint(values, cotangent_tangents, wanted)


def _collect(operation: Operation, array: Array):
    with stop_annotating():
        results = operation.evaluate([array.data])
    return record(operation, [array], results)[0]


def global_sum(array: Array):
    """Sum of all values on all ranks, replicated (AdjFloat, or an `Array` without axes when complex)."""
    return _collect(_GlobalSum(array.comm), array)


def gather(array: Array) -> Array:
    """The whole array on every rank, joined along the first axis in rank order."""
    return array if array.comm is None else _collect(_Gather(array.comm, len(array)), array)
