"""Solids, sheets and wires of a description as triangles and lines, for programs that draw or mill them."""

from __future__ import annotations

import numpy as np

from adjointdesign.grid.yee import AXES
from adjointdesign.problems.antennas.geometry.outlines import Disc, Polygons, Rectangle
from adjointdesign.problems.antennas.geometry.shapes import Body, Sphere, plane_axes

AROUND = 72
"""Corners of what stands for a circle."""


def loops_of(outline: Rectangle | Disc | Polygons) -> list[np.ndarray]:
    """Corners of an outline, counterclockwise, m, shape ``(n, 2)`` each; circles with `AROUND` of them."""
    if isinstance(outline, Rectangle):
        (a, b), (c, d) = outline.bounds
        return [np.array([(a, c), (b, c), (b, d), (a, d)])]
    if isinstance(outline, Disc):
        angles = 2 * np.pi * np.arange(AROUND) / AROUND
        return [outline.center + outline.radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)]
    return [_plain(loop) for loop in outline.loops]


def solid_triangles(solid) -> np.ndarray:
    """Corners of triangles, counterclockwise from outside, m, shape ``(n, 3, 3)``; loops of an outline one by one."""
    if isinstance(solid, Body):
        return solid.surface.points[solid.surface.triangles]
    if isinstance(solid, Sphere):
        return solid.center + solid.radius * _unit_ball()
    axis, ends, outline = solid.extrusion
    return np.concatenate([_extruded(axis, ends, loop) for loop in loops_of(outline)])


def sheet_triangles(sheet) -> np.ndarray:
    """Corners of triangles that fill a sheet, m, shape ``(n, 3, 3)``."""
    axis = AXES.index(sheet.axis)
    return np.concatenate([_placed(_caps(loop), axis, sheet.position) for loop in loops_of(sheet.outline)])


def _extruded(axis: int, ends, loop: np.ndarray) -> np.ndarray:
    bottom, top = (_placed(_caps(loop), axis, end) for end in ends)
    (p, q), (r, s) = ([_placed(c, axis, end) for c in (loop, np.roll(loop, -1, axis=0))] for end in ends)
    walls = np.concatenate([np.stack(corners, axis=1) for corners in ((p, q, s), (p, s, r))])
    # With the axis last, the plane's own two axes turn one way for x and z, the other for y.
    outward = np.concatenate([bottom[:, ::-1], top, walls])
    return outward[:, ::-1] if axis == 1 else outward


def _placed(points: np.ndarray, axis: int, position: float) -> np.ndarray:
    """Points of a plane in space."""
    out = np.full((*points.shape[:-1], 3), float(position))
    out[..., plane_axes(AXES[axis])] = points
    return out


def _caps(loop: np.ndarray) -> np.ndarray:
    """Triangles of a polygon, counterclockwise, shape ``(n, 3, 2)``."""
    from ezdxf.math import Vec2
    from ezdxf.math.triangulation import mapbox_earcut_2d

    found = np.array([[(p.x, p.y) for p in corners] for corners in mapbox_earcut_2d([Vec2(p) for p in loop])])
    (ux, uy), (vx, vy) = ((found[:, k] - found[:, 0]).T for k in (1, 2))
    return np.where((ux * vy < uy * vx)[:, None, None], found[:, ::-1], found)


def _plain(loop: np.ndarray) -> np.ndarray:
    """A loop counterclockwise, without corners at which it does not turn."""
    before, after = loop - np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0) - loop
    turn = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    kept = loop[np.abs(turn) > 1e-12 * np.ptp(loop, axis=0).max() ** 2]
    x, y = kept.T
    return kept if np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0 else kept[::-1]


def _unit_ball() -> np.ndarray:
    rows, columns = AROUND // 4, AROUND // 2
    theta, phi = np.pi * np.arange(rows + 1)[:, None] / rows, 2 * np.pi * np.arange(columns + 1) / columns
    points = np.stack(
        np.broadcast_arrays(np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)), axis=-1
    )
    points[:, -1], points[0], points[-1] = points[:, 0], (0, 0, 1), (0, 0, -1)
    a, b, c, d = points[:-1, :-1], points[1:, :-1], points[1:, 1:], points[:-1, 1:]
    upper = np.stack([a, b, c], axis=2)[:-1].reshape(-1, 3, 3)
    lower = np.stack([a, c, d], axis=2)[1:].reshape(-1, 3, 3)
    return np.concatenate([upper, lower])
