"""The whole command with a problem that has no fields, ports or pixels: nothing outside it speaks of those."""

import json
import shutil
import signal
import sys
from importlib.metadata import EntryPoint

import numpy as np
import pytest
from springs import Springs

import adjointdesign.problems as problems
from adjointdesign import cli, configuration
from adjointdesign.errors import InputError
from adjointdesign.problem import Target

SAYS = ("S21", "S-parameter", "dB", "Port", "wavelength", "design.gds", "µm")


@pytest.fixture
def command(monkeypatch, capsys):
    entry = EntryPoint("springs", "springs:Springs", "adjointdesign.problems")
    monkeypatch.setattr(problems, "entry_points", lambda group: (entry,))

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["adjointdesign", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, *capsys.readouterr()

    return call


def test_from_run_to_report(command, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    status, out, err = command("run", "springs", "--set", "seed=2", "--out", folder)
    assert status == 0 and out == "" and "sag " in err and " mm " in err, err
    files = {"config.toml", "provenance.json", "log.txt", "history.h5", "design.h5", "certificate.json", "report.html", "figures"}
    assert {p.name for p in folder.iterdir()} == files
    assert {p.stem for p in (folder / "figures").iterdir()} == {"convergence", "gradient_check"}
    page = (folder / "report.html").read_text().split("<body>")[1]
    words = page.split("data:image/png")[0] + "".join(part.split('"', 1)[1] for part in page.split("data:image/png")[1:])
    assert "met by" in words and "mm" in words and [w for w in SAYS if w in words + err] == []

    # What was reached, from the springs' own formula: the budget binds, and all links are equal then.
    status, out, _ = command("evaluate", "springs", "--design", folder / "design.h5", "--json")
    found = json.loads(out)
    assert status == 0 and found["targets_met"] is (found["readings"]["sag"][-1] <= 4.0)
    ideal = np.cumsum(np.full(6, 2.0 * 6 / 20))
    np.testing.assert_allclose(found["readings"]["sag"], ideal, rtol=0.1)
    status, out, _ = command("evaluate", "springs", "--design", folder / "design.h5", "--set", "specification.largest_sag=9")
    assert status == 0 and out.splitlines()[-1] == "sag <= 9 mm: met"

    (folder / "report.html").unlink()
    shutil.rmtree(folder / "figures")
    status, out, _ = command("report", folder)
    assert status == 0 and out.strip() == str(folder / "report.html") and (folder / "figures" / "convergence.png").exists()
    status, _, err = command("resume", folder)
    assert status == 0 and "this run is complete" in err


def test_stopped_and_resumed(command, tmp_path, monkeypatch):
    from adjointdesign.optimize.history import History
    from adjointdesign.progress import Progress

    seen, count = Progress.evaluation, []

    def evaluation(self, *arguments):
        seen(self, *arguments)
        count.append(1)
        if len(count) == 3:
            signal.raise_signal(signal.SIGTERM)

    for name in ("whole", "stopped"):
        with monkeypatch.context() as patch:
            if name == "stopped":
                patch.setattr(Progress, "evaluation", evaluation)
            assert command("run", "springs", "--out", tmp_path / name)[0] == 0
    status, _, err = command("resume", tmp_path / "stopped")
    assert status == 0 and err.count("(from the history)") == 3
    with History.open(tmp_path / "whole" / "history.h5") as a, History.open(tmp_path / "stopped" / "history.h5") as b:
        assert a.values("objective").tobytes() == b.values("objective").tobytes()


def test_check(command):
    status, out, _ = command("check", "springs", "--set", "preset=coarse", "--json")
    assert status == 0 and json.loads(out)["passed"] and json.loads(out)["preset"] == "coarse"


@pytest.mark.parametrize("values", [np.ones(5), np.full(6, np.nan), np.array(["a"] * 6)], ids=["shape", "nan", "words"])
def test_a_design_that_cannot_be(command, tmp_path, values):
    np.save(tmp_path / "design.npy", values)
    status, out, err = command("evaluate", "springs", "--design", tmp_path / "design.npy")
    assert status == 2 and out == "" and len(err.splitlines()) == 1 and "design.npy" in err


def test_a_stage_without_a_price_refuses_constraints(tmp_path):
    from adjointdesign import study
    from adjointdesign.errors import InputError

    class Unpriced(Springs):
        def stages(self):
            from dataclasses import replace

            return tuple(replace(stage, penalty=None) for stage in super().stages())

    with pytest.raises(InputError, match="no constraints"):
        study.run(Unpriced, tmp_path / "run")


def test_complex_readings_are_pairs_in_json(tmp_path):
    class Damped(Springs):
        def report(self, readings):
            return super().report(readings) | {"response": np.array([1 + 2j, 3 - 4j]), "phase": 2j}

    problem = configuration.load(Damped).build()
    np.save(tmp_path / "design.npy", np.ones(6))
    found = problem.evaluate_file(tmp_path / "design.npy")
    assert json.loads(json.dumps(found))["readings"]["response"] == [[1.0, 2.0], [3.0, -4.0]]
    assert found["readings"]["phase"] == [0.0, 2.0] and "response [[ 1.  2.]" in problem.table(found)


@pytest.mark.parametrize("reading, message", [("sagg", "one of the readings sag, phase, got 'sagg'"), ("phase", "a real reading")])
def test_a_target_of_no_reading_is_refused_at_the_first_evaluation(reading, message):
    """Before any gradient is computed."""
    class Wrong(Springs):
        def targets(self):
            return (Target(reading, -1, 4.0, unit="mm"),)

        def report(self, readings):
            return super().report(readings) | {"phase": np.array([1j])}

        def objective(self, readings, stage):
            raise AssertionError

    with pytest.raises(InputError, match=f"target {reading} <= 4 mm: expected {message}"):
        configuration.load(Wrong).build().evaluate(np.ones(6))
