"""What a scan of an objective found: places where it is not smooth, and the report of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

JUMP, KINK, BRANCH, PLATEAU = "jump", "kink", "branch change", "plateau"
KINDS = (JUMP, KINK, BRANCH, PLATEAU)
SHOWN = 8
"""Largest control that is written out."""


@dataclass(frozen=True)
class Finding:
    """A place where an objective is not smooth.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    place, within : float
        t, and how far off it may be.
    control : ndarray
        The control there.
    slopes : tuple of float, optional
        From before and from after, by values alone.
    jump : float
        Value after less value before; zero at kinks.
    order : float, optional
        Taylor order that is left: 0 at jumps, 1 at kinks.
    extent : tuple of float, optional
        Where a plateau begins and ends.
    evidence : str
        What else was seen, in words.
    """

    kind: str
    place: float
    within: float
    control: np.ndarray
    slopes: tuple[float, float] | None = None
    jump: float = 0.0
    order: float | None = None
    extent: tuple[float, float] | None = None
    evidence: str = ""

    def __str__(self) -> str:
        if self.extent is not None:
            text = f"plateau from t = {self.extent[0]:.7g} to {self.extent[1]:.7g}"
        else:
            text = f"{self.kind} at t = {self.place:.7g} (within {self.within:.1g})"
        if self.kind == JUMP:
            text += f", by {self.jump:.4g}"
        if self.slopes is not None:
            text += f", slope {self.slopes[0]:.4g} before and {self.slopes[1]:.4g} after"
        if self.control.size <= SHOWN:
            text += f", control {np.array2string(self.control.ravel(), precision=7)}"
        return text + (f": {self.evidence}" if self.evidence else "")

    def as_dict(self) -> dict[str, Any]:
        """Fit for JSON; a long control is left out, it follows from t."""
        return {
            "kind": self.kind, "place": self.place, "within": self.within,
            "control": self.control.tolist() if self.control.size <= SHOWN else None,
            "slopes": None if self.slopes is None else list(self.slopes), "jump": self.jump, "order": self.order,
            "extent": None if self.extent is None else list(self.extent), "evidence": self.evidence,
        }  # fmt: skip


@dataclass(frozen=True)
class SmoothnessReport:
    """What a scan found, in order of t.

    Parameters
    ----------
    findings : tuple of Finding
        Empty where the objective is smooth.
    low, high : float
        Ends of the scan in t.
    samples, evaluations, gradients : int
        Of the grid, of values and of gradients in all.
    noise : float
        Scatter of the values.
    constant : bool
        Whether the value is one and the same over the whole scan, which then says nothing.
    """

    findings: tuple[Finding, ...]
    low: float
    high: float
    samples: int
    evaluations: int
    gradients: int
    noise: float
    constant: bool

    @property
    def smooth(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def __str__(self) -> str:
        head = f"t from {self.low:.4g} to {self.high:.4g}, {self.evaluations} values, {self.gradients} gradients"
        head += f", noise {self.noise:.1e}"
        if self.constant:
            return f"constant over {head}"
        count = len(self.findings)
        said = "smooth" if self.smooth else f"{count} finding{'s' if count > 1 else ''}"
        return "\n".join([f"{said} over {head}", *map(str, self.findings)])

    def as_dict(self) -> dict[str, Any]:
        """Everything, fit for JSON."""
        return {**vars(self), "smooth": self.smooth, "findings": [finding.as_dict() for finding in self.findings]}
