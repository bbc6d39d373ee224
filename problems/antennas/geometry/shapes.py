"""Solids, sheets and wires, as they stand in a description: each knows where it is, and what lies inside it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, PositiveFloat, PrivateAttr, ValidationInfo, model_validator

from adjointdesign.grid.yee import AXES
from adjointdesign.problem import Settings
from adjointdesign.problems.antennas.geometry.outlines import Disc, Outline, Point2, Polygons, Rectangle
from adjointdesign.problems.antennas.geometry.surfaces import ClosedSurface, read_stl

Point3 = tuple[float, float, float]
Axis = Literal["x", "y", "z"]
METAL = "pec"
"""Name of the perfect conductor among the media."""


def plane_axes(axis: str) -> list[int]:
    """The two axes across ``axis``, in their order."""
    return [a for a in range(3) if AXES[a] != axis]


class _Solid(Settings):
    """What all solids have: a name, a medium, and a priority where they overlap."""

    name: str
    medium: str
    priority: int | None = Field(
        None, description="where solids overlap the highest counts; 1 for metal, else 0 by default"
    )


class _Extruded(_Solid):
    """A solid that is an outline moved along an axis."""

    @property
    def extrusion(self) -> tuple[int, tuple[float, float], Rectangle | Disc | Polygons]:
        """Axis, lowest and highest position along it, outline across it."""
        raise NotImplementedError

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest position along each axis, m."""
        axis, ends, outline = self.extrusion
        across = list(outline.bounds)
        return (*across[:axis], ends, *across[axis:])

    def faces(self, axis: int) -> list[tuple[float, int]]:
        """Flat faces across an axis: position (m), and the direction away from the inside."""
        own, ends, outline = self.extrusion
        return [(ends[0], -1), (ends[1], 1)] if axis == own else outline.faces(plane_axes(AXES[own]).index(axis))

    def curved(self, axis: int) -> bool:
        """Whether faces cut cells along the axis wherever its nodes are."""
        own, _, outline = self.extrusion
        return axis != own and outline.curved

    def inside(self, x, y, z, slack: float):
        """Whether points lie inside, or no farther outside than ``slack`` (m); a negative one leaves out the border."""
        own, (low, high), outline = self.extrusion
        u, v = (p for a, p in enumerate((x, y, z)) if a != own)
        along = (x, y, z)[own]
        return (along >= low - slack) & (along <= high + slack) & outline.inside(u, v, slack)


class Box(_Extruded):
    """A box: lower and upper corner, m."""

    shape: Literal["box"]
    lower: Point3
    upper: Point3

    @model_validator(mode="after")
    def _ordered(self):
        if not all(a < b for a, b in zip(self.lower, self.upper)):
            raise ValueError("a lower corner below the upper one along every axis (a sheet has no thickness)")
        return self

    @property
    def extrusion(self):
        return 2, (self.lower[2], self.upper[2]), Rectangle(lower=self.lower[:2], upper=self.upper[:2])


class Cylinder(_Extruded):
    """A cylinder: axis, where it begins and ends along it, center across it, radius, m."""

    shape: Literal["cylinder"]
    axis: Axis
    ends: Point2
    center: Point2
    radius: PositiveFloat

    @model_validator(mode="after")
    def _ordered(self):
        if not self.ends[0] < self.ends[1]:
            raise ValueError("ends in ascending order")
        return self

    @property
    def extrusion(self):
        return AXES.index(self.axis), self.ends, Disc(center=self.center, radius=self.radius)


class Prism(_Extruded):
    """An outline moved along an axis: where it begins and ends along it, m."""

    shape: Literal["prism"]
    axis: Axis
    ends: Point2
    outline: Outline

    @model_validator(mode="after")
    def _ordered(self):
        if not self.ends[0] < self.ends[1]:
            raise ValueError("ends in ascending order")
        return self

    @property
    def extrusion(self):
        return AXES.index(self.axis), self.ends, self.outline


class Sphere(_Solid):
    """A sphere: center and radius, m."""

    shape: Literal["sphere"]
    center: Point3
    radius: PositiveFloat

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """As of other solids."""
        return tuple((c - self.radius, c + self.radius) for c in self.center)

    def faces(self, axis: int) -> list[tuple[float, int]]:
        """None is flat."""
        return []

    def curved(self, axis: int) -> bool:
        """Along every axis."""
        return True

    def inside(self, x, y, z, slack: float):
        """As of other solids."""
        cx, cy, cz = self.center
        return (x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 <= max(self.radius + slack, 0.0) ** 2


class Body(_Solid):
    """What a closed surface of triangles encloses, from an STL file beside the description."""

    shape: Literal["stl"]
    file: str
    scale: PositiveFloat = Field(1.0, description="metres per unit of the file")
    _surface: ClosedSurface = PrivateAttr()

    @model_validator(mode="after")
    def _load(self, info: ValidationInfo):
        self._surface = read_stl(Path((info.context or {}).get("folder", "."), self.file), self.scale)
        return self

    @property
    def surface(self) -> ClosedSurface:
        """The triangles."""
        return self._surface

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """As of other solids."""
        return self._surface.bounds

    def faces(self, axis: int) -> list[tuple[float, int]]:
        """As of other solids; small ones left out."""
        return self._surface.faces(axis)

    def curved(self, axis: int) -> bool:
        """As of other solids."""
        return self._surface.curved(axis)

    def inside(self, x, y, z, slack: float):
        """As of other solids, of points of a mesh of positions."""
        return self._surface.inside(x, y, z, slack)


Solid = Annotated[Box | Cylinder | Prism | Sphere | Body, Field(discriminator="shape")]


class Sheet(Settings):
    """A sheet without thickness across an axis: of perfect metal, of a resistance per square, ohm, or of a metal and its thickness, m."""

    name: str
    axis: Axis
    position: float
    outline: Outline
    resistance: NonNegativeFloat = Field(0.0, description="ohm per square; 0 is a perfect conductor")
    medium: str = Field(METAL, description="a metal among the media, in place of a resistance")
    thickness: PositiveFloat | None = Field(None, description="of the metal, m; many skin depths by default")
    sides: Literal[1, 2] = Field(1, description="on how many sides the metal carries its current")

    @model_validator(mode="after")
    def _one_kind(self):
        if self.medium == METAL and self.model_fields_set & {"thickness", "sides"}:
            raise ValueError("a metal of finite conductivity as medium beside thickness and sides")
        if self.medium != METAL and self.resistance:
            raise ValueError("a resistance or a medium")
        return self

    @property
    def perfect(self) -> bool:
        """Whether it is a perfect conductor."""
        return self.medium == METAL and self.resistance == 0

    @property
    def kind(self) -> tuple:
        """What it is made of: resistance, medium, thickness and sides."""
        return self.resistance, self.medium, self.thickness, self.sides

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """As of solids."""
        axis, across = AXES.index(self.axis), list(self.outline.bounds)
        return (*across[:axis], (self.position,) * 2, *across[axis:])


class Wire(Settings):
    """A straight wire along an axis, from one point to another, m: a line of perfectly conducting edges.

    Where it is given a radius it has that (`adjointdesign.media.thin_wire`); else it acts like one of about a fifth
    of the cells across it, whatever they are.
    """

    name: str
    start: Point3
    end: Point3
    radius: PositiveFloat | None = Field(None, description="m, below half a cell at metal")

    @model_validator(mode="after")
    def _straight(self):
        if sum(a != b for a, b in zip(self.start, self.end)) != 1:
            raise ValueError("a start and an end that differ along one axis and no other")
        return self

    @property
    def axis(self) -> int:
        """Number of the axis it runs along."""
        return int(np.argmax(np.not_equal(self.start, self.end)))

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """As of solids."""
        return tuple((min(a, b), max(a, b)) for a, b in zip(self.start, self.end))
