"""A reading with noise: the gradient of its mean square, and of the probability that it triggers; by every estimator."""

import sys

import autograd.numpy as np
from scipy.stats import norm

from adjointdesign.report.estimators import write_comparison
from adjointdesign.uncertainty import Expectation, Law, Normal, Sampling, Vectorized
from adjointdesign.uncertainty import compare, differences, pathwise, score, smoothed, step

THRESHOLD = 1.0
theta = np.array([0.3, 1.2])  # the reading's mean, and the standard deviation of its noise
reading = Law(lambda theta, before: Normal(mean=theta[:, :1], std=theta[:, 1:]))


def trigger(width):
    """One where the reading is above the threshold, zero elsewhere; from one to the other over a width."""
    return Vectorized(lambda theta, sample: step(sample[:, 0] - THRESHOLD, width))


level = (THRESHOLD - theta[0]) / theta[1]
PROBLEMS = {
    "mean square": (Expectation(Vectorized(lambda theta, sample: sample[:, 0] ** 2), reading), 2 * theta),
    "trigger": (Expectation(trigger(0.0), reading, softened=trigger), norm.pdf(level) / theta[1] * np.array([1.0, level])),
}

if __name__ == "__main__":
    sampling, sobol = Sampling(16384, seed=1), Sampling(16384, seed=1, method="sobol")
    for name, (expectation, exact) in PROBLEMS.items():
        found = {
            "pathwise": pathwise(expectation, theta, sampling),
            "pathwise, Sobol": pathwise(expectation, theta, sobol),
            "score function": score(expectation, theta, sampling),
            "score function, Sobol": score(expectation, theta, sobol),
            "differences, common": differences(expectation, theta, sampling, step=0.1),
            "differences, independent": differences(expectation, theta, sampling, step=0.1, common=False),
        }
        if expectation.softened:
            soft = smoothed(expectation, theta, sampling, width=0.5)
            found |= {"smoothed over 0.5": soft.plain, "its bias": soft.bias, "extrapolated": soft.extrapolated}
        print(f"{name:25s} {exact[0]:7.4f}           {exact[1]:7.4f}")
        for estimator, estimate in found.items():
            pairs = zip(estimate.gradient, estimate.gradient_error)
            print(f"  {estimator:24s}", "  ".join(f"{gradient:7.4f} ± {error:.4f}" for gradient, error in pairs))
    for folder in sys.argv[1:]:  # estimators.json and estimators.png of each problem; a few minutes
        for name, (expectation, exact) in PROBLEMS.items():
            comparison = compare(expectation, theta, exact=exact)
            print(comparison, write_comparison(f"{folder}/{name.replace(' ', '-')}", comparison), sep="\n")
