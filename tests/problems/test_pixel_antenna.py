"""The pixel antenna: its gradient, what metal and insulator lose, its map from pixels to edges, its exported file, its refusals."""

from itertools import product

import gdstk
import numpy as np
import pytest
from adjointdesign.problems.antennas.describe import simulate
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.pixel_antenna import INSULATOR, METAL, PixelAntenna
from adjointdesign.problems.antennas.pixel_metal import chosen, contacts, read_metal, write_metal
from adjointdesign.problems.antennas.pixel_settings import PixelStage

from adjointdesign.errors import InputError
from adjointdesign.problem import value_and_gradient
from adjointdesign.report.deliverables.gds import save_cells

SMALL = {"width": 16e-3, "height": 12e-3, "pixel": 2e-3, "frequencies": (4e9, 6e9)}
FAST = {"cell": 2e-3, "cells_per_wavelength": 10, "absorber_cells": 5, "padding": 12e-3, "decay": 1e-4, "periods": 8, "refinement": 1.0}


def antenna(specification=None, discretization=None, **optimization):
    return PixelAntenna(
        PixelAntenna.Specification(**SMALL | (specification or {})), PixelAntenna.Discretization(**FAST | (discretization or {})),
        PixelAntenna.Optimization(**{"stages": [PixelStage(radius=5e-3, steepness=4.0)]} | optimization),
    )  # fmt: skip


@pytest.fixture(scope="module")
def small():
    return antenna()


def test_gradient_against_central_differences(small):
    rng = np.random.default_rng(3)
    at, direction = rng.uniform(0.3, 0.7, small.design_shape), rng.standard_normal(small.design_shape)
    _, jacobian, *_ = value_and_gradient(small, at)
    step = 1e-4
    difference = sum(s * float(small.evaluate(at + s * step * direction).objective) for s in (1, -1)) / (2 * step)
    assert jacobian[0] @ direction.ravel() == pytest.approx(difference, rel=1e-6)


def test_metal_and_insulator_lose_next_to_nothing_and_what_lies_between_nearly_all(small):
    """What goes in and does not come out, by the port and by the far-field box."""
    half, up = small.design_shape

    def loss(density):
        found = small.respond(np.full((2 * half, up), density))
        return 1 - np.abs(np.asarray(found["reflection"])) ** 2 - np.asarray(found["efficiency"])

    assert np.all(np.abs(loss(1.0)) < 5e-3) and np.all(np.abs(loss(0.0)) < 5e-3)
    assert np.all(loss(0.5) > 0.4)


def test_conductance_is_kept_from_pixels_to_edges(small):
    """The integral of the sheet conductance over the half simulated, by pixels and by the dual cells of either component."""
    half, up = small.design_shape
    density = np.random.default_rng(5).uniform(0, 1, (half, up))
    density = np.concatenate([density[::-1], density])
    pixels = np.sum(METAL**-1 * (METAL / INSULATOR) ** (1 - density[half:])) * small.specification.pixel**2
    grid, box = small.model.grid, small.solver().program.box
    for name, sigma in small.medium(density).items():
        component = "e" + name[-1]
        lengths = [grid.lengths(component, a)[box.slices[component][a]].copy() for a in range(3)]
        if component == "ez":  # half of the dual cells on the plane of symmetry
            lengths[0][0] /= 2
        found = np.einsum("ijk,i,j,k->", np.asarray(sigma), *lengths)
        assert found == pytest.approx(pixels, rel=1e-12)


def test_an_edge_between_metal_and_air_is_metal(small):
    half, up = small.design_shape
    density = np.zeros((2 * half, up))
    density[half - 2 : half + 2] = 1.0
    sigma = np.asarray(small.medium(density)["conductivity_z"])[:, 0, 1]
    assert sigma[2] == pytest.approx(sigma[1] / 2, rel=1e-6) and sigma[3] == pytest.approx(sigma[1] * METAL / INSULATOR, rel=1e-6)


def test_no_two_pixels_touch_at_a_corner_alone():
    rng = np.random.default_rng(7)
    half = rng.uniform(0, 1, (9, 14))
    density = np.concatenate([half[::-1], half])
    metal = chosen(density)
    assert len(contacts(density > 0.5)) > 0 and len(contacts(metal)) == 0
    assert np.array_equal(metal, metal[::-1]) and np.all(metal[density > 0.5])


PLACE = 1.25e-3, (-5e-3, 0.7e-3)
"""Pixel and origin: all numbers of a coordinate off any raster of a file's units but its own."""


def metal_with_an_island():
    """A ring that touches no side, with an island in its hole."""
    metal = np.zeros((8, 7), bool)
    metal[1:7, 1:6] = True
    metal[2:6, 2:5] = False
    metal[3:5, 3] = True
    return metal


def test_metal_from_its_file(tmp_path):
    metal, path = metal_with_an_island(), tmp_path / "metal.gds"
    write_metal(path, metal, *PLACE)
    assert np.array_equal(read_metal(path, metal.shape, *PLACE), metal)
    metal[0, 0] = True
    write_metal(path, metal, *PLACE)
    with pytest.raises(InputError, match="symmetric about x = 0, got a pixel of metal at x -5 to -3.75 mm"):
        read_metal(path, metal.shape, *PLACE)


def drawn(path, *rectangles):
    """A file of rectangles, (x, z) of two corners each in pixels of `PLACE` from its origin."""
    pixel, origin = PLACE
    cell = gdstk.Cell("TOP")
    for corners in rectangles:
        low, high = ((np.array(origin) + pixel * np.array(c)) * 1e6 for c in corners)
        cell.add(gdstk.rectangle(tuple(low), tuple(high), layer=1))
    save_cells(path, [cell])
    return path


def test_metal_drawn_twice_is_there_once(tmp_path):
    metal = np.zeros((8, 6), bool)
    metal[1:7, 1:4] = True
    found = drawn(tmp_path / "m.gds", ((1, 1), (5, 4)), ((3, 1), (7, 4)), ((3, 1), (7, 4)), ((2, 1), (3, 2)))
    assert np.array_equal(read_metal(found, metal.shape, *PLACE), metal)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        ((-1, 0), (9, 2), "metal that reaches to x 6.25 mm, z 3.2 mm"),
        ((3, 4), (5, 7.5), "within the designed region, x -5 to 5 mm, z 0.7 to 8.2 mm, got metal that reaches to x 1.25 mm, z 10.075 mm"),
        ((3, 1), (5, 1.5), "2 covered in part, the first to 0.5 of its area, at x -1.25 to 0 mm, z 1.95 to 3.2 mm"),
        ((2.998, 0), (5.002, 2), "4 covered in part, the first to 0.002 of its area"),
        ((3.002, 0), (4.998, 2), "2 covered in part, the first to 0.998 of its area"),
        ((0, -0.002), (8, 2), "metal that reaches to"),
    ],
)
def test_metal_that_is_not_whole_pixels_of_the_region_is_refused(tmp_path, low, high, words):
    """What would be left out or moved is told, with its place; drawn twice, it is there once."""
    path = drawn(tmp_path / "m.gds", ((3, 0), (5, 1)), (low, high), (low, high))
    with pytest.raises(InputError, match=words) as refusal:
        read_metal(path, (8, 6), *PLACE)
    assert "\n" not in str(refusal.value) and "evaluate FILE.toml" in str(refusal.value)


def test_rounding_of_coordinates_is_let_pass(tmp_path):
    """Sides off by nearly a thousandth of a pixel, inward and outward, at the border of the region too."""
    metal = np.zeros((8, 6), bool)
    metal[:, :2] = True
    off = 0.0009
    for sign in (-1, 1):
        path = drawn(tmp_path / "m.gds", ((0, 0), (8, 2 + sign * off)))
        assert np.array_equal(read_metal(path, metal.shape, *PLACE), metal)
    path = drawn(tmp_path / "m.gds", ((-off, -off), (8 + off, 2)))
    assert np.array_equal(read_metal(path, metal.shape, *PLACE), metal)


@pytest.mark.slow
def test_the_exported_antenna_is_the_design(tmp_path):
    """The whole antenna of perfect metal, from its file in open space, against the quarter with sheets of 0.01 ohm per square."""
    problem = antenna({"frequencies": (3e9, 4.5e9, 6e9)}, {"cell": 1e-3, "cells_per_wavelength": 8}, stages=[PixelStage(radius=4e-3, steepness=1e3)])
    half, up = problem.design_shape
    x, z = np.meshgrid(np.arange(half), np.arange(up), indexing="ij")
    at = np.where((x < 2 + z) & ~((x < 2) & (z > 2) & (z < 5)), 1.0, 0.0)  # a triangle with a hole
    description = problem.describe(at, tmp_path)
    own = problem.evaluate_file(tmp_path / "metal.gds")
    results = simulate(described(description, tmp_path))
    s11 = np.interp(problem.specification.frequencies, results.model.frequencies, 20 * np.log10(np.abs(results.s_parameters[:, 0, 0])))
    radiation = results.radiation(0)
    assert np.allclose(own["readings"]["S11"], s11, atol=0.5)
    assert np.allclose(own["readings"]["efficiency"], radiation["radiated"] / radiation["available"], atol=0.02)


@pytest.mark.parametrize(
    ("specification", "discretization", "words"),
    [
        ({"width": 15e-3}, {}, "specification.width: expected a whole number of pairs of pixels"),
        ({"height": 11e-3}, {}, "specification.height"),
        ({"feed": 3e-3}, {}, "specification.feed"),
        ({"feed": 12e-3}, {}, "specification.feed: expected less than"),
        ({"far_frequencies": (4e9,)}, {}, "specification.far_frequencies"),
        ({"width": 1.6, "height": 1.2}, {}, "specification.pixel: expected one that leaves at most"),
        ({}, {"padding": None}, "discretization.padding"),
        ({}, {"padding": 1.9e-3}, "discretization.padding: expected 0.004 m or more, 2 cells"),
        ({}, {"padding": 3.9e-3}, "discretization.padding"),
    ],
)  # fmt: skip
def test_bad_settings(specification, discretization, words):
    with pytest.raises(InputError, match=words) as caught:
        antenna(specification, discretization)
    assert "\n" not in str(caught.value)


def test_no_stage():
    with pytest.raises(InputError, match=r"optimization\.stages"):
        antenna(stages=[])


def test_pixels_are_whole_cells():
    """Whatever the largest cell: sides of pixels are nodes, and both edges of the gap."""
    for cell, pixel in product((2e-3, 1.3e-3), (1e-3, 2e-3)):
        problem = antenna({"pixel": pixel, "feed": 2 * pixel}, {"cell": cell})
        s = problem.specification
        wanted = (np.arange(round(8e-3 / pixel) + 1) * pixel, np.concatenate([[0.0], s.gap + np.arange(round(s.height / pixel) + 1) * pixel]))
        for axis, sides in zip((0, 2), wanted):
            lines = problem.model.grid.lines(axis)
            assert np.abs(lines[:, None] - sides).min(axis=0).max() < 1e-9
            assert np.diff(lines[lines < sides[-1] + 1e-9]).max() <= cell * (1 + 1e-9)
