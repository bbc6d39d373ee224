"""Runs repeat bit by bit, on any number of threads."""

import functools
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


FAST = (("ez", False), ("hz", True))
SLOW = (("hz", False), ("3d", False), ("3d", True))


@functools.cache
def found(cases):
    """Of some cases, on one thread and on two, in a process of their own, which may use two whatever this one was given."""
    code = f"from test_repeatable import digests as d\nfor p, of in {cases}: print(*d(p, 1, of), *d(p, 2, of))"
    environment = {**os.environ, "NUMBA_NUM_THREADS": "2", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    here = Path(__file__).parent
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=here, env=environment, capture_output=True, text=True, timeout=600
    )
    assert run.returncode == 0, run.stderr
    return dict(zip(cases, run.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("case", [*FAST, *(pytest.param(case, marks=pytest.mark.slow) for case in SLOW)], ids=str)
def test_one_and_two_threads_agree_bit_by_bit(case):
    digests = found(FAST if case in FAST else SLOW)[case].split()
    assert len(digests) == 4 and len(set(digests)) == 1, digests
