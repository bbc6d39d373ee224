"""Bad input ends in one line with what, expected, got and remedy, in status 2, and in nothing half-written."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SETTINGS = {
    "misspelt section": ("discretisation.spacing=20e-9", "did you mean discretization?"),
    "misspelt setting": ("discretization.spacng=20e-9", "did you mean spacing?"),
    "unknown setting": ("specification.color=3", "'color'; remove it"),
    "misspelt setting of a stage": ("optimization.stages=[{stepness=3}]", "optimization.stages.0.stepness"),
    "unknown preset": ("preset=corse", "expected one of coarse, got 'corse'"),
    "no equals sign": ("discretization.spacing", "expected name=value"),
    "a value for a section": ("specification=3", "specification.name=value"),
    "negative wavelength": ("specification.wavelengths=[1.3e-6, -1e-6]", "specification.wavelengths.1: expected a value greater"),
    "infinite wavelength": ("specification.wavelengths=[inf]", "expected a finite number, got inf"),
    "no wavelength": ("specification.wavelengths=[]", "expected at least one wavelength, got []"),
    "not a number": ("discretization.spacing=fine", "got 'fine'"),
    "nan": ("discretization.spacing=nan", "got nan"),
    "steepness nan": ("optimization.stages=[{steepness=nan}]", "optimization.stages.0.steepness"),
    "half a cell": ("discretization.pml_cells=8.5", "discretization.pml_cells"),
    "unknown precision": ("discretization.precision=half", "'double' or 'single', got 'half'"),
    "method that takes no min-max": ("optimization.stages=[{minimax=true}]", "expected method mma or ccsa"),
    "negative seed": ("seed=-1", "whole number of at least 0, got -1"),
    "too coarse for the core": ("discretization.spacing=60e-9", "8 cells per wavelength in the core"),
    "too coarse for a dense core": ("specification.core_permittivity=20", "8 cells per wavelength in the core"),
    "stub too short to hold the source": ("specification.stub_length=100e-9", "at least 6 cells"),
    "filter below the minimum length": ("optimization.filter_radius=50e-9", "at least the minimum_length"),
    "memory budget": ("discretization.memory_budget=2 apples", "positive size such as 2GiB"),
    "more cells than fit into memory": ("specification.padding=1", "memory"),
    "more pixels than anything is made for": ("specification.pixel=1e-10", "at most 2e+07 pixels"),
    "a filter over more pixels than that": ("optimization.filter_radius=1", "at most 2e+07 pixels"),
    "cells of no size": ("discretization.spacing=1e-300", "discretization.spacing: expected a value greater"),
    "absorber without end": ("discretization.pml_cells=1000000000", "discretization.pml_cells: expected a value less"),
    "time that stands still": ("discretization.courant=1e-9", "discretization.courant: expected a value greater"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(refused, small, design, name):
    setting, message = SETTINGS[name]
    assert message in refused("evaluate", "waveguide-bend", "--design", design, *small, "--set", setting)


def test_a_setting_and_a_part_of_it(refused, design):
    arguments = ("--set", "specification=3", "--set", "specification.pixel=20e-9")
    assert "--set: expected settings by name in specification, got 3" in refused(
        "evaluate", "waveguide-bend", "--design", design, *arguments
    )


@pytest.mark.parametrize("words", [("run",), ("evaluate", "--design", "d.csv"), ("check",)])
def test_unknown_problem(refused, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    message = refused(words[0], "waveguide-bnd", *words[1:])
    assert "'waveguide-bnd'; did you mean waveguide-bend?" in message and "soi-bend" in message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("setting", ["discretization.spacing=1e-6", "discretization.spacing=1e-12", "specification.padding=1"])
def test_bad_settings_leave_no_folder(refused, tmp_path, setting):
    """Refused at once, or once the solver is planned."""
    refused("run", "waveguide-bend", "--out", tmp_path / "new", "--set", setting)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", ["csv", "npy"])
@pytest.mark.parametrize(
    "values, message",
    [
        (np.full((40, 39), 0.5), "expected 40 x 40 values (rows are x, columns y), got 40 x 39"),
        (np.where(np.eye(40) > 0, np.nan, 0.5), "expected finite values, got nan in row 1, column 1 (40 such values)"),
        (np.full((40, 40), 1.5), "expected densities between 0 and 1"),
    ],
    ids=["shape", "nan", "range"],
)
def test_design_values(refused, small, tmp_path, kind, values, message):
    path = tmp_path / f"design.{kind}"
    if kind == "csv":
        np.savetxt(path, values, delimiter=",")
    else:
        np.save(path, values)
    assert message in refused("evaluate", "waveguide-bend", *small, "--design", path)


@pytest.mark.parametrize("name", ["none.csv", "design.txt", "."])
def test_design_file(refused, small, tmp_path, name):
    (tmp_path / "design.txt").write_text("0.5")
    assert "design file" in refused("evaluate", "waveguide-bend", *small, "--design", tmp_path / name)


@pytest.mark.parametrize(
    "words, message",
    [
        (("check", "waveguide-bend", "--sett", "a=1"), "No such option: --sett"),
        (("evaluate", "waveguide-bend"), "--design"),
        (("optimise",), "No such command"),
        (("check", "waveguide-bend", "--out", "no/such/folder/c.json"), "--out: expected a file in an existing folder"),
        (("run", "waveguide-bend", "--config", "none.toml"), "--config: expected a readable TOML file"),
        (("resume", "none"), "DIR: expected the folder of a run"),
        (("report", "none"), "DIR: expected the folder of a run"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_words(refused, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in refused(*words)


def test_configuration_file(refused, tmp_path):
    path = tmp_path / "mine.toml"
    for text, message in {
        "[discretization]\nspacing = \npml_cells = 8": "line 2",
        'problem = "demultiplexer"': "settings of demultiplexer",
        "[discretization]\nspacng = 1e-9": "did you mean spacing?",
        "discretization = 3": "discretization.name=value",
    }.items():
        path.write_text(text)
        assert message in refused("run", "waveguide-bend", "--config", path, "--out", tmp_path / "new")
    path.write_bytes(b"\xff\xfe\x00")
    assert "expected a readable TOML file" in refused("run", "waveguide-bend", "--config", path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("content", ["config.toml", "anything"])
def test_folder_that_is_in_use(refused, tmp_path, small, content):
    (tmp_path / content).write_text("mine")
    message = refused("run", "waveguide-bend", *small, "--out", tmp_path)
    assert "a folder that does not exist or is empty" in message and f"adjointdesign resume {tmp_path}" in message
    assert [p.name for p in tmp_path.iterdir()] == [content] and (tmp_path / content).read_text() == "mine"
    assert "--out" in refused("run", "waveguide-bend", *small, "--out", tmp_path / content)


def test_the_installed_command_says_one_line_and_no_traceback(tmp_path):
    """The console script itself, as a process."""
    script = Path(sys.executable).with_name("adjointdesign")
    ended = subprocess.run([script, "run", "bend", "--out", tmp_path / "new"], capture_output=True, text=True, timeout=60)
    (line,) = ended.stderr.splitlines()
    assert ended.returncode == 2 and ended.stdout == "" and not (tmp_path / "new").exists()
    assert line.startswith("error: problem: expected one of waveguide-bend")
