"""Network matrices against scikit-rf, waves against power, line functions against closed forms, and their derivatives."""

import numpy as np
import pytest
from autograd.test_util import check_grads

from adjointdesign.errors import InputError
from adjointdesign.objectives.network import (
    average_power,
    deembed,
    input_impedance,
    line_constants,
    line_waves,
    lumped_s_parameters,
    port_current,
    power_waves,
    renormalize,
    s_matrix,
    s_to_y,
    s_to_z,
    y_to_s,
    z_to_s,
)

N = 3


def some(rng, *shape):
    return rng.normal(size=shape) + 1j * rng.normal(size=shape)


@pytest.fixture
def network():
    """A passive three-port, and complex impedances of two frequencies."""
    rng = np.random.default_rng(5)
    s = 0.3 * some(rng, 2, N, N)
    return s, 30 + 40 * rng.random((2, N)) + 20j * rng.normal(size=(2, N)), 60 + 30 * rng.random(N) + 10j


def test_matrices_are_those_of_scikit_rf(network):
    """Complex references, power waves; scikit-rf has exp(+j w t), so everything is conjugated on both ways."""
    from skrf import network as skrf

    s, old, new = network
    z, y = (f(s.conj(), z0=old.conj(), s_def="power").conj() for f in (skrf.s2z, skrf.s2y))
    assert s_to_z(s, old) == pytest.approx(z, rel=1e-10)
    assert s_to_y(s, old) == pytest.approx(y, rel=1e-10)
    assert z_to_s(z, old) == pytest.approx(skrf.z2s(z.conj(), old.conj(), "power").conj(), rel=1e-10)
    assert y_to_s(y, old) == pytest.approx(s, rel=1e-10)
    same = skrf.renormalize_s(s.conj(), old.conj(), np.broadcast_to(new, old.shape).conj(), "power").conj()
    assert renormalize(s, old, new) == pytest.approx(same, rel=1e-10)
    assert renormalize(s, 50.0, 75.0) == pytest.approx(skrf.renormalize_s(s, 50, 75), rel=1e-10)


def test_an_open_and_a_short_can_be_renormalized_though_one_matrix_is_missing():
    """A through connection has neither Z nor Y; its S at other references follows all the same."""
    through = np.array([[[0, 1], [1, 0]]], complex)
    assert renormalize(through, np.array([50.0, 50.0]), np.array([50.0, 100.0]))[0, 0, 0] == pytest.approx(1 / 3)
    with pytest.raises(InputError, match="no impedance matrix"):
        s_to_z(through, 50.0)
    with pytest.raises(InputError, match="no admittance matrix"):
        s_to_y(np.array([[[-1.0 + 0j]]]), 50.0)


def test_power_is_that_of_the_waves():
    """``|a|^2 - |b|^2 = Re(V conj(I)) / 2`` for any impedance of reference."""
    rng = np.random.default_rng(6)
    v, i, z = some(rng, 4), some(rng, 4), 20 + 30 * rng.random(4) + 15j
    a, b = power_waves(v, i, z)
    assert np.abs(a) ** 2 - np.abs(b) ** 2 == pytest.approx(average_power(v, i))
    # A source of 2 V behind 50 ohm has 10 mW to give, to the conjugate match alone.
    assert np.abs(power_waves(1.0, port_current(1.0, 2.0, 50.0), 50.0)) ** 2 == pytest.approx([0.01, 0.0])


def test_lumped_s_parameters_are_those_of_the_waves():
    rng = np.random.default_rng(7)
    impedances, drives = [50.0, 75.0, 20.0], [some(rng, 4) for _ in range(3)]
    voltages = [[some(rng, 4) for _ in range(3)] for _ in range(3)]
    s = lumped_s_parameters(voltages, drives, impedances)
    waves = np.zeros((2, 4, 3, 3), complex)
    for run in range(3):
        for port in range(3):
            current = port_current(voltages[run][port], drives[run] if run == port else 0.0, impedances[port])
            waves[:, :, port, run] = power_waves(voltages[run][port], current, impedances[port])
    assert waves[0] * (1 - np.eye(3)) == pytest.approx(0.0, abs=1e-12)
    assert s == pytest.approx(s_matrix(*waves), rel=1e-10)
    assert lumped_s_parameters([voltages[2]], [drives[2]], impedances, (2,)) == pytest.approx(s[:, :, 2:], rel=1e-14)


def test_s_matrix_needs_no_pure_excitation():
    rng = np.random.default_rng(8)
    s, incident = some(rng, 2, N, N), some(rng, 2, N, N)
    assert s_matrix(incident, s @ incident) == pytest.approx(s, rel=1e-9)
    with pytest.raises(InputError, match="incident waves"):
        s_matrix(np.ones((1, 2, 2)), np.ones((1, 2, 2)))


def test_input_impedance_inverts_the_reflection():
    z, reference = 20.0 - 35j, 50.0 + 10j
    s = z_to_s(np.array([[[z]]]), reference)
    assert input_impedance(s[:, 0, 0], reference) == pytest.approx([z])
    assert input_impedance(np.array([-1.0, 1 / 3]), 50.0) == pytest.approx([0.0, 100.0])


@pytest.mark.parametrize("propagation", [-90j, 5 - 90j, 20 + 0j, 3 - 250j, 60 - 10j])
def test_line_constants_are_found_again(propagation):
    """Also with loss, beyond a quarter of a wavelength between planes (|beta| d = 2.5), and far below cutoff."""
    impedance, d, offset = 47 + 3j, 0.01, 0.0005
    forward, backward = 1.5 - 0.5j, 0.3 + 0.4j

    def voltage(z):
        return forward * np.exp(-propagation * z) + backward * np.exp(propagation * z)

    current = (forward * np.exp(-propagation * offset) - backward * np.exp(propagation * offset)) / impedance
    reading = np.array([[voltage(-d), voltage(0.0), voltage(d), current]])
    found = line_constants(reading, d, offset)
    assert [f[0] for f in found] == pytest.approx([propagation, impedance, forward, backward], rel=1e-10)
    waves = line_waves(reading[:, 1], reading[:, 3], propagation, impedance, offset)
    assert [f[0] for f in waves] == pytest.approx([forward, backward], rel=1e-10)


def test_deembedding_takes_lines_off():
    """A line of 12 mm between matched lines of 3 and 5 mm, from S of the whole: the phase of 12 mm is left."""
    propagation, lengths = np.array([[2 - 90j]]), np.array([0.003, 0.005])
    s = np.zeros((1, 2, 2), complex)
    s[:, 0, 1] = s[:, 1, 0] = np.exp(-propagation[0] * 0.020)
    s[:, 0, 0] = 0.2 * np.exp(-2 * propagation[0] * 0.003)
    inner = deembed(s, propagation, lengths)
    assert inner[0, [0, 1], [1, 0]] == pytest.approx(np.full(2, np.exp(-(2 - 90j) * 0.012)))
    assert inner[0, 0, 0] == pytest.approx(0.2)


def test_all_are_differentiable_to_second_order(network):
    s, old, new = network
    rng = np.random.default_rng(9)
    reading = some(rng, 2, 4)
    for function, argument in [
        (lambda x: s_to_z(x, old), s), (lambda x: z_to_s(x, old), 100 * s), (lambda x: s_to_y(x, old), s),
        (lambda x: y_to_s(x, old), 0.01 * s), (lambda x: renormalize(x, old, new), s),
        (lambda x: s_matrix(x, s), some(rng, 2, N, N)), (lambda x: input_impedance(x, 50.0), s[:, 0, 0]),
        (lambda x: line_constants(x, 0.01, 0.001)[1], reading), (lambda x: line_constants(x, 0.01, 0.001)[0], reading),
        (lambda x: line_waves(x, reading[:, 1], -90j, 50.0, 0.001)[1], reading[:, 0]),
        (lambda x: deembed(x, np.array([[2 - 90j]]), np.array([0.001, 0.002, 0.003])), s),
        (lambda x: lumped_s_parameters([[x, 2 * x]], [np.ones(2)], [50.0, 75.0]), reading[:, 0]),
        (lambda x: power_waves(x, reading[:, 0], 50.0)[1], reading[:, 1]),
    ]:  # fmt: skip
        scale = np.abs(function(argument)).max()
        check_grads(lambda x, f=function, c=scale: f(x) / c, modes=["rev"], order=2)(argument)
