"""``evaluate FILE.toml``: an antenna from a file, the keys that the page documents, and refusals in one line."""

import json
import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
MONOPOLE = """
name = "monopole"
[band]
low = 0.8e9
high = 1.2e9
points = 5
[[wires]]
name = "arm"
start = [0.0, 0.0, 0.012]
end = [0.0, 0.0, 0.072]
[[ports]]
name = "feed"
axis = "z"
center = [0.0, 0.0, 0.006]
size = [0.0, 0.0, 0.012]
impedance = 36.0
[boundaries]
z = ["ground", "open"]
[grid]
cells_per_wavelength = 10.0
edge_size = 12e-3
[far_field]
samples = 8
"""
KEYS = {
    "antenna": str, "ports": list, "frequencies": list, "s_parameters_db": dict, "input_resistance": dict,
    "input_reactance": dict, "rung_down": bool, "truncation_error": float, "extrapolated": bool,
    "extrapolation_error": (float, type(None)), "left_out": (float, type(None)), "cells": list, "smallest_cell": float,
    "cells_per_wavelength": float, "steps": list, "time_step": float, "seconds": float, "far_field": dict,
    "lines": dict,
}  # fmt: skip
FAR = {
    "directivity_dbi", "realized_gain_dbi", "direction", "radiation_efficiency", "total_efficiency",
    "pattern_power_error", "dissipated", "dissipated_by", "transferred", "power_balance_error",
}  # fmt: skip


@pytest.fixture
def monopole(tmp_path):
    path = tmp_path / "monopole.toml"
    path.write_text(MONOPOLE)
    return path


def test_evaluate_antenna(command, monopole):
    ended = command("evaluate", monopole, "--json")
    assert ended.status == 0 and len(ended.out.splitlines()) == 1
    found = json.loads(ended.out)
    assert set(found) == set(KEYS)
    for key, kind in KEYS.items():
        assert isinstance(found[key], kind), key
    assert found["frequencies"] == pytest.approx([0.8e9, 0.9e9, 1.0e9, 1.1e9, 1.2e9])
    assert [len(v) for v in found["s_parameters_db"].values()] == [5] and set(found["input_resistance"]) == {"feed"}
    # A wire shorter than a quarter wavelength is capacitive, a longer one inductive.
    assert found["input_reactance"]["feed"][0] < 0 < found["input_reactance"]["feed"][-1]
    assert set(found["far_field"]["feed"]) == FAR | {"frequencies"}
    section = next(
        part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if "evaluate FILE.toml" in part.splitlines()[0]
    )
    assert set(re.findall(r"^\| `(\w+)`", section, flags=re.MULTILINE)) == set(KEYS) | FAR


def test_evaluate_antenna_for_people(command, monopole, tmp_path):
    ended = command("evaluate", monopole, "--out", tmp_path / "out")
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"results.json", "s_parameters.s1p", "pattern.csv", "smith.png"} < files
    assert ended.status == 0 and "|S11| least at" in ended.out and "rung down" in ended.out


@pytest.mark.parametrize(
    "change,message",
    [
        (("start = [0.0, 0.0, 0.012]", "start = [0.0, 0.0]"), "wires.'arm'.start"),
        (('name = "arm"', 'name = "arm"\nthickness = 1.0'), "a known setting"),
        (("high = 1.2e9", "high = 0.5e9"), "low below high"),
        (("end = [0.0, 0.0, 0.072]", "end = [0.0, 0.01, 0.072]"), "one axis"),
        (("center = [0.0, 0.0, 0.006]", "center = [0.0, 0.02, 0.006]"), "port 'feed': expected metal"),
        (("samples = 8", "margin = 1.0"), "far-field box"),
        (("edge_size = 12e-3", "frequency = 0.3e9"), "cells per wavelength"),
    ],
)
def test_antennas_that_cannot_be(refused, monopole, change, message):
    assert change[0] in MONOPOLE
    monopole.write_text(MONOPOLE.replace(*change))
    assert message in refused("evaluate", monopole)


def test_settings_stand_in_the_file(refused, monopole, tmp_path):
    assert "settings beside" in refused("evaluate", monopole, "--set", "band.low=1e9")
    assert "readable" in refused("evaluate", tmp_path / "none.toml")
    assert "--out" in refused("evaluate", "waveguide-bend", "--out", tmp_path / "out", "--design", monopole)


def test_a_folder_that_cannot_be_is_refused_before_the_work(command, monopole, tmp_path):
    (tmp_path / "taken").write_text("a file")
    ended = command("evaluate", monopole, "--out", tmp_path / "taken")
    assert ended.status == 2 and "--out: expected a folder that can be written" in ended.err and "cells" not in ended.err
