"""Touchstone files as scikit-rf reads them."""

import numpy as np
import pytest

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.report.deliverables.touchstone import write_touchstone

WAVELENGTHS = np.array([1265e-9, 1280e-9, 1295e-9])


@pytest.mark.parametrize("ports", [2, 3, 4])
def test_values_come_back_conjugated_and_in_ascending_frequency(tmp_path, ports):
    """Element for element, also for two ports, which Touchstone stores in another order than more."""
    skrf = pytest.importorskip("skrf")
    rng = np.random.default_rng(1)
    s = rng.normal(size=(3, ports, ports)) + 1j * rng.normal(size=(3, ports, ports))
    names = [f"port {k}" for k in range(ports)]
    path = write_touchstone(tmp_path / "s_parameters", C0 / WAVELENGTHS, s, names, ["line one", "line two"])
    assert path.name == f"s_parameters.s{ports}p"
    network = skrf.Network(str(path))
    assert np.all(np.diff(network.f) > 0)
    np.testing.assert_allclose(network.f, (C0 / WAVELENGTHS)[::-1], rtol=1e-12)
    np.testing.assert_allclose(network.s, s.conj()[::-1], rtol=1e-14)
    assert "line two" in network.comments


def test_a_delay_is_a_delay_for_circuit_tools(tmp_path):
    """A line of length L: exp(+i k L) here, and a positive group delay L / c in scikit-rf."""
    skrf = pytest.importorskip("skrf")
    f, length = np.linspace(230e12, 231e12, 11), 10e-6
    s = np.zeros((11, 2, 2), complex)
    s[:, 0, 1] = s[:, 1, 0] = np.exp(2j * np.pi * f * length / C0)
    network = skrf.Network(str(write_touchstone(tmp_path / "line", f, s)))
    np.testing.assert_allclose(network.group_delay[1:-1, 1, 0].real, length / C0, rtol=1e-3)


def test_ports_have_their_impedance(tmp_path):
    """One of all as it is; of each its own, renormalized to the first (a through line between 50 and 100 ohm reflects 1/3)."""
    skrf = pytest.importorskip("skrf")
    matched = np.array([[[0.0, 1.0], [1.0, 0.0]]])
    network = skrf.Network(str(write_touchstone(tmp_path / "same", [1e9], matched, impedance=75.0)))
    np.testing.assert_allclose(network.z0, 75.0)
    np.testing.assert_allclose(network.s, matched)
    network = skrf.Network(str(write_touchstone(tmp_path / "each", [1e9], matched, impedance=[50.0, 100.0])))
    np.testing.assert_allclose(network.z0, 50.0)
    np.testing.assert_allclose(np.diag(network.s[0]), [-1 / 3, 1 / 3], atol=1e-12)
    assert "renormalized from 50, 100 ohm" in network.comments
    for bad in (0.0, [50.0], [50.0, np.nan]):
        with pytest.raises(InputError, match="impedance"):
            write_touchstone(tmp_path / "bad", [1e9], matched, impedance=bad)


def test_two_writings_are_one_file(tmp_path):
    """No date, no version."""
    texts = [write_touchstone(tmp_path / n, [1e14], np.ones((1, 2, 2))).read_bytes() for n in "ab"]
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("s", "names", "told"),
    [
        (np.ones((2, 2, 2)), (), "shape"),
        (np.ones((1, 2, 3)), (), "shape"),
        (np.full((1, 2, 2), np.nan), (), "NaN"),
        (np.ones((1, 2, 2)), ("one",), "names"),
    ],
)
def test_bad_matrices_are_refused(tmp_path, s, names, told):
    """A column nobody simulated is not zero."""
    with pytest.raises(InputError, match=told):
        write_touchstone(tmp_path / "x", [1e14], s, names)
