"""The certificate of a problem: how its gradient was verified, and whether it passed.

====================================  =========  =========  ============================================================
line                                  double     single     meaning
====================================  =========  =========  ============================================================
``taylor_order``                      >= 1.9     >= 1.9     order of the remainder with the gradient (2 when right)
``hessian_taylor_order``              >= 2.85    >= 2.85    order of the remainder with the Hessian too (3 when right)
``dot_product_residual``              <= 1e-12   <= 5e-4    tangent against adjoint, relative, the worst
``schedules.*.relative_difference``   <= 1e-10   <= 5e-4    gradient and Hessian action under schedules, relative
``....other_control_difference``      <= 1e-12   <= 5e-4    re-evaluated recording against a fresh one, relative
====================================  =========  =========  ============================================================

Orders have a lower limit only: a wrong derivative lowers them, a direction free of the leading term raises them. The limit
of the residual in single precision is that in double precision times the ratio of the two rounding units.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from adjointdesign.files import atomic_write
from adjointdesign.problem import Problem
from adjointdesign.verification import schedule_test
from adjointdesign.verification.measurements import (
    TIMINGS,
    constraint_tests,
    derivative_tests,
    gradient_cost,
    solver_residual,
)
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


@dataclass(frozen=True)
class Limits:
    """What each line must reach; see the table above."""

    taylor_order: float
    hessian_taylor_order: float
    dot_product: float
    schedules: float
    other_control: float


LIMITS = {"double": Limits(1.9, 2.85, 1e-12, 1e-10, 1e-12), "single": Limits(1.9, 2.85, 5e-4, 5e-4, 5e-4)}
TAYLOR_RUNS = 18
"""What one pair of Taylor tests takes in forward runs, roughly: for progress alone."""
PACKAGES = {"numpy": "numpy", "numba": "numba", "pyadjoint": "pyadjoint-ad", "adjointdesign": "adjointdesign"}


@dataclass(frozen=True)
class Failure:
    """One line that missed its limit."""

    what: str
    expected: str
    got: Any

    def __str__(self):
        return f"{self.what}: expected {self.expected}, got {self.got}"


@dataclass
class Certificate:
    """How a gradient was verified.

    Parameters
    ----------
    taylor_order, hessian_taylor_order : float
        Lowest order over the stages tested; not a number when no range of steps could be judged.
    dot_product_residual : float
        Worst of the whole program and of its solver.
    gradient_cost : float
        Value and gradient over one forward run, the median.
    failures : list of Failure
        What missed its limit, and by how much.
    details : dict
        All measurements by name.
    provenance : dict
        Problem, preset, precision, seed, ranks, threads and versions.
    """

    taylor_order: float
    hessian_taylor_order: float
    dot_product_residual: float
    gradient_cost: float
    failures: list[Failure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dictionaries, ready for JSON; what is not finite is None."""
        return _plain(
            {
                "passed": self.passed,
                "taylor_order": self.taylor_order,
                "hessian_taylor_order": self.hessian_taylor_order,
                "dot_product_residual": self.dot_product_residual,
                "gradient_cost": self.gradient_cost,
                "failures": [vars(f) for f in self.failures],
                **self.provenance,
                "details": self.details,
            }
        )

    def __str__(self):
        low, high = self.details["cost"]["spread"]
        lines = [
            f"certificate of {self.provenance['problem']}: {'passed' if self.passed else 'FAILED'}",
            f"  Taylor order with the gradient      {self.taylor_order:.3f} (2 when right)",
            f"  Taylor order with the Hessian       {self.hessian_taylor_order:.3f} (3 when right)",
            f"  tangent against adjoint             {self.dot_product_residual:.1e}",
            f"  value and gradient, forward runs    {self.gradient_cost:.2f} ({low:.2f} to {high:.2f})",
        ]
        for name, found in self.details["schedules"].items():
            said = f"not run: {found['skipped']}" if "skipped" in found else ", ".join(
                f"{words} {found[key]:.1e}"
                for key, words in (("relative_difference", "against the first"),
                                   ("other_control_difference", "at another control"))
                if key in found
            )  # fmt: skip
            lines.append(f"  schedule {name:26s} {said}")
        return "\n".join([*lines, *(f"  FAILED {failure}" for failure in self.failures)])


def write_certificate(path, certificate: Certificate) -> None:
    """Write a certificate as JSON, whole or not at all.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    atomic_write(path, json.dumps(certificate.as_dict(), indent=2, allow_nan=False) + "\n")


def certify(
    problem: Problem, rng: np.random.Generator, *, progress: Callable[[float, str], None] | None = None
) -> Certificate:
    """Verify the derivatives of a problem, at an interior design and at its first and its last stage.

    Parameters
    ----------
    problem : Problem
        Any problem. Where it has a method ``solver()``, that solver is tested for itself too, with random cotangents of all
        its readings; where its discretization has ``schedule`` and ``memory_budget``, all schedules are tried.
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
    stages = _stages(problem)
    limits = LIMITS[getattr(problem.discretization, "precision", "double")]
    seed = int(rng.integers(2**31))
    point, span = interior_point(problem, rng)
    direction, move = (0.1 * span * smooth_noise(point.shape, rng) for _ in range(2))
    per_stage = TAYLOR_RUNS * FORWARD + GRADIENT + TANGENT + HESSIAN
    schedules = len(schedule_test.SCHEDULES) if schedule_test.scheduled_solver(problem) is not None else 1
    steps = _Progress(
        progress, len(stages) * per_stage + TIMINGS * (FORWARD + GRADIENT) + schedules * schedule_test.RUNS
    )
    failures: list[Failure] = []

    taylor, hessian, dots = {}, {}, {}
    for name, stage in stages.items():
        steps.say(f"Taylor tests, {name}")
        subject = Subject(problem, stage, seed, steps.tick)
        taylor[name], hessian[name], dots[f"program, {name}"] = derivative_tests(subject, point, direction)
        _judge_order(failures, f"taylor_order ({name})", taylor[name], limits.taylor_order)
        _judge_order(failures, f"hessian_taylor_order ({name})", hessian[name], limits.hessian_taylor_order)
    name, stage = next(iter(stages.items()))
    subject = Subject(problem, stage, seed, steps.tick)
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
        for key, limit in (("relative_difference", limits.schedules), ("other_control_difference", limits.other_control)):
            if key in result:
                _judge_residual(failures, f"schedules.{schedule}.{key}", result[key], limit)
    if "own" not in found and sum("skipped" not in result for result in found.values()) < 2:
        failures.append(Failure("schedules", "at least two that can be compared", _plain(found)))
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
            "limits": vars(limits),
        },
        _provenance(problem, rng),
    )  # fmt: skip


def _stages(problem: Problem) -> dict[str, Any]:
    """First and last stage by name; one where they are the same."""
    first, *_, last = [*problem.stages(), problem.stages()[-1]]
    return {first.name: first.parameters} | ({last.name: last.parameters} if last.parameters != first.parameters else {})


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
        failures.append(Failure(what, f">= {limit:g}", _plain(result.order)))


def _judge_residual(failures: list[Failure], what: str, residual: float, limit: float) -> None:
    if not residual <= limit:
        failures.append(Failure(what, f"<= {limit:g}", _plain(residual)))


def _lowest(results: dict[str, TaylorResult]) -> str:
    """Name of the result of lowest order; one that is not a number comes first."""
    return min(results, key=lambda name: np.nan_to_num(results[name].order, nan=-np.inf))


def _table(result: TaylorResult, limit: float) -> dict[str, Any]:
    return {
        "steps": result.steps, "remainders": result.remainders, "order": result.order, "expected": result.expected,
        "passed": result.order >= limit, "exact": result.exact, "rounding": result.rounding,
    }  # fmt: skip


def _provenance(problem: Problem, rng: np.random.Generator) -> dict[str, Any]:
    discretization = problem.discretization
    return {
        "problem": problem.name,
        "preset": _preset(problem),
        "precision": getattr(discretization, "precision", "double"),
        "seed": getattr(rng.bit_generator.seed_seq, "entropy", None),
        "ranks": 1,
        "threads": getattr(discretization, "threads", None) or _threads(),
        "versions": {"python": platform.python_version(), **{n: version(p) for n, p in PACKAGES.items()}},
    }


def _threads() -> int:
    import numba

    return int(numba.get_num_threads())


def _preset(problem: Problem) -> str | None:
    """The preset, if any, whose settings the problem has."""
    for name, sections in problem.presets.items():
        settings = {section: getattr(problem, section) for section in sections}
        if all(type(s)(**{**s.model_dump(), **sections[section]}) == s for section, s in settings.items()):
            return name
    return None


def _plain(value: Any) -> Any:
    """``value`` in the types of JSON, None for numbers that are not finite."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
