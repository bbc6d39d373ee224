"""The cases by name. A new family is one module with ``CASES`` and one line here."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from importlib import import_module

from adjointdesign.errors import InputError
from adjointdesign.verification.consistency.case import Case

FAMILIES = {
    "controls": "adjointdesign.verification.consistency.families.controls",
    "diffusion": "adjointdesign.verification.consistency.families.diffusion",
    "frequency-domain": "adjointdesign.verification.consistency.families.frequency_domain",
    "time-stepping": "adjointdesign.verification.consistency.families.time_stepping",
    "conservation-laws": "adjointdesign.verification.consistency.families.conservation_laws",
    "problems": "adjointdesign.problems.photonics.consistency_cases",
    "engines": "adjointdesign.problems.photonics.consistency_cases",
    "fdtd": "adjointdesign.verification.consistency.families.fdtd",
    "waves": "adjointdesign.verification.consistency.families.waves",
}
"""Module of each family: a tuple ``CASES`` of `Case`. What is heavy, Firedrake above all, loads when a case is measured."""


def cases(family: str | None = None) -> list[Case]:
    """All cases, or those of one family, in the order of the registry."""
    return [
        case for name, module in FAMILIES.items() if family in (None, name)
        for case in import_module(module).CASES if case.family == name
    ]  # fmt: skip


def find_case(name: str, others: Sequence[str] = ()) -> Case:
    """The case of a name; ``others`` are names that the user may have meant as well.

    Raises
    ------
    InputError
        When there is none.
    """
    known = {case.name: case for case in cases()}
    if name not in known:
        near = difflib.get_close_matches(name, [*known, *others], 1)
        remedy = f"did you mean {near[0]}?" if near else "see `adjointdesign consistency --list`"
        raise InputError("case", "one of `adjointdesign consistency --list`", repr(name), remedy)
    return known[name]
