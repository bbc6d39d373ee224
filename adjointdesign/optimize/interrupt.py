"""SIGTERM and SIGINT as a request that is honored between two evaluations."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


REPEAT = 1.0
"""Seconds in which further signals are the same request: `timeout` and batch systems send one to a process and one to its
group."""


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Within this context SIGTERM and SIGINT are noted instead of ending the process.

    Yields
    ------
    callable
        ``should_stop()`` for `minimize`: whether a signal came.

    Notes
    -----
    A further one, `REPEAT` seconds after the first or later, raises ``KeyboardInterrupt`` at once. Outside the main
    thread, where Python allows no handlers, nothing is installed. The earlier handlers are back in place afterwards.
    """
    received: list[float] = []

    def handle(number, frame):
        received.append(time.monotonic())
        if received[-1] - received[0] >= REPEAT:
            raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    earlier = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in earlier.items():
            # None stands for a handler that was not installed from Python and cannot be put back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
