"""Solvers by name, each with a small case of its own on which the tests of the registry run.

A new solver is one folder here and one line in `CASES`; its derivatives and its convergence are then tested.
"""

from __future__ import annotations

import os
from importlib import import_module

from adjointdesign.errors import InputError

CASES = {
    "fdtd_elastic": "adjointdesign.solvers.fdtd_elastic.case",
    "fdtd_maxwell": "adjointdesign.solvers.fdtd_maxwell.case",
    "fem_diffusion": "adjointdesign.solvers.fem_diffusion.case",
    "fem_elastodynamics": "adjointdesign.solvers.fem_elastodynamics.case",
    "fem_helmholtz": "adjointdesign.solvers.fem_helmholtz.case",
    "fem_maxwell": "adjointdesign.solvers.fem_maxwell.case",
}
"""Module of each solver's case; it has ``small_case(refinement)`` and the expected ``ORDER`` of convergence."""


def small_case(name: str, refinement: int = 1):
    """A small problem for a solver, the same one at every refinement of its discretization.

    Parameters
    ----------
    name : str
        One of `CASES`.
    refinement : int
        Cells along a length, over those of the coarsest discretization.

    Returns
    -------
    solver : Solver
        Ready to run.
    inputs : dict of str to ndarray
        Inputs for it; outputs keep their shapes and converge as the refinement grows.

    Raises
    ------
    InputError
        When there is no such solver.
    """
    if name not in CASES:
        raise InputError("solver", f"one of {', '.join(CASES)}", name, "choose one of these")
    return load(CASES[name]).small_case(refinement)


def load(module: str):
    """Import a module that may need Firedrake.

    Raises
    ------
    InputError
        When it does, and Firedrake is not installed.
    """
    # Else PETSc takes the options of this command for its own and lists them on standard output at the end.
    os.environ.setdefault("FIREDRAKE_DISABLE_OPTIONS_LEFT", "1")
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("firedrake", "petsc4py", "petsctools"):
            raise
        raise InputError(module.removeprefix("adjointdesign."), "Firedrake", "not installed", "run `make install-fem`") from None
