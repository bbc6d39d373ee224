"""Threads change nothing in the results, and an edited kernel is compiled again."""

import shutil
import threading

import numba
import numpy as np
import pytest

from adjointdesign.solvers.fdtd_maxwell import compiled, sweep, team
from adjointdesign.solvers.fdtd_maxwell.team import Pace, barrier, run_team, slab


@numba.njit(nogil=True)
def _relay(group, seen, rounds):
    """Each member writes its own place, and after the barrier must find all places written."""
    me, _ = group
    missed = 0
    for n in range(1, rounds + 1):
        seen[me[0]] = n
        barrier(group)
        for other in range(me[1]):
            missed += seen[other] < n
        barrier(group)
    seen[me[1] + me[0]] = missed


@pytest.mark.parametrize("size", [1, 2, 3])
def test_nobody_passes_a_barrier_early(size):
    seen = np.zeros(2 * size, dtype=np.int64)
    run_team(_relay, size, seen, 200)
    assert np.all(seen[:size] == 200) and np.all(seen[size:] == 0)


def _fields_after(monkeypatch, size):
    from adjointdesign.grid.yee import YeeGrid
    from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Steps

    grid = YeeGrid((20, 21), (10e-9, 11e-9), (0.0, 0.0), "ez")
    solver = FdtdMaxwell(Medium.uniform(grid, 2.0), [], [], boundaries=[Cpml(4)] * 2, run_length=Steps(30))
    program = solver.program
    state = program.zero_state()
    state.fields[0][3:-3, 0, 3:-3] = np.random.default_rng(0).normal(size=(16, 17))
    monkeypatch.setattr(Pace, "choose", lambda self, cells: size)
    ports = program.doors.forward_ports(np.zeros(0, complex), 0, 30, False)
    none = tuple(np.empty((1, *s)) for s in program.pool.shapes)
    scheme = program.scheme(program.coefficients({}, {}, {}, {}), transposed=False)
    sweep.advance(state.fields, state.psi_h, state.psi_e, state.poles, scheme, ports, 30, program.box_starts, none, False,
                  none, False, *program.no_variation, program.no_drives)  # fmt: skip
    return state.arrays


def test_the_number_of_threads_changes_no_bit(monkeypatch):
    one, three = _fields_after(monkeypatch, 1), _fields_after(monkeypatch, 3)
    assert any(np.any(a) for a in one)
    assert all(np.array_equal(a, b) for a, b in zip(one, three))


def test_pace_prefers_the_faster_size_and_tries_the_other_again(monkeypatch):
    pace = Pace()
    for seconds in (9.0, 1.0, 9.0):  # the best of three counts
        pace.record(1, seconds)
        pace.record(2, 3.0)
    monkeypatch.setattr(team.numba, "get_num_threads", lambda: 2)
    chosen = [pace.choose((1000, 1, 1000)) for _ in range(Pace._TRIAL + 1)]
    assert chosen == [1] * Pace._TRIAL + [2]


def test_an_edit_of_any_kernel_file_outdates_the_cache(tmp_path, monkeypatch):
    folder = tmp_path / "fdtd"
    shutil.copytree(compiled.Path(compiled.__file__).parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(compiled, "__file__", str(folder / "compiled.py"))
    before = compiled._stamp()
    assert before == compiled._stamp()
    (folder / "rows.py").write_text((folder / "rows.py").read_text() + "\n# edited\n")
    assert compiled._stamp() != before


def test_numba_compares_the_stamp():
    """Fails when a future numba keeps its stamp elsewhere: `entry` would then be silently without effect."""
    for dispatcher in (sweep._advance, sweep._retreat, sweep._arrive, sweep._store_box):
        assert dispatcher._cache._cache_file._source_stamp == compiled._stamp()
        assert "_source_stamp" in type(dispatcher._cache._cache_file)._load_index.__code__.co_names


@pytest.mark.parametrize("refused", [1, 2])
def test_a_thread_that_cannot_be_had_makes_the_team_smaller(monkeypatch, refused):
    """Nobody waits at a barrier for a member that never came; afterwards no thread is left."""
    start, count = threading.Thread.start, []

    def limited(thread):
        count.append(thread)
        if len(count) == refused:
            raise RuntimeError("can't start new thread")
        start(thread)

    before, seen = threading.active_count(), np.zeros(6, dtype=np.int64)
    monkeypatch.setattr(threading.Thread, "start", limited)
    assert run_team(_relay, 3, seen, 50) == refused
    assert np.all(seen[:refused] == 50) and not np.any(seen[refused:]) and threading.active_count() == before


@pytest.mark.parametrize("who", [0, 1])
def test_what_a_member_raises_ends_the_team(who):
    """An interrupt while the compiler runs, say: the other is not left at its barrier."""

    def function(group, seen, rounds):
        if group[0][0] == who:
            raise KeyboardInterrupt
        _relay(group, seen, rounds)

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        run_team(function, 2, np.zeros(4, dtype=np.int64), 50)
    assert threading.active_count() == before


def test_no_slab_has_a_single_row_whatever_is_chosen(monkeypatch):
    """The last row of a periodic axis must be the same member's as the one before it."""
    taken = []
    monkeypatch.setattr(Pace, "choose", lambda self, shape: 7)
    monkeypatch.setattr(team, "run_team", lambda function, size, *args: taken.append(size) or size)
    for cells in range(1, 20):
        team.march_team(_relay, 1, (np.zeros((cells + 2, 1, 4)),))
        rows = [last - first for first, last in (slab.py_func(((m, taken[-1]), None), cells + 1) for m in range(taken[-1]))]
        assert min(rows) >= 2 and sum(rows) == cells + 1
    assert taken[0] == 1 and taken[-1] == 7
