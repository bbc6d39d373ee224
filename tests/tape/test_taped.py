"""`taped` against closed forms, complex ones above all, where conventions differ."""

import autograd.numpy as anp
import numpy as np
import pytest
from pyadjoint import taylor_to_dict
from pyadjoint.tape import get_working_tape

from adjointdesign.errors import InputError
from adjointdesign.tape import AdjFloat, Array, Control, ReducedFunctional, recording, taped
from adjointdesign.verification.taylor import taylor_test

RNG = np.random.default_rng(3)
Z = RNG.standard_normal(4) + 1j * RNG.standard_normal(4)
A = RNG.standard_normal((3, 4)) + 1j * RNG.standard_normal((3, 4))


def test_cotangent_of_a_holomorphic_power_has_the_packages_convention():
    """J = sum |a z^2|^2 = sum |a|^2 |z|^4 has dJ = Re sum(conj(g) dz) with g = 4 |a|^2 |z|^2 z."""
    a = A[0]

    @taped
    def power(z):
        return anp.sum(anp.abs(a * z**2) ** 2)

    with recording():
        z = Array(Z)
        functional = ReducedFunctional(power(z), Control(z))
    np.testing.assert_allclose(functional.derivative().data, 4 * np.abs(a) ** 2 * np.abs(Z) ** 2 * Z, rtol=1e-13)


def test_complex_to_complex_jacobian_transpose_and_curvature():
    """f = A z conj-mixed, w = (A z) * conj(z)[:3]: J dz and J^T g by hand; they are real-linear, not complex-linear."""

    @taped
    def mixed(z):
        return anp.dot(A, z) * anp.conj(z[:3])

    with recording():
        z = Array(Z)
        functional = ReducedFunctional(mixed(z), Control(z))
    dz = RNG.standard_normal(4) + 1j * RNG.standard_normal(4)
    g = RNG.standard_normal(3) + 1j * RNG.standard_normal(3)
    by_hand = (A @ dz) * np.conj(Z[:3]) + (A @ Z) * np.conj(dz[:3])
    np.testing.assert_allclose(functional.tlm(Array(dz)).data, by_hand, rtol=1e-13)
    # Re sum(conj(g) (A dz) conj(z)) + Re sum(conj(g) (A z) conj(dz)), each read off as Re sum(conj(.) dz).
    transpose = A.conj().T @ (g * Z[:3])
    transpose[:3] += np.conj(g) * (A @ Z)
    np.testing.assert_allclose(functional.derivative(adj_input=Array(g)).data, transpose, rtol=1e-13)
    assert taylor_test(functional, z, Array(dz)).passed


def test_real_input_of_a_complex_function_gets_a_real_cotangent():
    @taped
    def phase(x):
        return anp.exp(1j * x)

    with recording():
        x = Array(Z.real)
        functional = ReducedFunctional((phase(x) * A[0]).imag.sum(), Control(x))
    derivative = functional.derivative().data
    assert derivative.dtype == np.float64
    np.testing.assert_allclose(derivative, np.real(1j * np.exp(1j * Z.real) * A[0] / 1j), rtol=1e-13)


def test_lists_scalars_constants_and_several_results():
    @taped
    def several(pair, weight, constant, *, power):
        x, y = pair
        return weight * x * constant, anp.sum(y**power), y > 0

    with recording():
        x, y, w = Array(Z.real), Array(Z.imag), AdjFloat(1.5)
        product, total, positive = several([x, y], w, np.arange(4.0), power=3)
        assert isinstance(product, Array) and isinstance(total, AdjFloat) and isinstance(positive, np.ndarray)
        functional = ReducedFunctional((product * product).sum() + total**2, [Control(v) for v in (x, y, w)])
    gx, gy, gw = functional.derivative()
    square = np.arange(4.0) ** 2
    np.testing.assert_allclose(gx.data, 2 * 1.5**2 * square * Z.real, rtol=1e-13)
    np.testing.assert_allclose(gy.data, 2 * np.sum(Z.imag**3) * 3 * Z.imag**2, rtol=1e-13)
    assert float(gw) == pytest.approx(2 * 1.5 * np.sum(square * Z.real**2), rel=1e-13)
    rates = taylor_to_dict(functional, [x, y, w], [Array(Z.imag), Array(Z.real), AdjFloat(0.4)])
    assert min(rates["R1"]["Rate"]) > 1.9 and min(rates["R2"]["Rate"]) > 2.9


def test_one_block_a_call_and_none_without_annotation():
    calls = []

    @taped
    def counted(x):
        calls.append(type(x))
        return anp.sin(x) ** 2

    assert isinstance(counted(Z.real), np.ndarray)
    assert isinstance(counted(Array(Z.real)), Array)
    with recording() as tape:
        counted(Array(Z.real))
        assert len(get_working_tape().get_blocks()) == len(tape.get_blocks()) == 1
    assert calls == [np.ndarray] * 3


def test_products_run_the_function_once_a_sweep_whatever_the_number_of_inputs():
    calls = []

    @taped
    def product(a, b, c):
        calls.append(1)
        return anp.sum(a * b * c)

    with recording():
        arrays = [Array(Z.real) for _ in range(3)]
        functional = ReducedFunctional(product(*arrays), [Control(a) for a in arrays])
    calls.clear()
    functional.derivative()
    assert len(calls) == 1
    functional([Z.real] * 3)
    assert len(calls) == 2


def test_independent_output_gives_zero():
    @taped
    def constant(x):
        return anp.ones(2)

    with recording():
        x = Array(Z.real)
        functional = ReducedFunctional((constant(x) ** 2).sum(), Control(x))
    assert not functional.derivative().data.any()
    assert float(functional.tlm(Array(Z.real))) == 0.0
    assert not functional.hessian(Array(Z.real)).data.any()


def test_misuse_is_refused():
    with pytest.raises(InputError, match="keyword arguments are not differentiated"):
        taped(lambda x, y: x * y)(Array(Z), y=Array(Z))
    with pytest.raises(InputError, match="numbers or a tuple"):
        taped(lambda x: "text")(Array(Z))
