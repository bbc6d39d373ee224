"""The final device with its dimensions, its ports and discs of its smallest features to scale."""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.report.run_folder import Design, RunFolder
from adjointdesign.report.style import COLORS, INK, QUIET, SOLID, VOID, canvas, nanometres, png

UM = 1e6
AROUND = 0.3e-6
"""How much of the surroundings is shown on every side, m."""
KEY_HEIGHT = 0.07
"""Least height of a line with smallest features, as a fraction of the picture's width."""
HEAD, LABEL = 0.40, 0.25
"""Width of the words before the smallest features, and of one feature's own, as fractions of the picture's width."""


def device(run: RunFolder) -> bytes | None:
    """The device as fabricated, the contour of the level set at one half; None without a design."""
    design = run.design
    if design is None or not design.planar:
        return None
    shape = design.arrays["filtered"].shape
    low = np.array(design.origin)
    size = np.array(shape) * design.pixel
    shown = size + 2 * AROUND
    lines = _lines(design, shown[0])
    heights = [max([KEY_HEIGHT * shown[0], *(1.2 * diameter for _, diameter in line)]) for line in lines]
    strip = sum(heights)
    with canvas(4.8, 4.1 * (shown[1] + strip) / shown[0] + 0.65) as figure:
        axes, key = figure.subplots(2, 1, height_ratios=(shown[1], strip))
        _surroundings(axes, design)
        _solid(axes, design)
        axes.add_patch(_rectangle(low, size, fill=False, edgecolor=COLORS[1], linewidth=1.0, linestyle=(0, (5, 3))))
        for number, port in enumerate(getattr(getattr(run.problem, "layout", None), "ports", ()), start=1):
            label_port(axes, port, number, size, offset=0.55 * AROUND)
        axes.set(xlim=_limits(low[0], size[0]), ylim=_limits(low[1], size[1]), aspect="equal")
        axes.set(xlabel="x (µm)", ylabel="y (µm)")
        axes.locator_params(nbins=6)
        axes.set_title(f"design region {size[0] * UM:.4g} × {size[1] * UM:.4g} µm (dashed)", color=INK)
        key.set(xlim=axes.get_xlim(), ylim=(-strip * UM, 0.0), aspect="equal")
        key.axis("off")
        _features(key, lines, heights)
        return png(figure)


def label_port(axes, port, number: int, size, offset: float, **options) -> None:
    """The number of a port on its guide, ``offset`` (m) outside the design region; both axes are in micrometres."""
    place = [0.0, 0.0]
    place[port.axis] = port.outside * (size[port.axis] / 2 + offset)
    place[1 - port.axis] = port.offset
    box = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": INK, "linewidth": 0.8}
    axes.text(
        place[0] * UM, place[1] * UM, str(number), ha="center", va="center", fontsize=8, color=INK, zorder=5,
        **({"bbox": box} | options),
    )  # fmt: skip


def _limits(low: float, size: float):
    return (low - AROUND) * UM, (low + size + AROUND) * UM


def _rectangle(low, size, **style):
    from matplotlib.patches import Rectangle

    return Rectangle(tuple(low * UM), *(size * UM), **style)


def _surroundings(axes, design: Design) -> None:
    """The frame of guides around the design region."""
    frame = design.arrays.get("surroundings")
    axes.set_facecolor(VOID)
    if frame is None:
        return
    shape = design.arrays["filtered"].shape
    margins = [(n - m) // 2 * design.pixel for n, m in zip(frame.shape, shape)]
    frame = frame.copy()
    inside = tuple(slice((n - m) // 2, (n + m) // 2) for n, m in zip(frame.shape, shape))
    frame[inside] = 0.0
    extent = []
    for low, margin, n in zip(design.origin, margins, frame.shape):
        extent += [(low - margin) * UM, (low - margin + n * design.pixel) * UM]
    axes.imshow(
        frame.T, origin="lower", extent=extent, cmap=two_tone("#5b7083"), vmin=0, vmax=1, interpolation="nearest"
    )


def two_tone(solid: str = SOLID):
    """From the color of void to that of solid."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("density", [VOID, solid])


def _solid(axes, design: Design) -> None:
    """The region above one half, closed at the border as in the GDSII file."""
    level = np.pad(design.arrays["filtered"], 1, mode="reflect", reflect_type="odd")
    x, y = (
        (o + (np.arange(n) - 0.5) * design.pixel) * UM for o, n in zip(design.origin, level.shape)
    )  # fmt: skip
    low = np.array(design.origin)
    size = np.array(design.arrays["filtered"].shape) * design.pixel
    region = _rectangle(low, size, facecolor=VOID, edgecolor="none")
    axes.add_patch(region)
    filled = axes.contourf(x, y, level.T, levels=[0.5, max(1.0, level.max()) + 1.0], colors=[SOLID], zorder=2)
    filled.set_clip_path(region)


def _lines(design: Design, width: float) -> list[list[tuple[str, float]]]:
    """Smallest solid and void feature by name and diameter (m): in one line with the words before them, or a line each.

    The first line begins with those words; ``width`` is the picture's, m.
    """
    parts = [(name, design.length_scale.get(name)) for name in ("solid", "void")]
    parts = [(name, d) for name, d in parts if d is not None and math.isfinite(d)]
    if not parts:
        return [[]]
    needed = sum(diameter for _, diameter in parts) + (HEAD + LABEL * len(parts)) * width
    return [parts] if needed <= width else [[], *([part] for part in parts)]


def _features(axes, lines, heights) -> None:
    """Discs of the smallest features, on the picture's own scale, with their diameters."""
    from matplotlib.patches import Circle

    left, right = axes.get_xlim()
    top = 0.0
    for number, (line, height) in enumerate(zip(lines, heights)):
        y, x = (top - height / 2) * UM, left
        top -= height
        if number == 0 and any(lines):
            axes.text(left, y, "smallest feature, to scale:", ha="left", va="center", fontsize=8, color=QUIET)
            x += HEAD * (right - left)
        for name, diameter in line:
            radius = diameter / 2 * UM
            color = SOLID if name == "solid" else "white"
            axes.add_patch(Circle((x + radius, y), radius, facecolor=color, edgecolor=SOLID, clip_on=False))
            axes.annotate(
                f"{name} {nanometres(diameter)}", (x + 2 * radius, y), (5, 0), textcoords="offset points", ha="left",
                va="center", fontsize=8,
            )  # fmt: skip
            x += 2 * radius + LABEL * (right - left)
