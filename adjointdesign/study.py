"""A study: a problem, its optimization, its checks and its folder."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from adjointdesign import configuration
from adjointdesign.configuration import Configuration
from adjointdesign.errors import InputError, StepRejected
from adjointdesign.files import atomic_write, remove_parts
from adjointdesign.parallel import anywhere, launched, led, ranks
from adjointdesign.problem import Problem, value_and_gradient
from adjointdesign.study_hold import held, own
from adjointdesign.study_signals import stop_requests, stoppable

if TYPE_CHECKING:
    from adjointdesign.optimize.minimize import OptimizeResult

logger = logging.getLogger(__name__)
DONE = "report.html"
"""The last file that a run writes."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its folder, the optimizer's result, and whether its certificate passed (None: not reached).

    Without a result (None) a second signal ended the optimization at once, within an evaluation.
    """

    folder: Path
    result: OptimizeResult | None
    passed: bool | None


def create(settings: Configuration, folder: Path) -> Path:
    """Make the folder of a new run, with its configuration and provenance.

    Raises
    ------
    InputError
        When the folder holds a run already or cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("--out", "a folder that does not exist or is empty", folder, f"choose another, or `adjointdesign resume {folder}`")
    existed = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic_write(folder / "provenance.json", json.dumps(provenance(settings), indent=2))
        atomic_write(folder / "config.toml", settings.toml())
    except OSError as error:
        if folder.is_dir():
            (folder / "provenance.json").unlink(missing_ok=True)  # a folder with a part of a start could not be used again
        if folder.is_dir() and not existed:
            folder.rmdir()
        raise InputError("--out", "a folder that can be written", f"{folder} ({error.strerror})", "free space or choose another") from error
    return folder


def open_folder(folder: Path, problem_class: Callable[[str], type[Problem]]) -> Configuration:
    """Settings of the run in a folder.

    Raises
    ------
    InputError
        When the folder holds no run.
    """
    file = Path(folder) / "config.toml"
    if not file.is_file():
        raise InputError("DIR", "the folder of a run, with its config.toml", folder, "give the folder that `run` wrote")
    import tomllib

    try:
        name = str(tomllib.loads(file.read_text(encoding="utf-8"))["problem"])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise InputError("config.toml", "the settings that `run` wrote", f"{file}: {error}", "restore the file") from error
    return configuration.load(problem_class(name), file=file)


def optimize(settings: Configuration, folder: Path, watch: Callable | None = None, begin: Callable[[], None] | None = None):
    """Run, or resume, the continuation of a run's folder.

    Parameters
    ----------
    settings : Configuration
        Its settings.
    folder : path
        Its folder; the history there, if any, is replayed and then continued.
    watch : callable, optional
        ``watch(stage_index, stage, evaluation, tracker)`` after every evaluation.
    begin : callable, optional
        Called once, when nothing is left that refuses the run.

    Returns
    -------
    OptimizeResult
        That of the last stage.
    """
    from adjointdesign.optimize.history import History
    from adjointdesign.optimize.minimize import CONSTRAINED
    from adjointdesign.optimize.penalty import penalized
    from adjointdesign.optimize.stages import Formulation, run_stages
    from adjointdesign.optimize.stopping import Status

    problem = settings.build()
    require_communicator(problem)
    stages = problem.stages()
    start = problem.initial_design(np.random.default_rng(settings.seed))
    constrained = [bool(problem.constraints(start, stage.parameters)) for stage in stages]
    path = Path(folder) / "history.h5"
    identity = {"problem": problem.name, "configuration": hashlib.sha256(settings.toml().encode()).hexdigest()}
    told = False

    def evaluate(index: int, x: np.ndarray):
        nonlocal told
        found = value_and_gradient(problem, x, stages[index].parameters)
        told = anywhere(asked())
        return found

    def begin_stage(index: int, x: np.ndarray):
        try:
            problem.begin(stages[index].parameters, x.reshape(problem.design_shape))
        except StepRejected as refusal:
            if index == 0:
                raise InputError("initial design", "one that can be simulated", refusal, "start nearer to the plain one") from None
            logger.info("stage %d goes on as the last one ended: %s", index + 1, refusal)

    def lead(call):
        index = -1

        def formulate(stage, x) -> Formulation:
            nonlocal index
            index += 1
            call("begin_stage", index, np.asarray(x, dtype=float))
            logger.info("stage %d of %d: %s (%s)", index + 1, len(stages), stage.name, stage.method)
            memo = Memo(partial(call, "evaluate", index), stage.minimax)
            if constrained[index] and stage.method not in CONSTRAINED and stage.penalty is not None:
                price = stage.penalty
                return Formulation(penalized(memo.objective, memo.constraints, price.weight, price.margin))
            return Formulation(memo.objective, (memo.constraints,) if constrained[index] else (), minimax=stage.minimax)

        def callback(evaluation, tracker):
            if watch is not None:
                watch(index, stages[index], evaluation, tracker)

        def should_stop() -> bool:
            return told or asked()

        with History.open(path, writable=True) if path.exists() else History.create(path, identity) as history:
            if history.attributes != identity:
                raise InputError(
                    f"history {path}", "evaluations made with config.toml as it is now", "those of other settings",
                    "restore config.toml, or start a new run with the changed one",
                )  # fmt: skip
            if begin is not None:
                begin()
            results = run_stages(
                stages, formulate, start.ravel(), bounds=problem.bounds(), history=history,
                wall_time=getattr(problem.optimization, "wall_time", None), callback=callback, should_stop=should_stop,
            )  # fmt: skip
            if should_stop() and results[-1].status != Status.INTERRUPTED:  # it came during the last evaluation
                results[-1] = replace(results[-1], status=Status.INTERRUPTED, message="a signal came")
        return results[-1]

    # One optimizer decides for all ranks, so that neither clocks nor rounding can part them.
    with stop_requests() as asked:
        return led(lead, evaluate=evaluate, begin_stage=begin_stage)


class Memo:
    """Objective and constraints of one stage from one evaluation a point: ``evaluate(x)`` as `value_and_gradient`."""

    def __init__(self, evaluate: Callable, minimax: bool):
        self.evaluate, self.minimax = evaluate, minimax
        self._key, self._value = None, None

    def _evaluate(self, x: np.ndarray):
        if self._key != x.tobytes():
            self._value = self.evaluate(x)
            self._key = x.tobytes()
        return self._value

    def objective(self, x):
        """Value and gradient (values and Jacobian for a min-max), and readings."""
        values, jacobian, _, _, readings = self._evaluate(x)
        if self.minimax:
            return values, jacobian, readings
        return values[0], jacobian[0], readings

    def constraints(self, x):
        """Values and Jacobian."""
        _, _, values, jacobian, _ = self._evaluate(x)
        return values, jacobian


def complete(folder: Path) -> bool:
    """Whether a run has come to its end; its page alone can also be made for an unfinished one."""
    return all((Path(folder) / name).exists() for name in ("certificate.json", DONE))


def require_communicator(problem: Problem) -> None:
    """Refuse several MPI ranks for a problem whose solver cannot share its work among them.

    Raises
    ------
    InputError
        When there are several, and ``problem.solver().comm`` is None or there is no such method.
    """
    size = launched()[1]
    if size > 1 and (not hasattr(problem, "solver") or problem.solver().comm is None):
        raise InputError(
            problem.name, "one MPI rank, since its solver has no communicator", f"{size} ranks", "start it without mpiexec"
        )


def carry_on(settings: Configuration, folder: Path) -> Outcome:
    """Optimize in a run's folder from wherever it stands, and write everything that follows from the result.

    The design with its deliverables, the certificate, and last the report. Shows progress on standard error. Under MPI all ranks
    compute together; the first one alone optimizes, writes and speaks.
    """
    from adjointdesign.optimize.stopping import Status
    from adjointdesign.progress import Progress
    from adjointdesign.verification.certificate import certify, write_certificate

    folder = Path(folder)
    problem = settings.build()
    greeting = f"adjointdesign {version('adjointdesign')}: {problem.name} in {folder}"
    with held(folder, log=True), Progress(problem.stages(), problem.targets()) as progress:
        led(lambda call: remove_parts(folder))
        try:
            result = optimize(settings, folder, progress.evaluation, lambda: progress.line(greeting))
        except KeyboardInterrupt:
            progress.line(f"stopped at once; all but the evaluation under way is saved: go on with `adjointdesign resume {folder}`")
            return Outcome(folder, None, None)
        if result.status == Status.INTERRUPTED:
            progress.line(f"stopped; everything is saved: go on with `adjointdesign resume {folder}`")
            return Outcome(folder, result, None)
        failed = result.status == Status.FAILED
        if failed and result.evaluation is None:
            progress.line(f"the optimization failed: {result.message}")
            return Outcome(folder, result, False)
        try:
            with stoppable() as check, own(folder) as place:
                progress.line(f"{result.status}: {result.message}; writing the design and its deliverables")
                found = result.x.reshape(problem.design_shape)
                with suppress(StepRejected):
                    problem.begin(problem.final_stage, found)
                problem.deliver(place, found, f"{result.status}: {result.message}")
                progress.line("checking the gradient")
                certificate = certify(problem, np.random.default_rng(settings.seed), progress=lambda *_: check())
                led(lambda call: write_certificate(folder / "certificate.json", certificate))
                progress.line("writing the report")
                write_report(folder, problem)
        except KeyboardInterrupt:  # all evaluations are in the history: what was under way is made again
            progress.line(f"stopped; everything is saved: go on with `adjointdesign resume {folder}`")
            return Outcome(folder, result, None)
        for text in led(lambda call: list(problem.summarize(folder))):
            progress.line(text)
        for failure in certificate.failures:
            progress.line(f"gradient check FAILED: {failure}")
        progress.line(f"report: {folder / DONE}")
        return led(lambda call: Outcome(folder, result, certificate.passed and not failed))


def write_report(folder: Path, problem: Problem | None) -> Path:
    """Figures and page of a run by rank 0; the densities that it shows, which may take a filter on a mesh, by all ranks."""
    from adjointdesign.report.page import report

    if problem is None:
        return led(lambda call: report(folder))
    return led(lambda call: report(folder, _Shown(problem, partial(call, "density"))), density=problem.density)


class _Shown:
    """A problem with another way to compute its densities."""

    def __init__(self, problem: Problem, density: Callable):
        self._problem, self.density = problem, density

    def __getattr__(self, name):
        return getattr(self._problem, name)


def run(problem: type[Problem], out: str | Path, *, config: str | Path | None = None, overrides: Iterable[str] = ()) -> Outcome:
    """Optimize a problem into a new folder: what `adjointdesign run` does, for any problem class.

    Parameters
    ----------
    problem : type of Problem
        The problem.
    out : path
        Folder of the run, new or empty.
    config, overrides
        See `adjointdesign.configuration.load`.

    Raises
    ------
    InputError
        When settings are refused or the folder is in use.
    """
    settings = configuration.load(problem, file=config, overrides=overrides)
    _prepare(settings)
    return carry_on(settings, led(lambda call: create(settings, Path(out))))


def _prepare(settings: Configuration) -> None:
    """Refuse bad settings before a folder is made; and load PETSc, which has signal handlers of its own, before ours are set."""
    problem = settings.build()
    require_communicator(problem)
    problem.prepare()


def resume(folder: str | Path, find: Callable[[str], type[Problem]]) -> Outcome | None:
    """Go on with a run that was stopped, to the same end as if it had not been; None if it is complete already.

    Parameters
    ----------
    folder : path
        Its folder.
    find : callable
        Problem class of a name, such as `adjointdesign.problems.find`.

    Raises
    ------
    InputError
        When the folder holds no run, or its history is damaged or of other settings.
    """
    settings = open_folder(Path(folder), find)
    if led(lambda call: complete(folder)):
        with held(folder):
            led(lambda call: remove_parts(folder))
        return None
    _prepare(settings)
    return carry_on(settings, Path(folder))


def provenance(settings: Configuration) -> dict:
    """Versions, machine, seed and origin of a run."""
    import numba

    from adjointdesign.verification.record import finite_element_versions

    packages = ("numpy", "scipy", "numba", "autograd", "nlopt", "pyadjoint-ad", "checkpoint-schedules", "h5py", "gdstk")
    return {
        "command": " ".join(sys.argv),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "problem": settings.problem.name,
        "seed": settings.seed,
        "threads": getattr(settings.discretization, "threads", None) or numba.config.NUMBA_NUM_THREADS,
        "ranks": ranks(),
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "git_commit": _git_commit(),
        "versions": {"adjointdesign": version("adjointdesign"), "python": platform.python_version()}
        | {p: version(p) for p in packages}
        | finite_element_versions(),
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _git_commit() -> str | None:
    """Commit of the source tree that runs, if it is one."""
    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
