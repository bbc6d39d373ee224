"""What ``adjointdesign consistency`` writes: its JSON, a figure a case, and one page with everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adjointdesign.errors import InputError
from adjointdesign.files import atomic_write, make_folder
from adjointdesign.report.draw_consistency import SERIES, draw_consistency
from adjointdesign.report.markup import Markup, duration, join, mark, number, picture, row_name, scientific, table, tag
from adjointdesign.report.template import page

MEANING = {
    "identical": "equal to rounding on every level",
    "convergent": "the difference vanishes with refinement",
    "inconsistent": "the difference does not vanish",
    "undecided": "the data carry no verdict",
}
"""What each verdict says."""


def write_consistency(folder: Path, summary: Mapping[str, Any]) -> Path:
    """Write ``consistency.json``, ``consistency.html`` and ``figures/CASE.png`` into a folder.

    Parameters
    ----------
    folder : Path
        Made where it is missing; files of the same names in it are replaced.
    summary : mapping
        From `adjointdesign.verification.consistency.run.summary`.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        When it cannot be written.
    """
    figures = {case["name"]: draw_consistency(case) for case in summary["cases"]}
    make_folder(folder / "figures")
    try:
        atomic_write(folder / "consistency.json", json.dumps(summary, indent=2, allow_nan=False) + "\n")
        for name, content in figures.items():
            atomic_write(folder / "figures" / f"{name}.png", content)
        atomic_write(folder / "consistency.html", page("Adjoint consistency – adjointdesign", _body(summary, figures)))
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder / "consistency.html"


def _unwritable(folder: Path, error: OSError) -> InputError:
    remedy = "free space, or choose another folder"
    return InputError("--out", "a folder that can be written", f"{folder} ({error.strerror})", remedy)


def _body(summary: Mapping[str, Any], figures: Mapping[str, bytes]) -> Markup:
    from adjointdesign import __version__

    found = summary["cases"]
    families = dict.fromkeys(case["family"] for case in found)
    right = sum(case["passed"] for case in found)
    rows = [
        [row_name(tag("a", case["name"], href=f"#{case['name']}")), case["verdict"], _order(case), case["expected"],
         mark(case["passed"]), number(f"{case['seconds']:.1f} s")]
        for case in found
    ]  # fmt: skip
    meanings = [[row_name(name), words] for name, words in MEANING.items()]
    skipped = ", ".join(f"{case['name']} (needs {case['needs']})" for case in summary["skipped"])
    return join([
        tag("header", tag("p", "adjointdesign consistency", class_="kind"), tag("h1", "Is it the gradient of the physics?")),
        tag("p", "Each case has one objective and two gradients: that of the program, by the tape or a transpose, and that of the "
                 "equations, derived by hand and then discretized. Both are compared on a ladder of refinements.", class_="lead"),
        tag("p", f"{right} of {len(found)} cases are as theory declares them, in ",
            duration(sum(case["seconds"] for case in found)), " of work."),
        table((), meanings, wide=False),
        table(["case", "verdict", number("order (95 %)"), "declared", "", number("time")], rows),
        tag("p", f"Skipped: {skipped}.") if skipped else "",
        *(join([tag("h2", family), *(case_section(case, figures[case["name"]]) for case in found if case["family"] == family)])
          for family in families),
        tag("footer", f"Written by adjointdesign {__version__}."),
    ])  # fmt: skip


def case_section(case: Mapping[str, Any], figure: bytes) -> Markup:
    """One case: what was compared, its ladder as a table and as a figure (PNG), the verdict."""
    columns = [name for name in SERIES if name in case["levels"][0]]
    rows = [
        [number(f"{level['refinement']:g}"), *(number("–" if level[c] is None else scientific(level[c], 2)) for c in columns)]
        for level in case["levels"]
    ]
    orders = [number(f"{case['orders'][c]['order']:.2f}" if c in case["orders"] else "–") for c in columns]
    declared = [number(f"{case['expected_orders'][c]:g}" if c in case["expected_orders"] else "") for c in columns]
    head = [number("refinement"), *(number(c) for c in columns)]
    rows.append([number("order"), *orders])
    if case["expected_orders"]:
        rows.append([number("declared"), *declared])
    return join([
        tag("h3", case["name"], id=case["name"]),
        tag("p", case["title"], "."),
        tag("p", "Declared ", case["expected"], ": ", case["source"], ". Compared in ", case["representation"], "."),
        tag("p", mark(case["passed"], case["verdict"]), ": ", case["reason"], "."),
        *(tag("p", mark(False, "not as declared"), ": ", words) for words in case["wrong"]),
        tag("div",
            picture(figure, f"Differences and errors over refinement of {case['name']}", class_="narrow"),
            tag("div", table(head, rows), _budget(case)),
            class_="beside"),
    ])  # fmt: skip


def _budget(case: Mapping[str, Any]) -> Markup:
    """Where the difference comes from, source by source; nothing where that was not measured."""
    if not case["budget"]:
        return Markup("")
    rows = [
        [row_name(name), number(f"{share:.1%}".replace("-", "−")), number(scientific(case["budget_sizes"][name], 1))]
        for name, share in case["budget"].items()
    ]
    words = tag("p", "Where the difference on the finest level comes from:")
    return join([words, table(["source", number("share"), number("over the gradient")], rows, wide=False)])


def _order(case: Mapping[str, Any]) -> Markup:
    if case["order"] is None:
        return number("")
    low, high = (bound if bound is not None else float("nan") for bound in case["order_interval"])
    return number(f"{case['order']:.2f} ({low:.2f} to {high:.2f})".replace("-", "−"))
