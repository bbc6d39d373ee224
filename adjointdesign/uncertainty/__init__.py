"""Gradients of expectations ``E[f(theta, xi)]`` by sampling, each with its standard error."""

from adjointdesign.uncertainty.compare import Comparison, compare
from adjointdesign.uncertainty.differences import differences
from adjointdesign.uncertainty.distributions import (
    Distribution,
    Empirical,
    LogNormal,
    Normal,
    Poisson,
    TruncatedExponential,
    Uniform,
)
from adjointdesign.uncertainty.estimate import Estimate
from adjointdesign.uncertainty.integrand import Each, Expectation, Groups, Taped, Vectorized
from adjointdesign.uncertainty.law import Law
from adjointdesign.uncertainty.objective import sampled
from adjointdesign.uncertainty.pathwise import PathwiseWarning, pathwise
from adjointdesign.uncertainty.sampling import Sampling
from adjointdesign.uncertainty.score import score
from adjointdesign.uncertainty.smoothing import Smoothed, smoothed, step

__all__ = [
    "Comparison",
    "Distribution",
    "Each",
    "Empirical",
    "Estimate",
    "Expectation",
    "Groups",
    "Law",
    "LogNormal",
    "Normal",
    "PathwiseWarning",
    "Poisson",
    "Sampling",
    "Smoothed",
    "Taped",
    "TruncatedExponential",
    "Uniform",
    "Vectorized",
    "compare",
    "differences",
    "pathwise",
    "sampled",
    "score",
    "smoothed",
    "step",
]
