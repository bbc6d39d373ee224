"""Launching one guided mode in one direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.sources.modes import solve_modes
from adjointdesign.sources.placing import Injection, Medium
from adjointdesign.sources.waveforms import Waveform
from adjointdesign.sources.windows import Windowed


@dataclass(frozen=True)
class ModeSource(Windowed):
    """The equivalent currents of a mode, ``J = n x H`` and ``M = -n x E``, on two neighboring planes of the grid.

    The mode is one of the discrete equations at the center frequency of the waveform, and each current lies where and
    when the scheme's difference crosses the plane: ``J`` with the mode's magnetic field half a cell behind the node
    plane, ``M`` half a cell behind with the electric field of the node plane. At the center frequency nothing is
    launched backward, to rounding; over a band the mode's profile is that of the center, and a little is.

    A unit amplitude launches 1 W (1 W/m in two dimensions) at the center frequency, once readings are divided by
    ``waveform.spectrum``. The phase is zero on the node plane nearest to ``center``.

    Parameters
    ----------
    name : str
        Name of the source.
    center : tuple of float
        Center of the window, m; along ``axis`` it moves to the nearest node.
    axis : {"x", "y", "z"}
        Axis of propagation.
    size : float or tuple of float
        Widths of the window along the other axes, in their order, m. Its edges move to the nearest nodes and act as
        perfect conductors on the mode's shape.
    waveform : Waveform
        Time dependence.
    direction : {1, -1}, optional
        Sense of propagation along ``axis``.
    mode_order : int, optional
        Order by falling effective index, from 0.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    kind: ClassVar = "source"
    least_cells: ClassVar = 2

    waveform: Waveform
    direction: int = 1
    mode_order: int = 0

    def __post_init__(self):
        super().__post_init__()
        if self.direction not in (1, -1):
            raise InputError(
                f"source '{self.name}': direction", "1 or -1", self.direction, "give the sense along the axis"
            )
        if not (isinstance(self.mode_order, (int, np.integer)) and self.mode_order >= 0):
            raise InputError(f"source '{self.name}': mode_order", "an integer from 0", self.mode_order, "count from 0")

    def place(self, medium: Medium, dt: float) -> list[Injection]:
        """Solve for the mode and put its currents on the grid.

        Raises
        ------
        InputError
            When the window leaves the domain, or fewer modes propagate than ``mode_order`` asks for.
        """
        window = self.window(medium)
        mode = solve_modes(window, medium, dt, self.waveform.center_frequency, self.mode_order + 1)[self.mode_order]
        thickness = window.step
        behind = np.exp(-1j * mode.half_step)  # phase of the forward mode half a cell behind the node plane
        injections = []
        for e, h, sign in window.pairs:
            # Backward, transverse H changes sign with beta; so does the side on which the launched field lies.
            magnetic = mode.fields[h].ravel() * (behind if self.direction == 1 else 1 / behind)
            electric = mode.fields[e].ravel() * self.direction
            injections.append(Injection(e, window.indices(e), -sign * magnetic / thickness))
            injections.append(Injection(h, window.indices(h, shift=-1), -sign * electric / thickness))
        return injections
