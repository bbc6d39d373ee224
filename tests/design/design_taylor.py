"""Taylor remainders of a function and its autograd derivatives, for the tests of this folder."""

import autograd.numpy as np
from autograd import grad, make_jvp


def taylor_orders(function, x, seed=0, steps=(1e-2, 5e-3, 2.5e-3, 1.25e-3)):
    """Observed orders of the first- and second-order remainder of ``sum(w * function(x))``, to be 2 and 3."""
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(np.shape(x))
    weights = rng.standard_normal(np.shape(function(x)))

    def scalar(v):
        return np.sum(weights * function(v))

    slope = np.sum(grad(scalar)(x) * direction)
    curvature = np.sum(grad(lambda v: np.sum(grad(scalar)(v) * direction))(x) * direction)
    first = [abs(scalar(x + h * direction) - scalar(x) - h * slope) for h in steps]
    second = [abs(scalar(x + h * direction) - scalar(x) - h * slope - 0.5 * h**2 * curvature) for h in steps]
    forward = make_jvp(scalar)(x)(direction)[1]
    assert abs(forward - slope) <= 1e-11 * max(1.0, abs(slope))
    logs = np.log(steps)
    return tuple(np.polyfit(logs, np.log(remainders), 1)[0] for remainders in (first, second))


def dot_product_residual(function, x, seed=0):
    """Relative difference of <A dx, g> and <dx, A^T g> for a linear or affine map, by forward and reverse mode."""
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(x.shape)
    cotangent = rng.standard_normal(function(x).shape)
    pushed = function(x + direction) - function(x)
    pulled = grad(lambda v: np.sum(cotangent * function(v)))(x)
    scale = np.sqrt(np.sum(pushed**2) * np.sum(cotangent**2))
    return abs(np.sum(pushed * cotangent) - np.sum(direction * pulled)) / scale
