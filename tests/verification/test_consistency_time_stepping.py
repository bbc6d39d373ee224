"""Time steppers: declared verdicts, transposed programs by Taylor tests, order conditions, and faults that are
classed otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from adjointdesign.verification.consistency import run_case
from adjointdesign.verification.consistency.families import control_problem, leapfrog, runge_kutta_gradients, time_stepping
from adjointdesign.verification.consistency.families.runge_kutta import (
    SCHEMES,
    Tableau,
    classical_order,
    control_order,
    stage_order,
)
from adjointdesign.verification.taylor import taylor_along

CASES = {case.name: case for case in time_stepping.CASES}
EQUATIONS = {"logarithmic": control_problem.LOGARITHMIC, "linear": control_problem.LINEAR}


@pytest.mark.parametrize("name", CASES)
def test_every_case_ends_as_declared(name):
    outcome = run_case(CASES[name])
    assert outcome.passed, outcome.wrong


def test_which_schemes_drop():
    """Butcher's orders, Hager's (zero: does not converge), and those of stages; Hager proves that RK4 keeps its
    four."""
    orders = {name: (classical_order(s), control_order(s), stage_order(s)) for name, s in SCHEMES.items()}
    assert orders == {
        "euler": (1, 1, 1),
        "midpoint": (2, 0, 0),
        "heun": (2, 2, 2),
        "kutta3": (3, 3, 2),
        "ssprk3": (3, 2, 1),
        "rk4": (4, 4, 2),
    }


@pytest.mark.parametrize("name", ["kutta3", "ssprk3", "rk4"])
def test_conditions_are_those_of_the_partner_scheme(name):
    """The costates' partner scheme by itself: sum b_i cbar_i^2 = 1/3 is what the condition with d_i^2 / b_i stands
    for."""
    scheme = SCHEMES[name]
    partner = scheme.b - scheme.b * scheme.a.T / scheme.b[:, None]
    bushy = scheme.b @ partner.sum(axis=1) ** 2
    assert (abs(bushy - 1 / 3) < 1e-14) == (control_order(scheme) >= 3)


def test_the_partner_of_heun_shares_its_error_of_leading_order():
    scheme = SCHEMES["heun"]
    partner = scheme.b - scheme.b * scheme.a.T / scheme.b[:, None]
    assert np.allclose(partner.sum(axis=1), scheme.c, atol=1e-15)
    assert scheme.b @ partner @ scheme.c == pytest.approx(scheme.b @ scheme.a @ scheme.c, abs=1e-15)


def test_a_changed_coefficient_loses_the_order():
    kutta = SCHEMES["kutta3"]
    changed = Tableau("", kutta.a * 1.01, kutta.b)
    assert classical_order(changed) == 1 and control_order(changed) == 1


@pytest.mark.parametrize("equation", EQUATIONS)
@pytest.mark.parametrize("name", SCHEMES)
def test_transposed_steps(name, equation, monkeypatch):
    scheme, equation, rng = SCHEMES[name], EQUATIONS[equation], np.random.default_rng(0)
    u = rng.uniform(-1, 0.5, (6, scheme.b.size))
    du, dp = rng.standard_normal(u.shape), rng.standard_normal(3)
    gradient, parameters = control_problem.reverse(equation, scheme, u)

    def path(h):
        with monkeypatch.context() as patch:
            patch.setattr(control_problem, "A", 0.5 + h * dp[1])
            patch.setattr(control_problem, "Q", 2.0 + h * dp[2])
            moved = replace(equation, start=equation.start + h * dp[0])
            return float(control_problem.program(moved, scheme, u + h * du)[0])

    assert taylor_along(path, np.sum(gradient * du) + parameters @ dp).passed
    assert not taylor_along(path, 1.001 * np.sum(gradient * du) + parameters @ dp).passed


@pytest.mark.parametrize("velocity", ["", "centered", "one-sided"])
def test_transposed_leapfrog(velocity):
    """The objective is affine in the source, so its gradient is exact at any step."""
    gradient = leapfrog.reverse(12, velocity)
    change = np.random.default_rng(0).standard_normal(gradient.shape)
    difference = leapfrog.program(12, velocity, change) - leapfrog.program(12, velocity)
    assert np.sum(gradient * change) == pytest.approx(difference, rel=1e-12)


def test_closed_forms():
    """Against programs of fourth order: the smallest J in closed form, by no step of its derivation."""
    u = runge_kutta_gradients.discrete_optimum(control_problem.LOGARITHMIC, SCHEMES["rk4"], 20)
    smallest, _, _ = control_problem.program(control_problem.LOGARITHMIC, SCHEMES["rk4"], u)
    assert float(smallest) == pytest.approx(control_problem.riccati(0.5, 2.0) / 2, rel=1e-5)


def test_faults_are_classed_otherwise(monkeypatch):
    with monkeypatch.context() as patch:
        line = lambda t, values, slopes: np.interp(t, np.linspace(0, 1, len(values)), values)
        patch.setattr(runge_kutta_gradients, "_hermite", line)
        outcome = run_case(CASES["rk-direction-rk4"])
    assert outcome.comparison.orders["continuous"].order == pytest.approx(2, abs=0.1) and not outcome.passed
    with monkeypatch.context() as patch:
        good = runge_kutta_gradients.adjoint_gradient
        patch.setattr(
            runge_kutta_gradients, "adjoint_gradient", lambda s, n, t: 2 * control_problem.control(t) - good(s, n, t)
        )
        outcome = run_case(CASES["rk-direction-heun"])
    assert outcome.comparison.verdict.name == "inconsistent" and not outcome.passed
    with monkeypatch.context() as patch:
        good = leapfrog.adjoint
        patch.setattr(leapfrog, "adjoint", lambda *which: np.roll(good(*which), -1, axis=0))
        outcome = run_case(CASES["leapfrog-displacement"])
    assert outcome.comparison.verdict.name == "convergent" and outcome.comparison.orders[
        "difference"
    ].order == pytest.approx(1, abs=0.1)
