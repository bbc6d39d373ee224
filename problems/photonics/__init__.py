"""Photonic devices between waveguides, and what a device of one's own is made from."""

from adjointdesign.problems.photonics.device import (
    DeviceDiscretization,
    DeviceOptimization,
    DeviceSpecification,
    PhotonicDevice,
    StageSettings,
)
from adjointdesign.problems.photonics.geometry import Port

__all__ = [
    "DeviceDiscretization",
    "DeviceOptimization",
    "DeviceSpecification",
    "PhotonicDevice",
    "Port",
    "StageSettings",
]
