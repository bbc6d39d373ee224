"""A small bend whose whole run takes seconds, its runs as processes, and how two runs' folders are compared."""

import os
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np

from adjointdesign.optimize.history import PARTS, History

SETTINGS = """
preset = "coarse"
seed = 7
[specification]
design_size = [0.8e-6, 0.8e-6]
wavelengths = [1265e-9, 1295e-9]
pixel = 20e-9
stub_length = 400e-9
padding = 200e-9
mode_margin = 280e-9
[discretization]
run_time = 40e-15
pml_cells = 8
threads = 1
[optimization]
stages = [{steepness = 8, evaluations = 6}, {steepness = inf, evaluations = 4, method = "mma", length_scale = true}]
"""
EVALUATIONS = 10
COMMAND = Path(sys.executable).with_name("adjointdesign")


def start(*arguments) -> subprocess.Popen:
    """The installed command as a process."""
    return subprocess.Popen(
        [COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def recorded(folder: Path) -> int:
    """Number of evaluations in a run's history, 0 while there is none."""
    path = folder / "history.h5"
    if not path.exists():
        return 0
    with History.open(path) as history:
        return len(history)


def wait_for(condition, process, seconds=120):
    """Poll until ``condition()`` holds; fail when the process ends first or the time is up."""
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.005)


def assert_same_history(one: Path, other: Path):
    """Equal to the bit in all but the time that things took."""
    with History.open(one / "history.h5") as a, History.open(other / "history.h5") as b:
        assert len(a) == len(b) == EVALUATIONS
        for i in range(len(a)):
            x, y = a[i], b[i]
            assert x.stage == y.stage
            for name in PARTS:
                assert getattr(x.evaluation, name).tobytes() == getattr(y.evaluation, name).tobytes(), (i, name)
            assert x.evaluation.readings.keys() == y.evaluation.readings.keys()
            for name, value in x.evaluation.readings.items():
                assert value.tobytes() == y.evaluation.readings[name].tobytes(), (i, name)


def assert_same_design(one: Path, other: Path):
    """Every array of the final designs equal to the bit, and their polygons."""
    with h5py.File(one / "design.h5") as a, h5py.File(other / "design.h5") as b:
        names = []
        a.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        assert "parameters" in names and "results_gds/s_parameters" in names
        for name in names:
            np.testing.assert_array_equal(a[name][()], b[name][()], err_msg=name)
    assert (one / "s_parameters.s2p").read_text() == (other / "s_parameters.s2p").read_text()
