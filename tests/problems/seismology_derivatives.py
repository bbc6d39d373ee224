"""First and second derivatives of what problems of seismology compute of positions, by Taylor tests on the tape."""

import autograd.numpy as anp
import numpy as np

from adjointdesign.tape import Array, ReducedFunctional, recording, taped
from adjointdesign.verification.taylor import taylor_test


def derivatives_hold(function, at, scale: float, seed: int = 5) -> bool:
    """Whether both Taylor tests of a random sum of the results pass, with steps of the size of ``scale`` at most."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(np.shape(function(at)))
    with recording():
        control = Array(np.array(at))
        total = taped(lambda values: anp.sum(weights * values))(function(control))
        reduced = ReducedFunctional(total, control)
    along = Array(scale * rng.standard_normal(np.shape(at)))
    results = [taylor_test(reduced, control, along, order) for order in (1, 2)]
    print(*results, sep="\n")
    return all(result.passed for result in results)
