"""Attenuation by standard linear solids: memory variables whose equations do not depend on the medium.

A modulus M of quality factor Q relaxes as

    M(w) = M (1 - (1/Q) sum_l y_l w_l / (w_l + i w)),    (1)

time dependence ``exp(i w t)``, so that ``Im M / Re M`` is ``1/Q`` over a band if ``sum_l y_l w_l w / (w_l^2 + w^2) = 1`` there
(Emmerich and Korn, Geophysics 52, 1252 (1987), eqs. 10 and 15, with one set of y_l for every Q, as Blanch, Robertsson
and Symes, Geophysics 60, 176 (1995), showed to be enough). M is the modulus at frequencies far above the band. The
stress is that of the strain less ``1/Q`` times that of its memory ``Z = sum_l y_l z_l``, where ``z_l' + w_l z_l = w_l G``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import nnls

from adjointdesign.errors import InputError


@dataclass(frozen=True)
class StandardLinearSolids:
    """Relaxations that keep quality factors constant over a band of frequencies.

    Parameters
    ----------
    low, high : float
        The band, Hz.
    mechanisms : int
        Number of relaxations; three serve a band of a decade or two.

    Raises
    ------
    InputError
        When the band or the number makes no sense.
    """

    low: float
    high: float
    mechanisms: int = 3

    def __post_init__(self):
        if not 0 < self.low < self.high < math.inf:
            raise InputError("attenuation", "a band 0 < low < high, Hz", (self.low, self.high), "correct it")
        if self.mechanisms < 1:
            raise InputError("attenuation mechanisms", "at least 1", self.mechanisms, "try 3")

    @cached_property
    def rates(self) -> np.ndarray:
        """``w_l``, rad/s."""
        if self.mechanisms == 1:
            return np.array([2 * math.pi * math.sqrt(self.low * self.high)])
        return 2 * math.pi * np.geomspace(self.low, self.high, self.mechanisms)

    @cached_property
    def strengths(self) -> np.ndarray:
        """``y_l``, by least squares over the band, not negative."""
        w = 2 * math.pi * np.geomspace(self.low, self.high, 50)
        return nnls(self.rates * w[:, None] / (self.rates**2 + w[:, None] ** 2), np.ones(len(w)))[0]

    @property
    def least_quality(self) -> float:
        """Quality factor at and below which nothing is left of a modulus at rest: the sum of the ``y_l``."""
        return float(self.strengths.sum())

    def relaxed(self, frequency, quality) -> np.ndarray:
        """``M(w) / M`` by (1) at frequencies in Hz."""
        w = 2 * math.pi * np.asarray(frequency)[..., None]
        return 1 - (self.strengths * self.rates / (self.rates + 1j * w)).sum(axis=-1) / quality

    def quality(self, frequency, quality) -> np.ndarray:
        """The quality factor ``Re M / Im M`` that (1) has at frequencies in Hz, where ``quality`` is asked for."""
        modulus = self.relaxed(frequency, quality)
        return modulus.real / modulus.imag


class Relaxation:
    """The memory of a gradient in steps of time: ``z_l' + w_l z_l = w_l G`` by the trapezoidal rule about each step.

    ``z(n+1/2) = decay z(n-1/2) + drive G(n)``, and ``Z(n)`` is the mean of its neighbors. The transpose of this filter is
    the same filter run backward.
    """

    def __init__(self, solids: StandardLinearSolids, dt: float):
        half = 0.5 * dt * solids.rates
        self.strengths, self.decay, self.drive = solids.strengths, (1 - half) / (1 + half), 2 * half / (1 + half)

    def rest(self, shape: tuple[int, ...]) -> np.ndarray:
        """Memory variables of a gradient of some shape."""
        return np.zeros((len(self.strengths), *shape))

    def step(self, variables: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Advance the variables in place; return ``Z``."""
        memory = np.zeros_like(gradient)
        for z, strength, decay, drive in zip(variables, self.strengths, self.decay, self.drive):
            memory += (0.5 * strength * (1 + decay)) * z
            memory += (0.5 * strength * drive) * gradient
            z *= decay
            z += drive * gradient
        return memory
