"""The time loop on a toy: a logistic map whose gradient follows by hand, under every schedule."""

import tempfile
from pathlib import Path

import pytest
from checkpoint_schedules import (
    MultistageCheckpointSchedule,
    Revolve,
    SingleMemoryStorageSchedule,
)

from adjointdesign.timeloop.march import March
from adjointdesign.timeloop.schedules import Plan, extra_steps

UNITS, RATE = 12, 3.1


class Logistic:
    """``x -> r x (1 - x)``; the adjoint of a unit needs its x. Counts what it is asked."""

    def __init__(self, fail_at=None):
        self.x, self.kept, self.fail_at = 0.3, {}, fail_at
        self.advanced = self.replayed = self.begun = self.saved = self.restored = 0

    def advance(self, first, last, keep, replay):
        for unit in range(first, last):
            if keep:
                self.kept[unit] = self.x
            self.x = RATE * self.x * (1 - self.x)
            self.replayed += replay
            self.advanced += not replay

    def begin_reverse(self):
        self.begun += 1
        self.gradient = 1.0

    def reverse(self, last, first, drop):
        for unit in range(last - 1, first - 1, -1):
            if unit == self.fail_at:
                raise MemoryError("planted")
            self.gradient *= RATE * (1 - 2 * self.kept[unit])
            if drop:
                del self.kept[unit]

    def save(self):
        self.saved += 1
        return self.x

    def restore(self, state):
        self.restored += 1
        self.x = state


def expected():
    x, slope = 0.3, 1.0
    for _ in range(UNITS):
        slope *= RATE * (1 - 2 * x)
        x = RATE * x * (1 - x)
    return x, slope


SCHEDULES = {
    "memory": SingleMemoryStorageSchedule,
    "revolve, 3 in memory": lambda: Plan("revolve", 1, UNITS, 3).schedule(),
    "revolve, 2 on disk": lambda: Plan("disk", 1, UNITS, 2).schedule(),
    "1 in memory, 2 on disk": lambda: MultistageCheckpointSchedule(UNITS, 1, 2),
    "Revolve of H-Revolve": lambda: Revolve(UNITS, 3),
}


def folders():
    return set(Path(tempfile.gettempdir()).glob("adjointdesign-checkpoints-*"))


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_gives_the_same(name):
    sweep = Logistic()
    march = March(SCHEDULES[name](), UNITS, sweep)
    march.forward()
    value, slope = expected()
    assert sweep.x == value and sweep.advanced == UNITS and sweep.replayed == 0
    march.reverse()
    assert sweep.gradient == slope
    assert sweep.begun == 1 and sweep.advanced == UNITS
    assert not folders()


@pytest.mark.parametrize("snapshots", [1, 2, 3, 5, UNITS])
@pytest.mark.parametrize("where", ["revolve", "disk"])
def test_revolve_recomputes_as_little_as_can_be(snapshots, where):
    """Griewank and Walther's optimum: the first sweep, and `extra_steps` again."""
    sweep = Logistic()
    march = March(Plan(where, 1, UNITS, snapshots).schedule(), UNITS, sweep)
    march.forward()
    march.reverse()
    assert (sweep.advanced, sweep.replayed) == (UNITS, extra_steps(UNITS, min(snapshots, UNITS - 1)))
    assert not sweep.kept


def test_what_is_in_memory_reverses_again():
    sweep = Logistic()
    march = March(SingleMemoryStorageSchedule(), UNITS, sweep)
    assert march.reusable
    march.forward()
    for _ in range(3):
        march.reverse()
        assert sweep.gradient == expected()[1]
    assert sweep.replayed == 0 and sweep.restored == 0
    assert not March(Plan("revolve", 1, UNITS, 3).schedule(), UNITS, sweep).reusable


def test_snapshots_on_disk_go_also_after_an_error():
    sweep = Logistic(fail_at=5)
    march = March(Plan("disk", 1, UNITS, 2).schedule(), UNITS, sweep)
    march.forward()
    assert len(folders()) == 1
    with pytest.raises(MemoryError):
        march.reverse()
    assert not folders()


def test_snapshots_on_disk_go_when_the_run_is_given_up():
    march = March(Plan("disk", 1, UNITS, 2).schedule(), UNITS, Logistic())
    march.forward()
    assert len(folders()) == 1
    march.close()
    assert not folders()


def test_an_error_in_the_forward_part_leaves_no_folder():
    class Fails(Logistic):
        def advance(self, first, last, keep, replay):
            if last == UNITS:
                raise KeyboardInterrupt
            super().advance(first, last, keep, replay)

    march = March(Plan("disk", 1, UNITS, 2).schedule(), UNITS, Fails())
    with pytest.raises(KeyboardInterrupt):
        march.forward()
    assert not folders()
