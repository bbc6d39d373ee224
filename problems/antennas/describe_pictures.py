"""Figures of a described antenna: matching and Smith chart; all figures together."""

from __future__ import annotations

from adjointdesign.problems.antennas.describe_current_pictures import currents
from adjointdesign.problems.antennas.describe_mesh import mesh
from adjointdesign.problems.antennas.describe_pattern import line_colors, pattern, solid_pattern
from adjointdesign.problems.antennas.describe_results import Results
from adjointdesign.report.style import QUIET, WIDTH, canvas, named, png


def pictures(results: Results) -> dict[str, bytes]:
    """PNG files by name."""
    drawn = {"s_parameters": s_parameters(results), "smith": smith(results), "mesh": mesh(results)}
    for n, run in enumerate(results.runs):
        if results.model.antenna.far_field:
            drawn |= {f"pattern_{n + 1}": pattern(results, n), f"pattern_3d_{n + 1}": solid_pattern(results, n)}
        if run.currents:
            drawn[f"currents_{n + 1}"] = currents(results, n)
    return drawn


def s_parameters(results: Results) -> bytes:
    """Magnitudes over the band."""
    from adjointdesign.objectives.decibels import amplitude_decibels

    frequencies, s = results.model.frequencies / 1e9, results.s_parameters
    with canvas(WIDTH, 3.2) as figure:
        axes = figure.subplots()
        pairs = [(i, j) for j in range(s.shape[2]) for i in range(s.shape[1])]
        for (i, j), color in zip(pairs, line_colors(len(pairs))):
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
        for p, color in zip(range(s.shape[1]), line_colors(s.shape[1])):
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
