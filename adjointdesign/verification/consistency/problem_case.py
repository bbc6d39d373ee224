"""Any problem that defines ``continuous_gradient(parameters, stage)`` and `Problem.refined`, as a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problem import Problem, value_and_gradient
from adjointdesign.verification.consistency.case import Case, Outcome
from adjointdesign.verification.consistency.comparison import Sample
from adjointdesign.verification.record import Certificate, Failure, plain


def problem_case(problem: Problem, parameters: np.ndarray, stage: Mapping[str, Any]) -> Case:
    """The case of a problem at a design; a problem's own gradient is expected to converge to that of its equations.

    Parameters
    ----------
    problem : Problem
        With the coarsest discretization; compared in double precision also where it runs in single.
    parameters : ndarray
        The design, the same on every refinement.
    stage : mapping
        See `Problem.evaluate`.

    Raises
    ------
    InputError
        When the problem does not define its continuous gradient.
    """
    require_continuous_gradient(problem)
    if getattr(problem.discretization, "precision", "double") == "single":
        # Rounding, not refinement, would be what is left of the difference.
        problem = problem.rebuilt(precision="double")

    # Before the first one runs: a later one may have to be refused.
    ladder = {n: problem.refined(n) if n != 1 else problem for n in problem.ladder}
    for fine in ladder.values():
        if fine.design_shape != problem.design_shape:
            raise InputError(
                "design parameters", f"the same on every refinement, {problem.design_shape}", fine.design_shape,
                "choose a control that does not depend on the mesh",
            )  # fmt: skip

    def measure(refinement: float) -> Sample:
        fine = ladder[refinement]
        fine.begin(stage, parameters)
        _, jacobian, *_ = value_and_gradient(fine, parameters, stage)
        return Sample(jacobian.sum(axis=0), np.ravel(fine.continuous_gradient(parameters, stage)))

    return Case(
        problem.name, "problems", problem.summary, "the continuous adjoint that the problem itself defines", measure, problem.ladder,
        "convergent", representation="the gradient in the design parameters, which do not change with the refinement",
    )  # fmt: skip


def add_to_certificate(certificate: Certificate, outcome: Outcome) -> None:
    """Put what the comparison found into a certificate, as ``details["consistency"]`` and, where it is not as declared, a failure."""
    certificate.details["consistency"] = plain(outcome.as_dict())
    certificate.failures += [Failure("consistency", outcome.case.expected, words) for words in outcome.wrong]


def require_continuous_gradient(problem: Problem) -> None:
    """Raise `InputError` for a problem without ``continuous_gradient``."""
    if not hasattr(problem, "continuous_gradient"):
        raise InputError(
            "problem", "one that defines continuous_gradient(parameters, stage)", problem.name,
            "see `adjointdesign consistency --list` for cases, or define it",
        )  # fmt: skip
