"""Probability of detection by at least k stations, held against counting, SciPy, Le Cam's bound and Taylor tests."""

import importlib.util
import itertools
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binom, norm, poisson
from taped_derivatives import check_derivatives

from adjointdesign.errors import InputError
from adjointdesign.objectives.completeness import Completeness
from adjointdesign.objectives.detection import Attenuation, MeanDetection, Network, at_least
from adjointdesign.tape import Array, ReducedFunctional, recording, solve, taped
from adjointdesign.verification.taylor import taylor_test

ATTENUATION = Attenuation(linear=1.89e-6, logarithm=1.11, offset=-2.3, near=-1.16, decay=2e-4)


def enumerated(p, k):
    """Sum over all subsets of stations that may detect."""
    return sum(
        np.prod([p[i] if i in subset else 1 - p[i] for i in range(len(p))])
        for size in range(k, len(p) + 1) for subset in map(set, itertools.combinations(range(len(p)), size))
    )  # fmt: skip


@pytest.mark.parametrize("k", [1, 2, 4, 9, 10])
def test_enumeration_of_all_subsets(k):
    """Extremes 0 and 1 among the probabilities."""
    p = np.random.default_rng(k).uniform(0, 1, (3, 10))
    p[1, 2], p[2, :2] = 0.0, (1.0, 0.0)
    np.testing.assert_allclose(at_least(p, k), [enumerated(row, k) for row in p], rtol=1e-13)


@pytest.mark.parametrize("probability", [1e-9, 1e-3, 0.3, 1 - 1e-3])
def test_equal_probabilities_are_binomial(probability):
    """Relative, also where four detections have a probability of 1e-32."""
    found = at_least(np.full((1, 60), probability), 4)
    np.testing.assert_allclose(found, binom.sf(3, 60, probability), rtol=1e-12)


def test_le_cam_bound():
    """L. Le Cam, Pacific J. Math. 10, 1181 (1960): total variation from Poisson is at most the sum of squares."""
    p = np.random.default_rng(0).uniform(0, 0.05, (1, 200))
    for k in range(1, 15):
        assert abs(at_least(p, k)[0] - poisson.sf(k - 1, p.sum())) <= (p**2).sum()


def test_derivatives_of_the_count():
    """Taylor orders 2 and 3, at probabilities near 0 and 1 too."""
    p = np.random.default_rng(1).uniform(0.05, 0.95, (4, 6))
    p[0, :3] = 1e-3, 1 - 1e-3, 0.5
    for k in (1, 3, 6):
        check_derivatives(lambda x, k=k: at_least(x, k), p)


def test_derivative_is_the_count_of_the_others():
    """At probabilities of exactly 0 and 1, where no difference can be taken on both sides."""
    p = np.array([[0.0, 1.0, 0.25, 0.6]])
    with recording():
        control = Array(p)
        gradient = ReducedFunctional(at_least(control, 2).sum(), control).derivative().data
    for i in range(4):
        others = np.delete(p[0], i)
        assert gradient[0, i] == pytest.approx(enumerated(others, 1) - enumerated(others, 2), abs=1e-15)


def test_what_cannot_be_counted():
    for k in (0, 5, 1.5):
        with pytest.raises(InputError, match="k: expected a whole number from 1 to the number of stations, 4"):
            at_least(np.full((1, 4), 0.5), k)
    with pytest.raises(InputError, match="numbers from 0 to 1"):
        at_least(np.full((1, 4), 1.5), 1)


def small(events=40, stations=7, k=3, seed=0, **options):
    rng = np.random.default_rng(seed)
    network = Network(rng.uniform([-1e5, -1e5, -2e4], [1e5, 1e5, -2e3], (events, 3)), ATTENUATION, 0.3, k, **options)
    inputs = {"positions": rng.uniform([-1e5, -1e5, 0], [1e5, 1e5, 500], (stations, 3)), "thresholds": rng.normal(-0.5, 0.2, stations)}
    return network, inputs, rng.uniform(1.0, 3.5, events), rng.uniform(0.5, 2, events)


def test_fused_kernel_is_its_parts():
    """Distances, loss, normal distribution by SciPy, and the count, one after the other."""
    network, inputs, levels, weights = small()
    r = np.linalg.norm(network.events[:, None] - inputs["positions"], axis=2)
    p = norm.cdf((levels[:, None] - ATTENUATION(r) - inputs["thresholds"]) / network.sigma)
    assert 0.2 < np.mean(p) < 0.8
    mean = MeanDetection(network, levels, weights)
    expected = weights @ at_least(p, 3) / weights.sum()
    for found in (mean.evaluate(inputs), mean.forward(inputs)):
        assert float(found["mean"]) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("groups", [None, 2])
def test_derivatives_of_the_mean(groups):
    """In positions and thresholds together, over two chunks of events and one or two threads; the same bits."""
    network, inputs, levels, weights = small(events=2500 if groups is None else 60, threads=2)
    if groups is not None:
        weights = np.stack([weights, levels])
    mean, counts = MeanDetection(network, levels, weights), np.arange(1, 1 + (groups or 1))
    with recording():
        controls = [Array(inputs["positions"] / 1e5), Array(inputs["thresholds"])]
        found = solve(mean, positions=controls[0] * 1e5, thresholds=controls[1])["mean"]
        functional = ReducedFunctional(taped(lambda m: np.ones(()) * (m.reshape(-1) * counts).sum())(found), controls)
    along = [Array(np.random.default_rng(i).standard_normal(c.shape)) for i, c in enumerate(controls)]
    for order in (1, 2):
        result = taylor_test(functional, controls, along, order)
        assert result.passed, str(result)
    one = MeanDetection(Network(network.events, ATTENUATION, 0.3, 3, threads=1), levels, weights)
    a, b = (m.adjoint(inputs, {"mean": np.ones(groups or ())}) for m in (mean, one))
    assert all(np.array_equal(a[name], b[name]) for name in a)


def test_an_event_at_a_station():
    """Is detected there; nothing is divided by the distance of zero."""
    network, inputs, levels, weights = small(events=1)
    inputs["positions"][0] = network.events[0]
    mean = MeanDetection(Network(network.events, ATTENUATION, 0.3, 1), levels, weights)
    assert float(mean.forward(inputs)["mean"]) == 1.0
    assert np.all(np.isfinite(mean.adjoint(inputs, {"mean": np.array(1.0)})["positions"]))


def test_hard_trigger_is_the_limit():
    """With hardly any scatter, the share of events that k stations see above the threshold."""
    network, inputs, levels, weights = small(events=200)
    r = np.linalg.norm(network.events[:, None] - inputs["positions"], axis=2)
    seen = (levels[:, None] - ATTENUATION(r) > inputs["thresholds"]).sum(axis=1) >= 3
    sharp = MeanDetection(Network(network.events, ATTENUATION, 1e-9, 3), levels, weights)
    assert float(sharp.evaluate(inputs)["mean"]) == pytest.approx(weights @ seen / weights.sum(), rel=1e-12)


def test_symmetry_of_a_regular_polygon():
    """One event amid stations in a regular polygon: gradients of equal size, toward it, and none around it."""
    angles = 2 * np.pi * np.arange(5) / 5
    positions = 4e4 * np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    network = Network(np.array([[0.0, 0.0, -1e4]]), ATTENUATION, 0.3, 3)
    mean = MeanDetection(network, [2.2], [1.0])
    gradient = mean.adjoint({"positions": positions, "thresholds": np.zeros(5)}, {"mean": np.array(1.0)})["positions"][:, :2]
    inward = -np.sum(gradient * positions[:, :2], axis=1) / 4e4
    assert inward.min() > 0 and np.ptp(inward) < 1e-14 * inward.max()
    np.testing.assert_allclose(np.linalg.norm(gradient, axis=1), inward, rtol=1e-12)


def test_completeness_reaches_the_wanted_probability():
    """And has derivatives of both orders."""
    network, inputs, _, _ = small(events=12)
    complete = Completeness(network, 0.9)
    levels = complete.forward(inputs)["level"]
    np.testing.assert_allclose(network.detected(inputs, levels), 0.9, rtol=1e-12)
    with recording():
        controls = [Array(inputs["positions"] / 1e5), Array(inputs["thresholds"])]
        found = solve(complete, positions=controls[0] * 1e5, thresholds=controls[1])["level"]
        functional = ReducedFunctional((found * np.linspace(1, 2, 12)).sum(), controls)
    along = [Array(np.random.default_rng(i).standard_normal(c.shape)) for i, c in enumerate(controls)]
    for order in (1, 2):
        result = taylor_test(functional, controls, along, order)
        assert result.passed, str(result)


RANKS = """
import numpy as np
from mpi4py import MPI
from adjointdesign.objectives.detection import Attenuation, MeanDetection, Network, at_least
from adjointdesign.tape import Array, ReducedFunctional, recording, solve
world = MPI.COMM_WORLD
rng = np.random.default_rng(0)
events, levels, weights = rng.uniform([-1e5, -1e5, -2e4], [1e5, 1e5, -2e3], (301, 3)), rng.uniform(1, 3.5, 301), rng.uniform(0, 1, 301)
positions, p = rng.uniform([-1e5, -1e5, 0], [1e5, 1e5, 500], (6, 3)), rng.uniform(0, 1, (301, 5))

def numbers(own, ranks):
    network = Network(events[own], Attenuation(1.89e-6, 1.11, -1.9), 0.3, 3, 1)
    mean = MeanDetection(network, levels[own], weights[own], ranks)
    with recording():
        control = Array(positions)
        functional = ReducedFunctional(solve(mean, positions=control, thresholds=np.zeros(6))["mean"].reshape(1).sum(), control)
        shared = Array(p[own], ranks)
        counted = ReducedFunctional((at_least(shared, 2) * at_least(shared, 2)).sum(), shared)
    found = [float(functional(positions)), *functional.derivative().data.ravel(), *functional.hessian(Array(positions)).data.ravel()]
    return np.array([*found, float(counted(shared)), counted.derivative()._ad_dot(shared)])

own = slice(world.rank * 301 // world.size, (world.rank + 1) * 301 // world.size)
whole, parts = numbers(slice(None), None), numbers(own, world)
assert world.size == 3 and all(np.array_equal(parts, other) for other in world.allgather(parts))
np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-12 * np.abs(whole[:-2]).max())
"""


ALLOW = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMP_NUM_THREADS": "1",
}  # fmt: skip
"""Open MPI's names for: allowed as root (containers), and more ranks than cores."""


@pytest.mark.mpi
@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or shutil.which("mpiexec") is None, reason="needs mpi4py and mpiexec"
)
def test_ranks_agree(tmp_path):
    """Events on one rank and on three: the same value, gradient and Hessian action to 1e-12."""
    script = tmp_path / "ranks.py"
    script.write_text(RANKS)
    done = subprocess.run(
        ["mpiexec", "-n", "3", sys.executable, str(script)], env={**os.environ, **ALLOW}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
