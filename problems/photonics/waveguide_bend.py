"""A 90-degree waveguide bend (ceviche-challenges, Schubert et al., ACS Photonics 9, 2327 (2022))."""

from __future__ import annotations

from typing import ClassVar

from adjointdesign.problems.photonics.device import (
    DeviceDiscretization,
    DeviceOptimization,
    DeviceSpecification,
    PhotonicDevice,
    Positive,
)
from adjointdesign.problems.photonics.geometry import Port


class BendSpecification(DeviceSpecification):
    """Bend: design region and targets (dB)."""

    design_size: tuple[Positive, Positive] = (1.6e-6, 1.6e-6)
    transmission: float = -0.5
    reflection: float = -20.0


class WaveguideBend(PhotonicDevice):
    """In from the west, out to the south."""

    name: ClassVar = "waveguide-bend"
    summary: ClassVar = "90-degree bend of a 400 nm waveguide in 1.6 x 1.6 um, 1265 to 1295 nm"
    Specification: ClassVar = BendSpecification
    Optimization: ClassVar = DeviceOptimization
    Discretization: ClassVar = DeviceDiscretization
    symmetries: ClassVar = ("diagonal",)
    presets: ClassVar = {
        "coarse": {
            "discretization": {"spacing": 40e-9, "run_time": 150e-15},
            "optimization": {
                "stages": [
                    {"steepness": 8, "evaluations": 12},
                    {"steepness": 32, "evaluations": 8},
                    {"steepness": float("inf"), "evaluations": 8},
                ]
            },
        }
    }

    def ports(self):
        """West and south."""
        return Port("west"), Port("south")

    def targets(self):
        """Transmission and reflection at every wavelength."""
        s = self.specification
        return self.target("S21", 1, s.transmission), self.target("S11", -1, s.reflection)
