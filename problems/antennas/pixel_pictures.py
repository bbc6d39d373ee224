"""Figures of the finished pixel antenna: its metal, and its matching on both grids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from adjointdesign.problems.antennas.geometry.description import Antenna, read

from adjointdesign.objectives.decibels import amplitude_decibels
from adjointdesign.objectives.matching import band_edges
from adjointdesign.problem import Picture
from adjointdesign.report.draw_device import two_tone
from adjointdesign.report.style import COLORS, FORBIDDEN, INK, QUIET, SOLID, WIDTH, canvas, legend_below, png

MM = 1e3


def pictures(problem, folder: Path) -> list[Picture]:
    """Both of them; none before the design is delivered."""
    import h5py

    if not all((folder / name).is_file() for name in ("design.h5", "antenna.toml", "results.json")):
        return []
    with h5py.File(folder / "design.h5") as file:
        parameters, own = file["parameters"][()], amplitude_decibels(file["readings/reflection"][()])
    density = np.asarray(problem.density(parameters, problem.final_stage))
    found = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return [
        Picture(
            "metal", "The antenna", _metal(problem, density, read(folder / "antenna.toml")),
            "Density of metal on the left, outline of the exported sheet over the ground with its port on the right",
            "Left: the density of the last stage. Right: the sheet of metal.gds over the ground, its port between the two.",
        ),
        Picture(
            "band", "Reflection in the band", _band(problem, own, found),
            "Reflection over frequency of the exported antenna, with the values on the grid of the optimization and the target",
            "Line: the whole antenna of antenna.toml, perfect metal, on a grid of its own. Dots: the quarter of it that was optimized. "
            "Shaded: what the target forbids.",
        ),
    ]  # fmt: skip


def band(problem, found: dict) -> tuple[float, float]:
    """Ends (Hz) of the widest band in which the exported antenna has the return loss, over the whole range simulated."""
    level, frequencies = -problem.specification.return_loss, np.array(found["frequencies"])
    db = np.array(found["s_parameters_db"]["S11"])
    matched = frequencies[db <= level]
    edges = [np.asarray(band_edges(10 ** (db / 20), frequencies, level, f)) for f in matched]
    low, high = max(edges, key=lambda e: e[1] - e[0], default=(frequencies[0],) * 2)
    return float(low), float(high)


def _metal(problem, density: np.ndarray, antenna: Antenna) -> bytes:
    from matplotlib.patches import Polygon

    s = problem.specification
    half, top = s.width / 2 * MM, (s.gap + s.height) * MM
    with canvas(WIDTH, 3.7) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        image = left.imshow(
            density.T, origin="lower", extent=(-half, half, s.gap * MM, top), cmap=two_tone(), vmin=0, vmax=1, interpolation="nearest"
        )
        figure.colorbar(image, ax=left, label="density", shrink=0.75)
        left.set_title("density", color=INK)
        for loop in antenna.sheets[0].outline.loops:
            right.add_patch(Polygon(loop * MM, facecolor=SOLID, edgecolor=SOLID, linewidth=0.3))
        right.add_patch(Polygon([(-half, s.gap * MM), (half, s.gap * MM), (half, top), (-half, top)], fill=False, edgecolor=QUIET,
                                linewidth=0.8, linestyle=(0, (4, 3))))  # fmt: skip
        right.set_title("exported sheet, in the region designed (dashed)", color=INK)
        for axes in (left, right):
            axes.axhspan(-2, 0, color="#8C6D1F", linewidth=0)
            wide = s.feed / 2 * MM
            axes.add_patch(Polygon([(-wide, 0), (wide, 0), (wide, s.gap * MM), (-wide, s.gap * MM)], facecolor=COLORS[1], linewidth=0))
            axes.set(xlim=(-1.15 * half, 1.15 * half), ylim=(-2, top + 2), aspect="equal", xlabel="x (mm)")
            axes.set_facecolor("white")
        left.set_ylabel("z (mm)")
        return png(figure)


def _band(problem, own: np.ndarray, found: dict) -> bytes:
    s = problem.specification
    frequencies = np.array(found["frequencies"]) / 1e9
    low, high = s.frequencies[0] / 1e9, s.frequencies[-1] / 1e9
    with canvas(WIDTH, 3.1) as figure:
        axes = figure.subplots()
        axes.fill_between([low, high], -s.return_loss, 0.0, color=FORBIDDEN, alpha=0.12, linewidth=0)
        (line,) = axes.plot(frequencies, found["s_parameters_db"]["S11"], color=COLORS[0], label="antenna.toml")
        (dots,) = axes.plot(np.array(s.frequencies) / 1e9, own, "o", color=COLORS[1], label="grid of the optimization")
        ends = np.array(band(problem, found)) / 1e9
        for end in ends:
            axes.axvline(end, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set(xlim=(frequencies[0], frequencies[-1]), xlabel="frequency (GHz)", ylabel="$|S_{11}|$ (dB)")
        axes.set_ylim(top=0.0)
        axes.grid(True)
        axes.set_title(f"at most −{s.return_loss:g} dB from {ends[0]:.3g} to {ends[1]:.3g} GHz (dashed)", color=INK)
        legend_below(figure, [line, dots])
        return png(figure)
