"""Figures of a finished resonator antenna: its body, layer by layer, and what it gains over the full block."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from adjointdesign.problem import Picture
from adjointdesign.problems.antennas.resonator_deliver import read_record
from adjointdesign.report.style import COLORS, FORBIDDEN, INK, QUIET, SOLID, VOID, WIDTH, canvas, legend_below, png

MM, GHZ = 1e3, 1e-9
MOST_LAYERS = 12
"""Most layers that are drawn, evenly chosen."""


def pictures(problem, folder: Path) -> list[Picture]:
    """All of them; none before the design is delivered."""
    from adjointdesign.parameters import read_parameters

    record = read_record(folder)
    if record is None:
        return []
    solid = problem.body.whole(problem.solid(read_parameters(folder / "design.h5", problem.design_shape)))
    found = json.loads((folder / "verification.json").read_text(encoding="utf-8"))["readings"]
    return [
        Picture(
            "body", "The body", body(problem, solid), "The dielectric body over the ground plane seen from the side of the feed, with the strip",
            "Dielectric gray-blue; the feed strip, red, shows through it where it stands inside. The surface is that of body.stl.",
        ),
        Picture(
            "layers", "Layers", layers(problem, solid), "Sections through the layers of the body, from the ground up",
            "Dark: dielectric; the red line is the feed strip where it reaches so high. Heights are those of the middles of the layers.",
        ),
        Picture(
            "comparison", "Against the full block", comparison(problem, found, record["full_block"]),
            "Realized gain, total efficiency and reflection over the band, of the design and of the full block with the same feed",
            "Both simulated from descriptions, on grids of their own. Shaded: what the targets forbid.",
        ),
    ]  # fmt: skip


def body(problem, solid: np.ndarray) -> bytes:
    """The surface of the body and the strip, in space."""
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    from adjointdesign.problems.antennas.resonator_files import surface

    s, room = problem.specification, problem.body
    triangles, normals = surface(solid)
    # Shaded by hand, by how far a face is turned to the light: Matplotlib shades triangles of one face unalike.
    bright = 0.55 + 0.45 * np.clip(normals @ np.array([-0.5, -0.3, 0.8]), 0, 1)
    colors = np.clip(np.multiply.outer(bright, [0.62, 0.72, 0.84]), 0, 1)
    with canvas(0.8 * WIDTH, 4.4) as figure:
        axes = figure.add_subplot(projection="3d", computed_zorder=False)
        corners = (np.asarray(room.corner) + triangles * np.asarray(room.pitch)) * MM
        axes.add_collection3d(Poly3DCollection(corners, facecolors=colors, edgecolors=colors, linewidths=0.2))
        x, half, low, high = (MM * v for v in (s.feed_position, s.feed_width / 2, s.gap, s.feed_height))
        strip = [[(x, -half, low), (x, half, low), (x, half, high), (x, -half, high)]]
        axes.add_collection3d(Poly3DCollection(strip, facecolors=FORBIDDEN, edgecolors=FORBIDDEN, alpha=0.8, zorder=5))
        span = 0.5 * MM * max(room.size[:2])
        axes.set(xlim=(-span, span), ylim=(-span, span), zlim=(0, MM * room.size[2]), xlabel="x (mm)", ylabel="y (mm)", zlabel="z (mm)")
        axes.set_box_aspect((1, 1, MM * room.size[2] / (2 * span)), zoom=0.95)
        axes.view_init(28, -125 if s.feed_position < 0 else -55)
        axes.tick_params(labelsize=7)
        return png(figure)


def layers(problem, solid: np.ndarray) -> bytes:
    """Sections of the body."""
    from matplotlib.colors import ListedColormap

    s, room = problem.specification, problem.body
    count = solid.shape[2]
    chosen = np.unique(np.linspace(0, count - 1, min(count, MOST_LAYERS)).round().astype(int))
    columns = min(4, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    extent = [MM * v for v in (-room.size[0] / 2, room.size[0] / 2, -room.size[1] / 2, room.size[1] / 2)]
    with canvas(WIDTH, 0.4 + 1.95 * rows) as figure:
        panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        for panel in panels.ravel()[len(chosen) :]:
            panel.set_visible(False)
        for panel, k in zip(panels.ravel(), chosen):
            height = (k + 0.5) * room.pitch[2]
            panel.imshow(solid[:, :, k].T, origin="lower", extent=extent, cmap=ListedColormap([VOID, SOLID]), vmin=0, vmax=1, interpolation="nearest")
            if s.gap < height < s.feed_height:
                panel.plot([MM * s.feed_position] * 2, [-MM * s.feed_width / 2, MM * s.feed_width / 2], color=FORBIDDEN, linewidth=2.5, clip_on=False)
            panel.set_title(f"z = {MM * height:.2f} mm", color=INK)
        figure.supxlabel("x (mm)", fontsize=8.5)
        figure.supylabel("y (mm)", fontsize=8.5)
        return png(figure)


def comparison(problem, design: dict, block: dict) -> bytes:
    """Design and full block over the band."""
    s = problem.specification
    gains = [np.array(found["gain"]).min(axis=1) for found in (design, block)]
    rows = [
        ("realized gain (dBi)" + (", least" if len(s.directions) > 1 else ""), s.far_frequencies, gains, s.gain, 1),
        ("total efficiency", s.far_frequencies, [f["efficiency"] for f in (design, block)], s.efficiency, 1),
        ("reflection (dB)", s.frequencies, [f["S11"] for f in (design, block)], -s.return_loss, -1),
    ]
    with canvas(WIDTH, 2.9) as figure:
        for panel, (title, frequencies, values, bound, sense) in zip(figure.subplots(1, 3), rows):
            for curve, color, name in zip(values, (COLORS[0], QUIET), ("design", "full block")):
                panel.plot(np.array(frequencies) * GHZ, curve, "o-", color=color, label=name)
            low, high = panel.get_ylim()
            low, high = min(low, bound - 0.1 * (high - low)), max(high, bound + 0.1 * (high - low))
            panel.axhspan(*((low, bound) if sense > 0 else (bound, high)), color=FORBIDDEN, alpha=0.10, linewidth=0)
            panel.set(ylim=(low, high), title=title, xlabel="frequency (GHz)")
            panel.grid(True)
        legend_below(figure, panel.get_legend_handles_labels()[0])
        return png(figure)
