"""Commands that make, judge and show designs. Heavy modules load inside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from adjointdesign.cli.options import Config, Json, Name, Set, app, one_rank, say, settings_of
from adjointdesign.errors import InputError


@app.command("list")
def list_problems(as_json: Json = False) -> None:
    """List the problems."""
    from adjointdesign.problems import find, names

    problems = [{"name": n, "summary": find(n).summary, "presets": sorted(find(n).presets)} for n in names()]
    if as_json:
        print(json.dumps({"problems": problems}))
        return
    width = max(len(p["name"]) for p in problems)
    for p in problems:
        presets = f"  (presets: {', '.join(p['presets'])})" if p["presets"] else ""
        print(f"{p['name']:<{width}}  {p['summary']}{presets}")


@app.command()
def run(problem: Name, config: Config = None, overrides: Set = None,
        out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder of the run; default runs/PROBLEM.")] = None) -> int:  # fmt: skip
    """Optimize a problem; write the design, its checks and a report into a new folder."""
    from adjointdesign import study
    from adjointdesign.problems import find

    out = out or Path("runs") / problem
    return _status(study.run(find(problem), out, config=config, overrides=overrides or ()))


@app.command()
def resume(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of an unfinished run.")]) -> int:
    """Go on with a run that was stopped, to the same end as if it had not been."""
    from adjointdesign import study
    from adjointdesign.problems import find

    outcome = study.resume(folder, find)
    if outcome is None:
        say(f"this run is complete: see {folder / study.DONE}")
        return 0
    return _status(outcome)


def _status(outcome) -> int:
    """A run that was stopped and saved is good; a failed optimization or certificate is not."""
    return 1 if outcome.passed is False else 0


def _design_of(context: typer.Context, design: Path | None) -> Path | None:
    """Only the description of an antenna stands alone."""
    problem = context.params.get("problem") or ""
    if design is None and not problem.lower().endswith(".toml"):
        raise typer.BadParameter(f"{problem or 'a problem'} needs a design to simulate; add --design FILE")
    return design


@app.command()
def evaluate(problem: Annotated[str, typer.Argument(metavar="PROBLEM|FILE.toml", help="Name of a problem, or the description of an antenna.")],
             design: Annotated[Path | None, typer.Option("--design", "--stations", metavar="FILE", callback=_design_of, help="The design, or the stations, in a format that the problem reads.")] = None,
             config: Config = None, overrides: Set = None, as_json: Json = False,
             out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="With FILE.toml: folder for files and figures.")] = None) -> int:  # fmt: skip
    """Simulate a given design, or the antenna that a TOML file describes."""
    from adjointdesign.study import require_communicator

    if problem.lower().endswith(".toml"):
        return _evaluate_antenna(Path(problem), design or config or overrides, as_json, out)
    if out is not None:
        raise InputError("--out", "the file of an antenna, FILE.toml, beside it", problem, "leave it out")
    built = settings_of(problem, config, overrides).build()
    require_communicator(built)
    result = built.evaluate_file(design)
    print(json.dumps(result) if as_json else built.table(result))
    return 0


def _evaluate_antenna(file: Path, others, as_json: bool, out: Path | None) -> int:
    from adjointdesign.files import make_folder
    from adjointdesign.problems.antennas.describe import evaluate_file, table
    from adjointdesign.problems.antennas.describe_deliver import deliver

    if others:
        raise InputError("evaluate", f"no settings beside {file}", others, "write them into the file")
    one_rank("evaluate FILE.toml")
    if out is not None:
        make_folder(out)
    results = evaluate_file(file, say)
    for path in deliver(results, out) if out is not None else ():
        say(f"wrote {path}")
    print(json.dumps(results.summary()) if as_json else table(results))
    return 0


@app.command()
def report(folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")]) -> int:
    """Make the figures and the page of a run again."""
    from adjointdesign import study
    from adjointdesign.problems import find

    try:
        problem = study.open_folder(folder, find).build()
    except InputError:  # of another installation: the page does without what only the problem knows
        problem = None
    # A `resume` there would remove the files that are being written here.
    with study.held(folder):
        print(study.write_report(folder, problem))
    return 0
