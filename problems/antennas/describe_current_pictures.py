"""Figures of the surface current on flat metal: its amplitude in color, and arrows at the moment when it is largest."""

from __future__ import annotations

import numpy as np

from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.describe_mesh import length_unit
from adjointdesign.problems.antennas.describe_results import Results
from adjointdesign.problems.antennas.geometry.shapes import plane_axes
from adjointdesign.problems.antennas.geometry.triangles import loops_of
from adjointdesign.report.style import INK, WIDTH, canvas, png

ARROWS = 13
"""Arrows along the longer side of a panel."""
FULL_SCALE = 0.98
"""Share of the points on the metal below the end of the color scale: at edges the current is singular."""


def currents(results: Results, number: int) -> bytes:
    """Amplitude of the current for 1 W that the source has available, in the middle of the band, a panel a plane."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    found = results.runs[number].currents
    unit, scale = length_unit([pair for c in found for pair in c.plane.bounds])
    unit_drive = results.amplitude(number)  # what makes 1 W available
    amplitudes = [unit_drive * np.sqrt(np.sum(np.abs(c.values) ** 2, axis=0)) for c in found]
    on = np.concatenate([a[_on_metal(c)] for a, c in zip(amplitudes, found)])
    norm = Normalize(0.0, float(np.quantile(on, FULL_SCALE)) if on.size else 1.0)
    columns = min(len(found), 3)
    rows = -(-len(found) // columns)
    tallest = max(min(_height(c), 2.0) for c in found)
    with canvas(WIDTH, 0.7 + rows * min(0.9 + tallest * (WIDTH - 0.8) / columns, 4.6 if rows == 1 else 2.9)) as figure:
        panels = np.ravel(figure.subplots(rows, columns, squeeze=False, **_share(found, columns)))
        for panel, current, amplitude in zip(panels, found, amplitudes):
            _draw(panel, current, amplitude, norm, unit, scale)
        for panel in panels[len(found) :]:
            panel.set_visible(False)
        bar = figure.colorbar(ScalarMappable(norm, "viridis"), ax=panels, extend="max", location="bottom", pad=0.02, aspect=40,
                              shrink=0.6)  # fmt: skip
        bar.set_label("amplitude (A/m) for 1 W available")
        bar.outline.set_visible(False)
        name = results.model.ports[number].name
        figure.suptitle(f"surface current at {found[0].frequency / 1e9:.4g} GHz, port {name}", fontsize=9, color=INK)
        return png(figure)


def _share(found, columns: int) -> dict:
    """Of one row of panels, widths such that lengths look alike in all."""
    if len(found) > columns:
        return {}
    return {"width_ratios": [max(b - a, 0.4 * (d - c)) for (a, b), (c, d) in (f.plane.bounds for f in found)]}


def _height(current) -> float:
    (a, b), (c, d) = current.plane.bounds
    return (d - c) / (b - a)


def _on_metal(current) -> np.ndarray:
    u, v = np.meshgrid(*current.coordinates, indexing="ij")
    return np.logical_or.reduce([outline.inside(u, v, 0.0) for outline in current.plane.outlines])


def _draw(panel, current, amplitude: np.ndarray, norm, unit: str, scale: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    plane, (u, v) = current.plane, (x * scale for x in current.coordinates)
    loops = [loop * scale for outline in plane.outlines for loop in loops_of(outline)]
    metal = Path.make_compound_path(*(Path(np.vstack([loop, loop[:1]]), closed=True) for loop in loops))
    image = panel.pcolormesh(u, v, amplitude.T, norm=norm, cmap="viridis", shading="gouraud", zorder=2)
    image.set_clip_path(metal, panel.transData)
    panel.add_patch(PathPatch(metal, facecolor="none", edgecolor=INK, linewidth=0.7, zorder=3))
    _arrows(panel, current, scale)
    a, b = plane_axes(plane.axis)
    margins = [0.04 * max(high - low for low, high in plane.bounds) * scale] * 2
    (x0, x1), (y0, y1) = ((low * scale - m, high * scale + m) for (low, high), m in zip(plane.bounds, margins))
    panel.set(xlim=(x0, x1), ylim=(y0, y1), aspect="equal", xlabel=f"{AXES[a]} ({unit})", ylabel=f"{AXES[b]} ({unit})")
    if x1 - x0 < 0.4 * (y1 - y0):
        panel.locator_params(axis="x", nbins=2)
    seen = f", facing {'-' if plane.side < 0 else '+'}{plane.axis}" if plane.side else ""
    place = f"{plane.axis} = {plane.position * scale:.4g} {unit}{seen}".replace("-", "\N{MINUS SIGN}")
    names = ", ".join(plane.names)
    panel.set_title(f"{place}\n{names if len(names) < 32 else names[:30] + '…'}", color=INK, fontsize=8)


def _arrows(panel, current, scale: float) -> None:
    """The current at the moment when there is most of it, on a regular lattice, long where it is strong."""
    from scipy.interpolate import RegularGridInterpolator

    bounds = current.plane.bounds
    step = max(high - low for low, high in bounds) / ARROWS
    rows = [np.linspace(low, high, 2 * max(1, round((high - low) / step)) + 1)[1::2] for low, high in bounds]
    u, v = np.meshgrid(*rows, indexing="ij")
    inside = np.logical_or.reduce([outline.inside(u, v, 0.0) for outline in current.plane.outlines])
    u, v = u[inside], v[inside]
    phasors = [RegularGridInterpolator(current.coordinates, x, bounds_error=False, fill_value=None)((u, v)) for x in current.values]
    # Of a sum of cos^2(phase - w t) the largest is where twice the angle is that of the sum of the squares.
    turn = np.exp(-0.5j * np.angle(sum(np.sum(p**2) for p in phasors)))
    ju, jv = (np.real(p * turn) for p in phasors)
    size = np.hypot(ju, jv)
    if not size.any():
        return
    length = 0.9 * step * scale * np.sqrt(np.minimum(size / np.quantile(size, 0.95), 1.0))
    shown = size > 0.02 * size.max()
    along = np.stack([ju, jv])[:, shown] / size[shown] * length[shown]
    panel.quiver(u[shown] * scale, v[shown] * scale, *along, angles="xy", scale_units="xy", scale=1.0, pivot="middle",
                 color="white", edgecolor=INK, linewidth=0.35, units="inches", width=0.02, headwidth=3.6, headlength=4.0, zorder=4)  # fmt: skip
