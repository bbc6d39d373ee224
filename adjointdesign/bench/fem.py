"""Cost of a value and its gradient by finite elements, with one factorization and by firedrake.adjoint, in the same rounds."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable

import numpy as np
import ufl
from firedrake import Function, FunctionSpace, SpatialCoordinate, UnitSquareMesh, assemble, conditional, exp, solve
from pyadjoint import Control, ReducedFunctional, Tape, continue_annotation, pause_annotation, set_working_tape

from adjointdesign.constants import C0
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, intensity, scattered

ENGINES = ("adjointdesign", "firedrake.adjoint")
_WAVENUMBER = 40.0
_GOAL = 1e-2  # radius squared of the spot whose intensity is the objective, m^2


def run(quick: bool = False) -> dict:
    """Measure plane waves on a dielectric cylinder within absorbing layers, from one direction and from four.

    Parameters
    ----------
    quick : bool
        A small mesh and two rounds: shows that everything works, the numbers mean nothing.

    Returns
    -------
    dict
        ``cases``, each with ``name``, ``engine`` (one of `ENGINES`), ``unknowns`` (real ones), ``right_hand_sides``,
        ``seconds`` (value alone), and ``gradient_cost`` (value and gradient over the value alone, median of ratios taken in
        the same round) with ``gradient_cost_min`` and ``_max``; ``gradient_difference``, the largest relative difference
        between the engines' gradients.

    Notes
    -----
    Both engines solve the same forms with the same options of MUMPS, and every value is computed for another permittivity
    than the one before: nothing but what happens within one value and gradient is reused.
    """
    cases = [_Case(20 if quick else 200, count) for count in (1, 4)]
    records, differences = [], []
    for case in cases:
        engines = {"adjointdesign": case.ours(), "firedrake.adjoint": case.theirs()}
        gradients = [engine(case.permittivity(0))[1]() for engine in engines.values()]  # compiles, too
        differences.append(float(np.max(np.abs(gradients[0] - gradients[1])) / np.max(np.abs(gradients[1]))))
        seconds: dict[str, list[float]] = {name: [] for name in ENGINES}
        costs: dict[str, list[float]] = {name: [] for name in ENGINES}
        for i in range(2 if quick else 5):
            for name, engine in engines.items():
                permittivity = case.permittivity(i + 1)
                start = time.perf_counter()
                _, gradient = engine(permittivity)
                value = time.perf_counter() - start
                gradient()
                seconds[name].append(value)
                costs[name].append((time.perf_counter() - start) / value)
        records += [case.record(name, seconds[name], costs[name]) for name in ENGINES]
    return {"cases": records, "gradient_difference": max(differences)}


def table(result: dict) -> str:
    """The result of `run` as a plain table."""
    lines = [f"{'case':<36}{'engine':<20}{'value, s':>10}{'value and gradient':>20}{'(min-max)':>14}"]
    for case in result["cases"]:
        spread = f"({case['gradient_cost_min']:.2f}-{case['gradient_cost_max']:.2f})"
        lines.append(
            f"{case['name']:<36}{case['engine']:<20}{case['seconds']:>10.2f}{case['gradient_cost']:>20.2f}{spread:>14}"
        )
    lines.append("value and gradient: time over that of the value alone")
    lines.append(f"largest relative difference between the engines' gradients: {result['gradient_difference']:.1e}")
    return "\n".join(lines)


class _Case:
    """A problem that either engine solves."""

    def __init__(self, cells: int, directions: int):
        mesh = UnitSquareMesh(cells, cells)
        x, y = SpatialCoordinate(mesh)
        inside = conditional((x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.04, 1.0, 0.0)
        self._medium = Function(FunctionSpace(mesh, "DG", 0)).interpolate(1.0 + inside)
        self._contrast = self._medium.dat.data_ro - 1.0
        angles = [2 * math.pi * i / directions for i in range(directions)]
        self.solver = FemHelmholtz(
            mesh, [(_WAVENUMBER if cells >= 100 else 4.0) * C0 / (2 * math.pi)], self._medium,
            [scattered((math.cos(a), math.sin(a))) for a in angles],
            {"spot": intensity(lambda x: exp(-((x[0] - 0.7) ** 2 + (x[1] - 0.5) ** 2) / _GOAL))},
            layers=[Layer(axis, (0.15, 0.85), 0.15) for axis in range(2)],
        )  # fmt: skip

    def permittivity(self, i: int) -> np.ndarray:
        """Of a cylinder that is a little denser with every i."""
        return 1.0 + self._contrast * (1.0 + 1e-3 * i)

    def ours(self) -> Callable:
        """Gives for a permittivity the value and a function that gives its gradient."""

        def evaluate(permittivity):
            inputs = {"permittivity": permittivity}
            readings = self.solver.forward(inputs)
            ones = {"spot": np.ones_like(readings["spot"])}
            return float(readings["spot"].sum()), lambda: self.solver.adjoint(inputs, ones)["permittivity"]

        return evaluate

    def theirs(self) -> Callable:
        """The same with the forms of our solver on the tape of firedrake.adjoint."""
        (system,) = self.solver.systems
        forms = system.forms
        with set_working_tape(Tape()) as tape:
            continue_annotation()
            total = 0.0
            for excitation in forms.excitations:
                u = Function(system.space)
                solve(forms.operator == excitation(forms.test), u, solver_parameters=system.options)
                total = total + assemble(ufl.replace(forms.readings[0], {forms.u: u}))
            functional = ReducedFunctional(total, Control(self._medium), tape=tape)
            pause_annotation()

        def evaluate(permittivity):
            medium = Function(self._medium.function_space())
            medium.dat.data_wo[...] = permittivity
            return float(functional(medium)), lambda: functional.derivative().dat.data_ro.copy()

        return evaluate

    def record(self, engine: str, seconds: list[float], costs: list[float]) -> dict:
        """What was measured for one engine."""
        unknowns, count = self.solver.space.dim(), len(self.solver.systems[0].forms.excitations)
        return {
            "name": f"{unknowns} unknowns, {count} right-hand side{'s' if count > 1 else ''}", "engine": engine,
            "unknowns": unknowns, "right_hand_sides": count, "seconds": statistics.median(seconds),
            "gradient_cost": statistics.median(costs), "gradient_cost_min": min(costs), "gradient_cost_max": max(costs),
        }  # fmt: skip
