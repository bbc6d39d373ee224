"""The comparison of estimators, what it leaves behind, and one estimate on several ranks."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gaussian as g
from estimates_on_ranks import estimates
from adjointdesign.errors import InputError
from adjointdesign.report.estimators import write_comparison
from adjointdesign.uncertainty import Empirical, Expectation, Law, Vectorized, compare

PROGRAM = Path(__file__).parent / "estimates_on_ranks.py"


@pytest.fixture(scope="module")
def comparison():
    return compare(g.TRIGGER, g.THETA, exact=g.trigger()[1], sizes=(256, 64), replicates=12, steps=(0.4, 0.1), widths=(1.0, 0.25))


def test_textbook_results(comparison):
    assert comparison.curve("differences, independent", "step").slope() == pytest.approx(-2.0, abs=0.5)
    assert comparison.curve("differences, common", "step").slope() > -1.6
    wrong = comparison.curve("pathwise")
    np.testing.assert_allclose(wrong.bias, -np.tile(g.trigger()[1], (2, 1)))
    assert not np.any(wrong.variance) and np.isnan(wrong.slope())
    for name in ("score function", "score function, component", "smoothed, extrapolated"):
        curve = comparison.curve(name)
        assert list(curve.at) == [64, 256] and np.all(np.abs(curve.bias) < 4 * curve.bias_error)
        ratio = curve.stated.sum(axis=1) / curve.variance.sum(axis=1)
        assert np.all((ratio > 1 / 3) & (ratio < 3))
    soft = comparison.curve("smoothed", "width")
    assert np.all(np.abs(soft.bias[0]) > 3 * np.abs(soft.bias[1])) and soft.variance[1, 0] > soft.variance[0, 0]


def test_what_it_writes(comparison, tmp_path):
    figure = write_comparison(tmp_path / "out", comparison)
    assert figure.read_bytes()[:4] == b"\x89PNG" and figure.stat().st_size > 20000
    found = json.loads((tmp_path / "out" / "estimators.json").read_text())
    assert found["exact"] == pytest.approx(list(g.trigger()[1])) and len(found["curves"]) == len(comparison.curves)
    assert {c["name"] for c in found["curves"]} >= {"pathwise", "score function", "smoothed", "differences, common"}
    assert found["curves"][0]["variance_slope"] is None and "smoothed, extrapolated" in str(comparison)


def test_without_a_closed_form_and_without_scores():
    """The catalogue alone is random: no score, and the reference is an estimate with an error."""
    expectation = Expectation(Vectorized(lambda t, x: (t[:, 0] - x[:, 0]) ** 2), Law(Empirical(g.EVENTS[:, :1], g.WEIGHTS)))
    found = compare(expectation, [0.5], sizes=(64,), replicates=4, steps=(0.1,), widths=())
    assert found.exact[0] == pytest.approx(2 * (0.5 - g.WEIGHTS @ g.EVENTS[:, 0] / g.WEIGHTS.sum()), abs=5 * found.exact_error[0])
    assert {c.name for c in found.curves} == {"pathwise", "pathwise, Sobol", "differences, independent", "differences, common"}
    assert len(found.skipped) == 5 and all("depends on theta" in reason for reason in found.skipped.values())
    with pytest.raises(InputError, match="name: expected one of pathwise"):
        found.curve("smoothed")


@pytest.mark.parametrize("arguments, words", [({"sizes": (100,)}, "sizes"), ({"replicates": 1}, "replicates"), ({"exact": [1.0]}, "exact")])
def test_refusals(arguments, words):
    with pytest.raises(InputError, match=words):
        compare(g.TRIGGER, g.THETA, **arguments)


@pytest.mark.slow
@pytest.mark.mpi
@pytest.mark.skipif(shutil.which("mpiexec") is None, reason="needs mpiexec")
def test_the_same_on_any_number_of_ranks():
    pytest.importorskip("mpi4py")

    allow = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1"}
    run = subprocess.run(
        ["mpiexec", "-n", "3", sys.executable, str(PROGRAM)], env={**os.environ, **allow, "OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.split() == estimates(None)
