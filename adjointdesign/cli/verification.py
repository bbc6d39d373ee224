"""Commands that say how far a gradient and an objective can be trusted. Heavy modules load inside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from adjointdesign.cli.options import Config, Json, Name, Set, app, one_rank, say, settings_of
from adjointdesign.errors import InputError
from adjointdesign.parallel import led


@app.command()
def check(problem: Name, config: Config = None, overrides: Set = None, as_json: Json = False,
          compare: Annotated[bool, typer.Option("--consistency", help="Also compare with the gradient of the equations, on a ladder of refinements.")] = False,
          out: Annotated[Path | None, typer.Option("--out", metavar="FILE.json", help="Also write the certificate there.")] = None) -> int:  # fmt: skip
    """Verify a problem's gradient: Taylor orders, tangent against adjoint, schedules, cost."""
    import numpy as np

    from adjointdesign.study import require_communicator
    from adjointdesign.verification.certificate import certify, write_certificate

    settings = settings_of(problem, config, overrides)
    built = settings.build()
    require_communicator(built)
    if compare:
        one_rank("check --consistency")
    case = _case_of(built, settings.seed) if compare else None

    def require_place(call) -> None:
        if out is not None and (out.is_dir() or not out.parent.is_dir()):
            raise InputError("--out", "a file in an existing folder", out, "make the folder first, or choose another")

    led(require_place)

    said = ""

    def progress(part: float, text: str) -> None:
        nonlocal said
        if text != said:
            say(f"{part:4.0%} {text}")
            said = text

    certificate = certify(built, np.random.default_rng(settings.seed), progress=progress)
    if case is not None:
        from adjointdesign.verification.consistency import run_case
        from adjointdesign.verification.consistency.problem_case import add_to_certificate

        add_to_certificate(certificate, run_case(case, progress=say))

    def write(call):
        if out is not None:
            write_certificate(out, certificate)
        return certificate

    certificate = led(write)
    print(json.dumps(certificate.as_dict()) if as_json else certificate)
    return 0 if certificate.passed else 1


@app.command()
def consistency(
    case: Annotated[str | None, typer.Argument(metavar="CASE", help="Name of a case, see --list, or of a problem.")] = None,
    config: Config = None, overrides: Set = None,
    every: Annotated[bool, typer.Option("--all", help="All cases.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="List the cases with what theory declares of them.")] = False,
    levels: Annotated[int | None, typer.Option("--levels", metavar="N", help="How many refinements.")] = None,
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Also write tables and figures there, as one page.")] = None,
) -> int:  # fmt: skip
    """Compare gradients of programs with gradients of their equations: identical, convergent or inconsistent."""
    from adjointdesign.problems import names
    from adjointdesign.files import make_folder
    from adjointdesign.report.consistency import write_consistency
    from adjointdesign.verification.consistency import cases, find_case, run_case
    from adjointdesign.verification.consistency import run as runs

    one_rank("consistency")
    given = sum((case is not None, every, listed))
    if given != 1:
        raise InputError("consistency", "one of CASE, --all and --list", "several" if given else "none", "give one of them")
    if listed:
        if config or overrides or levels is not None or out is not None:
            raise InputError("--list", "nothing but --json beside it", "more", "leave it out")
        found = cases()
        if as_json:
            keys = ("name", "family", "title", "source", "expected")
            print(json.dumps({"cases": [{k: getattr(c, k) for k in keys} | {"orders": dict(c.orders)} for c in found]}))
        else:
            for c in found:
                orders = ", ".join(f"{name} {order:g}" for name, order in c.orders.items())
                print(f"{c.name:34s} {c.expected:12s} {f'({orders})' if orders else ''}\n    {c.title}\n    {c.source}")
        return 0
    own = settings_of(case, config, overrides) if case is not None and case in names() else None
    if (config or overrides) and own is None:
        raise InputError("--config, --set", "the name of a problem with them", case or "--all", "leave them out, or name a problem")
    if every:
        chosen = cases()
        if levels is not None and levels < 1:
            raise InputError("--levels", "at least 1", levels, "give more")
    else:
        chosen = [find_case(case, names()) if own is None else _case_of(own.build(), own.seed)]
        chosen[0].refinements(levels)
    here = [c for c in chosen if runs.available(c)]
    if case is not None and not here:
        raise InputError(case, chosen[0].needs, "not installed", "run `make install-fem`")
    if out is not None:
        make_folder(out)
    if every:
        outcomes = runs.run_cases([c.name for c in here], levels, progress=say)
    else:
        outcomes = [run_case(here[0], levels, progress=say)]
    result = runs.summary(outcomes, [c for c in chosen if not runs.available(c)])
    if as_json:
        print(json.dumps(result))
    elif not every:
        print(runs.table(outcomes[0]))
    if out is not None:
        say(str(write_consistency(out, result)))
    for c in result["skipped"] if every else ():
        say(f"skipped: {c['name']}, which needs {c['needs']} (`make install-fem`)")
    return 0 if result["passed"] else 1


def _case_of(built, seed: int):
    """A problem as a case of the consistency checker, at a smooth design in the interior and at its first stage."""
    from adjointdesign.verification.consistency.problem_case import problem_case, require_continuous_gradient

    require_continuous_gradient(built)
    return problem_case(built, *_design_of(built, None, seed))


@app.command()
def converge(
    problem: Name, config: Config = None, overrides: Set = None,
    levels: Annotated[int, typer.Option("--levels", metavar="N", help="How many refinements, at least 3.")] = 3,
    ratio: Annotated[float, typer.Option("--ratio", metavar="R", help="Between one refinement and the next.")] = 2.0,
    tolerance: Annotated[float | None, typer.Option("--tolerance", metavar="T", help="Also say what refinement gives the objective this error.")] = None,
    design: Annotated[Path | None, typer.Option("--design", metavar="FILE", help="Design parameters (design.h5 of a run, say).")] = None,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Refine a problem: orders of objective and gradient, the limit with its error, the resolution that a tolerance takes."""
    from adjointdesign.study import require_communicator
    from adjointdesign.verification import convergence
    from adjointdesign.verification.record import plain

    settings = settings_of(problem, config, overrides)
    built = settings.build()
    require_communicator(built)
    if tolerance is not None and not tolerance > 0:
        raise InputError("--tolerance", "above 0", tolerance, "give an error of the objective")
    parameters, stage = _design_of(built, design, settings.seed)
    found = convergence.converge(built, parameters, stage, levels, ratio=ratio, progress=say)
    result = plain(found.as_dict())
    if tolerance is not None:
        result["tolerance"], result["factor_for_tolerance"] = tolerance, found.factor_for(tolerance)
    if as_json:
        print(json.dumps(result))
        return 0
    print(found)
    if tolerance is not None:
        factor = result["factor_for_tolerance"]
        taken = "an order, which these levels do not show" if factor is None else f"a refinement of about {factor:.2g}"
        print(f"  an error of {tolerance:g} takes {taken}")
    return 0


@app.command()
def smoothness(
    problem: Annotated[str | None, typer.Argument(metavar="PROBLEM", help="Name of a problem, see `adjointdesign list`.")] = None,
    config: Config = None, overrides: Set = None,
    folder: Annotated[Path | None, typer.Option("--run", metavar="DIR", help="Along the last designs of this run, in the place of PROBLEM.")] = None,
    last: Annotated[int | None, typer.Option("--last", metavar="N", help="How many designs of the run; 5 by default.")] = None,
    design: Annotated[Path | None, typer.Option("--design", metavar="FILE", help="Around these design parameters (design.h5 of a run, say).")] = None,
    reach: Annotated[float | None, typer.Option("--reach", metavar="R", help="How far the parameter that moves most moves to each side.")] = None,
    samples: Annotated[int | None, typer.Option("--samples", metavar="N", help="Values along the line, or between two designs.")] = None,
    as_json: Json = False,
) -> int:  # fmt: skip
    """Look for kinks, jumps, plateaus and branch changes of an objective, along a direction or the last designs of a run."""
    from adjointdesign.verification import smoothness_problem
    from adjointdesign.verification.record import plain

    one_rank("smoothness")
    if (problem is None) == (folder is None):
        raise InputError("smoothness", "either PROBLEM or --run DIR", "neither" if problem is None else "both", "give one of them")
    wanted = {} if samples is None else {"samples": samples}
    if folder is not None:
        if config or overrides or design is not None or reach is not None:
            raise InputError("--run", "no --config, --set, --design and --reach beside it", "some", "leave them out")
        built, stage, designs = _last_designs(folder, 5 if last is None else last)
        found = smoothness_problem.scan_iterates(built, designs, stage=stage, **wanted)
    else:
        if last is not None:
            raise InputError("--last", "--run DIR with it", "PROBLEM", "name a run, or leave it out")
        settings = settings_of(problem, config, overrides)
        built = settings.build()
        parameters, stage = _design_of(built, design, settings.seed)
        found = smoothness_problem.scan_problem(built, parameters, stage=stage, reach=reach, **wanted)
    print(json.dumps(plain(found.as_dict())) if as_json else found)
    return 0


def _last_designs(folder: Path, count: int):
    """The problem of a run, the parameters of its last stage, and its last designs there."""
    from adjointdesign import study
    from adjointdesign.optimize.history import History
    from adjointdesign.problems import find

    if count < 2:
        raise InputError("--last", "at least 2", count, "a line takes two designs")
    built = study.open_folder(folder, find).build()
    with History.open(folder / "history.h5") as history:
        if not len(history):
            raise InputError("DIR", "a run with evaluations", f"none in {folder}", "resume it first")
        number = history[len(history) - 1].stage
        designs = history.values("x", number)[-count:]
    if len(designs) < 2:
        raise InputError("DIR", "two evaluations or more in its last stage", len(designs), "resume it first")
    return built, built.stages()[number].parameters, designs


def _design_of(built, file: Path | None, seed: int):
    """Design parameters of a file, at the last stage, or smooth ones in the interior, at the first."""
    import numpy as np

    from adjointdesign.parameters import read_parameters
    from adjointdesign.verification.subject import interior_point

    if file is not None:
        return read_parameters(file, built.design_shape), built.final_stage
    return interior_point(built, np.random.default_rng(seed))[0], built.stages()[0].parameters
