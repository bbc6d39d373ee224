"""What described parts are on a grid: permittivity and conductivity of every electric component, and where metal is.

A component along an axis sees the media of its dual cell: side by side across the axis they add, ``eps = <eps>``, one
behind the other along it they are in series, ``1/eps = <1/eps>``, as in a capacitor. Both means hold for the complex
permittivity in the middle of the band; on faces that are nodes (all flat ones are) they are exact and of second
order. Dual cells that curved faces cut are sampled. A dispersive medium enters these means by its permittivity at
infinite frequency, and the rest of it by volume.

Perfect metal holds a component at zero where the component's own place is on or in it (staircase); a dielectric of higher
priority takes out what lies strictly inside it. Metal of finite conductivity is cells of the grid, see `finite_metal.py`. In absorbing layers everything goes on as it is at the face of the
domain.
"""

from __future__ import annotations

import math
from itertools import takewhile

import numpy as np
from scipy import sparse

from adjointdesign.constants import EPS0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, YeeGrid
from adjointdesign.media.rasterize import overlap_matrix
from adjointdesign.problems.antennas.geometry.cut_metal import CutMetal, in_metal, within_faces
from adjointdesign.problems.antennas.geometry.description import Antenna
from adjointdesign.problems.antennas.geometry.finite_metal import with_finite_metals
from adjointdesign.problems.antennas.geometry.shapes import plane_axes

_TINY = 1e-3
"""Nodes are on a face when nearer than this share of the smallest cell."""


def medium_of(antenna: Antenna, grid: YeeGrid):
    """The medium on the grid, without ports and lumped elements.

    Raises
    ------
    InputError
        When solids of one priority and different media overlap, or sheets that are not alike, and as
        `with_finite_metals`.
    """
    from adjointdesign.solvers.fdtd_maxwell import Medium
    from adjointdesign.solvers.fdtd_maxwell.medium import Dispersive

    w = 2 * math.pi * antenna.band.center
    materials = {
        s.medium: antenna.medium(s.medium).dispersion(antenna.band) for s in antenna.solids if not antenna.is_metal(s.medium)
    }
    dispersive = {name: Dispersive(material) for name, material in materials.items() if material is not None}
    permittivity, conductivity = {}, {}
    for component in grid.electric:
        complex_permittivity, shares = _dielectric(antenna, grid, component, materials)
        permittivity[component] = complex_permittivity.real.copy()
        conductivity[component] = w * EPS0 * complex_permittivity.imag + resistive(antenna, grid, component)
        for name, part in dispersive.items():
            part.strength[component] = shares[name]
    conductor = {c: conductor_of(antenna, grid, c) for c in grid.electric}
    medium = Medium(grid, permittivity, conductivity, conductor, dispersive=dispersive)
    return with_finite_metals(antenna, grid, medium, lambda sheet, c: _surface_of(antenna, grid, c, sheet))


# -- dielectrics ------------------------------------------------------------------------------------------------------


def _dielectric(antenna: Antenna, grid: YeeGrid, component: str, materials: dict) -> tuple[np.ndarray, dict]:
    """Complex relative permittivity of a component, and each dispersive medium's share; of storage shape."""
    axis = AXES.index(component[1])
    across = [a for a in range(3) if a != axis]
    edges = [_sample_edges(antenna, grid, a) for a in range(3)]
    middles = [_within(antenna, grid, a, 0.5 * (e[1:] + e[:-1])) for a, e in enumerate(edges)]
    matrices = [_shares(edges[a], grid.borders(component, a)) for a in across]
    media = [s.medium for s in antenna.solids]
    values = np.array([_complex_permittivity(antenna, name, materials.get(name)) for name in media] + [1.0])
    members = {
        n: np.array([m == n for m in media] + [False], float)
        for n, material in materials.items()
        if material is not None
    }
    cells = np.searchsorted(grid.lines(axis), 0.5 * (edges[axis][1:] + edges[axis][:-1])) - 1
    portions = np.diff(edges[axis]) / np.diff(grid.lines(axis))[cells]
    shape = (grid.cells[axis], *(grid.shape[a] for a in across))
    inverse, shares = np.zeros(shape, complex), {name: np.zeros(shape) for name in members}
    last = mean = parts = None
    for cell, portion, position in zip(cells, portions, middles[axis]):
        points = list(middles)
        points[axis] = np.array([position])
        owners = np.take(_owners(antenna, points), 0, axis)
        if last is None or not np.array_equal(owners, last):
            last = owners
            mean = matrices[0] @ values[owners] @ matrices[1].T
            parts = {name: matrices[0] @ member[owners] @ matrices[1].T for name, member in members.items()}
        inverse[cell] += portion / mean
        for name, part in parts.items():
            shares[name][cell] += portion * part

    def stored(cellwise):
        return np.ascontiguousarray(np.moveaxis(np.concatenate([cellwise[:1], cellwise, cellwise[-1:]]), 0, axis))

    return 1 / stored(inverse), {name: stored(share) for name, share in shares.items()}


def _complex_permittivity(antenna: Antenna, name: str, material) -> complex:
    if antenna.is_metal(name):
        return 1.0  # of no effect: held at zero, and never painted
    if material is not None:
        return material.eps_inf
    medium = antenna.medium(name)
    return medium.permittivity + 1j * medium.total_conductivity(antenna.band) / (
        2 * math.pi * antenna.band.center * EPS0
    )


def _owners(antenna: Antenna, points) -> np.ndarray:
    """Number of the solid that each sample belongs to, -1 for none; metal leaves what it covers."""
    x, y, z = np.meshgrid(*points, indexing="ij", sparse=True)
    owner = np.full(np.broadcast_shapes(x.shape, y.shape, z.shape), -1)
    claimed = np.full(owner.shape, -1)
    solids = antenna.solids
    ranks = np.array([antenna.rank(s) for s in solids] + [-np.inf])
    media = [s.medium for s in solids]
    for number in np.argsort(ranks[:-1], kind="stable"):
        solid = solids[number]
        inside = np.broadcast_to(solid.inside(x, y, z, 0.0), owner.shape)
        for other in np.unique(claimed[inside & (ranks[claimed] == ranks[number])]):
            if media[other] != solid.medium:
                raise InputError(
                    f"solids '{solids[other].name}' and '{solid.name}'", "priorities that differ where they overlap",
                    f"{antenna.rank(solid)} for both", "give one of them another priority",
                )  # fmt: skip
        claimed[inside] = number
        if not antenna.is_metal(solid.medium):
            owner[inside] = number
    return owner


def _sample_edges(antenna: Antenna, grid: YeeGrid, axis: int) -> np.ndarray:
    """Borders between samples along an axis: halves of cells, finer where a curved dielectric cuts them."""
    lines = grid.lines(axis)
    curved = [s.bounds[axis] for s in antenna.solids if not antenna.is_metal(s.medium) and s.curved(axis)]
    pieces = []
    for low, high in zip(lines, lines[1:]):
        cut = any(low < b and high > a for a, b in curved)
        pieces.append(np.linspace(low, high, 2 * (antenna.grid.subsamples if cut else 1), endpoint=False))
    return np.append(np.concatenate(pieces), lines[-1])


def _shares(edges: np.ndarray, borders: np.ndarray) -> sparse.csr_array:
    """Weights by which the samples make the mean over what each storage slot stands for, within the domain."""
    matrix = overlap_matrix(edges, borders).tolil()
    # What lies beyond the domain mirrors what is within.
    for ghost, kept in ((0, 1), (-1, -2)):
        if matrix[[ghost]].sum() == 0:
            matrix[[ghost]] = matrix[[kept]]
    matrix = matrix.tocsr()
    return sparse.csr_array(sparse.diags_array(1 / matrix.sum(axis=1)) @ matrix)


def _within(antenna: Antenna, grid: YeeGrid, axis: int, positions: np.ndarray) -> np.ndarray:
    """Positions, those in absorbing layers moved to the face of the domain: everything goes on into the layers."""
    low, high = antenna.bounds[axis]
    tiny = _TINY * grid.spacing[axis]
    return np.clip(positions, low + tiny, high - tiny)


# -- metal ------------------------------------------------------------------------------------------------------------


def _places(antenna: Antenna, grid: YeeGrid, component: str):
    """Where the component's storage slots are, for broadcasting; those in layers at the face of the domain."""
    bounds, positions = antenna.bounds, []
    for axis, (low, high) in enumerate(bounds):
        positions.append(np.clip(grid.coordinates(component, axis), low, high))
    return np.meshgrid(*positions, indexing="ij", sparse=True)


def conductor_of(antenna: Antenna, grid: YeeGrid, component: str) -> np.ndarray:
    """Where a component is held at zero by perfect metal: solids, sheets, wires and grounds."""
    places = _places(antenna, grid, component)
    tiny = _TINY * min(grid.spacing)
    along = AXES.index(component[1])
    if antenna.grid.curved_metal == "cut":
        metal = CutMetal(antenna, grid).edges(component) == 0
    else:
        moved = [within_faces(antenna, a, grid.coordinates(component, a), tiny) for a in range(3)]
        metal = in_metal(antenna, np.meshgrid(*moved, indexing="ij", sparse=True), tiny)
    for sheet in antenna.sheets:
        if sheet.perfect and antenna.grid.edge_rule != "lattice":  # else see `with_sheet_edges`
            metal |= _on_sheet(sheet, places, tiny)
    for wire in antenna.wires:
        if wire.axis == along:
            on = True
            for x, (low, high) in zip(places, wire.bounds):
                on = on & (x >= low - tiny) & (x <= high + tiny)
            metal |= on
    for axis in range(3):
        for end in (0, 1):
            if antenna.boundaries.face(axis, end) == "ground" and axis != along:
                metal |= np.abs(places[axis] - antenna.bounds[axis][end]) <= tiny
    return metal


def _on_sheet(sheet, places, tiny: float):
    normal = AXES.index(sheet.axis)
    u, v = (places[a] for a in plane_axes(sheet.axis))
    return (np.abs(places[normal] - sheet.position) <= tiny) & sheet.outline.inside(u, v, tiny)


def resistive(antenna: Antenna, grid: YeeGrid, component: str):
    """Conductivity by which sheets of a resistance carry their current: ``1 / (R d)``, d the dual length across them.

    A component at the border of a sheet carries the share of its dual cell that the sheet covers.
    """
    along = AXES.index(component[1])
    total = np.zeros(grid.shape)
    for sheet in antenna.sheets:
        normal = AXES.index(sheet.axis)
        if sheet.resistance == 0 or along == normal:
            continue
        on = np.abs(_places(antenna, grid, component)[normal] - sheet.position) <= _TINY * min(grid.spacing)
        thickness = grid.lengths(component, normal)
        covered = _covered(antenna, grid, component, sheet)
        across = np.where(on.ravel(), 1 / (sheet.resistance * thickness), 0.0)
        total += np.expand_dims(covered, normal) * across.reshape([-1 if a == normal else 1 for a in range(3)])
    return total


def _surface_of(antenna: Antenna, grid: YeeGrid, component: str, sheet) -> np.ndarray:
    """One over the length across a sheet that its edges stand for, 1/m, by the share of their width that is on it."""
    normal = AXES.index(sheet.axis)
    if AXES[normal] == component[1]:
        return np.zeros(grid.shape)
    on = _on_sheet(sheet, _places(antenna, grid, component), _TINY * min(grid.spacing))
    across = 1 / grid.lengths(component, normal).reshape([-1 if a == normal else 1 for a in range(3)])
    return on * across * np.expand_dims(_covered(antenna, grid, component, sheet), normal)


def _covered(antenna: Antenna, grid: YeeGrid, component: str, sheet) -> np.ndarray:
    """Share of the component's dual cell in the plane of a sheet that it covers, and none before it that is like it.

    Raises
    ------
    InputError
        When one that is not like it lies there.
    """
    axes, count = plane_axes(sheet.axis), 2 * antenna.grid.subsamples
    points, owners = [], []
    for a in axes:
        borders = grid.borders(component, a)
        offsets = (np.arange(count) + 0.5) / count
        spread = borders[:-1, None] + np.diff(borders)[:, None] * offsets
        points.append(_within(antenna, grid, a, spread.ravel()))
        owners.append(len(borders) - 1)
    u, v = points[0][:, None], points[1][None, :]
    tiny = _TINY * min(grid.spacing)
    inside = sheet.outline.inside(u, v, 0.0)
    # Sheets of one kind are a union, as perfect ones are.
    for other in takewhile(lambda s: s is not sheet, antenna.sheets):
        if other.perfect or other.axis != sheet.axis or abs(other.position - sheet.position) > tiny:
            continue
        if other.kind != sheet.kind and np.any(other.outline.inside(u, v, -tiny) & sheet.outline.inside(u, v, -tiny)):
            raise InputError(
                f"sheets '{other.name}' and '{sheet.name}'", "the same resistance, or metal, thickness and sides where they overlap",
                "two that differ", "cut one of them out, or make them alike",
            )  # fmt: skip
        inside &= ~other.outline.inside(u, v, 0.0)
    return inside.reshape(owners[0], count, owners[1], count).mean(axis=(1, 3))
