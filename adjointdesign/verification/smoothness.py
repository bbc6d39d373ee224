"""Kinks, jumps, plateaus and branch changes of an objective along a line or the path of an optimization.

=============  ====================================================================================  ===========
kind           what it is                                                                            Taylor order
=============  ====================================================================================  ===========
jump           the value is discontinuous: thresholds, counts, bins, new meshes                       0
kink           the slopes from the two sides differ: min, max, clipping, absolute values              1
branch change  another of several values becomes the largest, or the gradient jumps off this line      1 or 2
plateau        between jumps and kinks the value does not change at all: no gradient leads out of it
=============  ====================================================================================  ===========

What is found is located by halving steps. A smooth function gives no findings, however steep, as long as it is smooth
at the tolerance. Missed are kinks whose change of slope is far below what curvature makes over one sample step, and
all but the largest of several breaks within one sample step: more samples find them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adjointdesign.errors import InputError, StepRejected
from adjointdesign.verification.smoothness_report import BRANCH, JUMP, KINK, PLATEAU, Finding, SmoothnessReport
from adjointdesign.verification.smoothness_search import (
    JUMP_ORDER,
    Break,
    Samples,
    breaks_of_gradients,
    breaks_of_values,
    noise_of,
)


def scan(
    value: Callable[[np.ndarray], Any],
    gradient: Callable[[np.ndarray], Any] | None,
    start,
    direction,
    *,
    reach: float | tuple[float, float] = 1.0,
    samples: int = 65,
    tolerance: float = 1e-6,
) -> SmoothnessReport:
    """Scan an objective along ``start + t direction``.

    Parameters
    ----------
    value : callable
        ``control -> value``, or several values of which the largest counts.
    gradient : callable, optional
        ``control -> gradient``, of the shape of the control (of the largest value); finds also branch changes off the
        line.
    start, direction : array_like
        Of one shape.
    reach : float or tuple of float
        t from ``-reach`` to ``reach``, or the two ends.
    samples : int
        Size of the first grid.
    tolerance : float
        To which places are located, over the length of the scan.

    Returns
    -------
    SmoothnessReport

    Raises
    ------
    InputError
        When shapes disagree, nothing is to be scanned, or a value is not finite.
    """
    start, direction = np.asarray(start, dtype=float), np.asarray(direction, dtype=float)
    low, high = (-reach, reach) if np.ndim(reach) == 0 else reach
    if start.shape != direction.shape or not np.any(direction):
        raise InputError(
            "direction", f"shape {start.shape}, not all zero", f"shape {direction.shape}", "give a direction"
        )
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError("reach", "a positive number, or two that increase", reach, "correct it")
    if samples < 9 or not 0 < tolerance < 1 / samples:
        raise InputError(
            "samples", "at least 9, further apart than the tolerance", samples, "take 65, and a tolerance of 1e-6"
        )
    line = _Line(value, gradient, start, direction, float(low), float(high))
    return line.report(np.linspace(low, high, samples), tolerance * (high - low))


def scan_path(
    value: Callable[[np.ndarray], Any],
    gradient: Callable[[np.ndarray], Any] | None,
    points: Sequence,
    *,
    samples: int = 17,
    tolerance: float = 1e-6,
) -> SmoothnessReport:
    """Scan an objective along the polygon through some controls, the last iterates of a run, say: see `scan`.

    t counts the points: 1.25 is a quarter of the way from the second to the third. Points that repeat the one before
    are passed over.

    Raises
    ------
    InputError
        When no two points differ.
    """
    points = [np.asarray(point, dtype=float) for point in points]
    parts = [
        (k, scan(value, gradient, a, b - a, reach=(0.0, 1.0), samples=samples, tolerance=tolerance))
        for k, (a, b) in enumerate(zip(points[:-1], points[1:]))
        if np.any(a != b)
    ]
    if not parts:
        raise InputError("points", "at least two that differ", len(points), "take more of the history")
    findings = [
        replace(f, place=k + f.place, extent=None if f.extent is None else (k + f.extent[0], k + f.extent[1]))
        for k, part in parts
        for f in part.findings
    ]
    reports = [part for _, part in parts]
    return SmoothnessReport(
        tuple(findings),
        0.0,
        len(points) - 1.0,
        samples,
        sum(r.evaluations for r in reports),
        sum(r.gradients for r in reports),
        max(r.noise for r in reports),
        all(r.constant for r in reports),
    )


class _Line:
    """An objective along a line, and what is found on it."""

    def __init__(self, value, gradient, start, direction, low, high):
        self._value, self._start, self._direction, self.low, self.high = value, start, direction, low, high
        self._values = Samples(self._evaluate)
        self._largest = Samples(lambda t: float(np.max(self._values(t))))
        self._gradients = None if gradient is None else Samples(lambda t: np.ravel(gradient(self.control(t))))

    def control(self, t: float) -> np.ndarray:
        return self._start + t * self._direction

    def _evaluate(self, t: float) -> np.ndarray:
        try:
            values = np.asarray(self._value(self.control(t)), dtype=float)
        except StepRejected as error:
            raise InputError(
                "reach", "controls that can be simulated", f"t = {t:.6g}, where {error}", "shorten it"
            ) from error
        if not np.all(np.isfinite(values)):
            raise InputError(
                "objective",
                "finite values",
                f"{values} at t = {t:.6g}",
                "shorten the reach, or mend the objective there",
            )
        return values

    def report(self, grid: np.ndarray, tolerance: float) -> SmoothnessReport:
        values = np.array([self._largest(t) for t in grid])
        noise = noise_of(self._largest, self.low, self.high, float(np.abs(values).max()))
        breaks = breaks_of_values(self._largest, grid, tolerance, noise)
        width = float(grid[1] - grid[0])
        findings = [self._finding(b, width, noise) for b in breaks]
        findings = self._with_labels(findings, grid, tolerance, width, noise)
        findings = self._with_gradients(findings, grid, tolerance, width, noise)
        findings.sort(key=lambda finding: finding.place)
        findings += self._plateaus(findings, grid, noise)
        findings.sort(key=lambda finding: finding.place)
        return SmoothnessReport(
            tuple(findings),
            self.low,
            self.high,
            grid.size,
            len(self._values.known),
            0 if self._gradients is None else len(self._gradients.known),
            noise,
            bool(np.ptp(values) <= 4 * noise),
        )

    def _finding(self, b: Break, width: float, noise: float) -> Finding:
        """A jump or a kink with its slopes."""
        before, after = (self._one_side(b, side, width, noise) for side in (-1, 1))
        control = self.control(b.t)
        if b.order < JUMP_ORDER:
            jump = self._largest(b.t + b.within) - self._largest(b.t - b.within)
            return Finding(JUMP, b.t, b.within, control, (before, after), jump, 0)
        return Finding(KINK, b.t, b.within, control, (before, after), 0.0, 1)

    def _one_side(self, b: Break, side: int, width: float, noise: float) -> float:
        """Slope from one side, by three values of a step that balances curvature and noise."""
        span = np.ptp(list(self._largest.known.values()))
        edge = b.t + side * b.within
        room = abs((self.high if side > 0 else self.low) - edge) / 2
        step = min(max(16 * b.within, (self.high - self.low) * (noise / max(span, noise)) ** (1 / 3)), width / 4, room)
        if step <= 0:
            return float("nan")
        near, middle, far = (self._largest(edge + side * k * step) for k in range(3))
        return side * (-3 * near + 4 * middle - far) / (2 * step) + 0.0  # never -0

    def _with_labels(self, findings, grid, tolerance, width, noise) -> list[Finding]:
        """Where another value becomes the largest, together with the kinks that stand there."""
        if self._values(self.low).size < 2:
            return findings
        # Where the two largest are one to rounding, a tie or a symmetry, neither is the largest.
        leads = [(t, np.argsort(self._values(t), axis=None)[::-1]) for t in grid]
        leads = [(t, order[0]) for t, order in leads if np.subtract(*np.ravel(self._values(t))[order[:2]]) > 4 * noise]
        for (low, first), (high, last) in zip(leads[:-1], leads[1:]):
            if first == last:
                continue
            while high - low > tolerance:
                middle = (low + high) / 2
                if not low < middle < high:  # neighbors among floating-point numbers
                    break
                values = np.ravel(self._values(middle))
                low, high = (low, middle) if values[last] >= values[first] else (middle, high)
            b = Break((low + high) / 2, tolerance / 2, 1.0, 0.0)
            said = f"value {last} is the largest after value {first}"
            findings = self._joined(findings, replace(self._finding(b, width, noise), kind=BRANCH, evidence=said))
        return findings

    def _with_gradients(self, findings, grid, tolerance, width, noise) -> list[Finding]:
        """Where the gradient jumps: evidence for what is known, or a branch change that leaves the slope along the
        line as it is."""
        if self._gradients is None:
            return findings
        largest = max(float(np.linalg.norm(self._gradients(t))) for t in grid)
        for b in breaks_of_gradients(self._gradients, grid, tolerance, 1e-9 * largest):
            said = f"the gradient jumps by {b.size / largest:.2g} of its size"
            known = next((k for k, f in enumerate(findings) if abs(f.place - b.t) <= 4 * (f.within + b.within)), None)
            if known is not None:
                findings[known] = replace(
                    findings[known], evidence="; ".join(filter(None, (findings[known].evidence, said)))
                )
                continue
            findings.append(
                replace(
                    self._finding(b, width, noise), kind=BRANCH, order=2, jump=0.0, evidence=said + " off this line"
                )
            )
        return findings

    @staticmethod
    def _joined(findings: list[Finding], new: Finding) -> list[Finding]:
        """With a finding that takes the place of kinks where it is; jumps stay."""
        apart = [f for f in findings if f.kind != KINK or abs(f.place - new.place) > 4 * (f.within + new.within)]
        return [*apart, new]

    def _plateaus(self, findings: list[Finding], grid: np.ndarray, noise: float) -> list[Finding]:
        """Stretches between findings, or from one to an end of the scan, over which the value does not change."""
        ends = [(self.low, 0.0), *((f.place, 2 * f.within) for f in findings), (self.high, 0.0)]
        plateaus = []
        for (low, low_within), (high, high_within) in zip(ends[:-1], ends[1:]):
            first, last = low + low_within, high - high_within
            if len(ends) == 2 or last <= first:
                continue
            inner = [*np.linspace(first, last, 7), *grid[(grid > first) & (grid < last)]]
            if np.ptp([self._largest(t) for t in inner]) <= 4 * noise:
                middle, within = (low + high) / 2, max(low_within, high_within)
                said = ""
                if self._gradients is not None:
                    said = f"the gradient there has norm {np.linalg.norm(self._gradients(middle)):.2g}"
                plateaus.append(
                    Finding(PLATEAU, middle, within, self.control(middle), extent=(low, high), evidence=said)
                )
        return plateaus
