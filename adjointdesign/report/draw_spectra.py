"""S-parameters over the wavelength against their targets."""

from __future__ import annotations

import numpy as np

from adjointdesign.report.run_folder import Goal, Results, RunFolder
from adjointdesign.report.style import COLORS, FORBIDDEN, INK, QUIET, WIDTH, canvas, named, nanometres, png

NM = 1e9


def spectra(run: RunFolder) -> bytes | None:
    """One panel for what must pass, one for what must not; None without results or targets."""
    design = run.design
    if design is None or design.results is None or not run.goals:
        return None
    senses = [s for s in (1, -1) if any(g.sense == s for g in run.goals)]
    readings = list(dict.fromkeys(g.reading for g in run.goals))
    colors = {reading: COLORS[i % len(COLORS)] for i, reading in enumerate(readings)}
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
    spread: dict[tuple, list[str]] = {}
    for goal in goals:
        spread.setdefault((goal.bound, goal.wavelengths), []).append(goal.reading)
    for (bound, where), names in spread.items():
        _forbidden(axes, design.results.wavelengths[list(where)] * NM, bound, goals[0].sense, (low, high), names)
    for reading in shown:
        color = colors[reading]
        if design.spectrum is not None and reading in design.spectrum.decibels:
            axes.plot(design.spectrum.wavelengths * NM, design.spectrum.decibels[reading], color=color)
        own = design.results
        axes.plot(own.wavelengths * NM, own.decibels[reading], "o", color=color, clip_on=False, zorder=4)
        if design.results_gds is not None:
            again = design.results_gds
            axes.plot(
                again.wavelengths * NM, again.decibels[reading], "D", color=color, markerfacecolor="white",
                linestyle=(0, (2, 2)), linewidth=0.9, markersize=5, clip_on=False, zorder=5,
            )  # fmt: skip
    axes.grid(True, axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel("wavelength (nm)")


def _forbidden(axes, wavelengths, bound, sense, limits, names) -> None:
    """Shade what misses a target, over its wavelengths and a little beyond, and write the target there."""
    from matplotlib.patheffects import Normal, Stroke

    left, right = axes.get_xlim()
    reach = 0.012 * (right - left)
    first, last = wavelengths.min() - reach, wavelengths.max() + reach
    edge = limits[0] if sense > 0 else limits[1]
    axes.fill_between([first, last], bound, edge, color=FORBIDDEN, alpha=0.10, linewidth=0, zorder=0)
    axes.plot([first, last], [bound, bound], color=FORBIDDEN, linewidth=1.1, zorder=1)
    relation = "≥" if sense > 0 else "≤"
    text = f"{', '.join(named(n) for n in names)} {relation} {bound:g} dB".replace("-", "−")
    pad = 0.015 * (limits[1] - limits[0])
    label = axes.text(
        first + reach, bound - sense * pad, text, color=FORBIDDEN, fontsize=7.5, va="top" if sense > 0 else "bottom",
        zorder=6,
    )  # fmt: skip
    label.set_path_effects([Stroke(linewidth=2.5, foreground="#faf0ef"), Normal()])  # readable on a curve


def _range(run: RunFolder, goals: list[Goal]) -> tuple[float, float]:
    """Limits that show the targets and every value that they speak of, no more."""
    values = [np.array([g.bound for g in goals])]
    for results in (run.design.results, run.design.results_gds):
        if results is not None:
            values += [results.decibels[g.reading][list(g.wavelengths)] for g in goals]
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
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), columnspacing=1.6, handlelength=1.8)


def _at(results: Results) -> str:
    return "" if results.spacing is None else f" ({nanometres(results.spacing)} cells)"
