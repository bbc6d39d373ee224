"""Speed of the elastic solver, and what a gradient costs."""

from __future__ import annotations

import statistics
import time

import numpy as np

from adjointdesign.solvers.fdtd_elastic import Cpml, FdtdElastic, FreeSurface, PointForce, StaggeredGrid
from adjointdesign.sources import RickerWavelet

_SPACING, _RECEIVERS, _LAYER = 5.0, 20, 12


def run(quick: bool = False) -> dict:
    """Measure a half space with a free surface, layers on three sides and 20 receivers; one thread.

    Parameters
    ----------
    quick : bool
        A small grid and two rounds: shows that everything works, the numbers mean nothing.

    Returns
    -------
    dict
        ``elastic``: a list of cases with ``name``, ``precision``, ``cells``, ``steps``, ``seconds`` (forward run),
        ``mcells_per_second`` (median) with ``_min`` and ``_max``, and ``gradient_cost`` (value and gradient in both moduli and
        density on all nodes between the layers, over one forward run; median of ratios taken in the same round) with ``_min``
        and ``_max``. The whole history is kept.
    """
    cases = ((60, 40, "double"),) if quick else ((500, 256, "single"), (500, 256, "double"), (1000, 64, "single"))
    return {"elastic": [_case(*case, rounds=2 if quick else 5) for case in cases]}


def table(result: dict) -> str:
    """The result of `run` as a plain table."""
    lines = [f"{'case':<32}{'Mcell/s':>9}{'(min-max)':>14}{'gradient':>10}{'(min-max)':>14}"]
    for case in result["elastic"]:
        speeds = f"({case['mcells_per_second_min']:.0f}-{case['mcells_per_second_max']:.0f})"
        costs = f"({case['gradient_cost_min']:.2f}-{case['gradient_cost_max']:.2f})"
        lines.append(f"{case['name']:<32}{case['mcells_per_second']:>9.0f}{speeds:>14}{case['gradient_cost']:>10.2f}{costs:>14}")
    lines.append("gradient: time of value and gradient over the time of one forward run")
    return "\n".join(lines)


def _case(n: int, steps: int, precision: str, rounds: int) -> dict:
    side = _SPACING * (n - 1)
    receivers = np.stack([np.linspace(0.2 * side, 0.8 * side, _RECEIVERS), np.full(_RECEIVERS, 0.1 * side)], axis=1)
    solver = FdtdElastic(
        StaggeredGrid((n, n), (_SPACING,) * 2), {"lame_lambda": 8e9, "lame_mu": 8e9, "density": 2000.0},
        [PointForce((0.5 * side, 0.3 * side), (1e6, 1e6), RickerWavelet(10.0))], receivers, steps=steps,
        boundaries=[Cpml(_LAYER), (FreeSurface(), Cpml(_LAYER))], precision=precision, schedule="memory", memory_budget="8GiB",
    )  # fmt: skip
    shape = tuple(last - first for first, last in solver.program.box)
    inputs = {"lame_lambda": np.full(shape, 8e9), "lame_mu": np.full(shape, 8e9), "density": np.full(shape, 2000.0)}
    forward, cost = [], []
    _value_and_gradient(solver, inputs)  # compiles, and touches the memory of the history
    for _ in range(rounds):
        seconds = _seconds(lambda: solver.evaluate(inputs))
        forward.append(seconds)
        cost.append(_seconds(lambda: _value_and_gradient(solver, inputs)) / seconds)
    work = n * n * steps / 1e6
    record = {"name": f"plane {n}^2 P-SV {precision}", "precision": precision, "cells": [n, n], "steps": steps, "seconds": statistics.median(forward)}
    for key, values in (("mcells_per_second", [work / s for s in forward]), ("gradient_cost", cost)):
        record |= {key: statistics.median(values), f"{key}_min": min(values), f"{key}_max": max(values)}
    return record


def _value_and_gradient(solver, inputs) -> None:
    readings = solver.forward(inputs)
    solver.adjoint(inputs, {name: np.ones_like(value) for name, value in readings.items()})
    solver.forget()


def _seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start
