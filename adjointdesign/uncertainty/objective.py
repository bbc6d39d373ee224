"""An estimator as an objective for the optimizers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from adjointdesign.uncertainty.estimate import Estimate
from adjointdesign.uncertainty.sampling import Sampling


def sampled(estimator: Callable[[np.ndarray, Sampling], Estimate], sampling: Sampling, common: bool = False) -> Callable:
    """``objective(x) -> (value, gradient, readings)`` for `adjointdesign.optimize.minimize.minimize`.

    The readings are ``value_error`` and ``gradient_error``, by which "adam" sees that it has arrived.

    Parameters
    ----------
    estimator : callable
        ``estimator(theta, sampling) -> Estimate``.
    sampling : Sampling
        How to sample at each point.
    common : bool
        The same samples at every point: a sample average that any optimizer can minimize. Else new ones at each, for "adam":
        they are those of the point's own bytes, so that a resumed run takes up the same.
    """

    def objective(x: np.ndarray):
        here = sampling if common else replace(sampling, seed=_seed(sampling, x))
        found = estimator(x, here)
        return found.value, found.gradient, {"value_error": found.value_error, "gradient_error": found.gradient_error}

    return objective


def _seed(sampling: Sampling, x: np.ndarray) -> tuple[int, ...]:
    digest = hashlib.blake2b(np.ascontiguousarray(x, dtype="<f8").tobytes(), digest_size=16).digest()
    own = np.atleast_1d(np.asarray(sampling.seed, dtype=object))
    return (*(int(s) for s in own), *(int(n) for n in np.frombuffer(digest, "<u4")))
