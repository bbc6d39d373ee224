"""What the commands share: the application, their arguments, words on standard error. Only light modules load here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from adjointdesign.errors import InputError
from adjointdesign.parallel import launched

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Inverse design with PDEs, where every gradient is exact and proven so.",
)  # fmt: skip

Name = Annotated[str, typer.Argument(metavar="PROBLEM", help="Name of a problem, see `adjointdesign list`.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE.toml", help="Settings, TOML.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="A.B=VALUE", help="One setting; may be repeated.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else there.")]


def one_rank(what: str) -> None:
    if launched()[1] > 1:
        raise InputError(what, "one MPI rank", f"{launched()[1]} ranks", "start it without mpiexec")


def say(message: str) -> None:
    """One line for people, on standard error so that standard output stays machine-readable."""
    print(message, file=sys.stderr, flush=True)


def settings_of(problem: str, config: Path | None, overrides: list[str] | None):
    from adjointdesign.configuration import load
    from adjointdesign.problems import find

    return load(find(problem), file=config, overrides=overrides or ())
