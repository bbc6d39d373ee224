"""A resumed run is the uninterrupted one, to the bit."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import resumable_program as program
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.optimize.history import PARTS, History
from adjointdesign.optimize.minimize import minimize
from adjointdesign.optimize.replay import Recorder
from adjointdesign.optimize.stages import Formulation, Stage, run_stages
from adjointdesign.optimize.stopping import Status, Stopping
from published import cb2, hs1, hs5

START = np.full(program.N, 0.5)


def assert_same_run(one, other):
    """Equal to the bit in all but the time that things took."""
    with History.open(one) as a, History.open(other) as b:
        assert len(a) == len(b)
        for x, y in zip((a[i] for i in range(len(a))), (b[i] for i in range(len(b)))):
            assert x.stage == y.stage
            for name in PARTS:
                assert getattr(x.evaluation, name).tobytes() == getattr(y.evaluation, name).tobytes()
            assert {k: v.tobytes() for k, v in x.evaluation.readings.items()} == {
                k: v.tobytes() for k, v in y.evaluation.readings.items()
            }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "history.h5"
    with History.create(path, {"seed": 0}) as history:
        results = run_stages(program.STAGES, program.formulate, START, bounds=(0, 1), history=history)
    assert [r.status for r in results] == [Status.MAX_EVALUATIONS] * 2
    return path, results


@pytest.mark.parametrize("cut", [1, 8, 15, 16, 27, 40])
def test_resumed_after_any_evaluation(tmp_path, uninterrupted, cut):
    path, count = tmp_path / "history.h5", []
    with History.create(path, {"seed": 0}) as history:
        first = run_stages(
            program.STAGES,
            program.formulate,
            START,
            bounds=(0, 1),
            history=history,
            callback=lambda evaluation, tracker: count.append(evaluation.replayed),
            should_stop=lambda: len(count) >= cut,
        )
        assert len(history) == cut and count == [False] * cut
    assert first[-1].status == (Status.INTERRUPTED if cut < 40 else Status.MAX_EVALUATIONS) and first[-1].evaluation
    count.clear()
    with History.open(path, writable=True) as history:
        second = run_stages(
            program.STAGES,
            program.formulate,
            START,
            bounds=(0, 1),
            history=history,
            callback=lambda evaluation, tracker: count.append(evaluation.replayed),
        )
    assert count == [True] * cut + [False] * (40 - cut)
    assert_same_run(path, uninterrupted[0])
    assert second[-1].x.tobytes() == uninterrupted[1][-1].x.tobytes()
    assert second[-1].value == uninterrupted[1][-1].value


def start(path, pause):
    command = [sys.executable, str(Path(program.__file__)), str(path), str(pause)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def kill_again_and_again(path, uninterrupted, times, seed):
    """Kill the program at random moments of its work, then let it finish; its history must be the whole one."""
    rng, recorded = random.Random(seed), 0
    for _ in range(times):
        process = start(path, 0.02)
        time.sleep(rng.uniform(0.0, 0.4))
        process.kill()
        process.communicate()
        with History.open(path) as history:
            assert len(history) >= recorded
            recorded = len(history)
    out, _ = start(path, 0.0).communicate()
    assert out.split()[0] == "max_evaluations"
    assert_same_run(path, uninterrupted[0])
    assert out.split()[1] == uninterrupted[1][-1].x.tobytes().hex()[:64]


def test_killed_and_resumed(tmp_path, uninterrupted):
    kill_again_and_again(tmp_path / "history.h5", uninterrupted, 3, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_killed_many_times_and_resumed(tmp_path, uninterrupted, seed):
    kill_again_and_again(tmp_path / "history.h5", uninterrupted, 8, seed)


def test_sigterm_saves_and_exits_cleanly(tmp_path, uninterrupted):
    path = tmp_path / "history.h5"
    process = start(path, 0.02)
    while len(History.open(path)) < 3:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0 and out.startswith("interrupted")
    out, _ = start(path, 0.0).communicate()
    assert out.startswith("max_evaluations")
    assert_same_run(path, uninterrupted[0])


def test_other_configuration_is_refused(tmp_path):
    with History.create(tmp_path / "history.h5") as history:
        stop = Stopping(max_evaluations=10)
        minimize(hs1, [-2, 1], stop=stop, recorder=Recorder(history))
        with pytest.raises(InputError, match="evaluation 0 at the point of stage 0") as caught:
            minimize(hs1, [-1, 1], stop=stop, recorder=Recorder(history))
        assert "configuration" in caught.value.remedy
        with pytest.raises(InputError, match="evaluation [1-9]"):
            minimize(hs1, [-2, 1], method="mma", stop=stop, recorder=Recorder(history))
        stages = [Stage("a", stop=Stopping(max_evaluations=4)), Stage("b")]
        with pytest.raises(InputError, match="of stage 0"):
            run_stages(stages, lambda stage, x: Formulation(hs1), [-2, 1], history=history)
        recorder = Recorder(history)
        recorder.stage = 1
        with pytest.raises(InputError, match="of stage 0"):
            minimize(hs1, [-2, 1], stop=stop, recorder=recorder)
        assert len(history) == 10


def test_raised_limit_continues_the_run(tmp_path):
    with History.create(tmp_path / "history.h5") as history:
        for limit in (6, 14):
            stop = Stopping(ftol=0, max_evaluations=limit)
            result = minimize(cb2, [2, 2], method="ccsa", minimax=True, stop=stop, recorder=Recorder(history))
            assert len(history) == result.n_evaluations == limit


def test_replayed_time_counts(tmp_path):
    def slow(x):
        time.sleep(0.02)
        return hs5(x)

    with History.create(tmp_path / "history.h5") as history:
        first = minimize(slow, [0, 0], stop=Stopping(ftol=0, max_evaluations=5), recorder=Recorder(history))
        spent = history[-1].elapsed
        assert spent >= 0.1 and np.all(np.diff(history.values("elapsed")) > 0)
        again = minimize(slow, [0, 0], stop=Stopping(ftol=0, wall_time=spent), recorder=Recorder(history))
    assert again.status == Status.WALL_TIME and again.n_evaluations == 5
    assert again.x.tobytes() == first.x.tobytes()


def test_stages_start_from_the_last_best_point():
    starts = []

    def formulate(stage, x):
        def objective(x):
            if len(starts) < stage.parameters["number"]:
                starts.append(x.copy())
            return hs1(x)

        return Formulation(objective)

    stages = [Stage(str(i), {"number": i}, stop=Stopping(max_iterations=3)) for i in (1, 2, 3)]
    results = run_stages(stages, formulate, [-2, 1])
    assert [r.status for r in results] == [Status.MAX_ITERATIONS] * 3
    for result, begin in zip(results, starts[1:]):
        np.testing.assert_array_equal(begin, result.x)


def test_wall_time_over_all_stages(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def slow(x):
        now[0] += 0.03
        return hs1(x)

    stages = [Stage(str(i), stop=Stopping(ftol=0, max_evaluations=3)) for i in range(5)]
    results = run_stages(stages, lambda stage, x: Formulation(slow), [-2, 1], wall_time=0.12)
    assert results[-1].status == Status.WALL_TIME and len(results) == 2
    assert np.isfinite(results[-1].value)


def test_interrupted_between_stages_keeps_the_design():
    count = []
    results = run_stages(
        [Stage("a", stop=Stopping(max_evaluations=2)), Stage("b")],
        lambda stage, x: Formulation(hs1),
        [-2, 1],
        callback=lambda evaluation, tracker: count.append(1),
        should_stop=lambda: len(count) >= 2,
    )
    assert len(results) == 1 and results[0].status == Status.INTERRUPTED and np.isfinite(results[0].value)


def test_no_stage():
    with pytest.raises(InputError, match="stages"):
        run_stages([], lambda stage, x: Formulation(hs1), [0, 0])


@pytest.mark.parametrize("cut", [3, 7, 12, None])
def test_refused_steps_are_refused_again(tmp_path, cut):
    """They are not in the history; a resumed run meets them where the first one did."""

    def formulate(stage, x):
        def within(x):
            if np.linalg.norm(x - [0, 1]) > 2.02:
                refused.append(x)
                raise StepRejected("too far out")
            return hs1(x)

        return Formulation(within)

    def run(name, limit):
        stages = [Stage("a", method="lbfgs", stop=Stopping(ftol=0, max_evaluations=10)), Stage("b", method="lbfgs")]
        path, count = tmp_path / name, []
        with History.open(path, writable=True) if path.exists() else History.create(path, {}) as history:
            return run_stages(
                stages, formulate, [-2, 1], history=history, callback=lambda *_: count.append(1),
                should_stop=lambda: limit is not None and len(count) >= limit,
            )  # fmt: skip

    refused: list = []
    whole = run("whole", None)
    assert refused
    run("cut", cut)
    resumed = run("cut", None)
    assert_same_run(tmp_path / "whole", tmp_path / "cut")
    np.testing.assert_array_equal(resumed[-1].x, whole[-1].x)
