"""Errors and differences of two gradients over the refinement, with the slope of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adjointdesign.report.style import COLORS, INK, canvas, legend_below, png

SERIES = {
    "difference": ("o", "the two gradients from each other"),
    "discrete": ("s", "gradient of the program from the exact one"),
    "continuous": ("^", "gradient of the equations, discretized, from the exact one"),
    "objective": ("D", "objective from its limit"),
}
"""Marker and words of each column of a case, by its name in the JSON."""


def draw_consistency(case: Mapping[str, Any]) -> bytes:
    """A case of ``adjointdesign consistency --json``, both axes logarithmic, as PNG.

    Values that are zero lie below every axis; they are drawn on the lower edge with an open marker.
    """
    refinements = np.array([level["refinement"] for level in case["levels"]])
    columns = {name: np.array([level[name] for level in case["levels"]], dtype=float) for name in SERIES if name in case["levels"][0]}
    seen = np.concatenate([values[np.isfinite(values) & (values > 0)] for values in columns.values()])
    floor = (seen.min() if seen.size else 1.0) / 3
    with canvas(5.6, 3.4) as figure:
        axes = figure.subplots()
        axes.set(xscale="log", yscale="log", xlabel="refinement", ylabel="relative")
        axes.set_xticks(refinements, [f"{n:g}" for n in refinements])
        axes.set_xticks([], minor=True)
        for color, (name, values) in zip(COLORS, columns.items()):
            marker, words = SERIES[name]
            fit = case["orders"].get(name)
            label = words if fit is None else f"{words}: order {fit['order']:.2f}"
            shown = np.isfinite(values) & (values > 0)
            axes.plot(refinements[shown], values[shown], marker + "-", color=color, label=label, linewidth=1.1)
            axes.plot(refinements[values == 0], np.full(np.sum(values == 0), floor), marker, color=color, markerfacecolor="none")
        axes.set_title(f"{case['name']}: {case['verdict']}", loc="left", color=INK)
        axes.grid(True)
        axes.set_axisbelow(True)
        legend_below(figure, axes.get_legend_handles_labels()[0], columns=1)
        return png(figure)
