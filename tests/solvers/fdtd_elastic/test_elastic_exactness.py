"""Tangent, adjoint and second-order adjoint are those of the discrete program: medium, sources, positions; every schedule."""

import numpy as np
import pytest
from elastic_cases import random_case

from adjointdesign.solvers.fdtd_elastic import interpolant, program, propagation
from adjointdesign.verification.dot_product import check_solver, dot_product_test, second_order_symmetry

SEED = 11
INNER_BOX = ((9, 15), (9, 14))
DEEPER_BOX = ((9, 15), (3, 12))  # begins in the last of the rows that the surface changes


@pytest.mark.parametrize(
    "top,kinds,box,samples",
    [("free", "both", None, None), ("free", "force", DEEPER_BOX, 7), ("layer", "both", None, 7), ("free", "moment", INNER_BOX, None)],
)
def test_derivatives_are_exact(top, kinds, box, samples):
    """Residuals at most 1e-12, Taylor orders 2 and 3, in all inputs at once and every pair of input and output."""
    solver, inputs = random_case(top, kinds, box, samples=samples)
    check = check_solver(solver, inputs, np.random.default_rng(SEED), largest_step=1e-3)
    assert check["passed"], str(check)


@pytest.mark.parametrize("name", ["lame_lambda", "lame_mu", "density", "forces", "moments", "source_positions", "receiver_positions"])
def test_every_input_has_its_own_second_derivatives(name):
    """With nothing else an input, the action of the Hessian is the difference of gradients, and symmetric."""
    solver, inputs = random_case()
    alone = {name: inputs[name]}
    rng = np.random.default_rng(SEED)
    output = solver.forward(alone)["seismograms"]
    cotangents = {"seismograms": rng.standard_normal(output.shape) / np.abs(output).max()}
    direction = rng.standard_normal(inputs[name].shape) * (3.0 if "positions" in name else np.abs(inputs[name]).mean())
    action = solver.second_adjoint(alone, {name: direction}, cotangents, {})[name]
    h = 1e-4
    difference = sum(sign * solver.adjoint({name: inputs[name] + sign * h * direction}, cotangents)[name] for sign in (1, -1)) / (2 * h)
    size = max(np.linalg.norm(action), np.linalg.norm(difference), 1e-3 * np.linalg.norm(solver.adjoint(alone, cotangents)[name]))
    assert np.linalg.norm(action - difference) < 1e-5 * size
    assert second_order_symmetry(solver, alone, rng) < 1e-10


def test_every_schedule_gives_the_same_gradient():
    budgets = [("memory", "1GiB"), ("revolve", 250_000), ("disk", 90_000), ("auto", 150_000)]
    results, plans = [], []
    for schedule, budget in budgets:
        solver, inputs = random_case(steps=40, schedule=schedule, memory_budget=budget)
        output = solver.forward(inputs)["seismograms"]
        cotangents = {"seismograms": np.random.default_rng(SEED).standard_normal(output.shape)}
        first = solver.adjoint(inputs, cotangents)
        again = solver.adjoint(inputs, cotangents)
        action = solver.second_adjoint(inputs, {k: 0.1 * v for k, v in inputs.items()}, cotangents, {})
        results.append((first, again, action))
        plans.append(solver.plan())
    assert len({plan.units for plan in plans}) >= 3, plans
    for part, bound in ((0, 1e-13), (1, 1e-13), (2, 1e-12)):
        for name, expected in results[0][part].items():
            for other in results[1:]:
                assert np.linalg.norm(other[part][name] - expected) <= bound * np.linalg.norm(expected)


@pytest.mark.slow  # compiles the kernels once more
def test_single_precision_states_its_error():
    double, inputs = random_case()
    single, _ = random_case(precision="single")
    expected, got = double.forward(inputs)["seismograms"], single.forward(inputs)["seismograms"]
    assert np.linalg.norm(got - expected) < 1e-5 * np.linalg.norm(expected)
    cotangents = {"seismograms": np.random.default_rng(SEED).standard_normal(expected.shape)}
    expected, got = double.adjoint(inputs, cotangents), single.adjoint(inputs, cotangents)
    for name in expected:
        assert np.linalg.norm(got[name] - expected[name]) < 1e-4 * np.linalg.norm(expected[name])


def wrong_norm(monkeypatch):
    monkeypatch.setattr(program, "norms", lambda count, free: (np.ones(count), np.ones(count)))


def forward_layers(monkeypatch):
    right = program.Program.scheme
    monkeypatch.setattr(program.Program, "scheme", lambda self, medium, transposed: right(self, medium, False))


def wrong_factor(monkeypatch):
    right = propagation.Propagation.medium_cotangent
    monkeypatch.setattr(propagation.Propagation, "medium_cotangent", lambda self: (1 + 1e-9) * right(self))


def wrong_slope(monkeypatch):
    """Of the moment tensor's derivative, which its adjoint shares: Taylor's remainder alone shows it."""
    right = interpolant._weight
    monkeypatch.setattr(interpolant, "_weight", lambda t, derivative: right(t, derivative) * (1 + 1e-2 * (derivative == 2)))


@pytest.mark.parametrize("fault", [wrong_norm, forward_layers, wrong_factor])
def test_planted_fault_is_caught(fault, monkeypatch):
    fault(monkeypatch)
    solver, inputs = random_case()
    assert dot_product_test(solver, inputs, np.random.default_rng(SEED)) > 1e-11


def test_wrong_derivative_of_the_interpolant_is_caught(monkeypatch):
    wrong_slope(monkeypatch)
    solver, inputs = random_case(kinds="moment")
    check = check_solver(solver, {"source_positions": inputs["source_positions"]}, np.random.default_rng(SEED), largest_step=1e-3)
    assert not check["tangent_taylor"].passed
