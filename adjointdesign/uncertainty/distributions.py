"""Distributions: samples made from uniform numbers, and densities, both differentiable in the parameters.

The parameters may be plain numbers or values under differentiation by autograd: a `Law` makes its distributions anew from
theta, and derives samples (pathwise) or log-densities (score function) through them. One column of a sample takes one
uniform number, so that common random numbers and quasi-Monte Carlo mean the same for all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import ClassVar

import autograd.numpy as anp
import numpy as np
from autograd.scipy.special import gammaln
from autograd.tracer import getval, isbox

from adjointdesign.errors import InputError


class Distribution:
    """What a distribution is; the members below are dataclasses whose fields are their parameters.

    A parameter is a number, or has shape (k,) for k independent columns, or (samples, k) where it differs from sample to
    sample.
    """

    reparametrized: ClassVar[bool] = True
    """Whether `draw` is differentiable in the parameters."""
    edges: ClassVar[Sequence[str]] = ()
    """Parameters that move the edge of the support: the score function knows nothing of what crosses it."""

    @property
    def dimension(self) -> int:
        """Columns of a sample."""
        shape = np.broadcast_shapes(*(np.shape(v) for v in self.plain().values()))
        return shape[-1] if shape else 1

    @property
    def uniforms(self) -> int:
        """Uniform numbers that a sample takes."""
        return self.dimension

    def draw(self, uniforms: np.ndarray):
        """Samples of shape (m, k) from independent uniform numbers, shape (m, `uniforms`), strictly between 0 and 1."""
        raise NotImplementedError

    def log_density(self, samples):
        """Logarithm of the density (of a count: the probability) of each column, shape (m, k)."""
        raise NotImplementedError

    def plain(self) -> dict[str, np.ndarray]:
        """The parameters as arrays, off differentiation."""
        found = {}
        for field in fields(self):
            value = getattr(self, field.name)
            while isbox(value):
                value = getval(value)
            found[field.name] = np.asarray(value, dtype=float)
        return found

    def traced(self) -> list[str]:
        """Names of the parameters under differentiation."""
        return [field.name for field in fields(self) if isbox(getattr(self, field.name))]

    def _require(self, good, what: str, expected: str, remedy: str = "correct the parameter") -> None:
        """Raise unless all of ``good``; a parameter that is not a number fails it, too."""
        if not np.all(good):
            value = self.plain()[what]
            got = value if value.ndim == 0 else value[~np.broadcast_to(good, value.shape)][:1] if value.size else "nothing"
            raise InputError(f"{type(self).__name__}.{what}", expected, got, remedy)


@dataclass(frozen=True, eq=False)
class Normal(Distribution):
    """Normal: ``mean + std z``. Raises InputError unless ``std > 0``."""

    mean: object = 0.0
    std: object = 1.0

    def __post_init__(self):
        self._require(self.plain()["std"] > 0, "std", "above 0")

    def draw(self, uniforms):
        from scipy.special import ndtri  # imported late: 0.1 s

        return self.mean + self.std * ndtri(uniforms)

    def log_density(self, samples):
        return -0.5 * ((samples - self.mean) / self.std) ** 2 - anp.log(self.std) - 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True, eq=False)
class LogNormal(Distribution):
    """``exp(mean + std z)``: mean and std are those of the logarithm. Raises InputError unless ``std > 0``."""

    mean: object = 0.0
    std: object = 1.0

    def __post_init__(self):
        self._require(self.plain()["std"] > 0, "std", "above 0")

    def draw(self, uniforms):
        return anp.exp(Normal(self.mean, self.std).draw(uniforms))

    def log_density(self, samples):
        logarithm = anp.log(samples)
        return Normal(self.mean, self.std).log_density(logarithm) - logarithm


@dataclass(frozen=True, eq=False)
class Uniform(Distribution):
    """Uniform between ``lower`` and ``upper``. Raises InputError unless ``lower < upper``."""

    lower: object = 0.0
    upper: object = 1.0
    edges = ("lower", "upper")

    def __post_init__(self):
        values = self.plain()
        self._require(values["upper"] > values["lower"], "upper", "above lower")

    def draw(self, uniforms):
        return self.lower + (self.upper - self.lower) * uniforms

    def log_density(self, samples):
        inside = (samples >= self.lower) & (samples <= self.upper)
        return anp.where(inside, 0.0, -np.inf) - anp.log(self.upper - self.lower)


@dataclass(frozen=True, eq=False)
class TruncatedExponential(Distribution):
    """Density proportional to ``exp(-rate x)`` on ``lower <= x <= upper``.

    Magnitudes by Gutenberg and Richter's law ``log10 N = a - b M`` between two bounds have ``rate = b ln 10`` (Page, Bull.
    Seism. Soc. Am. 58, 1131 (1968)); see `gutenberg_richter`. ``upper`` may be infinite, for all columns alike.

    Raises
    ------
    InputError
        Unless ``rate > 0`` and ``lower < upper``.
    """

    rate: object
    lower: object = 0.0
    upper: object = np.inf
    edges = ("lower", "upper")

    def __post_init__(self):
        values = self.plain()
        self._require(values["rate"] > 0, "rate", "above 0")
        self._require(values["upper"] > values["lower"], "upper", "above lower")

    @classmethod
    def gutenberg_richter(cls, b, lower, upper=np.inf) -> TruncatedExponential:
        """Magnitudes between two bounds, from their b-value."""
        return cls(b * math.log(10.0), lower, upper)

    def _kept(self):
        """Part of the untruncated distribution that lies below ``upper``; for an infinite one 1, without a derivative."""
        if np.all(np.isinf(self.plain()["upper"])):
            return 1.0
        return -anp.expm1(-self.rate * (self.upper - self.lower))

    def draw(self, uniforms):
        return self.lower - anp.log1p(-uniforms * self._kept()) / self.rate

    def log_density(self, samples):
        inside = (samples >= self.lower) & (samples <= self.upper)
        density = anp.log(self.rate) - self.rate * (samples - self.lower) - anp.log(self._kept())
        return density + anp.where(inside, 0.0, -np.inf)


@dataclass(frozen=True, eq=False)
class Poisson(Distribution):
    """Counts with the mean ``rate``; they have no reparametrization. Raises InputError unless ``rate > 0``."""

    rate: object = 1.0
    reparametrized = False

    def __post_init__(self):
        rate = self.plain()["rate"]
        self._require((rate > 0) & np.isfinite(rate), "rate", "a finite number above 0")

    def draw(self, uniforms):
        from scipy.special import pdtr, pdtrik  # imported late: 0.1 s

        rate = self.plain()["rate"]
        # pdtrik inverts the distribution continued to real counts; rounding can land one too high.
        count = np.ceil(np.maximum(pdtrik(uniforms, rate), 0.0))
        below = np.maximum(count - 1.0, 0.0)
        return np.where(pdtr(below, rate) >= uniforms, below, count)

    def log_density(self, samples):
        return samples * anp.log(self.rate) - self.rate - gammaln(samples + 1.0)


@dataclass(frozen=True, eq=False)
class Empirical(Distribution):
    """Rows of a table drawn with replacement (a catalogue resampled): each with a probability proportional to its weight.

    Takes one uniform number for all columns of a row, and has no parameter to differentiate in.

    Parameters
    ----------
    rows : array_like, shape (events, k)
        The table.
    weights : array_like, shape (events,), optional
        Not negative; equal by default.

    Raises
    ------
    InputError
        When the table is empty or not of two axes, or the weights do not fit or are all zero.
    """

    rows: object
    weights: object = None
    reparametrized = False

    def __post_init__(self):
        rows = np.array(self.rows, dtype=float)
        if rows.ndim != 2 or rows.size == 0:
            raise InputError("Empirical.rows", "a table of shape (events, k)", f"shape {rows.shape}", "one row an event")
        weights = np.ones(len(rows)) if self.weights is None else np.array(self.weights, dtype=float)
        if weights.shape != rows.shape[:1]:
            raise InputError("Empirical.weights", f"shape {rows.shape[:1]}", f"shape {weights.shape}", "one weight a row")
        if not (np.all(weights >= 0) and np.isfinite(weights.sum()) and weights.sum() > 0):
            raise InputError("Empirical.weights", "finite, none negative, not all zero", weights, "correct the weights")
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "weights", weights / weights.sum())

    @property
    def dimension(self) -> int:
        return self.rows.shape[1]

    @property
    def uniforms(self) -> int:
        return 1

    def draw(self, uniforms):
        last = np.flatnonzero(self.weights)[-1]  # rounding must not lead behind it
        chosen = np.searchsorted(np.cumsum(self.weights), uniforms[:, 0], side="right")
        return self.rows[np.minimum(chosen, last)]

    def log_density(self, samples):
        return np.zeros(samples.shape)
