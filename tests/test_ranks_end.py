"""Ranks end, whatever Python's garbage collection destroys on only one of them."""

import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("firedrake")

ENVIRONMENT = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMP_NUM_THREADS": "1",
}  # fmt: skip

PROGRAM = """
{first}
from petsc4py import PETSc
world = PETSc.COMM_WORLD
kept, lost = PETSc.Vec().create(world), PETSc.Vec().create(world)
kept.incRef()
if world.rank == 1:
    del lost
else:
    lost.incRef()
world.tompi4py().Barrier()
"""


@pytest.mark.mpi
@pytest.mark.parametrize("module", ["adjointdesign.tape.firedrake", "adjointdesign.grid.mesh", "adjointdesign.solvers.fem_linear"])
def test_ranks_end_though_one_alone_left_an_object_to_petsc(module):
    if shutil.which("mpiexec") is None:
        pytest.skip("needs mpiexec")
    program = PROGRAM.format(first=f"import {module}")
    run = subprocess.run(
        ["mpiexec", "-n", "2", sys.executable, "-c", program], env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
