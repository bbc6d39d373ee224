"""Smoothed triggers: what jumps is replaced by what rises over a width, and the bias of that is estimated.

A symmetric kernel changes the expectation and its gradient by ``C width^2 + O(width^4)`` where the density of what triggers is
smooth, so two widths on the same samples give the bias and, taken off (Richardson), an estimate of the next order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np
from autograd.scipy.special import erfc, expit

from adjointdesign.errors import InputError
from adjointdesign.uncertainty.estimate import Estimate, accumulate, estimate
from adjointdesign.uncertainty.integrand import Expectation, parameters
from adjointdesign.uncertainty.pathwise import path_rows
from adjointdesign.uncertainty.sampling import Sampling

RATIO = 2.0
"""Between the two widths."""


def step(x, width: float, kernel: str = "normal"):
    """A step at 0, smoothed: the distribution function of a symmetric kernel at ``x / width``; written with autograd.numpy.

    Parameters
    ----------
    x : array_like
        Positive where it triggers.
    width : float
        Of the kernel, in units of x; at 0 the hard step, whose derivative is zero.
    kernel : {"normal", "logistic"}
        Normal of standard deviation ``width``, or logistic of scale ``width``.

    Raises
    ------
    InputError
        When the width is negative or the kernel unknown.
    """
    if not 0 <= width < np.inf:
        raise InputError("width", "0 or more", width, "give a width in units of the trigger's argument")
    if kernel not in ("normal", "logistic"):
        raise InputError("kernel", "normal or logistic", kernel, "choose one of these")
    if width == 0:
        return anp.where(x > 0, 1.0, 0.0) + 0.0 * x
    if kernel == "logistic":
        return expit(x / width)
    return 0.5 * erfc(-x / (width * math.sqrt(2.0)))


@dataclass(frozen=True)
class Smoothed:
    """A smoothed expectation, what smoothing adds to it, and the one without that.

    Parameters
    ----------
    plain : Estimate
        At the width asked for.
    bias : Estimate
        Of ``plain``, to leading order.
    extrapolated : Estimate
        ``plain`` less ``bias``; its own bias is of the fourth order in the width.
    """

    plain: Estimate
    bias: Estimate
    extrapolated: Estimate


def smoothed(expectation: Expectation, theta, sampling: Sampling, width: float) -> Smoothed:
    """Value and gradient of an expectation with hard triggers, smoothed, by the pathwise estimator at two widths.

    Parameters
    ----------
    expectation : Expectation
        With ``softened``.
    theta : array_like, shape (n,)
        Where.
    sampling : Sampling
        Which samples; both widths share them.
    width : float
        The larger width; the other is half of it.

    Raises
    ------
    InputError
        Unless ``width > 0`` and the expectation says how it is softened.
    """
    if expectation.softened is None:
        raise InputError("expectation", "how its triggers are smoothed", "none", "give softened=")
    if not 0 < width < np.inf:
        raise InputError("width", "above 0", width, "give a width in units of the trigger's argument")
    theta = parameters(theta)
    wide, narrow = (
        path_rows(expectation.softened(w), expectation.law, theta, sampling) for w in (width, width / RATIO)
    )

    def rows(block):
        at_width = wide(block)
        bias = (at_width - narrow(block)) / (1.0 - RATIO**-2)
        return (np.concatenate([at_width, bias, at_width - bias], axis=1),)

    groups = accumulate(sampling, rows, expectation.softened(width).batch)
    count = 1 + theta.size
    return Smoothed(*(estimate(sampling, groups, 2, slice(k * count, (k + 1) * count)) for k in range(3)))
