"""The MPI job that this process belongs to, if any: its ranks, and what rank 0 does for all."""

from __future__ import annotations

import functools
import importlib
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from adjointdesign.errors import InputError

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
    return _told() if world is None else (world.rank, world.size)


def _told() -> tuple[int, int]:
    rank, size = (next((os.environ[v] for v in _LAUNCHERS[what] if v in os.environ), "") for what in ("RANK", "SIZE"))
    return (int(rank), int(size)) if rank.isdigit() and size.isdigit() else (0, 1)


def _world():
    mpi = sys.modules.get("mpi4py.MPI")
    running = mpi is not None and mpi.Is_initialized() and not mpi.Is_finalized()
    return mpi.COMM_WORLD if running else None


def start():
    """Start MPI on ranks that a launcher started together: only by it can they know of each other.

    Returns
    -------
    mpi4py communicator or None
        Of all ranks; None where there is but one.

    Raises
    ------
    InputError
        When they cannot know of each other.
    """
    told = _told()[1]
    if told == 1 and launched()[1] == 1:
        return None
    try:
        importlib.import_module("mpi4py.MPI")
    except ImportError:
        raise InputError(
            "MPI ranks", "mpi4py, by which they know of each other", "not installed",
            "install adjointdesign[mpi], or start it without mpiexec",
        ) from None  # fmt: skip
    world = _world()
    if world.size == 1:
        raise InputError(
            "MPI ranks", f"{told}, as the launcher says", "1 in each process, by the MPI that mpi4py was built with",
            "start it with the mpiexec of that MPI (with Slurm: srun --mpi=pmix, or pmi2)",
        )  # fmt: skip
    return world


@functools.cache
def end_together() -> None:
    """Have all ranks end PETSc in the same way, whatever Python's garbage collection leaves on each; to be called by all.

    At its end a rank takes part in a collective cleanup only if an object on all ranks was left to it at some time, and if one such
    object lives on: both can differ from rank to rank (after many compilations they often do), and then those that take part wait
    for ever. So one object lives on everywhere, and every rank has been through a cleanup.
    """
    PETSc = importlib.import_module("petsc4py.PETSc")
    if PETSc.COMM_WORLD.size > 1:
        PETSc.Vec().create(PETSc.COMM_WORLD).incRef()
        PETSc.garbage_cleanup(PETSc.COMM_WORLD)


class EndedByFirst(Exception):
    """Raised on all other ranks when what rank 0 met ends all; what that is, it says itself."""


def led(action: Callable, **operations: Callable) -> Any:
    """Run ``action(call)`` on rank 0 alone, for all.

    Where it needs the others, ``call(name, *arguments)`` has one of the ``operations``, which may be collective, carried out by
    all ranks together, and gives rank 0's result of it.

    Parameters
    ----------
    action : callable
        Not called on other ranks.
    operations : callables
        The same ones on all ranks.

    Returns
    -------
    object
        What the action returned, on all ranks.

    Raises
    ------
    Exception
        On rank 0 what the action raised. What all ranks meet in an operation is raised there by the call, so that the action may
        get over it; what only some meet is raised on those alone.
    EndedByFirst
        On the others, when the action raised on rank 0.
    """
    world = start()
    if world is None:
        return action(lambda name, *arguments: operations[name](*arguments))
    if world.rank > 0:
        return _follow(world, operations)

    def call(name: str, *arguments):
        world.bcast((name, arguments))
        try:
            return operations[name](*arguments)
        except Exception:
            all_here()
            raise

    try:
        result = action(call)
    except BaseException:
        if not _deserted:
            world.bcast((None, None))
        raise
    world.bcast(("", result))
    return result


def _follow(world, operations):
    """Carry out what rank 0 calls for; the result of its action."""
    while True:
        name, arguments = world.bcast(None)
        if name is None:
            raise EndedByFirst
        if name == "":
            return arguments
        try:
            operations[name](*arguments)
        except Exception:
            if not all_here():
                raise


def anywhere(flag: bool) -> bool:
    """Whether a flag is set on any rank, to be asked by all of them; here where there is but one."""
    world = start()
    return flag if world is None else any(world.allgather(flag))


def abort(status: int) -> None:
    """End all ranks at once, with the exit status of this one."""
    world = _world()
    if world is not None:
        world.Abort(status)
    sys.exit(status)


_deserted = False


def all_here(seconds: float = 10.0) -> bool:
    """Whether all ranks come to this point within some time; true at once where there is but one, false where they once did not.

    Later ranks are a little more patient, so that of several that wait for another the first one gives up.
    """
    global _deserted
    try:
        world = start()
    except InputError:  # as far as anyone can tell
        return True
    if world is None:
        return True
    if _deserted:
        return False
    request, until = world.Ibarrier(), time.monotonic() + seconds + min(0.2 * world.rank, seconds)
    while not request.Test():
        if time.monotonic() > until:
            _deserted = True
            return False
        time.sleep(0.01)
    return True
