"""Edges of described sheets that follow the lattice: the rectangles of a plane, what is metal, what goes on, what is refused."""

import numpy as np
import pytest
from adjointdesign.problems.antennas.geometry.build import build, cells_per_wavelength
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.geometry.sheet_edges import rectangles_of

from adjointdesign.errors import InputError


def antenna(outline, **grid):
    return described({
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
