"""What holds for every solver of the registry: exact derivatives, and convergence at its order."""

import importlib
import importlib.util
import sys

import numpy as np
import pytest

from adjointdesign import solvers
from adjointdesign.errors import InputError
from adjointdesign.verification.dot_product import check_solver
from adjointdesign.verification.orders import observed_order


NEEDS_FIREDRAKE = pytest.mark.skipif(importlib.util.find_spec("firedrake") is None, reason="needs Firedrake")
# Slow since their forms are compiled: the fast subset has finite elements in tests/solvers/fem.
CASES = [
    pytest.param(name, marks=[NEEDS_FIREDRAKE, pytest.mark.slow] if name.startswith("fem_") else []) for name in solvers.CASES
]


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_exact(name):
    solver, inputs = solvers.small_case(name)
    check = check_solver(solver, inputs, np.random.default_rng(0))
    assert check["passed"], str(check)


@pytest.mark.parametrize("name", CASES)
def test_outputs_converge(name):
    """Differences of successive refinements fall with the order that the solver claims."""
    sizes, outputs = (1, 2, 4, 8), []
    for refinement in sizes:
        solver, inputs = solvers.small_case(name, refinement)
        outputs.append(np.concatenate([np.ravel(v) for v in solver.evaluate(inputs).values()]))
    differences = [np.linalg.norm(b - a) for a, b in zip(outputs[1:], outputs[2:])]
    order = observed_order([1 / s for s in sizes[1:-1]], differences).order
    assert order == pytest.approx(importlib.import_module(solvers.CASES[name]).ORDER, abs=0.2)


def test_unknown_solver_is_refused():
    with pytest.raises(InputError, match="fdtd_maxwell"):
        solvers.small_case("fdtd")


def test_without_firedrake_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "firedrake", None)
    for name in [name for name in sys.modules if name.startswith("adjointdesign.solvers.fem_")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(InputError, match="make install-fem"):
        solvers.small_case("fem_diffusion")
