"""Seismic noise in a band at any place: from a map that scales Peterson's models, or from the spectra of sites.

It is handled as the natural logarithm of the root mean square, which is what a trigger compares, and which is smooth in
the position to second order. Spectra and bands are in `spectra`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import autograd.numpy as anp
import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.grids import Grid
from adjointdesign.problems.seismology.spectra import Spectrum, peterson
from adjointdesign.tape import taped

DECIBEL = math.log(10) / 20
"""Natural logarithm of an amplitude's ratio, for one decibel."""


@dataclass(frozen=True, eq=False)
class NoiseField:
    """Noise in a band at any place: ``log rms = log_low + share * log_span``, ``share`` a map; or ``log_low`` alone.

    It comes from `uniform_noise`, `scaled_noise` or `noise_of_sites`.
    """

    log_low: float
    log_span: float = 0.0
    share: object = None

    def log_amplitude(self, positions):
        """Natural logarithm of the rms motion, in its SI unit, at Cartesian positions (n, 3); on the tape.

        Returns
        -------
        ndarray, shape (n,)
        """
        if self.share is None:
            return _constant(positions, self.log_low)
        return _between(self.share.at(positions), self.log_low, self.log_span)


@taped
def _constant(positions, value: float):
    return value + 0.0 * positions[..., 0]


@taped
def _between(share, low: float, span: float):
    return low + share * span


def uniform_noise(spectrum: Spectrum, low: float, high: float, quantity: str = "velocity") -> NoiseField:
    """The same noise everywhere, in a band (Hz)."""
    return NoiseField(math.log(spectrum.rms(low, high, quantity)))


def scaled_noise(
    grid: Grid, low: float, high: float, quantity: str = "velocity", decibels: Spectrum | None = None
) -> NoiseField:
    """Noise that a map scales.

    Parameters
    ----------
    grid : Grid
        From 0, where noise in the band is that of Peterson's new low noise model, to 1, that of the high one, linear in
        decibels between; or, with ``decibels``, by how many dB it is above that spectrum.
    low, high : float
        Band, Hz.
    quantity : str
        As in `Spectrum.rms`.
    decibels : Spectrum, optional

    Raises
    ------
    InputError
        When a map without ``decibels`` reaches beyond -0.5 and 1.5: it holds decibels, then.
    """
    if decibels is not None:
        return NoiseField(math.log(decibels.rms(low, high, quantity)), DECIBEL, grid)
    least, most = float(np.nanmin(grid.values)), float(np.nanmax(grid.values))
    if least < -0.5 or most > 1.5:
        remedy = "if these are decibels, name the spectrum that they are above"
        raise InputError("map of noise", "0 (new low noise model) to 1 (high)", f"{least:g} to {most:g}", remedy)
    quiet, loud = (math.log(peterson(which).rms(low, high, quantity)) for which in ("low", "high"))
    return NoiseField(quiet, loud - quiet, grid)


@dataclass(frozen=True, eq=False)
class _Sites:
    """Values at sites, and between them the mean with Gaussian weights of the straight distance."""

    positions: np.ndarray
    values: np.ndarray
    length: float

    def at(self, positions):
        return _weighted(positions, self)


@taped
def _weighted(positions, sites: _Sites):
    between = anp.reshape(positions, (-1, 1, 3)) - sites.positions
    exponent = -anp.sum(between**2, axis=-1) / (2 * sites.length**2)
    # Far from all sites every weight would vanish: only their ratios count.
    weights = anp.exp(exponent - anp.max(exponent, axis=1, keepdims=True))
    return anp.sum(weights * sites.values, axis=1) / anp.sum(weights, axis=1)


def noise_of_sites(
    positions: np.ndarray,
    spectra: Sequence[Spectrum],
    low: float,
    high: float,
    length: float,
    quantity: str = "velocity",
) -> NoiseField:
    """Noise measured at sites, and between them the mean (of decibels) with weights ``exp(-d^2 / 2 length^2)``.

    Parameters
    ----------
    positions : ndarray, shape (n, 3)
        Cartesian, m.
    spectra : sequence of Spectrum
    low, high : float
        Band, Hz.
    length : float
        m; over such a distance noise is alike. Nearer to a site than that its own value counts most.
    quantity : str
        As in `Spectrum.rms`.

    Raises
    ------
    InputError
        When there is not one spectrum a site, or the length is not positive.
    """
    if len(positions) != len(spectra) or not spectra:
        raise InputError("spectra", f"{len(positions)}, one a site", len(spectra), "give one for each site")
    if not length > 0:
        raise InputError("length", "more than 0 m", length, "give the distance over which noise is alike")
    values = np.array([math.log(spectrum.rms(low, high, quantity)) for spectrum in spectra])
    return NoiseField(0.0, 1.0, _Sites(np.array(positions, dtype=float), values, float(length)))
