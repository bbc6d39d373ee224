"""What the devices with one guide in and one guide out share."""

from __future__ import annotations

from typing import ClassVar

from adjointdesign.problems.photonics.device import DeviceSpecification, Length, PhotonicDevice, coarse


class TwoPortSpecification(DeviceSpecification):
    """Design region, and the targets (dB) for what is transmitted and what is reflected."""

    design_size: tuple[Length, Length] = (1.6e-6, 1.6e-6)
    transmission: float = -0.5
    reflection: float = -20.0


class TwoPort(PhotonicDevice):
    """One guide in, one out, on a 40 nm grid in the coarse preset."""

    Specification: ClassVar = TwoPortSpecification
    presets: ClassVar = {"coarse": coarse(150e-15, (8, 12), (32, 8), (float("inf"), 8))}

    def targets(self):
        """Transmission and reflection at every wavelength."""
        s = self.specification
        return self.target("S21", 1, s.transmission), self.target("S11", -1, s.reflection)
