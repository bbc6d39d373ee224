"""Taylor remainders of the gradient and of the Hessian over the step, with their slopes, stage by stage."""

from __future__ import annotations

import numpy as np

from adjointdesign.report.run_folder import RunFolder
from adjointdesign.report.style import COLORS, WIDTH, canvas, legend_below, png

TESTS = {
    "taylor": (2, "o", "gradient: remainder after the linear term"),
    "hessian_taylor": (3, "s", "Hessian: remainder after the quadratic term"),
}
"""Expected slope, marker and words of each test, by its name in the certificate."""


def gradient_check(run: RunFolder) -> bytes | None:
    """Remainders with lines of slope 2 and 3 beside them; None without a certificate that holds them."""
    details = (run.certificate or {}).get("details") or {}
    stages = details.get("stages") or {"": {name: details.get(name) for name in TESTS}}
    stages = {stage: found for stage, tests in stages.items() if (found := _measured(tests))}
    if not stages:
        return None
    with canvas(WIDTH, 3.4) as figure:
        panels = figure.subplots(1, len(stages), squeeze=False)[0]
        for axes, (stage, tests) in zip(panels, stages.items()):
            axes.set(xscale="log", yscale="log", xlabel="step")
            axes.set_title(stage.replace("inf", "∞"), loc="left")
            for color, name in zip(COLORS, TESTS):
                if name in tests:
                    _panel(axes, *tests[name], *TESTS[name], color)
            axes.margins(y=0.22)
            axes.grid(True)
            axes.set_axisbelow(True)
        panels[0].set_ylabel("Taylor remainder")
        handles = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels())}
        legend_below(figure, list(handles.values()))
        return png(figure)


def _measured(tests) -> dict:
    """Steps, falling, and remainders of those tests that have some above zero."""
    found = {}
    for name in TESTS:
        test = tests.get(name) if isinstance(tests, dict) else None
        if not isinstance(test, dict) or not test.get("steps") or not test.get("remainders"):
            continue
        steps, remainders = (np.array(test[key], dtype=float) for key in ("steps", "remainders"))
        order = np.argsort(steps)[::-1]
        shown = order[remainders[order] > 0]
        if shown.size:
            found[name] = (steps[shown], remainders[shown], test.get("order"))
    return found


def _panel(axes, steps, remainders, order, slope: int, marker: str, label: str, color) -> None:
    """Remainders of one test, and a line of the expected slope through the middle of the range above rounding."""
    axes.plot(steps, remainders, marker, color=color, label=label)
    # Where the remainder no longer falls, rounding has taken over.
    clean = max(int(np.argmin(remainders)), 1) if len(steps) > 1 else 0
    anchor = (clean + 1) // 2
    line = steps[[0, clean]]
    values = remainders[anchor] * (line / steps[anchor]) ** slope
    axes.plot(line, values, color=color, linewidth=0.9, alpha=0.7, zorder=1)
    words = f"line: slope {slope}" + (f"\nfound: {order:.3f}" if isinstance(order, (int, float)) else "")
    # At the lower end the lines are far apart.
    axes.annotate(
        words,
        (line[-1], values[-1]),
        (7, -3),
        textcoords="offset points",
        ha="left",
        va="top",
        fontsize=7.5,
        color=color,
    )
