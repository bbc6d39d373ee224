"""The benchmark says what it promises; its numbers are not tested, since they depend on the machine's load."""

import json

import pytest

from adjointdesign.bench import fdtd, stream


@pytest.fixture(scope="module")
def result():
    return fdtd.run(quick=True)


def test_every_case_has_its_keys(result):
    needed = {"name", "precision", "threads", "cells", "seconds", "mcells_per_second", "peak_bytes", "expected_bytes"}
    assert len(result["cases"]) >= 3
    assert all(needed <= set(case) for case in result["cases"])
    assert {case["snapshots"] for case in result["cases"] if "gradient_cost" in case} >= {0, 3}
    assert len(json.loads(json.dumps(result))["stream_gb_per_second"]) == len({c["threads"] for c in result["cases"]})


def test_speed_is_cells_times_steps_over_seconds(result):
    for case in result["cases"]:
        work = case["steps"] / 1e6
        for n in case["cells"]:
            work *= n
        # The median of an even number of rounds is a mean, of the seconds here and of their inverses there.
        slow, fast = case["mcells_per_second_min"], case["mcells_per_second_max"]
        assert slow <= work / case["seconds"] * (1 + 1e-12) and work / case["seconds"] <= fast * (1 + 1e-12)


@pytest.mark.parametrize("key", ["dispersive_cost", "graded_cost", "far_field_cost"])
def test_what_is_added_is_held_against_the_plain_box(result, key):
    case = next(case for case in result["cases"] if key in case)
    assert 0 < case[f"{key}_min"] <= case[key] <= case[f"{key}_max"]
    assert sum("times the plain box" in line for line in fdtd.table(result).splitlines()) == 3


def test_what_is_added_is_there():
    dispersive, graded, far = (next(c for c in fdtd._cases(quick=True) if c.variant == v).solver for v in ("dispersive", "graded", "far field"))
    assert dispersive.program.places.designed and dispersive.program.places.present
    assert graded.program.grid.graded_lines is not None and far.program.grid.graded_lines is None
    assert len(far.program.doors.placements) == 2


def test_table_has_a_line_a_case(result):
    lines = fdtd.table(result).splitlines()
    assert all(sum(line.startswith(case["name"]) for line in lines) == 1 for case in result["cases"])


def test_triad_computes_the_triad(monkeypatch):
    kept = []
    plain = stream._triad

    def watch(a, b, c, scalar):
        plain(a, b, c, scalar)
        kept.append((a.copy(), b, c))

    monkeypatch.setattr(stream, "_triad", watch)
    assert stream.triad(1000, 2)() > 0
    assert all((a == b + 3 * c).all() for a, b, c in kept) and sum(a.size for a, _, _ in kept) >= 1000


def test_revolve_case_recomputes():
    case = next(c for c in fdtd._cases(quick=True) if c.snapshots)
    plan = case.solver._plan(case.steps)
    assert plan.name == "revolve" and plan.snapshots <= case.snapshots and plan.units > plan.snapshots
