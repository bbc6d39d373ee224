"""Settings of a dielectric resonator antenna."""

from __future__ import annotations

from typing import Annotated

from adjointdesign.problems.antennas.fdtd_antenna import AntennaDiscretization, AntennaSpecification, Length, Positive
from pydantic import Field

from adjointdesign.problem import Settings

Share = Annotated[float, Field(gt=0, le=1)]


class ResonatorSpecification(AntennaSpecification):
    """A body on a ground plane, its feed, and what is asked of it; lengths in m.

    The body fits into ``size`` (along x, y, z), centered over the origin, and is symmetric about the plane y = 0. It is made of
    blocks ``block`` wide along x and y and of ``layers`` layers of equal height along z: one makes a body that can be cut from a plate.
    Its material has ``permittivity`` and, in the middle of the band, ``loss_tangent``. The strip stands across x at ``feed_position``,
    ``feed_width`` wide (a round pin of a quarter of that as its radius does the same), from the port's upper end at ``gap`` up to
    ``feed_height``. ``gain`` (dBi, realized) is asked for along ``directions`` and total ``efficiency`` (radiated over available power) at
    ``far_frequencies``, ``return_loss`` (dB) at ``frequencies``.
    """

    frequencies: tuple[Positive, ...] = tuple(3.4e9 + 0.1e9 * k for k in range(9))
    far_frequencies: tuple[Positive, ...] = (3.4e9, 3.6e9, 3.8e9, 4.0e9, 4.2e9)
    size: tuple[Length, Length, Length] = (25e-3, 24e-3, 12e-3)
    block: Length = 1e-3
    layers: Annotated[int, Field(ge=1, le=500)] = 12
    permittivity: Annotated[float, Field(gt=1, le=200)] = 10.0
    loss_tangent: Annotated[float, Field(ge=0, le=1)] = 0.003
    feed_position: float = -12.5e-3
    feed_width: Length = 4e-3
    feed_height: Length = 9e-3
    gap: Length = 1e-3
    gain: float = 4.5
    efficiency: Share = 0.88
    return_loss: Positive = 10.0


class ResonatorDiscretization(AntennaDiscretization):
    """How it is simulated; cells of ``cell`` in the body, see `AntennaDiscretization`."""

    cell: Length = 1e-3
    cells_per_wavelength: Annotated[float, Field(ge=8)] = 12.0
    refinement: Positive = 2.0
    decay: Annotated[float, Field(gt=0, lt=1)] = 1e-5


class ResonatorStage(Settings):
    """One stage: steepness of the projection (inf: a threshold, which has no gradient), and how many evaluations it may take."""

    steepness: Annotated[float, Field(ge=0, allow_inf_nan=True)] = 8.0
    evaluations: Annotated[int, Field(ge=1)] = 20


class ResonatorOptimization(Settings):
    """How the design is found.

    Densities begin at ``initial_density``, with noise, are averaged over ``filter_radius`` (m) and projected towards 0 and 1.
    ``temperature`` (dB) smooths the largest miss of a target.
    """

    filter_radius: Length = 3e-3
    temperature: Positive = 0.5
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-4
    initial_density: Annotated[float, Field(ge=0, le=1)] = 0.8
    initial_noise: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    wall_time: Positive | None = None
    stages: tuple[ResonatorStage, ...] = (
        ResonatorStage(steepness=4, evaluations=25), ResonatorStage(steepness=16, evaluations=15), ResonatorStage(steepness=64, evaluations=10),
    )  # fmt: skip
