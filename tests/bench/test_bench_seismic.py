"""The elastic benchmark says what it promises; its numbers are not tested, since they depend on the machine's load."""

import json

import pytest

from adjointdesign.bench import seismic


def test_cases_have_their_keys_and_a_line_each():
    result = json.loads(json.dumps(seismic.run(quick=True)))
    (case,) = result["elastic"]
    work = case["steps"] * case["cells"][0] * case["cells"][1] / 1e6
    assert case["mcells_per_second_min"] <= work / case["seconds"] * (1 + 1e-12) <= case["mcells_per_second_max"] * (1 + 1e-9)
    assert case["gradient_cost"] == pytest.approx(case["gradient_cost"]) and case["gradient_cost"] > 1
    assert sum(line.startswith(case["name"]) for line in seismic.table(result).splitlines()) == 1
