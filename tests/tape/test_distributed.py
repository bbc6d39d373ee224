"""Distributed arrays under mpiexec, on two ranks and on three, with parts of different sizes."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("distributed_program.py")
# Open MPI's names for: allowed as root (containers), and more ranks than cores.
ALLOW = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMP_NUM_THREADS": "1",
}


@pytest.mark.mpi
@pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or shutil.which("mpiexec") is None, reason="needs mpi4py and mpiexec"
)
@pytest.mark.parametrize("ranks", [2, 3])
def test_distributed_arrays_agree_with_one_rank(ranks):
    run = subprocess.run(
        ["mpiexec", "-n", str(ranks), sys.executable, str(PROGRAM)],
        env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=120, check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
