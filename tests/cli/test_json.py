"""The JSON interface that docs/command-line.md describes: every key, its type, and nothing else on standard output."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()
LIST = {"problems": list}
PROBLEM = {"name": str, "summary": str, "presets": list}
EVALUATE = {
    "problem": str, "design": str, "format": str, "objective": float, "wavelengths": list, "s_parameters_db": dict,
    "worst_db": float, "worst_s_parameters_db": dict, "targets_met": bool,
}  # fmt: skip
CHECK = {
    "passed": bool, "taylor_order": float, "hessian_taylor_order": float, "dot_product_residual": float,
    "gradient_cost": float, "failures": list, "problem": str, "preset": (str, type(None)), "precision": str, "seed": int,
    "ranks": int, "threads": int, "versions": dict, "details": dict,
}  # fmt: skip
DETAILS = {"taylor", "hessian_taylor", "stages", "constraints", "dot_product", "schedules", "cost", "single_precision", "limits"}
BENCH = {"cases": list} | {"stream_gb_per_second" + end: dict for end in ("", "_min", "_max")}
CASE = {
    "name": str, "precision": str, "threads": int, "cells": list, "steps": int, "seconds": float, "mcells_per_second": float,
    "mcells_per_second_min": float, "mcells_per_second_max": float, "peak_bytes": int, "expected_bytes": int,
}  # fmt: skip
MORE = {key: dict.fromkeys((key, f"{key}_min", f"{key}_max"), float) for key in ("dispersive_cost", "graded_cost", "far_field_cost")}
COST = {"gradient_cost": float, "gradient_cost_min": float, "gradient_cost_max": float, "snapshots": int}


def assert_keys(found: dict, expected: dict):
    assert set(found) == set(expected)
    for key, kind in expected.items():
        assert isinstance(found[key], kind), (key, found[key])


def documented(command: str) -> set[str]:
    """Keys in the tables of a command's section of the page."""
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(f"`{command}")]
    return set(re.findall(r"^\| `([\w.]+)`", text, flags=re.MULTILINE))


def one_object(ended) -> dict:
    assert len(ended.out.splitlines()) == 1 and ended.out.endswith("\n")
    return json.loads(ended.out)


def test_list(command):
    ended = command("list", "--json")
    found = one_object(ended)
    assert ended.status == 0 and ended.err == ""
    assert_keys(found, LIST)
    for problem in found["problems"]:
        assert_keys(problem, PROBLEM)
    names = [p["name"] for p in found["problems"]]
    assert names[:5] == ["waveguide-bend", "mode-converter", "beam-splitter", "demultiplexer", "soi-bend"]
    assert all("coarse" in p["presets"] for p in found["problems"][:5])
    assert documented("list") == {*LIST, *PROBLEM}


def test_evaluate(command, small, design):
    ended = command("evaluate", "waveguide-bend", "--design", design, *small, "--json")
    found = one_object(ended)
    assert ended.status == 0
    assert_keys(found, EVALUATE)
    assert documented("evaluate") == set(EVALUATE)
    assert found["wavelengths"] == [1265e-9, 1295e-9] and found["format"] == "csv" and found["design"] == str(design)
    s = found["s_parameters_db"]
    assert set(s) == {"S11", "S21"} and all(len(values) == 2 for values in s.values())
    worst = max(max(-0.5 - v for v in s["S21"]), max(v + 20 for v in s["S11"]))
    assert found["worst_db"] == pytest.approx(worst, abs=1e-12) and found["targets_met"] is (worst <= 0)
    assert found["worst_s_parameters_db"] == {"S21": min(s["S21"]), "S11": max(s["S11"])}
    # The smoothed maximum of the misses, 0.5 dB of margin added: the log-sum-exp mean with a temperature of 1 dB.
    misses = np.array([-0.5 - v for v in s["S21"]] + [v + 20 for v in s["S11"]]) + 0.5
    assert found["objective"] == pytest.approx(np.log(np.mean(np.exp(misses))), abs=1e-9)


def test_evaluate_for_people(command, small, design):
    ended = command("evaluate", "waveguide-bend", "--design", design, *small)
    head, names, *rows = ended.out.splitlines()
    assert ended.status == 0 and "worst miss of a target" in head and "S11 [dB]" in names
    assert [row.split()[0] for row in rows] == ["1265.0", "1295.0"]


@pytest.mark.slow
def test_check(command, small, tmp_path):
    file = tmp_path / "certificate.json"
    ended = command("check", "waveguide-bend", *small, "--json", "--out", file)
    found = one_object(ended)
    assert ended.status == 0 and found["passed"] is True and found["failures"] == []
    assert_keys(found, CHECK)
    assert set(found["details"]) == DETAILS and set(found["details"]["schedules"]) == {"memory", "revolve", "disk"}
    assert 1.9 <= found["taylor_order"] <= 2.1 and 2.85 <= found["hessian_taylor_order"] <= 3.2
    assert 0 <= found["dot_product_residual"] <= 1e-12 and found["gradient_cost"] > 1
    assert json.loads(file.read_text()) == found
    assert documented("check") == set(CHECK)


@pytest.mark.slow
def test_a_failed_check_is_status_1(command, small, monkeypatch):
    """A wrong factor in the adjoint of the whole solver: the check must say what failed, and end in 1."""
    from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell

    adjoint = FdtdMaxwell.adjoint

    def wrong(self, inputs, cotangents):
        return {name: 1.01 * value for name, value in adjoint(self, inputs, cotangents).items()}

    monkeypatch.setattr(FdtdMaxwell, "adjoint", wrong)
    ended = command("check", "waveguide-bend", *small, "--json")
    found = one_object(ended)
    assert ended.status == 1 and found["passed"] is False
    assert {"what", "expected", "got"} == set(found["failures"][0])
    assert any(f["what"].startswith("dot_product_residual") and f["got"] > 1e-3 for f in found["failures"])


def test_bench(command):
    ended = command("bench", "fdtd", "--quick", "--json")
    found = one_object(ended)
    assert ended.status == 0 and found["cases"]
    assert_keys(found, BENCH)
    for case in found["cases"]:
        more = {name: kind for key, names in MORE.items() if key in case for name, kind in names.items()}
        assert_keys(case, CASE | (COST if "gradient_cost" in case else {}) | more)
        assert case["precision"] in ("single", "double") and str(case["threads"]) in found["stream_gb_per_second"]
        assert all(isinstance(n, int) for n in case["cells"])
    assert any("gradient_cost" in case for case in found["cases"]) and all(any(key in case for case in found["cases"]) for key in MORE)
    assert documented("bench fdtd") == {*BENCH, *CASE, *COST, *(name for names in MORE.values() for name in names)}


def test_help_names_every_command(command):
    ended = command("--help")
    assert ended.status == 0
    for name in ("list", "run", "resume", "evaluate", "check", "bench", "report"):
        assert re.search(rf"\b{name}\b", ended.out) and f"## `{name}" in PAGE
