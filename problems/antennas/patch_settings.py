"""Settings of the patch antenna."""

from __future__ import annotations

from typing import Annotated, Literal

from adjointdesign.problems.antennas.fdtd_antenna import AntennaDiscretization, AntennaSpecification, Length, Positive
from pydantic import Field

from adjointdesign.problem import Settings

Permittivity = Annotated[float, Field(gt=1, le=100)]


class PatchSpecification(AntennaSpecification):
    """A patch on a substrate over a ground plane, and what is asked of it; lengths in m.

    ``length``, ``width``, ``inset`` (how far the line reaches into the patch), ``gap`` (between line and patch there), ``offset``
    (of the middle of the patch from the line) and ``permittivity`` (of the substrate) are ranges; what has one value alone is not
    designed. The line, ``line_width`` wide, comes from a lumped port ``feed_length`` before the patch, and begins ``overhang`` before
    that. The substrate ends ``margin`` around the largest patch; the ``ground`` ends with it (board), or goes on for ever (infinite). ``return_loss`` (dB)
    is asked for at every frequency; the realized gain along the first direction is maximized.

    The default substrate is Rogers RO4003C of 60 mil: permittivity 3.38 and loss tangent 0.0027 at 10 GHz (data sheet).
    """

    frequencies: tuple[Positive, ...] = (2.45e9,)
    far_frequencies: tuple[Positive, ...] = (2.45e9,)
    return_loss: Positive = 20.0
    height: Length = 1.524e-3
    permittivity: tuple[Permittivity, Permittivity] = (3.38, 3.38)
    loss_tangent: Annotated[float, Field(ge=0, le=1)] = 0.0027
    length: tuple[Length, Length] = (28e-3, 38e-3)
    width: tuple[Length, Length] = (30e-3, 48e-3)
    inset: tuple[Length, Length] = (4e-3, 14e-3)
    gap: tuple[Length, Length] = (2e-3, 5e-3)
    offset: tuple[float, float] = (0.0, 0.0)
    line_width: Length = 3.5e-3
    feed_length: Length = 12e-3
    overhang: Length = 3e-3
    margin: Length = 9e-3
    ground: Literal["infinite", "board"] = "infinite"


class PatchDiscretization(AntennaDiscretization):
    """Cells of ``cell`` along the board, ``layers`` across the substrate; see `AntennaDiscretization`."""

    cell: Length = 1e-3
    layers: Annotated[int, Field(ge=1, le=50)] = 2
    decay: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    periods: Positive = 120.0
    refinement: Positive = 2.5


class PatchOptimization(Settings):
    """How the design is found.

    From textbook dimensions for the middle frequency, or the middles of the ranges, ``initial_shift`` of each range away. Reflection
    beyond the target, less ``margin`` dB, costs ``price`` dB of gain for a miss by its own size, squared.
    """

    initial_shift: Annotated[float, Field(ge=-0.5, le=0.5)] = 0.0
    margin: Annotated[float, Field(ge=0)] = 3.0
    price: Positive = 0.1
    evaluations: Annotated[int, Field(ge=1)] = 30
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-5
    wall_time: Positive | None = None
