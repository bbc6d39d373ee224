"""A value that others state, ours at two resolutions, and what these two extrapolate to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Quantity:
    """One number of a case, and what it should be.

    Parameters
    ----------
    name, unit : str
        What it is; the unit is empty for a ratio.
    source : str
        Who states it: author, title, year, equation or table.
    value : float or callable
        What they state; a callable evaluates their formula.
    order : float
        Order of convergence by which two resolutions are extrapolated.
    tolerance : float
        Largest relative distance of the extrapolated value from theirs. It holds what is left of the discretization and
        how far their model (an infinitely thin wire, say) is from what is simulated.
    """

    name: str
    unit: str
    source: str
    value: float | Callable[[], float]
    order: float
    tolerance: float

    @property
    def published(self) -> float:
        """What the source states."""
        return float(self.value()) if callable(self.value) else self.value


@dataclass(frozen=True)
class Case:
    """One simulation and the numbers that it gives.

    Parameters
    ----------
    name, family, title : str
        How it is called, where it stands, what it shows.
    ours : callable
        From a resolution to the value of every quantity, in their order.
    resolution : str
        What the number of a resolution counts; errors fall as its power ``-order``.
    resolutions : tuple of float
        The two that are run, the coarser one first.
    quantities : tuple of Quantity
        What is compared.
    """

    name: str
    family: str
    title: str
    ours: Callable[[float], Sequence[float]]
    resolution: str
    resolutions: tuple[float, float]
    quantities: tuple[Quantity, ...]


def extrapolated(coarse: float, fine: float, ratio: float, order: float) -> float:
    """Limit of two values whose errors are as ``1`` to ``ratio**-order``.

    L. F. Richardson, Phil. Trans. R. Soc. A 210, 307 (1911).
    """
    return fine + (fine - coarse) / (ratio**order - 1)


def run_case(case: Case, progress: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Run a case at both resolutions.

    Parameters
    ----------
    case : Case
        Which.
    progress : callable, optional
        Told of each run that begins.

    Returns
    -------
    dict
        Plain numbers: ``passed``, ``seconds`` and, for each of ``quantities``, ``published``, ``ours``,
        ``extrapolated``, its relative ``error`` and whether that ``passed``; and what the case says of itself.
    """
    began, columns = time.perf_counter(), []
    for resolution in case.resolutions:
        if progress is not None:
            progress(f"{case.name}: {resolution:g} {case.resolution}")
        columns.append([float(v) for v in case.ours(resolution)])
    low, high = case.resolutions
    found = []
    for q, ours in zip(case.quantities, zip(*columns, strict=True), strict=True):
        published, limit = q.published, extrapolated(*ours, high / low, q.order)
        error = limit / published - 1
        found.append(
            {
                "name": q.name,
                "unit": q.unit,
                "source": q.source,
                "published": published,
                "ours": list(ours),
                "order": q.order,
                "extrapolated": limit,
                "error": error,
                "tolerance": q.tolerance,
                "passed": math.isfinite(error) and abs(error) <= q.tolerance,
            }
        )
    return {
        "name": case.name, "family": case.family, "title": case.title, "resolution": case.resolution,
        "resolutions": list(case.resolutions), "quantities": found, "passed": all(q["passed"] for q in found),
        "seconds": time.perf_counter() - began,
    }  # fmt: skip
