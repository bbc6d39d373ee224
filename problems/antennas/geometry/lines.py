"""Mesh lines of a described antenna: nodes where its parts begin and end, small cells at metal and in dense media."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.grid.mesh_lines import Fixed, Region, mesh_lines, metal_edge, thin_layer
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.problems.antennas.geometry.description import Antenna
from adjointdesign.problems.antennas.geometry.shapes import plane_axes

EVEN_CELLS = 3
"""How far on either side of an edge that follows the lattice cells are no longer than at metal, in such cells."""
BEHIND_PORT = 4
"""Cells from the plane of a port of a line or guide back to its source; a cell beyond either is of the same size."""
_SAME = 1e-6
"""Positions closer than this share of a cell at metal are one."""


def grid_of(antenna: Antenna, nodes: Sequence = ((), (), ())) -> YeeGrid:
    """The graded grid for an antenna, absorbing layers included; ``nodes`` are more positions along each axis, m, that must be nodes.

    Raises
    ------
    InputError
        When mesh lines cannot be, see `mesh_lines`.
    """
    return YeeGrid.graded([_lines(antenna, axis, nodes[axis]) for axis in range(3)])


def largest_cell(antenna: Antenna) -> float:
    """The largest cell in vacuum, m."""
    return antenna.shortest_wavelength / antenna.grid.cells_per_wavelength


def edge_size(antenna: Antenna) -> float:
    """The largest cell at metal, m."""
    return antenna.grid.edge_size or 0.5 * largest_cell(antenna)


def port_cell(antenna: Antenna) -> float:
    """Size of the cells along a line or guide at its port, m."""
    densest = max([1.0, *(medium.densest(antenna.band) for medium in antenna.media.values())])
    return min(edge_size(antenna), largest_cell(antenna) / math.sqrt(densest))


def _lines(antenna: Antenna, axis: int, nodes: Sequence[float]) -> np.ndarray:
    settings, low_high = antenna.grid, antenna.bounds[axis]
    fixed = [Fixed(x, f"the {end} end of the domain along {AXES[axis]}") for x, end in zip(low_high, ("low", "high"))]
    fixed += [Fixed(x, f"a node of the design along {AXES[axis]}") for x in nodes]
    regions = [Region(-math.inf, math.inf, largest_cell(antenna), "vacuum")]
    for part, more_fixed, more_regions in _demands(antenna, axis):
        fixed += [Fixed(f.position, f"{part} along {AXES[axis]}") for f in more_fixed]
        regions += [Region(r.low, r.high, r.size, part) for r in more_regions]
    for position, outward, part in _metal_edges(antenna, axis, [f.position for f in fixed]):
        more_fixed, more_regions = metal_edge(
            position, edge_size(antenna), outward, f"the edge of {part} along {AXES[axis]}"
        )
        fixed, regions = fixed + more_fixed, regions + more_regions
        if settings.edge_rule == "lattice":
            around = EVEN_CELLS * edge_size(antenna)
            regions.append(Region(position - around, position + around, edge_size(antenna), f"around the edge of {part} along {AXES[axis]}"))
    smallest = settings.smallest or 1e-4 * antenna.shortest_wavelength
    layers = tuple(settings.absorber_cells * (antenna.boundaries.face(axis, end) == "open") for end in (0, 1))
    return mesh_lines(fixed, regions, ratio=settings.ratio, smallest=smallest, layers=layers)


def _demands(antenna: Antenna, axis: int) -> Iterator[tuple[str, list[Fixed], list[Region]]]:
    """What each part wants along an axis, apart from edges of metal sheets."""
    fine = edge_size(antenna)
    for solid in antenna.solids:
        low, high = solid.bounds[axis]
        title = f"solid '{solid.name}'"
        if antenna.is_metal(solid.medium):
            faces = [Fixed(x) for x, _ in solid.faces(axis)] or [Fixed(low), Fixed(high)]
            inner = [f.position for f in faces if _ends_inside(antenna, axis, f.position)]
            small = [Region(low, high, fine)] if solid.curved(axis) else [Region(x, x, fine) for x in inner]
            yield title, faces, small
            continue
        dense = largest_cell(antenna) / math.sqrt(antenna.medium(solid.medium).densest(antenna.band))
        layer = thin_layer(low, high, antenna.grid.thin_cells)
        yield title, layer[0] + [Fixed(x) for x, _ in solid.faces(axis)], layer[1] + [Region(low, high, dense)]
    for sheet in antenna.sheets:
        if AXES[axis] == sheet.axis:
            yield f"sheet '{sheet.name}'", [Fixed(sheet.position)], [Region(sheet.position, sheet.position, fine)]
        elif sheet.outline.curved:
            yield f"sheet '{sheet.name}'", [], [Region(*sheet.bounds[axis], fine)]
    for wire in antenna.wires:
        ends = sorted(set(wire.bounds[axis]))
        yield f"wire '{wire.name}'", [Fixed(x) for x in ends], [Region(x, x, fine) for x in ends]
        if wire.radius and axis != wire.axis:  # cells beside it must be alike
            for end, face in enumerate(antenna.bounds[axis]):
                if antenna.boundaries.face(axis, end) != "open" and abs(ends[0] - face) < 1.5 * fine:
                    raise InputError(
                        f"wire '{wire.name}' with a radius", f"one and a half cells or more ({1.5 * fine:.4g} m) off the face of the domain "
                        f"across {AXES[axis]}", f"{abs(ends[0] - face):.4g} m", "leave the plane out, make cells at metal smaller, or leave out the radius",
                    )  # fmt: skip
            sides = [Fixed(ends[0] - fine), Fixed(ends[0] + fine)]
            yield f"the cell beside wire '{wire.name}'", sides, []
    for gap in antenna.gaps:
        yield f"port or element '{gap.name}'", [Fixed(x) for x in sorted(set(gap.bounds[axis]))], []
    for port in antenna.wave_ports:
        if AXES[axis] == port.axis:
            cell = port_cell(antenna)
            places = [port.center[axis] - port.direction * n * cell for n in range(-1, BEHIND_PORT + 2)]
            yield f"port '{port.name}'", [Fixed(x) for x in places], [Region(min(places), max(places), cell)]
        else:
            yield f"the window of port '{port.name}'", [Fixed(x) for x in port.bounds[axis]], []


def _ends_inside(antenna: Antenna, axis: int, position: float) -> bool:
    """Whether metal that ends at a position ends there, and does not go on through a face of the domain."""
    return all(abs(position - end) > _SAME * edge_size(antenna) for end in antenna.bounds[axis])


def _metal_edges(antenna: Antenna, axis: int, taken: list[float]) -> Iterator[tuple[float, int, str]]:
    """Straight edges of sheets across an axis: position, direction away from the metal (0: put a node there), name.

    Thirds are for edges alone: not where something else must be a node, nor where sheets meet from both sides.
    """
    tiny, edges = _SAME * edge_size(antenna), []
    for sheet in antenna.sheets:
        if AXES[axis] != sheet.axis:
            place = plane_axes(sheet.axis).index(axis)
            faces = [(x, outward) for x, outward in sheet.outline.faces(place) if _ends_inside(antenna, axis, x)]
            edges += [(x, outward, f"sheet '{sheet.name}'") for x, outward in faces]
    for position, outward, part in edges:
        same = {o for x, o, _ in edges if abs(x - position) <= tiny}
        alone = len(same) == 1 and all(abs(x - position) > tiny for x in taken)
        thirds = alone and antenna.grid.edge_rule == "thirds"
        yield position, outward if thirds else 0, part
