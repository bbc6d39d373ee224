"""`check_solver` passes a right solver and catches each planted fault in it."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.tape import Solver
from adjointdesign.verification.dot_product import check_solver, dot_product_test, second_order_symmetry
from adjointdesign.verification.taylor import TaylorResult

N = 6


class Coupled(Solver):
    """u'' - (1 + m^2) u = f on N points, u complex; outputs: u, and u^2 in units a billion times smaller."""

    laplacian = np.diag(np.full(N, -2.0)) + np.diag(np.ones(N - 1), 1) + np.diag(np.ones(N - 1), -1)

    def matrix(self, m):
        return self.laplacian - np.diag(1 + m**2) + 0.3j * np.eye(N)

    def forward(self, inputs):
        u = np.linalg.solve(self.matrix(inputs["m"]), inputs["f"])
        return {"u": u, "small": 1e-9 * u**2}

    def tangent(self, inputs, tangents):
        m, u = inputs["m"], self.forward(inputs)["u"]
        dm, df = tangents.get("m", 0 * m), tangents.get("f", 0 * u)
        du = np.linalg.solve(self.matrix(m), df + 2 * m * dm * u)
        return {"u": du, "small": 2e-9 * u * du}

    def adjoint(self, inputs, cotangents):
        m, u = inputs["m"], self.forward(inputs)["u"]
        g = cotangents.get("u", 0 * u) + 2e-9 * np.conj(u) * cotangents.get("small", 0 * u)
        p = np.linalg.solve(self.matrix(m).conj().T, g)
        return {"m": np.real(np.conj(p) * 2 * m * u), "f": p}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        m, u = inputs["m"], self.forward(inputs)["u"]
        dm = tangents.get("m", 0 * m)
        du = self.tangent(inputs, tangents)["u"]
        gu, gs = cotangents.get("u", 0 * u), cotangents.get("small", 0 * u)
        p = self.adjoint(inputs, cotangents)["f"]
        moved = cotangent_tangents.get("u", 0 * u) + 2e-9 * np.conj(u) * cotangent_tangents.get("small", 0 * u)
        dp = np.linalg.solve(self.matrix(m).conj().T, moved + 2e-9 * np.conj(du) * gs + 2 * m * dm * p)
        assert gu.shape == (N,)
        return {"m": 2 * np.real(np.conj(dp) * m * u + np.conj(p) * (dm * u + m * du)), "f": dp}


def inputs():
    rng = np.random.default_rng(4)
    return {"m": rng.uniform(0.5, 1.5, N), "f": 1e6 * (rng.standard_normal(N) + 1j * rng.standard_normal(N))}


def changed(method, change):
    """The solver with one method's result changed."""

    def wrong(self, *args):
        return change(getattr(super(cls, self), method)(*args), *args)

    cls = type("Wrong", (Coupled,), {method: wrong})
    return cls()


def scaled(key, factor):
    return lambda result, *_: {**result, key: factor * result[key]}


class Stale(Coupled):
    """Remembers its last run and forgets to check that the inputs are the same."""

    def forward(self, inputs):
        self.last = super().forward(inputs)
        return self.last

    def evaluate(self, inputs):
        return super().forward(inputs)

    def adjoint(self, inputs, cotangents):
        u = getattr(self, "last", super().forward(inputs))["u"]
        g = cotangents.get("u", 0 * u) + 2e-9 * np.conj(u) * cotangents.get("small", 0 * u)
        p = np.linalg.solve(self.matrix(inputs["m"]).conj().T, g)
        return {"m": np.real(np.conj(p) * 2 * inputs["m"] * u), "f": p}


def failed(check):
    return {
        name
        for name, value in check.items()
        if name != "passed" and not (value.passed if isinstance(value, TaylorResult) else value <= 1e-12)
    }


@pytest.mark.parametrize("seed", range(5))
def test_right_solver_passes(seed):
    check = check_solver(Coupled(), inputs(), np.random.default_rng(seed))
    assert check["passed"] and not failed(check), str(check)
    assert check["hessian_taylor"].order == pytest.approx(3.0, abs=0.1)
    assert "passed" in str(check)


FAULTS = {
    "adjoint of m off by 1e-6": (changed("adjoint", scaled("m", 1 + 1e-6)), "dot_product_residual"),
    "adjoint of f conjugated": (changed("adjoint", lambda r, *_: {**r, "f": np.conj(r["f"])}), "dot_product_residual"),
    "tangent of the small output doubled": (changed("tangent", scaled("small", 2.0)), "dot_product_residual"),
    "tangent of u off by 1e-3": (changed("tangent", scaled("u", 1.001)), "tangent_taylor"),
    "second adjoint of m off by 1 %": (changed("second_adjoint", scaled("m", 1.01)), "hessian_taylor"),
    "second adjoint without the derivative's move": (
        changed("second_adjoint", lambda r, i, t, c, ct: Coupled().second_adjoint(i, t, c, {})),
        "cotangent_tangent_residual",
    ),
    "second adjoint of f dropped": (changed("second_adjoint", scaled("f", 0.0)), "symmetry_residual"),
    "stale memory": (Stale(), "purity_residual"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_caught(fault):
    solver, expected = FAULTS[fault]
    check = check_solver(solver, inputs(), np.random.default_rng(0))
    assert not check["passed"] and expected in failed(check), str(check)


def test_single_tests_agree_with_the_whole():
    rng = np.random.default_rng(0)
    assert dot_product_test(Coupled(), inputs(), rng) < 1e-13
    assert second_order_symmetry(Coupled(), inputs(), rng) < 1e-12
    assert dot_product_test(FAULTS["adjoint of m off by 1e-6"][0], inputs(), rng) == pytest.approx(1e-6, rel=1e-3)
    # The output with small values counts as much as the other.
    slightly = changed("tangent", scaled("small", 1 + 1e-8))
    assert dot_product_test(slightly, inputs(), rng) == pytest.approx(1e-8, rel=1e-2)


def test_only_named_inputs_are_tested():
    broken_in_f = changed("adjoint", scaled("f", 2.0))
    assert dot_product_test(broken_in_f, inputs(), np.random.default_rng(0), wrt=["m"]) < 1e-13
    with pytest.raises(InputError, match="wrt"):
        dot_product_test(Coupled(), inputs(), np.random.default_rng(0), wrt=["n"])


def test_first_order_solver():
    class FirstOrder(Coupled):
        second_adjoint = Solver.second_adjoint

    check = check_solver(FirstOrder(), inputs(), np.random.default_rng(0), second_order=False)
    assert check["passed"] and "hessian_taylor" not in check
