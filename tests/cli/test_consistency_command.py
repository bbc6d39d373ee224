"""`adjointdesign consistency`: its JSON, its page, its exit status."""

import json

import pytest
from typer.testing import CliRunner

from adjointdesign import cli
from adjointdesign.errors import InputError
from adjointdesign.verification.consistency import cases, find_case, registry
from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.run import run_cases, summary

KEYS = {"name", "verdict", "expected", "order", "order_interval", "levels"}


def invoke(*arguments):
    return CliRunner().invoke(cli.app, ["consistency", *arguments], standalone_mode=False)


def test_one_case_as_json_and_as_a_page(tmp_path):
    result = invoke("control-half-cell", "--json", "--out", str(tmp_path / "page"))
    found = json.loads(result.stdout)
    (case,) = found["cases"]
    assert result.return_value == 0 and found["passed"] and KEYS <= case.keys()
    assert case["verdict"] == case["expected"] == "convergent" and len(case["levels"]) == 5
    assert case["order_interval"][0] < case["order"] < case["order_interval"][1]
    assert json.loads((tmp_path / "page" / "consistency.json").read_text()) == found
    page = (tmp_path / "page" / "consistency.html").read_text()
    assert "control-half-cell" in page and page.count("data:image/png") == 1
    assert (tmp_path / "page" / "figures" / "control-half-cell.png").read_bytes().startswith(b"\x89PNG")


def test_another_verdict_than_declared_is_exit_status_one():
    result = invoke("control-half-cell", "--levels", "2", "--json")
    (case,) = json.loads(result.stdout)["cases"]
    assert result.return_value == 1 and case["verdict"] == "undecided" and "verdict undecided, expected convergent" in case["wrong"][0]


def test_the_table_for_people():
    result = invoke("control-convergent")
    assert result.return_value == 0 and "convergent (declared: convergent)" in result.stdout and "1.143e-04" in result.stdout


def test_all_cases_are_listed_with_what_they_declare():
    listed = json.loads(invoke("--list", "--json").stdout)["cases"]
    assert {case["name"] for case in listed} == {case.name for case in cases()}
    assert len({case["name"] for case in listed}) == len(listed)
    for case in listed:
        assert case["source"] and case["title"] and case["family"] in registry.FAMILIES, case["name"]
    text = invoke("--list").stdout
    assert all(case.name in text for case in cases())


@pytest.mark.slow
def test_cases_run_side_by_side_in_their_order():
    names = ["control-noise", "control-identical", "control-two-levels"]
    said = []
    outcomes = run_cases(names, jobs=2, progress=said.append)
    assert [outcome.case.name for outcome in outcomes] == names and len(said) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "expected one of CASE, --all and --list, got none"),
        (("control-noise", "--all"), "expected one of CASE, --all and --list, got several"),
        (("contrl-noise",), "did you mean control-noise?"),
        (("control-noise", "--levels", "0"), "--levels: expected 1 to 5, the levels of control-noise, got 0"),
        (("--all", "--levels", "0"), "--levels: expected at least 1, got 0"),
        (("--all", "--list"), "expected one of CASE, --all and --list, got several"),
        (("--list", "--levels", "3"), "--list: expected nothing but --json beside it"),
        (("waveguide-bnd",), "did you mean waveguide-bend?"),
        (("control-noise", "--out", "/proc/nowhere"), "--out: expected a folder that can be written"),
    ],
)
def test_refusals(arguments, message):
    result = invoke(*arguments)
    assert isinstance(result.exception, InputError) and message in str(result.exception)


def test_a_case_without_what_it_needs_is_skipped_and_named(monkeypatch):
    absent = Case(**{**vars(find_case("control-noise")), "needs": "no_such_package"})
    monkeypatch.setattr(registry, "cases", lambda family=None: [absent])
    with pytest.raises(InputError):
        raise invoke("control-noise").exception
    assert summary([], [absent]) == {"passed": True, "cases": [], "skipped": [{"name": "control-noise", "needs": "no_such_package"}]}
