"""Adam with gradients that are estimates: it arrives, says when only noise is left, and is taken up where it was cut."""

import numpy as np
import pytest

from adjointdesign.errors import InputError
from adjointdesign.optimize.history import PARTS, History
from adjointdesign.optimize.minimize import minimize
from adjointdesign.optimize.replay import Recorder
from adjointdesign.optimize.stopping import Status, Stopping
from adjointdesign.uncertainty import Expectation, Law, Normal, Sampling, Vectorized, pathwise, sampled

CURVATURE, CENTER = np.array([1.0, 4.0, 25.0]), np.array([0.3, -0.5, 0.8])
BOWL = Expectation(
    Vectorized(lambda t, x: 0.5 * (CURVATURE * (t - CENTER - x) ** 2).sum(axis=1)), Law(Normal(np.zeros(3), 1.0))
)
"""Of mean 0.5 sum CURVATURE ((t - CENTER)^2 + 1)."""
ON = Stopping(ftol=0.0, max_evaluations=1000)


def noisy(samples=64, seed=0, common=False):
    return sampled(lambda x, sampling: pathwise(BOWL, x, sampling), Sampling(samples, seed, groups=8), common)


@pytest.mark.parametrize("seed", range(4))
def test_arrives_and_ends_in_noise(seed):
    """As near as all samples together allow: 1 / sqrt(samples) in each variable."""
    found = minimize(noisy(64, seed), np.zeros(3), method="adam", stop=ON)
    assert found.status == Status.CONVERGED and "standard errors" in found.message
    assert 100 < found.n_evaluations < 400 and found.n_iterations == found.n_evaluations // 21
    assert np.all(np.abs(found.x - CENTER) < 5 / np.sqrt(64 * found.n_evaluations / 2))
    # The best is the last average, not the lowest of noisy values: what it says of itself is not too good to be true.
    readings = found.evaluation.readings
    exact = 0.5 * CURVATURE @ ((found.x - CENTER) ** 2 + 1)
    assert abs(found.value - exact) < 4 * readings["value_error"]
    assert np.all(np.abs(found.gradient - CURVATURE * (found.x - CENTER)) < 4 * readings["gradient_error"])


def test_more_samples_arrive_nearer():
    errors = [np.mean([np.sum((minimize(noisy(n, s), np.zeros(3), method="adam", stop=ON).x - CENTER) ** 2) for s in range(2)]) for n in (16, 1024)]
    assert errors[1] < errors[0] / 8


def test_the_average_is_better_than_the_iterates():
    seen = []
    stop = Stopping(ftol=0.0, max_evaluations=100)
    found = minimize(noisy(8, 1), np.zeros(3), method="adam", stop=stop, callback=lambda e, tracker: seen.append(e.x))
    assert found.status == Status.MAX_EVALUATIONS and any(np.array_equal(found.x, x) for x in seen)
    last = [np.linalg.norm(x - CENTER) for x in seen[-15:]]
    assert np.linalg.norm(found.x - CENTER) < np.mean(last)


def test_bounds():
    lower, upper = np.array([-0.4, -0.4, -0.4]), np.array([0.5, 0.5, 0.5])
    outside = []
    found = minimize(
        noisy(), np.zeros(3), bounds=(lower, upper), method="adam", stop=ON,
        callback=lambda e, _: outside.append(np.any((e.x < lower) | (e.x > upper))),
    )  # fmt: skip
    assert not any(outside) and found.status == Status.CONVERGED
    np.testing.assert_allclose(found.x[1:], [-0.4, 0.5], atol=0.02)  # where the gradient points outward
    assert found.x[0] == pytest.approx(0.3, abs=0.1)


def test_exact_gradients_end_by_the_other_criteria():
    def bowl(x):
        return 0.5 * CURVATURE @ (x - CENTER) ** 2, CURVATURE * (x - CENTER)

    found = minimize(bowl, np.zeros(3), method="adam", stop=Stopping(ftol=0.0, gtol=1e-3, max_evaluations=5000))
    assert found.status == Status.CONVERGED and np.all(np.abs(found.gradient) <= 1e-3)
    flat = minimize(lambda x: (1.0, np.zeros(3)), np.zeros(3), method="adam", stop=ON)
    assert flat.status == Status.CONVERGED and not np.any(flat.x)


def recorded(path, limit):
    """A run of 70 evaluations with a history, new or taken up, that is stopped from outside after some."""
    count = []
    with History.open(path, writable=True) if path.exists() else History.create(path, {}) as history:
        return minimize(
            noisy(16), np.zeros(3), method="adam", stop=Stopping(ftol=0.0, max_evaluations=70), recorder=Recorder(history),
            callback=lambda *_: count.append(1), should_stop=lambda: len(count) >= limit,
        )  # fmt: skip


def test_resumed_to_the_bit(tmp_path):
    """Cut in a round, at its end, after its average."""
    whole = recorded(tmp_path / "whole", 1000)
    for cut in (1, 21, 22, 60):
        first = recorded(tmp_path / "cut", cut)
        assert first.status == Status.INTERRUPTED and first.n_evaluations == cut
    resumed = recorded(tmp_path / "cut", 1000)
    assert resumed.x.tobytes() == whole.x.tobytes() and resumed.value == whole.value
    with History.open(tmp_path / "whole") as a, History.open(tmp_path / "cut") as b:
        assert len(a) == len(b) == 70
        for part in PARTS:
            for i in range(70):
                assert getattr(a[i].evaluation, part).tobytes() == getattr(b[i].evaluation, part).tobytes()


def test_common_samples_are_for_every_optimizer():
    """The sample average is a function like any other: its minimum is at the mean of the samples."""
    objective = noisy(64, 3, common=True)
    assert objective(CENTER)[0] == objective(CENTER)[0]
    found = minimize(objective, np.zeros(3), method="lbfgsb", stop=Stopping(gtol=1e-10))
    assert found.success and np.max(np.abs(objective(found.x)[1])) < 1e-5
    assert np.all(np.abs(found.x - CENTER) < 4 / 8)
    values = [noisy(64, 3)(CENTER + d)[0] for d in (0.0, 1e-12)]
    assert abs(values[0] - values[1]) > 1e-3  # else: new samples at every point


def test_constraints_are_refused():
    with pytest.raises(InputError, match="no constraints"):
        minimize(noisy(), np.zeros(3), method="adam", constraints=[lambda x: (x[0], np.eye(3)[0])])
