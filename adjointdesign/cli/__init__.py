"""The `adjointdesign` command. Only light modules load at import: heavy ones load inside the commands."""

from __future__ import annotations

import errno
import logging
import os
import sys
import traceback
from typing import Annotated

import typer

# Imported for the commands that they add, in the order in which the help names them.
from adjointdesign.cli import studies, verification, references, bench  # noqa: I001
from adjointdesign.cli.options import app
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.parallel import EndedByFirst, abort, all_here, launched, start

__all__ = ["app", "bench", "main", "references", "studies", "verification"]

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EFBIG)
# Typer brings a click of its own from some version on; this is the one whose errors it raises.
_ClickException = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")


def main() -> None:
    """Entry point: errors in the input become one line and exit status 2; of several MPI ranks the first one speaks."""
    # Else numba, where colorama is installed, resets the color of a terminal at the end, and under mpiexec a pipe is one.
    os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")
    if launched()[0] > 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")
    try:
        start()
        status = app(standalone_mode=False)
        sys.stdout.flush()
    except InputError as error:
        _fail(str(error))
    except StepRejected as refusal:
        _fail(f"design: expected one that can be simulated, got {refusal}; change it, or what limits it")
    except EndedByFirst:
        _fail("ended by rank 0")
    except _ClickException as error:
        if message := error.format_message():
            _fail(message)
        sys.exit(2)  # no arguments: the help was printed
    except (BrokenPipeError, SystemExit):  # the second is what Click makes of the first, where it meets it
        _drop_output()
        _end(141)
    except MemoryError as error:
        _fail(f"memory: expected a simulation that fits, got {error or 'none left'}; choose a coarser spacing or a smaller device")
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            _abort_all()
            raise
        _drop_output()
        _fail(f"{error.filename or 'output'}: expected a place to write, got {error.strerror}; free space or choose another place")
    except (typer.Abort, KeyboardInterrupt):
        _end(130, "interrupted")
    except Exception:
        _abort_all()
        raise
    sys.exit(status if isinstance(status, int) else 0)


def _abort_all() -> None:
    """End all ranks when one of several meets what should not happen: the others would wait for it for ever."""
    rank, size = launched()
    if size > 1:
        print(f"rank {rank}: {traceback.format_exc()}", file=sys.__stderr__, flush=True)
        abort(1)


def _drop_output() -> None:
    """Let what is left in the buffer go: Python tries to write it once more at the end, and exits with 120 when it cannot."""
    if sys.stdout is sys.__stdout__:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str) -> None:
    _end(2, "error: " + " ".join(message.split()))


def _end(status: int, line: str | None = None) -> None:
    """Say why and exit, together with all ranks or, when they do not know of it and would wait for this one, for all of them."""
    alone = not all_here()
    if line is not None:
        print(line, file=sys.__stderr__ if alone else sys.stderr, flush=True)
    if alone:
        abort(status)
    sys.exit(status)


@app.callback()
def _root(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also print the log.")] = False) -> None:
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
