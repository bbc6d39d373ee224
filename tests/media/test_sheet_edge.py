"""Edges of sheets between nodes: a stripline of any width against its closed form, and exact derivatives."""

import numpy as np
import pytest
from autograd.test_util import check_grads
from scipy import sparse
from scipy.sparse.linalg import spsolve
from scipy.special import ellipk

from adjointdesign.errors import InputError
from adjointdesign.media.sheet_edge import edge_factor, edge_position, strip_factors
from adjointdesign.verification.orders import observed_order


def closed_form(width):
    """``C / eps0 = 4 K(k') / K(k)`` of a strip midway between planes a unit apart, ``k = sech(pi w / 2)``.

    S. B. Cohn, IRE Trans. Microw. Theory Tech. 3, 119 (1955).
    """
    m = 1 / np.cosh(np.pi * width / 2) ** 2
    return 4 * ellipk(1 - m) / ellipk(m)


def capacitance(low, high, dx, dy, corrected=True):
    """Of the strip by the static equations of the lattice: nodes from -2 to 2 and up to the upper plane, mirrored below."""
    lines = np.arange(-2, 2 + dx / 2, dx)
    if corrected:
        metal, factors = strip_factors(low, high, lines, dy / dx)
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
    return 2 * potential @ (matrix @ potential)


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


def test_positions_are_those_of_the_factors():
    assert edge_position(1.0, 1.0) == pytest.approx(0.3536, abs=2e-4)
    for ratio in (0.4, 1.0, 2.5):
        for position in edge_position(1.0, ratio) + np.array([-0.15, 0.0, 0.4]):
            assert edge_position(float(edge_factor(position, ratio)), ratio) == pytest.approx(position, abs=1e-5)
    # An infinitely strong link is one more cell of metal.
    assert edge_position(1e6, 1.0) == pytest.approx(1 + edge_position(1.0, 1.0), abs=1e-4)


def test_factors_are_twice_differentiable_in_the_edges():
    lines = np.linspace(0.0, 1.0, 21)
    check_grads(lambda low: np.array([1.0, 2.0]) @ strip_factors(low, 0.71, lines, 1.0)[1].reshape(2, -1) ** 2, modes=["rev"], order=2)(0.2312)
    check_grads(lambda high: strip_factors(0.2, high, lines, 1.0)[1], modes=["rev"], order=2)(0.683)


def test_factors_stay_near_one_and_edges_are_found_again():
    lines = np.linspace(0.0, 1.0, 21)
    for high in np.linspace(0.5, 0.6, 23):
        metal, factors = strip_factors(0.2, high, lines, 1.0)
        last = np.flatnonzero(metal)[-1]
        assert 0.25 < factors[last] < 4
        assert lines[last] + 0.05 * edge_position(factors[last], 1.0) == pytest.approx(high, abs=1e-6)


@pytest.mark.parametrize("low,high", [(0.51, 0.53), (-0.1, 0.5), (0.5, 1.2)])
def test_strips_that_cannot_be_are_refused(low, high):
    with pytest.raises(InputError, match="edges of a strip|sheet's edge"):
        strip_factors(low, high, np.linspace(0.0, 1.0, 21), 1.0)
    with pytest.raises(InputError, match="cells at the edge of a sheet"):
        strip_factors(0.2, 0.7, np.linspace(0.0, 1.0, 21), 0.2)
