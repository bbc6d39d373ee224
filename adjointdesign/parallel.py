"""The MPI job that this process belongs to, if any."""

from __future__ import annotations

import sys


def ranks() -> int:
    """Number of MPI processes that run together; 1 where none has started MPI (which this does not do either)."""
    mpi = sys.modules.get("mpi4py.MPI")
    return mpi.COMM_WORLD.size if mpi is not None and mpi.Is_initialized() else 1
