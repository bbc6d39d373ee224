"""The cases by name. A new family is one module with ``CASES`` and one line here."""

from __future__ import annotations

import difflib
from importlib import import_module

from adjointdesign.errors import InputError
from adjointdesign.problems.antennas.verification.case import Case

FAMILIES = ("wires", "patch", "cavities", "cavity_gradients", "guides", "microstrip", "spheres", "short_dipole")
"""Modules beside this one, each with a tuple ``CASES``. What is heavy loads when a case runs."""


def cases() -> list[Case]:
    """All cases, family by family."""
    package = __name__.rpartition(".")[0]
    return [case for family in FAMILIES for case in import_module(f"{package}.{family}").CASES]


def find_case(name: str) -> Case:
    """The case of a name.

    Raises
    ------
    InputError
        When there is none.
    """
    known = {case.name: case for case in cases()}
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        remedy = f"did you mean {near[0]}?" if near else "see `adjointdesign references --list`"
        raise InputError("case", "one of `adjointdesign references --list`", repr(name), remedy)
    return known[name]
