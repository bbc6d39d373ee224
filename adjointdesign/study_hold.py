"""What a study holds of a run's folder while it works there: the lock and the log; on other ranks than the first, nothing."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from adjointdesign.errors import InputError
from adjointdesign.parallel import launched, led

logger = logging.getLogger(__name__)


@contextmanager
def locked(folder: Path):
    """Hold a run's folder for this process.

    Raises
    ------
    InputError
        When another process holds it: two would write one history.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise InputError(
            "DIR", "a folder that no other process works in", folder, "wait for that run, or stop it"
        ) from None
    finally:
        os.close(descriptor)


@contextmanager
def held(folder: Path, log: bool = False):
    """Hold a run's folder, if it is one, for all ranks of this job, and copy the package's log to it if wanted; see `locked`."""
    with ExitStack() as stack:

        def enter(call) -> None:
            if Path(folder).is_dir():
                stack.enter_context(locked(folder))
            if log:
                stack.enter_context(log_to(folder))

        led(enter)
        yield


@contextmanager
def own(folder: Path):
    """The folder on rank 0, and on others one that is removed afterwards: what a problem writes on every rank is kept once."""
    if launched()[0] == 0:
        yield folder
    else:
        with tempfile.TemporaryDirectory(prefix="adjointdesign-") as scratch:
            yield Path(scratch)


class _LogFile(logging.FileHandler):
    """A log whose failure to write is raised, not printed with a traceback between the lines for people."""

    def handleError(self, record):
        raise


@contextmanager
def log_to(folder: Path):
    """Copy the package's log to ``log.txt`` of a run's folder, and what ends the work there before its time."""
    handler = _LogFile(Path(folder) / "log.txt", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    package = logging.getLogger("adjointdesign")
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    try:
        yield
    except BaseException as error:
        if not isinstance(error, KeyboardInterrupt):
            expected = isinstance(error, (InputError, OSError, MemoryError))
            with suppress(OSError):  # a full disk must not hide what happened
                logger.error("%s: %s", type(error).__name__, error, exc_info=None if expected else error)
        raise
    finally:
        package.removeHandler(handler)
        handler.close()
