"""Many cases at once, a process each, and what they say together."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from adjointdesign.errors import InputError
from adjointdesign.files import atomic_write, make_folder
from adjointdesign.problems.antennas.verification.case import Case, run_case
from adjointdesign.problems.antennas.verification.registry import find_case
from adjointdesign.verification.record import plain

_THREADS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")


def run_cases(names: Sequence[str], progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Run cases of the registry, as many at a time as there are cores.

    Parameters
    ----------
    names : sequence of str
        Which.
    progress : callable, optional
        Told of each that ended.

    Returns
    -------
    dict
        ``passed``, and ``cases`` in the order of the names, as `run_case` gives them.
    """
    jobs = min(len(os.sched_getaffinity(0)), len(names))
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # inherited: a core for each process
    try:
        # A forked process would share the state of MPI and of threads.
        with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            futures = {pool.submit(_run, name): name for name in names}
            done = {}
            try:
                for future in as_completed(futures):
                    name = futures[future]
                    done[name] = future.result()
                    if progress is not None:
                        worst = max(done[name]["quantities"], key=lambda q: abs(q["error"]) / q["tolerance"])
                        mark = "" if done[name]["passed"] else "  MISSED"
                        progress(
                            f"{len(done):3d} of {len(names)}  {name:32s} {done[name]['seconds']:6.1f} s  "
                            f"{worst['name']} {worst['error']:+.1e} of {worst['tolerance']:.2g}{mark}"
                        )
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return summary([done[name] for name in names])


def _run(name: str) -> dict[str, Any]:
    # A case holds functions, which need not be such that they can travel: it is looked up where it runs.
    return run_case(find_case(name))


def summary(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What several cases say together, for ``--json``."""
    return {"passed": all(c["passed"] for c in found), "cases": found}


def listing(case: Case) -> dict[str, Any]:
    """What a case is and what it holds itself against, without running it, for ``--list --json``."""
    quantities = [
        {
            "name": q.name,
            "unit": q.unit,
            "source": q.source,
            "published": q.published,
            "order": q.order,
            "tolerance": q.tolerance,
        }
        for q in case.quantities
    ]
    return {"name": case.name, "family": case.family, "title": case.title, "resolution": case.resolution,
            "resolutions": list(case.resolutions), "quantities": quantities}  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """For people: each case with its sources, values, ours and their extrapolation."""
    lines = []
    for c in result["cases"]:
        low, high = c["resolutions"]
        lines.append(f"{c['name']}: {c['title']} ({low:g} and {high:g} {c['resolution']}, {c['seconds']:.0f} s)")
        for q in c["quantities"]:
            unit = f", {q['unit']}" if q["unit"] else ""
            ours = " ".join(f"{v:13.6g}" for v in (*q["ours"], q["extrapolated"]))
            mark = "" if q["passed"] else "  MISSED"
            error = f"{q['error']:+.1e} of {q['tolerance']:.2g}{mark}"
            lines.append(f"  {q['name'] + unit:42s} {q['published']:13.6g} |{ours}  {error}")
            lines.append(f"      {q['source']}")
    total, wrong = len(result["cases"]), [c["name"] for c in result["cases"] if not c["passed"]]
    lines.append("published | ours, coarse and fine, extrapolated, its distance from the published one")
    lines.append(
        f"{total - len(wrong)} of {total} cases are within their tolerances"
        + "".join(f"; missed: {name}" for name in wrong)
    )
    return "\n".join(lines)


def write(folder: Path, result: dict[str, Any]) -> list[Path]:
    """Write ``references.json`` and ``references.png`` into a folder, made where it is missing.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    from adjointdesign.problems.antennas.verification.draw import draw_references

    make_folder(folder)
    files = [folder / "references.json", folder / "references.png"]
    try:
        for path, content in zip(files, (json.dumps(plain(result), indent=2) + "\n", draw_references(result))):
            atomic_write(path, content)
    except OSError as error:
        remedy = "free space, or choose another folder"
        raise InputError("--out", "a folder that can be written", f"{folder} ({error.strerror})", remedy) from error
    return files
