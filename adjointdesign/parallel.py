"""The MPI job that this process belongs to, if any."""

from __future__ import annotations

import sys


def ranks() -> int:
    """Number of MPI processes that run together; 1 where MPI was not started (which this does not do either) or has ended."""
    mpi = sys.modules.get("mpi4py.MPI")
    running = mpi is not None and mpi.Is_initialized() and not mpi.Is_finalized()
    return mpi.COMM_WORLD.size if running else 1
