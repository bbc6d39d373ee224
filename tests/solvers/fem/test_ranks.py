"""Values and derivatives of the finite-element solvers are the same on one, two and three ranks."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import ranks_program

ALLOW = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMP_NUM_THREADS": "1",
}


pytestmark = [
    pytest.mark.slow, pytest.mark.mpi, pytest.mark.timeout(1700), pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec"),
]  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Numbers of all cases by number of ranks: one start of Firedrake for each rank, which takes as long as a case."""
    numbers = {}
    for ranks in (2, 3):
        path = tmp_path_factory.mktemp("ranks") / "numbers.json"
        run = subprocess.run(
            ["mpiexec", "-n", str(ranks), sys.executable, ranks_program.__file__, str(path)],
            env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=800, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
        numbers[ranks] = json.loads(path.read_text())
    return numbers


@pytest.mark.parametrize("name", ranks_program.NAMES)
def test_ranks_agree(found, name):
    one = ranks_program.numbers(name)
    assert any(one)
    for ranks in (2, 3):
        assert found[ranks][name] == pytest.approx(one, rel=1e-10, abs=1e-12 * max(map(abs, one)))


def test_fewer_cells_than_ranks_are_refused_on_every_rank(found):
    assert found[2]["two cells"] == ["", ""]
    assert len(found[3]["two cells"]) == 3 and all("2 cells on 3 ranks" in told for told in found[3]["two cells"])
