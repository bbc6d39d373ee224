"""A mode converter: fundamental mode in, second-order mode out (ceviche-challenges, Schubert et al. 2022)."""

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


class ConverterSpecification(DeviceSpecification):
    """Converter: design region and targets (dB)."""

    design_size: tuple[Positive, Positive] = (1.6e-6, 1.6e-6)
    transmission: float = -0.5
    reflection: float = -20.0


class ModeConverter(PhotonicDevice):
    """In from the west in the fundamental mode, out to the east in the next one."""

    name: ClassVar = "mode-converter"
    summary: ClassVar = "fundamental to second-order mode in 1.6 x 1.6 um, 1265 to 1295 nm"
    Specification: ClassVar = ConverterSpecification
    Optimization: ClassVar = DeviceOptimization
    Discretization: ClassVar = DeviceDiscretization
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
        """West with mode 0 and east with mode 1."""
        return Port("west"), Port("east", mode=1)

    def targets(self):
        """Conversion and reflection at every wavelength."""
        s = self.specification
        return self.target("S21", 1, s.transmission), self.target("S11", -1, s.reflection)
