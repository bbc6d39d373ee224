"""A run that was stopped, however, goes on to the same end as one that was not."""

import random
import shutil
import signal
import time

import pytest
import study_folder
from study_folder import EVALUATIONS, assert_same_design, assert_same_history, recorded, start, wait_for

from adjointdesign import configuration, study
from adjointdesign.errors import InputError
from adjointdesign.optimize.history import History
from adjointdesign.problems import find
from adjointdesign.study_signals import stoppable


def resume_to_the_end(folder):
    """Only the evaluations, without what follows from them."""
    settings = study.open_folder(folder, find)
    return study.optimize(settings, folder)


@pytest.mark.slow
def test_killed_again_and_again(tmp_path, settings_file, whole):
    """kill -9 within evaluations, between them, and while the results are written; then the whole folder is as if not."""
    rng, folder = random.Random(5), tmp_path / "killed"
    process = start("run", "waveguide-bend", "--config", settings_file, "--out", folder)
    for least in (1, 4, 7, EVALUATIONS):
        wait_for(lambda: recorded(folder) >= least, process)
        time.sleep(rng.uniform(0, 0.15))
        process.kill()
        process.communicate()
        # At most the evaluation in flight is lost, and what there is can be read.
        assert least <= recorded(folder) <= EVALUATIONS
        process = start("resume", folder)
    wait_for((folder / "design.gds").exists, process)
    process.kill()
    process.communicate()
    _, err = (process := start("resume", folder)).communicate(timeout=120)
    assert process.returncode == 0 and err.count("(from the history)") == EVALUATIONS
    assert_same_history(whole[0], folder)
    assert_same_design(whole[0], folder)
    assert {p.name for p in folder.iterdir()} == {p.name for p in whole[0].iterdir()}  # no temporary files of those killed


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_moment(tmp_path, settings_file, whole, seed):
    """At moments that no event of the run sets, from its start on."""
    rng, folder = random.Random(seed), tmp_path / "killed"
    for _ in range(4):
        if (folder / "config.toml").exists():
            process = start("resume", folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            process = start("run", "waveguide-bend", "--config", settings_file, "--out", folder)
        time.sleep(rng.uniform(0, 3))
        process.kill()
        process.communicate()
    if (folder / "config.toml").exists():
        resume_to_the_end(folder)
        assert_same_history(whole[0], folder)


def test_sigterm_saves_and_says_how_to_go_on(tmp_path, settings_file, whole):
    folder = tmp_path / "stopped"
    process = start("run", "waveguide-bend", "--config", settings_file, "--out", folder)
    wait_for(lambda: recorded(folder) >= 2, process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and out == ""
    assert err.splitlines()[-1] == f"stopped; everything is saved: go on with `adjointdesign resume {folder}`"
    assert 2 <= recorded(folder) < EVALUATIONS and not (folder / "design.h5").exists()
    resume_to_the_end(folder)
    assert_same_history(whole[0], folder)


def test_sigterm_while_the_results_are_written(tmp_path, settings_file, monkeypatch):
    """After the last evaluation: also a clean end, and nothing that looks complete."""
    from adjointdesign.problems.photonics.waveguide_bend import WaveguideBend

    monkeypatch.setattr(WaveguideBend, "deliver", lambda *_: signal.raise_signal(signal.SIGTERM))
    before = signal.getsignal(signal.SIGTERM)
    outcome = study.run(WaveguideBend, tmp_path / "stopped", config=settings_file)
    assert outcome.passed is None and "stopped; everything is saved" in (outcome.folder / "log.txt").read_text()
    assert not (outcome.folder / study.DONE).exists() and recorded(outcome.folder) == EVALUATIONS
    assert signal.getsignal(signal.SIGTERM) is before


def test_second_sigterm_ends_a_long_evaluation_at_once(tmp_path, settings_file, whole, monkeypatch, capsys):
    """All but the evaluation under way is kept, and how to go on is said."""
    from adjointdesign.optimize import interrupt

    bend, count = find("waveguide-bend"), []

    class Slow(bend):
        def solve(self, medium, driven=0):
            count.append(1)
            if len(count) == 3:
                for _ in range(2):
                    signal.raise_signal(signal.SIGTERM)
            return super().solve(medium, driven)

    monkeypatch.setattr(interrupt, "REPEAT", 0.0)
    outcome = study.run(Slow, tmp_path / "stopped", config=settings_file)
    assert outcome.passed is None and outcome.result is None and recorded(outcome.folder) == 2
    said = f"stopped at once; all but the evaluation under way is saved: go on with `adjointdesign resume {outcome.folder}`"
    assert capsys.readouterr().err.splitlines()[-1] == said and (outcome.folder / "log.txt").read_text().endswith(said + "\n")
    resume_to_the_end(outcome.folder)
    assert_same_history(whole[0], outcome.folder)


def test_what_a_killed_process_was_writing_is_removed(begun, whole, tmp_path, monkeypatch):
    """By a resume, of an unfinished run and of a complete one; what is not of that kind stays."""
    copy = tmp_path / "complete"
    shutil.copytree(whole[0], copy)
    monkeypatch.setattr(study, "optimize", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    for folder in (begun, copy):
        (folder / "figures").mkdir(exist_ok=True)
        stale = [folder / ".design.h5.x1y2z3.part", folder / "figures" / ".device.png.abc.part"]
        for path in (*stale, folder / ".gitignore"):
            path.touch()
        study.resume(folder, find)
        assert not any(path.exists() for path in stale) and (folder / ".gitignore").exists()


def test_a_complete_run_is_left_alone(whole):
    process = start("resume", whole[0])
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and out == "" and "this run is complete" in err and "report.html" in err


def test_changed_settings_are_refused(begun):
    file = begun / "config.toml"
    text = file.read_text()
    assert "filter_radius = 2e-07" in text
    file.write_text(text.replace("filter_radius = 2e-07", "filter_radius = 1.9e-07"))
    with pytest.raises(InputError, match="config.toml as it is now"):
        resume_to_the_end(begun)
    assert recorded(begun) == 3
    file.write_text(text[: len(text) // 2])
    with pytest.raises(InputError):
        resume_to_the_end(begun)
    file.write_text("= = =")
    with pytest.raises(InputError, match="restore the file"):
        resume_to_the_end(begun)


@pytest.mark.parametrize("damage", ["truncated", "emptied", "flipped", "replaced"])
def test_a_damaged_history_is_refused(begun, damage):
    path = begun / "history.h5"
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        with History.open(path) as history:
            x = history[1].evaluation.x.tobytes()
        content[content.index(x) + len(x) // 2] ^= 1
    damaged = {
        "truncated": bytes(content[: len(content) // 3]), "emptied": b"", "flipped": bytes(content), "replaced": b"notes",
    }[damage]  # fmt: skip
    path.write_bytes(damaged)
    process = start("resume", begun)
    _, err = process.communicate(timeout=60)
    line = err.splitlines()
    assert process.returncode == 2 and len(line) == 1 and line[0].startswith("error: history "), err
    assert "an undamaged history, got a damaged file" in line[0] and "start a new run" in line[0]
    assert path.read_bytes() == damaged
    assert (begun / "log.txt").read_text().splitlines()[-1].endswith("InputError: " + line[0].removeprefix("error: "))


def test_a_fault_is_in_the_log_with_its_traceback(tmp_path, settings_file, monkeypatch):
    from adjointdesign.problems.photonics.waveguide_bend import WaveguideBend

    monkeypatch.setattr(WaveguideBend, "deliver", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        study.run(WaveguideBend, tmp_path / "run", config=settings_file)
    log = (tmp_path / "run" / "log.txt").read_text()
    assert "ERROR ZeroDivisionError: division by zero" in log and "Traceback" in log


def test_a_run_whose_history_is_gone_starts_over(begun, whole):
    (begun / "history.h5").unlink()
    resume_to_the_end(begun)
    assert_same_history(whole[0], begun)


def test_python_runs_in_other_threads(tmp_path, settings_file):
    """No signal handler can be installed there; the run goes without."""
    from concurrent.futures import ThreadPoolExecutor

    def run():
        settings = configuration.load(
            find("waveguide-bend"), file=settings_file, overrides=["optimization.stages=[{steepness=8, evaluations=1}]"]
        )
        with stoppable():
            return study.optimize(settings, study.create(settings, tmp_path / "thread"))

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run).result().n_evaluations == 1
    assert study_folder.recorded(tmp_path / "thread") == 1
