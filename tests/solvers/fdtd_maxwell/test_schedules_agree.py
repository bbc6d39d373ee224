"""Memory, revolve and disk give one gradient, at the taped control and elsewhere, in double and in single precision."""

import numpy as np
import pytest
from exact_cases import make

BUDGETS = [("memory", "1GiB"), ("revolve", 110_000), ("revolve", 200_000), ("revolve", 400_000), ("disk", 60_000)]


def cotangents_for(outputs):
    rng = np.random.default_rng(1)
    return {k: rng.standard_normal(v.shape) / np.abs(v).max() for k, v in outputs.items()}


def derivatives(case, inputs):
    """Gradient after a run there, gradient after a run elsewhere, and Hessian action."""
    cotangents = cotangents_for(case.forward(inputs))
    first = case.adjoint(inputs, cotangents)
    again = case.adjoint(inputs, cotangents)
    case.forward({k: 1.01 * v for k, v in inputs.items()})
    elsewhere = case.adjoint(inputs, cotangents)
    action = case.second_adjoint(inputs, {k: 0.1 * v for k, v in inputs.items()}, cotangents, {})
    return first, again, elsewhere, action


@pytest.mark.parametrize("polarization,boundaries,dispersive", [("ez", "layers", False), ("hz", "mixed", False), ("hz", "mixed", True)])
def test_every_schedule_gives_the_same_gradient(polarization, boundaries, dispersive):
    """The same to rounding: histories are recomputed bit by bit, and only sums over blocks differ in their order."""
    plans, results = [], []
    for schedule, budget in BUDGETS:
        if dispersive and schedule == "revolve":
            budget *= 3  # the state holds the memory of the poles as well
        case, inputs = make(polarization, boundaries, schedule=schedule, memory_budget=budget, dispersive=dispersive)
        plans.append(case._plan(case.steps))
        results.append(derivatives(case, inputs))
    assert [p.name for p in plans] == [name for name, _ in BUDGETS]
    assert len({p.units for p in plans}) >= 4, plans  # budgets that make different schedules
    reference = results[0][0]
    for first, again, elsewhere, action in results:
        for k in reference:
            for other in (first, again, elsewhere):
                assert np.linalg.norm(other[k] - reference[k]) <= 1e-13 * np.linalg.norm(reference[k])
            expected = results[0][3][k]
            assert np.linalg.norm(action[k] - expected) <= 1e-12 * np.linalg.norm(expected)


def test_evaluate_reads_what_forward_reads():
    case, inputs = make("ez", "mixed")
    forward, evaluated = case.forward(inputs), case.evaluate(inputs)
    for k in forward:
        assert np.array_equal(forward[k], evaluated[k])


@pytest.mark.slow  # compiles the kernels once more
@pytest.mark.parametrize("dispersive,bound", [(False, 1e-5), (True, 2e-5)])
def test_single_precision_states_its_error(dispersive, bound):
    """Single precision: readings and dot product within 1e-5 of double ones (its rounding is 6e-8), gradients too.

    Twice that where relaxations add up what rounding leaves.
    """
    double, inputs = make("ez", "layers", dispersive=dispersive)
    single, _ = make("ez", "layers", precision="single", dispersive=dispersive)
    expected, got = double.forward(inputs), single.forward(inputs)
    for k in expected:
        assert np.linalg.norm(got[k] - expected[k]) < 1e-5 * np.linalg.norm(expected[k])
    cotangents = cotangents_for(expected)
    expected, got = double.adjoint(inputs, cotangents), single.adjoint(inputs, cotangents)
    for k in expected:
        assert np.linalg.norm(got[k] - expected[k]) < bound * np.linalg.norm(expected[k])
    tangents = {k: 0.1 * v for k, v in inputs.items()}
    change = single.tangent(inputs, tangents)
    left = sum(np.vdot(cotangents[k], change[k]).real for k in change)
    right = sum(np.vdot(tangents[k], got[k]).real for k in got)
    assert left == pytest.approx(right, rel=1e-5)
