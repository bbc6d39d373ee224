"""Edges of sheets between nodes: a stripline of any width against its closed form, and exact derivatives."""

import numpy as np
import pytest
from autograd import elementwise_grad
from autograd import numpy as anp
from autograd.test_util import check_grads
from scipy import sparse
from scipy.sparse.linalg import spsolve
from scipy.special import ellipk

from adjointdesign.errors import InputError
from adjointdesign.media.sheet import METAL
from adjointdesign.media.sheet_edge import edge_position, edge_progress, strip
from adjointdesign.verification.orders import observed_order


def closed_form(width):
    """``C / eps0 = 4 K(k') / K(k)`` of a strip midway between planes a unit apart, ``k = sech(pi w / 2)``.

    S. B. Cohn, IRE Trans. Microw. Theory Tech. 3, 119 (1955).
    """
    m = 1 / np.cosh(np.pi * width / 2) ** 2
    return 4 * ellipk(1 - m) / ellipk(m)


def capacitance(low, high, dx, dy, corrected=True):
    """Of the strip by the static equations of the lattice: nodes from -3 to 3 and up to the upper plane, mirrored below."""
    lines = np.arange(-3, 3 + dx / 2, dx)
    if corrected:
        links, nodes = strip(low, high, lines, dy / dx)
        factors = 1 / (1 - links + 1 / METAL)
        metal = nodes == 1
    else:
        metal, factors = (lines >= low) & (lines <= high), np.ones(len(lines) - 1)
    nx, ny = len(lines), round(0.5 / dy)
    index = np.arange(nx * ny).reshape(nx, ny)
    half = np.where(np.arange(ny) == 0, 0.5, 1.0)
    across = dy / dx * half * np.ones((nx - 1, 1))
    across[:, 0] *= factors
    up = np.full((nx, ny), dx / dy)
    diagonal = np.zeros((nx, ny))
    diagonal[:-1] += across
    diagonal[1:] += across
    diagonal[:, :-1] += up[:, :-1]
    diagonal[:, 1:] += up[:, :-1]
    diagonal[:, -1] += up[:, -1]
    pairs = [(index[:-1], index[1:], across), (index[:, :-1], index[:, 1:], up[:, :-1])]
    rows = np.concatenate([index.ravel(), *(x.ravel() for p, q, _ in pairs for x in (p, q))])
    columns = np.concatenate([index.ravel(), *(x.ravel() for p, q, _ in pairs for x in (q, p))])
    values = np.concatenate([diagonal.ravel(), *(-x.ravel() for *_, g in pairs for x in (g, g))])
    matrix = sparse.csc_array((values, (rows, columns)))
    held = np.zeros((nx, ny), bool)
    held[metal, 0] = True
    held = held.ravel()
    potential = held.astype(float)
    potential[~held] = spsolve(matrix[~held][:, ~held].tocsc(), -(matrix[~held][:, held] @ np.ones(held.sum())))
    potential = potential.reshape(nx, ny)  # energy link by link: no differences of large numbers
    stored = np.sum(across * np.diff(potential, axis=0) ** 2) + np.sum(up[:, :-1] * np.diff(potential, axis=1) ** 2)
    return 2 * (stored + np.sum(up[:, -1] * potential[:, -1] ** 2))


@pytest.mark.parametrize("ratio", [0.5, 1.0, 2.0])
def test_a_strip_of_any_width_has_its_capacitance(ratio):
    """Second order in the cells, where the same strip on whole cells is of first order and ten times and more off."""
    edges = np.random.default_rng(1).uniform(0.4, 0.6, (8, 2)) * [-1, 1]
    counts, errors, plain = (8, 16, 32), [], []
    for n in counts:
        dy = 0.5 / n
        dx = dy / ratio
        found = [abs(capacitance(*e, dx, dy) / closed_form(e[1] - e[0]) - 1) for e in edges]
        errors.append(np.sqrt(np.mean(np.square(found))))
        plain.append(np.sqrt(np.mean([(capacitance(*e, dx, dy, False) / closed_form(e[1] - e[0]) - 1) ** 2 for e in edges])))
    assert observed_order([1 / n for n in counts], errors).order > 1.7
    assert errors[-1] < 0.1 * plain[-1] and errors[-1] < 1e-3


def test_positions_are_those_of_the_progress():
    assert edge_position(0.0, 1.0) == pytest.approx(-np.sqrt(2) / 4, abs=3e-6)
    for ratio in (0.25, 0.4, 1.0, 2.5, 4.0):
        progress = np.linspace(0.01, 0.99, 9)
        positions = np.array([edge_position(u, ratio) for u in progress])
        assert np.all(np.diff(positions) > 0)
        found = edge_progress(positions, ratio)
        assert [edge_position(u, ratio) for u in found] == pytest.approx(positions, abs=1e-4)
        assert edge_progress(positions + 3, ratio) == pytest.approx(found + 3, abs=1e-12)
        # Metal that has come one link further ends one cell further.
        assert edge_position(1.0, ratio) == pytest.approx(1 + edge_position(0.0, ratio), abs=3e-5)


def test_strips_are_twice_differentiable_in_their_edges():
    """On a node too, and where one link is done and the next begins."""
    lines, weights = np.linspace(0.0, 1.0, 21), np.random.default_rng(0).standard_normal(41)

    def of(low, high):
        return weights @ anp.concatenate(strip(low, high, lines, 1.0)) ** 2

    for high in (0.683, 0.707, 0.7):
        check_grads(lambda x: of(0.2312, x), modes=["rev"], order=2)(high)
    for low in (0.2312, 0.263, 0.25):
        check_grads(lambda x: of(x, 0.71), modes=["rev"], order=2)(low)
    # Where one link is done and the next begins: second derivatives from both sides agree.
    handover = float(lines[14] + 0.05 * edge_position(0.0, 1.0))
    curvature = elementwise_grad(elementwise_grad(lambda x: of(0.2312, x)))
    assert curvature(handover - 1e-9) == pytest.approx(curvature(handover + 1e-9), rel=1e-3)


def test_nothing_jumps_as_an_edge_moves_over_the_nodes():
    dy = 0.5 / 4
    high = np.linspace(0.45, 0.45 + 2 * dy, 81)
    found = np.array([capacitance(-0.52, x, dy, dy) for x in high])
    slopes = np.diff(found) / np.diff(high)
    assert slopes.max() / slopes.min() < 1.15 and np.abs(np.diff(slopes)).max() < 0.02 * slopes.mean()


@pytest.mark.parametrize("low,high", [(0.51, 0.53), (-0.1, 0.5), (0.5, 1.2)])
def test_strips_that_cannot_be_are_refused(low, high):
    with pytest.raises(InputError, match="edges of a strip"):
        strip(low, high, np.linspace(0.0, 1.0, 21), 1.0)
    for ratio in (0.0, 0.2, -1.0, 5.0, np.nan):
        with pytest.raises(InputError, match="cells at the edge of a sheet"):
            strip(0.2, 0.7, np.linspace(0.0, 1.0, 21), ratio)
