"""What came out: the verdicts at the head of the page, the device, its S-parameters and its fields."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from adjointdesign.report.draw_design_history import final_index
from adjointdesign.report.markup import (
    Markup,
    decibels,
    duration,
    join,
    mark,
    number,
    picture,
    reading,
    row_name,
    scientific,
    table,
    tag,
)
from adjointdesign.report.run_folder import Results, RunFolder
from adjointdesign.report.style import nanometres

Figures = Mapping[str, bytes]


def head(run: RunFolder) -> Markup:
    """Title, what was designed, and the verdicts."""
    summary = getattr(run.problem, "summary", "")
    return join(
        [
            tag(
                "header",
                tag("p", "Inverse design, with the certificate of its gradient", class_="kind"),
                tag("h1", run.name),
            ),
            tag("p", f"{summary[:1].upper()}{summary[1:]}." if summary else "", class_="lead"),
            _unfinished(run),
            tag("div", *_verdicts(run), class_="verdicts"),
        ]
    )


def _unfinished(run: RunFolder) -> Markup:
    """Says what is missing, where the run did not come to its end."""
    if run.design is not None and run.certificate is not None:
        return Markup("")
    if run.trace is None:
        words = "This run has not evaluated any design yet."
    elif run.design is None:
        count = len(run.trace.objective)
        words = f"This run has not finished: {count} evaluations are recorded, and there is no final design."
    else:
        words = "This run has a design, but its gradient has not been checked."
    return tag(
        "p", words + " Go on with ", tag("code", f"adjointdesign resume {run.folder.name or '.'}"), ".", class_="notice"
    )


def _verdicts(run: RunFolder):
    design = run.design
    if design is not None:
        # What counts is the device in the GDSII file; the simulation of the optimization stands beside it.
        judged = [
            (r, where)
            for r, where in (
                (design.results_gds, "re-simulated from design.gds"),
                (design.results, "the design's own simulation"),
            )
            if run.worst(r) is not None
        ]
        if judged:
            results, where = judged[0]
            more = f"{where}{_cells(results)}"
            more += f"; {_worst(run, judged[1][0])} in the design's own" if len(judged) > 1 else ""
            yield _verdict("All targets", _worst(run, results), more, run.worst(results) <= 0)
        elif run.misses is not None:
            miss = float(run.misses[final_index(run)])
            words = f"{'met' if miss <= 0 else 'missed'} by {abs(miss):.3g}{run.unit}"
            yield _verdict("All targets", words, "in the evaluation that became the design", miss <= 0)
        if design.length_scale:
            wanted = run.configuration.get("optimization", {}).get("minimum_length")
            least = design.length_scale.get("minimum", math.inf)
            more = f"measured, ± {nanometres(design.length_scale.get('resolution', design.pixel))}"
            good = None if wanted is None else least >= wanted * (1 - 1e-9)
            yield _verdict(
                "Smallest feature", _length(least), more + (f"; wanted {nanometres(wanted)}" if wanted else ""), good
            )
    certificate = run.certificate
    if certificate is not None:
        order = certificate.get("taylor_order")
        more = f"Taylor order {order:.3f}" if isinstance(order, (int, float)) else "Taylor order not found"
        passed = bool(certificate.get("passed"))
        yield _verdict("Gradient", "verified" if passed else "check failed", more + ", see the certificate", passed)
    if run.trace is not None:
        count = len(run.trace.objective)
        yield _verdict("Effort", f"{count} evaluations", f"{duration(run.trace.elapsed[-1])} of optimization", None)


def _worst(run: RunFolder, results: Results) -> str:
    worst = run.worst(results)
    return (
        f"met by {decibels(abs(worst))}\N{NO-BREAK SPACE}dB"
        if worst <= 0
        else f"missed by {decibels(worst)}\N{NO-BREAK SPACE}dB"
    )


def _verdict(what: str, words: str, more: str, good: bool | None) -> Markup:
    symbol = {True: "✓ ", False: "✗ ", None: ""}[good]
    kind = {True: " yes", False: " no", None: ""}[good]
    return tag(
        "div",
        tag("span", what, class_="what"),
        tag("b", symbol + words),
        tag("span", more, class_="more"),
        class_="verdict" + kind,
    )


def _cells(results: Results) -> str:
    return "" if results.spacing is None else f", {nanometres(results.spacing)} cells"


def _length(value: float) -> str:
    return nanometres(value) if math.isfinite(value) else "no limit found"


def pictures(run: RunFolder) -> Markup:
    """What the problem itself draws."""
    return join([join([tag("h2", p.heading), picture(p.content, p.description, p.caption)]) for p in run.pictures])


def device(run: RunFolder, figures: Figures) -> Markup:
    """The device and its key numbers."""
    if run.design is None or not run.design.planar:
        return Markup("")
    design = run.design
    shape = design.arrays["filtered"].shape
    region = " × ".join(f"{n * design.pixel * 1e6:.4g}" for n in shape) + " µm"
    scale = design.length_scale
    rows = [
        ("Design region", region),
        ("Pixels", f"{shape[0]} × {shape[1]}, {nanometres(design.pixel)} each"),
        ("Solid", f"{100 * float(np.mean(design.arrays['filtered'] > 0.5)):.1f} % of the region"),
        *(
            (
                (f"Smallest {k}", f"{_length(scale[k])} (largest disc that fits everywhere)")
                for k in ("solid", "void")
                if k in scale
            )
        ),
        ("Ended", str(design.attributes.get("status") or design.attributes.get("converged") or "–").replace("_", " ")),
    ]
    about = join(
        [
            table((), [(row_name(name), value) for name, value in rows]),
            tag(
                "p",
                "The outline is the contour of the filtered density at one half. ",
                tag("code", "design.gds"),
                " holds the same contour as polygons, in the same coordinates: the design on layer 1, datatype 0"
                + (", and 1 µm of each guide on layer 1, datatype 1." if design.results is not None else "."),
            ),
        ]
    )
    shown = picture(
        figures.get("device"),
        f"Outline of the device in its design region of {region}",
        "Dark: core." + (" Ports are numbered; port 1 is driven." if design.results is not None else ""),
    )
    return join([tag("h2", "The device"), tag("div", shown, tag("div", about), class_="beside")])


def s_parameters(run: RunFolder, figures: Figures) -> Markup:
    """Every target at every wavelength, in both simulations."""
    design = run.design
    if design is None or design.results is None:
        return Markup("")
    wavelengths = design.results.wavelengths
    simulations = [("design", design.results), ("design.gds", design.results_gds)]
    rows = []
    for goal in run.goals:
        for name, results in simulations:
            if results is None:
                continue
            values = results.decibels[goal.reading]
            cells = [
                number(
                    mark(goal.met(v), decibels(v))
                    if i in goal.where
                    else tag("span", decibels(v), class_="quiet")
                )
                for i, v in enumerate(values)
            ]
            target = tag("b", reading(goal.reading), f" {goal.relation}") if name == "design" else ""
            rows.append([target, name + _cells(results), *cells])
    columns = ["target", "simulated", *(number(f"{w * 1e9:.5g} nm") for w in wavelengths)]
    return join(
        [
            tag("h2", "S-parameters against their targets"),
            tag(
                "p",
                "The design is judged twice: with the density that was optimized, on the grid of the optimization, "
                "and as the polygons of its own GDSII file on a grid twice as fine. The second simulation is what a "
                "fabricated device would be held against. Values are magnitudes in dB; ",
                tag("span", "grey", class_="quiet"),
                " ones carry no target.",
            ),
            table(columns, rows) if rows else "",
            picture(
                figures.get("spectra"),
                "Magnitudes of the S-parameters over the wavelength, with the targets shaded",
                "Shaded: what a target forbids. The line is a finer spectrum of the design over a wider band.",
            ),
            _all_of_them(design.results_gds or design.results),
        ]
    )


def _all_of_them(results: Results) -> Markup:
    """The whole matrix, and how reciprocal it is: an independent sign of a sound simulation."""
    s = results.s_parameters
    rows = [[reading(name), *(number(decibels(v)) for v in values)] for name, values in results.decibels.items()]
    columns = ["dB", *(number(f"{w * 1e9:.5g} nm") for w in results.wavelengths)]
    parts = [tag("summary", f"All S-parameters{_cells(results)}"), table(columns, rows)]
    power = np.sum(np.abs(s.reshape(*s.shape[:2], -1)[:, :, 0]) ** 2, axis=1)
    share = f"{100 * power.min():.1f} to {100 * power.max():.1f} %"
    words = f"Of the power that enters port 1, {share} leaves through the ports"
    if s.ndim == 3 and s.shape[1] == s.shape[2]:
        difference = np.max(np.abs(s - np.swapaxes(s, 1, 2)))
        return tag(
            "details",
            *parts,
            tag("p", words + "; the matrix is symmetric to ", scientific(difference), ", as reciprocity asks."),
        )
    return tag("details", *parts, tag("p", words + "."))


def fields(run: RunFolder, figures: Figures) -> Markup:
    """The field at every wavelength."""
    driven = " with port 1 driven" if run.design is not None and run.design.results is not None else ""
    shown = picture(
        figures.get("fields"),
        "Magnitude of the electric field at every wavelength with the outline of the device",
        f"Magnitude of the electric field{driven}, all wavelengths on one scale, without absorbing layers.",
    )
    return join([tag("h2", "Fields"), shown]) if shown else Markup("")
