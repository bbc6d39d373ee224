"""The certificate of a problem: how its gradient was verified, and whether it passed.

=========================================  =========  =========  =======================================================
line                                       double     single     meaning
=========================================  =========  =========  =======================================================
``taylor_order``                           >= 1.9     >= 1.9     order of the remainder with the gradient (2 when right)
``hessian_taylor_order``                   >= 2.85    >= 2.85    order of the remainder with the Hessian (3 when right)
``dot_product_residual``                   <= 1e-12   <= 5e-4    tangent against adjoint, relative, the worst
``schedules.*.relative_difference``        <= 1e-10   <= 1e-6    gradient and Hessian action against the first schedule
``schedules.*.other_control_difference``   <= 1e-12   <= 1e-12   re-evaluated recording against a fresh one
``single_precision.gradient_error``                   <= 1e-2    gradient against that in double precision
=========================================  =========  =========  =======================================================

Orders have a lower limit only: a wrong derivative lowers them, a direction free of the leading term raises them. In
single precision rounding hides the remainders long before their order shows: both Taylor tests then run on the same
problem in double precision, and the error of the gradient in single precision is stated beside them. The limit of the
residual grows by the ratio of the two rounding units; a replay does the same arithmetic again, in either precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from adjointdesign.errors import InputError, StepRejected
from adjointdesign.problem import Problem
from adjointdesign.verification import schedule_test
from adjointdesign.verification.measurements import (
    TIMINGS,
    constraint_tests,
    derivative_tests,
    gradient_cost,
    single_precision_error,
    solver_residual,
)
from adjointdesign.verification.record import Certificate, Failure, plain, provenance_of, write_certificate
from adjointdesign.verification.subject import (
    FORWARD,
    GRADIENT,
    HESSIAN,
    TANGENT,
    Subject,
    interior_point,
    smooth_noise,
)
from adjointdesign.verification.taylor import TaylorResult

__all__ = ["LIMITS", "Certificate", "Failure", "Limits", "certify", "write_certificate"]


@dataclass(frozen=True)
class Limits:
    """What each line must reach; see the table above."""

    taylor_order: float
    hessian_taylor_order: float
    dot_product: float
    schedules: float
    other_control: float
    single_precision: float


LIMITS = {
    "double": Limits(1.9, 2.85, 1e-12, 1e-10, 1e-12, 0.0),
    "single": Limits(1.9, 2.85, 5e-4, 1e-6, 1e-12, 1e-2),
}
TAYLOR_RUNS = 18
"""What one pair of Taylor tests takes in forward runs, roughly: for progress alone."""


def certify(
    problem: Problem, rng: np.random.Generator, *, progress: Callable[[float, str], None] | None = None
) -> Certificate:
    """Verify the derivatives of a problem, at an interior design and at its first and its last stage.

    Parameters
    ----------
    problem : Problem
        Any problem. Where it has a method ``solver()``, that solver is tested for itself too, with random cotangents of
        all its readings; where its discretization has ``schedule`` and ``memory_budget``, all schedules are tried.
    rng : numpy.random.Generator
        Source of design, directions and cotangents.
    progress : callable, optional
        ``progress(fraction, message)``.

    Returns
    -------
    Certificate

    Raises
    ------
    InputError
        When the problem cannot be evaluated.
    """
    for halvings in range(8):
        try:
            return _certified(problem, rng, progress, 0.5**halvings)
        except StepRejected as refusal:  # nearer to the initial design, then
            last = refusal
    raise InputError("initial design", "one around which others can be simulated", last, "start elsewhere, or make steps smaller")


def _certified(problem: Problem, rng: np.random.Generator, progress, reach: float) -> Certificate:
    """The certificate at a design as far from the initial one as ``reach`` says: one is the usual."""
    stages = _stages(problem)
    single = getattr(problem.discretization, "precision", "double") == "single"
    limits = LIMITS["single" if single else "double"]
    # See the note on single precision above.
    in_double = problem.rebuilt(precision="double") if single else problem
    seed = int(rng.integers(2**31))
    point, span = interior_point(problem, rng, reach)
    direction, move = (0.1 * reach * span * smooth_noise(point.shape, rng) for _ in range(2))
    for one in {id(p): p for p in (problem, in_double)}.values():
        one.begin(next(iter(stages.values())), point)
    per_stage = TAYLOR_RUNS * FORWARD + GRADIENT + TANGENT + HESSIAN
    schedules = len(schedule_test.SCHEDULES) if schedule_test.scheduled_solver(problem) is not None else 1
    steps = _Progress(
        progress, len(stages) * per_stage + TIMINGS * (FORWARD + GRADIENT) + schedules * schedule_test.RUNS
    )
    failures: list[Failure] = []

    taylor, hessian, dots = {}, {}, {}
    for name, stage in stages.items():
        steps.say(f"Taylor tests, {name}")
        subject = Subject(in_double, stage, seed, steps.tick)
        taylor[name], hessian[name], dots[f"program, {name}"] = derivative_tests(subject, point, direction)
        _judge_order(failures, f"taylor_order ({name})", taylor[name], limits.taylor_order)
        _judge_order(failures, f"hessian_taylor_order ({name})", hessian[name], limits.hessian_taylor_order)
    stage = next(iter(stages.values()))
    subject = Subject(problem, stage, seed, steps.tick)
    precision = {}
    if single:
        error = single_precision_error(subject, Subject(in_double, stage, seed, steps.tick), point)
        precision = {"gradient_error": error, "taylor_tests": "in double precision"}
        _judge_residual(failures, "single_precision.gradient_error", error, limits.single_precision)
    constraints = constraint_tests(problem, list(stages.values())[-1], point, direction)
    for what, result in constraints.items():
        _judge_order(failures, f"taylor_order of the constraint '{what}'", result, limits.taylor_order)
    steps.say("dot products of the solver")
    if hasattr(problem, "solver"):
        dots["solver"] = solver_residual(problem, stage, point, rng)
    for what, residual in dots.items():
        _judge_residual(failures, f"dot_product_residual ({what})", residual, limits.dot_product)
    steps.say("cost of the gradient")
    cost = gradient_cost(subject, point)
    steps.say("checkpoint schedules")
    found = schedule_test.compare_schedules(problem, stage, seed, point, point + move, direction, steps.tick)
    for schedule, result in found.items():
        allowed = {"relative_difference": limits.schedules, "other_control_difference": limits.other_control}
        for key, limit in allowed.items():
            if key in result:
                _judge_residual(failures, f"schedules.{schedule}.{key}", result[key], limit)
    if "own" not in found and sum("skipped" not in result for result in found.values()) < 2:
        failures.append(Failure("schedules", "at least two that can be compared", plain(found)))
    steps.finish()

    worst, worst_hessian = _lowest(taylor), _lowest(hessian)
    return Certificate(
        taylor[worst].order, hessian[worst_hessian].order, float(np.max(list(dots.values()))), cost["median"], failures,
        {
            "taylor": {"stage": worst, **_table(taylor[worst], limits.taylor_order)},
            "hessian_taylor": {"stage": worst_hessian, **_table(hessian[worst_hessian], limits.hessian_taylor_order)},
            "stages": {
                n: {"taylor": _table(taylor[n], limits.taylor_order),
                    "hessian_taylor": _table(hessian[n], limits.hessian_taylor_order)}
                for n in stages
            },
            "constraints": {n: _table(r, limits.taylor_order) for n, r in constraints.items()},
            "dot_product": dots,
            "schedules": found,
            "cost": cost,
            "single_precision": precision,
            "limits": vars(limits),
        },
        provenance_of(problem, rng),
    )  # fmt: skip


def _stages(problem: Problem) -> dict[str, Any]:
    """First and last stage by name; one where they are the same."""
    first, *_, last = [*problem.stages(), problem.stages()[-1]]
    if last.parameters == first.parameters:
        return {first.name: first.parameters}
    name = last.name if last.name != first.name else f"{last.name}, last"
    return {first.name: first.parameters, name: last.parameters}


class _Progress:
    """Fraction of the runs done, with the words for what goes on."""

    def __init__(self, callback, total: float):
        self._callback, self._total, self._done, self._words = callback, total, 0.0, ""

    def say(self, words: str) -> None:
        self._words = words
        self.tick(0.0)

    def tick(self, runs: float) -> None:
        self._done += runs
        if self._callback is not None:
            # The number of steps of a Taylor test is not known before.
            self._callback(min(self._done / self._total, 0.99), self._words)

    def finish(self) -> None:
        if self._callback is not None:
            self._callback(1.0, "done")


def _judge_order(failures: list[Failure], what: str, result: TaylorResult, limit: float) -> None:
    # Negated, so that what is not a number fails.
    if not result.order >= limit:
        failures.append(Failure(what, f">= {limit:g}", plain(result.order)))


def _judge_residual(failures: list[Failure], what: str, residual: float, limit: float) -> None:
    if not residual <= limit:
        failures.append(Failure(what, f"<= {limit:g}", plain(residual)))


def _lowest(results: dict[str, TaylorResult]) -> str:
    """Name of the result of lowest order; one that is not a number comes first."""
    return min(results, key=lambda name: np.nan_to_num(results[name].order, nan=-np.inf))


def _table(result: TaylorResult, limit: float) -> dict[str, Any]:
    return {
        "steps": result.steps, "remainders": result.remainders, "order": result.order, "expected": result.expected,
        "passed": result.order >= limit, "exact": result.exact, "rounding": result.rounding,
    }  # fmt: skip
