"""Bands, media, ports and lumped elements, as they stand in a description."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, Tag, model_validator

from adjointdesign.constants import EPS0
from adjointdesign.grid.yee import AXES
from adjointdesign.problem import Settings
from adjointdesign.problems.antennas.geometry.shapes import Axis, Point3


class Band(Settings):
    """Frequencies of interest, Hz."""

    low: PositiveFloat
    high: PositiveFloat
    points: Annotated[int, Field(ge=2)] = 41

    @model_validator(mode="after")
    def _ascends(self):
        if not self.low < self.high:
            raise ValueError("low below high")
        return self

    @property
    def center(self) -> float:
        """Middle, Hz."""
        return 0.5 * (self.low + self.high)

    @property
    def frequencies(self) -> np.ndarray:
        """All of them, Hz."""
        return np.linspace(self.low, self.high, self.points)


class MediumSpec(Settings):
    """A medium: constant, from the library of dispersive ones, with a loss tangent, or a metal.

    A loss tangent becomes the conductivity that has it at ``frequency``, or with ``causal`` a medium that has it over
    the band. A metal is not resolved: its surface has the impedance of its conductivity.
    """

    metal: bool = False
    permittivity: PositiveFloat = 1.0
    conductivity: NonNegativeFloat = 0.0
    loss_tangent: NonNegativeFloat = 0.0
    frequency: PositiveFloat | None = Field(
        None, description="of the loss tangent, Hz; the middle of the band by default"
    )
    causal: bool = False
    library: str | None = Field(None, description="name in adjointdesign.media.dispersive_materials")

    @model_validator(mode="after")
    def _one_way(self):
        if self.library is not None and self.model_fields_set != {"library"}:
            raise ValueError("a name in the library alone, or numbers")
        if self.metal and (self.model_fields_set != {"metal", "conductivity"} or not self.conductivity):
            raise ValueError("a conductivity and nothing else where the medium is a metal")
        if self.causal and (self.conductivity or not self.loss_tangent):
            raise ValueError("a loss tangent and no conductivity where the medium is causal")
        return self

    def total_conductivity(self, band: Band) -> float:
        """Conductivity of a medium without dispersion, S/m, ``sigma + w eps0 eps_r tan(delta)``."""
        w = 2 * math.pi * (self.frequency or band.center)
        return self.conductivity + w * EPS0 * self.permittivity * self.loss_tangent

    def dispersion(self, band: Band):
        """Its `Dispersion`, None where it has none.

        Raises
        ------
        InputError
            When the library lacks it, or does not know it in all of the band.
        """
        if self.library is not None:
            from adjointdesign.media.dispersive_library import dispersive_material

            return dispersive_material(self.library, (band.low, band.high))
        if self.causal:
            from adjointdesign.media.loss_tangent import loss_tangent

            frequency = self.frequency or band.center
            wide = (min(band.low, frequency), max(band.high, frequency))
            return loss_tangent(self.permittivity, self.loss_tangent, frequency, wide)[0]
        return None

    def densest(self, band: Band) -> float:
        """Largest relative permittivity in the band, as far as its ends say."""
        dispersion = self.dispersion(band)
        if dispersion is None:
            return self.permittivity
        return float(max(dispersion.permittivity(np.array([band.low, band.high])).real.max(), dispersion.eps_inf))


class GapSpec(Settings):
    """What sits in a gap between two conductors: see `adjointdesign.sources.gap.Gap`."""

    name: str
    axis: Axis
    center: Point3
    size: Point3
    share: PositiveFloat | None = None

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest position along each axis, m."""
        return tuple((c - s / 2, c + s / 2) for c, s in zip(self.center, self.size))


class PortSpec(GapSpec):
    """A lumped port, ohm."""

    kind: Literal["lumped"] = "lumped"
    impedance: PositiveFloat = 50.0


class WavePortSpec(Settings):
    """The cross-section of a line or guide through which one of its waves enters: see `adjointdesign.sources.wave_port.WavePort`."""

    name: str
    axis: Axis
    center: Point3
    size: Point3
    direction: Literal[1, -1] = Field(1, description="sense along the axis in which the wave enters")
    deembed: float = Field(0.0, allow_inf_nan=False, description="by how far the reference plane moves on in that sense, m")

    @model_validator(mode="after")
    def _flat(self):
        along = AXES.index(self.axis)
        if any((s != 0) if a == along else not s > 0 for a, s in enumerate(self.size)):
            raise ValueError("a size of zero along the axis and above zero across it")
        return self

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest position along each axis, m; the plane without what lies behind it."""
        return tuple((c - s / 2, c + s / 2) for c, s in zip(self.center, self.size))


class WaveguidePortSpec(WavePortSpec):
    """A port of a hollow guide: walls all around, no conductor within; S-parameters refer to its own wave."""

    kind: Literal["waveguide"]
    mode: NonNegativeInt = Field(0, description="by falling phase constant, from 0")


class LinePortSpec(WavePortSpec):
    """A port of a line: one conductor in the window, and another around it (coaxial) or below it (microstrip)."""

    kind: Literal["coaxial", "microstrip"]
    impedance: PositiveFloat | None = Field(None, description="reference of the S-parameters, ohm; the line's own by default")


def _kind_of_port(value: Any) -> Any:
    kind = value.get("kind", "lumped") if isinstance(value, dict) else getattr(value, "kind", "lumped")
    return "line" if kind in ("coaxial", "microstrip") else kind


Port = Annotated[
    Annotated[PortSpec, Tag("lumped")] | Annotated[WaveguidePortSpec, Tag("waveguide")] | Annotated[LinePortSpec, Tag("line")],
    Discriminator(_kind_of_port),
]
PORT_KINDS = ("lumped", "waveguide", "coaxial", "microstrip")
"""What ports may be."""


class ResistorSpec(GapSpec):
    """A lumped resistor, ohm."""

    resistance: PositiveFloat


class CapacitorSpec(GapSpec):
    """A lumped capacitor, farad."""

    capacitance: PositiveFloat


class InductorSpec(GapSpec):
    """A lumped inductor, henry, in series with its resistance, ohm."""

    inductance: PositiveFloat
    resistance: PositiveFloat


class SeriesCircuitSpec(GapSpec):
    """Resistor, inductor and capacitor in series, ohm, henry and farad."""

    resistance: PositiveFloat
    inductance: PositiveFloat
    capacitance: PositiveFloat
