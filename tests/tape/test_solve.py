"""`solve`: one block a run, whatever the inputs and outputs."""

import numpy as np
import pyadjoint
import pytest
from pyadjoint import taylor_to_dict

from adjointdesign.errors import InputError
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, Solver, recording, solve, stop_annotating

RNG = np.random.default_rng(11)
A0, B0 = RNG.uniform(0.5, 1.5, (2, 5))


class Squares(Solver):
    """y = s a^2 and z = i a b, with a count of every sweep."""

    def __init__(self):
        self.calls = []
        self.buffer = np.zeros(5)

    def forward(self, inputs):
        self.calls.append("forward")
        return self.values(inputs)

    def evaluate(self, inputs):
        self.calls.append("evaluate")
        return self.values(inputs)

    def values(self, inputs):
        # A solver may hand out its own memory: the tape must not keep a reference to it.
        np.multiply(inputs["s"], inputs["a"] ** 2, out=self.buffer)
        return {"y": self.buffer, "z": 1j * inputs["a"] * inputs["b"]}

    def tangent(self, inputs, tangents):
        self.calls.append("tangent")
        a, b, s = (inputs[n] for n in "abs")
        da, db, ds = (tangents.get(n, np.zeros_like(inputs[n])) for n in "abs")
        return {"y": 2 * s * a * da + ds * a**2, "z": 1j * (da * b + a * db)}

    def adjoint(self, inputs, cotangents):
        self.calls.append("adjoint " + "".join(sorted(cotangents)))
        a, b, s = (inputs[n] for n in "abs")
        gy, gz = cotangents.get("y", 0 * a), cotangents.get("z", 0j * a)
        return {"a": 2 * s * a * gy - 1j * b * gz, "b": -1j * a * gz, "s": np.sum(a**2 * gy)}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents):
        self.calls.append("second_adjoint")
        a, s = inputs["a"], inputs["s"]
        da, db, ds = (tangents.get(n, np.zeros_like(inputs[n])) for n in "abs")
        gy, gz = cotangents.get("y", 0 * a), cotangents.get("z", 0j * a)
        moved = self.adjoint(inputs, cotangent_tangents)
        return {
            "a": moved["a"] + 2 * (ds * a + s * da) * gy - 1j * db * gz,
            "b": moved["b"] - 1j * da * gz,
            "s": moved["s"] + np.sum(2 * a * da * gy),
        }


def objective(outputs):
    return (outputs["y"] ** 3).sum() + (outputs["z"].imag ** 2).sum() + (outputs["z"] * (2 + 1j)).real.sum()


def test_several_inputs_and_outputs_to_second_order():
    solver = Squares()
    with recording():
        a, b, s = Array(A0), Array(B0), AdjFloat(0.8)
        functional = ReducedFunctional(objective(solve(solver, a=a, b=b, s=s)), [Control(v) for v in (a, b, s)])
    # J = sum s^3 a^6 + a^2 b^2 - a b
    exact = [
        6 * 0.8**3 * A0**5 + 2 * A0 * B0**2 - B0,
        2 * A0**2 * B0 - A0,
        3 * 0.8**2 * np.sum(A0**6),
    ]
    for got, expected in zip(functional.derivative(), exact):
        np.testing.assert_allclose(np.asarray(got), expected, rtol=1e-13)
    rates = taylor_to_dict(functional, [a, b, s], [Array(B0), Array(A0), AdjFloat(-0.5)])
    assert min(rates["R1"]["Rate"]) > 1.95 and min(rates["R2"]["Rate"]) > 2.95


def test_a_run_is_one_block_and_one_sweep_serves_all_inputs():
    solver = Squares()
    with recording() as tape:
        a, b, s = Array(A0), Array(B0), AdjFloat(0.8)
        outputs = solve(solver, a=a, b=b, s=s)
        assert len(tape.get_blocks()) == 1
        functional = ReducedFunctional(objective(outputs), [Control(v) for v in (a, b, s)])
    functional.derivative()
    assert solver.calls == ["forward", "adjoint yz"]


def test_output_that_the_functional_does_not_use():
    """pyadjoint hands None among the adjoint inputs: the name is then absent."""
    solver = Squares()
    with recording():
        a = Array(A0)
        functional = ReducedFunctional(solve(solver, a=a, b=B0, s=0.8)["y"].sum(), Control(a))
    np.testing.assert_allclose(functional.derivative().data, 1.6 * A0, rtol=1e-13)
    assert solver.calls[-1] == "adjoint y"
    assert taylor_to_dict(functional, a, Array(B0))["R1"]["Rate"][0] == pytest.approx(2.0, abs=0.01)


def test_history_is_left_out_when_no_adjoint_can_follow():
    solver = Squares()
    solve(solver, a=Array(A0), b=B0, s=1.0)
    with recording():
        with stop_annotating():
            solve(solver, a=Array(A0), b=B0, s=1.0)
        solve(solver, a=A0, b=B0, s=1.0)
        assert solver.calls == ["evaluate"] * 3
        solve(solver, a=Array(A0), b=B0, s=1.0)
    assert solver.calls[-1] == "forward"


def test_solvers_own_memory_is_not_on_the_tape():
    solver = Squares()
    outputs = solve(solver, a=Array(A0), b=B0, s=0.8)
    kept = outputs["y"].data.copy()
    solve(solver, a=Array(B0), b=B0, s=2.0)
    np.testing.assert_array_equal(outputs["y"].data, kept)


def test_accumulated_cotangents_are_fresh():
    """A solver that returns the same array for two inputs, used twice: in-place accumulation must not mix them."""

    class Sum(Solver):
        def forward(self, inputs):
            return {"sum": inputs["a"] + inputs["b"]}

        def adjoint(self, inputs, cotangents):
            return {"a": cotangents["sum"], "b": cotangents["sum"]}

    with recording():
        a, b = Array(A0), Array(B0)
        first = solve(Sum(), a=a, b=b)["sum"]
        second = solve(Sum(), a=first, b=a)["sum"]
        functional = ReducedFunctional((second * first).sum(), [Control(a), Control(b)])
    ga, gb = functional.derivative()  # (2 a + b) (a + b)
    np.testing.assert_allclose(ga.data, 4 * A0 + 3 * B0, rtol=1e-13)
    np.testing.assert_allclose(gb.data, 3 * A0 + 2 * B0, rtol=1e-13)


def test_broken_contracts_are_named():
    class Forgetful(Squares):
        def adjoint(self, inputs, cotangents):
            return {"b": 0 * inputs["a"]}

    class Misshapen(Squares):
        def adjoint(self, inputs, cotangents):
            return {"a": np.ones(3)}

    class Silent(Squares):
        def values(self, inputs):
            return {}

    for broken, message in ((Forgetful, "entry 'a'"), (Misshapen, "shape")):
        with recording():
            a = Array(A0)
            functional = ReducedFunctional(solve(broken(), a=a, b=B0, s=1.0)["y"].sum(), Control(a))
        with pytest.raises(InputError, match=message):
            functional.derivative()
    with pytest.raises(InputError, match="dictionary of arrays"):
        solve(Silent(), a=A0, b=B0, s=1.0)


def test_misshapen_tangents_and_cotangents_are_refused():
    """Also through pyadjoint's own reduced functional, and when a solver returns them."""

    class Misshapen(Squares):
        def tangent(self, inputs, tangents):
            return {"y": np.ones(3)}

    with recording() as tape:
        a = Array(A0)
        outputs = solve(Squares(), a=a, b=B0, s=1.0)
        plain = pyadjoint.ReducedFunctional(outputs["y"], pyadjoint.Control(a), tape=tape)
        scalar = pyadjoint.ReducedFunctional(outputs["y"].sum(), pyadjoint.Control(a), tape=tape)
        other = solve(Misshapen(), a=a, b=B0, s=1.0)["y"]
        broken = ReducedFunctional(other, Control(a))
    with pytest.raises(InputError, match=r"tangent of input 0 of Squares.*\(5,\).*\(4,\)"):
        plain.tlm(Array(np.ones(4)))
    with pytest.raises(InputError, match=r"tangent of input 0 of Squares.*\(5,\).*\(1,\)"):
        plain.tlm(Array(np.ones(1)))
    with pytest.raises(InputError, match=r"cotangent of output 0 of Squares.*\(5,\).*\(4,\)"):
        plain.derivative(adj_input=Array(np.ones(4)))
    scalar.derivative()
    with pytest.raises(InputError, match=r"tangent of input 0 of Squares.*\(5,\).*\(4,\)"):
        scalar.hessian(Array(np.ones(4)))
    with pytest.raises(InputError, match=r"resulting tangent of output 0 of Misshapen.*\(5,\).*\(3,\)"):
        broken.tlm(Array(A0))


def test_inputs_are_read_only_for_the_solver():
    class Rude(Squares):
        def values(self, inputs):
            inputs["a"][0] = 0.0

    with pytest.raises(ValueError, match="read-only"):
        solve(Rude(), a=Array(A0), b=B0, s=1.0)
    with pytest.raises(ValueError, match="read-only"):
        solve(Rude(), a=A0.copy(), b=B0, s=1.0)
