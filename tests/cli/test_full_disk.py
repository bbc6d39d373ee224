"""A full disk ends a run in one line; what was recorded is intact, and the run goes on once there is room."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_bend import SMALL

from adjointdesign import configuration, study
from adjointdesign.optimize.history import History
from adjointdesign.problems import find

COMMAND = Path(sys.executable).with_name("adjointdesign")
SETTINGS = [part for setting in SMALL for part in ("--set", setting)]
LIMITED = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0})); from adjointdesign.cli import main; main()"


def refused(ended):
    """The one line after the greeting and the evaluations before the disk was full."""
    lines = [line for line in ended.stderr.splitlines() if not line.startswith(("adjointdesign ", "stage "))]
    assert ended.returncode == 2 and ended.stdout == "" and "Traceback" not in ended.stderr, ended.stderr
    *before, last = lines
    assert last.startswith("error: ") and all(not line.startswith("error") for line in before), ended.stderr
    return last


def call(*arguments, program=(COMMAND,)):
    return subprocess.run([*program, *map(str, arguments)], capture_output=True, text=True, timeout=120)


def evaluate_to_the_end(folder):
    """Go on with the evaluations of a run, without what follows from them; their number."""
    study.optimize(study.open_folder(folder, find), folder)
    with History.open(folder / "history.h5") as history:
        return len(history)


@pytest.mark.parametrize("room", [100, 300_000, pytest.param(1_100_000, marks=pytest.mark.slow)])
def test_files_that_cannot_grow(tmp_path, room):
    """A limit on the size of files, which needs no rights: at the settings, at the history's start and at its growth."""
    limited = (sys.executable, "-c", LIMITED.format(room))
    ended = call("run", "waveguide-bend", *SETTINGS, "--out", tmp_path / "run", program=limited)
    assert "File too large" in refused(ended)
    if room == 100:
        assert not (tmp_path / "run").exists()
    else:
        assert evaluate_to_the_end(tmp_path / "run") == 3


@pytest.fixture
def disk(tmp_path):
    """``disk(size)``: a file system of that size in memory."""
    folder, mounted = tmp_path / "disk", []
    folder.mkdir()

    def mount(size):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("mounting a file system needs rights that these tests do not have")
        mounted.append(folder)
        return folder

    yield mount
    for place in mounted:
        subprocess.run(["umount", place], check=True)


root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting a file system takes root")


def resize(folder, kilobytes):
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", folder], check=True)


@root
@pytest.mark.parametrize("kilobytes", [4, 900, pytest.param(2200, marks=pytest.mark.slow)])
def test_a_full_file_system(disk, kilobytes):
    """At the settings, at the history's start and at its growth; then there is room."""
    folder = disk(f"{kilobytes}k")
    ended = call("run", "waveguide-bend", *SETTINGS, "--out", folder / "run")
    assert "No space left on device" in refused(ended)
    resize(folder, 100_000)
    if kilobytes == 4:
        assert not (folder / "run").exists()
    else:
        assert evaluate_to_the_end(folder / "run") == 3


@root
@pytest.mark.slow
def test_a_disk_that_is_full_after_the_evaluations(disk):
    """At the log, the polygons, the design's arrays, the certificate or the report; in the end there is room for all."""
    folder = disk("100m")
    settings = configuration.load(find("waveguide-bend"), overrides=SMALL)
    run = study.create(settings, folder / "run")
    study.optimize(settings, run)
    complete = {p.name for p in run.iterdir()}
    used = sum(p.stat().st_blocks for p in run.iterdir()) // 2
    for room in (8, 60, 1000):
        resize(folder, used + room)
        line = refused(call("resume", run))
        assert "No space left on device" in line, (room, line)
        assert not (run / "report.html").exists()
        for extra in (p for p in run.iterdir() if p.name not in complete and p.name != "log.txt"):
            assert not extra.name.startswith("."), extra
    resize(folder, 100_000)
    ended = call("resume", run)
    assert ended.returncode == 0 and (run / "report.html").exists(), ended.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_standard_output_that_is_full(unbuffered):
    """Found at the first write, or only when the buffer is written at the end."""
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            [COMMAND, "list", "--json"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert ended.returncode == 2 and ended.stderr.startswith("error: ") and len(ended.stderr.splitlines()) == 1


def test_a_reader_that_goes_away():
    script = f"{COMMAND} list --json | true; echo ${{PIPESTATUS[0]}}"
    for unbuffered in ("", "1"):
        ended = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONUNBUFFERED": unbuffered}
        )
        assert ended.stdout.strip() in ("141", "0") and ended.stderr == ""
