"""S-parameters from mode amplitudes, and objectives on their decibels."""

from __future__ import annotations

import autograd.numpy as anp

from adjointdesign.objectives.decibels import LEAST_POWER
from adjointdesign.tape import taped


@taped
def ratio(outgoing, incident):
    """S-parameter: outgoing over incident mode amplitude, complex, one a frequency."""
    return outgoing / incident


@taped
def decibels(s):
    """``10 log10 |s|^2`` with a floor of -120 dB, which keeps the logarithm and its gradient finite."""
    return _decibels(anp.abs(s) ** 2)


@taped
def power_decibels(power):
    """The same of a power over a reference."""
    return _decibels(power)


def _decibels(power):
    return 10.0 / anp.log(10.0) * anp.log(power + LEAST_POWER)


@taped
def violations(values_db: list, targets: tuple):
    """By how much each reading misses each of its targets, dB, in one vector (negative: met with that margin).

    Parameters
    ----------
    values_db : list of ndarray
        The reading of each target, one value a frequency.
    targets : tuple of Target
        As many targets.
    """
    return anp.concatenate([t.violation(v[t.where]) for v, t in zip(values_db, targets)])


@taped
def smooth_maximum(values, temperature: float):
    """``T log(mean(exp(values / T)))``: the maximum for T to 0, the mean for T to infinity.

    Log-sum-exp without overflow: the maximum is taken out first (it cancels in value and gradient).
    """
    top = anp.max(values)
    return top + temperature * anp.log(anp.mean(anp.exp((values - top) / temperature)))
