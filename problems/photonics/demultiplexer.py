"""A wavelength demultiplexer with two channels (ceviche-challenges, Schubert et al. 2022)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from adjointdesign.problems.photonics.device import (
    DeviceDiscretization,
    DeviceOptimization,
    DeviceSpecification,
    PhotonicDevice,
    Length,
    StageSettings,
    coarse,
)
from adjointdesign.problems.photonics.geometry import Port
from pydantic import Field


class DemultiplexerSpecification(DeviceSpecification):
    """Demultiplexer: design region, guides, channel boundary (m) and targets (dB).

    ``edge_distance`` lies between each output's outer edge and the design region's.
    """

    design_size: tuple[Length, Length] = (3.2e-6, 3.2e-6)
    edge_distance: Length = 400e-9
    channel_boundary: Length = 1280e-9
    transmission: float = -3.0
    rejection: float = -20.0
    reflection: float = -20.0


class DemultiplexerDiscretization(DeviceDiscretization):
    """Longer runs, since what tells wavelengths 10 nm apart rings; finer cells, since they move its spectrum.

    From 20 to 10 nm cells the spectrum moves by 1.3 nm. Single precision pays for the cells.
    """

    spacing: Length = 16e-9
    run_time: Annotated[float, Field(gt=0, le=1e-9)] = 600e-15
    precision: Literal["double", "single"] = "single"
    memory_budget: str = "4GiB"


class DemultiplexerOptimization(DeviceOptimization):
    """A steep projection from the start, since a gray demultiplexer does not survive being made binary.

    The margin is all that the transmission target leaves, as in the other devices.
    """

    margin: Annotated[float, Field(ge=0)] = 3.0
    stages: tuple[StageSettings, ...] = (
        StageSettings(steepness=32, evaluations=100),
        StageSettings(steepness=float("inf"), evaluations=150),
        StageSettings(steepness=float("inf"), evaluations=120, length_scale=True, penalty=1.0),
    )


class Demultiplexer(PhotonicDevice):
    """In from the west; short wavelengths out to the upper east, long ones to the lower east."""

    name: ClassVar = "demultiplexer"
    summary: ClassVar = "1265-1275 nm to one output, 1285-1295 nm to the other, in 3.2 x 3.2 um"
    Specification: ClassVar = DemultiplexerSpecification
    Optimization: ClassVar = DemultiplexerOptimization
    Discretization: ClassVar = DemultiplexerDiscretization
    presets: ClassVar = {
        "coarse": coarse(200e-15, (32, 16), (float("inf"), 16), precision="double"),
        "large": {"specification": {"design_size": [6.4e-6, 6.4e-6], "edge_distance": 320e-9}},
    }

    def ports(self):
        """West, upper east, lower east."""
        s = self.specification
        y = s.design_size[1] / 2 - s.edge_distance - s.guide_width / 2
        return Port("west"), Port("east", y), Port("east", -y)

    def targets(self):
        """Each channel passes at its output and is rejected at the other; reflection at every wavelength."""
        s, b = self.specification, self.specification.channel_boundary
        return (
            self.target("S21", 1, s.transmission, high=b),
            self.target("S31", 1, s.transmission, low=b),
            self.target("S21", -1, s.rejection, low=b),
            self.target("S31", -1, s.rejection, high=b),
            self.target("S11", -1, s.reflection),
        )
