"""The margin is what the optimizer aims at beyond the targets, and where it stops."""

import numpy as np
import pytest
from device_cases import device, guide, straight

from adjointdesign.optimize.minimize import minimize
from adjointdesign.optimize.stopping import Status
from adjointdesign.problem import value_and_gradient

FAST = ("discretization.run_time=60e-15", "optimization.stages=[{steepness=8, evaluations=4}]")


def readings(worst, constraints=None):
    found = {"worst_db": np.array(worst)}
    return found if constraints is None else found | {"constraints": np.array(constraints)}


def test_a_stage_ends_where_every_target_is_met_with_the_margin():
    """A straight guide loses little: its stage ends at once with a small margin, and goes on with one out of reach."""
    for margin, status, count in ((0.1, Status.TARGET_REACHED, 1), (0.6, Status.MAX_EVALUATIONS, 4)):
        problem = straight(*FAST, f"optimization.margin={margin}", "optimization.tolerance=0")
        (stage,) = problem.stages()

        def objective(x):
            values, jacobian, _, _, found = value_and_gradient(problem, x, stage.parameters)
            return values[0], jacobian[0], found

        result = minimize(objective, guide(problem).ravel(), bounds=problem.bounds(), stop=stage.stop)
        assert (result.status, result.n_evaluations) == (status, count)
        assert float(result.evaluation.readings["worst_db"]) < -0.1


def test_settings_of_the_stop():
    stages = device("waveguide-bend", "optimization.margin=0.25", "optimization.tolerance=1e-3").stages()
    for stage in stages:
        assert stage.stop.ftol == 1e-3 and stage.stop.target is None
        reached = stage.stop.reached
        assert reached(readings(-0.25)) and not reached(readings(-0.24)) and not reached(readings(np.nan))
        assert reached(readings(-1.0, [-0.1, 0.0])) and not reached(readings(-1.0, [-0.1, 0.01]))


@pytest.mark.parametrize("margin", [0.0, 1.5])
def test_the_objective_is_measured_from_the_target_plus_the_margin(margin):
    problem = device("waveguide-bend", f"optimization.margin={margin}", "optimization.temperature=1e-3")
    found = {"S21": np.full(6, 10 ** (-0.7 / 20) + 0j), "S11": np.full(6, 1e-2 + 0j)}
    assert float(problem.objective(found, {})) == pytest.approx(0.2 + margin, abs=1e-2)
