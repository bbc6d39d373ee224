"""Where the components of the Yee grid are, and which storage holds them."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.grid.yee import COMPONENTS, OFFSETS, YeeGrid

GRID = YeeGrid((4, 3, 2), (1.0, 2.0, 4.0), (10.0, 20.0, 30.0), "3d")


def test_curls_meet_where_they_must():
    """Each component lies half a cell from both components that its curl differences: along the axes of difference."""
    for kind, other in (("e", "h"), ("h", "e")):
        for k, axis in enumerate("xyz"):
            for difference, source in (((k + 1) % 3, "xyz"[(k + 2) % 3]), ((k + 2) % 3, "xyz"[(k + 1) % 3])):
                gap = np.abs(np.subtract(OFFSETS[kind + axis], OFFSETS[other + source]))
                assert gap[difference] == 0.5 and gap.sum() == 0.5


@pytest.mark.parametrize("polarization", COMPONENTS)
def test_storage_holds_every_value_once(polarization):
    ndim = 3 if polarization == "3d" else 2
    grid = YeeGrid((4, 3, 2)[:ndim], (1.0, 2.0, 4.0)[:ndim], (10.0, 20.0, 30.0)[:ndim], polarization)
    assert grid.shape == (6, 5, 4)[:ndim]
    for c in grid.components:
        values = np.zeros(grid.shape)
        values[grid.interior(c)] = 1
        expected = np.prod([n + (OFFSETS[c][a] == 0) for a, n in enumerate(grid.cells)])
        assert values.sum() == expected
        for a in range(ndim):
            x = grid.coordinates(c, a)[grid.nodes(c, a)]
            half = OFFSETS[c][a] * grid.spacing[a]
            assert x[0] == grid.origin[a] + half
            assert x[-1] == grid.origin[a] + grid.extent[a] - half


def test_a_graded_grid_of_equal_cells_is_the_uniform_one():
    graded = YeeGrid.graded([GRID.lines(a) for a in range(3)])
    for c in GRID.components:
        for a in range(3):
            for what in ("coordinates", "borders", "lengths"):
                assert np.allclose(getattr(graded, what)(c, a), getattr(GRID, what)(c, a), rtol=1e-12, atol=1e-12)
    assert graded.cells == GRID.cells and np.allclose(graded.extent, GRID.extent)


def test_lengths_are_those_between_middles_and_between_nodes():
    lines = np.array([0.0, 1.0, 1.5, 3.5])
    grid = YeeGrid.graded((lines, lines), "ez")
    assert np.array_equal(grid.coordinates("hy", 0), [-0.5, 0.5, 1.25, 2.5, 4.5])
    assert np.array_equal(grid.lengths("hy", 0), [1.0, 1.0, 0.5, 2.0, 2.0])
    assert np.array_equal(grid.coordinates("ez", 0), [-1.0, 0.0, 1.0, 1.5, 3.5])
    assert np.array_equal(grid.lengths("ez", 0)[1:], [1.0, 0.75, 1.25, 2.0])
    assert grid.spacing == (0.5, 0.5) and grid.extent == (3.5, 3.5)


@pytest.mark.parametrize("positions", [[0.0], [0.0, 1.0, 1.0], [0.0, np.nan], [[0.0, 1.0]]], ids=str)
def test_bad_lines_are_refused(positions):
    with pytest.raises(InputError, match="lines along y"):
        YeeGrid.graded(([0.0, 1.0], positions), "ez")


def test_flat_index_is_that_of_c_order():
    values = np.arange(np.prod(GRID.shape)).reshape(GRID.shape)
    slots = np.ix_([1, 2], [0, 4], [3])
    assert np.array_equal(values.ravel()[GRID.flat_index(*slots)], values[slots])


def test_two_dimensions_are_stored_with_a_middle_axis_of_length_one():
    """C order must not change: compiled code and everything else index the same numbers."""
    grid = YeeGrid((4, 3), (1.0, 2.0), (0.0, 0.0), "hz")
    assert grid.as_storage(grid.shape) == (6, 1, 5)
    assert [grid.as_storage(grid.shape)[a] for a in grid.storage_axes] == list(grid.shape)
    assert GRID.as_storage(GRID.shape) == GRID.shape and GRID.storage_axes == (0, 1, 2)


@pytest.mark.parametrize(
    "arguments,message",
    [
        (((4, 3), (1.0, 1.0), (0.0, 0.0), "tm"), "ez, hz, 3d"),
        (((4, 3, 2), (1.0, 1.0), (0.0, 0.0), "ez"), "cells: expected 2 values"),
        (((4, 3), (1.0, 1.0, 1.0), (0.0, 0.0), "hz"), "spacing: expected 2 values"),
        (((4, 3, 2), (1.0, 1.0, 1.0), (0.0, 0.0), "3d"), "origin: expected 3 values"),
        (((4, 0), (1.0, 1.0), (0.0, 0.0), "ez"), "at least 1"),
        (((4, 3), (1.0, 0.0), (0.0, 0.0), "ez"), "positive lengths"),
        (((4, 3), (float("nan"), 1.0), (0.0, 0.0), "ez"), "positive lengths"),
    ],
)
def test_bad_grids_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        YeeGrid(*arguments)


@pytest.mark.parametrize(
    "cells, spacing, origin, named",
    [
        ((2.5, 3), (1.0, 1.0), (0.0, 0.0), "cells"),
        ((0, 3), (1.0, 1.0), (0.0, 0.0), "cells"),
        ((2, 3), (1.0, np.inf), (0.0, 0.0), "spacing"),
        ((2, 3), (1.0, -1.0), (0.0, 0.0), "spacing"),
        ((2, 3), (1.0, 1.0), (np.nan, 0.0), "origin"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(cells, spacing, origin, named):
    with pytest.raises(InputError, match=named):
        YeeGrid(cells, spacing, origin, "ez")
