"""`adjointdesign smoothness`: around a design, along the last designs of a run, and what it refuses."""

import json

import pytest
from small_bend import SMALL
from typer.testing import CliRunner

from adjointdesign import cli
from adjointdesign.errors import InputError


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["smoothness", *arguments], standalone_mode=False)


@pytest.mark.slow
def test_around_a_design_and_along_a_run(tmp_path, command):
    settings = [word for setting in SMALL for word in ("--set", setting)]
    found = json.loads(invoke("waveguide-bend", *settings, "--samples", "9", "--json").stdout)
    assert found["smooth"] and found["findings"] == [] and found["evaluations"] >= 9
    folder = tmp_path / "run"
    assert command("run", "waveguide-bend", *settings, "--out", str(folder)).status == 0
    along = invoke("--run", str(folder), "--last", "2", "--samples", "9")
    assert along.return_value == 0 and along.stdout.startswith("smooth over t from 0 to 1")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected either PROBLEM or --run DIR, got neither"),
        (("waveguide-bend", "--run", "x"), "got both"),
        (("--run", "nowhere"), "DIR: expected the folder of a run"),
        (("--run", "nowhere", "--last", "1"), "--last: expected at least 2, got 1"),
        (("waveguide-bend", "--last", "3"), "--last: expected --run DIR with it"),
        (("--run", "nowhere", "--reach", "1"), "--run: expected no --config"),
        (("waveguide-bend", "--set", "preset=coarse", "--samples", "2"), "samples: expected"),
    ],
)
def test_refusals(arguments, message):
    result = invoke(*arguments)
    assert isinstance(result.exception, InputError) and message in str(result.exception), result.exception
