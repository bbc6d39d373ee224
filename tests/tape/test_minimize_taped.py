"""`minimize` on functions with known minima, and where pyadjoint's own loses its result."""

import numpy as np
import pyadjoint
import pytest

from adjointdesign.errors import InputError
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, minimize, recording

START = np.array([-1.2, 1.0])


def rosenbrock(start=START, **keywords):
    with recording():
        x = Array(start)
        value = 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2
        return ReducedFunctional(value, Control(x), **keywords)


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "CG", "SLSQP", "TNC", "Newton-CG", "trust-constr", "COBYQA"])
def test_methods_find_the_minimum(method):
    """Rosenbrock, Comput. J. 3, 175 (1960): minimum 0 at (1, 1)."""
    options = {"maxiter": 2000} if method in ("CG", "trust-constr", "COBYQA") else None
    result = minimize(rosenbrock(), method=method, options=options, tol=1e-9)
    np.testing.assert_allclose(result.controls.data, 1.0, rtol=2e-3)


def test_result_is_kept_at_the_last_iteration():
    functional = rosenbrock()
    result = minimize(functional, options={"maxiter": 5})
    assert not result.converged and "LIMIT" in result.message
    assert result.value < float(functional(START)) / 5
    with pytest.raises(pyadjoint.SciPyConvergenceError):
        pyadjoint.minimize(rosenbrock(), options={"maxiter": 5})


def test_pyadjoints_own_minimize_works_and_may_not_reset_the_scale():
    found = pyadjoint.minimize(rosenbrock(), tol=1e-12)
    np.testing.assert_allclose(found.data, 1.0, rtol=1e-3)
    scaled = rosenbrock(scale=7.0)
    with pytest.raises(InputError, match="scale"):
        pyadjoint.minimize(scaled)
    assert scaled.scale == 7.0


def test_two_constraints_keep_their_own_jacobians():
    """min x + 2 y with x >= y^2 and y >= 1/2: both bind, at (1/4, 1/2). One Jacobian for both makes SLSQP fail."""
    with recording():
        x = Array(np.array([2.0, 1.0]))
        controls = Control(x)
        objective = ReducedFunctional(x[0] + 2.0 * x[1], controls)
        parabola = ReducedFunctional(x[0] - x[1] ** 2, controls)
        line = ReducedFunctional(x[1] - 0.5, controls)
    result = minimize(objective, "SLSQP", constraints=[("ineq", parabola), ("ineq", line)], tol=1e-12)
    assert result.converged
    np.testing.assert_allclose(result.controls.data, [0.25, 0.5], atol=1e-9)


def test_equality_constraint_and_bounds():
    """min x^2 + y^2 with x + y = 2 and x <= 1/2: at (1/2, 3/2)."""
    with recording():
        x, y = Array(np.array([0.0])), AdjFloat(0.1)
        controls = [Control(x), Control(y)]
        objective = ReducedFunctional((x**2).sum() + y**2, controls)
        plane = ReducedFunctional(x.sum() + y - 2.0, controls)
    result = minimize(objective, "SLSQP", bounds=([None, -5.0], [np.array([0.5]), None]), constraints=[("eq", plane)])
    np.testing.assert_allclose(result.controls[0].data, 0.5, atol=1e-8)
    assert float(result.controls[1]) == pytest.approx(1.5, abs=1e-8)


def test_complex_control_is_minimized_in_both_parts():
    target = np.array([1.0 + 2.0j, -0.5 - 1.0j])
    with recording():
        z = Array(np.zeros(2, dtype=complex))
        functional = ReducedFunctional((abs(z - target) ** 2).sum(), Control(z))
    np.testing.assert_allclose(minimize(functional).controls.data, target, atol=1e-6)


@pytest.mark.parametrize("method", ["L-BFGS-B", "Powell"])
def test_functional_is_left_at_the_result(method):
    """Powell's last trial point is not its best."""
    functional = rosenbrock()
    result = minimize(functional, method, options={"maxiter": 7})
    x = result.controls.data
    np.testing.assert_array_equal(functional.controls[0].data().data, x)
    exact = [-400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0]), 200 * (x[1] - x[0] ** 2)]
    np.testing.assert_allclose(functional.derivative().data, exact, rtol=1e-6, atol=1e-12)


def test_bad_arguments_are_named():
    functional = rosenbrock()
    with pytest.raises(InputError, match="functional"):
        minimize(lambda x: x)
    with pytest.raises(InputError, match="bounds"):
        minimize(functional, bounds=[0.0])
    with pytest.raises(InputError, match="constraint"):
        minimize(functional, "SLSQP", constraints=[{"type": "ineq", "fun": None}])
