"""The MPI job that this process belongs to, if any."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time

_LAUNCHERS = {
    "SIZE": ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"),
    "RANK": ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "SLURM_PROCID"),
}
"""Variables of Open MPI, of MPICH and its relatives, and of Slurm, for the time before MPI is started."""


def ranks() -> int:
    """Number of MPI processes that run together; 1 where MPI was not started (which this does not do either) or has ended."""
    world = _world()
    return 1 if world is None else world.size


def launched() -> tuple[int, int]:
    """This process's rank and the number of ranks, also before MPI is started: then as the launcher says."""
    world = _world()
    if world is not None:
        return world.rank, world.size
    rank, size = (next((os.environ[v] for v in _LAUNCHERS[what] if v in os.environ), "") for what in ("RANK", "SIZE"))
    return (int(rank), int(size)) if rank.isdigit() and size.isdigit() else (0, 1)


def _world():
    mpi = sys.modules.get("mpi4py.MPI")
    running = mpi is not None and mpi.Is_initialized() and not mpi.Is_finalized()
    return mpi.COMM_WORLD if running else None


def all_here(seconds: float = 10.0) -> bool:
    """Whether all ranks come to this point within some time; true at once where there is but one.

    Starts MPI on ranks that a launcher started together: only by it can they know of each other.
    """
    if launched()[1] > 1:
        with contextlib.suppress(ImportError):
            importlib.import_module("mpi4py.MPI")
    world = _world()
    if world is None or world.size == 1:
        return True
    request, until = world.Ibarrier(), time.monotonic() + seconds
    while not request.Test():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
