"""Sheets of several rectangles: what is metal, what is joined, and derivatives."""

import numpy as np
import pytest
from autograd import numpy as anp
from autograd.test_util import check_grads

from adjointdesign.errors import InputError
from adjointdesign.media.sheet import METAL, sheet
from adjointdesign.media.sheet_edge import least_width, strip

X, Y = np.linspace(0.0, 3.0, 31), np.linspace(0.0, 2.0, 21)


def test_a_rectangle_is_two_strips():
    made = sheet([(0.52, 2.31, 0.44, 1.63)], X, Y, (1.0, 1.0))
    links_x, nodes_x = strip(0.52, 2.31, X, 1.0)
    links_y, nodes_y = strip(0.44, 1.63, Y, 1.0)
    assert made.along_x.shape == (30, 21) and made.along_y.shape == (31, 20) and made.faces.shape == (30, 20)
    inside = np.outer(links_x == 1, nodes_y == 1)
    assert np.count_nonzero(inside) > 100 and np.all(made.along_x[inside] == METAL)
    assert np.all(made.along_x[np.outer(links_x == 0, np.ones(21, bool))] == pytest.approx(1.0))
    beside = np.flatnonzero((links_x > 0) & (links_x < 1))
    rows = nodes_y == 1
    assert len(beside) >= 2 and np.allclose(made.along_x[beside][:, rows] * (1 - links_x[beside, None]), 1.0)
    # A wave along the edge keeps its speed.
    rows = links_y == 1
    assert np.allclose(made.faces[beside][:, rows] * made.along_x[beside][:, :-1][:, rows], 1.0)
    assert np.allclose(made.along_y[1:][beside[-1:]][:, rows], 1 / (1 - nodes_x[beside[-1] + 1]))


def test_overlapping_rectangles_are_one_sheet():
    """A strip that runs into a patch: no gap where they meet, wherever that is between nodes; sides in common count once."""
    whole = sheet([(0.52, 2.31, 0.44, 1.63)], X, Y, (1.0, 1.0))
    for seam in (1.2, 1.23, 1.27):
        for halves in ([(0.52, seam + 0.3, 0.44, 1.63), (seam, 2.31, 0.44, 1.63)], [(0.52, 2.31, 0.44, seam), (0.52, 2.31, seam - 0.25, 1.63)]):
            for one, other in zip(whole, sheet(halves, X, Y, (1.0, 1.0))):
                assert np.allclose(one, other, atol=0)
    fed = sheet([(0.52, 2.31, 0.44, 1.63), (0.2, 0.9, 0.9, 1.15)], X, Y, (1.0, 1.0))
    assert np.count_nonzero(fed.along_x == METAL) > np.count_nonzero(whole.along_x == METAL)


def test_derivatives_in_every_side():
    weights = [np.random.default_rng(0).standard_normal(s) for s in ((30, 21), (31, 20), (30, 20))]

    def total(sides):
        made = sheet([tuple(sides[:4]), (sides[4], 0.8, 0.93, sides[5])], X, Y, (1.0, 0.8))
        inverse = (1 / made.along_x, 1 / made.along_y, made.faces)  # of the order of one, metal or not
        return sum(anp.sum(w * part) for w, part in zip(weights, inverse))

    check_grads(total, modes=["rev"], order=2)(np.array([0.52, 2.31, 0.44, 1.63, 0.21, 1.17]))


@pytest.mark.parametrize("ratio", [0.3, 1.0, 3.0])
def test_the_narrowest_strips_and_seams_are_metal(ratio):
    """Wherever they lie between the nodes."""
    width = 0.1 * least_width(ratio)
    for low in np.linspace(0.5, 0.6, 21):
        made = sheet([(0.4, 1.2, low, low + width), (1.2 - width - 1e-12, 2.4, low, low + width)], X, Y, (ratio, ratio))
        assert np.any(np.all(made.along_x[7:21] == METAL, axis=0))  # one row, from end to end


@pytest.mark.parametrize("other", [(1.25, 2.3, 0.44, 1.63), (1.2, 2.3, 0.44, 1.63), (1.1, 2.3, 0.44, 1.63), (0.9, 2.3, 1.5, 1.8)])
def test_rectangles_that_nearly_touch_are_refused(other):
    with pytest.raises(InputError, match="rectangles of a sheet"):
        sheet([(0.5, 1.2, 0.44, 1.63), other], X, Y, (1.0, 1.0))


def test_uneven_cells_at_an_edge_are_refused():
    with pytest.raises(InputError, match="cells around the edge of a strip at 0.4 m: expected cells of one size"):
        sheet([(0.52, 2.31, 0.44, 1.63)], np.r_[X[:5], X[5:] + 0.04], Y, (1.0, 1.0))
