"""What a pixel antenna is asked about, how it is simulated, and how it is found."""

from __future__ import annotations

from typing import Annotated, Literal

from adjointdesign.problems.antennas.fdtd_antenna import (
    AntennaDiscretization,
    AntennaSpecification,
    Length,
    Positive,
)
from pydantic import Field

from adjointdesign.errors import InputError
from adjointdesign.problem import Settings

MOST_PIXELS = 100_000


class PixelSpecification(AntennaSpecification):
    """A monopole and its band.

    The designed region, ``width`` and ``height`` (m), consists of square pixels of side ``pixel`` (m) and begins ``gap`` (m) above the ground;
    a square of ``feed`` (m) in the middle of its lower side is metal always. At all ``frequencies`` (Hz) the return loss is to
    be ``return_loss`` (dB) and the share of the available power that is radiated ``efficiency``.
    """

    frequencies: tuple[Positive, ...] = tuple(1e9 * f for f in (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0))
    directions: tuple[tuple[float, float], ...] = ((80.0, 0.0), (80.0, 90.0))
    width: Length = 36e-3
    height: Length = 36e-3
    pixel: Length = 2e-3
    gap: Length = 2e-3
    feed: Length = 4e-3
    return_loss: Positive = 10.0
    efficiency: Annotated[float, Field(gt=0, lt=1)] = 0.88


class PixelDiscretization(AntennaDiscretization):
    """How it is simulated; ``cell`` (m) is the largest side of a cell in the designed region, whose pixels are whole cells."""

    cell: Length = 2e-3
    padding: Length | None = 20e-3
    decay: Annotated[float, Field(gt=0, lt=1)] = 1e-5
    refinement: Positive = 2.0


class PixelStage(Settings):
    """One stage: radius of the filter (m), steepness of the projection (0: none), evaluations."""

    radius: Length
    steepness: Annotated[float, Field(ge=0, le=1e3)] = 0.0
    evaluations: Annotated[int, Field(ge=1)] = 20


class PixelOptimization(Settings):
    """How the design is found.

    It begins with a sheet of density ``initial_density``, changed by up to ``initial_noise`` a pixel. ``temperature`` (dB) smooths the
    largest share of power that is not radiated; a stage ends early when five iterations improve it by less than ``tolerance``.
    """

    initial_density: Annotated[float, Field(ge=0, le=1)] = 0.5
    initial_noise: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    temperature: Positive = 0.3
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 1e-3
    method: Literal["lbfgsb", "mma", "ccsa"] = "lbfgsb"
    wall_time: Positive | None = None
    stages: tuple[PixelStage, ...] = (
        PixelStage(radius=6e-3, steepness=4.0, evaluations=15),
        PixelStage(radius=5e-3, steepness=8.0, evaluations=15),
        PixelStage(radius=4e-3, steepness=16.0, evaluations=10),
        PixelStage(radius=4e-3, steepness=40.0, evaluations=5),
    )


def check(s: PixelSpecification, d: PixelDiscretization, o: PixelOptimization) -> None:
    """Raise `InputError` for settings that do not fit each other."""
    if s.far_frequencies not in ((), s.frequencies):
        raise InputError("specification.far_frequencies", "the frequencies, or none", s.far_frequencies, "leave it out")
    for name, parts in (("width", 2), ("height", 1), ("feed", 2)):
        count = getattr(s, name) / s.pixel / parts
        if round(count) < 1 or abs(count - round(count)) > 1e-6 * count:
            expected = f"a whole number of {'pairs of ' if parts == 2 else ''}pixels of {s.pixel:.4g} m"
            raise InputError(f"specification.{name}", expected, f"{getattr(s, name):.4g} m", "change it or the pixel")
    if not s.feed < min(s.width, s.height):
        expected = f"less than width and height, {min(s.width, s.height):.4g} m"
        raise InputError("specification.feed", expected, f"{s.feed:.4g} m", "reduce it")
    pixels = round(s.width / s.pixel) * round(s.height / s.pixel)
    if pixels > MOST_PIXELS:
        raise InputError("specification.pixel", f"one that leaves at most {MOST_PIXELS} pixels", pixels, "enlarge it")
    if d.padding is None:
        raise InputError("discretization.padding", "a length", None, "give the room around the designed region, m")
    if not o.stages:
        raise InputError("optimization.stages", "at least one stage", 0, "add one")
