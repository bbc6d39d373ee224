"""The command, called in this process as the console script calls it."""

import sys
from dataclasses import dataclass

import numpy as np
import pytest
from small_bend import SMALL

from adjointdesign import cli

@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch, capsys):
    """``command(*arguments)``; an error that escapes from `main`, as a traceback would, escapes from here."""

    def call(*arguments) -> Ended:
        monkeypatch.setattr(sys, "argv", ["adjointdesign", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return Ended(ended.value.code, *capsys.readouterr())

    return call


@pytest.fixture
def refused(command):
    """``refused(*arguments)``: the one line on standard error, after status 2 and nothing on standard output."""

    def call(*arguments) -> str:
        ended = command(*arguments)
        first, *more = ended.err.splitlines()
        assert (ended.status, ended.out, more) == (2, "", []) and first.startswith("error: "), ended
        return first

    return call


@pytest.fixture
def small():
    """Arguments for a small bend."""
    return [part for setting in SMALL for part in ("--set", setting)]


@pytest.fixture
def design(tmp_path):
    """A design of the small bend: gray, one value a pixel of 20 nm."""
    path = tmp_path / "design.csv"
    np.savetxt(path, np.full((40, 40), 0.5), delimiter=",")
    return path
