"""The plan that a memory budget affords, and the cost of binomial checkpointing."""

import pytest
from checkpoint_schedules.multistage import optimal_extra_steps

from adjointdesign.errors import InputError
from adjointdesign.timeloop.schedules import Plan, extra_steps, parse_bytes, plan


@pytest.mark.parametrize("snapshots", range(1, 8))
def test_extra_steps_are_the_optimal_ones(snapshots):
    """The closed form against the recursion of checkpoint_schedules, which refuses more snapshots than it can use."""
    for units in range(2, 60):
        assert extra_steps(units, snapshots) == optimal_extra_steps(units, min(snapshots, units - 1))


def test_everything_is_kept_where_it_fits():
    assert plan(1000, 100, 500, 100_000) == Plan("memory", 64, 16, 0)
    assert plan(10, 100, 500, 100_000) == Plan("memory", 10, 1, 0)
    assert plan(1000, 100, 500, 99_999).name == "revolve"
    assert plan(1000, 100, 10**9, 99_999).name == "disk"


@pytest.mark.parametrize("history,state", [(100, 500), (100, 5000), (5000, 100), (1000, 1000)])
@pytest.mark.parametrize("budget", [12_000, 30_000, 70_000, 99_000])
def test_revolve_stays_within_its_budget_at_least_cost(history, state, budget):
    """No split of the budget between snapshots and the block's history recomputes less."""
    steps = 1000
    chosen = plan(steps, history, state, budget, "revolve")
    assert chosen.snapshots * state + (chosen.steps_per_unit + 1) * history <= budget
    assert (chosen.units - 1) * chosen.steps_per_unit < steps <= chosen.units * chosen.steps_per_unit

    def recomputed(snapshots, length):
        units = -(-steps // length)
        return extra_steps(units, min(snapshots, units)) / units if units > snapshots + 1 else 1.0

    splits = [(s, (budget - s * state) // history - 1) for s in range(1, budget // state + 1)]
    best = min(recomputed(s, min(n, steps)) for s, n in splits if n >= 1)
    assert recomputed(chosen.snapshots, chosen.steps_per_unit) <= best + 1e-12


def test_named_schedules_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="at least 100000 bytes for schedule 'memory'"):
        plan(1000, 100, 500, 99_999, "memory")
    with pytest.raises(InputError, match="at least 700 bytes for schedule 'revolve'"):
        plan(1000, 100, 500, 699, "revolve")
    assert plan(1000, 100, 500, 700, "revolve") == Plan("revolve", 1, 1000, 1)
    assert plan(1000, 100, 500, 1, "disk").name == "disk"
    with pytest.raises(InputError, match="auto, memory, revolve, disk"):
        plan(1000, 100, 500, 1, "tape")


@pytest.mark.parametrize(
    "text,size",
    [("2GiB", 2**31), ("500MB", 500_000_000), ("1.5 kib", 1536), (4096, 4096), ("1e3", 1000), ("7 b", 7)],
)
def test_sizes_are_read(text, size):
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["", "GiB", "2 apples", "-1", 0, "1.2.3", "nan", None, "2 GiB extra"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(InputError, match="memory_budget"):
        parse_bytes(text)
