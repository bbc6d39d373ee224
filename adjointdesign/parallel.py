"""The MPI job that this process belongs to, if any."""

from __future__ import annotations

import os
import sys

_LAUNCHERS = {"SIZE": ("OMPI_COMM_WORLD_SIZE", "PMI_SIZE"), "RANK": ("OMPI_COMM_WORLD_RANK", "PMI_RANK")}
"""Variables of Open MPI and of MPICH and its relatives, for the time before MPI is started."""


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
