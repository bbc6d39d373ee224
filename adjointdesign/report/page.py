"""The report of a run: its figures, and one self-contained page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from adjointdesign.errors import InputError
from adjointdesign.report import section_record, section_results, section_story
from adjointdesign.report.markup import join, tag
from adjointdesign.report.run_folder import RunFolder
from adjointdesign.report.template import page

NAME = "report.html"


def report(folder: str | os.PathLike, problem=None) -> Path:
    """Draw all figures of a run and write its page, from whatever the run has come to so far.

    Parameters
    ----------
    folder : path-like
        The run's folder; ``figures/*.png`` and ``report.html`` in it are replaced.
    problem : Problem, optional
        The run's problem, see `RunFolder`.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        When the folder holds no run, holds a damaged file, or cannot be written.
    """
    from adjointdesign.report.figures import write_figures

    run = RunFolder(folder, problem)
    return write_report(run, write_figures(run))


def write_report(run: RunFolder, figures: Mapping[str, bytes]) -> Path:
    """Write ``report.html``: one file with everything in it, whole or not at all.

    Parameters
    ----------
    run : RunFolder
        The run.
    figures : mapping
        PNG files by name, see `adjointdesign.report.figures.FIGURES`; a missing one is left out.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        When it cannot be written, or when a file of the run is damaged.
    """
    from adjointdesign import __version__
    from adjointdesign.files import atomic_write

    body = join([
        section_results.head(run),
        section_results.pictures(run),
        section_results.device(run, figures),
        section_results.s_parameters(run, figures),
        section_results.fields(run, figures),
        section_story.optimization(run, figures),
        section_story.certificate(run, figures),
        section_record.reproduce(run),
        section_record.settings(run),
        section_record.provenance(run),
        tag("footer", f"Written by adjointdesign {__version__}. SI units unless a unit is given; convention exp(−iωt)."),
    ])  # fmt: skip
    path = run.folder / NAME
    try:
        atomic_write(path, page(f"{run.name} – adjointdesign", body))
    except OSError as error:
        remedy = "free space or make the folder writable"
        raise InputError("DIR", "a folder that can be written", f"{path} ({error.strerror})", remedy) from error
    return path
