"""S-parameters over the wavelength against their targets."""

from __future__ import annotations

import numpy as np

from adjointdesign.report.run_folder import Goal, Results, RunFolder
from adjointdesign.report.style import (
    FORBIDDEN,
    INK,
    QUIET,
    WIDTH,
    canvas,
    colors_of,
    legend_below,
    named,
    nanometres,
    png,
)

NM = 1e9


def spectra(run: RunFolder) -> bytes | None:
    """One panel for what must pass, one for what must not; None without results or targets."""
    design = run.design
    if design is None or design.results is None or not run.goals:
        return None
    senses = [s for s in (1, -1) if any(g.sense == s for g in run.goals)]
    colors = colors_of(run.goals)
    with canvas(WIDTH, 3.5) as figure:
        panels = figure.subplots(1, len(senses), squeeze=False)[0]
        for axes, sense in zip(panels, senses):
            goals = [g for g in run.goals if g.sense == sense]
            _panel(axes, run, goals, colors)
            axes.set_title("to be transmitted" if sense > 0 else "to be suppressed", loc="left", color=INK)
        panels[0].set_ylabel("magnitude (dB)")
        _legend(figure, run, colors)
        return png(figure)


def _panel(axes, run: RunFolder, goals: list[Goal], colors) -> None:
    design, shown = run.design, list(dict.fromkeys(g.reading for g in goals))
    low, high = _range(run, goals)
    wide = design.spectrum or design.results
    axes.set(xlim=(wide.wavelengths.min() * NM, wide.wavelengths.max() * NM), ylim=(low, high))
    if len(wide.wavelengths) == 1:
        axes.set_xlim(wide.wavelengths[0] * NM - 5, wide.wavelengths[0] * NM + 5)
    together: dict[tuple, list[Goal]] = {}
    for goal in goals:
        together.setdefault((goal.bound, goal.where), []).append(goal)
    spans: list[tuple] = []
    for (bound, where), those in together.items():
        wavelengths = design.results.wavelengths[list(where)] * NM
        # Words for spans that overlap at one bound stand under each other.
        line = sum(bound == b and wavelengths.min() <= w.max() and w.min() <= wavelengths.max() for b, w in spans)
        spans.append((bound, wavelengths))
        _forbidden(axes, wavelengths, those, (low, high), line)
    for reading in shown:
        color = colors[reading]
        if design.spectrum is not None and reading in design.spectrum.decibels:
            axes.plot(design.spectrum.wavelengths * NM, design.spectrum.decibels[reading], color=color)
        own = design.results
        axes.plot(own.wavelengths * NM, own.decibels[reading], "o", color=color, zorder=4)
        if design.results_gds is not None:
            again = design.results_gds
            axes.plot(
                again.wavelengths * NM, again.decibels[reading], "D", color=color, markerfacecolor="white",
                linestyle=(0, (2, 2)), linewidth=0.9, markersize=5, zorder=5,
            )  # fmt: skip
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel("wavelength (nm)")


def _forbidden(axes, wavelengths, goals: list[Goal], limits, line: int) -> None:
    """Shade what misses a target, over its wavelengths and a little beyond, and write the target there."""
    from matplotlib.patheffects import Normal, Stroke

    bound, sense = goals[0].bound, goals[0].sense
    left, right = axes.get_xlim()
    reach = 0.012 * (right - left)
    first, last = wavelengths.min() - reach, wavelengths.max() + reach
    edge = limits[0] if sense > 0 else limits[1]
    axes.fill_between([first, last], bound, edge, color=FORBIDDEN, alpha=0.10, linewidth=0, zorder=0)
    axes.plot([first, last], [bound, bound], color=FORBIDDEN, linewidth=1.1, zorder=1)
    text = f"{', '.join(named(g.reading) for g in goals)} {goals[0].relation}"
    label = axes.annotate(
        text, (first + reach, bound), (0, -sense * (3 + 11 * line)), textcoords="offset points", color=FORBIDDEN,
        fontsize=7.5, va="top" if sense > 0 else "bottom", zorder=6,
    )  # fmt: skip
    label.set_in_layout(False)
    label.set_path_effects([Stroke(linewidth=2.5, foreground="#faf0ef"), Normal()])  # readable on a curve


def _range(run: RunFolder, goals: list[Goal]) -> tuple[float, float]:
    """Limits that show the targets and every value that they speak of, no more."""
    values = [np.array([g.bound for g in goals])]
    for results in (run.design.results, run.design.results_gds):
        if results is not None:
            values += [results.decibels[g.reading][list(g.where)] for g in goals]
    everything = np.concatenate(values)
    if goals[0].sense > 0:
        low = min(everything.min(), 2 * min(g.bound for g in goals))
        return low - 0.12 * abs(low), 0.0 if everything.max() <= 0 else 1.15 * everything.max()
    low, high = max(everything.min(), -70.0), max(everything.max(), max(g.bound for g in goals))
    room = max(high - low, 6.0)
    return low - 0.15 * room, min(high + 0.3 * room, max(0.0, high + 0.05 * room))


def _legend(figure, run: RunFolder, colors) -> None:
    from matplotlib.lines import Line2D

    design = run.design
    handles = [Line2D([], [], color=c, linewidth=2.2, label=named(r)) for r, c in colors.items()]
    own = "design" + _at(design.results)
    style = "-" if design.spectrum is not None else "none"
    handles.append(Line2D([], [], color=QUIET, marker="o", linestyle=style, label=own))
    if design.results_gds is not None:
        label = "re-simulated from design.gds" + _at(design.results_gds)
        handles.append(
            Line2D([], [], color=QUIET, marker="D", markerfacecolor="white", linestyle=(0, (2, 2)), label=label)
        )
    legend_below(figure, handles)


def _at(results: Results) -> str:
    return "" if results.spacing is None else f" ({nanometres(results.spacing)} cells)"
