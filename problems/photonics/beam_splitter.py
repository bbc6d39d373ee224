"""A four-port 50:50 beam splitter (ceviche-challenges, Schubert et al. 2022)."""

from __future__ import annotations

from typing import ClassVar

from adjointdesign.problems.photonics.device import (
    DeviceOptimization,
    DeviceSpecification,
    PhotonicDevice,
    Length,
    StageSettings,
    coarse,
)
from adjointdesign.problems.photonics.geometry import Port


class SplitterSpecification(DeviceSpecification):
    """Splitter: design region, distance between the guides' inner edges (m) and targets (dB)."""

    design_size: tuple[Length, Length] = (3.2e-6, 2.0e-6)
    guide_separation: Length = 1.12e-6
    transmission: float = -3.5
    reflection: float = -20.0


class SplitterOptimization(DeviceOptimization):
    """Steeper from the start, and longer: at a steepness of 8 a gray multimode coupler wins, and little of it stays."""

    minimum_length: Length = 100e-9
    filter_radius: Length = 250e-9
    stages: tuple[StageSettings, ...] = (
        StageSettings(steepness=16, evaluations=40),
        StageSettings(steepness=64, evaluations=30),
        StageSettings(steepness=float("inf"), evaluations=80),
        StageSettings(steepness=float("inf"), evaluations=150, length_scale=True, penalty=1.0),
    )


class BeamSplitter(PhotonicDevice):
    """In from the upper west, out in equal parts to the upper and lower east; nothing back to either western guide."""

    name: ClassVar = "beam-splitter"
    summary: ClassVar = "50:50 splitter with two symmetries in 3.2 x 2.0 um, 1265 to 1295 nm"
    Specification: ClassVar = SplitterSpecification
    Optimization: ClassVar = SplitterOptimization
    symmetries: ClassVar = ("mirror_x", "mirror_y")
    presets: ClassVar = {"coarse": coarse(150e-15, (16, 20), (64, 12), (float("inf"), 20))}

    def ports(self):
        """Upper west, upper east, lower east, lower west."""
        y = (self.specification.guide_separation + self.specification.guide_width) / 2
        return Port("west", y), Port("east", y), Port("east", -y), Port("west", -y)

    def targets(self):
        """Both outputs, and both reflections, at every wavelength."""
        s = self.specification
        return (
            self.target("S21", 1, s.transmission),
            self.target("S31", 1, s.transmission),
            self.target("S11", -1, s.reflection),
            self.target("S41", -1, s.reflection),
        )
