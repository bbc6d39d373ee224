"""Sheets of several rectangles: what is metal, what is joined, and derivatives."""

import numpy as np
import pytest
from autograd import numpy as anp
from autograd.test_util import check_grads

from adjointdesign.errors import InputError
from adjointdesign.media.sheet import METAL, sheet
from adjointdesign.media.sheet_edge import strip_factors

X, Y = np.linspace(0.0, 3.0, 31), np.linspace(0.0, 2.0, 21)


def test_a_rectangle_is_two_strips():
    made = sheet([(0.52, 2.31, 0.44, 1.63)], X, Y, (1.0, 1.0))
    nodes_x, factors_x = strip_factors(0.52, 2.31, X, 1.0)
    nodes_y, factors_y = strip_factors(0.44, 1.63, Y, 1.0)
    inside = nodes_x[1:] & nodes_x[:-1]
    assert made.along_x.shape == (30, 21) and made.along_y.shape == (31, 20) and made.faces.shape == (30, 20)
    assert np.array_equal(made.along_x == METAL, inside[:, None] & nodes_y)
    beside = np.flatnonzero(factors_x != 1)
    assert np.allclose(made.along_x[beside][:, nodes_y], factors_x[beside, None])
    assert np.all(made.along_x[:, ~nodes_y] == 1)
    rows = nodes_y[1:] & nodes_y[:-1]
    assert np.allclose(made.faces[beside][:, rows] * factors_x[beside, None], 1.0)
    columns = np.flatnonzero(factors_y != 1)
    assert np.allclose(made.faces[np.ix_(inside, columns)] * factors_y[columns], 1.0)
    assert np.all(made.faces[np.ix_(inside, rows)] == 1)


def test_touching_rectangles_are_one_sheet():
    """A strip that runs into a patch: no gap and no factor where they meet, wherever the meeting is between nodes."""
    whole = sheet([(0.52, 2.31, 0.44, 1.63)], X, Y, (1.0, 1.0))
    halves = sheet([(0.52, 1.234, 0.44, 1.63), (1.234, 2.31, 0.44, 1.63)], X, Y, (1.0, 1.0))
    for one, other in zip(whole, halves):
        assert np.allclose(one, other)
    fed = sheet([(0.52, 2.31, 0.44, 1.63), (0.0 + 0.2, 0.7, 0.95, 1.15)], X, Y, (1.0, 1.0))
    assert np.count_nonzero(fed.along_x == METAL) > np.count_nonzero(whole.along_x == METAL)


@pytest.mark.parametrize("ratio", [0.4, 0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("seam", [1.2, 1.23, 1.27])
def test_seams_leave_no_slit(ratio, seam):
    """On a node and off it, across x and across y, with cells of any shape."""
    whole = sheet([(0.52, 2.31, 0.44, 1.63)], X, Y, (ratio, ratio))
    for halves in ([(0.52, seam, 0.44, 1.63), (seam, 2.31, 0.44, 1.63)], [(0.52, 2.31, 0.44, seam), (0.52, 2.31, seam, 1.63)]):
        for one, other in zip(whole, sheet(halves, X, Y, (ratio, ratio))):
            assert np.allclose(one, other)


def test_derivatives_in_every_side():
    weights = [np.random.default_rng(0).standard_normal(s) for s in ((30, 21), (31, 20), (30, 20))]

    def total(sides):
        made = sheet([tuple(sides[:4]), (sides[4], 0.7, 0.93, sides[5])], X, Y, (1.0, 0.8))
        return sum(anp.sum(w * anp.where(part == METAL, 0.0, part)) for w, part in zip(weights, made))

    check_grads(total, modes=["rev"], order=2)(np.array([0.52, 2.31, 0.44, 1.63, 0.21, 1.17]))


def test_gaps_that_the_grid_cannot_tell_are_refused():
    with pytest.raises(InputError, match="gap in a sheet"):
        sheet([(0.5, 1.21, 0.44, 1.63), (1.25, 2.3, 0.44, 1.63)], X, Y, (1.0, 1.0))
