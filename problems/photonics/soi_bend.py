"""A 90-degree bend in 220 nm silicon on insulator, in three dimensions."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from adjointdesign.problems.photonics.device import DeviceDiscretization, DeviceOptimization, Length, StageSettings
from adjointdesign.problems.photonics.geometry import Port
from adjointdesign.problems.photonics.two_port import TwoPort, TwoPortSpecification
from pydantic import Field


def _index_squared(material: str, wavelength: float = 1550e-9) -> float:
    from adjointdesign.media.library import permittivity

    return float(permittivity(material, wavelength))


class SoiSpecification(TwoPortSpecification):
    """Silicon slab in silica; permittivities from the material library at 1550 nm."""

    design_size: tuple[Length, Length] = (2.0e-6, 2.0e-6)
    pixel: Length = 20e-9
    wavelengths: tuple[Length, ...] = (1550e-9,)
    guide_width: Length = 500e-9
    stub_length: Length = 700e-9
    padding: Length = 400e-9
    mode_margin: Length = 400e-9
    core_permittivity: Annotated[float, Field(ge=1)] = Field(default_factory=lambda: _index_squared("Si"))
    cladding_permittivity: Annotated[float, Field(ge=1)] = Field(default_factory=lambda: _index_squared("SiO2"))
    thickness: Length = 220e-9


class SoiDiscretization(DeviceDiscretization):
    """40 nm cells, 8-cell absorber."""

    spacing: Length = 40e-9
    pml_cells: Annotated[int, Field(ge=4)] = 8
    run_time: Annotated[float, Field(gt=0, le=1e-9)] = 150e-15


class SoiOptimization(DeviceOptimization):
    """Fewer evaluations than in two dimensions: there is one wavelength, and each takes about half a minute."""

    stages: tuple[StageSettings, ...] = (
        StageSettings(steepness=8, evaluations=16),
        StageSettings(steepness=32, evaluations=10),
        StageSettings(steepness=float("inf"), evaluations=8),
        StageSettings(steepness=float("inf"), evaluations=16, length_scale=True),
    )


class SoiBend(TwoPort):
    """In from the west, out to the south, quasi-TE."""

    name: ClassVar = "soi-bend"
    summary: ClassVar = "90-degree bend of a 500 x 220 nm silicon wire in 3D, 1550 nm"
    Specification: ClassVar = SoiSpecification
    Optimization: ClassVar = SoiOptimization
    Discretization: ClassVar = SoiDiscretization
    symmetries: ClassVar = ("diagonal",)
    polarization: ClassVar = "3d"
    presets: ClassVar[dict[str, Any]] = {
        "coarse": {
            "specification": {"design_size": [1.2e-6, 1.2e-6], "stub_length": 600e-9, "padding": 300e-9, "mode_margin": 300e-9},
            "discretization": {"spacing": 50e-9, "pml_cells": 6, "run_time": 60e-15},
            "optimization": {"stages": [{"steepness": 8, "evaluations": 5}]},
        }
    }

    def ports(self):
        """West and south."""
        return Port("west"), Port("south")

    def slab(self):
        """The silicon layer, centered at z = 0."""
        return -self.specification.thickness / 2, self.specification.thickness / 2
