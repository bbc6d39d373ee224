"""What described antennas do, from TOML to figures of merit, against closed forms and against each other."""

import csv
import json
import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
import skrf

import adjointdesign.problems.antennas as antennas
from adjointdesign.constants import C0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.problems.antennas.describe import far_directions, simulate, table
from adjointdesign.problems.antennas.describe_deliver import deliver
from adjointdesign.problems.antennas.describe_ringing import RUNG_DOWN
from adjointdesign.problems.antennas.geometry.build import build
from adjointdesign.problems.antennas.geometry.description import described

REFERENCE = Path(antennas.__file__).parent / "reference"


def reference(name: str, **changes):
    """A reference antenna with some sections changed."""
    return described(tomllib.loads((REFERENCE / f"{name}.toml").read_text()) | changes)


def short_monopole(**changes):
    """A coarse monopole over a ground, quick to simulate."""
    data = {
        "name": "monopole", "band": {"low": 0.8e9, "high": 1.2e9, "points": 9},
        "wires": [{"name": "arm", "start": [0.0, 0.0, 0.012], "end": [0.0, 0.0, 0.072]}],
        "ports": [{"name": "feed", "axis": "z", "center": [0.0, 0.0, 0.006], "size": [0.0, 0.0, 0.012],
                   "impedance": 36.0}],
        "boundaries": {"z": ["ground", "open"]}, "far_field": {"samples": 12},
        "grid": {"cells_per_wavelength": 10.0, "edge_size": 12e-3, "absorber_cells": 8},
        "run": {"precision": "double", "decay": 1e-10},
    }  # fmt: skip
    return described(data | changes)


@pytest.fixture(scope="module")
def monopole():
    return simulate(short_monopole())


def test_cavity_resonance():
    """The pole of the input impedance is the box's resonance at second order (Jackson, eq. 8.45)."""
    exact, errors, sizes = C0 / 2 * math.hypot(1 / 30e-3, 1 / 25e-3), [], []
    for cells in (10.0, 20.0):
        results = simulate(reference("cavity", grid={"cells_per_wavelength": cells}))
        assert results.summary()["rung_down"]
        f, susceptance = results.model.frequencies, np.imag(1 / results.input_impedance[:, 0])
        (k,) = np.flatnonzero(np.diff(np.sign(susceptance)))
        errors.append(f[k] - susceptance[k] * (f[k + 1] - f[k]) / (susceptance[k + 1] - susceptance[k]) - exact)
        sizes.append(1 / results.model.grid.cells[0])
    assert abs(errors[1]) < 1e-3 * exact
    assert np.log(errors[0] / errors[1]) / np.log(sizes[0] / sizes[1]) == pytest.approx(2.0, abs=0.15)


def test_monopole_radiates_what_it_accepts(monopole):
    """Lossless: radiated is accepted power; about 5.2 dBi along the ground (Balanis, section 4.7.3: 5.17), none up."""
    radiation = monopole.radiation(0)
    assert radiation["radiated"] == pytest.approx(radiation["accepted"], rel=1e-5)
    assert radiation["pattern_power"] == pytest.approx(radiation["radiated"], rel=0.04)
    far = monopole.summary()["far_field"]["feed"]
    assert far["directivity_dbi"][1] == pytest.approx(5.17, abs=0.25)
    assert far["direction"][1][0] == pytest.approx(90.0, abs=1e-6)
    up = np.argmin(np.abs(monopole.directions[:, 0]))
    assert radiation["directivity"][:, up].max() < 1e-3
    # Realized gain is directivity times both efficiencies; mismatch by S11 says the same as the powers.
    s11 = monopole.s_parameters[[0, 4, 8], 0, 0]
    assert radiation["accepted"] / radiation["available"] == pytest.approx(1 - np.abs(s11) ** 2, rel=1e-6)
    expected = 10 * np.log10(far["total_efficiency"]) + far["directivity_dbi"]
    assert far["realized_gain_dbi"] == pytest.approx(expected, abs=1e-9)


def test_a_dipole_is_two_monopoles(monopole):
    """Twice the impedance, half the directivity, exactly: the ground is a plane of symmetry of the grid as well."""
    port = {"name": "feed", "axis": "z", "center": [0.0] * 3, "size": [0.0, 0.0, 0.024], "impedance": 72.0}
    arms = [
        {"name": n, "start": [0.0, 0.0, a * 0.012], "end": [0.0, 0.0, a * 0.072]} for n, a in (("up", 1), ("down", -1))
    ]
    dipole = simulate(short_monopole(ports=[port], wires=arms, boundaries={}))
    assert dipole.input_impedance == pytest.approx(2 * monopole.input_impedance, rel=1e-4)
    one, two = (r.summary()["far_field"]["feed"]["directivity_dbi"] for r in (dipole, monopole))
    assert np.subtract(two, one) == pytest.approx(10 * np.log10(2), abs=1e-4)


def test_a_quarter_of_a_monopole(monopole):
    """Symmetry planes through the wire change nothing: port values, powers and far field are those of the whole."""
    port = {
        "name": "feed",
        "axis": "z",
        "center": [0.0, 0.0, 0.006],
        "size": [0.0, 0.0, 0.012],
        "impedance": 36.0,
        "share": 0.25,
    }
    faces = {"x": ["symmetry", "open"], "y": ["symmetry", "open"], "z": ["ground", "open"]}
    quarter = simulate(short_monopole(ports=[port], boundaries=faces))
    assert quarter.input_impedance == pytest.approx(monopole.input_impedance, rel=1e-4)
    for name, values in monopole.radiation(0).items():
        ours = quarter.radiation(0)[name]
        if name in ("losses", "dissipated", "transferred"):  # none but by rounding
            continue
        assert ours == pytest.approx(values, rel=1e-4, abs=1e-4 * np.abs(values).max()), name


@pytest.mark.parametrize("face,axis,sign", [("-z", 2, 1), ("+z", 2, -1), ("-x", 0, 1), ("+y", 1, -1)])
def test_directions_stay_above_the_ground(face, axis, sign):
    """The quadrature integrates what depends on all three coordinates over the half of space away from the ground."""
    faces = {"xyz"[axis]: ["ground", "open"] if face[0] == "-" else ["open", "ground"]}
    end = {"start": [0.0, 0.0, 0.0], "end": [0.0, 0.0, 0.05]}
    model = build(short_monopole(wires=[{"name": "arm"} | end], ports=[], boundaries=faces))
    directions, weights = far_directions(model)
    theta, phi = directions.T
    n = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])
    assert (sign * n[axis]).min() > -1e-9
    inner = n[:, : len(weights)]
    assert np.sum(weights * inner[axis] ** 2) == pytest.approx(2 * np.pi / 3)
    assert np.sum(weights * inner[axis] * sign) == pytest.approx(np.pi)
    other = inner[(axis + 1) % 3]
    assert np.sum(weights * other**2 * (1 + other)) == pytest.approx(2 * np.pi / 3)


def test_a_run_that_ends_too_early_is_marked():
    """Its error bound holds, against a run that has rung down, and the estimate of what extrapolation makes of it."""
    whole = simulate(reference("cavity", grid={"cells_per_wavelength": 10.0}, run={"decay": 1e-9, "periods": 400.0}))
    cut = simulate(reference("cavity", grid={"cells_per_wavelength": 10.0}, run={"decay": 0.1, "periods": 400.0}))
    (end,) = cut.ringing
    recorded = 2 * end.recorded[0] / end.drive - 1
    found = np.abs(recorded - whole.s_parameters[:, 0, 0]).max()
    assert RUNG_DOWN < found <= end.truncation_error
    error = np.abs(cut.s_parameters - whole.s_parameters).max()
    assert error <= end.extrapolation_error < 1e-3 * found
    summary = cut.summary()
    assert not summary["rung_down"] and summary["extrapolated"] and summary["left_out"] == pytest.approx(found, rel=1e-3)
    assert "NOT RUNG DOWN" in table(cut) and "lower run.decay (0.1)" in table(cut)
    assert whole.summary()["rung_down"] and whole.ringing[0].truncation_error < RUNG_DOWN
    spent = simulate(reference("cavity", grid={"cells_per_wavelength": 10.0}, run={"decay": 1e-9, "periods": 5.0}))
    assert "raise run.periods (5)" in table(spent)


def test_files(monopole, tmp_path):
    """Touchstone as scikit-rf reads it, in ``exp(+j w t)``; a pattern whose columns belong together; figures."""
    written = {path.name: path for path in deliver(monopole, tmp_path / "new" / "folder")}
    network = skrf.Network(written["s_parameters.s1p"])
    assert network.z0[0, 0] == 36.0 and network.f == pytest.approx(monopole.model.frequencies)
    assert network.s == pytest.approx(monopole.s_parameters.conj())
    assert network.z[4, 0, 0].imag == pytest.approx(monopole.summary()["input_reactance"]["feed"][4])
    with open(written["pattern.csv"], newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 * len(monopole.directions) and {r["port"] for r in rows} == {"feed"}
    field, gain = ([float(r[c]) for r in rows] for c in ("e_theta_re", "realized_gain_dbi"))
    square = np.square(field) + np.square([float(r["e_theta_im"]) for r in rows])
    # 1 V behind Z makes 1 / (8 Z) available; U = |E r|^2 / (2 eta); the monopole's field has theta alone.
    assert 10 ** (np.array(gain) / 10) == pytest.approx(4 * np.pi * square / (2 * ETA0) * 8 * 36.0, rel=1e-5, abs=1e-6)
    assert json.loads(written["results.json"].read_text()) == json.loads(json.dumps(monopole.summary()))
    for name in ("s_parameters.png", "smith.png", "mesh.png", "pattern_1.png"):
        assert written[name].read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_simulated():
    with pytest.raises(InputError, match="ports: expected at least one"):
        simulate(short_monopole(ports=[], far_field=None))
    walls = {"z": ["ground", "open"], "x": ["ground", "open"]}
    arm = [{"name": "arm", "start": [0.02, 0.0, 0.012], "end": [0.02, 0.0, 0.072]}]
    port = [{"name": "feed", "axis": "z", "center": [0.02, 0.0, 0.006], "size": [0.0, 0.0, 0.012]}]
    domain = {"lower": [0.0, -0.1, 0.0], "upper": [0.12, 0.1, 0.17]}
    with pytest.raises(InputError, match="one ground at most, got -x and -z"):
        simulate(short_monopole(boundaries=walls, wires=arm, ports=port, domain=domain))


@pytest.mark.parametrize(
    "kind,values",
    [("resistors", {"resistance": 60.0}), ("capacitors", {"capacitance": 2e-12}),
     ("inductors", {"inductance": 8e-9, "resistance": 5.0}),
     ("series_circuits", {"resistance": 10.0, "inductance": 8e-9, "capacitance": 2e-12})],
)  # fmt: skip
def test_elements_across_the_feed(monopole, kind, values):
    """An element in parallel with the port adds its admittance, as the scheme has it, to the antenna's."""
    gap = {"name": "element", "axis": "z", "center": [0.0, 0.0, 0.006], "size": [0.0, 0.0, 0.012]}
    loaded = simulate(short_monopole(far_field=None, **{kind: [gap | values]}))
    dt = loaded.runs[0].dt
    w = 2 / dt * np.tan(np.pi * monopole.model.frequencies * dt)
    r, inductance, c = (values.get(k, 0.0) for k in ("resistance", "inductance", "capacitance"))
    impedance = r - 1j * w * inductance + (1j / (w * c) if c else 0.0)
    found = (1 / loaded.input_impedance - 1 / monopole.input_impedance)[:, 0]
    assert found == pytest.approx(1 / impedance, rel=1e-4)
