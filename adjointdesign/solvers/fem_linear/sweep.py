"""Several linear systems with the same inputs, such as one problem at several frequencies, as one solver."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from adjointdesign.solvers.fem_linear.solver import LinearVariational
from adjointdesign.tape import Solver


class Sweep(Solver):
    """Solvers with the same inputs and outputs, one after the other; outputs are stacked along a new first axis.

    Each keeps its own factorization, so memory grows with their number.

    Parameters
    ----------
    systems : sequence of LinearVariational
        With the same functions as inputs.
    """

    def __init__(self, systems: Sequence[LinearVariational]):
        self.systems = list(systems)
        self.functions = self.systems[0].functions
        self.comm = self.systems[0].comm

    def forward(self, inputs) -> dict[str, np.ndarray]:
        """Readings of every system."""
        return _stacked([system.forward(inputs) for system in self.systems])

    def tangent(self, inputs, tangents) -> dict[str, np.ndarray]:
        """Change of the readings."""
        return _stacked([system.tangent(inputs, tangents) for system in self.systems])

    def adjoint(self, inputs, cotangents) -> dict[str, np.ndarray]:
        """Sum of the systems' gradients."""
        return _summed([s.adjoint(inputs, _part(cotangents, i)) for i, s in enumerate(self.systems)])

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents) -> dict[str, np.ndarray]:
        """Sum of the systems' second-order adjoints."""
        return _summed([
            s.second_adjoint(inputs, tangents, _part(cotangents, i), _part(cotangent_tangents, i))
            for i, s in enumerate(self.systems)
        ])  # fmt: skip

    def forget(self) -> None:
        """Release factorizations and solutions."""
        for system in self.systems:
            system.forget()


def _stacked(results):
    return {name: np.stack([result[name] for result in results]) for name in results[0]}


def _summed(results):
    return {name: sum(result[name] for result in results) for name in results[0]}


def _part(values, index):
    return {name: np.asarray(value)[index] for name, value in values.items()}
