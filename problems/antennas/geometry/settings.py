"""What surrounds an antenna, and how it is simulated, as they stand in a description."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from adjointdesign.grid.yee import AXES
from adjointdesign.problem import Settings

Boundary = Literal["open", "ground", "symmetry"]


class Boundaries(Settings):
    """Low and high face along each axis: open space, a ground (infinite perfect conductor), a plane of symmetry.

    The symmetry is that of a perfect magnetic conductor, even in tangential E; for the other kind a ground does.
    """

    x: tuple[Boundary, Boundary] = ("open", "open")
    y: tuple[Boundary, Boundary] = ("open", "open")
    z: tuple[Boundary, Boundary] = ("open", "open")

    def face(self, axis: int, end: int) -> Boundary:
        """That of one face; ``end`` is 0 (low) or 1 (high)."""
        return getattr(self, AXES[axis])[end]


class Domain(Settings):
    """What is simulated, without the absorbing layers; by default all there is, and room beside it at open faces."""

    lower: tuple[float | None, float | None, float | None] | None = None
    upper: tuple[float | None, float | None, float | None] | None = None
    padding: PositiveFloat | None = Field(
        None, description="room at open faces, m; a quarter of the longest wavelength by default"
    )


class GridSpec(Settings):
    """How fine the grid is."""

    cells_per_wavelength: PositiveFloat = Field(20.0, description="least number in each medium, at ``frequency``")
    frequency: PositiveFloat | None = Field(None, description="Hz; the top of the band by default")
    edge_size: PositiveFloat | None = Field(
        None, description="largest cell at metal, m; half of the largest in vacuum by default"
    )
    edge_rule: Literal["node", "thirds", "lattice"] = Field(
        "node", description="where straight edges of perfect sheets lie: mesh_lines.metal_edge; lattice: sheet_edges.py"
    )
    curved_metal: Literal["staircase", "cut"] = Field("staircase", description="perfect solids between nodes: cut_metal.py")
    thin_cells: PositiveInt = Field(3, description="least number of cells across a dielectric")
    ratio: float = Field(1.3, gt=1.0, description="largest ratio of neighboring cells")
    smallest: PositiveFloat | None = Field(
        None, description="no cell is shorter, m; 1e-4 of the shortest wavelength by default"
    )
    absorber_cells: NonNegativeInt = 10
    subsamples: PositiveInt = Field(4, description="points along half a cell where curved dielectrics are averaged")


class FarField(Settings):
    """The far field, taken on a box around all there is."""

    margin: PositiveFloat | None = Field(
        None, description="of the box from the open faces, m; half of the room by default"
    )
    frequencies: tuple[PositiveFloat, ...] | None = Field(
        None, min_length=1, description="Hz; the ends and the middle of the band by default"
    )
    samples: PositiveInt = Field(24, description="directions from pole to pole")


class Run(Settings):
    """How long a run lasts: until its energy has fallen so far, or so many lowest periods after the pulse."""

    decay: float = Field(1e-8, gt=0, lt=1)
    periods: PositiveFloat = 60.0
    courant: float = Field(0.95, gt=0, lt=1)
    precision: Literal["single", "double"] = "single"
