"""The figures of a run: one function each, by the name of its file."""

from __future__ import annotations

from adjointdesign.errors import InputError
from adjointdesign.report.draw_convergence import convergence
from adjointdesign.report.draw_design_history import design_history
from adjointdesign.report.draw_device import device
from adjointdesign.report.draw_fields import fields
from adjointdesign.report.draw_gradient_check import gradient_check
from adjointdesign.report.draw_spectra import spectra
from adjointdesign.report.run_folder import RunFolder
from adjointdesign.report.style import save

FIGURES = {
    "device": device,
    "spectra": spectra,
    "fields": fields,
    "convergence": convergence,
    "design_history": design_history,
    "gradient_check": gradient_check,
}
"""Name of the file in ``figures/``, without ending, and what draws it; None is returned when the data are missing."""


def write_figures(run: RunFolder) -> dict[str, bytes]:
    """Draw every figure for which the run has data into ``figures/``.

    Parameters
    ----------
    run : RunFolder
        The run.

    Returns
    -------
    dict
        PNG files by name.

    Raises
    ------
    InputError
        When the folder cannot be written.
    """
    drawn = {name: content for name, draw in FIGURES.items() if (content := draw(run)) is not None}
    drawn |= {picture.name: picture.content for picture in run.pictures}
    folder = run.folder / "figures"
    try:
        folder.mkdir(exist_ok=True)
        for name, content in drawn.items():
            save(folder / f"{name}.png", content)
    except OSError as error:
        remedy = "free space or make the folder writable"
        raise InputError("DIR", "a folder that can be written", f"{folder} ({error.strerror})", remedy) from error
    return drawn
