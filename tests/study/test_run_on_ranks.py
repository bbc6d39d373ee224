"""`run` and `resume` under mpiexec: one optimizer, one writer, one voice, and nobody is left waiting."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from study_folder import wait_for

from adjointdesign.errors import InputError
from adjointdesign.optimize.history import History
from adjointdesign.study_hold import locked

PROGRAM = Path(__file__).with_name("shared_chain.py")
ENVIRONMENT = {
    **os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMP_NUM_THREADS": "1",
}  # fmt: skip
EVALUATIONS = 12
FILES = {
    "config.toml", "provenance.json", "log.txt", "history.h5", "design.h5", "certificate.json", "report.html", "figures", "rank0.txt",
}  # fmt: skip

pytestmark = [
    pytest.mark.slow, pytest.mark.mpi, pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec"),
]  # fmt: skip
pytest.importorskip("mpi4py")


def start(ranks, *words, program=(PROGRAM,), **environment):
    launch = ["mpiexec", "-n", str(ranks)] if ranks else []
    return subprocess.Popen(
        [*launch, sys.executable, *map(str, (*program, *words))], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env={**ENVIRONMENT, **environment}, start_new_session=True,
    )  # fmt: skip


def call(*words, **options):
    process = start(*words, **options)
    try:
        return process, *process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def errors(err):
    return [line for line in err.splitlines() if line.startswith("error: ")]


def recorded(folder):
    if not (folder / "history.h5").exists():
        return 0
    with History.open(folder / "history.h5") as history:
        return len(history)


def points(folder):
    with History.open(folder / "history.h5") as history:
        return history.values("x"), history.values("objective"), history.values("jacobian")


def wait_until_free(folder, seconds=30):
    """Ranks outlive their mpiexec by a moment."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(InputError), locked(folder):
            return
        time.sleep(0.05)
    raise TimeoutError


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Folder of a run on three ranks, and what it printed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    process, out, err = call(3, "run", "shared-chain", "--out", folder)
    assert process.returncode == 0 and out == "", err
    return folder, err


def test_one_rank_writes_and_speaks(whole):
    """A folder as one rank leaves it, every line once; its report is made again by two; what is complete is left alone."""
    folder, err = whole
    assert {p.name for p in folder.iterdir()} == FILES
    assert (folder / "figures" / "design_history.png").exists()  # whose densities took all ranks
    assert err.count("evaluation 1 ") == 2 and err.count("report: ") == 1
    (folder / "report.html").unlink()
    process, out, err = call(2, "report", folder)
    assert (process.returncode, out.split(), errors(err)) == (0, [str(folder / "report.html")], [])
    process, _, err = call(2, "resume", folder)
    assert process.returncode == 0 and err.count("this run is complete") == 1


def test_killed_and_resumed_on_another_number_of_ranks(whole, tmp_path):
    """On two ranks and then on one it goes where three would have gone."""
    folder = tmp_path / "killed"
    process = start(2, "run", "shared-chain", "--out", folder, PAUSE="0.2")
    wait_for(lambda: recorded(folder) >= 4, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    wait_until_free(folder)
    count = recorded(folder)
    assert 4 <= count < EVALUATIONS
    process, _, err = call(None, "resume", folder)
    assert process.returncode == 0 and err.count("(from the history)") == count, err
    for found, expected in zip(points(folder), points(whole[0])):
        assert len(found) == EVALUATIONS and found == pytest.approx(expected, rel=1e-10)
    assert {p.name for p in folder.iterdir()} == FILES


@pytest.mark.parametrize("how", ["one rank", "mpiexec"])
def test_a_signal_stops_all_after_the_evaluation(tmp_path, how):
    """SIGTERM on a rank that does not optimize, and SIGUSR1 as mpiexec passes it on."""
    folder = tmp_path / "stopped"
    if how == "one rank":
        process, _, err = call(2, "run", "shared-chain", "--out", folder, FAULT="signal,1,3")
    else:
        process = start(2, "run", "shared-chain", "--out", folder, PAUSE="0.2")
        wait_for(lambda: recorded(folder) >= 3, process)
        process.send_signal(signal.SIGUSR1)
        err = process.communicate(timeout=60)[1]
    said = f"stopped; everything is saved: go on with `adjointdesign resume {folder}`"
    assert process.returncode == 0 and err.count(said) == 1, err
    assert recorded(folder) == 3 if how == "one rank" else 3 <= recorded(folder) < EVALUATIONS
    assert not (folder / "design.h5").exists()


def test_a_signal_while_the_results_are_written(tmp_path):
    """On one rank, in the certificate: all stop, and the run is not complete."""
    process, _, err = call(2, "run", "shared-chain", "--out", tmp_path / "run", FAULT=f"signal,1,{EVALUATIONS + 5}")
    assert process.returncode == 0 and err.count("stopped; everything is saved") == 1, err
    assert recorded(tmp_path / "run") == EVALUATIONS and not (tmp_path / "run" / "certificate.json").exists()


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ("all,0,3", 2, "chain: expected one that holds"),  # met by every rank, told once
        ("input,1,3", 2, "link: expected one that holds"),
        ("bug,1,3", 1, "ZeroDivisionError: no link"),
        ("disk,0,3", 2, "File too large"),
        ("delivery,0,0", 2, "No space left on device"),
    ],
)
def test_what_one_rank_meets_ends_all(tmp_path, fault, status, message):
    process, out, err = call(2, "run", "shared-chain", "--out", tmp_path / "run", FAULT=fault)
    assert process.returncode == status and out == "", err
    assert err.count(message) == 1 and len(errors(err)) == (status == 2), err
    assert recorded(tmp_path / "run") == (EVALUATIONS if "delivery" in fault else 2)


def test_refusals(tmp_path):
    """A folder in use, a solver that the ranks cannot share, benchmarks: one line."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.toml").write_text('problem = "shared-chain"\n')
    with locked(tmp_path / "run"):
        process, _, err = call(2, "resume", tmp_path / "run")
    assert process.returncode == 2 and len(errors(err)) == 1 and "no other process" in errors(err)[0]
    process, _, err = call(2, "run", "shared-chain", "--out", tmp_path / "run")
    assert process.returncode == 2 and len(errors(err)) == 1 and "does not exist or is empty" in errors(err)[0]
    for words in (("run", "waveguide-bend", "--out", tmp_path / "new"), ("bench", "fdtd")):
        process, _, err = call(2, *words, program=("-c", "from adjointdesign.cli import main; main()"))
        (line,) = errors(err)
        assert process.returncode == 2 and "one MPI rank" in line and "2 ranks" in line and "without mpiexec" in line
    assert not (tmp_path / "new").exists()


def test_what_all_meet_in_an_operation_the_first_may_get_over():
    """As a line search gets over a refused step; or it says in other words what is wrong, and then it alone speaks."""
    program = """
from mpi4py.MPI import COMM_WORLD as world
from adjointdesign.parallel import anywhere, led

def divide(x):
    return world.allreduce(6 / x)

def action(call):
    try:
        call("divide", 0)
    except ZeroDivisionError:
        return call("divide", 3)

def refusal(call):
    try:
        call("divide", 0)
    except ZeroDivisionError:
        raise ValueError from None

found = [led(action, divide=divide), anywhere(world.rank == 1)]
try:
    led(refusal, divide=divide)
except Exception as error:
    found.append(type(error).__name__)
found = world.gather(found)
if world.rank == 0:
    print(found)
"""
    process, out, err = call(2, program=("-c", program))
    assert process.returncode == 0 and out == "[[4.0, True, 'ValueError'], [4.0, True, 'EndedByFirst']]\n", err


def test_processes_that_do_not_know_of_each_other_are_refused():
    """A launcher of another MPI: each process believes to be alone, and would write the same folder."""
    process, out, err = call(None, "list", program=("-c", "from adjointdesign.cli import main; main()"), PMI_SIZE="2", PMI_RANK="0")
    assert process.returncode == 2 and out == "" and "expected 2, as the launcher says, got 1 in each process" in err
