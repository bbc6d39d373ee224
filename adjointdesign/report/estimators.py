"""What a comparison of gradient estimators leaves behind: its JSON and one figure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from adjointdesign.files import atomic_write, make_folder
from adjointdesign.report.style import COLORS, INK, QUIET, WIDTH, canvas, legend_below, png
from adjointdesign.uncertainty.compare import Comparison, Curve


_BLUE, _RED, _GREEN, _PINK, _ORANGE, _SKY, _BLACK, _BROWN = COLORS
LOOKS = {
    "pathwise": (_BLUE, "o"),
    "pathwise, Sobol": (_SKY, "o"),
    "score function": (_GREEN, "^"),
    "score function, baseline": (_GREEN, "v"),
    "score function, scalar": (_GREEN, "s"),
    "score function, component": (_GREEN, "D"),
    "score function, component, Sobol": (_BLACK, "D"),
    "differences, independent": (_BROWN, "X"),
    "differences, common": (_PINK, "P"),
    "smoothed": (_RED, "*"),
    "smoothed, extrapolated": (_ORANGE, "*"),
}
"""Color and marker of each estimator."""


def write_comparison(folder, comparison: Comparison) -> Path:
    """Write ``estimators.json`` and ``estimators.png`` into a folder.

    Parameters
    ----------
    folder : path-like
        Made where it is missing; files of the same names in it are replaced.
    comparison : Comparison
        From `adjointdesign.uncertainty.compare`.

    Returns
    -------
    Path
        The figure.

    Raises
    ------
    InputError
        When the folder cannot be made.
    OSError
        When a file cannot be written.
    """
    folder = Path(folder)
    make_folder(folder)
    atomic_write(folder / "estimators.json", json.dumps(comparison.as_dict(), indent=2, allow_nan=False) + "\n")
    atomic_write(folder / "estimators.png", draw_comparison(comparison))
    return folder / "estimators.png"


def draw_comparison(comparison: Comparison) -> bytes:
    """Standard deviation and bias of each estimator against sample size, and against step and width where they were varied."""
    from matplotlib.lines import Line2D

    names = list(dict.fromkeys(curve.name for curve in comparison.curves))
    looks = {n: {"color": LOOKS[n][0], "marker": LOOKS[n][1]} for n in names}
    by = {a: [c for c in comparison.curves if c.argument == a] for a in ("samples", "step", "width")}
    rows = 1 + bool(by["step"] or by["width"])
    with canvas(WIDTH, 0.7 + 2.5 * rows) as figure:
        panels = figure.subplots(rows, 2, squeeze=False)
        for curve in by["samples"]:
            _line(panels[0, 0], curve, np.sqrt(curve.variance.sum(axis=1)), looks)
            _line(panels[0, 1], curve, _norm(curve.bias), looks, hollow=~_significant(curve))
        for axes, label in zip(panels[0], ("standard deviation", "|bias|")):
            _scales(axes, "samples", label)
        if rows == 2:
            for curve in by["step"]:
                _line(panels[1, 0], curve, np.sqrt(curve.variance.sum(axis=1)), looks)
                _slope(panels[1, 0], curve)
            _scales(panels[1, 0], "step of the differences", "standard deviation")
            for curve in by["width"]:
                _line(panels[1, 1], curve, np.sqrt(curve.variance.sum(axis=1)), looks, linestyle=(0, (4, 2)))
                _line(panels[1, 1], curve, _norm(curve.bias), looks, hollow=~_significant(curve))
            _scales(panels[1, 1], "width of the smoothing", "|bias|, and dashed: std")
            panels[1, 1].set_visible(bool(by["width"]))
        handles = [Line2D([], [], label=n, **looks[n]) for n in names]
        hollow = {"color": QUIET, "marker": "o", "linestyle": "none", "markerfacecolor": "white"}
        legend_below(figure, [*handles, Line2D([], [], label="bias within 3 of its errors", **hollow)], columns=3)
        return png(figure)


def _norm(rows: np.ndarray) -> np.ndarray:
    return np.sqrt((rows**2).sum(axis=1))


def _significant(curve: Curve) -> np.ndarray:
    """Where a bias is told from zero."""
    return np.any(np.abs(curve.bias) > 3 * curve.bias_error, axis=1)


def _line(axes, curve: Curve, values: np.ndarray, looks: dict, hollow=None, linestyle="-") -> None:
    """A line of what is above zero; hollow markers where a value is no more than noise."""
    shown, look = values > 0, looks[curve.name]
    axes.plot(curve.at[shown], values[shown], color=look["color"], linewidth=1.1, linestyle=linestyle)
    hollow = np.zeros(len(values), bool) if hollow is None else hollow
    for part, face in ((shown & ~hollow, look["color"]), (shown & hollow, "white")):
        axes.plot(curve.at[part], values[part], look["marker"], color=look["color"], markerfacecolor=face, markersize=4.5)


def _slope(axes, curve: Curve) -> None:
    slope = curve.slope()
    if np.isfinite(slope):
        k = len(curve.at) // 2
        place = curve.at[k], np.sqrt(curve.variance[k].sum())
        axes.annotate(f"variance ~ step$^{{{slope:.1f}}}$", place, (6, 5), textcoords="offset points", fontsize=7, color=INK)


def _scales(axes, x: str, y: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_minor_formatter("")
    axes.yaxis.set_minor_formatter("")
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True)
    axes.set_axisbelow(True)
