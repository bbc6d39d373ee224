"""Many cases at once, a process each, and what they say together."""

from __future__ import annotations

import importlib.util
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import replace
from typing import Any

from adjointdesign.verification.consistency.case import Case, Outcome, run_case
from adjointdesign.verification.consistency.registry import find_case
from adjointdesign.verification.record import plain

_THREADS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")


def available(case: Case) -> bool:
    """Whether what a case needs is installed."""
    return not case.needs or importlib.util.find_spec(case.needs) is not None


def run_cases(
    names: Sequence[str], levels: int | None = None, *, jobs: int | None = None, progress: Callable[[str], None] | None = None
) -> list[Outcome]:
    """Run cases of the registry, several at a time.

    Parameters
    ----------
    names : sequence of str
        Which; all available.
    levels : int, optional
        How many levels of each ladder, at most.
    jobs : int, optional
        How many at a time; by default as many as there are cores.
    progress : callable, optional
        Told of each case that ended.

    Returns
    -------
    list of Outcome
        In the order of the names.
    """
    jobs = min(jobs or len(os.sched_getaffinity(0)), len(names)) or 1
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # inherited: a core for each process
    try:
        # A forked process would share the state of MPI and of threads.
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            futures = {pool.submit(_run, name, levels): name for name in names}
            waiting, done = set(futures), {}
            try:
                while waiting:
                    ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in ended:
                        name = futures[future]
                        outcome = done[name] = replace(future.result(), case=find_case(name))
                        if progress is not None:
                            progress(f"{len(done):3d} of {len(names)}  {line(outcome)}")
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return [done[name] for name in names]


def _run(name: str, levels: int | None) -> Outcome:
    # A case holds functions, which need not be such that they can travel: it stays where it is.
    case = find_case(name)
    return replace(run_case(case, min(levels or len(case.ladder), len(case.ladder))), case=None)


def line(outcome: Outcome) -> str:
    """An outcome in a line."""
    verdict = outcome.comparison.verdict
    order = "" if verdict.fit is None else f"order {verdict.fit.order:.2f}"
    mark = "as declared" if outcome.passed else "NOT AS DECLARED: " + "; ".join(outcome.wrong)
    return f"{outcome.case.name:34s} {verdict.name:12s} {order:11s} {outcome.seconds:6.1f} s  {mark}"


def summary(outcomes: Sequence[Outcome], skipped: Sequence[Case] = ()) -> dict[str, Any]:
    """Everything, fit for JSON: ``passed``, ``cases`` and ``skipped``."""
    return plain(
        {
            "passed": all(outcome.passed for outcome in outcomes),
            "cases": [outcome.as_dict() for outcome in outcomes],
            "skipped": [{"name": case.name, "needs": case.needs} for case in skipped],
        }
    )


def table(outcome: Outcome) -> str:
    """A case for people: what it is, its ladder, its verdict."""
    case, comparison = outcome.case, outcome.comparison
    columns = comparison.columns()
    lines = [
        f"{case.name}: {case.title}", f"  source          {case.source}", f"  compared in     {case.representation}",
        "  refinement  " + "".join(f"{name:>14s}" for name in columns),
    ]  # fmt: skip
    for k, n in enumerate(comparison.refinements):
        lines.append(f"  {n:10g}  " + "".join(f"{values[k]:14.3e}" for values in columns.values()))
    fits = {name: comparison.orders.get(name) for name in columns}
    lines.append("  order       " + "".join(f"{'-' if fit is None else format(fit.order, '.2f'):>14s}" for fit in fits.values()))
    lines += [f"  {share:10.1%} of the difference from {name}" for name, share in outcome.budget.items()]
    lines.append(f"  {comparison.verdict.name} (declared: {case.expected}): {comparison.verdict.reason}")
    return "\n".join([*lines, *(f"  NOT AS DECLARED: {words}" for words in outcome.wrong)])
