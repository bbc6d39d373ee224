"""Signals that ask a study to stop: heeded where nothing is lost, and on several MPI ranks by all of them at one place."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager

from adjointdesign.optimize.interrupt import interruptible
from adjointdesign.parallel import anywhere, launched


@contextmanager
def stop_requests():
    """Signals as a request to stop between two evaluations; yields a function that says whether one came here.

    SIGTERM and SIGINT as `interruptible` has them, and SIGUSR1, which mpiexec and batch systems pass on. On one of several ranks
    none ends an evaluation at once: the others would wait for this one for ever, and to end them all is the launcher's part.
    """
    if launched()[1] > 1:
        with _noted(signal.SIGTERM, signal.SIGINT, signal.SIGUSR1) as asked:
            yield asked
    else:
        with interruptible() as asked, _noted(signal.SIGUSR1) as told:
            yield lambda: asked() or told()


@contextmanager
def stoppable():
    """SIGTERM raises ``KeyboardInterrupt``, as SIGINT does: at once on one rank, on several in all of them at the next check.

    Yields the check, to be made by all ranks together.
    """
    if launched()[1] > 1:
        with stop_requests() as asked:

            def check() -> None:
                if anywhere(asked()):
                    raise KeyboardInterrupt

            yield check
    else:
        with _handled(signal.default_int_handler, signal.SIGTERM, signal.SIGUSR1):
            yield lambda: None


@contextmanager
def _noted(*numbers: int):
    """Only note these signals; yields a function that says whether one came."""
    received: list[int] = []
    with _handled(lambda number, frame: received.append(number), *numbers):
        yield lambda: bool(received)


@contextmanager
def _handled(handler: Callable, *numbers: int):
    """A handler for signals; not outside the main thread, where Python allows none."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, former in earlier.items():
            # None stands for a handler that was not installed from Python and cannot be put back.
            signal.signal(number, signal.SIG_DFL if former is None else former)
