"""How all figures look: sizes for the width of a page, colors that color-blind readers can tell apart, units."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 7.6
"""Width of a figure, inches."""
DPI = 170
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D1F")
"""Okabe and Ito's palette, in an order that starts with its strongest contrasts."""
INK, QUIET, FORBIDDEN, SOLID, VOID = "#1f2933", "#7b8794", "#c0392b", "#243b53", "#eef2f6"
_RC = {
    "font.family": "DejaVu Sans", "font.size": 8.5, "axes.titlesize": 9, "axes.labelsize": 8.5, "text.color": INK,
    "axes.labelcolor": INK, "axes.edgecolor": "#9aa5b1", "axes.linewidth": 0.7, "axes.spines.top": False,
    "axes.spines.right": False, "xtick.color": INK, "ytick.color": INK, "xtick.labelsize": 8, "ytick.labelsize": 8,
    "xtick.major.width": 0.7, "ytick.major.width": 0.7, "grid.color": "#dde3ea", "grid.linewidth": 0.6,
    "legend.frameon": False, "legend.fontsize": 8, "lines.linewidth": 1.6, "lines.markersize": 4.5,
    "figure.facecolor": "white", "savefig.facecolor": "white", "mathtext.fontset": "dejavusans",
}  # fmt: skip


@contextmanager
def canvas(width: float = WIDTH, height: float = 3.0) -> Iterator:
    """A figure in the style of the report, drawn without a display.

    Matplotlib's global state is left as it was, so that a user's own plots are not changed.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_RC):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        yield figure


def png(figure) -> bytes:
    """The figure as a PNG file, the same bytes for the same figure."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def named(reading: str) -> str:
    """A reading's name for a figure: ``S21`` with its subscript."""
    head, tail = reading[:1], reading[1:]
    return rf"$\mathit{{{head}}}_{{{tail}}}$" if head == "S" and tail.isdigit() else reading


def colors_of(goals) -> dict[str, str]:
    """One color for each reading that has a target, the same in all figures."""
    readings = dict.fromkeys(goal.reading for goal in goals)
    return {reading: COLORS[i % len(COLORS)] for i, reading in enumerate(readings)}


def legend_below(figure, handles, columns: int = 5) -> None:
    """A legend under the figure, in rows that fit its width."""
    rows = -(-len(handles) // columns)
    each = -(-len(handles) // rows)
    figure.legend(handles=handles, loc="outside lower center", ncols=each, columnspacing=1.4, handlelength=1.7)


def nanometres(length: float) -> str:
    """A length in nm, without a trail of rounding."""
    return f"{length * 1e9:.4g} nm"


def save(path: str | os.PathLike, content: bytes) -> None:
    """Write a figure whole or not at all."""
    from adjointdesign.files import atomic_write

    atomic_write(path, content)
