"""Taylor remainders of the gradient and of the Hessian over the step, with their slopes."""

from __future__ import annotations

import numpy as np

from adjointdesign.report.run_folder import RunFolder
from adjointdesign.report.style import COLORS, QUIET, canvas, png

TESTS = (("taylor", 2, "first order", "gradient: remainder after the linear term"),
         ("hessian_taylor", 3, "second order", "Hessian: remainder after the quadratic term"))  # fmt: skip
"""Test, expected slope, short and long name."""


def gradient_check(run: RunFolder) -> bytes | None:
    """Remainders with lines of slope 2 and 3 beside them; None without a certificate that holds them."""
    details = (run.certificate or {}).get("details", {})
    tests = [(t, *rest) for t, *rest in TESTS if _points(details.get(t)) is not None]
    if not tests:
        return None
    with canvas(5.2, 3.5) as figure:
        axes = figure.add_subplot()
        axes.set(xscale="log", yscale="log", xlabel="step", ylabel="Taylor remainder")
        for color, marker, (name, slope, _, label) in zip(COLORS, "os", tests):
            steps, remainders = _points(details[name])
            axes.plot(steps, remainders, marker, color=color, markersize=4.5, label=_label(label, details[name]))
            _guide(axes, steps, remainders, slope, color)
        axes.grid(True)
        axes.set_axisbelow(True)
        figure.legend(loc="outside lower center", ncols=1)
        return png(figure)


def _points(test):
    """Steps and positive remainders of a test, or None."""
    if not isinstance(test, dict) or not test.get("steps") or not test.get("remainders"):
        return None
    steps, remainders = (np.array(test[k], dtype=float) for k in ("steps", "remainders"))
    shown = (remainders > 0) & (steps > 0)
    return (steps[shown], remainders[shown]) if shown.any() else None


def _label(label: str, test) -> str:
    order = test.get("order")
    return label + (f" (order {order:.3f})" if isinstance(order, (int, float)) else "")


def _guide(axes, steps, remainders, slope: int, color) -> None:
    """A line of the expected slope through the middle of the range above rounding."""
    order = np.argsort(steps)[::-1]
    steps, remainders = steps[order], remainders[order]
    # Below this the remainder no longer falls: rounding.
    clean = max(int(np.argmin(remainders)), 1)
    anchor = clean // 2
    line = steps[[0, clean]] if clean < len(steps) else steps[[0, -1]]
    axes.plot(line, remainders[anchor] * (line / steps[anchor]) ** slope, color=color, linewidth=0.9, alpha=0.7, zorder=1)
    end, value = line[0], remainders[anchor] * (line[0] / steps[anchor]) ** slope
    axes.annotate(
        f"slope {slope}", (end, value), (6, 0), textcoords="offset points", ha="left", va="center", fontsize=7.5,
        color=QUIET, annotation_clip=False,
    )  # fmt: skip
