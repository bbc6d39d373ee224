"""How the optimization went: objective, largest miss and readings, evaluation by evaluation."""

from __future__ import annotations

import numpy as np

from adjointdesign.report.draw_design_history import FEASIBLE, best_so_far, final_index
from adjointdesign.report.run_folder import RunFolder
from adjointdesign.report.style import (
    COLORS,
    FORBIDDEN,
    INK,
    QUIET,
    WIDTH,
    canvas,
    colors_of,
    legend_below,
    named,
    png,
)

MARKERS = {1: "^", -1: "v"}
"""A reading that must stay above its bound points up, one that must stay below points down."""


def convergence(run: RunFolder) -> bytes | None:
    """Every evaluation as a dot, the best so far of each stage as a line; None without a history."""
    trace = run.trace
    if trace is None:
        return None
    readings, colors = _judged(run), colors_of(run.goals)
    rows = 1 + (run.misses is not None) + bool(readings)
    evaluations = np.arange(1, len(trace.objective) + 1)
    with canvas(WIDTH, 0.5 + 1.65 * rows) as figure:
        panels = list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0])
        axes = panels.pop(0)
        _curve(axes, run, evaluations, trace.objective, COLORS[0])
        axes.set_ylabel("objective")
        top = axes
        unit = f"\n({run.unit.strip()})" if run.unit and run.misses is not None else ""
        if run.misses is not None:
            axes = panels.pop(0)
            _curve(axes, run, evaluations, run.misses, COLORS[2])
            axes.axhline(0, color=FORBIDDEN, linewidth=1.0, zorder=1)
            axes.set_ylabel("largest miss of\na target" + unit.replace("\n", " "))
        if readings:
            axes = panels.pop(0)
            for goal, values in readings:
                color = colors[goal.reading]
                axes.plot(evaluations, values, color=color, linewidth=0.9, markersize=3.5, marker=MARKERS[goal.sense])
                axes.axhline(goal.bound, color=color, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
            axes.set_ylabel("worst value" + unit)
        axes.set_xlabel("evaluation")
        axes.set_xlim(0.3, len(evaluations) + 0.7)
        _legend(figure, run, readings)
        for axes in figure.axes:
            axes.grid(True, axis="y")
            axes.set_axisbelow(True)
        _stages(figure, top, run)
        return png(figure)


def _curve(axes, run: RunFolder, evaluations, values, color) -> None:
    best = values[best_so_far(run)]
    met = run.trace.violation <= FEASIBLE
    axes.plot(evaluations[met], values[met], "o", color=color, alpha=0.5, markersize=2.8, markeredgewidth=0)
    axes.plot(
        evaluations[~met], values[~met], "o", color=color, markerfacecolor="white", markersize=2.8, markeredgewidth=0.7
    )
    for stage in np.unique(run.trace.stage):
        own = run.trace.stage == stage
        axes.step(evaluations[own], best[own], where="post", color=color)
    final = final_index(run)
    axes.plot(evaluations[final], values[final], "o", color=color, markeredgecolor=INK, markersize=6, zorder=5)
    if values.max() - values.min() > 5:
        axes.set_yscale("symlog", linthresh=1.0, linscale=1.0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}".replace("-", "−"))
        ticks = [t for t in (-30, -10, -3, -1, 0, 1, 3, 10, 30, 100) if values.min() - 0.5 <= t <= values.max() * 1.3]
        axes.set_yticks(ticks, minor=False)
        axes.set_yticks([], minor=True)


def _judged(run: RunFolder) -> list:
    """Each target with its reading's worst value over its wavelengths, per evaluation."""
    recorded = run.trace.readings
    judged = []
    for goal in run.goals:
        if goal.reading in recorded:
            judged.append((goal, goal.bound - goal.sense * goal.misses(recorded[goal.reading]).max(axis=1)))
    return judged


def _legend(figure, run: RunFolder, readings) -> None:
    from matplotlib.lines import Line2D

    style = {"color": QUIET, "linestyle": "none", "marker": "o"}
    colors, handles = colors_of(run.goals), []
    if run.misses is not None:
        handles.append(Line2D([], [], color=FORBIDDEN, linewidth=1.0, label="all targets met below"))
    for goal, _ in readings:
        label = f"{named(goal.reading)}, {'least' if goal.sense > 0 else 'largest'}"
        handles.append(Line2D([], [], color=colors[goal.reading], marker=MARKERS[goal.sense], label=label))
    handles.append(Line2D([], [], color=QUIET, label="best of the stage so far"))
    if np.any(run.trace.violation > FEASIBLE):
        handles.append(
            Line2D([], [], label="a constraint is not met yet", markerfacecolor="white", markersize=3.5, **style)
        )
    handles.append(
        Line2D(
            [],
            [],
            label="the design" if run.design else "the best of the last stage",
            markeredgecolor=INK,
            markersize=6,
            **style,
        )
    )
    legend_below(figure, handles)


def _stages(figure, top, run: RunFolder) -> None:
    """Stage boundaries through all panels, and the stages' names above."""
    stage = run.trace.stage
    starts = [0, *(np.flatnonzero(np.diff(stage)) + 1), len(stage)]
    known = run.problem.stages() if run.problem is not None else ()
    for first, last in zip(starts[:-1], starts[1:]):
        number = int(stage[first])
        if first:
            for axes in figure.axes:
                axes.axvline(first + 0.5, color=QUIET, linewidth=0.8, linestyle=(0, (1, 2)))
        name = known[number].name if number < len(known) else ""
        label = f"stage {number + 1}" + (f"\n{name}" if name and (last - first) > 0.12 * len(stage) else "")
        top.annotate(
            label.replace("inf", "∞"), ((first + last + 1) / 2, 1.0), (0, 4), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="center", va="bottom", fontsize=7.5, color=QUIET,
        )  # fmt: skip
