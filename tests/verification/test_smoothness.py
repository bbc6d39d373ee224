"""Smoothness of objectives: known breaks are found where they are, smooth functions are left in peace."""

import json

import numpy as np
import pytest
from truss_problem import SHAPE, Truss

from adjointdesign.errors import InputError, StepRejected
from adjointdesign.verification import smoothness_search
from adjointdesign.verification.smoothness import scan, scan_path
from adjointdesign.verification.smoothness_problem import objective_of, scan_iterates, scan_problem


def along(f, gradient=None, **settings):
    """Scan of a function of one number."""
    return scan(lambda x: f(x[0]), gradient, [0.0], [1.0], **settings)


def only(report, kind):
    """Its one finding of this kind."""
    (finding,) = (f for f in report.findings if f.kind == kind)
    return finding


def scatter(x, size):
    """Noise that is the same at every visit."""
    seed = np.frombuffer(np.float64(x).tobytes(), np.uint64)[0]
    return size * np.random.default_rng(seed).uniform(-1, 1)


# -- cases with known answers ----------------------------------------------------------------------------------------


def test_the_smaller_of_a_parabola_and_a_line():
    report = along(lambda x: min(x * x, 2 * x), reach=(0.5, 3.7))
    finding = only(report, "kink")
    assert len(report.findings) == 1 and finding.order == 1
    assert abs(finding.place - 2) <= finding.within <= 3.2e-6 and finding.control == pytest.approx([2], abs=1e-5)
    assert finding.slopes == pytest.approx((4, 2), abs=1e-5)


def test_a_hard_threshold():
    report = along(lambda x: 3.0 * (x > 0.3217))
    assert [f.kind for f in report.findings] == ["plateau", "jump", "plateau"]
    jump = only(report, "jump")
    assert (
        abs(jump.place - 0.3217) <= jump.within <= 2e-6 and jump.jump == 3 and jump.order == 0 and jump.slopes == (0, 0)
    )
    assert report.findings[0].extent == pytest.approx((-1, 0.3217), abs=1e-5)


def test_a_repeated_eigenvalue():
    """Largest of two eigenvalues that cross at 3/14; each is smooth in t, their order is not."""
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    matrix = lambda x: turn @ np.diag([1 + x, 1.3 - 0.4 * x]) @ turn.T
    finding = only(along(lambda x: np.linalg.eigvalsh(matrix(x))[-1]), "kink")
    assert abs(finding.place - 3 / 14) <= finding.within and finding.slopes == pytest.approx((-0.4, 1), abs=1e-6)
    finding = only(along(lambda x: np.linalg.eigvalsh(matrix(x))), "kink")
    assert abs(finding.place - 3 / 14) <= finding.within


def test_a_clipped_density():
    """Every kink of a sum over clipped entries, and the plateau where all of them are clipped."""
    start = np.array([0.2, 0.55, 0.9])
    report = scan(lambda x: float(np.sum(np.clip(x, 0, 1) * [1, 2, 3])), None, start, np.ones(3), reach=1.1)
    kinks = [f.place for f in report.findings if f.kind == "kink"]
    assert kinks == pytest.approx([-0.9, -0.55, -0.2, 0.1, 0.45, 0.8], abs=5e-6)
    assert [f.extent for f in report.findings if f.kind == "plateau"] == [
        pytest.approx((-1.1, -0.9), abs=1e-5), pytest.approx((0.8, 1.1), abs=1e-5),
    ]  # fmt: skip
    assert report.findings[1].control == pytest.approx(start - 0.9, abs=1e-5)


def test_a_hard_histogram():
    """Entropy of counts: it jumps where an entry crosses an edge, and is constant between."""
    entries, speeds, edges = np.array([0.13, 0.48, 0.71]), np.array([1.0, 0.8, -1.0]), np.linspace(-2, 2, 8)

    def entropy(x):
        share = np.histogram(x, bins=edges)[0] / entries.size
        return -float(np.sum(share[share > 0] * np.log(share[share > 0])))

    report = scan(entropy, None, entries, speeds)
    jumps = [f for f in report.findings if f.kind == "jump"]
    crossings = sorted(t for entry, speed in zip(entries, speeds) for t in (edges - entry) / speed if abs(t) < 1)
    # A crossing that only swaps the counts of two bins leaves the entropy as it is.
    felt = [t for t in crossings if entropy(entries + (t - 1e-4) * speeds) != entropy(entries + (t + 1e-4) * speeds)]
    assert len(felt) >= 4 and [f.place for f in jumps] == pytest.approx(felt, abs=3e-6)
    assert sum(f.kind == "plateau" for f in report.findings) == len(jumps) + 1


def test_another_of_several_values_becomes_the_largest():
    report = along(lambda x: np.array([x * x, 2 * x]), reach=(0.5, 3.7))
    finding = only(report, "branch change")
    assert len(report.findings) == 1 and abs(finding.place - 2) <= finding.within
    assert (
        finding.slopes == pytest.approx((2, 4), abs=1e-4) and finding.evidence == "value 0 is the largest after value 1"
    )


def test_ties_are_no_branches():
    """Two values that are one but for rounding, as in a symmetric problem; and two that meet in a sample."""
    turn = lambda x: np.array([np.cos(7 * x), np.cos(3 * x) * np.cos(4 * x) - np.sin(3 * x) * np.sin(4 * x)])
    assert along(turn).smooth
    assert abs(only(along(lambda x: np.array([x, -x])), "branch change").place) < 2e-6


def test_a_branch_that_shows_off_the_line_alone():
    """Along t the two branches are one, across they are not: only the gradient can tell."""
    value = lambda x: x[0] ** 2 + (x[0] - 0.2) * x[1] * np.sign(x[0] - 0.2)
    gradient = lambda x: np.array(
        [2 * x[0] + x[1] * np.sign(x[0] - 0.2), abs(x[0] - 0.2) + (1.0 if x[0] > 0.2 else -1.0)]
    )
    start, direction = np.zeros(2), np.array([1.0, 0.0])
    assert scan(value, None, start, direction).smooth
    finding = only(scan(value, gradient, start, direction), "branch change")
    assert abs(finding.place - 0.2) <= finding.within and "off this line" in finding.evidence
    assert finding.slopes == pytest.approx((0.4, 0.4), abs=1e-5)


def test_gradients_are_evidence_of_kinks():
    report = along(lambda x: abs(x - 0.1), lambda x: np.sign(x - 0.1))
    assert len(report.findings) == 1 and "gradient jumps by 2" in only(report, "kink").evidence
    assert report.gradients > 60


# -- smooth functions, and noise -------------------------------------------------------------------------------------

SMOOTH = {
    "steep": lambda x: np.tanh(1e4 * (x - 0.123)),
    "steep and wavy": lambda x: np.arctan(300 * x) * np.cos(5 * x),
    "oscillating": lambda x: np.sin(200 * x + 1),
    "quartic": lambda x: x**4,
    "bump": lambda x: np.exp(-30 * x * x),
    "flat": lambda x: np.exp(-1 / (x * x + 1e-300)),
    "rounded corner": lambda x: np.sqrt(x * x + 1e-6),
    "C2": lambda x: abs(x) ** 3,
    "large": lambda x: 1e12 * np.cos(3 * x),
    "behind an offset": lambda x: 1e8 + x * x,
    "line": lambda x: 3 * x,
    "constant": lambda x: 7.0,
}


@pytest.mark.parametrize("name", SMOOTH)
def test_nothing_is_found_on_smooth_functions(name):
    f = SMOOTH[name]
    slope = lambda x: f(x[0] + 1e-20j).imag / 1e-20 if name not in ("C2", "constant", "flat") else 0.0
    for samples in (17, 65):
        assert along(f, samples=samples).smooth
    assert name in ("C2", "constant", "flat") or along(f, slope).smooth
    assert along(f).constant == (name == "constant")


@pytest.mark.parametrize("size", [0.0, 1e-12, 1e-8, 1e-5])
def test_nothing_is_found_on_smooth_functions_with_noise(size):
    rng = np.random.default_rng(1)
    for _ in range(15):
        a, w, p = rng.standard_normal(3), rng.uniform(1, 50, 3), rng.uniform(0, 6, 3)
        s, c = 10 ** rng.uniform(0, 4), rng.uniform(-1, 1)
        assert along(lambda x: a @ np.sin(w * x + p) + np.tanh(s * (x - c)) + scatter(x, size)).smooth


@pytest.mark.parametrize("size", [0.0, 1e-12, 1e-7])
def test_breaks_are_found_in_noise(size):
    """As near as the noise allows: 'within' says how near that is."""
    rng = np.random.default_rng(2)
    for _ in range(10):
        w, p, z = rng.uniform(0.5, 4), rng.uniform(0, 6), rng.uniform(-0.9, 0.9)
        kink = only(along(lambda x: np.sin(w * x + p) + abs(x - z) + scatter(x, size)), "kink")
        assert abs(kink.place - z) <= kink.within < 3e-3 and kink.slopes[1] - kink.slopes[0] == pytest.approx(
            2, rel=0.05
        )
        jump = only(along(lambda x: np.sin(w * x + p) + (x > z) + scatter(x, size)), "jump")
        assert abs(jump.place - z) <= jump.within < 3e-6 and jump.jump == pytest.approx(1, abs=1e-4)


def test_the_search_can_fail(monkeypatch):
    """With a smooth function's threshold above what a kink makes nothing is found; with one below 1/4 smooth ones are
    followed."""
    with monkeypatch.context() as patch:
        patch.setattr(smoothness_search, "SMOOTH_SECOND", 1.1)
        assert along(lambda x: abs(x - 0.3)).smooth
    patch = monkeypatch
    patch.setattr(smoothness_search, "SMOOTH_SECOND", 0.2)
    patch.setattr(smoothness_search, "KINK_ORDER", 2.5)
    assert not along(lambda x: x**2, tolerance=1e-3).smooth


# -- paths, problems, words ------------------------------------------------------------------------------------------


def test_along_the_iterates_of_a_run():
    points = [[3.0, 0.0], [1.5, 1.0], [1.5, 1.0], [0.5, 1.0]]
    report = scan_path(lambda x: min(x[0] ** 2, 2 * x[0]) + x[1] ** 2 + (x[0] < 0.9), None, points)
    assert [f.kind for f in report.findings] == ["kink", "jump"] and report.high == 3
    assert [f.place for f in report.findings] == pytest.approx([2 / 3, 2.6], abs=5e-6)
    assert report.findings[0].control == pytest.approx([2, 2 / 3], abs=1e-5)


class Hard(Truss):
    """The truss with an objective that an engineer wrote with a threshold on the first parameter."""

    def evaluate(self, parameters, stage=None):
        result = super().evaluate(parameters, stage)
        first = float(np.ravel(getattr(parameters, "data", parameters))[0])
        return type(result)(result.objective * (1.5 if first > 0.52 else 1.0), result.readings, result.constraints)


def test_problems():
    start = np.full(SHAPE, 0.5)
    problem, hard = Truss(), Hard()
    soft = {"steepness": 1.0}
    assert scan_problem(problem, start, stage=soft, samples=17, gradients=True).smooth
    direction = np.ones(SHAPE)
    jump = only(scan_problem(hard, start, direction, stage=soft, reach=0.1, samples=17), "jump")
    assert abs(jump.place - 0.02) <= jump.within
    jump = only(scan_iterates(hard, [start.ravel(), start.ravel() + 0.1], stage=soft), "jump")
    assert abs(jump.place - 0.2) <= jump.within
    value, gradient = objective_of(problem, soft)
    step = 1e-6 * direction
    assert np.vdot(gradient(start), direction.ravel()) == pytest.approx(
        (value(start + step) - value(start - step)) / 2e-6, rel=1e-5
    )
    with pytest.raises(InputError, match="reach: expected one with which most"):
        scan_problem(problem, start, direction, reach=100.0)


def test_reports_are_for_people_and_for_files():
    report = along(lambda x: min(x * x, 2 * x), reach=(0.5, 3.7))
    assert "kink at t = 2 " in str(report) and "slope 4 before and 2 after" in str(report)
    assert str(along(np.sin)).startswith("smooth over t from -1 to 1")
    content = json.loads(json.dumps(report.as_dict()))
    assert (
        content["smooth"] is False
        and content["findings"][0]["kind"] == "kink"
        and len(content["findings"][0]["control"]) == 1
    )


def test_refusals():
    with pytest.raises(InputError, match="direction"):
        scan(np.sum, None, np.zeros(2), np.zeros(2))
    with pytest.raises(InputError, match="reach"):
        along(np.sin, reach=-1.0)
    with pytest.raises(InputError, match="finite values, got nan"):
        along(lambda x: np.nan)
    with pytest.raises(InputError, match="points"):
        scan_path(np.sum, None, [[1.0], [1.0]])
    with pytest.raises(InputError, match="controls that can be simulated"):
        along(_refusing)


def _refusing(x):
    raise StepRejected("the mesh is torn")
