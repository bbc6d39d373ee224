"""What is said to whoever waits: plain lines, with times."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from adjointdesign.errors import InputError
from adjointdesign.report.markup import duration

#: Seconds between two signs of life while something long runs.
SIGN_OF_LIFE = 60


def say(text: str) -> None:
    """One line of progress."""
    print(f"   {text}", flush=True)


def run_long(title: str, command: list, log: Path, environment: dict[str, str], folder: Path) -> float:
    """Run a command whose output goes to a log, with a line from time to time; returns the seconds it took.

    Parameters
    ----------
    title : str
        What it does, for the lines.
    command : list
        The command and its arguments.
    log : Path
        Takes its output.
    environment : dict
        All its variables.
    folder : Path
        Where it runs.

    Raises
    ------
    InputError
        When it fails, with the line of the log that says most.
    """
    start = time.monotonic()
    with open(log, "w") as output:
        process = subprocess.Popen(
            [str(word) for word in command], stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=environment, cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            while True:
                try:
                    status = process.wait(timeout=SIGN_OF_LIFE)
                    break
                except subprocess.TimeoutExpired:
                    say(f"... {title}, {duration(time.monotonic() - start)} so far")
        finally:
            # An interruption ends the compilers below the command too: they are all of its session.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()
    if status:
        raise InputError(title, "success", f"exit status {status}: {telling_line(log)}", f"read {log}, then run again")
    return time.monotonic() - start


def telling_line(log: Path) -> str:
    """The last line of a log that speaks of an error, else its last line, cut to a readable length."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["no output"])[-1][:200]
