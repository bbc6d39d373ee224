"""The patch antenna: its derivative against central differences, its plane of symmetry, its exported file, its refusals."""

import numpy as np
import pytest
from autograd import numpy as anp
from adjointdesign.problems.antennas.describe import simulate
from adjointdesign.problems.antennas.geometry.description import described
from adjointdesign.problems.antennas.patch_antenna import NAMES, STEPS, Patch

from adjointdesign.errors import InputError
from adjointdesign.objectives.s_parameters import decibels
from adjointdesign.problem import value_and_gradient
from adjointdesign.tape import Array, Control, ReducedFunctional, recording, taped

SMALL = {"cell": 2e-3, "layers": 1, "cells_per_wavelength": 10, "absorber_cells": 5, "padding": 12e-3, "periods": 3, "decay": 1e-9}


sum_of = taped(lambda values: anp.sum(values))


def patch(specification=None, **discretization):
    given = {"gap": (4e-3, 6e-3), "margin": 5e-3, "feed_length": 5e-3, "line_width": 4.5e-3, "overhang": 4e-3} | (specification or {})
    return Patch(Patch.Specification(**given), Patch.Discretization(**SMALL | discretization), Patch.Optimization())


@pytest.mark.slow
def test_derivative_with_every_dimension():
    """Central differences in double precision: S11 with the length, the objective with all dimensions, the substrate among them."""
    problem = patch({"offset": (-1e-3, 2e-3), "permittivity": (3.0, 3.8), "width": (34e-3, 48e-3)})
    assert problem.free == NAMES and not problem.layout.half
    rng = np.random.default_rng(1)
    at = problem.initial_design(rng) + 1.0
    step, every = 3e-3, rng.standard_normal(len(NAMES))
    _, jacobian, *_ = value_and_gradient(problem, at)
    difference = sum(s * float(problem.evaluate(at + s * step * every).objective) for s in (1, -1)) / (2 * step)
    assert jacobian[0] @ every == pytest.approx(difference, rel=1e-5)
    with recording() as tape:
        control = Array(at)
        matched = sum_of(decibels(problem.respond(problem.density(control, {}))["reflection"]))
        derivative = ReducedFunctional(matched, Control(control), tape=tape).derivative().data[0]
    length = np.eye(len(NAMES))[0]
    difference = sum(s * float(problem.evaluate(at + s * step * length).readings["S11"][0]) for s in (1, -1)) / (2 * step)
    assert derivative == pytest.approx(difference, rel=1e-5)


@pytest.mark.slow
def test_half_a_patch_is_the_whole_one(monkeypatch):
    monkeypatch.setattr(Patch, "_extremes", lambda self: [])  # so that both have one time step
    half, whole = patch(courant=0.8), patch({"offset": (0.0, 1e-13)}, courant=0.8)
    assert half.layout.half and not whole.layout.half
    at = half.initial_design(None)
    one, other = half.evaluate(at).readings, whole.evaluate(np.append(at, 0.0)).readings
    assert np.allclose(one["reflection"], other["reflection"], atol=1e-6)
    assert np.allclose(one["gain"], other["gain"], atol=1e-5)


def test_the_outline_is_the_rectangles():
    from matplotlib.path import Path

    problem = patch({"offset": (-1e-3, 1e-3)})
    *sides, _ = np.asarray(problem.density(np.full(5, 0.4 * STEPS), {}))
    x, y = points = np.random.default_rng(0).uniform([[-6e-3], [-25e-3]], [[45e-3], [25e-3]], (2, 4000))
    inside = np.zeros(4000, bool)
    for left, right, low, high in problem.layout.rectangles(*sides):
        inside |= (x > left) & (x < right) & (y > low) & (y < high)
    assert 1000 < inside.sum() < 3000
    assert np.array_equal(Path(problem.layout.outline(*sides)).contains_points(points.T), inside)


@pytest.mark.slow
def test_the_exported_patch_resonates_where_the_design_does(tmp_path):
    """Simulated from its description on a grid of its own."""
    frequencies = tuple(np.linspace(2.2e9, 2.7e9, 51))
    problem = patch({"frequencies": frequencies, "loss_tangent": 0.05}, cell=1.6e-3, periods=25, decay=1e-6)
    at = problem.initial_design(None)
    own = np.abs(problem.evaluate(at).readings["reflection"])
    results = simulate(described(problem.describe(at, tmp_path)))
    found = results.model.frequencies[np.argmin(np.abs(results.s_parameters[:, 0, 0]))]
    assert found == pytest.approx(frequencies[np.argmin(own)], rel=0.005)


@pytest.mark.parametrize(
    ("specification", "discretization", "match"),
    [
        ({"length": (38e-3, 28e-3)}, {}, "specification.length: expected the smaller value first"),
        ({"gap": (1e-3, 5e-3)}, {}, "specification.gap: expected at least 0.004 m"),
        ({"length": (16e-3, 38e-3)}, {}, "specification.length less the largest inset"),
        ({n: (s, s) for n, s in (("length", 33e-3), ("width", 40e-3), ("inset", 9e-3), ("gap", 5e-3))}, {}, "a range for one of"),
        ({}, {"layers": 4}, "discretization.cell: expected cells 0.25 to 4 times"),
        ({}, {"cells_per_wavelength": 60}, "discretization.cell along x: expected no more"),
        ({"far_frequencies": ()}, {}, "specification.far_frequencies"),
        ({"directions": ((120.0, 0.0),)}, {}, "specification.directions: expected angles above the ground"),
        ({"width": (22e-3, 40e-3)}, {}, "specification.width halved"),
        ({"overhang": 2e-3}, {}, "specification.overhang"),
    ],
)
def test_what_cannot_be_is_refused(specification, discretization, match):
    with pytest.raises(InputError, match=match):
        patch(specification, **discretization).prepare()
