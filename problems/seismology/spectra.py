"""Spectra of seismic noise: of sites and Peterson's models, and what they amount to in a band.

Spectra are power spectral densities of ground acceleration, one-sided, in decibels relative to 1 (m/s^2)^2/Hz against
the period in seconds, as seismologists plot them. In a band from f1 to f2 the root mean square of the motion is

    rms^2 = int_f1^f2 10^(L(f)/10) / (2 pi f)^(2 k) df,

with k = 0, 1, 2 for acceleration, velocity and displacement (Parseval).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.problems.seismology.geography import missing
from adjointdesign.problems.seismology.tables import Table

INTEGRALS = {"acceleration": 0, "velocity": 1, "displacement": 2}
"""How often acceleration is integrated."""

SAMPLES = 400
"""Places per octave where spectra are sampled: the trapezoidal rule is then right to 1e-5 on Peterson's models."""


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A power spectral density of acceleration at discrete periods.

    Parameters
    ----------
    period : ndarray, shape (n,)
        s, positive, each once.
    level : ndarray, shape (n,)
        dB relative to 1 (m/s^2)^2/Hz.
    name : str
        What it is, for messages.

    Raises
    ------
    InputError
        When the columns do not fit, or a value cannot be what it is said to be.
    """

    period: np.ndarray
    level: np.ndarray
    name: str = "spectrum"

    def __post_init__(self):
        period, level = np.array(self.period, dtype=float), np.array(self.level, dtype=float)
        if period.ndim != 1 or period.shape != level.shape or period.size < 2:
            raise InputError(self.name, "at least two periods, each with its level", period.shape, "give two columns")
        order = np.argsort(period)
        period, level = period[order], level[order]
        if not (np.all(np.isfinite(period)) and period[0] > 0 and np.all(np.diff(period) > 0)):
            raise InputError(
                f"periods of {self.name}", "positive seconds, each once", "others", "check the first column"
            )
        if not (np.all(np.isfinite(level)) and np.all(np.abs(level + 150) <= 150)):
            got = f"{np.min(level):g} to {np.max(level):g}"
            remedy = "give decibels relative to 1 (m/s^2)^2/Hz"
            raise InputError(f"levels of {self.name}", "from -300 to 0 dB", got, remedy)
        object.__setattr__(self, "period", period)
        object.__setattr__(self, "level", level)

    def at(self, period) -> np.ndarray:
        """Level, dB, at periods (s) within, linear in the logarithm of the period."""
        return np.interp(np.log(period), np.log(self.period), self.level)

    def rms(self, low: float, high: float, quantity: str = "velocity") -> float:
        """Root mean square of the ground motion between two frequencies, m/s^2, m/s or m.

        Parameters
        ----------
        low, high : float
            Hz.
        quantity : {"acceleration", "velocity", "displacement"}

        Raises
        ------
        InputError
            When the band is empty or reaches beyond the spectrum.
        """
        if quantity not in INTEGRALS:
            raise InputError("quantity", " or ".join(INTEGRALS), quantity, "name one of them")
        if not 0 < low < high:
            raise InputError(
                "noise band", "0 < low < high, Hz", f"{low:g} to {high:g}", "give the lower frequency first"
            )
        least, most = 1 / self.period[-1], 1 / self.period[0]
        if low < least * (1 - 1e-9) or high > most * (1 + 1e-9):
            known = f"{least:g} to {most:g} Hz, as {self.name} has it"
            raise InputError(
                "noise band", f"within {known}", f"{low:g} to {high:g} Hz", "narrow the band, or give another spectrum"
            )
        grid = np.geomspace(low, high, 2 + int(SAMPLES * math.log2(high / low)))
        knots = 1 / self.period
        frequency = np.unique(np.concatenate([grid, knots[(knots > low) & (knots < high)]]))
        density = 10 ** (self.at(1 / frequency) / 10) / (2 * math.pi * frequency) ** (2 * INTEGRALS[quantity])
        return math.sqrt(np.trapezoid(density * frequency, np.log(frequency)))


def peterson(which: str) -> Spectrum:
    """The new low or high noise model, NLNM or NHNM (J. Peterson, USGS Open-File Report 93-322 (1993), tables 3 and 4).

    ``which`` is ``low`` or ``high``; the numbers are those that ObsPy ships, for periods from 0.1 s on.

    Raises
    ------
    InputError
        When ObsPy is not installed, or the model is another.
    """
    if which not in ("low", "high"):
        raise InputError("noise model", "low or high", which, "name one of Peterson's two models")
    try:
        from obspy.signal.spectral_estimation import get_nhnm, get_nlnm
    except ImportError:
        raise missing("obspy") from None
    return Spectrum(*(get_nlnm if which == "low" else get_nhnm)(), name=f"Peterson's new {which} noise model")


def read_spectrum(path, percentile: float = 50.0) -> Spectrum:
    """Read a site's noise: a table of two columns, or the archive of ObsPy's ``PPSD.save_npz`` (``.npz``).

    The table has a header with ``period`` (s) or ``frequency`` (Hz), and ``level`` (or psd, db, power): dB relative to
    1 (m/s^2)^2/Hz.

    Parameters
    ----------
    path : path-like
    percentile : float
        Which of a PPSD's levels at each period.

    Raises
    ------
    InputError
        When the file cannot be read, or is another, and where `Spectrum` raises.
    """
    if Path(path).suffix.lower() == ".npz":
        return _from_ppsd(path, percentile)
    table = Table(path)
    frequencies = ("frequency", "freq", "f")
    given = table.find(frequencies) is not None
    axis = table.numbers(frequencies if given else ("period", "t"))
    if np.any(axis <= 0):
        raise InputError(f"periods of {path}", "positive numbers", f"{np.min(axis):g}", "check the first column")
    level = table.numbers(("level", "psd", "power", "db", "level_db", "psd_db"))
    return Spectrum(1 / axis if given else axis, level, name=str(path))


def _from_ppsd(path, percentile: float) -> Spectrum:
    import warnings

    try:
        from obspy.signal import PPSD
    except ImportError:
        raise missing("obspy") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ppsd = PPSD.load_npz(str(path))
            period, level = ppsd.get_percentile(percentile)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        got = f"another file ({' '.join(str(error).split())})"
        raise InputError(str(path), "an archive of ObsPy's PPSD.save_npz", got, "save the PPSD again") from error
    return Spectrum(period, level, name=str(path))
