"""Figures of the final horn: its section with the field, its reflection, its pattern."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adjointdesign.objectives.decibels import amplitude_decibels
from adjointdesign.problem import Picture
from adjointdesign.report.style import COLORS, FORBIDDEN, INK, QUIET, WIDTH, canvas, legend_below, png

MM = 1e3
FLOOR = -40.0
"""Of the pattern below its maximum, dB."""


def pictures(problem, folder: Path) -> list[Picture]:
    """All of them; none before the design is delivered."""
    import h5py

    path = folder / "design.h5"
    if not path.is_file():
        return []
    with h5py.File(path) as file:
        found = {name: {k: v[()] for k, v in file[name].items()} for name in ("initial", "final", "section")}
        corners, displacement = file["corners"][()], file["displacement"][()]
    return [
        Picture(
            "horn", "The horn", _section(found["section"], corners, displacement),
            "Section through the horn with the magnitude of the magnetic field, and its profile before and after",
            "Above the axis the magnitude of the magnetic field at the middle frequency, below it its real part. The line is the "
            "profile, the dashed one that of the start.",
        ),
        Picture(
            "reflection", "Return loss", _reflection(problem, found),
            "Magnitude of the reflection over frequency before and after, with the target shaded",
            "On a new mesh of the design, with elements of one degree more than in the optimization. Shaded: what the target forbids.",
        ),
        Picture(
            "pattern", "Radiation", _pattern(problem, found),
            "Realized gain over the angle from the axis before and after, with the mask shaded",
            "Realized gain at all frequencies of the band, the same in every plane through the axis. Shaded: what the mask forbids at "
            "the frequency with the least gain along the beam.",
        ),
    ]  # fmt: skip


def _section(section, corners, displacement) -> bytes:
    points, triangles, field = section["points"] * MM, section["triangles"], section["field"]
    top = float(np.quantile(np.abs(field), 0.995))
    with canvas(0.75 * WIDTH, 4.2) as figure:
        axes = figure.subplots()
        size = axes.tripcolor(points[:, 1], points[:, 0], triangles, np.abs(field) / top, shading="gouraud", cmap="magma", vmin=0, vmax=1)
        axes.tripcolor(points[:, 1], -points[:, 0], triangles, field.real / top, shading="gouraud", cmap="RdBu_r", vmin=-1, vmax=1)
        for profile, style in ((corners, "--"), (corners + displacement, "-")):
            for side in (1, -1):
                axes.plot(profile[:, 1] * MM, side * profile[:, 0] * MM, style, color=COLORS[2], linewidth=1.4)
        axes.set(aspect="equal", xlabel="z (mm)", ylabel="r (mm)")
        figure.colorbar(size, ax=axes, label="|H|, relative", shrink=0.8)
        return png(figure)


def _reflection(problem, found) -> bytes:
    s = problem.specification
    with canvas(WIDTH, 2.8) as figure:
        axes = figure.subplots()
        low, high = (f / 1e9 for f in (min(s.frequencies), max(s.frequencies)))
        levels = {}
        for name, style, color in (("initial", "--", QUIET), ("final", "-", COLORS[0])):
            levels[name] = amplitude_decibels(found[name]["s11"])
            axes.plot(found[name]["frequencies"] / 1e9, levels[name], style, color=color, label={"initial": "start", "final": "design"}[name])
        bottom = min(map(np.min, levels.values())) - 3
        axes.fill_between([low, high], -s.return_loss, 0, color=FORBIDDEN, alpha=0.12, linewidth=0)
        axes.plot([low, high], [-s.return_loss] * 2, color=FORBIDDEN, linewidth=1)
        axes.set(xlabel="frequency (GHz)", ylabel="|S11| (dB)", ylim=(bottom, 0))
        axes.grid(visible=True)
        axes.legend(loc="lower right")
        return png(figure)


def _pattern(problem, found) -> bytes:
    s = problem.specification
    with canvas(WIDTH, 3.4) as figure:
        axes = figure.subplots()
        final = found["final"]
        peak = final["gain"].max()
        for i, frequency in enumerate(s.frequencies):
            color = COLORS[i % len(COLORS)]
            axes.plot(found["initial"]["angles"], found["initial"]["gain"][i], "--", color=color, linewidth=0.9, alpha=0.6)
            axes.plot(final["angles"], final["gain"][i], color=color, label=f"{frequency / 1e9:.4g} GHz")
        beam = np.array([np.interp(s.beam, final["angles"], row) for row in final["gain"]])
        mask = beam.min() - s.sidelobes
        axes.fill_between([s.mask, 180], mask, peak + 3, color=FORBIDDEN, alpha=0.12, linewidth=0)
        axes.plot([s.mask, 180], [mask, mask], color=FORBIDDEN, linewidth=1)
        axes.plot(s.beam, s.gain, marker="v", color=INK, linestyle="none", label=f"asked for at {s.beam:g}°")
        axes.set(xlabel="angle from the axis (degrees)", ylabel="realized gain (dB)", xlim=(0, 180), ylim=(peak + FLOOR, peak + 3))
        axes.set_xticks(range(0, 181, 30))
        axes.grid(visible=True)
        legend_below(figure, axes.get_legend_handles_labels()[0])
        return png(figure)
