"""`Solver` and `solve`: one whole run of a solver as one block on the tape."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pyadjoint.tape import annotate_tape, stop_annotating

from adjointdesign.errors import InputError
from adjointdesign.tape.array import Array
from adjointdesign.tape.block import Operation, frozen_copy, is_taped, raw, record


class Footprint(NamedTuple):
    """What the history of one run takes, for whoever chooses a checkpoint schedule.

    ``steps``: number of time steps. ``step_bytes``: size of what the adjoint of one step needs. ``state_bytes``: size of
    one snapshot of the state, from which the run goes on. Second order keeps up to three times as much.
    """

    steps: int
    step_bytes: int
    state_bytes: int


class Solver:
    """A program from named arrays to named arrays that can apply its Jacobian, its transpose and its second order.

    A solver knows neither objective nor optimizer. Its methods are pure functions of their arguments: what is worth
    remembering between a `forward` and the `adjoint` that follows, the solver remembers for itself, and checks that the
    inputs are the same. Inputs arrive as *read-only* arrays (scalars as arrays without axes) and must not be changed.

    In every dictionary an absent name means zero. Cotangents obey ``dJ = Re sum(conj(g) dz)``: a real input gets the
    real part of what the formula gives. `adjoint` and `second_adjoint` must return an entry for every input with
    respect to which derivatives are asked, in the shape of the input (None for an exact zero).

    A solver with a communicator in ``comm`` takes of every input this rank's part, and gives outputs that are the same on all.
    """

    comm = None

    def forward(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run, and keep what an `adjoint` at the same inputs would need."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward run")

    def evaluate(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Run for the values alone; a solver that stores a history in `forward` can leave it out here."""
        return self.forward(inputs)

    def tangent(self, inputs, tangents) -> dict[str, np.ndarray]:
        """Return ``J(inputs) tangents``, an entry an output."""
        raise NotImplementedError(f"{type(self).__name__} defines no tangent run")

    def adjoint(self, inputs, cotangents) -> dict[str, np.ndarray]:
        """Return ``J(inputs)^T cotangents``, an entry an input."""
        raise NotImplementedError(f"{type(self).__name__} defines no adjoint run")

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents) -> dict[str, np.ndarray]:
        """Return ``J^T cotangent_tangents + d/de [J(inputs + e tangents)^T cotangents]`` at e = 0, by input."""
        raise NotImplementedError(f"{type(self).__name__} defines no second-order adjoint run")

    def footprint(self) -> Footprint | None:
        """What the history of a run takes, for a solver that marches under a checkpoint schedule and memory budget.

        None, as here, for any other, and before a run whose length only the first run finds.
        """
        return None

    def forget(self) -> None:
        """Release what `forward` has kept; a solver that keeps nothing large need not define it."""


def _present(names, values) -> dict:
    return {name: np.asarray(value) for name, value in zip(names, values) if value is not None}


class _SolverOperation(Operation):
    def __init__(self, solver: Solver, names: list[str], constants: dict):
        self.name = type(solver).__name__
        self.solver = solver
        self.names = names
        self.constants = constants
        self.outputs: list[str] = []

    def inputs(self, values) -> dict[str, np.ndarray]:
        moving = {name: frozen_copy(v) if np.ndim(v) == 0 else v for name, v in zip(self.names, values)}
        return {**self.constants, **moving}

    def run(self, values, keep_history: bool):
        results = (self.solver.forward if keep_history else self.solver.evaluate)(self.inputs(values))
        if not isinstance(results, dict) or not results:
            raise InputError(f"outputs of {self.name}", "a dictionary of arrays by name", results, "return one")
        if self.outputs and self.outputs != list(results):
            raise InputError(f"outputs of {self.name}", f"as recorded {self.outputs}", list(results), "return the same")
        self.outputs = list(results)
        return list(results.values())

    def evaluate(self, values):
        return self.run(values, keep_history=True)

    def tangent(self, values, tangents):
        result = self.solver.tangent(self.inputs(values), _present(self.names, tangents))
        return [result.get(name) for name in self.outputs]

    def _by_input(self, method: str, result: dict, wanted):
        for index in wanted:
            if self.names[index] not in result:
                raise InputError(
                    f"{method} of {self.name}",
                    f"an entry '{self.names[index]}', with respect to which derivatives were asked",
                    sorted(result),
                    "return it (None for an exact zero), or pass that input as a constant",
                )
        return [result.get(name) for name in self.names]

    def adjoint(self, values, cotangents, wanted):
        result = self.solver.adjoint(self.inputs(values), _present(self.outputs, cotangents))
        return self._by_input("adjoint", result, wanted)

    def second_adjoint(self, values, tangents, cotangents, cotangent_tangents, wanted):
        result = self.solver.second_adjoint(
            self.inputs(values),
            _present(self.names, tangents),
            _present(self.outputs, cotangents),
            _present(self.outputs, cotangent_tangents),
        )
        return self._by_input("second_adjoint", result, wanted)


def solve(solver: Solver, /, **inputs) -> dict[str, Array]:
    """Run a solver; while annotation is on, the whole run is one block on the tape.

    Parameters
    ----------
    solver : Solver
        What to run.
    **inputs : Array, AdjFloat, array_like
        Its inputs by name. `Array` and AdjFloat are differentiable, everything else is constant (and copied).

    Returns
    -------
    dict of str to Array
        The outputs by name; the same on every rank when there are several.

    Raises
    ------
    InputError
        When the solver's dictionaries do not hold what they must.
    """
    names = [name for name, value in inputs.items() if is_taped(value)]
    constants = {name: frozen_copy(value) for name, value in inputs.items() if not is_taped(value)}
    operation = _SolverOperation(solver, names, constants)
    active = [inputs[name] for name in names]
    # Without annotation no adjoint can follow: the solver may leave its history out.
    keep_history = annotate_tape() and bool(active)
    with stop_annotating():
        results = operation.run([raw(value) for value in active], keep_history)
    return dict(zip(operation.outputs, record(operation, active, results, floats=False)))
