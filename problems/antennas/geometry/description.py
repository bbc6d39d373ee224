"""An antenna as a TOML file describes it: media, solids, sheets, wires, ports, boundaries, band. All in SI units."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import get_args

import numpy as np
from pydantic import Field, ValidationError

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.problem import Settings
from adjointdesign.problems.antennas.geometry.electric import (
    PORT_KINDS,
    Band,
    CapacitorSpec,
    GapSpec,
    InductorSpec,
    MediumSpec,
    Port,
    PortSpec,
    ResistorSpec,
    SeriesCircuitSpec,
    WavePortSpec,
)
from adjointdesign.problems.antennas.geometry.outlines import Outline
from adjointdesign.problems.antennas.geometry.settings import Boundaries, Domain, FarField, GridSpec, Run
from adjointdesign.problems.antennas.geometry.shapes import METAL, Sheet, Solid, Wire

VACUUM = "vacuum"
LOSSES = ("media", "sheets", "elements", "ports")
"""Parts of the losses that are told beside those of dispersive media and metals by name (`describe_losses.py`)."""


class Antenna(Settings):
    """All there is to know to simulate an antenna."""

    name: str
    source: str = Field("", description="where dimensions and expected values come from")
    band: Band
    media: dict[str, MediumSpec] = Field(default_factory=dict)
    solids: tuple[Solid, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    wires: tuple[Wire, ...] = ()
    ports: tuple[Port, ...] = ()
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
        return (*self.solids, *self.sheets, *self.wires, *self.gaps, *self.wave_ports)

    @property
    def gaps(self) -> tuple[GapSpec, ...]:
        """Lumped ports and elements."""
        return (*(p for p in self.ports if isinstance(p, PortSpec)), *self.elements)

    @property
    def wave_ports(self) -> tuple[WavePortSpec, ...]:
        """Ports of lines and guides."""
        return tuple(p for p in self.ports if isinstance(p, WavePortSpec))

    @property
    def elements(self) -> tuple[GapSpec, ...]:
        """Lumped elements."""
        return (*self.resistors, *self.capacitors, *self.inductors, *self.series_circuits)

    def medium(self, name: str) -> MediumSpec:
        """The medium of that name."""
        return self.media[name] if name in self.media else MediumSpec()

    def is_metal(self, name: str) -> bool:
        """Whether a medium is a conductor, perfect or not."""
        return name == METAL or self.medium(name).metal

    def rank(self, solid) -> int:
        """The priority of a solid, or its default."""
        return solid.priority if solid.priority is not None else int(self.is_metal(solid.medium))

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
        elif first["type"] == "union_tag_invalid" and first["loc"][0] == "ports":
            *others, last = PORT_KINDS
            raise InputError(f"{where}.kind", f"{', '.join(others)} or {last}", repr(first["input"].get("kind")), "give one of these") from None
        elif first["type"] in ("union_tag_not_found", "union_tag_invalid"):
            *others, last = _shapes(Outline if first["loc"][-1] == "outline" else Solid)
            found = repr(first["ctx"]["tag"]) if "tag" in first["ctx"] else "none"
            raise InputError(f"{where}.shape", f"a shape: {', '.join(others)} or {last}", found, "give one of these") from None
        raise InputError(where, message, repr(first["input"]), remedy) from None
    _check(antenna)
    return antenna


def _shapes(union) -> list[str]:
    """The shapes among which a union of solids or outlines lets choose."""
    members, _ = get_args(union)
    return [get_args(member.model_fields["shape"].annotation)[0] for member in get_args(members)]


def _label(data, location) -> list[str]:
    """The place of an error, parts called by their names."""
    words, here = [], data
    for step in location:
        before = here
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
        name = here.get("name") if isinstance(here, dict) and isinstance(step, int) else None
        if len(words) == 2 and location[0] == "ports" and step in ("lumped", "waveguide", "line"):
            here = before  # the kind that pydantic chose is not a step in the file
            continue
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
            raise InputError(
                f"media.{reserved}", "another name", repr(reserved), "this medium is built in: rename yours"
            )
    for reserved in LOSSES:
        if reserved in antenna.media:
            raise InputError(f"media.{reserved}", "another name", repr(reserved), "losses of other kinds are told under it: rename yours")
    for solid in antenna.solids:
        if solid.medium not in known:
            near = difflib.get_close_matches(solid.medium, known, 1)
            remedy = f"did you mean {near[0]}?" if near else "add it to media"
            raise InputError(
                f"medium of solid '{solid.name}'", f"one of {', '.join(known)}", repr(solid.medium), remedy
            )
    _check_metals(antenna)
    for medium in antenna.media.values():
        medium.dispersion(antenna.band)
    outside = [f for f in antenna.far_frequencies if not antenna.band.low <= f <= antenna.band.high]
    if outside:
        raise InputError(
            "far_field.frequencies", f"some within the band, {antenna.band.low:.6g} to {antenna.band.high:.6g} Hz",
            f"{outside[0]:.6g} Hz", "widen the band, or leave it out",
        )  # fmt: skip
    _check_symmetry(antenna)
    for axis, (low, high) in enumerate(antenna.bounds):
        tiny = 1e-9 * (high - low)
        if not low < high:
            raise InputError(
                f"domain along {AXES[axis]}",
                "an extent",
                f"{low:.6g} to {high:.6g} m",
                "give domain.lower and domain.upper",
            )
        for part in antenna.parts:
            if part.bounds[axis][0] < low - tiny or part.bounds[axis][1] > high + tiny:
                raise InputError(
                    f"'{part.name}' along {AXES[axis]}", f"an extent within the domain, {low:.6g} to {high:.6g} m",
                    f"{part.bounds[axis][0]:.6g} to {part.bounds[axis][1]:.6g} m",
                    "move or shrink it, or enlarge the domain",
                )  # fmt: skip


def _check_metals(antenna: Antenna) -> None:
    """Refuse metal of finite conductivity where its surface would be a staircase, and sheets of what is none."""
    for solid in antenna.solids:
        if antenna.medium(solid.medium).metal and any(solid.curved(axis) for axis in range(3)):
            raise InputError(
                f"solid '{solid.name}' of a metal of finite conductivity", "flat faces across the axes", "a curved or slanted surface, a staircase on the "
                "grid whose loss is not that of the surface", f"make it of {METAL}, or of boxes",
            )  # fmt: skip
    for sheet in antenna.sheets:
        if not antenna.is_metal(sheet.medium):
            known = ", ".join([METAL, *(name for name, medium in antenna.media.items() if medium.metal)])
            raise InputError(f"medium of sheet '{sheet.name}'", f"a metal among the media ({known})", repr(sheet.medium), "give one, or a resistance")


def _check_symmetry(antenna: Antenna) -> None:
    """Refuse what has an image in a plane of symmetry that would be driven, or be a second wire, unawares."""
    for axis, (low, high) in enumerate(antenna.bounds):
        for end, plane in enumerate((low, high)):
            if antenna.boundaries.face(axis, end) != "symmetry":
                continue
            if antenna.wave_ports:
                raise InputError(
                    f"port '{antenna.wave_ports[0].name}' of kind {antenna.wave_ports[0].kind}", "no planes of symmetry", f"one across {AXES[axis]}",
                    "describe the whole antenna, without the plane",
                )  # fmt: skip
            for port in antenna.ports:
                if abs(port.bounds[axis][end] - plane) > 1e-9 * (high - low):
                    raise InputError(
                        f"port '{port.name}'", f"one on the plane of symmetry across {AXES[axis]}, at {plane:.6g} m: the image of "
                        "another would be driven with it", f"one from {port.bounds[axis][0]:.6g} to {port.bounds[axis][1]:.6g} m",
                        "describe the whole antenna, without the plane",
                    )  # fmt: skip
