"""The field at every wavelength, with the device's outline."""

from __future__ import annotations

import numpy as np

from adjointdesign.report.draw_device import UM, label_port
from adjointdesign.report.run_folder import RunFolder
from adjointdesign.report.style import WIDTH, canvas, named, png

COLUMNS = 3
BESIDE = 1.35
"""Width that labels and color bar take, inches."""


def fields(run: RunFolder) -> bytes | None:
    """Magnitude of the electric field with port 1 driven, on one scale; None without fields."""
    design = run.design
    if design is None or "ez" not in design.fields:
        return None
    data = design.fields
    keep = [_without_absorber(run, data[k]) for k in "xy"]
    magnitude = np.abs(data["ez"])[:, keep[0]][:, :, keep[1]]
    x, y = (data[k][s] * UM for k, s in zip("xy", keep))
    # A few hot pixels at corners must not darken all the rest.
    magnitude = magnitude / np.quantile(magnitude, 0.998)
    count = len(magnitude)
    columns = min(COLUMNS, count)
    rows = -(-count // columns)
    wavelengths = design.results.wavelengths if design.results is not None else None
    cell = (WIDTH - BESIDE) / columns
    titles = [
        _title(run, number, wavelengths[number]) if wavelengths is not None and len(wavelengths) == count else ""
        for number in range(count)
    ]
    above = 0.13 * max(1 + title.count("\n") for title in titles)
    with canvas(WIDTH, rows * (cell * np.ptp(y) / np.ptp(x) + 0.13 + above) + 0.4) as figure:
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
        step_x, step_y = (0.5 * (v[1] - v[0]) for v in (x, y))
        extent = (x[0] - step_x, x[-1] + step_x, y[0] - step_y, y[-1] + step_y)
        for axes in grid.flat[count:]:
            axes.axis("off")
        for number, axes in enumerate(grid.flat[:count]):
            image = axes.imshow(
                magnitude[number].T,
                origin="lower",
                extent=extent,
                cmap="magma",
                vmin=0,
                vmax=1,
                interpolation="bilinear",
            )
            _outline(axes, data)
            axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal")
            axes.set_title(titles[number], fontsize=8, pad=3)
            _ports(axes, run)
        for axes in grid[-1]:
            axes.set_xlabel("x (µm)")
        for axes in grid[:, 0]:
            axes.set_ylabel("y (µm)")
        component = str(data.get("component", "ez"))
        bar = figure.colorbar(image, ax=grid, shrink=0.6, aspect=30, pad=0.01)
        bar.set_label(rf"$|E_{component[-1]}|$, relative")
        bar.outline.set_visible(False)
        return png(figure)


def _without_absorber(run: RunFolder, coordinates: np.ndarray) -> np.ndarray:
    """Which coordinates lie inside the absorbing layers, as far as the settings tell."""
    d = run.configuration.get("discretization", {})
    depth = d.get("pml_cells", 0) * d.get("spacing", 0.0)
    inside = (coordinates > coordinates[0] + depth) & (coordinates < coordinates[-1] - depth)
    return np.flatnonzero(inside) if inside.sum() > 2 else np.arange(len(coordinates))


def _outline(axes, data) -> None:
    permittivity = data.get("permittivity")
    if permittivity is None or np.ptp(permittivity) == 0:
        return
    x, y = (data.get(f"permittivity_{k}", data[k]) * UM for k in "xy")
    middle = 0.5 * (permittivity.min() + permittivity.max())
    axes.contour(x, y, permittivity.T, levels=[middle], colors="white", linewidths=0.6, alpha=0.8)


def _ports(axes, run: RunFolder) -> None:
    layout = getattr(run.problem, "layout", None)
    if layout is None:
        return
    size = np.array(run.problem.specification.design_size)
    box = {"boxstyle": "circle,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    for number, port in enumerate(layout.ports, start=1):
        label_port(axes, port, number, size, offset=0.62 * run.problem.specification.stub_length, bbox=box)


def _title(run: RunFolder, number: int, wavelength: float) -> str:
    parts = []
    for reading in dict.fromkeys(g.reading for g in run.goals if number in g.where and g.sense > 0):
        parts.append(f"{named(reading)} = {run.design.results.decibels[reading][number]:.2f} dB".replace("-", "−"))
    # Side by side, more than one does not fit above a panel.
    return (f"{wavelength * 1e9:.4g} nm" + (",  " if len(parts) < 2 else "\n") + ",  ".join(parts)).rstrip(", ")
