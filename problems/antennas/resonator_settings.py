"""Settings of a dielectric resonator antenna."""

from __future__ import annotations

import math
from typing import Annotated

from adjointdesign.problems.antennas.fdtd_antenna import AntennaDiscretization, AntennaSpecification, Length, Positive, require
from pydantic import Field

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.problem import Settings

CELLS_PER_WAVELENGTH = 8
"""Fewest cells per wavelength in the body."""
MOST_BLOCKS = 500_000
"""Most blocks of a body: the fields at each are kept over the run."""
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


def block_counts(s: ResonatorSpecification) -> tuple[int, int, int]:
    """Number of blocks along x, y (the half at positive y) and z."""
    along_x, along_y = (max(1, round(length / s.block)) for length in (s.size[0], s.size[1] / 2))
    return along_x, along_y, s.layers


def check(s: ResonatorSpecification, d: ResonatorDiscretization, o: ResonatorOptimization) -> None:
    """Raise `InputError` for settings that do not fit each other."""
    if not s.far_frequencies:
        raise InputError("specification.far_frequencies", "at least one frequency", "none", "add one")
    if not o.stages:
        raise InputError("optimization.stages", "at least one stage", 0, "add one")
    for what, length in zip(("size along x", "half of size along y"), (s.size[0], s.size[1] / 2)):
        if abs(length / s.block - round(length / s.block)) > 1e-6 or length < 0.5 * s.block:
            raise InputError(f"specification.{what}", f"whole blocks of {s.block:.4g} m", f"{length:.4g} m", "round it")
    blocks = math.prod(block_counts(s))
    if blocks > MOST_BLOCKS:
        raise InputError("specification.block", f"at most {MOST_BLOCKS:.0e} blocks", f"{blocks:.1e}", "enlarge it")
    highest = max(*s.frequencies, *s.far_frequencies)
    finest = C0 / highest / math.sqrt(s.permittivity) / CELLS_PER_WAVELENGTH
    if d.cell > finest * (1 + 1e-9):
        expected = f"at most {finest:.3g} m, {CELLS_PER_WAVELENGTH} cells per wavelength in the body"
        raise InputError("discretization.cell", expected, f"{d.cell:.3g} m", "refine it")
    half = s.size[0] / 2 * (1 + 1e-9)
    require("specification.feed_position", s.feed_position, -half, half)
    require("specification.feed_width", s.feed_width, 0, s.size[1])
    require("specification.gap", s.gap, 0, 0.5 * s.feed_height)
    require("specification.feed_height", s.feed_height, 2 * s.gap, s.size[2] * (1 + 1e-9))
