"""Values and derivatives of the finite-element solvers are the same on one, two and three ranks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adjointdesign import solvers

PROGRAM = Path(__file__).with_name("ranks_program.py")
ALLOW = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMP_NUM_THREADS": "1",
}


def numbers(name, ranks):
    run = subprocess.run(
        ["mpiexec", "-n", str(ranks), sys.executable, str(PROGRAM), name],
        env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("[")]
    return json.loads(line)


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
@pytest.mark.parametrize("name", [name for name in solvers.CASES if name.startswith("fem_")])
def test_ranks_agree(name):
    one = numbers(name, 1)
    for ranks in (2, 3):
        assert numbers(name, ranks) == pytest.approx(one, rel=1e-10, abs=1e-12 * max(map(abs, one)))
