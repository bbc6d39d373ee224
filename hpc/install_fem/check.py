"""Does it work: Firedrake's own smoke tests, and one taped solve on two ranks against the same solve on one."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError

from .running import run_long

PROGRAM = Path(__file__).with_name("taped_solve.py")
#: Largest relative difference between two ranks and one: the solves are direct, so only rounding is left.
TOLERANCE = 1e-10


def mpi_environment() -> dict[str, str]:
    """Variables for runs of a check: one thread a rank, more ranks than cores, and root where root is all there is."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1"}
    if os.geteuid() == 0:
        environment |= {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    return environment


@dataclass(frozen=True)
class Checked:
    """What the checks said: their seconds, and the relative difference of the gradients."""

    firedrake_check: float
    taped_solves: float
    difference: float


def check(python: Path, logs: Path) -> Checked:
    """Run the checks in an environment.

    Parameters
    ----------
    python : Path
        Its interpreter.
    logs : Path
        Folder for what the checks print.

    Raises
    ------
    InputError
        When a check fails.
    """
    environment = mpi_environment()
    environment["PATH"] = f"{python.parent}:{environment['PATH']}"
    if shutil.which("mpiexec", path=environment["PATH"]) is None:
        raise InputError("mpiexec", "on the PATH", "none", "install MPI's programs or load their module")
    smoke = run_long(
        "firedrake-check",
        [python, python.with_name("firedrake-check")],
        logs / "firedrake-check.log",
        environment,
        logs,
    )
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, f"{ranks}.npz") for ranks in (1, 2)]
        seconds = 0.0
        for file, launch in zip(files, ([], ["mpiexec", "-n", "2"]), strict=True):
            title = f"a taped solve on {file.stem} rank(s)"
            # -P: without it this folder would come first where Firedrake looks for its own imports.
            command = [*launch, python, "-P", PROGRAM, file]
            seconds += run_long(title, command, logs / "taped-solve.log", environment, logs)
        serial, parallel = (dict(np.load(file)) for file in files)
    return Checked(smoke, seconds, compare(serial, parallel))


def compare(serial: dict, parallel: dict) -> float:
    """Relative difference of two taped solves.

    Parameters
    ----------
    serial, parallel : dict
        ``value``, ``gradient`` (sorted by place) and ``ranks``, as ``taped_solve.py`` writes them.

    Raises
    ------
    InputError
        When they did not run on one rank and on two, or their values or gradients differ by more than `TOLERANCE`.
    """
    ranks = int(serial["ranks"]), int(parallel["ranks"])
    if ranks != (1, 2):
        raise InputError("mpiexec -n 2", "runs on 1 and on 2 ranks", f"{ranks[0]} and {ranks[1]}",
                         "use the mpiexec of the MPI with which mpi4py was built")  # fmt: skip
    difference = max(
        float(np.max(np.abs(serial[name] - parallel[name])) / np.max(np.abs(serial[name])))
        for name in ("value", "gradient")
    )
    if not difference <= TOLERANCE:
        raise InputError("taped solve on 2 ranks", f"the results of 1 rank within {TOLERANCE}", f"{difference:.1e}",
                         "remove the wheel cache and build again")  # fmt: skip
    return difference
