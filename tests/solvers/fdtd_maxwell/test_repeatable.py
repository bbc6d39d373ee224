"""Runs repeat bit by bit, on any number of threads."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exact_cases import make


# Large enough that a second thread is given work, and odd so that its share is not the same.
CELLS = {"ez": (151, 160), "hz": (151, 160), "3d": (37, 34, 32)}


def digests(polarization, threads, dispersive):
    """Of readings and gradient, each of two runs."""
    case, inputs = make(polarization, "layers", threads=threads, steps=40, cells=CELLS[polarization],
                        dispersive=dispersive)  # fmt: skip
    found = []
    for _ in range(2):
        outputs = case.forward(inputs)
        gradient = case.adjoint(inputs, {k: np.ones_like(v) for k, v in outputs.items()})
        everything = [v.tobytes() for result in (outputs, gradient) for v in result.values()]
        found.append(hashlib.sha256(b"".join(everything)).hexdigest())
    return found


@pytest.mark.parametrize("polarization,dispersive", [
    ("ez", False), ("hz", True), pytest.param("hz", False, marks=pytest.mark.slow),
    pytest.param("3d", False, marks=pytest.mark.slow), pytest.param("3d", True, marks=pytest.mark.slow),
])  # fmt: skip
def test_one_and_two_threads_agree_bit_by_bit(polarization, dispersive):
    """In a process of its own, which may use two threads whatever this one was given."""
    code = f"from test_repeatable import digests as d; print(*d('{polarization}', 1, {dispersive}), *d('{polarization}', 2, {dispersive}))"
    environment = {**os.environ, "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    found = run.stdout.split()
    assert len(found) == 4 and len(set(found)) == 1, found
