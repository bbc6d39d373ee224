"""Commands that measure. Heavy modules load inside them."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from adjointdesign.cli.options import Json, app, one_rank

bench_app = typer.Typer(no_args_is_help=True, help="Measure speed, memory and the cost of gradients.")
app.add_typer(bench_app, name="bench")


@bench_app.callback()
def _bench() -> None:
    one_rank("bench")


@bench_app.command("fdtd")
def bench_fdtd(as_json: Json = False,
               quick: Annotated[bool, typer.Option("--quick", help="Small sizes, to try the command.")] = False) -> int:  # fmt: skip
    """Measure the FDTD solver beside this machine's memory bandwidth."""
    from adjointdesign.bench import fdtd

    result = fdtd.run(quick=quick)
    print(json.dumps(result) if as_json else fdtd.table(result))
    return 0


@bench_app.command("fem")
def bench_fem(as_json: Json = False,
              quick: Annotated[bool, typer.Option("--quick", help="Small sizes, to try the command.")] = False) -> int:  # fmt: skip
    """Measure what a gradient costs by finite elements, beside firedrake.adjoint."""
    from adjointdesign.solvers import load

    fem = load("adjointdesign.bench.fem")
    result = fem.run(quick=quick)
    print(json.dumps(result) if as_json else fem.table(result))
    return 0


@bench_app.command("seismic")
def bench_seismic(as_json: Json = False,
                  quick: Annotated[bool, typer.Option("--quick", help="Small sizes, to try the command.")] = False) -> int:  # fmt: skip
    """Measure the elastic solver: cells a second, and what a gradient costs."""
    from adjointdesign.bench import seismic

    result = seismic.run(quick=quick)
    print(json.dumps(result) if as_json else seismic.table(result))
    return 0
