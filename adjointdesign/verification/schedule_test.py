"""Do gradients stay the same whichever checkpoint schedule keeps the history, and away from the taped control?

Each schedule runs on a problem rebuilt with it, under a budget so small that revolve and disk must run steps again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable

import numpy as np

from adjointdesign.memory import available_memory, readable
from adjointdesign.parallel import anywhere
from adjointdesign.problem import Problem
from adjointdesign.timeloop.schedules import extra_steps, parse_bytes, plan
from adjointdesign.verification.subject import GRADIENT, HESSIAN, Subject

SCHEDULES = ("memory", "revolve", "disk")
RUNS = 3 * GRADIENT + HESSIAN
"""Cost of one schedule in forward runs, for progress."""


def relative_difference(a, b) -> float:
    """``|a - b|`` over the larger of ``|a|`` and ``|b|``; zero where both vanish."""
    a, b = np.asarray(a), np.asarray(b)
    size = max(np.linalg.norm(a), np.linalg.norm(b))
    return float(np.linalg.norm(a - b) / size) if size != 0 else 0.0


def scheduled_solver(problem: Problem):
    """The problem's solver when the discretization names its checkpoint schedule and memory budget, else None."""
    fields = type(problem.discretization).model_fields
    if not {"schedule", "memory_budget"} <= fields.keys() or not hasattr(problem, "solver"):
        return None
    return problem.solver()


def compare_schedules(
    problem: Problem, stage, seed: int, point: np.ndarray, elsewhere: np.ndarray, direction: np.ndarray,
    tick: Callable[[float], None],
) -> dict[str, dict]:  # fmt: skip
    """Gradient and Hessian action under each schedule.

    Parameters
    ----------
    problem : Problem
        What to differentiate. Without a choice of schedules it is tested as it is, under the name ``own``.
    stage, seed, tick
        See `Subject`.
    point, elsewhere, direction : ndarray
        Where to record, another point at which the recording is evaluated again, and the direction of the Hessian
        action.

    Returns
    -------
    dict of str to dict
        By schedule: ``other_control_difference`` (value and gradient of the recording evaluated at ``elsewhere`` against
        a fresh recording there), ``relative_difference`` (gradients at both points and Hessian action, against the first
        schedule; absent for that one), ``recomputed`` (units run again over units) and the plan; or only ``skipped``,
        with the reason.
    """
    solver = scheduled_solver(problem)
    if solver is not None and solver.footprint() is None:
        problem.evaluate(point, stage)  # a decaying run finds its length in the first run
    sizes = None if solver is None else solver.footprint()
    if sizes is None:
        return {"own": _compare(Subject(problem, stage, seed, tick), point, elsewhere, direction)[0]}
    found: dict[str, dict] = {}
    first = None
    for name in SCHEDULES:
        budget, obstacle = _budget(name, *sizes, problem.discretization.memory_budget)
        # Ranks on other machines may have less room; they all go the same way.
        if anywhere(bool(obstacle)):
            obstacle = obstacle or "another rank has no room for it"
            found[name] = {"skipped": obstacle}
            tick(RUNS)
            continue
        twin = problem.rebuilt(schedule=name, memory_budget=str(budget))
        found[name], results = _compare(Subject(twin, stage, seed, tick), point, elsewhere, direction)
        twin.solver().forget()
        chosen = plan(*sizes, budget, name)
        again = 0.0 if name == "memory" else extra_steps(chosen.units, chosen.snapshots) / chosen.units
        found[name] |= {
            "steps": sizes.steps, "steps_per_unit": chosen.steps_per_unit, "units": chosen.units,
            "snapshots": chosen.snapshots, "memory_budget": budget, "recomputed": again,
        }  # fmt: skip
        if first is None:
            first = results
        else:
            found[name]["relative_difference"] = max(relative_difference(a, b) for a, b in zip(first, results))
    return found


def _compare(subject: Subject, point, elsewhere, direction):
    functional = subject.record(point)
    gradient = subject.gradient(functional)
    action = subject.hessian(functional, direction)
    value_there = float(functional(elsewhere))
    gradient_there = subject.gradient(functional)
    fresh = subject.record(elsewhere)
    fresh_gradient = subject.gradient(fresh)
    difference = max(
        relative_difference(value_there, float(fresh.functional)), relative_difference(gradient_there, fresh_gradient)
    )
    return {"other_control_difference": difference}, (gradient, action, gradient_there)


def _budget(name: str, steps: int, step_bytes: int, state_bytes: int, users: str) -> tuple[int, str]:
    """Bytes to allow, and what is in the way, if anything."""
    if name == "memory":
        # The second order keeps three histories.
        needed = 3 * steps * step_bytes
        available = available_memory()
        if available is not None and needed > max(available // 2, parse_bytes(users)):
            return needed, f"it keeps {readable(needed)}, more than half of the memory available and than memory_budget"
        return max(needed, parse_bytes(users)), ""
    small = 5 * state_bytes + (steps // 24 + 2) * step_bytes
    if name == "disk":
        snapshots = plan(steps, step_bytes, state_bytes, small, "disk").snapshots
        needed, free = 2 * snapshots * state_bytes, shutil.disk_usage(tempfile.gettempdir()).free
        if needed > 0.8 * free:
            return small, f"its snapshots take {readable(needed)} of the {readable(free)} free in {tempfile.gettempdir()}"
    return small, ""
