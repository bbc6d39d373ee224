"""From a description to what the solver takes: grid, medium, boundaries, ports, monitors, pulse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.problems.antennas.geometry.cut_metal import with_cut_metal
from adjointdesign.problems.antennas.geometry.description import Antenna
from adjointdesign.problems.antennas.geometry.electric import (
    CapacitorSpec,
    InductorSpec,
    PortSpec,
    ResistorSpec,
    SeriesCircuitSpec,
)
from adjointdesign.problems.antennas.geometry.finite_metal import faces_of
from adjointdesign.problems.antennas.geometry.lines import grid_of
from adjointdesign.problems.antennas.geometry.raster import medium_of
from adjointdesign.problems.antennas.geometry.sheet_edges import with_sheet_edges
from adjointdesign.problems.antennas.geometry.wave_ports import check_places, guide_pulse, wave_port
from adjointdesign.problems.antennas.geometry.wires import with_wires

LEAST_CELLS = 8.0
"""Cells per wavelength below which a band counts as not resolved."""


@dataclass(frozen=True)
class Model:
    """An antenna on its grid.

    Parameters
    ----------
    antenna : Antenna
        The description.
    grid : YeeGrid
        Its graded grid.
    bare : Medium
        The medium without ports and lumped elements.
    designed_metal : bool
        Whether ports may end on metal that a design makes, so that none is looked for.
    """

    antenna: Antenna
    grid: YeeGrid
    bare: object
    designed_metal: bool = False

    @property
    def frequencies(self) -> np.ndarray:
        """Frequencies of the band, Hz."""
        return self.antenna.band.frequencies

    @cached_property
    def ports(self) -> tuple:
        """Its `LumpedPort` and `WavePort`, in the order of the description.

        Raises
        ------
        InputError
            When the plane of a wave port does not hold what it should.
        """
        from adjointdesign.sources import LumpedPort

        return tuple(
            LumpedPort(**p.model_dump(exclude={"kind"}), designed_metal=self.designed_metal)
            if isinstance(p, PortSpec)
            else wave_port(self.antenna, self.bare, p)
            for p in self.antenna.ports
        )

    @cached_property
    def medium(self):
        """The medium with ports and lumped elements.

        Raises
        ------
        InputError
            When one of them spans no gap, touches no metal, or overlaps another.
        """
        from adjointdesign.sources import load_lumped

        lumped = [p for p, spec in zip(self.ports, self.antenna.ports) if isinstance(spec, PortSpec)]
        return load_lumped(self.bare, [*lumped, *self.elements])

    @cached_property
    def elements(self) -> tuple:
        """Its lumped elements, in the order of the description."""
        from adjointdesign.sources import Capacitor, Inductor, Resistor, SeriesCircuit

        kinds = {
            ResistorSpec: Resistor,
            CapacitorSpec: Capacitor,
            InductorSpec: Inductor,
            SeriesCircuitSpec: SeriesCircuit,
        }
        return tuple(kinds[type(e)](**e.model_dump()) for e in self.antenna.elements)

    @cached_property
    def faces(self) -> list[tuple]:
        """Boundary conditions, one pair an axis."""
        return faces_of(self.antenna)

    @cached_property
    def far_field_box(self) -> tuple[tuple[tuple[float, float], ...], dict[str, str]]:
        """Bounds of the far-field box (m), and the faces of the domain on which it rests, with what they are.

        Raises
        ------
        InputError
            When it would lie in an absorbing layer, or cut parts of the antenna.
        """
        antenna, bounds, ground = self.antenna, [], {}
        for axis, ends in enumerate(antenna.bounds):
            reach = []
            for end, face in enumerate(ends):
                kind, sign = antenna.boundaries.face(axis, end), 2 * end - 1
                if kind != "open":
                    ground["-+"[end] + AXES[axis]] = {"ground": "pec", "symmetry": "pmc"}[kind]
                    reach.append(face)
                    continue
                outermost = sign * max(sign * part.bounds[axis][end] for part in antenna.parts)
                room = sign * (face - outermost)
                margin = antenna.far_field.margin or 0.5 * room
                if not 0 < margin < room:
                    raise InputError(
                        f"far-field box along {AXES[axis]}", f"faces between parts and absorber, {room:.4g} m apart",
                        f"a margin of {margin:.4g} m", "enlarge the domain or change far_field.margin",
                    )  # fmt: skip
                reach.append(face - sign * margin)
            bounds.append(tuple(reach))
        return tuple(bounds), ground

    @property
    def mirrored(self) -> int:
        """How many times the power of the domain is that of the whole antenna: planes of symmetry double it."""
        return 2 ** sum(kind == "pmc" for kind in self.far_field_box[1].values())

    @cached_property
    def pulse(self):
        """A pulse that covers the band, without the cutoffs of guides and lines that feed it."""
        from adjointdesign.sources import GaussianPulse

        pulse = GaussianPulse.covering(self.frequencies, least=0.3 * self.antenna.band.center)
        guides = [p for p, spec in zip(self.ports, self.antenna.ports) if spec.kind != "lumped"]
        return guide_pulse(guides, self.bare, pulse, self.frequencies)

    def solver(self, driven: int, monitors, **options):
        """A solver that drives one port with `pulse`.

        Parameters
        ----------
        driven : int
            Number of the port.
        monitors : sequence
            What it reads.
        **options
            Of `FdtdMaxwell`.
        """
        from adjointdesign.solvers.fdtd_maxwell import Decay, FdtdMaxwell

        run = self.antenna.run
        length = Decay(run.decay, run.periods / self.antenna.band.low)
        return FdtdMaxwell(
            self.medium, [self.ports[driven].source(self.pulse)], monitors, boundaries=self.faces, run_length=length,
            courant=run.courant, **{"precision": run.precision} | options,
        )  # fmt: skip


def build(antenna: Antenna, nodes: Sequence = ((), (), ()), *, designed_metal: bool = False) -> Model:
    """Put a described antenna on a grid.

    Parameters
    ----------
    antenna : Antenna
        The description.
    nodes : three sequences of float
        Positions along each axis that must be nodes as well, m.
    designed_metal : bool
        See `Model`.

    Raises
    ------
    InputError
        When its mesh lines cannot be, its solids overlap without an order, a wire is thicker than its cells, or the
        mesh does not resolve the band.
    """
    check_places(antenna)
    grid = grid_of(antenna, nodes)
    model = Model(antenna, grid, with_wires(antenna, with_sheet_edges(antenna, with_cut_metal(antenna, medium_of(antenna, grid)))), designed_metal)
    found = cells_per_wavelength(model)
    if found < LEAST_CELLS:
        raise InputError(
            "band.high", f"at least {LEAST_CELLS:g} cells per wavelength everywhere, on a grid made for "
            f"{C0 / antenna.shortest_wavelength:.4g} Hz", f"{found:.3g} at {antenna.band.high:.4g} Hz",
            "raise grid.cells_per_wavelength or grid.frequency, or lower the band",
        )  # fmt: skip
    return model


def cells_per_wavelength(model: Model) -> float:
    """The least number of cells in a wavelength of the top of the band, in any medium, along any axis."""
    grid, longest = model.grid, 0.0
    densest = max([1.0, *(medium.densest(model.antenna.band) for medium in model.antenna.media.values())])
    for axis in range(3):
        component = "e" + AXES[axis]
        cells = grid.lengths(component, axis).reshape([-1 if a == axis else 1 for a in range(3)])
        permittivity = model.bare.permittivity[component]
        for part in model.bare.dispersive.values():
            rest = part.material.permittivity(model.antenna.band.high).real - part.material.eps_inf
            permittivity = permittivity + rest * part.strength[component]
        optical = cells * np.sqrt(np.clip(permittivity, 0.0, densest))  # beyond that they are factors beside metal
        longest = max(longest, float(optical[~model.bare.conductor[component]].max(initial=0.0)))
    return C0 / model.antenna.band.high / longest if longest else math.inf
