"""Waves in time: the cases, their discrete gradients against differences, and errors planted in them."""

from importlib.util import find_spec

import numpy as np
import pytest

from adjointdesign.verification.consistency import compare_samples, run_case
from adjointdesign.verification.consistency.families import line_waves
from adjointdesign.verification.consistency.families.line_waves import SOURCE, Line, by_complex_steps, medium, position
from adjointdesign.verification.consistency.families.waves import CASES

NEEDS_FIREDRAKE = pytest.mark.skipif(find_spec("firedrake") is None, reason="needs Firedrake")
LADDER = (40.0, 70.0, 100.0, 160.0)


def marks(case):
    return [NEEDS_FIREDRAKE, pytest.mark.slow] if case.needs else []


@pytest.mark.parametrize("case", [pytest.param(case, marks=marks(case), id=case.name) for case in CASES])
def test_case_ends_as_theory_says(case):
    outcome = run_case(case)
    assert outcome.passed, outcome.wrong


def test_complex_steps_are_the_derivatives_of_the_program():
    line = Line(40)
    where, step = line.spread(SOURCE, smooth=False), 1e-4
    found = by_complex_steps(line, where)
    nodes, middles = line_waves.directions(line.x)[1], line_waves.directions(line.middle)[4]

    def along_velocity(t):
        return line.objective(line.run(line_waves.rate(line.t), where, 1 / (1 + t * nodes) ** 2))

    def along_density(t):
        at_nodes = line_waves.directions(line.x)[4]
        return line.objective(line.run(line_waves.rate(line.t), where, 1 / (1 + t * at_nodes), 1 / (1 + t * middles)))

    for k, objective in ((1, along_velocity), (6 + 4, along_density)):
        assert found[k] == pytest.approx((objective(step) - objective(-step)) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("smooth", [False, True])
def test_the_place_of_the_source_has_the_derivative_of_the_program(smooth):
    line, step = Line(40), 1e-6
    j = [
        line.objective(line.run(line_waves.rate(line.t), line.spread(line_waves.BETWEEN + s, smooth)))
        for s in (step, -step)
    ]
    assert position(40, smooth).discrete[0] == pytest.approx((j[0] - j[1]) / (2 * step), rel=1e-6)


def verdict(samples):
    return compare_samples(LADDER, samples).verdict


def test_an_adjoint_one_step_late_is_of_first_order():
    late = verdict([medium(n, late=1) for n in LADDER])
    assert late.name == "convergent" and late.fit.order == pytest.approx(1, abs=0.2)


def test_an_adjoint_driven_by_the_seismogram_in_place_of_the_misfit_is_inconsistent(monkeypatch):
    right = Line.adjoint
    monkeypatch.setattr(
        Line, "adjoint", lambda line, p, late=0: right(line, p + line_waves.data(line.t)[:, None], late)
    )
    assert verdict([medium(n) for n in LADDER]).name == "inconsistent"


def test_density_that_moves_the_buoyancy_alone_is_inconsistent(monkeypatch):
    """The planted error of a density gradient at fixed bulk modulus, where the velocity is what is fixed."""

    def buoyancy_alone(line, where):
        right = by_complex_steps(line, where)
        at_middles = 1j * 1e-30 * line_waves.directions(line.middle)
        moved = line.objective(line.run(line_waves.rate(line.t), where, 1.0, 1 / (1 + at_middles))).imag / 1e-30
        return np.concatenate([right[:6], moved])

    monkeypatch.setattr(line_waves, "by_complex_steps", buoyancy_alone)
    assert verdict([medium(n) for n in LADDER]).name == "inconsistent"


@NEEDS_FIREDRAKE
@pytest.mark.slow
def test_elastic_gradients_are_those_of_the_program_and_errors_are_classed():
    from adjointdesign.verification.consistency.families import elastic_waves

    square, step = elastic_waves.Square(6), 1e-3
    solver = square.program()
    inputs = {name: function.dat.data_ro.copy() for name, function in square.medium.items()}
    along = elastic_waves.directions(*square.places)[2]
    gradient = elastic_waves.by_adjoint(solver, inputs)[0]
    for name in inputs:
        ahead, back = (
            elastic_waves.by_adjoint(solver, inputs | {name: inputs[name] + s * along})[1] for s in (step, -step)
        )
        assert along @ gradient[name] == pytest.approx((ahead - back) / (2 * step), rel=1e-4)

    right = elastic_waves.by_imaging(square)
    # A tenth of the time late: far from what the grid leaves.
    wrong = elastic_waves.by_imaging(square, late=square.steps // 10)
    found = np.concatenate([elastic_waves.directions(*square.places) @ gradient[name] for name in inputs])
    assert np.linalg.norm(right - found) < 0.2 * np.linalg.norm(found) < np.linalg.norm(wrong - found)
