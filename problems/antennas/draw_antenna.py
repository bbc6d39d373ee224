"""A described antenna in space, as the figures of its pattern show it: parts, ground, and the three axes."""

from __future__ import annotations

import numpy as np

from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.describe_mesh import is_metal, length_unit
from adjointdesign.problems.antennas.geometry.build import Model
from adjointdesign.problems.antennas.geometry.shapes import plane_axes
from adjointdesign.problems.antennas.geometry.triangles import sheet_triangles, solid_triangles
from adjointdesign.report.style import INK

VIEW = (24.0, 35.0)
"""Elevation and azimuth from which everything is seen, degrees: all three axes point to the viewer's side."""

_UP, _AROUND = np.radians(VIEW)
TOWARD = np.array([np.cos(_UP) * np.cos(_AROUND), np.cos(_UP) * np.sin(_AROUND), np.sin(_UP)])
"""Unit vector to the viewer."""
_CORNER = -1.08 * np.array([-np.sin(_AROUND), np.cos(_AROUND), 0.0]) - 0.75 * np.array([0.0, 0.0, 1.0])
"""To the left, and down, as it is seen."""


def draw_antenna(panel, model: Model) -> None:
    """Draw parts into an axes in three dimensions, the farthest first, with the extents as its title."""
    from mpl_toolkits.mplot3d.art3d import Line3DCollection, Poly3DCollection

    antenna = model.antenna
    bounds = np.array([[f(p.bounds[a][end] for p in antenna.parts) for end, f in ((0, min), (1, max))] for a in range(3)])
    name, scale = length_unit(bounds)
    middle, reach = bounds.mean(axis=1), 0.6 * np.ptp(bounds, axis=1).max()
    panel.computed_zorder = False

    for order, part in enumerate(_from_the_back([*antenna.solids, *antenna.sheets]), start=2):
        sheet = hasattr(part, "outline") and hasattr(part, "position")
        corners = ((sheet_triangles if sheet else solid_triangles)(part) - middle) / reach
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None]
        if not sheet:
            corners, normals = corners[normals @ TOWARD > 0], normals[normals @ TOWARD > 0]
        light = 0.75 + 0.25 * np.abs(normals @ np.array([0.3, 0.2, 0.93]))
        color = np.array([0.87, 0.66, 0.25] if is_metal(antenna, part) else [0.55, 0.76, 0.92])
        alpha = np.full(len(light), 0.95 if is_metal(antenna, part) else 0.35)
        faces = np.column_stack([light[:, None] * color, alpha])
        panel.add_collection3d(Poly3DCollection(corners, facecolors=faces, antialiased=False, zorder=order))
        panel.add_collection3d(Line3DCollection(_edges(corners), colors=INK, linewidths=0.4, zorder=order))
    ends = [((np.array([w.start, w.end]) - middle) / reach, "#8C6D1F", 1.4) for w in antenna.wires]
    ends += [((np.array(g.bounds).T - middle) / reach, "#D55E00", 2.4) for g in antenna.gaps]
    for port in antenna.wave_ports:
        (a, b), (u, v) = np.array(port.bounds).T, plane_axes(port.axis)
        loop = np.tile(a, (5, 1))
        loop[1:3, u], loop[2:4, v] = b[u], b[v]
        ends.append(((loop - middle) / reach, "#D55E00", 1.4))
    for points, color, width in ends:
        panel.plot(*points.T, color=color, linewidth=width, zorder=50, solid_capstyle="round")
    draw_tripod(panel, [0.0] * 3, 0.35, _CORNER)
    size = " × ".join(f"{x * scale:.4g}" for x in np.ptp(bounds, axis=1) if x > 0)
    panel.set_title(f"{size} {name}", color=INK, fontsize=8, y=0.08)
    panel.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))


def _from_the_back(parts: list) -> list:
    """Parts such that none hides what comes after it, as far as boxes around them tell; all axes point to the viewer."""

    def ahead(p, q) -> bool:
        """Whether p lies beyond q along an axis, and q beyond p along none."""
        beyond = [[a[0] >= b[1] - 1e-12 for a, b in zip(x.bounds, y.bounds)] for x, y in ((p, q), (q, p))]
        return any(beyond[0]) and not any(beyond[1])

    left, ordered = sorted(parts, key=lambda p: float(TOWARD @ np.mean(p.bounds, axis=1))), []
    while left:
        free = [p for p in left if not any(ahead(p, q) for q in left if q is not p)]
        ordered.append((free or left)[0])
        left = [p for p in left if p is not ordered[-1]]
    return ordered


def _edges(corners: np.ndarray) -> np.ndarray:
    """Sides of triangles but for those between two that hardly differ in slope, shape ``(n, 2, 3)``."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1), 1e-300)[:, None]
    points, number = np.unique(np.round(corners, 6).reshape(-1, 3), axis=0, return_inverse=True)
    triangles = number.reshape(-1, 3)
    sides = np.sort(np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1)
    unique, which, count = np.unique(sides, axis=0, return_inverse=True, return_counts=True)
    together = np.zeros((len(unique), 3))
    np.add.at(together, which.ravel(), np.tile(normals, (3, 1)))
    # Of two normals at an angle the sum is shorter than two.
    return points[unique[(count != 2) | (np.linalg.norm(together, axis=1) < 2 * np.cos(np.radians(13)))]]


def draw_tripod(panel, begin, end: float, origin=(0.0, 0.0, 0.0)) -> None:
    """The positive axes from distances ``begin`` to ``end`` from an origin, named; the panel's own axes go.

    Parameters
    ----------
    panel : Axes3D
        What is drawn into.
    begin : sequence of float
        Where each axis comes into sight.
    end : float
        Where they end.
    origin : sequence of float
        Where they meet.
    """
    for axis, first in enumerate(begin):
        along = np.eye(3)[axis]
        line = np.array([origin + max(first, 0.0) * along, origin + max(end, first + 0.1) * along])
        panel.plot(*line.T, color=INK, linewidth=0.9, zorder=60)
        panel.text(*(line[1] + 0.1 * along), AXES[axis], color=INK, fontsize=8, ha="center", va="center", zorder=60)
    panel.view_init(*VIEW)
    panel.set_box_aspect((1, 1, 1), zoom=1.3)
    panel.set_axis_off()
