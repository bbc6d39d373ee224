"""Edges of described sheets that follow the lattice: the rectangles of a plane, what is metal, what goes on, what is refused."""

import numpy as np
import pytest
from adjointdesign.problems.antennas.geometry.build import build, cells_per_wavelength
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.geometry.sheet_edges import rectangles_of

from adjointdesign.errors import InputError
from adjointdesign.media.sheet_edge import strip


def antenna(outline, more=(), **grid):
    return described(dict(more) | {
        "name": "sheet", "band": {"low": 1e9, "high": 3e9}, "boundaries": {"y": ["symmetry", "open"], "z": ["ground", "open"]},
        "sheets": [{"name": "sheet", "axis": "z", "position": 2e-3, "outline": outline}],
        "domain": {"lower": [-20e-3, 0.0, 0.0], "upper": [40e-3, 30e-3, 20e-3]},
        "ports": [{"name": "feed", "axis": "z", "center": [5e-3, 0.0, 1e-3], "size": [0.0, 0.0, 2e-3], "share": 0.5}],
        "grid": {"edge_size": 1e-3, "edge_rule": "lattice", "absorber_cells": 4} | grid,
    })  # fmt: skip


ELL = [(0.0, 0.0), (20e-3, 0.0), (20e-3, 6e-3), (9e-3, 6e-3), (9e-3, 14e-3), (0.0, 14e-3)]


def test_rectangles_are_the_largest_that_fit():
    found = rectangles_of(antenna({"shape": "polygon", "points": ELL}).sheets)
    assert sorted(found) == [(0.0, 9e-3, 0.0, 14e-3), (0.0, 20e-3, 0.0, 6e-3)]


def test_metal_is_whole_inside_and_goes_on_at_a_plane_of_symmetry():
    model = build(antenna({"shape": "polygon", "points": ELL}))
    grid, medium = model.grid, model.bare
    node = int(np.argmin(np.abs(grid.lines(2) - 2e-3))) + 1
    x, y = grid.coordinates("ex", 0), grid.coordinates("ex", 1)
    inside = (x > 2.5e-3) & (x < 17.5e-3)
    assert np.all(medium.conductor["ex"][inside, 1, node])  # on the plane of symmetry
    assert not np.any(medium.conductor["ex"][x > 20e-3][:, :, node]) and not np.any(medium.conductor["ex"][:, y > 14e-3, node])
    beside = medium.permittivity["ex"][:, 3, node]
    assert beside.max() > 1.5 and np.count_nonzero(beside > 1 + 1e-9) <= 6
    assert 0 < medium.permeability["hz"].min() < 0.7 and np.all(medium.permeability["hz"][:, :, : node - 1] == 1)
    assert cells_per_wavelength(model) > 8


def test_the_factors_are_those_of_the_cells_that_are_there():
    """Of a dense substrate whose cells are half as long as those at edges may be; its poles are multiplied, too."""
    substrate = {"name": "board", "medium": "fr4", "shape": "box", "lower": [-20e-3, 0.0, 0.0], "upper": [40e-3, 30e-3, 2e-3]}
    more = {"media": {"fr4": {"library": "FR-4"}}, "solids": [substrate]}
    model = build(antenna({"shape": "polygon", "points": ELL}, more, edge_size=2e-3, cells_per_wavelength=40))
    grid, medium = model.grid, model.bare
    node = int(np.argmin(np.abs(grid.lines(2) - 2e-3))) + 1
    lines, heights = grid.lines(0), np.diff(grid.lines(2))[node - 2 : node]
    size = np.diff(lines)[np.searchsorted(lines, 20e-3) - 1]
    assert size < 1.3e-3
    links, _ = strip(-5e-3, 20e-3, lines[lines > -10e-3], heights.mean() / size)
    here = (lines[:-1] > 16e-3) & (lines[:-1] < 26e-3)
    expected = (1 / (1 - links + 1e-12))[here[lines[:-1] > -10e-3]]
    found = medium.permittivity["ex"][1:-1, 3, node][here]
    bare = medium.permittivity["ex"][1:-1, 20, node][here]
    partial = expected < 1e9
    assert np.allclose((found / bare)[partial], expected[partial], rtol=0.1)  # the mean over all edges, here one
    (part,) = medium.dispersive.values()
    strength = part.strength["ex"][1:-1, :, node][here]
    assert np.allclose((strength[:, 3] / strength[:, 20])[partial], expected[partial], rtol=0.1)


@pytest.mark.parametrize(
    "more",
    [
        {"solids": [{"name": "wall", "medium": "pec", "shape": "box", "lower": [20e-3, 0.0, 0.0], "upper": [24e-3, 20e-3, 6e-3]}]},
        {"wires": [{"name": "pin", "start": [20e-3, 3e-3, 0.0], "end": [20e-3, 3e-3, 2e-3]}]},
    ],
)
def test_other_metal_at_an_edge_is_refused(more):
    with pytest.raises(InputError, match="no other metal within 0.003 m of its edges where they follow the lattice"):
        build(antenna({"shape": "polygon", "points": ELL}, more))


def test_a_pin_within_the_sheet_meets_whole_metal():
    more = {"wires": [{"name": "pin", "start": [4e-3, 10e-3, 0.0], "end": [4e-3, 10e-3, 2e-3]}]}
    model = build(antenna({"shape": "polygon", "points": ELL}, more, edge_size=0.75e-3))
    at = [int(np.argmin(np.abs(model.grid.lines(a) - x))) + 1 for a, x in enumerate((4e-3, 10e-3, 2e-3))]
    assert model.bare.conductor["ex"][at[0], at[1], at[2]] and model.bare.conductor["ez"][at[0], at[1], at[2] - 1]


@pytest.mark.parametrize(
    ("outline", "grid", "match"),
    [
        ({"shape": "disc", "center": [10e-3, 8e-3], "radius": 6e-3}, {}, "grid.edge_rule with sheet 'sheet'"),
        ({"shape": "rectangle", "lower": [0.0, 0.0], "upper": [20e-3, 1e-3]}, {"edge_size": 3e-3}, "edges? of a strip"),
    ],
)
def test_what_cannot_follow_the_lattice_is_refused(outline, grid, match):
    with pytest.raises(InputError, match=match):
        build(antenna(outline, **grid))
