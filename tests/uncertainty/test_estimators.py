"""Every estimator against closed forms, within what it states; and what it states against how far runs spread."""

import autograd.numpy as anp
import numpy as np
import pytest
from scipy.stats import chi2

import gaussian as g
from adjointdesign.errors import InputError
from adjointdesign.uncertainty import (
    Each,
    Expectation,
    Groups,
    Law,
    Normal,
    PathwiseWarning,
    Poisson,
    Sampling,
    Taped,
    TruncatedExponential,
    Vectorized,
    differences,
    pathwise,
    score,
    smoothed,
    step,
)

CONTROLS = ("none", "baseline", "scalar", "component")
SMOOTH = {"pathwise": pathwise, "differences": lambda e, t, s: differences(e, t, s, 1e-3)}
SMOOTH |= {f"score {c}": lambda e, t, s, c=c: score(e, t, s, c) for c in CONTROLS}
HARD = {name: estimator for name, estimator in SMOOTH.items() if name.startswith("score")}
HARD["extrapolated"] = lambda e, t, s: smoothed(e, t, s, 0.2).extrapolated
HARD["differences, independent"] = lambda e, t, s: differences(e, t, s, 0.05, common=False)

LINE = Expectation(Vectorized(lambda t, x: x[:, 0]), g.READING)


def within(estimate, value, gradient, sigmas=4.0, small=0.3):
    """Within so many stated errors; and these are not so large that anything would be."""
    assert abs(estimate.value - value) <= sigmas * estimate.value_error
    assert np.all(np.abs(estimate.gradient - gradient) <= sigmas * estimate.gradient_error)
    assert estimate.value_error < small and np.all(estimate.gradient_error < small)
    assert estimate.value_error > 0 and np.all(estimate.gradient_error > 0)


@pytest.mark.parametrize("method", ["random", "sobol"])
@pytest.mark.parametrize("name", SMOOTH)
def test_smooth_closed_forms(name, method):
    sampling = Sampling(8192, 11, method)
    within(SMOOTH[name](g.SQUARE, g.THETA, sampling), g.SQUARE_VALUE, g.SQUARE_GRADIENT)
    if name != "score none":  # 1000 S: an error of 10
        within(SMOOTH[name](g.OFFSET, g.THETA, sampling), g.OFFSET_VALUE, g.OFFSET_GRADIENT, small=0.5)


@pytest.mark.parametrize("method", ["random", "sobol"])
@pytest.mark.parametrize("name", HARD)
def test_trigger_by_the_normal_distribution(name, method):
    within(HARD[name](g.TRIGGER, g.THETA, Sampling(16384, 5, method)), *g.trigger(), small=0.1)
    station = np.array([0.7])
    within(HARD[name](g.DETECTION, station, Sampling(16384, 6, method)), *g.detection(0.7), small=0.2)


def coverage(estimator, exact, samples, method):
    """Sums over runs of the squared errors in units of the stated ones, against chi-square's bounds; one a component."""
    runs = 60 if method == "sobol" else 200
    found = [estimator(Sampling(samples, (9, k), method, groups=16)) for k in range(runs)]
    squares = sum(((f.gradient - exact) / f.gradient_error) ** 2 for f in found)
    degrees = found[0].degrees
    low, high = chi2.ppf([1e-4, 1 - 1e-4], runs) * degrees / (degrees - 2)  # mean square of Student's t
    assert np.all((squares > low) & (squares < high)), (squares / runs, low / runs, high / runs)


@pytest.mark.parametrize(
    "name, method", [("pathwise", "random"), ("pathwise", "sobol"), ("score baseline", "random"), ("score component", "random")]
)
def test_stated_errors_are_those_of_smooth_runs(name, method):
    coverage(lambda s: SMOOTH[name](g.SQUARE, g.THETA, s), g.SQUARE_GRADIENT, 1024, method)


@pytest.mark.parametrize(
    "name, method",
    [("score component", "random"), ("score component", "sobol"), ("extrapolated", "random"), ("differences, independent", "random")],
)
def test_stated_errors_are_those_of_hard_runs(name, method):
    coverage(lambda s: HARD[name](g.TRIGGER, g.THETA, s), g.trigger()[1], 512, method)


@pytest.mark.parametrize("control", ["baseline", "component"])
def test_score_is_unbiased_with_few_samples(control):
    """With four samples a coefficient that had seen its own sample would take a quarter off E[x]'s gradient."""
    runs = np.array([score(LINE, [5.0, 1.0], Sampling(4, (2, k)), control).gradient for k in range(500)])
    error = runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
    assert np.all(np.abs(runs.mean(axis=0) - [1.0, 0.0]) < 4 * error) and error[0] < 0.06  # 0.25 is more than 4 of it


def test_control_variates_pay():
    """In the order in which they are richer, and the last as much as theory says; for the trigger, P (1 - P) makes it plain."""
    found = [score(g.OFFSET, g.THETA, Sampling(8192, 1), c).gradient_error.max() for c in CONTROLS]
    assert found[0] > 50 * found[1] and found[1] > found[2] >= 0.95 * found[3]
    # f = x, d/dmean: S = z / std; the coefficient E[f S^2] / E[S^2] is the mean, and what is left is z^2 with variance 2.
    best = score(LINE, [5.0, 1.0], Sampling(8192, 1))
    assert best.gradient_error[0] * np.sqrt(8192) == pytest.approx(np.sqrt(2.0), rel=0.06)
    assert score(LINE, [5.0, 1.0], Sampling(8192, 1), "none").gradient_error[0] * np.sqrt(8192) == pytest.approx(np.sqrt(27.0), rel=0.06)


@pytest.mark.parametrize("name, bound", [("pathwise", -0.8), ("score component", -0.7)])
def test_quasi_monte_carlo_is_faster_than_the_root(name, bound):
    def spread(samples):
        errors = [SMOOTH[name](g.SQUARE, g.THETA, Sampling(samples, k, "sobol", groups=8)).gradient - g.SQUARE_GRADIENT for k in range(20)]
        return np.sqrt(np.mean(np.square(errors)))

    assert np.log(spread(16384) / spread(256)) / np.log(64) < bound


def test_variance_of_differences():
    """Independent samples: as 1/step^2. Common random numbers: not at all where f is smooth, as 1/step where it jumps."""

    def slope(expectation, common):
        steps = 0.1 / 2.0 ** np.arange(4)
        sampling = Sampling(16384, 4)
        errors = [differences(expectation, g.THETA, sampling, h, common).gradient_error for h in steps]
        return np.polyfit(np.log(steps), 2 * np.log(errors), 1)[0]

    assert slope(g.SQUARE, False) == pytest.approx(-2.0, abs=0.1)
    assert slope(g.TRIGGER, False) == pytest.approx(-2.0, abs=0.1)
    assert slope(g.SQUARE, True) == pytest.approx(0.0, abs=0.05)
    assert slope(g.TRIGGER, True) == pytest.approx(-1.0, abs=0.3)


def test_pathwise_does_not_see_a_trigger():
    with pytest.warns(PathwiseWarning, match="hard triggers"):
        found = pathwise(g.TRIGGER, g.THETA, Sampling(1024))
    assert not np.any(found.gradient) and not np.any(found.gradient_error) and found.value > 0


def test_smoothing_its_bias_and_extrapolation():
    """Smoothing by a normal kernel makes the noise wider, so all three have closed forms at any width."""
    width, sampling = 1.0, Sampling(16384, 8)
    found = smoothed(g.TRIGGER, g.THETA, sampling, width)
    (wide, wide_gradient), (narrow, narrow_gradient) = g.trigger(width), g.trigger(width / 2)
    within(found.plain, wide, wide_gradient)
    within(found.bias, 4 / 3 * (wide - narrow), 4 / 3 * (wide_gradient - narrow_gradient))
    within(found.extrapolated, (4 * narrow - wide) / 3, (4 * narrow_gradient - wide_gradient) / 3)
    exact = g.trigger()[1]
    assert np.all(np.abs(found.plain.gradient - exact) > 10 * found.plain.gradient_error)  # the bias is there
    np.testing.assert_allclose(found.bias.gradient, wide_gradient - exact, atol=0.2 * np.abs(wide_gradient - exact).max())
    # Variance against bias: halving the width doubles the one and quarters the other.
    errors = [smoothed(g.TRIGGER, g.THETA, sampling, w).plain.gradient_error[0] for w in (0.2, 0.1)]
    assert (errors[1] / errors[0]) ** 2 == pytest.approx(2.0, abs=0.4)


def test_kernels():
    x = np.linspace(-3, 3, 7)
    assert np.array_equal(step(x, 0.0), x > 0)
    for kernel in ("normal", "logistic"):
        np.testing.assert_allclose(step(x, 0.7, kernel) + step(-x, 0.7, kernel), 1.0)
        np.testing.assert_allclose(step(x, 1e-3, kernel)[[0, 1, 2, 4, 5, 6]], [0, 0, 0, 1, 1, 1], atol=1e-12)
    assert step(0.7, 0.7) == pytest.approx(0.8413447460685429) and step(0.7, 0.7, "logistic") == pytest.approx(1 / (1 + np.exp(-1)))


def test_counts_and_magnitudes():
    """E[N^2] = rate^2 + rate by the score, as counts have no path; mean magnitude of a truncated exponential by both."""
    rate = np.array([2.5])
    counts = Expectation(Vectorized(lambda t, n: n[:, 0] ** 2), Law(lambda t, _: Poisson(t)))
    within(score(counts, rate, Sampling(16384, 3)), 2.5**2 + 2.5, [2 * 2.5 + 1])
    length = 3.0
    magnitude = Expectation(Vectorized(lambda t, m: m[:, 0]), Law(lambda t, _: TruncatedExponential(t, 2.0, 2.0 + length)))
    decay = np.exp(-rate[0] * length)
    value, slope = 2 + 1 / rate[0] - length * decay / (1 - decay), -1 / rate[0] ** 2 + length**2 * decay / (1 - decay) ** 2
    for estimator in (pathwise, score):
        within(estimator(magnitude, rate, Sampling(8192, 3)), value, [slope], small=0.01)


def test_other_integrands_are_the_same():
    """Samples one by one, through the tape and in groups."""
    law = Law(lambda t, _: Normal(t[:, :2], 0.5))
    theta, sampling = np.array([0.4, -0.8, 1.5]), Sampling(64, 1, groups=8)
    whole = pathwise(Expectation(Vectorized(lambda t, x: t[:, 2] * anp.sum(x**2, axis=1)), law), theta, sampling)

    def each(t, x):
        return t[2] * x @ x, np.array([0, 0, x @ x]), 2 * t[2] * x

    def mean(t, x):
        return t[2] * np.mean(np.sum(x**2, axis=1)), np.array([0, 0, np.mean(np.sum(x**2, axis=1))]), 2 * t[2] * x / len(x)

    for integrand in (Each(each), Taped(lambda t, x: t[2] * (x * x).sum()), Groups(mean, 4)):
        found = pathwise(Expectation(integrand, law), theta, sampling)
        np.testing.assert_allclose(found.value, whole.value, rtol=1e-13)
        np.testing.assert_allclose(found.gradient, whole.gradient, rtol=1e-13)
        np.testing.assert_allclose(found.gradient_error, whole.gradient_error, rtol=1e-12 if integrand.batch == 1 else 0.8)
        compared = differences(Expectation(integrand, law), theta, sampling, 1e-4)
        np.testing.assert_allclose(compared.gradient, whole.gradient, rtol=1e-6)


def test_a_catalogue_through_the_tape():
    """What does not depend on theta by its law needs no gradient in the sample."""
    events = np.array([[1.0], [2.0], [4.0]])
    expectation = Expectation(Taped(lambda t, x: ((t - x) ** 2).sum()), Law(g.Empirical(events)))
    found = pathwise(expectation, [0.5], Sampling(48, 2, "sobol", groups=3))
    assert found.gradient[0] == pytest.approx(2 * (0.5 - events.mean()), abs=4 * found.gradient_error[0] + 1e-12)
    bare = Each(lambda t, x: (float((t - x) @ (t - x)), 2 * (t - x)))
    assert pathwise(Expectation(bare, expectation.law), [0.5], Sampling(48, 2, "sobol", groups=3)).gradient == pytest.approx(found.gradient)


def test_large_means_do_not_drown_the_spread():
    shifted = Expectation(Vectorized(lambda t, x: 1e8 + x[:, 0] ** 2), g.READING)
    one, other = score(g.SQUARE, g.THETA, Sampling(1024), "baseline"), score(shifted, g.THETA, Sampling(1024), "baseline")
    np.testing.assert_allclose(other.gradient, one.gradient, rtol=1e-6)
    np.testing.assert_allclose(other.gradient_error, one.gradient_error, rtol=1e-6)
    assert other.value_error == pytest.approx(one.value_error, rel=1e-6)


@pytest.mark.filterwarnings("ignore::adjointdesign.uncertainty.PathwiseWarning")
def test_chunks_change_rounding_only():
    for estimator in (*SMOOTH.values(), *HARD.values()):
        one, other = (estimator(g.TRIGGER, g.THETA, Sampling(500, 3, chunk=chunk)) for chunk in (4096, 77))
        np.testing.assert_allclose(one.gradient, other.gradient, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(one.gradient_error, other.gradient_error, rtol=1e-11, atol=1e-14)
    assert estimator(g.TRIGGER, g.THETA, Sampling(500, 3)).as_dict() == estimator(g.TRIGGER, g.THETA, Sampling(500, 3)).as_dict()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda s: score(g.SQUARE, g.THETA, s, "best"), "control: expected one of none"),
        (lambda s: score(Expectation(g.SQUARE.integrand, Law(Normal())), g.THETA, s), "a factor that depends on theta"),
        (lambda s: score(Expectation(Groups(None, 2), g.READING), g.THETA, s), "values of single samples"),
        (lambda s: differences(g.SQUARE, g.THETA, s, 0.0), "step: expected above 0"),
        (lambda s: smoothed(g.SQUARE, g.THETA, s, 1.0), "give softened="),
        (lambda s: smoothed(g.TRIGGER, g.THETA, s, 0.0), "width: expected above 0"),
        (lambda s: step(0.0, -1.0), "width"),
        (lambda s: step(0.0, 1.0, "box"), "kernel"),
        (lambda s: pathwise(g.SQUARE, [np.nan, 1.0], s), "theta"),
        (lambda s: pathwise(Expectation(Vectorized(lambda t, x: x), g.READING), g.THETA, s), r"got shape \(64, 1\)"),
        (lambda s: pathwise(Expectation(Each(lambda t, x: (1.0, x)), g.READING), g.THETA, s), "integrand: expected shapes"),
        (lambda s: pathwise(Expectation(Each(lambda t, x: (1.0, t)), g.READING), g.THETA, s), "gradient in the sample, too"),
        (lambda s: Groups(None, 0), "batch"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(InputError, match=words):
        call(Sampling(64))
