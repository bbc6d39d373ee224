"""Maps of a network before and after, and the tracks of its stations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from adjointdesign.problem import Picture
from adjointdesign.report.style import COLORS, INK, QUIET, WIDTH, canvas, legend_below, png


def pictures(problem, folder: Path) -> list[Picture]:
    """All of them; none before the design is delivered."""
    from adjointdesign.parameters import read_parameters

    path = folder / "maps.npz"
    if not path.is_file():
        return []
    with np.load(path) as file:
        maps = dict(file)
    network = problem.network_of(read_parameters(folder / "design.h5", problem.design_shape))
    s, middle = problem.specification, float(np.median(problem.given.catalog.magnitude))
    return [
        Picture(
            "completeness", "Magnitude of completeness", _maps(problem, network, maps, "completeness", "magnitude of completeness", "viridis_r"),
            "Maps of the magnitude of completeness before and after, with stations and earthquakes",
            f"The smallest magnitude at {s.depth / 1e3:g} km depth that {s.k} stations detect with a probability of {s.confidence:g}. Triangles: stations; "
            "dots: earthquakes of the catalogue.",
        ),
        Picture(
            "detection", "Probability of detection", _maps(problem, network, maps, "detection", "probability", "viridis", (0.0, 1.0)),
            "Maps of the probability to detect an earthquake of the median magnitude before and after",
            f"Probability that at least {s.k} stations detect an earthquake of magnitude {middle:.2g}, the median of the catalogue, at {s.depth / 1e3:g} km depth.",
        ),
        Picture(
            "tracks", "Stations on their way", _tracks(problem, network, folder, maps["after_events"]),
            "Map of the tracks of stations during the optimization, with earthquakes colored by the probability to detect them",
            "From where a station was (open) to where it is now (filled), by every evaluation that was the best so far. Earthquakes are "
            "colored by the probability that the final network detects them.",
        ),
    ]  # fmt: skip


def _place(problem) -> str:
    longitude, latitude, _ = problem.map.origin
    return f"{abs(latitude):.2f}° {'N' if latitude >= 0 else 'S'}, {abs(longitude):.2f}° {'E' if longitude >= 0 else 'W'}"


def _frame(problem, axes, north: bool = True) -> None:
    edges = problem.map.east / 1e3, problem.map.north / 1e3
    axes.set(aspect="equal", xlim=edges[0][[0, -1]], ylim=edges[1][[0, -1]], xlabel=f"km east of {_place(problem)}")
    if north:
        axes.set_ylabel("km north")
    if problem.given.area is not None:
        for ring in problem.given.area.border():
            axes.plot(*problem.map.plane(*ring), color=INK, linewidth=0.8, linestyle=(0, (4, 2)))


def _maps(problem, network, maps, name: str, label: str, colors: str, limits=None) -> bytes:
    from adjointdesign.problems.seismology.detection_deliver import existing

    shown = [(title, maps[f"{title}_{name}"], stations) for title, stations in (("before", existing(problem)), ("after", network)) if stations is not None]
    m, catalog = problem.map, problem.given.catalog
    low, high = limits or (min(v.min() for _, v, _ in shown), max(v.max() for _, v, _ in shown))
    with canvas(WIDTH if len(shown) > 1 else 0.6 * WIDTH, 3.6) as figure:
        panels = figure.subplots(1, len(shown), squeeze=False, sharey=True)[0]
        for axes, (title, values, stations) in zip(panels, shown):
            grid = values.reshape(len(m.east), len(m.north)).T
            picture = axes.pcolormesh(m.east / 1e3, m.north / 1e3, grid, cmap=colors, vmin=low, vmax=high, shading="gouraud", rasterized=True)
            axes.plot(*m.plane(catalog.longitude, catalog.latitude), "o", color=COLORS[5], markersize=2.4, markeredgecolor=INK, markeredgewidth=0.3)
            axes.plot(*m.plane(stations.longitude, stations.latitude), "^", color=COLORS[1], markersize=5.5, markeredgecolor="white", markeredgewidth=0.6)
            axes.set_title(title)
            _frame(problem, axes, north=axes is panels[0])
        figure.colorbar(picture, ax=list(panels), label=label, shrink=0.85)
        return png(figure)


def _tracks(problem, network, folder: Path, probabilities) -> bytes:
    given, m = problem.given, problem.map
    steps = [problem.network_of(x) for x in _improvements(folder)] or [network]
    free = np.zeros(len(network), bool)
    free[given.movable] = True
    with canvas(0.75 * WIDTH, 4.6) as figure:
        axes = figure.subplots()
        tracks = np.array([m.plane(n.longitude, n.latitude) for n in [given.network, *steps, network]])
        for i in np.flatnonzero(free):
            axes.plot(tracks[:, 0, i], tracks[:, 1, i], color=QUIET, linewidth=0.9, zorder=2)
        axes.grid(visible=True)
        dots = axes.scatter(
            *m.plane(given.catalog.longitude, given.catalog.latitude), c=probabilities, s=9, cmap="viridis", vmin=0, vmax=1,
            edgecolors=INK, linewidths=0.3, zorder=5,
        )  # fmt: skip
        for which, at, look, label in (
            (free, 0, {"markerfacecolor": "white", "color": COLORS[1]}, "before"),
            (free, -1, {"color": COLORS[1], "markeredgecolor": "white"}, "after"),
            (~free, -1, {"color": INK, "markeredgecolor": "white"}, "fixed"),
        ):
            if which.any():
                axes.plot(*tracks[at][:, which], "^", markersize=6.5, linestyle="none", zorder=4, label=label, **look)
        _frame(problem, axes)
        low, high = tracks.min(axis=(0, 2)), tracks.max(axis=(0, 2))
        room = 0.08 * max(high - low)
        axes.set(xlim=(low[0] - room, high[0] + room), ylim=(low[1] - room, high[1] + room))
        figure.colorbar(dots, ax=axes, label="probability of detection", shrink=0.85)
        legend_below(figure, axes.get_legend_handles_labels()[0])
        return png(figure)


def _improvements(folder: Path) -> list[np.ndarray]:
    """Parameters of the evaluations that were the best of their stage so far; none without a history."""
    from adjointdesign.report.draw_design_history import best_so_far
    from adjointdesign.report.run_folder import RunFolder

    run = RunFolder(folder)
    if run.trace is None:
        return []
    return [run.trace.parameters[i] for i in dict.fromkeys(best_so_far(run).tolist())]
