"""Tangent, adjoint and second-order adjoint are those of the discrete program, whatever bounds it."""

import numpy as np
import pytest
from exact_cases import BOUNDARIES, make

from adjointdesign.solvers.fdtd_maxwell import absorber, doors, program, propagation
from adjointdesign.verification.dot_product import check_solver, dot_product_test, second_order_symmetry

SEED = 5
SEEDS = (SEED, 6, 7)

TWO_DIMENSIONAL = [(p, b, lossy) for p in ("ez", "hz") for b in BOUNDARIES for lossy in (True, False)]
THREE_DIMENSIONAL = [("3d", b, lossy) for b, lossy in (("layers", False), ("walls", True), ("mixed", True))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("polarization,boundaries,lossy", TWO_DIMENSIONAL)
def test_derivatives_are_exact(polarization, boundaries, lossy, seed):
    """Residuals at most 1e-12, Taylor orders 2 and 3, in permittivity, conductivity and amplitudes."""
    case, inputs = make(polarization, boundaries, lossy)
    check = check_solver(case, inputs, np.random.default_rng(seed))
    assert check["passed"], str(check)


@pytest.mark.parametrize("polarization,boundaries", [(p, b) for p in ("ez", "hz") for b in BOUNDARIES])
def test_derivatives_are_exact_on_graded_grids(polarization, boundaries):
    case, inputs = make(polarization, boundaries, graded=True)
    check = check_solver(case, inputs, np.random.default_rng(SEED))
    assert check["passed"], str(check)


@pytest.mark.parametrize("polarization,boundaries", [(p, b) for p in ("ez", "hz") for b in BOUNDARIES])
def test_derivatives_are_exact_with_permeability(polarization, boundaries):
    case, inputs = make(polarization, boundaries, graded=boundaries == "mixed", magnetic=True)
    check = check_solver(case, inputs, np.random.default_rng(SEED))
    assert check["passed"], str(check)


@pytest.mark.slow
@pytest.mark.parametrize("seed,case", list(zip(SEEDS, THREE_DIMENSIONAL)))
def test_derivatives_are_exact_in_three_dimensions_with_permeability(seed, case):
    solver, inputs = make(*case, steps=60, graded=True, magnetic=True)
    check = check_solver(solver, inputs, np.random.default_rng(seed))
    assert check["passed"], str(check)


@pytest.mark.slow
@pytest.mark.parametrize("seed,case", list(zip(SEEDS, THREE_DIMENSIONAL)))
def test_derivatives_are_exact_in_three_dimensions_on_graded_grids(seed, case):
    solver, inputs = make(*case, steps=60, graded=True)
    check = check_solver(solver, inputs, np.random.default_rng(seed))
    assert check["passed"], str(check)


@pytest.mark.slow
@pytest.mark.parametrize("seed,case", list(zip(SEEDS, THREE_DIMENSIONAL)))
def test_derivatives_are_exact_in_three_dimensions(seed, case):
    solver, inputs = make(*case, steps=60)
    check = check_solver(solver, inputs, np.random.default_rng(seed))
    assert check["passed"], str(check)


def test_hessian_action_is_the_difference_of_gradients():
    """Held against central differences of the adjoint, which knows nothing of the second-order sweep; in 2D."""
    case, inputs = make("hz", "mixed")
    rng = np.random.default_rng(SEED)
    outputs = case.forward(inputs)
    cotangents = {k: rng.standard_normal(v.shape) / np.abs(v).max() for k, v in outputs.items()}
    direction = {k: rng.standard_normal(v.shape) * np.abs(v).mean() for k, v in inputs.items()}
    action = case.second_adjoint(inputs, direction, cotangents, {})

    def gradient(h):
        return case.adjoint({k: v + h * direction[k] for k, v in inputs.items()}, cotangents)

    coarse, fine = ({k: (gradient(h)[k] - gradient(-h)[k]) / (2 * h) for k in inputs} for h in (2e-4, 1e-4))
    for k in inputs:
        size = np.linalg.norm(action[k])
        errors = [np.linalg.norm(difference[k] - action[k]) for difference in (coarse, fine)]
        assert errors[1] < 1e-5 * size
        assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)


def wrong_layer(monkeypatch):
    right = absorber.phases
    monkeypatch.setattr(program, "phases", lambda *args: right(*args[:4], False))


def forgotten_half_weights(monkeypatch):
    monkeypatch.setattr(doors, "place_weights", lambda grid, faces, component, indices: np.ones(len(indices)))


def forgotten_half_weights_of_the_medium(monkeypatch):
    monkeypatch.setattr(program, "place_weights", lambda grid, faces, component, indices: np.ones(len(indices)))


def wrong_electric_cotangents(monkeypatch):
    right = doors.Doors._cotangent_rows

    def scaled(self, monitor, component, g, first, last):
        return right(self, monitor, component, g, first, last) * (1 if component[0] == "h" else 1 + 1e-9)

    monkeypatch.setattr(doors.Doors, "_cotangent_rows", scaled)


def wrong_factor(monkeypatch):
    right = propagation.Gradient.conductivity
    monkeypatch.setattr(propagation.Gradient, "conductivity", lambda self, n: (1 + 1e-9) * right(self, n))


FAULTS = (
    wrong_layer,
    forgotten_half_weights,
    forgotten_half_weights_of_the_medium,
    wrong_electric_cotangents,
    wrong_factor,
)


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_caught(fault, monkeypatch):
    """Each fault is one that has happened to FDTD adjoints; the smallest is of one part in 1e9."""
    fault(monkeypatch)
    case, inputs = make("ez", "mixed")
    assert dot_product_test(case, inputs, np.random.default_rng(SEED)) > 1e-11


def test_planted_fault_of_second_order_is_caught(monkeypatch):
    """The change of the field history left out of the second-order sweep."""
    right = propagation.Propagation._adjoint_block

    def without(self, state, raw, n0, n1, history, gradient, store=None, **rest):
        if store is not None:
            history = tuple(np.zeros_like(h) for h in history)
        right(self, state, raw, n0, n1, history, gradient, store=store, **rest)

    monkeypatch.setattr(propagation.Propagation, "_adjoint_block", without)
    case, inputs = make("ez", "mixed")
    assert second_order_symmetry(case, inputs, np.random.default_rng(SEED)) > 1e-3
