"""The design over the iterations, as small multiples."""

from __future__ import annotations

import numpy as np

from adjointdesign.report.draw_device import two_tone
from adjointdesign.report.run_folder import RunFolder
from adjointdesign.report.style import COLORS, QUIET, WIDTH, canvas, png

FRAMES, COLUMNS = 10, 5
FEASIBLE = 1e-6
"""Largest constraint that counts as met, as in the optimizers."""


def design_history(run: RunFolder) -> bytes | None:
    """Densities of up to ten evaluations, the first and the final one among them; None without a history of densities."""
    trace = run.trace
    if trace is None or (run.problem is not None and len(run.problem.design_shape) < 2):
        return None
    frames = _chosen(run)
    rows = -(-len(frames) // COLUMNS)
    stages = run.problem.stages() if run.problem is not None else ()
    pictures = [_density(run, index, stages) for index in frames]
    if any(picture is None for picture in pictures):
        return None
    cell = WIDTH / COLUMNS
    ratio = pictures[0].shape[1] / pictures[0].shape[0]
    with canvas(WIDTH, rows * (cell * ratio + 0.30) + 0.05) as figure:
        grid = figure.subplots(rows, COLUMNS, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        for axes, index, picture in zip(grid.flat, frames, pictures):
            axes.axis("on")
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set(visible=True, color="#9aa5b1")
            last = index == frames[-1]
            axes.imshow(picture.T, origin="lower", cmap=two_tone(), vmin=0, vmax=1, interpolation="nearest")
            axes.set_title(("final: " if last else "") + f"evaluation {index + 1}", fontsize=8, pad=3)
            note = f"stage {trace.stage[index] + 1}"
            if run.misses is not None:
                miss = float(run.misses[index])
                note += f", {'missed' if miss > 0 else 'met'} by {abs(miss):.1f}{run.unit}"
            axes.set_xlabel(note.replace("-", "−"), fontsize=7, color=QUIET if not last else COLORS[0], labelpad=2)
        return png(figure)


def best_so_far(run: RunFolder) -> np.ndarray:
    """Index of the best evaluation of the same stage, up to each evaluation: least violation first, then objective."""
    trace = run.trace
    rank = list(zip(np.where(trace.violation > FEASIBLE, trace.violation, 0.0), trace.objective))
    best = np.arange(len(rank))
    for i in range(1, len(best)):
        if trace.stage[i] == trace.stage[i - 1] and rank[best[i - 1]] <= rank[i]:
            best[i] = best[i - 1]
    return best


def final_index(run: RunFolder) -> int:
    """The evaluation that became the design, or the last stage's best one."""
    if run.design is not None and "parameters" in run.design.arrays:
        wanted = run.design.arrays["parameters"].ravel()
        for index in reversed(range(len(run.trace.parameters))):
            x = run.trace.parameters[index]
            if x.shape == wanted.shape and np.array_equal(x, wanted):
                return index
    return int(best_so_far(run)[-1])


def _chosen(run: RunFolder) -> list[int]:
    """First, evenly spread (the best so far rather than a failed trial step) and final evaluation, without repeats."""
    final, best = final_index(run), best_so_far(run)
    spread = np.linspace(0, len(best) - 1, FRAMES).round().astype(int)
    chosen = {0, *(int(best[i]) for i in spread if best[i] < final)}
    return [*sorted(chosen - {final})[: FRAMES - 1], final]


def _density(run: RunFolder, index: int, stages) -> np.ndarray | None:
    """What was simulated in an evaluation, or its parameters where the problem cannot say."""
    x, stage = run.trace.parameters[index], int(run.trace.stage[index])
    if run.problem is not None and stage < len(stages):
        picture = np.asarray(run.problem.density(x.reshape(run.problem.design_shape), stages[stage].parameters))
    elif run.design is not None and "parameters" in run.design.arrays:
        picture = x.reshape(run.design.arrays["parameters"].shape)
    else:
        return None
    return picture if picture.ndim == 2 else None
