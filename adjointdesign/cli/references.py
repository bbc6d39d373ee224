"""The command that holds antennas and scatterers against published values. Heavy modules load inside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from adjointdesign.cli.options import Json, app, one_rank, say
from adjointdesign.errors import InputError


@app.command()
def references(
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="Name of a case, see --list.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All cases: some minutes on two cores.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the cases with their sources.")] = False,
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Also write numbers and a figure there.")] = None,
) -> int:  # fmt: skip
    """Hold antennas, resonators, lines and scatterers against published values, at two resolutions and extrapolated."""
    from adjointdesign.files import make_folder
    from adjointdesign.problems.antennas.verification import registry
    from adjointdesign.problems.antennas.verification import run as runs
    from adjointdesign.problems.antennas.verification.case import run_case
    from adjointdesign.verification.record import plain

    one_rank("references")
    given = sum((case is not None, every, listed))
    if given != 1:
        raise InputError(
            "references", "one of CASE, --all and --list", "several" if given else "none", "give one of them"
        )
    if listed:
        if out is not None:
            raise InputError("--list", "nothing but --json beside it", "--out", "leave it out")
        found = registry.cases()
        if as_json:
            print(json.dumps({"cases": [runs.listing(c) for c in found]}))
        else:
            for c in found:
                print(f"{c.name}: {c.title}")
                for q in c.quantities:
                    print(f"    {q.name}\n        {q.source}")
        return 0
    chosen = None if every else registry.find_case(case)
    if out is not None:
        make_folder(out)
    if every:
        result = runs.run_cases([c.name for c in registry.cases()], say)
    else:
        result = runs.summary([run_case(chosen, say)])
    print(json.dumps(plain(result)) if as_json else runs.table(result))
    for path in runs.write(out, result) if out is not None else ():
        say(f"wrote {path}")
    return 0 if result["passed"] else 1
