"""Speed, memory and cost of gradients of the FDTD solver, beside the machine's memory bandwidth in the same run."""

from __future__ import annotations

import statistics
import time
import tracemalloc
from dataclasses import replace

import numba
import numpy as np

from adjointdesign.bench.cases import Case
from adjointdesign.bench.stream import triad


def run(quick: bool = False) -> dict:
    """Measure all cases.

    Parameters
    ----------
    quick : bool
        Small grids and two rounds: shows that everything works, the numbers mean nothing.

    Returns
    -------
    dict
        ``cases``, each with ``name``, ``precision``, ``threads``, ``cells``, ``steps``, ``seconds`` (forward run) and
        ``mcells_per_second`` (medians) with ``mcells_per_second_min`` and ``_max``; where a gradient is measured,
        ``gradient_cost`` (value and gradient over one forward run, median of ratios taken in the same round) with
        ``gradient_cost_min`` and ``_max``, and ``snapshots`` (0: stored history); ``peak_bytes`` and
        ``expected_bytes`` of memory; of the dispersive, the graded and the far-field box, ``dispersive_cost``, ``graded_cost`` and
        ``far_field_cost``, the time of a forward run over that of the plain box, with ``_min`` and ``_max``. ``stream_gb_per_second``: the triad's median by number of threads, with ``_min``
        and ``_max`` beside it.

    Notes
    -----
    Every round runs the triads and every case once, so that a change of the machine's load meets all of them.
    """
    cases = _cases(quick)
    thread_counts = sorted({case.threads for case in cases})
    triads = {threads: triad(200_000 if quick else 20_000_000, threads) for threads in thread_counts}
    memory = {case.name: _peak_bytes(case) for case in cases}  # compiles, too
    bandwidth = {threads: [] for threads in thread_counts}
    forward, cost = {case.name: [] for case in cases}, {case.name: [] for case in cases}
    for _ in range(2 if quick else 5):
        for threads, once in triads.items():
            bandwidth[threads].append(once())
        for case in cases:
            seconds = _seconds(lambda: case.solver.evaluate(case.inputs))
            forward[case.name].append(seconds)
            if case.gradient:
                cost[case.name].append(_seconds(lambda: _value_and_gradient(case)) / seconds)
    plain = {(c.cells, c.precision, c.threads): c.name for c in reversed(cases) if not c.variant}
    more = {
        c.name: [a / b for a, b in zip(forward[c.name], forward[plain[c.cells, c.precision, c.threads]])]
        for c in cases if c.variant
    }  # fmt: skip
    spread = {threads: _spread(values) for threads, values in bandwidth.items()}
    return {
        "cases": [_record(case, forward[case.name], cost[case.name], memory[case.name], more.get(case.name))
                  for case in cases],
        "stream_gb_per_second": {str(threads): s[0] for threads, s in spread.items()},
        "stream_gb_per_second_min": {str(threads): s[1] for threads, s in spread.items()},
        "stream_gb_per_second_max": {str(threads): s[2] for threads, s in spread.items()},
    }


def table(result: dict) -> str:
    """The result of `run` as a plain table."""
    head = f"{'case':<32}{'precision':<10}{'threads':>7}{'Mcell/s':>9}{'(min-max)':>14}{'gradient':>10}"
    lines = [head + f"{'peak MiB':>10}{'expected':>10}"]
    for case in result["cases"]:
        speeds = f"({case['mcells_per_second_min']:.0f}-{case['mcells_per_second_max']:.0f})"
        cost = f"{case['gradient_cost']:.2f}" if "gradient_cost" in case else "-"
        lines.append(
            f"{case['name']:<32}{case['precision']:<10}{case['threads']:>7}{case['mcells_per_second']:>9.0f}"
            f"{speeds:>14}"
            f"{cost:>10}{case['peak_bytes'] / 2**20:>10.0f}{case['expected_bytes'] / 2**20:>10.0f}"
        )
        for key in ("dispersive_cost", "graded_cost", "far_field_cost"):
            if key in case:
                lines.append(f"    {case[key]:.2f} ({case[key + '_min']:.2f}-{case[key + '_max']:.2f}) times the plain box")
    for threads, value in result["stream_gb_per_second"].items():
        low, high = result["stream_gb_per_second_min"][threads], result["stream_gb_per_second_max"][threads]
        lines.append(f"STREAM triad, {threads} thread(s): {value:.1f} GB/s ({low:.1f}-{high:.1f})")
    lines.append("gradient: time of value and gradient over the time of one forward run")
    return "\n".join(lines)


def _cases(quick: bool) -> list[Case]:
    most = numba.config.NUMBA_NUM_THREADS
    counts = sorted({1, most})
    n, plane, steps, small = (128, 250, 256, 64) if not quick else (20, 40, 8, 16)
    layer = 10 if not quick else 4
    common = {"layer": layer}
    cases = [
        Case(f"box {n}^3 {precision} {t}t", (n,) * 3, precision, t, steps, n // 3, gradient=t == most, **common)
        for precision in (("single", "double") if not quick else ("double",))
        for t in counts
    ]
    precision = "single" if not quick else "double"
    for variant, gradient in (("dispersive", True), ("graded", False), ("far field", False)):
        cases.append(Case(f"box {n}^3 {variant} {precision} {most}t", (n,) * 3, precision, most, steps, n // 3, gradient=gradient,
                          variant=variant, **common))  # fmt: skip
    cases.append(
        Case(f"box {small}^3 revolve", (small,) * 3, "single" if not quick else "double", most, 4 * steps, small // 3,
             snapshots=50 if not quick else 3, gradient=True, **common)  # fmt: skip
    )
    for t in counts:
        cases.append(
            Case(f"plane {plane}^2 Ez double {t}t", (plane,) * 2, "double", t, 8 * steps, int(0.64 * plane),
                 gradient=True, **common)  # fmt: skip
        )
    return cases


def _value_and_gradient(case: Case) -> None:
    readings = case.solver.forward(case.inputs)
    case.solver.adjoint(case.inputs, {name: np.ones_like(value) for name, value in readings.items()})
    case.solver.forget()


def _peak_bytes(case: Case) -> int:
    """Most memory that arrays hold at once in one run (value and gradient where the case has one), beyond the
    solver's own."""
    run_once = _value_and_gradient if case.gradient else lambda c: c.solver.evaluate(c.inputs)
    run_once(case)  # the compiler's own memory is not of interest
    fresh = replace(case)  # without the history that `case` now keeps for reuse
    fresh.inputs  # the solver's constants are there before any run
    tracemalloc.start()
    try:
        run_once(fresh)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _spread(values) -> tuple[float, float, float]:
    return statistics.median(values), min(values), max(values)


def _record(case: Case, seconds: list[float], cost: list[float], peak: int, more: list[float] | None) -> dict:
    work = float(np.prod(case.cells)) * case.steps / 1e6
    speed, slowest, fastest = _spread([work / s for s in seconds])
    record = {
        "name": case.name, "precision": case.precision, "threads": case.threads, "cells": list(case.cells),
        "steps": case.steps, "seconds": statistics.median(seconds), "mcells_per_second": speed,
        "mcells_per_second_min": slowest, "mcells_per_second_max": fastest,
        "peak_bytes": peak, "expected_bytes": case.expected_bytes(),
    }  # fmt: skip
    if more:
        middle, least, most = _spread(more)
        key = case.variant.replace(" ", "_") + "_cost"
        record |= {key: middle, f"{key}_min": least, f"{key}_max": most}
    if case.gradient:
        middle, least, most = _spread(cost)
        record |= {
            "gradient_cost": middle, "gradient_cost_min": least, "gradient_cost_max": most, "snapshots": case.snapshots,
        }  # fmt: skip
    return record
