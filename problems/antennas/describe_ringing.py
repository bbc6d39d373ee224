"""What the end of a run left out of a described antenna's S-parameters: an estimate, an extrapolation, both in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

RUNG_DOWN = 0.01
"""Largest error of an S-parameter by the end of the run, as estimated, that passes for rung down."""
RESTING = 1e-5
"""Share of the largest voltage of a run below which one that does not decay may be rounding or a resting charge."""

AT_CUTOFF = 1e-3
"""Share of the largest signal of a port of a guide below which what goes on is taken for the wave at its cutoff, out of the band."""


@dataclass(frozen=True)
class Ringing:
    """The voltages of one run, until its end and beyond.

    Parameters
    ----------
    signals : list of ndarray
        Voltage of each port over time, V, at ``(n + 1/2) dt``.
    dt, pulse_end : float
        Time step, and when the source has ended, s.
    frequencies, drive : ndarray
        Hz, and the transform of the source's voltage there, V s.
    shares : list of float
        Square root of the driven port's impedance over each port's.
    above_cutoff : float
        How far the band lies above the cutoffs of the lines and guides that feed it, Hz; zero without such. With them S-parameters are running
        transforms, which cannot be extrapolated.
    """

    signals: list[np.ndarray]
    dt: float
    pulse_end: float
    frequencies: np.ndarray
    drive: np.ndarray
    shares: list[float]
    above_cutoff: float = 0.0

    @cached_property
    def truncation_error(self) -> float:
        """Estimate of the error of the S-parameters by what would still have come after the end of the run.

        The larger of two. The first holds for one rate of decay, which the largest voltages of the last two sixths of
        the time after the pulse give: what remains is taken for as coherent as it can be, at the frequency of the band
        where the drive is weakest. A remainder that does not decay, but is so small that it is rounding or a resting
        charge, is taken to last as long as the run did. The second sees what rings on beneath a faster decay: what
        `adjointdesign.objectives.extrapolation.ringing_rest` finds, where the run is long enough for that.
        """
        pairs = zip(self.shares, self.signals)
        return float(max(max(self._by_decay(*pair), self._by_fit(*pair)) for pair in pairs))

    def _by_decay(self, share: float, signal: np.ndarray) -> float:
        count = (len(signal) - int(self.pulse_end / self.dt)) // 6
        earlier, later = (np.abs(part).max(initial=0.0) for part in (signal[-2 * count : -count], signal[-count:]))
        if later == 0:
            return 0.0
        rate = math.log(earlier / later) / (count * self.dt) if later < earlier else 0.0
        if rate > 0:
            lasting = 1 / rate
        else:
            lasting = len(signal) * self.dt if share * later <= self._resting else math.inf
        if self.above_cutoff and later <= AT_CUTOFF * np.abs(signal).max():
            lasting = min(lasting, 1 / (2 * math.pi * self.above_cutoff))
        return 2 * share * later * lasting / np.abs(self.drive).min()

    def _by_fit(self, share: float, signal: np.ndarray) -> float:
        from adjointdesign.objectives.extrapolation import ringing_rest

        rest = ringing_rest(signal, self.dt, self.pulse_end, self.frequencies)
        if rest is None:
            return 0.0
        error = float((2 * share * rest / np.abs(self.drive)).max())
        # A port that takes hardly any part may have nothing else.
        return 0.0 if math.isinf(error) and share * np.abs(signal).max() <= self._resting else error

    @property
    def _resting(self) -> float:
        """Voltage, by its share, up to which one that does not decay may be rounding or a resting charge."""
        return RESTING * max(share * np.abs(signal).max() for share, signal in zip(self.shares, self.signals))

    @cached_property
    def extrapolation_error(self) -> float:
        """Estimate of the error of extrapolated S-parameters; infinite where the signals allow none."""
        from adjointdesign.objectives.extrapolation import ringing_error

        errors = [
            2 * share * ringing_error(s, self.dt, self.pulse_end, self.frequencies) / np.abs(self.drive)
            for share, s in zip(self.shares, self.signals)
        ]
        return float(np.max(errors))

    @property
    def extrapolated(self) -> bool:
        """Whether extrapolation is better than what was recorded."""
        return not self.above_cutoff and self.extrapolation_error < self.truncation_error

    @cached_property
    def recorded(self) -> list[np.ndarray]:
        """Transforms of the signals until the end of the run, V s."""
        return transforms(self.signals, self.dt, self.frequencies)

    @cached_property
    def voltages(self) -> list[np.ndarray]:
        """Transforms of the signals, V s, extrapolated where that is better."""
        if not self.extrapolated:
            return self.recorded
        from adjointdesign.objectives.extrapolation import ringing_transform

        return [ringing_transform(s, self.dt, self.pulse_end, self.frequencies) for s in self.signals]

    @property
    def left_out(self) -> float:
        """By how much extrapolation changes an S-parameter."""
        changes = [
            share * np.abs((v - r) / self.drive).max() for share, v, r in zip(self.shares, self.voltages, self.recorded)
        ]
        return 2 * float(max(changes))


def transforms(signals: list[np.ndarray], dt: float, frequencies: np.ndarray) -> list[np.ndarray]:
    """Transforms of signals at ``(n + 1/2) dt``, V s."""
    kernel = dt * np.exp(2j * np.pi * np.outer(frequencies, (np.arange(len(signals[0])) + 0.5) * dt))
    return [kernel @ s for s in signals]


def ringing_summary(runs: list[Ringing]) -> dict:
    """What `adjointdesign evaluate --json` says of the ends of all runs; see docs/command-line.md."""
    truncation = max(r.truncation_error for r in runs)
    extrapolated = any(r.extrapolated for r in runs)
    # Of a run that needs no extrapolation what is recorded is used.
    used = max(r.extrapolation_error if r.extrapolated else r.truncation_error for r in runs)
    return {
        "rung_down": truncation <= RUNG_DOWN,
        "truncation_error": truncation if math.isfinite(truncation) else None,
        "extrapolated": extrapolated,
        "extrapolation_error": used if extrapolated and math.isfinite(used) else None,
        "left_out": max(r.left_out for r in runs) if extrapolated else None,
    }


def ringing_line(found: dict, remedy: str) -> str:
    """One line for people.

    Parameters
    ----------
    found : dict
        With what `ringing_summary` gives, and ``far_field``.
    remedy : str
        What lengthens the run.
    """
    error = found["truncation_error"]
    size = "not known" if error is None else f"an estimated {error:.1e} of an S-parameter"
    if not found["extrapolated"]:
        if found["rung_down"]:
            return f"  rung down: what the end of the run left out is {size}"
        return f"  NOT RUNG DOWN: what the end of the run left out is {size}; {remedy}"
    after = found["extrapolation_error"]
    beyond = (
        f"S-parameters are extrapolated beyond the end of the run, which left out {found['left_out']:.1e} of them, "
        + ("to an error that is not known" if after is None else f"to an estimated {after:.1e}")
    )
    if found["rung_down"]:
        return f"  rung down: {beyond}"
    if found["far_field"]:
        beyond += ", but far fields and their powers lack it"
    return f"  NOT RUNG DOWN: {beyond}; {remedy}"
