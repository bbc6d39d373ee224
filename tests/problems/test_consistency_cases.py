"""Whole problems against their equations: the gradient by the tape and the one by reciprocity."""

import importlib.util
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from adjointdesign import cli
from adjointdesign.errors import InputError
from adjointdesign.problems.photonics import consistency_cases, reciprocity
from adjointdesign.report import section_story
from adjointdesign.verification.consistency import find_case, run_case

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
from small_bend import SMALL  # noqa: E402

needs_firedrake = pytest.mark.skipif(importlib.util.find_spec("firedrake") is None, reason="needs Firedrake")


def relative(sample):
    return sample.norm(sample.discrete - sample.continuous) / sample.scale


@pytest.mark.slow
def test_a_device_by_fdtd_converges_to_its_equations():
    outcome = run_case(find_case("bend-fdtd"), 3)
    assert outcome.passed, outcome.wrong


@pytest.mark.slow
def test_a_forgotten_conjugate_is_inconsistent(monkeypatch):
    right = reciprocity._weights
    monkeypatch.setattr(reciprocity, "_weights", lambda *arguments: [np.conj(weight) for weight in right(*arguments)])
    sample = find_case("bend-fdtd").measure(1.0)
    assert relative(sample) > 0.1


@pytest.mark.slow
@needs_firedrake
def test_a_device_by_elements_converges_with_twice_the_degree():
    coarse, fine = (relative(find_case("bend-fem").measure(n)) for n in (1.0, 1.5))
    assert 1.5**3.5 < coarse / fine < 1.5**4.5 and fine < 2e-4


@pytest.mark.slow
@needs_firedrake
def test_a_lens_converges_to_its_equations():
    outcome = run_case(find_case("lens-fem"), 3)
    assert outcome.passed and outcome.comparison.differences[0] < 2e-6, outcome.wrong


def test_the_command_takes_a_problem_with_settings():
    arguments = ["consistency", "waveguide-bend", "--levels", "2", "--json", "--set", "preset=coarse"]
    arguments += ["--set", "specification.wavelengths=[1280e-9]"]
    result = CliRunner().invoke(cli.app, arguments, standalone_mode=False)
    (case,) = json.loads(result.stdout)["cases"]
    assert result.return_value == 1 and case["verdict"] == "undecided"  # two levels
    assert case["name"] == "waveguide-bend" and case["levels"][1]["difference"] < case["levels"][0]["difference"] < 2e-3


@pytest.mark.slow
def test_a_certificate_has_a_section_of_it(tmp_path):
    arguments = ["check", "waveguide-bend", "--consistency", "--json", "--out", str(tmp_path / "c.json"), *(w for s in SMALL for w in ("--set", s))]
    result = CliRunner().invoke(cli.app, arguments, standalone_mode=False)
    found = json.loads(result.stdout)
    section = found["details"]["consistency"]
    assert len(section["levels"]) == 4 and section["verdict"] in ("convergent", "undecided")
    assert found["passed"] == (section["verdict"] == "convergent") == (result.return_value == 0)
    assert "order" in section_story.certificate(SimpleNamespace(certificate=found), {})


def test_refusals():
    for arguments, message in (
        (["horn-antenna"], "expected one that defines continuous_gradient"),
        (["control-noise", "--set", "seed=1"], "--config, --set: expected the name of a problem with them"),
    ):
        result = CliRunner().invoke(cli.app, ["consistency", *arguments])
        assert isinstance(result.exception, InputError) and message in str(result.exception)


def test_cases_have_the_settings_they_name():
    problem = consistency_cases.built("waveguide-bend", **consistency_cases.BEND, pixel=5e-9)
    assert problem.specification.mode_margin == 900e-9 and problem.specification.pixel == 5e-9
    assert problem.discretization.spacing == 40e-9
