"""Memory: what the system says there is, and the refusal of what does not fit."""

import re
import resource
import tracemalloc

import numpy as np
import pytest

from adjointdesign import memory
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.memory import available_memory, readable, require_memory
from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Medium, Pec, Steps

GIB = 2**30


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A machine whose files a test writes: ``system("proc/meminfo", "...")``."""
    monkeypatch.setattr(memory, "_PROC", tmp_path / "proc")
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path / "cgroup")

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return write


def test_what_this_machine_says():
    room = available_memory()
    if room is None:
        pytest.skip("this system tells nothing")
    assert 2**20 < room < 2**60


def test_unknown_where_the_system_tells_nothing(system):
    assert available_memory() is None
    require_memory("grid", 10**30, "fields", "shrink it")


def test_free_memory_of_the_machine(system):
    system("proc/meminfo", "MemTotal:  999 kB\nMemFree: 1 kB\nMemAvailable:    3145728 kB\n")
    assert available_memory() == 3 * GIB


@pytest.mark.parametrize("path", ["user/job", "not/visible/here"])
@pytest.mark.parametrize("version", [1, 2])
def test_limit_of_the_control_group(system, version, path):
    """The tightest group on the way up counts; its file cache is free; a group without limit does not count."""
    system("proc/meminfo", "MemAvailable:    9145728 kB\n")
    if version == 2:
        system("proc/self/cgroup", f"0::/{path}\n")
        root, names, cache = "cgroup", ("memory.max", "memory.current"), "inactive_file"
    else:
        system("proc/self/cgroup", f"5:cpu,cpuacct:/{path}\n4:memory:/{path}\n0::/\n")
        root, names, cache = "cgroup/memory", ("memory.limit_in_bytes", "memory.usage_in_bytes"), "total_inactive_file"
    for folder, most in ((root, 4 * GIB), (f"{root}/user", 2 * GIB), (f"{root}/user/job", "max")):
        system(f"{folder}/{names[0]}", f"{most}\n")
        system(f"{folder}/{names[1]}", f"{GIB}\n")
        system(f"{folder}/memory.stat", f"anon 5\n{cache} {GIB // 2}\n")
    assert available_memory() == (1.5 if path == "user/job" else 3.5) * GIB


@pytest.mark.parametrize("cells,polarization", [((64_800, 64_800), "ez"), ((10**7,) * 3, "3d")])
def test_a_grid_that_cannot_fit_is_refused_before_anything_is_made(system, cells, polarization):
    """A bend on cells of 0.1 nm, say: needed and available bytes in the message, and nothing allocated."""
    system("proc/meminfo", f"MemAvailable: {8 * GIB // 1024} kB\n")
    per_cell = 16 + 24 if polarization == "ez" else 48 + 48
    needed = re.escape(readable(per_cell * int(np.prod([float(n + 2) for n in cells]))))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=f"8 GiB of memory available.*need {needed}; coarsen") as refusal:
            YeeGrid(cells, (1e-10,) * len(cells), (0.0,) * len(cells), polarization)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert "\n" not in str(refusal.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**14


def test_a_run_that_cannot_fit_is_refused_with_its_precision(system):
    """Room for the medium, and for the fields and coefficients in single precision, but not in double."""
    grid = YeeGrid((200, 200), (1e-8, 1e-8), (0.0, 0.0), "ez")
    medium = Medium.uniform(grid)
    single = 5 * 202**2 * 4
    system("proc/meminfo", f"MemAvailable: {int(1.98 * single) // 1024} kB\n")
    arguments = dict(boundaries=[Pec(), Pec()], run_length=Steps(1))
    FdtdMaxwell(medium, [], [], precision="single", **arguments)
    with pytest.raises(InputError, match=f"need {re.escape(readable(2 * single))}.*precision 'single'"):
        FdtdMaxwell(medium, [], [], **arguments)


def test_readable_sizes():
    assert [readable(n) for n in (0, 5, 2048, 1.5 * GIB, 3e17)] == ["0 bytes", "5 bytes", "2 KiB", "1.5 GiB", "266 PiB"]
