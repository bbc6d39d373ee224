"""How the design came about, and how its gradient was verified."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adjointdesign.report.consistency import case_section
from adjointdesign.report.draw_consistency import draw_consistency
from adjointdesign.report.draw_design_history import FEASIBLE, best_so_far
from adjointdesign.report.markup import Markup, decibels, duration, join, mark, number, picture, scientific, table, tag
from adjointdesign.report.run_folder import RunFolder

Figures = Mapping[str, bytes]


def optimization(run: RunFolder, figures: Figures) -> Markup:
    """The stages, the convergence and the designs on the way."""
    trace = run.trace
    if trace is None:
        return Markup("")
    count, stages = len(trace.objective), len(np.unique(trace.stage))
    return join(
        [
            tag("h2", "How it was found"),
            tag(
                "p",
                f"{count} evaluations in {stages} stage{'s' * (stages != 1)}, each started from the best design of the "
                "one before. An evaluation is a simulation with its exact gradient. The objective is to be minimized.",
            ),
            _stage_table(run),
            picture(
                figures.get("convergence"),
                "Objective, largest miss and readings over the evaluations",
                "Every evaluation is a dot; trial steps of a line search may be worse than what came before.",
            ),
            picture(
                figures.get("design_history"),
                "Densities of selected evaluations",
                "The density as it was simulated, with the projection of its stage; below each, by how much the "
                "worst of the targets was missed or met.",
            ),
        ]
    )


def _stage_table(run: RunFolder) -> Markup:
    trace, best = run.trace, best_so_far(run)
    known = run.problem.stages() if run.problem is not None else ()
    rows = []
    for stage in np.unique(trace.stage):
        own = np.flatnonzero(trace.stage == stage)
        chosen = best[own[-1]]
        begun = trace.elapsed[own[0] - 1] if own[0] else 0.0
        name, method = (known[stage].name, known[stage].method) if stage < len(known) else ("", "")
        miss = None if run.misses is None else float(run.misses[chosen])
        what = [name.replace("inf", "∞"), method] if known else []
        rows.append(
            [
                f"{stage + 1}",
                *what,
                number(len(own)),
                number(decibels(trace.objective[chosen], 3)),
                mark(None)
                if miss is None
                else mark(miss <= 0, f"{'met' if miss <= 0 else 'missed'} by {abs(miss):.2f}{run.unit}"),
                mark(bool(trace.violation[chosen] <= FEASIBLE)),
                number(duration(trace.elapsed[own[-1]] - begun)),
            ]
        )
    head = [
        "stage",
        *(["what", "method"] if known else []),
        number("evaluations"),
        number("best objective"),
        "targets",
        "constraints",
        number("time"),
    ]
    return table(head, rows)


def certificate(run: RunFolder, figures: Figures) -> Markup:
    """What was verified, how, and with what result."""
    found = run.certificate
    if found is None:
        return Markup("")
    details = found.get("details") or {}
    limits = details.get("limits") or {}
    passed = bool(found.get("passed"))
    failures = [
        tag("li", f"{f.get('what')}: expected {f.get('expected')}, got {f.get('got')}")
        for f in found.get("failures") or ()
    ]
    return join(
        [
            tag("h2", "The certificate of the gradient"),
            tag(
                "p",
                "A gradient with a wrong factor still goes downhill for a while, and a design found with it still "
                "looks like one. So the derivatives of this problem were tested, in ",
                found.get("precision", "double"),
                " precision: ",
                mark(passed, "all tests passed" if passed else "a test failed"),
                ".",
            ),
            tag("ul", *failures) if failures else "",
            table(["test", "what it shows", number("found"), number("required"), ""], _lines(found, details, limits)),
            picture(
                figures.get("gradient_check"),
                "Taylor remainders over the step on logarithmic axes",
                "The remainder must fall with the square of the step when the gradient is right, and with its cube "
                "when the Hessian is right too, until rounding takes over.",
            ),
            case_section(details["consistency"], draw_consistency(details["consistency"])) if "consistency" in details else "",
        ]
    )


def _lines(found, details, limits):
    yield _line(
        "Taylor, gradient",
        "order in which the remainder after the linear term falls",
        found.get("taylor_order"),
        limits.get("taylor_order"),
        least=True,
    )
    yield _line(
        "Taylor, Hessian",
        "the same after the quadratic term",
        found.get("hessian_taylor_order"),
        limits.get("hessian_taylor_order"),
        least=True,
    )
    for name, test in (details.get("constraints") or {}).items():
        yield _line(
            f"Taylor, {name}", "gradient of the constraint", test.get("order"), limits.get("taylor_order"), least=True
        )
    yield _line(
        "Dot product",
        "tangent against adjoint, relative residual",
        found.get("dot_product_residual"),
        limits.get("dot_product"),
        least=False,
    )
    for name, test in (details.get("schedules") or {}).items():
        if not isinstance(test, Mapping):
            continue
        if "skipped" in test:
            yield [
                f"Schedule {name}",
                "gradient under another checkpoint schedule",
                number("not run"),
                "",
                mark(None, test["skipped"]),
            ]
        for key, words, limit in (
            ("relative_difference", "same gradient as under the first schedule", "schedules"),
            ("other_control_difference", "re-evaluated recording against a fresh one", "other_control"),
        ):
            if key in test:
                yield _line(f"Schedule {name}", words, test[key], limits.get(limit), least=False)
    spread = (details.get("cost") or {}).get("spread")
    cost = found.get("gradient_cost")
    if cost is not None:
        words = f"{cost:.2f}" + (f" ({spread[0]:.2f} to {spread[1]:.2f})" if _pair(spread) else "")
        yield ["Cost", "value and gradient, in forward runs", number(words), "", ""]


def _pair(spread) -> bool:
    return isinstance(spread, (list, tuple)) and len(spread) == 2


def _line(name: str, words: str, value, limit, *, least: bool):
    """One row; a value that was not found fails when something is required of it."""
    shown = "not found" if value is None else (f"{value:.3f}" if least else scientific(value))
    if limit is None:
        return [name, words, number(shown), "", ""]
    bound = f"≥ {limit:g}" if least else Markup(f"≤ {scientific(limit)}")
    good = value is not None and (value >= limit if least else value <= limit)
    return [name, words, number(shown), number(bound), mark(good)]
