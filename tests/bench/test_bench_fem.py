"""The finite-element benchmark says what it promises; its numbers are not tested, since they depend on the machine's load."""

import json

import pytest

pytest.importorskip("firedrake")

from adjointdesign.bench import fem  # noqa: E402


@pytest.fixture(scope="module")
def result():
    return fem.run(quick=True)


def test_both_engines_are_there_with_the_same_gradient(result):
    assert [(c["right_hand_sides"], c["engine"]) for c in result["cases"]] == [(n, e) for n in (1, 4) for e in fem.ENGINES]
    assert all(c["unknowns"] == 2 * 41**2 for c in result["cases"])
    assert all(c["gradient_cost_min"] <= c["gradient_cost"] <= c["gradient_cost_max"] for c in result["cases"])
    assert json.loads(json.dumps(result))["gradient_difference"] < 1e-10


def test_table_has_a_line_a_case(result):
    lines = fem.table(result).splitlines()
    assert [line.split()[-4] for line in lines[1:-2]] == [case["engine"] for case in result["cases"]]
