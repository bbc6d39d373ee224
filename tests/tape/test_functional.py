"""Recording and reduced functionals: each known trap of pyadjoint, closed or refused."""

import numpy as np
import pyadjoint
import pytest
from checkpoint_schedules import Revolve, SingleMemoryStorageSchedule
from pyadjoint import taylor_test, taylor_to_dict
from pyadjoint.reduced_functional_numpy import ReducedFunctionalNumPy
from pyadjoint.tape import annotate_tape, get_working_tape

from adjointdesign.errors import InputError
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, recording, taped

X = np.array([0.3, -1.2, 0.7])
Y = np.array([1.1, 0.4, -0.6])


def cubic(x, scale=1.0):
    return (x**3 * scale).sum()


def test_recording_restores_tape_and_annotation_also_after_an_error():
    before = get_working_tape(), annotate_tape()
    with pytest.raises(RuntimeError, match="planned"):
        with recording() as outer:
            with recording() as inner:
                assert get_working_tape() is inner is not outer
                Array(X) * 2.0
            assert get_working_tape() is outer and annotate_tape()
            assert len(inner.get_blocks()) == 1 and not outer.get_blocks()
            raise RuntimeError("planned")
    assert (get_working_tape(), annotate_tape()) == before


def test_annotation_without_a_tape_is_refused():
    pyadjoint.continue_annotation()
    try:
        with pytest.raises(InputError, match="recording"):
            Array(X) * 2.0
    finally:
        pyadjoint.pause_annotation()


def test_only_blocks_between_control_and_functional_run_again_and_the_users_tape_stays():
    runs = []

    def traced(name):
        @taped
        def function(x):
            runs.append(name)
            return 2.0 * x

        return function

    with recording() as tape:
        x, y = Array(X), Array(Y)
        z = traced("before")(y)
        u = traced("between")(x * z)
        traced("beside")(x)
        functional = ReducedFunctional(cubic(u), Control(x))
        traced("after")(u)
    blocks = list(tape.get_blocks())
    runs.clear()
    value = functional(Y)
    assert runs == ["between"]
    assert list(tape.get_blocks()) == blocks
    assert float(value) == pytest.approx(np.sum((2 * Y * 2 * Y) ** 3), rel=1e-14)


def test_pyadjoints_own_taylor_tests_and_drivers():
    with recording() as tape:
        x, s = Array(X), AdjFloat(0.5)
        value = cubic(x, 2.0) * s
        functional = ReducedFunctional(value, [Control(x), Control(s)])
        assert taylor_test(functional, [x, s], [Array(Y), AdjFloat(1.0)]) > 1.95
        rates = taylor_to_dict(functional, [x, s], [Array(Y), AdjFloat(1.0)])
        derivative = pyadjoint.compute_derivative(value, Control(x), tape=tape)
        tangent = pyadjoint.compute_tlm(value, Control(x), Array(Y), tape=tape)
        action = pyadjoint.compute_hessian(value, Control(x), Array(Y), tape=tape)
    assert min(rates["R0"]["Rate"]) > 0.9 and min(rates["R1"]["Rate"]) > 1.95 and min(rates["R2"]["Rate"]) > 2.95
    np.testing.assert_allclose(derivative.data, 3 * X**2, rtol=1e-14)
    assert float(tangent) == pytest.approx(np.sum(3 * X**2 * Y), rel=1e-14)
    np.testing.assert_allclose(action.data, 6 * X * Y, rtol=1e-14)


def test_complex_controls_through_pyadjoint():
    """J = Re sum(w z^3): g = conj(3 w z^2), H dz = conj(6 w z dz)."""
    z0, w, dz = X + 1j * Y, Y - 0.3j, np.array([1j, 2.0, -1.0 + 1j])
    with recording():
        z = Array(z0)
        functional = ReducedFunctional((z**3 * w).real.sum(), Control(z))
    np.testing.assert_allclose(functional.derivative().data, np.conj(3 * w * z0**2), rtol=1e-13)
    np.testing.assert_allclose(functional.hessian(Array(dz)).data, np.conj(6 * w * z0 * dz), rtol=1e-13)
    rates = taylor_to_dict(functional, z, Array(dz))
    assert min(rates["R1"]["Rate"]) > 1.95 and min(rates["R2"]["Rate"]) > 2.95
    flat = ReducedFunctionalNumPy(functional)
    pairs = np.stack([z0.real, z0.imag], axis=-1).ravel()
    assert flat(pairs) == pytest.approx(float(functional(z)), rel=1e-14)
    gradient = np.conj(3 * w * z0**2)
    np.testing.assert_allclose(flat.derivative(), np.stack([gradient.real, gradient.imag], -1).ravel(), rtol=1e-13)


def test_scale_holds_for_value_derivative_tangent_and_hessian():
    """pyadjoint scales neither the tangent nor, twice evaluated, the value safely."""
    with recording():
        x = Array(X)
        functional = ReducedFunctional(cubic(x), Control(x), scale=-2.0)
    for _ in range(2):
        assert float(functional(Y)) == pytest.approx(-2 * np.sum(Y**3), rel=1e-14)
    np.testing.assert_allclose(functional.derivative().data, -6 * Y**2, rtol=1e-14)
    assert float(functional.tlm(Array(X))) == pytest.approx(-6 * np.sum(Y**2 * X), rel=1e-14)
    np.testing.assert_allclose(functional.hessian(Array(X)).data, -12 * Y * X, rtol=1e-14)


def test_hessian_needs_no_derivative_before_it_and_survives_another_functionals_sweep():
    with recording() as tape:
        x = Array(X)
        first, second = cubic(x), cubic(x, 5.0)
        one = ReducedFunctional(first, Control(x))
        two = ReducedFunctional(second, Control(x))
    np.testing.assert_allclose(one.hessian(Array(Y)).data, 6 * X * Y, rtol=1e-14)
    one.derivative()
    two.derivative()
    np.testing.assert_allclose(one.hessian(Array(Y)).data, 6 * X * Y, rtol=1e-14)
    one(Y)
    np.testing.assert_allclose(one.hessian(Array(X)).data, 6 * X * Y, rtol=1e-14)
    pyadjoint.compute_derivative(second, Control(x), tape=tape)
    np.testing.assert_allclose(one.hessian(Array(X)).data, 6 * X * Y, rtol=1e-14)


def test_control_that_does_not_reach_the_functional_has_the_derivative_zero():
    with recording():
        x, y = Array(X), Array(Y)
        other = ReducedFunctional(cubic(y), Control(y))
        functional = ReducedFunctional(cubic(x), [Control(x), Control(y)])
        unrelated = ReducedFunctional(cubic(x), Control(y))
    other.derivative()
    assert not functional.derivative()[1].data.any()
    assert not unrelated.derivative().data.any()
    assert float(unrelated.tlm(Array(X))) == 0.0
    assert not unrelated.hessian(Array(X)).data.any()


@pytest.mark.parametrize("schedule", [Revolve(4, 2), SingleMemoryStorageSchedule()], ids=["revolve", "single memory"])
def test_tape_level_checkpoint_schedules_are_refused(schedule):
    with recording() as tape:
        tape.enable_checkpointing(schedule)
        x = Array(X)
        u = x * 1.0
        for _ in tape.timestepper(iter(range(4))):
            u = u + 0.1 * x * np.sin(u)
        with pytest.raises(InputError, match="checkpoint inside its one block"):
            ReducedFunctional((u * u).sum(), Control(x))


def test_point_as_cotangent_is_refused():
    """pyadjoint's IPOPT wrapper calls derivative(x) of the NumPy form with the point x."""
    with recording():
        x = Array(X)
        functional = ReducedFunctional(cubic(x), Control(x))
    with pytest.raises(InputError, match="IPOPT"):
        ReducedFunctionalNumPy(functional).derivative(X)


def test_failed_evaluation_leaves_no_derivative():
    @taped
    def picky(x):
        if np.any(np.asarray(x) > 5.0):
            raise FloatingPointError("planned")
        return x**2

    with recording():
        x = Array(X)
        functional = ReducedFunctional(picky(x * 1.0).sum(), Control(x))
    with pytest.raises(FloatingPointError):
        functional(X + 10)
    with pytest.raises(InputError, match="evaluation that failed"):
        functional.derivative()
    functional(Y)
    np.testing.assert_allclose(functional.derivative().data, 2 * Y)


def test_bad_arguments_are_named():
    with recording():
        x = Array(X)
        value = cubic(x)
        functional = ReducedFunctional(value, Control(x))
        with pytest.raises(InputError, match="recorded AdjFloat"):
            ReducedFunctional(float(value), Control(x))
    with pytest.raises(InputError, match="working tape"):
        ReducedFunctional(value, Control(x))
    with recording(), pytest.raises(InputError, match="on this tape"):
        ReducedFunctional(value, Control(x))
    with pytest.raises(InputError, match="shape"):
        functional(np.ones(4))
    with pytest.raises(InputError, match="real values"):
        functional(X + 1j)
    with pytest.raises(InputError, match="1 of them"):
        functional([X, Y])
    with pytest.raises(InputError, match="m_dot"):
        functional.tlm(np.ones(2))


def test_callbacks_see_what_pyadjoint_shows_them():
    seen = []
    with recording():
        x = Array(X)
        functional = ReducedFunctional(
            cubic(x), Control(x), scale=2.0,
            eval_cb_post=lambda value, m: seen.append((float(value), m.data.copy())),
            derivative_cb_post=lambda value, derivatives, m: [d._ad_mul(0.5) for d in derivatives],
        )
    functional(Y)
    assert seen[0][0] == pytest.approx(2 * np.sum(Y**3)) and np.array_equal(seen[0][1], Y)
    np.testing.assert_allclose(functional.derivative().data, 3 * Y**2, rtol=1e-14)
