"""Mesh lines of a described antenna over its parts."""

from __future__ import annotations

import numpy as np

from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.describe_results import Results
from adjointdesign.problems.antennas.geometry.shapes import Body, Sheet, plane_axes
from adjointdesign.report.style import INK, WIDTH, canvas, png

METAL_STYLE = {"facecolor": "#E69F0066", "edgecolor": "#8C6D1F"}
DIELECTRIC_STYLE = {"facecolor": "#56B4E955", "edgecolor": "#0072B2"}
GAP_STYLE = {"facecolor": "#D55E00", "edgecolor": "#D55E00"}


def mesh(results: Results) -> bytes:
    """Mesh lines and parts seen along each axis; absorbing layers shaded."""
    model = results.model
    bounds, unit, scale = model.antenna.bounds, *length_unit(model.antenna.bounds)
    with canvas(WIDTH, 3.4) as figure:
        for panel, normal in zip(figure.subplots(1, 3), "zyx"):
            u, v = plane_axes(normal)
            for lines, place in ((model.grid.lines(u), panel.axvline), (model.grid.lines(v), panel.axhline)):
                for x in lines:
                    place(x * scale, color="#9aa5b1", linewidth=0.3, zorder=1)
            for part in model.antenna.parts:
                _draw(panel, part, is_metal(model.antenna, part), normal, u, v, scale)
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


def is_metal(antenna, part) -> bool:
    """Whether a part is a conductor."""
    return isinstance(part, Sheet) or hasattr(part, "start") or hasattr(part, "medium") and antenna.is_metal(part.medium)


def _draw(panel, part, metal: bool, normal: str, u: int, v: int, scale: float) -> None:
    from matplotlib.patches import Circle, Polygon

    style = METAL_STYLE if metal else GAP_STYLE if hasattr(part, "share") or hasattr(part, "direction") else DIELECTRIC_STYLE
    style = style | {"linewidth": 1.0, "zorder": 3}
    if isinstance(part, Body):
        _draw_body(panel, part.surface, "xyz".index(normal), u, v, scale, style)
        return
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


def _draw_body(panel, surface, normal: int, u: int, v: int, scale: float, style: dict) -> None:
    """What triangles cover as seen along an axis, and the sides at which they turn away."""
    from matplotlib.collections import LineCollection, PolyCollection

    seen = surface.points[:, [u, v]] * scale
    facing = surface.areas[:, normal] > 0
    panel.add_collection(PolyCollection(seen[surface.triangles[facing]], facecolor=style["facecolor"], zorder=3))
    sides = np.sort(np.concatenate([surface.triangles[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1)
    unique, which = np.unique(sides, axis=0, return_inverse=True)
    count = np.bincount(which.ravel(), np.tile(facing, 3))
    contour = unique[count == 1]
    panel.add_collection(LineCollection(seen[contour], colors=style["edgecolor"], linewidths=1.0, zorder=3))


def length_unit(bounds) -> tuple[str, float]:
    """Unit in which the longest extent reads well, and how many there are in a meter."""
    longest = max(high - low for low, high in bounds)
    return next(
        (name, scale)
        for name, scale in (("m", 1.0), ("mm", 1e3), ("µm", 1e6), ("nm", 1e9))
        if longest * scale > 2 or name == "nm"
    )
