"""How far the two runs of each number and their extrapolation are from what is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adjointdesign.report.style import COLORS, QUIET, WIDTH, canvas, legend_below, png


def draw_references(result: Mapping[str, Any]) -> bytes:
    """What `run_cases` gives, as PNG: a row a number, its distance from the published one on a logarithmic axis."""
    rows = [(case["name"], q) for case in result["cases"] for q in case["quantities"]]
    places = range(len(rows))
    with canvas(WIDTH, 1.1 + 0.21 * len(rows)) as figure:
        axes = figure.subplots()
        for k, (marker, color, words, hollow) in enumerate(
            (("o", COLORS[5], "coarse", True), ("o", COLORS[0], "fine", False), ("D", COLORS[1], "extrapolated", False))
        ):
            values = [abs((q["extrapolated"] if k == 2 else q["ours"][k]) / q["published"] - 1) for _, q in rows]
            axes.plot([max(v, 1e-6) for v in values], places, marker, color=color, label=words, linestyle="none",
                      markerfacecolor="white" if hollow else color)  # fmt: skip
        axes.plot(
            [q["tolerance"] for _, q in rows],
            places,
            "|",
            color=QUIET,
            markersize=9,
            label="tolerance of the extrapolated one",
            linestyle="none",
        )
        axes.set(xscale="log", xlabel="relative distance from the published value", ylim=(len(rows) - 0.5, -0.5))
        axes.set_yticks(places, [f"{name}: {q['name']}" for name, q in rows])
        axes.tick_params(axis="y", labelsize=7, length=0)
        axes.grid(True, axis="x")
        axes.set_axisbelow(True)
        legend_below(figure, axes.get_legend_handles_labels()[0])
        return png(figure)
