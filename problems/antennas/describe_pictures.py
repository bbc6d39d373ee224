"""Figures of a described antenna: matching, Smith chart, polar cuts of the pattern, mesh lines over the parts."""

from __future__ import annotations

import numpy as np

from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.describe import CUT_STEP
from adjointdesign.problems.antennas.describe_results import Results
from adjointdesign.problems.antennas.geometry.shapes import Sheet, plane_axes
from adjointdesign.report.style import COLORS, INK, QUIET, WIDTH, canvas, legend_below, named, png

FLOOR = -30.0
"""Lowest value of polar cuts, dB below the peak's next ten."""


def pictures(results: Results) -> dict[str, bytes]:
    """PNG files by name."""
    drawn = {"s_parameters": s_parameters(results), "smith": smith(results), "mesh": mesh(results)}
    if results.model.antenna.far_field:
        drawn |= {f"pattern_{n + 1}": pattern(results, n) for n in range(len(results.runs))}
    return drawn


def s_parameters(results: Results) -> bytes:
    """Magnitudes over the band."""
    from adjointdesign.objectives.decibels import amplitude_decibels

    frequencies, s = results.model.frequencies / 1e9, results.s_parameters
    with canvas(WIDTH, 3.2) as figure:
        axes = figure.subplots()
        pairs = [(i, j) for j in range(s.shape[2]) for i in range(s.shape[1])]
        for (i, j), color in zip(pairs, _colors(len(pairs))):
            axes.plot(frequencies, amplitude_decibels(s[:, i, j]), color=color, label=named(f"S{i + 1}{j + 1}"))
        axes.axhline(-10, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set(xlim=(frequencies[0], frequencies[-1]), xlabel="frequency (GHz)", ylabel="magnitude (dB)")
        axes.set_ylim(top=max(0.0, axes.get_ylim()[1]))
        axes.grid(True)
        axes.legend(loc="lower right")
        return png(figure)


def smith(results: Results) -> bytes:
    """Reflection of every port, upper half inductive; a dot in the middle of the band, circles at its ends."""
    from skrf.plotting import smith as grid

    s = results.s_parameters
    with canvas(WIDTH * 0.62, WIDTH * 0.62) as figure:
        axes = figure.subplots()
        grid(ax=axes, draw_labels=True)
        for part in (*axes.patches, *axes.lines):
            part.set(edgecolor="#b3bcc6") if hasattr(part, "set_edgecolor") else part.set_color("#b3bcc6")
        for p, color in zip(range(s.shape[1]), _colors(s.shape[1])):
            reflection = s[:, p, p].conj()  # charts are drawn in exp(+i w t)
            axes.plot(reflection.real, reflection.imag, color=color, label=named(f"S{p + 1}{p + 1}"), zorder=5)
            middle = reflection[len(reflection) // 2]
            axes.plot(middle.real, middle.imag, "o", color=color, zorder=6)
            ends = reflection[[0, -1]]
            axes.plot(ends.real, ends.imag, "o", color=color, markerfacecolor="white", zorder=6)
            axes.annotate(f"{results.model.frequencies[0] / 1e9:.4g} GHz", (ends[0].real, ends[0].imag), fontsize=7,
                          xytext=(5, 5), textcoords="offset points", zorder=7)  # fmt: skip
        axes.set(xlabel="", ylabel="", xticks=[], yticks=[])
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.legend(loc="upper left")
        return png(figure)


def pattern(results: Results, number: int) -> bytes:
    """Realized gain over theta in the planes of phi 0 and 90 degrees, one line a frequency."""
    gains = 10 * np.log10(np.maximum(results.radiation(number)["realized_gain"][:, len(results.weights) :], 1e-9))
    directions = results.directions[len(results.weights) :]
    top = 10 * np.ceil(gains.max() / 10 + 1e-9)
    low = top - 10 + FLOOR
    frequencies = results.model.antenna.far_frequencies
    with canvas(WIDTH, 4.2) as figure:
        for place, phi in enumerate((0.0, 90.0)):
            axes = figure.add_subplot(1, 2, place + 1, projection="polar")
            axes.set_theta_zero_location("N")
            axes.set_theta_direction(-1)
            chosen = np.isclose(np.degrees(directions[:, 1]), phi)
            theta = directions[chosen, 0]
            # Where a ground takes directions away the line is broken.
            cuts = np.flatnonzero(np.diff(theta) > 1.5 * np.radians(CUT_STEP)) + 1
            for row, frequency, color in zip(gains, frequencies, _colors(len(frequencies))):
                values = np.insert(np.maximum(row[chosen], low), cuts, np.nan)
                axes.plot(np.insert(theta, cuts, np.nan), values, color=color, label=f"{frequency / 1e9:.4g} GHz")
            axes.set_thetagrids(range(0, 360, 45), [f"{a if a <= 180 else a - 360}°" for a in range(0, 360, 45)])
            axes.set_ylim(low, top)
            axes.set_yticks(np.arange(low, top + 1, 10))
            axes.set_title(rf"$\varphi$ = {phi:.0f}°", color=INK)
            axes.tick_params(labelsize=7)
        legend_below(figure, axes.get_legend_handles_labels()[0])
        figure.suptitle(f"realized gain (dBi), port {results.model.ports[number].name}", fontsize=9, color=INK)
        return png(figure)


def mesh(results: Results) -> bytes:
    """Mesh lines and parts seen along each axis; absorbing layers shaded."""
    model = results.model
    bounds, unit, scale = model.antenna.bounds, *_unit(model.antenna.bounds)
    with canvas(WIDTH, 3.4) as figure:
        for panel, normal in zip(figure.subplots(1, 3), "zyx"):
            u, v = plane_axes(normal)
            for lines, place in ((model.grid.lines(u), panel.axvline), (model.grid.lines(v), panel.axhline)):
                for x in lines:
                    place(x * scale, color="#9aa5b1", linewidth=0.3, zorder=1)
            for part in model.antenna.parts:
                _draw(panel, part, _is_metal(model.antenna, part), normal, u, v, scale)
            (x0, x1), (y0, y1) = ((model.grid.lines(a)[[0, -1]] * scale) for a in (u, v))
            inner = [b * scale for a in (u, v) for b in bounds[a]]
            margins = (0.08 * (inner[1] - inner[0]), 0.08 * (inner[3] - inner[2]))
            panel.fill([x0, x1, x1, x0, x0, inner[0], inner[0], inner[1], inner[1], inner[0]],
                       [y0, y0, y1, y1, y0, inner[2], inner[3], inner[3], inner[2], inner[2]],
                       color="#eef2f6", zorder=2, alpha=0.8, linewidth=0)  # fmt: skip
            panel.set(xlim=(max(x0, inner[0] - margins[0]), min(x1, inner[1] + margins[0])), aspect="equal",
                      ylim=(max(y0, inner[2] - margins[1]), min(y1, inner[3] + margins[1])))  # fmt: skip
            panel.set(xlabel=f"{AXES[u]} ({unit})", ylabel=f"{AXES[v]} ({unit})")
            panel.set_title(f"along {normal}", color=INK)
        return png(figure)


def _is_metal(antenna, part) -> bool:
    return isinstance(part, Sheet) or hasattr(part, "start") or hasattr(part, "medium") and antenna.is_metal(part.medium)


def _draw(panel, part, metal: bool, normal: str, u: int, v: int, scale: float) -> None:
    from matplotlib.patches import Circle, Polygon

    style = {"facecolor": "#56B4E955", "edgecolor": "#0072B2"}
    if metal:
        style = {"facecolor": "#E69F0066", "edgecolor": "#8C6D1F"}
    elif hasattr(part, "share"):
        style = {"facecolor": "#D55E00", "edgecolor": "#D55E00"}
    style |= {"linewidth": 1.0, "zorder": 3}
    outline = part.outline if getattr(part, "axis", None) == normal and hasattr(part, "outline") else None
    (a, b), (c, d) = part.bounds[u], part.bounds[v]
    if (
        hasattr(part, "radius")
        and hasattr(part, "center")
        and getattr(part, "axis", normal) == normal
        or getattr(outline, "shape", "") == "disc"
    ):
        panel.add_patch(Circle(((a + b) / 2 * scale, (c + d) / 2 * scale), (b - a) / 2 * scale, **style))
    elif getattr(outline, "shape", "") == "polygon":
        for loop in outline.loops:
            panel.add_patch(Polygon(loop * scale, **style))
    elif a == b or c == d:
        panel.plot([a * scale, b * scale], [c * scale, d * scale], color=style["edgecolor"], linewidth=1.6, zorder=4,
                   marker="o" if a == b and c == d else None, markersize=3)  # fmt: skip
    else:
        panel.add_patch(Polygon(np.array([(a, c), (b, c), (b, d), (a, d)]) * scale, **style))


def _unit(bounds) -> tuple[str, float]:
    longest = max(high - low for low, high in bounds)
    return next(
        (name, scale)
        for name, scale in (("m", 1.0), ("mm", 1e3), ("µm", 1e6), ("nm", 1e9))
        if longest * scale > 2 or name == "nm"
    )


def _colors(count: int) -> list[str]:
    return [COLORS[i % len(COLORS)] for i in range(count)]
