"""Derivatives of figures of merit on the tape, by Taylor tests of both orders."""

import autograd.numpy as anp
import numpy as np

from adjointdesign.tape import Array, ReducedFunctional, recording, taped
from adjointdesign.verification.taylor import taylor_test


def check_derivatives(function, point, seed=3):
    """Hold first and second derivatives of a random sum of the results against the function itself."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(np.shape(function(point)))
    with recording():
        control = Array(np.array(point))
        total = taped(lambda values: anp.sum(weights * values))(function(control))
        functional = ReducedFunctional(total, control)
    along = rng.standard_normal(np.shape(point)) * np.abs(point).mean()
    if np.iscomplexobj(point):
        along = along + 1j * rng.standard_normal(np.shape(point)) * np.abs(point).mean()
    for order in (1, 2):
        result = taylor_test(functional, control, Array(along), order)
        assert result.passed, str(result)
