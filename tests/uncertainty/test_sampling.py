"""Each number has its place: whatever the chunks, the groups and who asks."""

import numpy as np
import pytest
import scipy.stats
from scipy.stats.qmc import Sobol

from adjointdesign.errors import InputError
from adjointdesign.uncertainty import Sampling


def numbers(sampling, dimension=3):
    return np.concatenate([sampling.uniforms(block, dimension) for block in sampling.blocks()])


@pytest.mark.parametrize("method", ["random", "sobol"])
def test_chunks_change_nothing(method):
    whole = numbers(Sampling(1024, 7, method, groups=8), 5)
    assert whole.shape == (1024, 5) and 0 < whole.min() and whole.max() < 1
    for chunk in (32, 100, 256, 1000):
        np.testing.assert_array_equal(numbers(Sampling(1024, 7, method, groups=8, chunk=chunk), 5), whole)
    for other in (Sampling(1024, 8, method, groups=8), Sampling(1024, 7, method, groups=8, stream=1)):
        assert abs(np.corrcoef(numbers(other, 5).ravel(), whole.ravel())[0, 1]) < (0.08 if method == "random" else 0.3)


def test_more_samples_begin_with_the_same():
    few, many = numbers(Sampling(100, (1, 2))), numbers(Sampling(333, (1, 2), groups=5))
    np.testing.assert_array_equal(many[:100], few)
    assert scipy.stats.kstest(many.ravel(), "uniform").pvalue > 1e-3
    assert np.abs(np.corrcoef(many.T) - np.eye(3)).max() < 0.2


def test_sobol_points_are_scipys():
    sampling = Sampling(64, 3, "sobol", groups=4)
    points = numbers(sampling)
    for group in range(4):
        rng = np.random.default_rng(np.random.SeedSequence([3], spawn_key=(0, group)))
        np.testing.assert_allclose(points[16 * group : 16 * (group + 1)], Sobol(3, bits=30, rng=rng).random(16) + 2.0**-31, atol=1e-15)
        # Each of 16 equal intervals holds one point of a group, in every column: what makes the points even.
        assert np.all(np.sort(np.floor(16 * points[16 * group : 16 * (group + 1)]), axis=0) == np.arange(16)[:, None])


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"samples": 1}, "samples: expected an integer of at least 2"),
        ({"samples": 8.0}, "samples"),
        ({"samples": 8, "groups": 1}, "groups"),
        ({"samples": 8, "seed": -1}, "seed"),
        ({"samples": 8, "seed": (1, 0.5)}, "seed"),
        ({"samples": 8, "method": "halton"}, "method: expected one of random, sobol"),
        ({"samples": 3000, "method": "sobol"}, "got 3000; take 4096"),
        ({"samples": 16, "method": "sobol"}, "take 32"),
    ],
)
def test_refusals(arguments, words):
    with pytest.raises(InputError, match=words):
        Sampling(**arguments)


def test_batches_must_fit():
    assert [b.count for b in Sampling(64, groups=4, chunk=20).blocks(8)] == [16] * 4
    with pytest.raises(InputError, match="groups that are multiples of the 8 samples"):
        Sampling(64, groups=5).blocks(8)
    with pytest.raises(InputError, match="chunk: expected a multiple of the 8 samples"):
        Sampling(64, groups=4, chunk=7).blocks(8)
