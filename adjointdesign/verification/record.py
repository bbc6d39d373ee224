"""What a certificate holds, and how it is written down."""

from __future__ import annotations

import json
import platform
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from adjointdesign.files import atomic_write
from adjointdesign.parallel import ranks
from adjointdesign.problem import Problem

PACKAGES = {"numpy": "numpy", "numba": "numba", "pyadjoint": "pyadjoint-ad", "adjointdesign": "adjointdesign"}

FINITE_ELEMENTS = ("firedrake", "fenics-ufl", "petsc", "petsc4py", "mpi4py")
"""What the numbers of the finite elements depend on, where it is installed."""


@dataclass(frozen=True)
class Failure:
    """One line that missed its limit."""

    what: str
    expected: str
    got: Any

    def __str__(self):
        return f"{self.what}: expected {self.expected}, got {self.got}"


@dataclass
class Certificate:
    """How a gradient was verified.

    Parameters
    ----------
    taylor_order, hessian_taylor_order : float
        Lowest order over the stages tested; not a number when no range of steps could be judged.
    dot_product_residual : float
        Worst of the whole program and of its solver.
    gradient_cost : float
        Value and gradient over one forward run, the median.
    failures : list of Failure
        What missed its limit, and by how much.
    details : dict
        All measurements by name.
    provenance : dict
        Problem, preset, precision, seed, ranks, threads and versions.
    """

    taylor_order: float
    hessian_taylor_order: float
    dot_product_residual: float
    gradient_cost: float
    failures: list[Failure] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, strings, lists and dictionaries, ready for JSON; what is not finite is None."""
        return plain(
            {
                "passed": self.passed,
                "taylor_order": self.taylor_order,
                "hessian_taylor_order": self.hessian_taylor_order,
                "dot_product_residual": self.dot_product_residual,
                "gradient_cost": self.gradient_cost,
                "failures": [vars(f) for f in self.failures],
                **self.provenance,
                "details": self.details,
            }
        )

    def __str__(self):
        low, high = self.details["cost"]["spread"]
        lines = [
            f"certificate of {self.provenance['problem']}: {'passed' if self.passed else 'FAILED'}",
            f"  Taylor order with the gradient      {self.taylor_order:.3f} (2 when right)",
            f"  Taylor order with the Hessian       {self.hessian_taylor_order:.3f} (3 when right)",
            f"  tangent against adjoint             {self.dot_product_residual:.1e}",
            f"  value and gradient, forward runs    {self.gradient_cost:.2f} ({low:.2f} to {high:.2f})",
        ]
        for name, found in self.details["schedules"].items():
            said = f"not run: {found['skipped']}" if "skipped" in found else ", ".join(
                f"{words} {found[key]:.1e}"
                for key, words in (("relative_difference", "against the first"),
                                   ("other_control_difference", "at another control"))
                if key in found
            )  # fmt: skip
            lines.append(f"  schedule {name:26s} {said}")
        if "consistency" in self.details:
            found = self.details["consistency"]
            lines.append(f"  against the equations' own gradient {found['verdict']}: {found['reason']}")
        return "\n".join([*lines, *(f"  FAILED {failure}" for failure in self.failures)])


def write_certificate(path, certificate: Certificate) -> None:
    """Write a certificate as JSON, whole or not at all.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    atomic_write(path, json.dumps(certificate.as_dict(), indent=2, allow_nan=False) + "\n")


def provenance_of(problem: Problem, rng: np.random.Generator) -> dict[str, Any]:
    """Problem, preset, precision, seed, ranks, threads and versions of a certificate."""
    discretization = problem.discretization
    return {
        "problem": problem.name,
        "preset": _preset(problem),
        "precision": getattr(discretization, "precision", "double"),
        "seed": getattr(rng.bit_generator.seed_seq, "entropy", None),
        "ranks": ranks(),
        "threads": getattr(discretization, "threads", None) or _threads(),
        "versions": {"python": platform.python_version(), **{n: version(p) for n, p in PACKAGES.items()}, **finite_element_versions()},
    }


def finite_element_versions() -> dict[str, str]:
    """Versions of `FINITE_ELEMENTS` as far as they are installed; nothing is imported."""
    found = {}
    for package in FINITE_ELEMENTS:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def _threads() -> int:
    import numba

    return int(numba.get_num_threads())


def _preset(problem: Problem) -> str | None:
    """The preset, if any, whose settings the problem has."""
    for name, sections in problem.presets.items():
        settings = {section: getattr(problem, section) for section in sections}
        if all(type(s)(**{**s.model_dump(), **sections[section]}) == s for section, s in settings.items()):
            return name
    return None


def plain(value: Any) -> Any:
    """``value`` in the types of JSON, None for numbers that are not finite."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
