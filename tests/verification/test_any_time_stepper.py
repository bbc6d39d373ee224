"""Any solver that says what its history takes is certified under every schedule."""

import numpy as np
from growth_problem import GrowthProblem, Sweep
from truss_problem import Truss

from adjointdesign.verification.certificate import certify


def test_a_time_stepper_that_is_not_fdtd_passes_under_every_schedule():
    GrowthProblem.made.clear()
    certificate = certify(GrowthProblem(), np.random.default_rng(2))
    assert certificate.failures == []
    schedules = certificate.details["schedules"]
    assert list(schedules) == ["memory", "revolve", "disk"]
    assert all(s["steps"] == 240 for s in schedules.values())
    assert schedules["revolve"]["recomputed"] > 0.5
    # What the record says was run again is what the solvers ran again.
    for solver in GrowthProblem.made[1:]:
        chosen, sweep = max((m for m in solver.marches if not m[1].dk.any() and hasattr(m[1], "gradient")),
                            key=lambda m: m[1].advanced)  # fmt: skip
        again = 0.0 if chosen.name == "memory" else schedules[chosen.name]["recomputed"]
        assert sweep.advanced / chosen.units - 1 <= again + 1e-12


def test_a_snapshot_that_is_wrong_is_caught(monkeypatch):
    right = Sweep.restore
    monkeypatch.setattr(Sweep, "restore", lambda self, state: right(self, (state[0] * (1 + 1e-6), state[1])))
    certificate = certify(GrowthProblem(), np.random.default_rng(2))
    failed = {failure.what.split(" (")[0] for failure in certificate.failures}
    assert {"schedules.revolve.relative_difference", "schedules.disk.relative_difference"} <= failed


def test_a_solver_without_history_is_tested_as_it_is():
    assert list(certify(Truss(), np.random.default_rng(2)).details["schedules"]) == ["own"]
