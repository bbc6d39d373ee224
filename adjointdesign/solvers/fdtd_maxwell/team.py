"""A team of threads that runs one compiled function over slabs of the grid, with barriers between the phases.

A step of a small two-dimensional grid takes some ten microseconds. Starting a parallel loop for each phase would cost
as much, so the team is started once for a block of steps and its members meet at barriers, which cost a fraction of a
microsecond while every member has a core of its own.
"""

import math
import os
import threading
import time
from collections import defaultdict, deque

import numba
import numpy as np
from llvmlite import ir
from numba.extending import intrinsic

from adjointdesign.solvers.fdtd_maxwell.compiled import kernel

_LEAST_CELLS = 8192
"""Cells a thread at least: below, the barriers cost more than a second thread gains (measured)."""
_LEAST_ROWS = 4
"""Rows a thread at least, since the first and the last of its slab are updated apart from the others."""
_SPINS = 200_000
"""Looks at the counter (some 200 microseconds) before a waiting thread rests. A member that is later than that has
probably lost its core to another program, and gets on with the one that is freed. A rest takes some 50 microseconds:
with a shorter wait before it, the members would send each other to rest in turn."""
_OPEN = 2**62
"""A count of arrivals at which every barrier lets pass."""


class Pace:
    """Chooses between one thread and all, by the pace measured on this machine as it is loaded now.

    Members of a team wait for each other at every barrier, so on a core that is shared with other programs two
    threads can be slower than one. Results do not depend on the choice: every value is computed by the same
    operations.
    """

    _TRIAL = 100
    """Blocks of steps after which the slower choice gets another trial."""
    _LAST = 3
    """Blocks whose best time counts: a single one may have met another program, or memory touched for the first time."""

    def __init__(self):
        self._seconds: dict[int, deque] = defaultdict(lambda: deque(maxlen=self._LAST))
        self._since_trial = 0

    def choose(self, shape: tuple[int, ...]) -> int:
        """Number of threads for the next block on a grid of this shape; at most what numba is set to."""
        most = max(1, min(numba.get_num_threads(), math.prod(shape) // _LEAST_CELLS, shape[0] // _LEAST_ROWS))
        fewest = min((most, 1), key=lambda size: len(self._seconds[size]))
        if len(self._seconds[fewest]) < self._LAST:
            return fewest
        best, other = sorted((most, 1), key=lambda size: min(self._seconds[size]))
        self._since_trial += 1
        if self._since_trial > self._TRIAL:
            self._since_trial = 0
            return other
        return best

    def record(self, size: int, seconds: float) -> None:
        """Note the seconds a step that a team of ``size`` took."""
        self._seconds[size].append(seconds)


_paces: dict[tuple, Pace] = defaultdict(Pace)


def march_team(function, steps: int, fields: tuple[np.ndarray, ...], *args) -> None:
    """Call ``function(team, fields, *args)``, which takes ``steps`` time steps, on as many threads as are of use."""
    shape = fields[0].shape
    pace, compiled_before = _paces[function, shape, fields[0].dtype], len(function.overloads)
    # Two rows a slab at least, whoever chooses: on a periodic axis the last row repeats the first electric values, which
    # its member copies there after the last barrier of a step. The magnetic phase of the row before it reads them, and
    # no barrier is between: they are in time only if that row is the same member's.
    size = max(1, min(pace.choose(shape), (shape[0] - 1) // 2))
    start = time.perf_counter()
    size = run_team(function, size, fields, *args)
    if len(function.overloads) == compiled_before:  # else this was the time of the compiler
        pace.record(size, (time.perf_counter() - start) / steps)


def run_team(function, size: int, *args) -> int:
    """Call ``function(team, *args)`` on ``size`` threads, or as many as the system gives, and return how many these were.

    ``team`` tells each call who it is: an int64 array ``(member, size, barriers passed)`` of its own for each thread, and
    the shared counter. What a member raises is raised here.
    """
    counter = np.zeros(1, dtype=np.int64)
    # Members may begin only when all are there: whoever meets a barrier waits for as many as it was told of.
    complete, members, others, failures = threading.Event(), 0, [], []

    def take_part(member: int) -> None:
        complete.wait()
        try:
            if members:
                function((np.array([member, members, 0]), counter), *args)
        except BaseException as error:
            counter[0] = _OPEN
            failures.append(error)

    try:
        for member in range(1, size):
            thread = threading.Thread(target=take_part, args=(member,))
            try:
                thread.start()
            except (RuntimeError, MemoryError):  # no more threads are to be had
                break
            others.append(thread)
        members = 1 + len(others)
        complete.set()
        function((np.array([0, members, 0]), counter), *args)
    except BaseException:  # an interrupt as well: nobody is to wait for this member; what the others do is lost
        counter[0] = _OPEN
        raise
    finally:
        complete.set()
        for thread in others:
            thread.join()
    if failures:
        raise failures[0]
    return members


@intrinsic
def _add_atomic(typingctx, counter):
    """Add one to ``counter[0]``, visible to all threads in order."""

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        builder.atomic_rmw("add", array.data, ir.Constant(ir.IntType(64), 1), "seq_cst")
        return context.get_dummy_value()

    return numba.types.void(counter), codegen


@intrinsic
def _load_atomic(typingctx, counter):
    """``counter[0]`` as other threads left it."""

    def codegen(context, builder, signature, args):
        array = context.make_array(signature.args[0])(context, builder, args[0])
        return builder.load_atomic(array.data, "seq_cst", 8)

    return numba.types.int64(counter), codegen


@intrinsic
def _rest(typingctx):
    """Sleep for the shortest time that the system knows, so that another thread may have this core."""

    def codegen(context, builder, signature, args):
        if os.name == "posix":
            kind = ir.FunctionType(ir.IntType(32), [ir.IntType(32)])
            function = numba.core.cgutils.get_or_insert_function(builder.module, kind, "usleep")
            builder.call(function, [ir.Constant(ir.IntType(32), 1)])
        return context.get_dummy_value()

    return numba.types.void(), codegen


@kernel
def barrier(team):
    """Wait until every member of the team is here; the counter only grows, so it needs no reset."""
    me, counter = team
    if me[1] == 1:
        return
    me[2] += me[1]
    _add_atomic(counter)
    spins = 0
    while _load_atomic(counter) < me[2]:
        spins += 1
        if spins > _SPINS:
            _rest()


@kernel
def slab(team, rows):
    """The member's share of the storage rows 1 to ``rows``: first, and one past the last."""
    me, _ = team
    return 1 + me[0] * rows // me[1], 1 + (me[0] + 1) * rows // me[1]
