"""The `adjointdesign` command. Only light modules load at import: heavy ones load inside the commands."""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer

from adjointdesign.errors import InputError, StepRejected
from adjointdesign.parallel import EndedByFirst, abort, all_here, launched, led, start

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Inverse design with PDEs, where every gradient is exact and proven so.",
)  # fmt: skip

_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS, errno.EFBIG)
# Typer brings a click of its own from some version on; this is the one whose errors it raises.
_ClickException = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")

Name = Annotated[str, typer.Argument(metavar="PROBLEM", help="Name of a problem, see `adjointdesign list`.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE.toml", help="Settings, TOML.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="A.B=VALUE", help="One setting; may be repeated.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else there.")]


def main() -> None:
    """Entry point: errors in the input become one line and exit status 2; of several MPI ranks the first one speaks."""
    # Else numba, where colorama is installed, resets the color of a terminal at the end, and under mpiexec a pipe is one.
    os.environ.setdefault("NUMBA_DISABLE_ERROR_MESSAGE_HIGHLIGHTING", "1")
    if launched()[0] > 0:
        sys.stdout = sys.stderr = open(os.devnull, "w")
    try:
        start()
        status = app(standalone_mode=False)
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
    except BrokenPipeError:
        _end(141)
    except MemoryError as error:
        _fail(f"memory: expected a simulation that fits, got {error or 'none left'}; choose a coarser spacing or a smaller device")
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            _abort_all()
            raise
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


def _one_rank(what: str) -> None:
    if launched()[1] > 1:
        raise InputError(what, "one MPI rank", f"{launched()[1]} ranks", "start it without mpiexec")


def _say(message: str) -> None:
    """One line for people, on standard error so that standard output stays machine-readable."""
    print(message, file=sys.stderr, flush=True)


def _settings(problem: str, config: Path | None, overrides: list[str] | None):
    from adjointdesign.configuration import load
    from adjointdesign.problems import find

    return load(find(problem), file=config, overrides=overrides or ())


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
        _say(f"this run is complete: see {folder / study.DONE}")
        return 0
    return _status(outcome)


def _status(outcome) -> int:
    """A run that was stopped and saved is good; a failed optimization or certificate is not."""
    return 1 if outcome.passed is False else 0


@app.command()
def evaluate(problem: Name, design: Annotated[Path, typer.Option("--design", metavar="FILE", help="The design, in a format that the problem reads.")],
             config: Config = None, overrides: Set = None, as_json: Json = False) -> int:  # fmt: skip
    """Simulate a given design."""
    from adjointdesign.study import require_communicator

    built = _settings(problem, config, overrides).build()
    require_communicator(built)
    result = built.evaluate_file(design)
    print(json.dumps(result) if as_json else built.table(result))
    return 0


@app.command()
def check(problem: Name, config: Config = None, overrides: Set = None, as_json: Json = False,
          compare: Annotated[bool, typer.Option("--consistency", help="Also compare with the gradient of the equations, on a ladder of refinements.")] = False,
          out: Annotated[Path | None, typer.Option("--out", metavar="FILE.json", help="Also write the certificate there.")] = None) -> int:  # fmt: skip
    """Verify a problem's gradient: Taylor orders, tangent against adjoint, schedules, cost."""
    import numpy as np

    from adjointdesign.study import require_communicator
    from adjointdesign.verification.certificate import certify, write_certificate

    settings = _settings(problem, config, overrides)
    built = settings.build()
    require_communicator(built)
    if compare:
        _one_rank("check --consistency")
    case = _case_of(built, settings.seed) if compare else None

    def require_place(call) -> None:
        if out is not None and (out.is_dir() or not out.parent.is_dir()):
            raise InputError("--out", "a file in an existing folder", out, "make the folder first, or choose another")

    led(require_place)

    said = ""

    def progress(part: float, text: str) -> None:
        nonlocal said
        if text != said:
            _say(f"{part:4.0%} {text}")
            said = text

    certificate = certify(built, np.random.default_rng(settings.seed), progress=progress)
    if case is not None:
        from adjointdesign.verification.consistency import run_case
        from adjointdesign.verification.consistency.problem_case import add_to_certificate

        add_to_certificate(certificate, run_case(case, progress=_say))

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
    from adjointdesign.verification.consistency import cases, find_case, run_case
    from adjointdesign.verification.consistency import run as runs

    _one_rank("consistency")
    if sum((case is not None, every, listed)) != 1:
        raise InputError("consistency", "one of CASE, --all and --list", "none" if case is None else "several", "give one of them")
    if listed:
        found = cases()
        if as_json:
            keys = ("name", "family", "title", "source", "expected")
            print(json.dumps({"cases": [{k: getattr(c, k) for k in keys} | {"orders": dict(c.orders)} for c in found]}))
        else:
            for c in found:
                orders = ", ".join(f"{name} {order:g}" for name, order in c.orders.items())
                print(f"{c.name:34s} {c.expected:12s} {f'({orders})' if orders else ''}\n    {c.title}\n    {c.source}")
        return 0
    own = _settings(case, config, overrides) if case is not None and case in names() else None
    if (config or overrides) and own is None:
        raise InputError("--config, --set", "the name of a problem with them", case or "--all", "leave them out, or name a problem")
    chosen = cases() if every else [find_case(case) if own is None else _case_of(own.build(), own.seed)]
    if levels is not None:
        chosen[0].refinements(levels)  # refused now, not after the first ladder
    here = [c for c in chosen if runs.available(c)]
    if case is not None and not here:
        raise InputError(case, chosen[0].needs, "not installed", "run `make install-fem`")
    if every:
        outcomes = runs.run_cases([c.name for c in here], levels, progress=_say)
    else:
        outcomes = [run_case(here[0], levels, progress=_say)]
    result = runs.summary(outcomes, [c for c in chosen if not runs.available(c)])
    if out is not None:
        from adjointdesign.report.consistency import write_consistency

        _say(str(write_consistency(out, result)))
    if as_json:
        print(json.dumps(result))
    elif not every:
        print(runs.table(outcomes[0]))
    for c in result["skipped"] if every else ():
        _say(f"skipped: {c['name']}, which needs {c['needs']} (`make install-fem`)")
    return 0 if result["passed"] else 1


def _case_of(built, seed: int):
    """A problem as a case of the consistency checker, at a smooth design in the interior and at its first stage."""
    import numpy as np

    from adjointdesign.verification.consistency.problem_case import problem_case, require_continuous_gradient
    from adjointdesign.verification.subject import interior_point

    require_continuous_gradient(built)
    parameters, _ = interior_point(built, np.random.default_rng(seed))
    return problem_case(built, parameters, built.stages()[0].parameters)


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
    import numpy as np

    from adjointdesign.parameters import read_parameters
    from adjointdesign.study import require_communicator
    from adjointdesign.verification import convergence
    from adjointdesign.verification.subject import interior_point

    settings = _settings(problem, config, overrides)
    built = settings.build()
    require_communicator(built)
    if tolerance is not None and not tolerance > 0:
        raise InputError("--tolerance", "above 0", tolerance, "give an error of the objective")
    if design is not None:
        parameters, stage = read_parameters(design, built.design_shape), built.final_stage
    else:
        parameters, _ = interior_point(built, np.random.default_rng(settings.seed))
        stage = built.stages()[0].parameters
    found = convergence.converge(built, parameters, stage, levels, ratio=ratio, progress=_say)
    result = found.as_dict()
    if tolerance is not None:
        result["tolerance"], result["factor_for_tolerance"] = tolerance, found.factor_for(tolerance)
    if as_json:
        print(json.dumps(result))
        return 0
    print(found)
    if tolerance is not None:
        factor = result["factor_for_tolerance"]
        print(f"  an error of {tolerance:g} takes " + ("an order, which these levels do not show" if factor is None else f"a refinement of about {factor:.2g}"))
    return 0


bench_app = typer.Typer(no_args_is_help=True, help="Measure speed, memory and the cost of gradients.")
app.add_typer(bench_app, name="bench")


@bench_app.callback()
def _bench() -> None:
    _one_rank("bench")


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


@app.callback()
def _root(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also print the log.")] = False) -> None:
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
