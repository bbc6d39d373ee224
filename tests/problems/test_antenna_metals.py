"""Metals of finite conductivity in a description: solids and sheets, how much of a surface each edge of the grid is, what is refused."""

import copy

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.media import conducting_surface
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.geometry.lines import grid_of
from adjointdesign.problems.antennas.geometry.raster import medium_of

COPPER = {"metal": True, "conductivity": 5.8e7}
MM = 1e-3
RECTANGLE = {"shape": "rectangle", "lower": [0.0, 0.0], "upper": [20 * MM, 12 * MM]}
SOLID = {"name": "block", "shape": "box", "medium": "copper", "lower": [0.0, 0.0, 0.0], "upper": [20 * MM, 12 * MM, 4 * MM]}
SHEET = {"name": "patch", "axis": "z", "position": 0.0, "outline": RECTANGLE, "medium": "copper"}
BASE = {"name": "metal", "band": {"low": 2e9, "high": 4e9}, "media": {"copper": COPPER}, "grid": {"edge_size": 2 * MM, "absorber_cells": 6}}


def antenna(**parts):
    return described(copy.deepcopy(BASE | parts))


def medium_and_grid(one):
    grid = grid_of(one)
    return medium_of(one, grid), grid


def test_surface_of_a_box():
    """Its edges' widths sum up to its perimeter; inside are conductors and held faces."""
    medium, grid = medium_and_grid(antenna(solids=[SOLID]))
    strength = medium.dispersive["copper"].strength
    middle = np.argmin(abs(grid.coordinates("ez", 2) - 2 * MM))
    areas = np.multiply.outer(grid.lengths("ez", 0), grid.lengths("ez", 1))
    assert (strength["ez"][:, :, middle] * areas).sum() == pytest.approx(64 * MM, rel=1e-9)
    x, y = (np.argmin(abs(grid.coordinates("ez", a) - m * MM)) for a, m in ((0, 10), (1, 6)))
    assert medium.conductor["ez"][x, y, middle]
    assert all(np.any(values > 1e9) for values in medium.permeability.values())
    assert not any(np.any(strength[c] * medium.conductor[c]) for c in grid.electric)
    assert medium.dispersive["copper"].material == conducting_surface(5.8e7, (2e9, 4e9))[0]


def test_surface_of_a_sheet():
    """One over the dual length across it, the half of that on its border, none beside it or across it."""
    medium, grid = medium_and_grid(antenna(sheets=[SHEET | {"thickness": 3e-6, "sides": 2}]))
    part = medium.dispersive["sheet 'patch'"]
    z = np.argmin(abs(grid.coordinates("ex", 2)))
    across = part.strength["ex"][:, :, z] * grid.lengths("ex", 2)[z]
    x, y = grid.coordinates("ex", 0)[:, None], grid.coordinates("ex", 1)
    inside, tiny = (x > 0) & (x < 20 * MM), 0.01 * MM
    assert np.allclose(across, np.where(inside & (y > tiny) & (y < 12 * MM - tiny), 1.0, 0.5 * (inside & ((abs(y) < tiny) | (abs(y - 12 * MM) < tiny)))))
    assert not np.any(part.strength["ez"]) and not np.any(medium.conductor["ex"])
    assert part.material == conducting_surface(5.8e7, (2e9, 4e9), 3e-6, 2)[0]


@pytest.mark.parametrize("kind", [{"thickness": 3e-6, "sides": 2}, {"medium": "pec", "resistance": 50.0}])
def test_overlapping_and_abutting_sheets_are_as_one(kind):
    """Whether drawn as one, as two that meet between nodes, or as two of which one reaches into the other."""

    def conductivity(*spans):
        parts = [{"name": str(n), "outline": RECTANGLE | {"lower": [a * MM, 0.0], "upper": [b * MM, 12 * MM]}} for n, (a, b) in enumerate(spans)]
        one = antenna(sheets=[SHEET | kind | part for part in parts])
        medium = medium_of(one, grid)
        carried = {c: sum((part.strength[c] for part in medium.dispersive.values()), np.zeros(grid.shape)) for c in grid.electric}
        return {c: carried[c] + medium.conductivity[c] for c in grid.electric}

    grid = grid_of(antenna(sheets=[SHEET | kind, SHEET | kind | {"name": "cut", "outline": RECTANGLE | {"upper": [10 * MM, 12 * MM]}}]))
    whole = conductivity((0, 20))
    assert np.any(whole["ex"])
    for spans in [((0, 10), (10, 20)), ((0, 14), (10, 20)), ((0, 20), (0, 10)), ((0, 20), (6, 14))]:
        assert all(np.allclose(values, whole[c], rtol=1e-12) for c, values in conductivity(*spans).items())


@pytest.mark.parametrize("kind", ["solid", "sheet"])
def test_metal_goes_on_as_a_perfect_conductor_into_layers(kind):
    """Through an open face of the domain, where neither dispersion nor permeability may be."""
    domain = {"lower": [0.0, -6 * MM, -10 * MM], "upper": [20 * MM, 18 * MM, 14 * MM]}
    parts = {"solids": [SOLID]} if kind == "solid" else {"sheets": [SHEET]}
    medium, grid = medium_and_grid(antenna(**parts, domain=domain))
    (part,) = medium.dispersive.values()
    absorbed = grid.coordinates("ex", 0) > 20.01 * MM
    assert np.any(part.strength["ex"][~absorbed]) and not np.any(part.strength["ex"][absorbed])
    assert np.any(medium.conductor["ex"][absorbed])
    assert all(np.all(values[grid.coordinates(c, 0) > 20.01 * MM] == 1) for c, values in medium.permeability.items())


def test_a_port_ends_on_a_sheet_of_finite_conductivity():
    other = SHEET | {"name": "ground", "position": -2 * MM}
    port = {"name": "feed", "axis": "z", "center": [10 * MM, 6 * MM, -MM], "size": [0.0, 0.0, 2 * MM]}
    assert build(antenna(sheets=[SHEET, other], ports=[port])).medium
    with pytest.raises(InputError, match="metal at the low end"):
        assert build(antenna(sheets=[SHEET], ports=[port])).medium


@pytest.mark.parametrize("face,refused", [("ground", 10e-6), ("symmetry", 5e-6), ("open", 0.0)])
def test_thin_solids_at_faces_of_the_domain(face, refused):
    """Refused up to seven skin depths, 10.3 um at 2 GHz: with the image at a plane of symmetry, never where they go on."""
    for thickness in (3e-6, 5e-6, 6e-6, 10e-6, 11e-6):
        parts = {"solids": [SOLID | {"upper": [20 * MM, 12 * MM, thickness]}], "grid": {"edge_size": 2 * MM, "smallest": 1e-6, "absorber_cells": 6},
                 "boundaries": {"z": [face, "open"]}, "domain": {"lower": [-6 * MM, -6 * MM, 0.0], "upper": [26 * MM, 18 * MM, 10 * MM]}}  # fmt: skip
        one = antenna(**parts)
        if thickness <= refused:
            with pytest.raises(InputError, match="7 skin depths"):
                medium_and_grid(one)
        else:
            assert medium_and_grid(one)


@pytest.mark.parametrize(
    "parts,words",
    [
        ({"media": {"copper": {"metal": True}}}, "a conductivity and nothing else"),
        ({"media": {"copper": COPPER | {"permittivity": 2.0}}}, "a conductivity and nothing else"),
        ({"sheets": [SHEET | {"medium": "gold"}]}, "a metal among the media"),
        ({"sheets": [SHEET | {"resistance": 50.0}]}, "a resistance or a medium"),
        ({"sheets": [SHEET | {"medium": "pec", "thickness": 1e-5}]}, "a metal of finite conductivity"),
        ({"solids": [{"name": "ball", "shape": "sphere", "medium": "copper", "center": [0.0] * 3, "radius": 5 * MM}]}, "flat faces"),
        ({"solids": [SOLID | {"upper": [20 * MM, 12 * MM, 3e-6]}], "grid": {"edge_size": 2 * MM, "smallest": 1e-6}}, "as sheets"),
        ({"media": {"copper": COPPER | {"conductivity": 5.0}}}, "lossy dielectric"),
        ({"sheets": [SHEET, SHEET | {"name": "film", "medium": "pec", "resistance": 50.0}]}, "sheets 'patch' and 'film'"),
        ({"sheets": [SHEET, SHEET | {"name": "thin", "thickness": 1e-6}]}, "sheets 'patch' and 'thin'"),
    ],
)
def test_bad_input(parts, words):
    with pytest.raises(InputError, match=words):
        build(antenna(**({"solids": [SOLID]} | parts)))
