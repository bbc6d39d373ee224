"""Tests that hold for every solver: tangent against adjoint, symmetry of the second order, purity, Taylor.

Inputs get random tangents of their own size and outputs random cotangents of the inverse of theirs, so that all
pairings are relative changes and comparable whatever the units.
"""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.tape.solver import Solver
from adjointdesign.verification.taylor import TaylorResult, taylor_along

WEAK = 1e-3
"""Pairings below this part of the strongest are measured against that part: they may be zero up to rounding."""

CANCELLED = 0.1
"""Part of the natural size of a sum of random terms below which it counts as cancelled."""

RESIDUAL_TOLERANCE = 1e-12
"""Largest relative residual of a solver in double precision that passes `check_solver`."""


def _freeze(inputs) -> dict[str, np.ndarray]:
    frozen = {name: np.array(value) for name, value in inputs.items()}
    for value in frozen.values():
        value.flags.writeable = False
    return frozen


def _differentiable(inputs: dict, wrt) -> list[str]:
    names = [n for n, v in inputs.items() if v.dtype.kind in "fc"] if wrt is None else list(wrt)
    unknown = [n for n in names if n not in inputs or inputs[n].dtype.kind not in "fc"]
    if unknown or not names:
        raise InputError("wrt", "names of real or complex inputs", unknown or names, f"choose among {sorted(inputs)}")
    return names


def _random_like(value: np.ndarray, rng: np.random.Generator, inverse: bool = False) -> np.ndarray:
    """Normal random numbers of the size (or inverse size) of ``value``, with its shape and type."""
    size = float(np.sqrt(np.mean(np.abs(value) ** 2))) if value.size else 1.0
    size = size if size > 0 else 1.0
    noise = rng.standard_normal(value.shape)
    if np.iscomplexobj(value):
        noise = noise + 1j * rng.standard_normal(value.shape)
    return np.asarray(noise * (1.0 / size if inverse else size), dtype=value.dtype)


def _pair(a, b, comm=None) -> tuple[float, float]:
    """``Re sum(conj(a) b)``, over the ranks of ``comm``, and the least size it is measured against; an absent side is zero.

    The terms of random vectors have random signs, and their sum by nature the size of the root of their squared sum. A sum
    that happens to cancel to less than `CANCELLED` of that is not measured against the little that is left of it.
    """
    if a is None or b is None:
        return 0.0, 0.0
    terms = (np.conj(a) * b).real
    total, squares = float(np.sum(terms)), float(np.sum(terms**2))
    if comm is not None:
        total, squares = (sum(comm.allgather(part)) for part in (total, squares))
    return total, CANCELLED * math.sqrt(squares)


def _replicated(solver: Solver, values: dict) -> dict:
    """Values that every rank of a solver must hold alike: those of rank 0."""
    return values if solver.comm is None else solver.comm.bcast(values)


def _pairs(a: dict, b: dict, comm=None) -> tuple[float, float]:
    pairs = [_pair(a.get(name), b.get(name), comm) for name in sorted(set(a) & set(b))]
    return sum(value for value, _ in pairs), float(np.linalg.norm([size for _, size in pairs]))


def _difference(left: tuple[float, float], right: tuple[float, float], floor: float = 0.0) -> float:
    scale = max(*map(abs, (*left, *right)), floor)
    return abs(left[0] - right[0]) / scale if scale > 0 else 0.0


def _outputs(solver: Solver, inputs) -> dict[str, np.ndarray]:
    return {name: np.asarray(value) for name, value in solver.forward(inputs).items()}


def dot_product_test(solver: Solver, inputs: dict, rng: np.random.Generator, wrt=None) -> float:
    """Compare tangent and adjoint of a solver: largest relative ``|<J dm, g> - <dm, J^T g>|``.

    Every input is paired with every output on its own (one tangent run an input, one adjoint run an output), so that a
    strong pair cannot hide a wrong weak one.

    Parameters
    ----------
    solver : Solver
        What to test.
    inputs : dict of str to array_like
        The point.
    rng : numpy.random.Generator
        Source of the random tangents and cotangents.
    wrt : sequence of str, optional
        Names of the inputs to test; default all real and complex ones.

    Returns
    -------
    float
        The residual, relative to the larger side (to `CANCELLED` of its natural size where it cancels);
        below `WEAK` of the strongest pairing, relative to that.

    Raises
    ------
    InputError
        When ``wrt`` names no input that can be differentiated.
    """
    inputs = _freeze(inputs)
    names = _differentiable(inputs, wrt)
    outputs = _outputs(solver, inputs)
    tangents = {n: _random_like(inputs[n], rng) for n in names}
    cotangents = {k: _random_like(v, rng, inverse=True) for k, v in outputs.items()}
    cotangents = _replicated(solver, cotangents)
    forward = {n: solver.tangent(inputs, {n: tangents[n]}) for n in names}
    backward = {k: solver.adjoint(inputs, {k: cotangents[k]}) for k in outputs}
    sides = [
        (_pair(cotangents[k], forward[n].get(k)), _pair(tangents[n], backward[k].get(n), solver.comm))
        for n in names
        for k in outputs
    ]
    floor = WEAK * max(abs(value) for pair in sides for value, _ in pair)
    return max(_difference(left, right, floor) for left, right in sides)


def second_order_symmetry(solver: Solver, inputs: dict, rng: np.random.Generator, wrt=None) -> float:
    """Compare ``<a, H b>`` with ``<b, H a>`` for the Hessian H of a random linear functional of the outputs.

    Parameters and errors are those of `dot_product_test`.

    Returns
    -------
    float
        Difference relative to the larger side; zero when both vanish.
    """
    inputs = _freeze(inputs)
    names = _differentiable(inputs, wrt)
    cotangents = _replicated(solver, {k: _random_like(v, rng, inverse=True) for k, v in _outputs(solver, inputs).items()})
    a, b = ({n: _random_like(inputs[n], rng) for n in names} for _ in range(2))
    return _difference(
        _pairs(b, solver.second_adjoint(inputs, a, cotangents, {}), solver.comm),
        _pairs(a, solver.second_adjoint(inputs, b, cotangents, {}), solver.comm),
    )


class SolverCheck(dict):
    """What `check_solver` found, by name; prints as a table."""

    def __str__(self):
        lines = [f"{name.replace('_', ' '):28s} {value if isinstance(value, TaylorResult) else _show(value)}"
                 for name, value in self.items()]
        return "\n".join(lines)


def _show(value) -> str:
    return f"{value:.1e}" if isinstance(value, float) else str(value)


def check_solver(
    solver: Solver,
    inputs: dict,
    rng: np.random.Generator,
    wrt=None,
    second_order: bool = True,
    largest_step: float = 1e-2,
) -> SolverCheck:
    """Run on a solver every test that its contract allows.

    The objective of the scalar tests is ``Re sum(conj(g) outputs)`` with random g; inputs move by their own size times
    the step. The adjoint is also called after a run at other inputs, since a solver may remember its last run.

    Parameters
    ----------
    solver, inputs, rng, wrt
        As in `dot_product_test`.
    second_order : bool
        Whether to test `second_adjoint` as well.
    largest_step : float
        Relative change of the inputs to begin with.

    Returns
    -------
    SolverCheck
        A dictionary: ``tangent_taylor`` and ``adjoint_taylor`` (`TaylorResult`, order 2), ``dot_product_residual``,
        ``purity_residual`` (adjoint after a run elsewhere against adjoint before), and at second order
        ``hessian_taylor`` (order 3), ``symmetry_residual``, ``cotangent_tangent_residual``; and ``passed``.

    Raises
    ------
    InputError
        As `dot_product_test`; also when a value is not finite.
    """
    inputs = _freeze(inputs)
    names = _differentiable(inputs, wrt)
    outputs = _outputs(solver, inputs)
    direction = {n: _random_like(inputs[n], rng) for n in names}
    cotangents = _replicated(solver, {k: _random_like(v, rng, inverse=True) for k, v in outputs.items()})

    def at(h):
        return _freeze({n: v + h * direction[n] if n in names else v for n, v in inputs.items()})

    def stacked(values):
        """All outputs in one vector, each relative to its size at the point."""
        sizes = {k: float(np.linalg.norm(v)) or 1.0 for k, v in outputs.items()}
        zeros = {k: np.zeros_like(v) for k, v in outputs.items()}
        return np.concatenate([np.ravel(zeros[k] if values.get(k) is None else values[k]) / sizes[k] for k in outputs])

    check = SolverCheck()
    slopes = solver.tangent(inputs, direction)
    check["tangent_taylor"] = taylor_along(
        lambda h: stacked(solver.evaluate(at(h))), stacked(slopes), largest_step=largest_step
    )
    check["dot_product_residual"] = dot_product_test(solver, inputs, rng, names)
    before = solver.adjoint(inputs, cotangents)
    solver.forward(at(largest_step))
    after = solver.adjoint(inputs, cotangents)
    check["purity_residual"] = _difference(_pairs(direction, before, solver.comm), _pairs(direction, after, solver.comm))

    def scalar(h):
        return _pairs(cotangents, _outputs(solver, at(h)))[0]

    slope = _pairs(direction, before, solver.comm)[0]
    check["adjoint_taylor"] = taylor_along(scalar, slope, largest_step=largest_step)
    if second_order:
        curved = solver.second_adjoint(inputs, direction, cotangents, {})
        check["hessian_taylor"] = taylor_along(scalar, slope, _pairs(direction, curved, solver.comm)[0], largest_step=largest_step)
        check["symmetry_residual"] = second_order_symmetry(solver, inputs, rng, names)
        moving = _replicated(solver, {k: _random_like(v, rng, inverse=True) for k, v in outputs.items()})
        probe = {n: _random_like(inputs[n], rng) for n in names}
        whole = _pairs(probe, solver.second_adjoint(inputs, direction, cotangents, moving), solver.comm)
        first, second = (_pairs(probe, g, solver.comm) for g in (curved, solver.adjoint(inputs, moving)))
        parts = first[0] + second[0], max(first[1], second[1])
        check["cotangent_tangent_residual"] = _difference(whole, parts)
    check["passed"] = all(
        value.passed if isinstance(value, TaylorResult) else value <= RESIDUAL_TOLERANCE for value in check.values()
    )
    return check
