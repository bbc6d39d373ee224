"""An antenna as a TOML file describes it: media, solids, sheets, wires, ports, boundaries, band. All in SI units."""

from __future__ import annotations

import difflib
import math
import tomllib
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError, model_validator

from adjointdesign.constants import C0, EPS0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.problem import Settings
from adjointdesign.problems.antennas.geometry.shapes import METAL, Axis, Point3, Sheet, Solid, Wire

Boundary = Literal["open", "ground", "symmetry"]
VACUUM = "vacuum"


class Band(Settings):
    """Frequencies of interest, Hz."""

    low: PositiveFloat
    high: PositiveFloat
    points: PositiveInt = 41

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
    """A medium: constant, from the library of dispersive ones, or with a loss tangent.

    A loss tangent becomes the conductivity that has it at ``frequency``, or with ``causal`` a medium that has it over the band.
    """

    permittivity: PositiveFloat = 1.0
    conductivity: NonNegativeFloat = 0.0
    loss_tangent: NonNegativeFloat = 0.0
    frequency: PositiveFloat | None = Field(None, description="of the loss tangent, Hz; the middle of the band by default")
    causal: bool = False
    library: str | None = Field(None, description="name in adjointdesign.media.dispersive_materials")

    @model_validator(mode="after")
    def _one_way(self):
        if self.library is not None and self.model_fields_set != {"library"}:
            raise ValueError("a name in the library alone, or numbers")
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

    impedance: PositiveFloat = 50.0


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
    padding: PositiveFloat | None = Field(None, description="room at open faces, m; a quarter of the longest wavelength by default")


class GridSpec(Settings):
    """How fine the grid is."""

    cells_per_wavelength: PositiveFloat = Field(20.0, description="least number in each medium, at ``frequency``")
    frequency: PositiveFloat | None = Field(None, description="Hz; the top of the band by default")
    edge_size: PositiveFloat | None = Field(None, description="largest cell at metal, m; half of the largest in vacuum by default")
    edge_rule: Literal["node", "thirds"] = Field("node", description="where straight edges of sheets lie: see mesh_lines.metal_edge")
    thin_cells: PositiveInt = Field(3, description="least number of cells across a dielectric")
    ratio: float = Field(1.3, gt=1.0, description="largest ratio of neighboring cells")
    smallest: PositiveFloat | None = Field(None, description="no cell is shorter, m; 1e-4 of the shortest wavelength by default")
    absorber_cells: NonNegativeInt = 10
    subsamples: PositiveInt = Field(4, description="points along half a cell where curved dielectrics are averaged")


class FarField(Settings):
    """The far field, taken on a box around all there is."""

    margin: PositiveFloat | None = Field(None, description="of the box from the open faces, m; half of the room by default")
    frequencies: tuple[PositiveFloat, ...] | None = Field(
        None, min_length=1, description="Hz; the ends and the middle of the band by default"
    )
    samples: PositiveInt = Field(24, description="directions from pole to pole")


class Run(Settings):
    """How long a run lasts: until its energy has fallen so far, or so many periods of the lowest frequency after the pulse."""

    decay: float = Field(1e-8, gt=0, lt=1)
    periods: PositiveFloat = 60.0
    courant: float = Field(0.95, gt=0, lt=1)
    precision: Literal["single", "double"] = "single"


class Antenna(Settings):
    """All there is to know to simulate an antenna."""

    name: str
    source: str = Field("", description="where dimensions and expected values come from")
    band: Band
    media: dict[str, MediumSpec] = Field(default_factory=dict)
    solids: tuple[Solid, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    wires: tuple[Wire, ...] = ()
    ports: tuple[PortSpec, ...] = ()
    resistors: tuple[ResistorSpec, ...] = ()
    capacitors: tuple[CapacitorSpec, ...] = ()
    inductors: tuple[InductorSpec, ...] = ()
    series_circuits: tuple[SeriesCircuitSpec, ...] = ()
    boundaries: Boundaries = Boundaries()
    domain: Domain = Domain()
    grid: GridSpec = GridSpec()
    far_field: FarField | None = None
    run: Run = Run()

    @property
    def parts(self) -> tuple:
        """Everything with a place."""
        return (*self.solids, *self.sheets, *self.wires, *self.gaps)

    @property
    def gaps(self) -> tuple[GapSpec, ...]:
        """Ports and lumped elements."""
        return (*self.ports, *self.elements)

    @property
    def elements(self) -> tuple[GapSpec, ...]:
        """Lumped elements."""
        return (*self.resistors, *self.capacitors, *self.inductors, *self.series_circuits)

    def medium(self, name: str) -> MediumSpec:
        """The medium of that name."""
        return self.media[name] if name in self.media else MediumSpec()

    @property
    def far_frequencies(self) -> np.ndarray:
        """Frequencies of the far field, Hz."""
        given = self.far_field.frequencies if self.far_field else None
        return np.array(given or (self.band.low, self.band.center, self.band.high))

    @property
    def shortest_wavelength(self) -> float:
        """In vacuum, of the frequency for which the grid is made, m."""
        return C0 / (self.grid.frequency or self.band.high)

    @property
    def padding(self) -> float:
        """Room at open faces, m."""
        return self.domain.padding or 0.25 * C0 / self.band.low

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Lowest and highest position of the domain along each axis, absorbing layers left out, m."""
        out = []
        for axis in range(3):
            ends = []
            for end, given in enumerate((self.domain.lower, self.domain.upper)):
                value = given[axis] if given is not None else None
                if value is None:
                    pick = (min, max)[end]
                    room = self.padding if self.boundaries.face(axis, end) == "open" else 0.0
                    value = pick(part.bounds[axis][end] for part in self.parts) + (2 * end - 1) * room
                ends.append(value)
            out.append(tuple(ends))
        return tuple(out)


def read(path: str | Path) -> Antenna:
    """Read and check a description.

    Raises
    ------
    InputError
        When the file cannot be read, is not TOML, or says something that cannot be.
    """
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("antenna", "a readable TOML file", f"{path} ({error})", "check the path") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError("antenna", "a TOML file", f"{path}: {error}", "correct that line") from error
    return described(data, path.parent)


def described(data: dict, folder: str | Path = ".") -> Antenna:
    """An antenna from the content of a TOML file; files that it names are looked for in ``folder``.

    Raises
    ------
    InputError
        When something cannot be.
    """
    try:
        antenna = Antenna.model_validate(data, context={"folder": Path(folder)})
    except ValidationError as failure:
        first = failure.errors()[0]
        where = ".".join(_label(data, first["loc"]))
        message = first["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        remedy = "correct it"
        if first["type"] == "extra_forbidden":
            message, remedy = "a known setting", "correct the name or remove it"
        elif first["type"] == "missing":
            raise InputError(where, "a value", "none", "add it") from None
        raise InputError(where, message, repr(first["input"]), remedy) from None
    _check(antenna)
    return antenna


def _label(data, location) -> list[str]:
    """The place of an error, parts called by their names."""
    words, here = [], data
    for step in location:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
        name = here.get("name") if isinstance(here, dict) and isinstance(step, int) else None
        words.append(f"'{name}'" if isinstance(name, str) else str(step))
    return words


def _check(antenna: Antenna) -> None:
    """Raise `InputError` for what no single part can see."""
    if not antenna.parts:
        raise InputError("antenna", "solids, sheets, wires or ports", "none", "describe at least one")
    names = [part.name for part in antenna.parts]
    for name in names:
        if names.count(name) > 1:
            raise InputError("names of parts", "all different", repr(name), "rename one of them")
    known = [*antenna.media, VACUUM, METAL]
    for reserved in (VACUUM, METAL):
        if reserved in antenna.media:
            raise InputError(f"media.{reserved}", "another name", repr(reserved), "this medium is built in: rename yours")
    for solid in antenna.solids:
        if solid.medium not in known:
            near = difflib.get_close_matches(solid.medium, known, 1)
            remedy = f"did you mean {near[0]}?" if near else "add it to media"
            raise InputError(f"medium of solid '{solid.name}'", f"one of {', '.join(known)}", repr(solid.medium), remedy)
    for medium in antenna.media.values():
        medium.dispersion(antenna.band)
    for axis, (low, high) in enumerate(antenna.bounds):
        tiny = 1e-9 * (high - low)
        if not low < high:
            raise InputError(
                f"domain along {AXES[axis]}", "an extent", f"{low:.6g} to {high:.6g} m", "give domain.lower and domain.upper"
            )
        for part in antenna.parts:
            if part.bounds[axis][0] < low - tiny or part.bounds[axis][1] > high + tiny:
                raise InputError(
                    f"'{part.name}' along {AXES[axis]}", f"an extent within the domain, {low:.6g} to {high:.6g} m",
                    f"{part.bounds[axis][0]:.6g} to {part.bounds[axis][1]:.6g} m", "move or shrink it, or enlarge the domain",
                )  # fmt: skip
