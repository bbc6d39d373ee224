"""Reading how much of each guided mode a field holds, forward and backward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.monitors.placement import check_frequencies
from adjointdesign.sources.modes import solve_modes
from adjointdesign.sources.placing import Medium
from adjointdesign.sources.windows import Windowed


@dataclass(frozen=True, eq=False)
class ModePlacement:
    """A mode monitor on a grid: at each frequency its own weights.

    ``weights[c]`` has shape ``(n_frequencies, n_modes * 2, n_points)``; `modes` are the solved modes, a list a
    frequency.
    """

    indices: dict[str, np.ndarray]
    shape: tuple[int, ...]
    weights: dict[str, np.ndarray]
    modes: list[list]

    def read(self, samples: dict[str, np.ndarray]) -> np.ndarray:
        """Amplitudes, shape ``(n_frequencies, n_modes, 2)``."""
        return sum(np.einsum("fmp,fp->fm", w, samples[c]) for c, w in self.weights.items()).reshape(self.shape)

    def transpose(self, cotangent: np.ndarray) -> dict[str, np.ndarray]:
        """Cotangents of the samples: the conjugate transpose of the weights."""
        rows = np.asarray(cotangent).reshape(len(cotangent), -1)
        return {c: np.einsum("fmp,fm->fp", w.conj(), rows) for c, w in self.weights.items()}


@dataclass(frozen=True, eq=False)
class ModeMonitor(Windowed):
    """Amplitudes of guided modes that pass a plane along ``+axis`` (forward) and against it (backward).

    The reading has shape ``(n_frequencies, n_modes, 2)``, complex: ``[..., 0]`` forward, ``[..., 1]`` backward, in
    sqrt(W) s (sqrt(W/m) s in two dimensions). Divided by ``waveform.spectrum``, its squared magnitude is the power that
    the mode carries in steady state, W, per unit amplitude of the source. Phases are those on the node plane nearest to
    ``center``.

    Each frequency has its own modes of the *discrete* equations (`adjointdesign.sources.modes`). With the sampled E on
    the node plane and H half a cell beyond, ``t = beta dl / 2`` and ``N = int e_m x h_m dA``, a field
    ``sum_m (a_m + b_m) e_m, (a_m exp(i t) - b_m exp(-i t)) h_m`` has

        a_m = (p exp(-i t) + q) / (2 cos t),   b_m = (p exp(i t) - q) / (2 cos t),
        p = int E x h_m dA / N,                q = int e_m x H dA / N,

    exact to rounding by the discrete orthogonality of the modes.

    Parameters
    ----------
    name : str
        Name of the monitor.
    center : tuple of float
        Center of the window, m; along ``axis`` it moves to the nearest node.
    axis : {"x", "y", "z"}
        Axis of propagation.
    size : float or tuple of float
        Widths of the window along the other axes, in their order, m; edges as for `ModeSource`.
    mode_orders : tuple of int
        Orders by falling effective index, from 0.
    frequencies : array_like of float
        Frequencies, Hz.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    kind: ClassVar = "monitor"
    least_cells: ClassVar = 2

    mode_orders: tuple[int, ...]
    frequencies: np.ndarray

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "frequencies", check_frequencies(self.name, self.frequencies))
        orders = tuple(np.atleast_1d(self.mode_orders))
        if not orders or any(not isinstance(o, (int, np.integer)) or o < 0 for o in orders):
            raise InputError(f"monitor '{self.name}': mode_orders", "integers from 0", self.mode_orders, "count from 0")
        object.__setattr__(self, "mode_orders", orders)

    def place(self, medium: Medium, dt: float) -> ModePlacement:
        """Solve for the modes and prepare the weights.

        Raises
        ------
        InputError
            When the window leaves the domain, or fewer modes propagate than ``mode_orders`` asks for.
        """
        window = self.window(medium)
        indices = {c: window.indices(c) for pair in window.pairs for c in pair[:2]}
        rows = {c: [] for c in indices}
        solved = []
        for frequency in self.frequencies:
            all_modes = solve_modes(window, medium, dt, frequency, max(self.mode_orders) + 1)
            solved.append([all_modes[order] for order in self.mode_orders])
            here = {c: [] for c in indices}
            for mode in solved[-1]:
                norm = mode.overlap(mode) * 2 * np.cos(mode.half_step)
                step = np.exp(1j * mode.half_step)
                for e, h, sign in window.pairs:
                    along_e, along_h = ((window.areas(e) * mode.fields[c]).ravel() for c in (e, h))
                    here[e] += [sign * along_h / step / norm, sign * along_h * step / norm]
                    here[h] += [sign * along_e / norm, -sign * along_e / norm]
            for c in indices:
                rows[c].append(here[c])
        weights = {c: np.array(r) for c, r in rows.items()}
        return ModePlacement(indices, (len(self.frequencies), len(self.mode_orders), 2), weights, solved)
