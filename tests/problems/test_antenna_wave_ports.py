"""Ports of lines and guides in described antennas: what they read against closed forms, with lumped ones, and what is refused."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

import adjointdesign.problems.antennas as antennas
from adjointdesign.constants import C0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.problems.antennas.describe import evaluate_file, simulate, table
from adjointdesign.problems.antennas.describe_deliver import deliver
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described

REFERENCE = Path(antennas.__file__).parent / "reference"
A, B = 22.86e-3, 10.16e-3
"""WR-90, m."""


def loss_of_power(s) -> float:
    """By how much an S-matrix is not unitary."""
    return np.abs(np.einsum("fij,fik->fjk", s.conj(), s) - np.eye(s.shape[1])).max()


def guide(**changes):
    """WR-90 between two ports that goes on beyond them, a slab of 6 mm in its middle, planes moved to its faces."""
    ports = [
        {"name": name, "kind": "waveguide", "axis": "z", "center": [A / 2, B / 2, -15e-3 * sense], "size": [A, B, 0.0], "direction": sense, "deembed": 12e-3}
        for name, sense in (("left", 1), ("right", -1))
    ]  # fmt: skip
    return {
        "name": "slab in a guide", "band": {"low": 8.2e9, "high": 12.4e9, "points": 7}, "media": {"slab": {"permittivity": 2.54}},
        "solids": [{"name": "slab", "medium": "slab", "shape": "box", "lower": [0, 0, -3e-3], "upper": [A, B, 3e-3]}],
        "ports": ports, "boundaries": {"x": ["ground"] * 2, "y": ["ground"] * 2},
        "domain": {"lower": [0, 0, -27e-3], "upper": [A, B, 27e-3]}, "grid": {"cells_per_wavelength": 12},
    } | changes  # fmt: skip


def slab(f):
    """S11 and S21 at the faces: a line in a line, Pozar, 4th ed., section 3.3."""
    k = 2 * np.pi * f / C0
    outside, inside = (np.sqrt(e * k * k - (np.pi / A) ** 2) for e in (1.0, 2.54))
    r, turn = (outside - inside) / (outside + inside), np.exp(6e-3j * inside)
    return r * (1 - turn**2) / (1 - r**2 * turn**2), (1 - r**2) * turn / (1 - r**2 * turn**2), outside


def test_a_slab_in_a_guide_between_ports_of_a_file(tmp_path):
    """Reflection, transmission, moved planes and wave impedance; power to 1e-3, and what the run's end left out is known."""
    results = simulate(described(guide()))
    f, s, found = results.model.frequencies, results.s_parameters, results.summary()
    s11, s21, beta = slab(f)
    assert np.abs(s[:, 0, 0] - s11).max() < 0.03 and np.abs(s[:, 1, 0] - s21).max() < 0.04 and np.abs(s11).max() > 0.3
    assert loss_of_power(s) < 1e-3 and found["rung_down"] and not found["extrapolated"] and found["truncation_error"] > 1e-6
    assert found["lines"]["left"]["phase_constant"] == pytest.approx(beta, rel=2e-2)
    assert found["lines"]["right"]["impedance"] == pytest.approx(2 * np.pi * f / C0 * ETA0 / beta, rel=2e-2)
    deliver(results, tmp_path)
    assert json.loads((tmp_path / "results.json").read_text())["ports"] == ["left", "right"]
    lines = (tmp_path / "s_parameters.s2p").read_text().splitlines()
    first = [float(x) for x in next(line for line in lines if line[0] not in "!#").split()]
    assert complex(*first[1:3]).conjugate() == pytest.approx(s[0, 0, 0], rel=1e-6)  # as they are: of the guide's own wave
    assert (tmp_path / "smith.png").exists() and "port left" in table(results)


@pytest.mark.slow
def test_a_coaxial_port_and_a_lumped_one(tmp_path):
    """The round line ends in a lumped port from conductor to conductor, beside a wall: one S-matrix, no power lost, both ways alike."""
    data = tomllib.loads((REFERENCE / "coaxial-line.toml").read_text())
    end = {"name": "end", "axis": "x", "center": [2.475e-3, 0.0, 4e-3], "size": [1.95e-3, 0.0, 0.0], "impedance": 75.0}
    data |= {"ports": [data["ports"][0], end], "boundaries": {k: ["ground"] * 2 for k in "xy"} | {"z": ["open", "ground"]}}
    data["domain"]["upper"][2] = 12e-3
    results = simulate(described(data))
    s = results.s_parameters
    assert np.abs(s[:, 1, 0]).min() > 0.1 and loss_of_power(s) < 5e-3
    assert np.abs(s[:, 0, 1] - s[:, 1, 0]).max() < 5e-3
    assert results.impedances == [50.0, 75.0]


@pytest.mark.slow
def test_round_coaxial_line():
    """Two ports on a round air line: ``eta / (2 pi) ln(b / a)``, the speed of light, and no power lost."""
    results = evaluate_file(REFERENCE / "coaxial-line.toml")
    f, s = results.model.frequencies, results.s_parameters
    assert results.runs[0].waves["near"].impedance == pytest.approx(ETA0 / (2 * np.pi) * np.log(2.3), rel=5e-3)
    assert np.unwrap(np.angle(s[:, 1, 0])) == pytest.approx(2 * np.pi * f / C0 * 12e-3, rel=3e-3)
    assert loss_of_power(s) < 1e-4 and np.abs(s[:, 0, 0]).max() < 5e-3


@pytest.mark.slow
def test_microstrip_line():
    """The phase of S21 against Hammerstad and Jensen, with the dispersion of Kirschning and Jansen, as scikit-rf has them."""
    from skrf import Frequency
    from skrf.media import MLine

    results = evaluate_file(REFERENCE / "microstrip-line.toml")
    f, s = results.model.frequencies, results.s_parameters
    model = MLine(Frequency.from_f(f, unit="hz"), w=3.52e-3, h=1.524e-3, t=None, ep_r=3.38, rho=None, tand=0, diel="frequencyinvariant",
                  model="hammerstadjensen", disp="kirschningjansen")  # fmt: skip
    effective = (np.unwrap(np.angle(s[:, 1, 0])) / (2 * np.pi * f / C0 * 20e-3)) ** 2
    assert effective == pytest.approx(model.ep_reff_f.real, rel=0.02)
    assert results.runs[0].waves["left"].impedance[0] == pytest.approx(model.z0_characteristic.real[0], rel=0.02)
    assert loss_of_power(s) < 1e-3 and np.abs(s[:, 0, 0]).max() < 0.05


def probe_gain(f: float) -> float:
    """dBi: Yaghjian (1984), eqs. (1), (2) and (5): azimuthal dependence of first order, no reflection in the E-plane, none behind in the H-plane."""
    k = 2 * np.pi * f / C0
    slow = np.sqrt(1 - (np.pi / (k * A)) ** 2)

    def e(t):
        return (1 + slow * np.cos(t)) / (1 + slow) * np.sinc(k * B * np.sin(t) / (2 * np.pi))

    def h(t):
        u = 0.5 * k * A * np.sin(t)
        return np.cos(t) * np.cos(u) / (1 - (2 * u / np.pi) ** 2)

    integral = sum(quad(lambda t, of=of: of(t) ** 2 * np.sin(t), 0, end)[0] for of, end in ((e, np.pi), (h, np.pi / 2)))
    return 10 * np.log10(4 / integral)


@pytest.mark.slow
def test_open_ended_waveguide():
    """Gain within half a decibel of the formula (whose guide has no other end); power in equals power out."""
    results = evaluate_file(REFERENCE / "open-ended-waveguide.toml")
    far = results.summary()["far_field"]["feed"]
    assert far["directivity_dbi"] == pytest.approx([probe_gain(f) for f in far["frequencies"]], abs=0.5)
    assert np.abs(far["power_balance_error"]).max() < 2e-3
    mismatch = 10 * np.log10(1 - np.abs(results.s_parameters[[0, -1], 0, 0]) ** 2)
    assert np.subtract(far["realized_gain_dbi"], far["directivity_dbi"])[[0, -1]] == pytest.approx(mismatch, abs=0.01)


def port_changes(**changes):
    data = guide()
    return {"ports": [data["ports"][0] | changes, data["ports"][1]]}


STRIP = {"sheets": [{"name": "vane", "axis": "y", "position": B / 2, "outline": {"shape": "rectangle", "lower": [4e-3, -27e-3], "upper": [16e-3, 27e-3]}}]}
LOSSY = {"media": {"slab": {"permittivity": 2.54}, "tin": {"metal": True, "conductivity": 9e6}},
         "sheets": [{**STRIP["sheets"][0], "medium": "tin"}]}  # fmt: skip


@pytest.mark.parametrize(
    "changes,told",
    [
        (port_changes(kind="wave"), "ports.'left'.kind: expected lumped, waveguide, coaxial or microstrip, got 'wave'"),
        (port_changes(size=[A, B, 1e-3]), "zero along the axis"),
        (port_changes(direction=2), "1 or -1"),
        (port_changes(impedance=50.0), "known setting"),
        (port_changes(center=[A / 2, B / 2, -30e-3]), "'left' along z: expected an extent within the domain"),
        (port_changes(center=[A / 2, B / 2, -25e-3]), "absorbers lie outside"),
        (port_changes(center=[A / 2, B / 2, 18e-3]), "no other port or element between its plane and its source, got 'right'"),
        (port_changes(mode=1), "mode 1; raise band.low"),
        ({"band": {"low": 5e9, "high": 12.4e9}}, "above its cutoff at band.low, 5e\\+09 Hz"),
        (port_changes(size=[A / 2, B, 0.0]), "metal all around the plane of a waveguide port"),
        (STRIP, "no conductor in the plane of a waveguide port"),
        (port_changes(kind="coaxial"), "one conductor in the plane of a coaxial port"),
        (STRIP | port_changes(kind="microstrip"), "3 heights of the strip"),
        (LOSSY, "no metal of finite conductivity in its window, got 'vane'"),
        ({"boundaries": {"x": ["symmetry", "ground"], "y": ["ground"] * 2}}, "no planes of symmetry"),
        ({"boundaries": {"x": ["open"] * 2, "y": ["ground"] * 2}}, "metal all around"),
        ({"far_field": {}}, "one port alone where one is a wave port"),
    ],
)
def test_what_cannot_be_a_port_is_refused(changes, told):
    with pytest.raises(InputError, match=told):
        simulate(described(guide(**changes)))


def test_a_round_line_of_whole_edges_is_refused():
    data = tomllib.loads((REFERENCE / "coaxial-line.toml").read_text())
    del data["grid"]["curved_metal"]
    with pytest.raises(InputError, match='choose grid.curved_metal = "cut"'):
        simulate(described(data))


def test_ports_stand_in_the_model():
    """In the order of the file, sources behind their planes on even cells."""
    model = build(described(guide()))
    left, right = model.ports
    assert (left.direction, right.direction, left.voltage) == (1, -1, None)
    assert left.window(model.bare).step == right.window(model.bare).step
