"""A case: an objective of some equations, its two gradients on a ladder, and the verdict that theory expects."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.verification.consistency.comparison import ROUNDING, Comparison, Sample, compare_samples
from adjointdesign.verification.consistency.verdict import VERDICTS

REST = "rest"
"""In an error budget, what the named sources leave."""
ORDER_TOLERANCE = 0.3
"""How far an observed order may be from a declared one: ladders end before what is of higher order has gone."""


@dataclass(frozen=True)
class Case:
    """An objective with a discrete and a continuous gradient, and what is expected of them.

    Parameters
    ----------
    name, family, title : str
        Title: the equations, the discretization and the objective in one line.
    source : str
        Paper and equation or theorem that says what to expect; or why, where it is plain.
    measure : callable
        ``refinement -> Sample``.
    ladder : tuple of float
        Refinements, increasing.
    expected : str
        One of `VERDICTS`.
    orders : mapping of str to float
        Expected orders of ``difference``, ``discrete``, ``continuous`` and ``objective``; those that theory gives.
    representation : str
        In what the two gradients are compared.
    rounding : float
        Relative difference that is rounding here.
    tolerance : float
        Of the orders, see `ORDER_TOLERANCE`.
    terms : mapping of str to callable
        The error budget: ``refinement -> Sample`` with one source of the difference switched off alone, by its name.
    needs : str
        A package that is no part of the base installation, and without which the case is skipped.
    """

    name: str
    family: str
    title: str
    source: str
    measure: Callable[[float], Sample]
    ladder: tuple[float, ...]
    expected: str
    orders: Mapping[str, float] = field(default_factory=dict)
    representation: str = "directional derivatives along fixed smooth directions"
    rounding: float = ROUNDING
    tolerance: float = ORDER_TOLERANCE
    terms: Mapping[str, Callable[[float], Sample]] = field(default_factory=dict)
    needs: str = ""

    def __post_init__(self):
        if self.expected not in VERDICTS:
            raise InputError(f"expected verdict of {self.name}", f"one of {', '.join(VERDICTS)}", self.expected, "correct the case")

    def refinements(self, levels: int | None = None) -> tuple[float, ...]:
        """The ladder, or its first ``levels``.

        Raises
        ------
        InputError
            When it has not so many: which refinements keep what a case is about, only the case knows.
        """
        if levels is None:
            return self.ladder
        if not 1 <= levels <= len(self.ladder):
            raise InputError("--levels", f"1 to {len(self.ladder)}, the levels of {self.name}", levels, "choose one of these")
        return self.ladder[:levels]


@dataclass(frozen=True)
class Outcome:
    """What a case gave.

    Parameters
    ----------
    case : Case
        Which.
    comparison : Comparison
        The measurements and the verdict.
    wrong : tuple of str
        What is not as declared, in words; empty when the case passed.
    budget : dict of str to float
        Share of each source in the difference of the finest level, and of what they leave (`REST`); they add up to one.
        See `error_budget`.
    sizes : dict of str to float
        How large the contribution of each is, over the gradient: those of two sources that cancel are larger than the
        difference.
    seconds : float
        Wall time.
    """

    case: Case
    comparison: Comparison
    wrong: tuple[str, ...]
    budget: dict[str, float]
    sizes: dict[str, float]
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether verdict and orders are those declared."""
        return not self.wrong

    def as_dict(self) -> dict[str, Any]:
        """Everything, fit for JSON."""
        case, comparison, verdict = self.case, self.comparison, self.comparison.verdict
        return {
            "name": case.name, "family": case.family, "title": case.title, "source": case.source,
            "representation": case.representation,
            "verdict": verdict.name, "expected": case.expected, "reason": verdict.reason, "passed": self.passed,
            "wrong": list(self.wrong),
            "order": None if verdict.fit is None else verdict.fit.order,
            "order_interval": None if verdict.fit is None else list(verdict.fit.interval),
            "orders": {n: {"order": f.order, "interval": list(f.interval)} for n, f in comparison.orders.items()},
            "expected_orders": dict(case.orders),
            "levels": [
                {"refinement": n, **{name: values[k] for name, values in comparison.columns().items()}}
                for k, n in enumerate(comparison.refinements)
            ],
            "budget": self.budget, "budget_sizes": self.sizes, "seconds": round(self.seconds, 2),
        }  # fmt: skip


def run_case(case: Case, levels: int | None = None, progress: Callable[[str], None] | None = None) -> Outcome:
    """Measure a case on its ladder, and hold verdict and orders against the declared ones.

    Parameters
    ----------
    case : Case
        Which.
    levels : int, optional
        How many levels of its ladder; all by default.
    progress : callable, optional
        Told of each level.

    Returns
    -------
    Outcome

    Raises
    ------
    InputError
        When there are no such levels.
    """
    started = time.perf_counter()
    ladder, samples = case.refinements(levels), []
    for n in ladder:
        if progress is not None:
            progress(f"{case.name}: refinement {n:g}")
        samples.append(case.measure(n))
    comparison = compare_samples(ladder, samples, rounding=case.rounding)
    budget, sizes = error_budget(samples[-1], {name: term(ladder[-1]) for name, term in case.terms.items()})
    return Outcome(case, comparison, _wrong(case, comparison), budget, sizes, time.perf_counter() - started)


def error_budget(full: Sample, without: Mapping[str, Sample]) -> tuple[dict[str, float], dict[str, float]]:
    """Where a difference of two gradients comes from.

    With d the difference (a vector, one entry a direction) and d_k that with source k switched off alone, source k
    contributes ``c_k = d - d_k``; what all of them leave is ``d - sum of c_k``: sources that have no name, and what two
    do together.

    Parameters
    ----------
    full : Sample
        With every source.
    without : mapping of str to Sample
        With one source switched off, by its name.

    Returns
    -------
    shares : dict of str to float
        ``c_k . d / d . d``, signed, and that of what is left, under `REST`: they add up to one.
    sizes : dict of str to float
        ``|c_k|`` and that of what is left over the norm of the gradient.
    """
    difference = full.discrete - full.continuous
    square = full.norm(difference) ** 2
    if not without or not square:
        return {}, {}
    parts = {name: difference - (sample.discrete - sample.continuous) for name, sample in without.items()}
    parts[REST] = difference - sum(parts.values())
    weights = 1.0 if full.weights is None else full.weights
    shares = {k: float(np.sum(weights * np.real(np.conj(difference) * part))) / square for k, part in parts.items()}
    return shares, {name: full.norm(part) / full.scale for name, part in parts.items()}


def _wrong(case: Case, comparison: Comparison) -> tuple[str, ...]:
    wrong = []
    if comparison.verdict.name != case.expected:
        wrong.append(f"verdict {comparison.verdict.name}, expected {case.expected}: {comparison.verdict.reason}")
    for name, expected in case.orders.items():
        fit = comparison.orders.get(name)
        if fit is None:
            wrong.append(f"{name}: no order on this ladder, expected {expected:g}")
        elif abs(fit.order - expected) > case.tolerance:
            wrong.append(f"{name}: order {fit.order:.2f}, expected {expected:g}")
    return tuple(wrong)
