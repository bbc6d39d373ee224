"""Figures of the far field of a described antenna: polar cuts, and the gain over all directions as a surface."""

from __future__ import annotations

import numpy as np

from adjointdesign.problems.antennas.describe import CUT_STEP, away_from, ground_of, unit_vectors
from adjointdesign.problems.antennas.describe_results import Results, upright
from adjointdesign.problems.antennas.draw_antenna import TOWARD, draw_antenna, draw_tripod
from adjointdesign.report.style import COLORS, INK, WIDTH, canvas, legend_below, png

RANGE = 40.0
"""Range of polar cuts, dB below the next ten above the peak."""
DEPTH = 30.0
"""Range of the surface's radius, dB below the peak."""
FINE = (61, 121)
"""Angles from pole to pole, and around, of the surface."""
LIGHT = np.array([0.75, 0.1, 0.65])
"""Where the light comes from."""


def pattern(results: Results, number: int) -> bytes:
    """Realized gain over theta in the planes of phi 0 and 90 degrees, one line a frequency."""
    gains = 10 * np.log10(np.maximum(results.radiation(number)["realized_gain"][:, len(results.weights) :], 1e-9))
    directions = results.directions[len(results.weights) :]
    top = 10 * np.ceil(gains.max() / 10 + 1e-9)
    low = top - RANGE
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
            for row, frequency, color in zip(gains, frequencies, line_colors(len(frequencies))):
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


def solid_pattern(results: Results, number: int) -> bytes:
    """Realized gain in dB above a floor as the radius of a surface, for up to three frequencies, and the antenna beside it.

    With more frequencies the first, the middle and the last.
    """
    frequencies, count = results.model.antenna.far_frequencies, len(results.weights)
    chosen = sorted({0, len(frequencies) // 2, len(frequencies) - 1})
    gains = results.radiation(number)["realized_gain"]
    top = 10 * np.log10(max(gains[chosen].max(), 1e-9))
    columns = 2 if len(chosen) % 2 else 3
    rows = -(-(len(chosen) + 1) // columns)
    with canvas(WIDTH, 2.9 * rows + 0.3) as figure:
        panels = [figure.add_subplot(rows, columns, k + 1, projection="3d") for k in range(len(chosen) + 1)]
        draw_antenna(panels[0], results.model)
        for panel, k in zip(panels[1:], chosen):
            colors = _surface(panel, results, gains[k, :count], top)
            peak = int(np.argmax(gains[k]))
            theta, phi = upright(*np.degrees(results.directions[peak]))
            panel.set_title(
                f"{frequencies[k] / 1e9:.4g} GHz: {_decibels(gains[k, peak])} dBi at "
                rf"$\theta$ = {theta:.0f}°, $\varphi$ = {phi:.0f}°", color=INK, fontsize=8, y=0.08,
            )  # fmt: skip
        bar = figure.colorbar(colors, ax=panels, shrink=0.5, aspect=28, pad=0.01, location="bottom")
        bar.set_label(f"realized gain (dBi), port {results.model.ports[number].name}")
        bar.outline.set_visible(False)
        return png(figure)


def _decibels(gain: float) -> str:
    return f"{10 * np.log10(max(gain, 1e-9)):.2f}".replace("-", "−")


def _surface(panel, results: Results, gain: np.ndarray, top: float):
    """Draw the surface of one frequency; returns what maps its colors."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    vectors, fine = in_detail(gain, ground_of(results.model))
    decibels = 10 * np.log10(np.maximum(fine, 1e-12))
    points = np.maximum(decibels - (top - DEPTH), 0.0)[..., None] / DEPTH * vectors
    norm, palette = Normalize(top - DEPTH, top), colormaps["viridis"]
    middles = 0.25 * (decibels[1:, 1:] + decibels[:-1, 1:] + decibels[1:, :-1] + decibels[:-1, :-1])
    panel.plot_surface(
        *np.moveaxis(points, -1, 0), facecolors=_lit(palette(norm(middles)), points), rcount=FINE[0], ccount=FINE[1],
        shade=False, linewidth=0, antialiased=False,
    )  # fmt: skip
    hidden = _hidden(points.reshape(-1, 3))
    draw_tripod(panel, [hidden(axis) for axis in range(3)], 1.15)
    panel.set(xlim=(-1, 1), ylim=(-1, 1), zlim=(-1, 1))
    return ScalarMappable(norm, palette)


def in_detail(gain: np.ndarray, ground: tuple[int, int] | None) -> tuple[np.ndarray, np.ndarray]:
    """A gain between the directions of its quadrature, by cubic splines.

    Parameters
    ----------
    gain : ndarray, shape (2 n^2,)
        At `sphere_directions`, or `hemisphere_directions` turned away from a ground.
    ground : (int, int) or None
        As of `ground_of`.

    Returns
    -------
    ndarray, shape (*FINE, 3)
        Unit vectors of directions, poles and turn closed; over a ground down to the lowest of the quadrature.
    ndarray, shape FINE
        The gain there.
    """
    from scipy.interpolate import RectBivariateSpline

    order = round(np.sqrt(len(gain) / 2))
    nodes = np.polynomial.legendre.leggauss(order)[0]
    theta = np.arccos(nodes if ground is None else 0.5 + 0.5 * nodes)[::-1]
    phi = np.pi / order * np.arange(2 * order)
    rows = gain.reshape(order, 2 * order)[::-1]
    # Over a pole the pattern goes on half a turn away; around it repeats.
    over = min(3, order)
    pieces = [(-theta[:over][::-1], np.roll(rows[:over][::-1], order, axis=1)), (theta, rows)]
    if ground is None:
        pieces.append((2 * np.pi - theta[-over:][::-1], np.roll(rows[-over:][::-1], order, axis=1)))
    places, values = (np.concatenate(part) for part in zip(*pieces))
    around = np.concatenate([phi[-over:] - 2 * np.pi, phi, phi[:over] + 2 * np.pi])
    values = np.concatenate([values[:, -over:], values, values[:, :over]], axis=1)
    spline = RectBivariateSpline(places, around, values, kx=min(3, len(places) - 1), ky=min(3, len(around) - 1))
    fine_theta = np.linspace(0.0, np.pi if ground is None else theta[-1], FINE[0])
    fine_phi = np.linspace(0.0, 2 * np.pi, FINE[1])
    directions = np.stack(np.meshgrid(fine_theta, fine_phi, indexing="ij"), axis=-1)
    return away_from(ground, unit_vectors(directions)), spline(fine_theta, fine_phi)


def _lit(colors: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Colors of the faces between points, a little darker where they turn away from a light above."""
    one, two = points[1:, 1:] - points[:-1, :-1], points[1:, :-1] - points[:-1, 1:]
    normals = np.cross(one, two)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    shade = 0.72 + 0.28 * np.abs(normals @ LIGHT)
    return np.concatenate([colors[..., :3] * shade[..., None], colors[..., 3:]], axis=-1)


def _hidden(points: np.ndarray):
    """A function of an axis: up to which distance from the middle the surface hides its positive half."""
    from scipy.spatial import cKDTree

    length = np.linalg.norm(points, axis=1)
    seen = length > 1e-6
    tree, length = cKDTree(points[seen] / length[seen, None]), length[seen]
    along, before = np.linspace(0.0, 1.2, 61), np.linspace(0.0, 2.0, 81)

    def until(axis: int) -> float:
        ray = along[:, None, None] * np.eye(3)[axis] + before[:, None] * TOWARD
        distance = np.linalg.norm(ray, axis=-1)
        _, nearest = tree.query(ray / np.maximum(distance, 1e-9)[..., None])
        covered = np.any(distance < length[nearest], axis=1)
        return float(along[covered].max(initial=0.0))

    return until


def line_colors(count: int) -> list[str]:
    """Colors of so many lines."""
    return [COLORS[i % len(COLORS)] for i in range(count)]
