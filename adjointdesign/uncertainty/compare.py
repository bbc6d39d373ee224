"""Bias and variance of every estimator on one problem, against sample size, step and width.

Each estimator runs many times with independent seeds. The spread of these runs is its true variance, which is held against the
variance that it states; the distance of their mean from the exact gradient is its bias.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.uncertainty.differences import differences
from adjointdesign.uncertainty.estimate import Estimate
from adjointdesign.uncertainty.integrand import Expectation, parameters
from adjointdesign.uncertainty.pathwise import PathwiseWarning, pathwise
from adjointdesign.uncertainty.sampling import Sampling
from adjointdesign.uncertainty.score import score
from adjointdesign.uncertainty.smoothing import smoothed

SCRAMBLINGS = 8
"""Groups of a Sobol estimate."""


@dataclass(frozen=True)
class Curve:
    """One estimator at several sample sizes, steps or widths.

    Parameters
    ----------
    name : str
        Of the estimator.
    argument : {"samples", "step", "width"}
        What is varied.
    at : ndarray, shape (k,)
        Its values.
    bias, bias_error : ndarray, shape (k, n)
        Mean of the runs' gradients less the exact gradient, and its standard error.
    variance : ndarray, shape (k, n)
        Of the runs' gradients.
    stated : ndarray, shape (k, n)
        Mean square of the standard errors that the runs state.
    evaluations : ndarray, shape (k,)
        Of each run.
    """

    name: str
    argument: str
    at: np.ndarray
    bias: np.ndarray
    bias_error: np.ndarray
    variance: np.ndarray
    stated: np.ndarray
    evaluations: np.ndarray

    def slope(self) -> float:
        """Exponent of the variance, summed over components, in the argument (least squares); nan where it is zero."""
        total = self.variance.sum(axis=1)
        if len(self.at) < 2 or not np.all(total > 0):
            return np.nan
        return float(np.polyfit(np.log(self.at), np.log(total), 1)[0])

    def as_dict(self) -> dict:
        """Plain numbers and lists; a slope that is not a number is None."""
        found = {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in vars(self).items()}
        slope = self.slope()
        return found | {"variance_slope": slope if np.isfinite(slope) else None}


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Parameters
    ----------
    theta : ndarray, shape (n,)
        Where.
    exact, exact_error : ndarray, shape (n,)
        The gradient that biases are counted from, and its standard error (zero for a closed form).
    replicates : int
        Runs of each estimator.
    curves : tuple of Curve
        In the order in which they are to be shown.
    skipped : mapping of str to str
        Estimators that cannot be used here, and why.
    """

    theta: np.ndarray
    exact: np.ndarray
    exact_error: np.ndarray
    replicates: int
    curves: tuple[Curve, ...]
    skipped: dict[str, str] = field(default_factory=dict)

    def curve(self, name: str, argument: str = "samples") -> Curve:
        """The curve of an estimator.

        Raises
        ------
        InputError
            When there is none.
        """
        for curve in self.curves:
            if (curve.name, curve.argument) == (name, argument):
                return curve
        known = ", ".join(f"{c.name} ({c.argument})" for c in self.curves)
        raise InputError("name", f"one of {known}", f"{name} ({argument})", "choose one of these")

    def as_dict(self) -> dict:
        """Plain numbers, strings and lists, ready for JSON."""
        return {
            "theta": self.theta.tolist(),
            "exact": self.exact.tolist(),
            "exact_error": self.exact_error.tolist(),
            "replicates": self.replicates,
            "curves": [curve.as_dict() for curve in self.curves],
            "skipped": dict(self.skipped),
        }

    def __str__(self):
        def norm(rows):
            return np.sqrt(np.sum(rows**2, axis=-1))

        lines = [f"{'estimator':34s} {'at':>16s} {'bias':>10s} {'its error':>10s} {'std':>10s} {'stated':>10s}"]
        for curve in self.curves:
            for k in (0, -1):
                lines.append(
                    f"{curve.name:34s} {f'{curve.argument} {curve.at[k]:g}':>16s} {norm(curve.bias[k]):10.2e}"
                    f" {norm(curve.bias_error[k]):10.2e} {np.sqrt(curve.variance[k].sum()):10.2e}"
                    f" {np.sqrt(curve.stated[k].sum()):10.2e}"
                )
        return "\n".join([*lines, *(f"{name}: not used, {why}" for name, why in self.skipped.items())])


def compare(
    expectation: Expectation,
    theta,
    *,
    exact=None,
    sizes: Sequence[int] = (64, 256, 1024, 4096),
    replicates: int = 100,
    step: float = 0.1,
    width: float = 0.5,
    steps: Sequence[float] = (0.4, 0.2, 0.1, 0.05, 0.025),
    widths: Sequence[float] = (2.0, 1.0, 0.5, 0.25, 0.125, 0.0625),
    seed: int = 0,
) -> Comparison:
    """Run every estimator that a problem allows many times, at several sample sizes, steps and widths.

    Parameters
    ----------
    expectation : Expectation
        The problem.
    theta : array_like, shape (n,)
        Where.
    exact : array_like, shape (n,), optional
        The gradient. Without it, an estimate from ``4 replicates max(sizes)`` samples: by the score function where the law
        depends on theta, else pathwise (with hard triggers that is wrong: give the gradient).
    sizes : sequence of int
        Sample sizes, each a power of two and at least 16.
    replicates : int
        Runs of each estimator, at least 2.
    step, width : float
        Of the differences and the smoothing, where the sample size is varied.
    steps, widths : sequence of float
        Where they are varied, at the second largest sample size.
    seed : int
        Of everything.

    Raises
    ------
    InputError
        When an argument is not as above. What an estimator refuses is in ``skipped``.
    """
    theta = parameters(theta)
    if not sizes or any(s < 16 or s & (s - 1) for s in sizes):
        raise InputError("sizes", "powers of two of at least 16", sizes, "correct the sizes")
    if replicates < 2:
        raise InputError("replicates", "at least 2", replicates, "give more")
    sizes = sorted(sizes)
    exact, error = _exact(expectation, theta, exact, 4 * replicates * sizes[-1], seed)

    def run(name: str, argument: str, at: Sequence, estimator: Callable, method: str = "random") -> Curve:
        found = [_runs(estimator, a, sizes, argument, method, replicates, seed) for a in at]
        gradients, errors = (np.array([[getattr(e, k) for e in runs] for runs in found]) for k in ("gradient", "gradient_error"))
        variance = gradients.var(axis=1, ddof=1)
        return Curve(
            name, argument, np.array(at, dtype=float), gradients.mean(axis=1) - exact, np.sqrt(variance / replicates + error**2),
            variance, (errors**2).mean(axis=1), np.array([runs[0].evaluations for runs in found]),
        )  # fmt: skip

    curves, skipped = [], {}
    for name, argument, at, estimator, method in _plan(expectation, theta, sizes, step, width, steps, widths):
        if name in skipped:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", PathwiseWarning)  # the curve says so itself
                curves.append(run(name, argument, at, estimator, method))
        except InputError as refusal:
            skipped[name] = str(refusal)
    return Comparison(theta, exact, error, replicates, tuple(curves), skipped)


def _plan(expectation, theta, sizes, step, width, steps, widths) -> list[tuple]:
    """Name, argument, its values, ``estimator(sampling, value)`` and method of sampling of each curve."""

    def difference(common):
        return lambda sampling, h: differences(expectation, theta, sampling, h, common)

    def by_score(control):
        return lambda sampling, _: score(expectation, theta, sampling, control)

    def by_path(sampling, _):
        return pathwise(expectation, theta, sampling)

    def soft(part):
        return lambda sampling, w: getattr(smoothed(expectation, theta, sampling, w), part)

    def fixed(estimator, value):
        return lambda sampling, _: estimator(sampling, value)

    samples = ("samples", sizes)
    plan = [
        ("pathwise", *samples, by_path, "random"),
        ("pathwise, Sobol", *samples, by_path, "sobol"),
        ("score function", *samples, by_score("none"), "random"),
        ("score function, baseline", *samples, by_score("baseline"), "random"),
        ("score function, scalar", *samples, by_score("scalar"), "random"),
        ("score function, component", *samples, by_score("component"), "random"),
        ("score function, component, Sobol", *samples, by_score("component"), "sobol"),
        ("differences, independent", *samples, fixed(difference(False), step), "random"),
        ("differences, common", *samples, fixed(difference(True), step), "random"),
    ]
    if expectation.softened is not None:
        plan += [
            ("smoothed", *samples, fixed(soft("plain"), width), "random"),
            ("smoothed, extrapolated", *samples, fixed(soft("extrapolated"), width), "random"),
            ("smoothed", "width", widths, soft("plain"), "random"),
            ("smoothed, extrapolated", "width", widths, soft("extrapolated"), "random"),
        ]
    return plan + [
        ("differences, independent", "step", steps, difference(False), "random"),
        ("differences, common", "step", steps, difference(True), "random"),
    ]


def _runs(estimator, value, sizes, argument, method, replicates, seed) -> list[Estimate]:
    """One estimate a seed. Runs of different size, argument and method share seeds: their curves are then smoother."""
    size = int(value) if argument == "samples" else sizes[max(0, len(sizes) - 2)]
    groups = SCRAMBLINGS if method == "sobol" else 32
    return [estimator(Sampling(size, (seed, 1 + k), method, groups), value) for k in range(replicates)]


def _exact(expectation, theta, exact, samples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    if exact is not None:
        exact = np.array(exact, dtype=float)
        if exact.shape != theta.shape:
            raise InputError("exact", f"a gradient of shape {theta.shape}", f"shape {exact.shape}", "correct the gradient")
        return exact, np.zeros(theta.size)
    sampling = Sampling(samples, (seed, 0))
    found = score(expectation, theta, sampling) if expectation.law.depends else pathwise(expectation, theta, sampling)
    return found.gradient, found.gradient_error
