"""What a problem is: settings, and the flow from design parameters to an objective."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import EllipsisType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict

from adjointdesign.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from adjointdesign.optimize.stages import Stage


class Settings(BaseModel):
    """Base of all settings: unknown names are refused, values are checked once, nothing changes afterwards.

    Numbers are finite; a field that may be infinite says so by ``Field(allow_inf_nan=True)`` and a bound, which NaN fails.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


@dataclass(frozen=True)
class Target:
    """What one reading is to reach: ``reading >= bound`` (``sense = 1``) or ``<= bound`` (``sense = -1``), in its ``unit``.

    ``where`` selects the entries (frequencies, say) that the target speaks of; all by default.
    """

    reading: str
    sense: int
    bound: float
    where: np.ndarray | EllipsisType = ...
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.reading} {'>=' if self.sense > 0 else '<='} {self.bound:g} {self.unit}".rstrip()

    def indices(self, count: int) -> np.ndarray:
        """Which of ``count`` entries `where` selects."""
        return np.arange(count)[self.where]

    def violation(self, values):
        """By how much ``values`` miss the bound, in the reading's unit (negative: met with that margin)."""
        return self.sense * (self.bound - values)

    def worst(self, values) -> float:
        """The entry of the whole reading that misses the bound by most, or else meets it by least."""
        chosen = np.ravel(values)[self.where]
        return float(chosen[np.argmax(self.violation(chosen))])


def unknown_reading(target: Target, names: Iterable[str]) -> InputError:
    """What to raise for a target that speaks of none of the readings ``names``."""
    return InputError(
        f"target {target}", f"one of the readings {', '.join(names)}", repr(target.reading),
        "correct targets() of the problem",
    )  # fmt: skip


@dataclass(frozen=True)
class Evaluation:
    """What one evaluation of a design gives, on the tape while one is recording.

    Parameters
    ----------
    objective : AdjFloat or Array
        To be minimized; an Array of values where the largest counts.
    readings : dict
        Numbers and arrays by name, for people, reports and the history.
    constraints : dict
        Taped scalars by name; feasible where none is positive.
    """

    objective: Any
    readings: dict[str, Any]
    constraints: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A figure of a problem of its own: name of its file, heading, PNG, what it shows in words, caption."""

    name: str
    heading: str
    content: bytes
    description: str
    caption: str = ""


class Problem:
    """A specification (geometry, materials, bands, targets) and a discretization, and what follows from them.

    A problem subclasses this, names its settings, and defines the five steps of `evaluate`. All settings are in SI units.
    A method ``solver()`` is optional: where there is one, a certificate also tests that solver by itself. So is
    ``continuous_gradient(parameters, stage)``, the hand-derived gradient of the equations, discretized (where the objective is
    several values of which the largest counts, that of their sum), of the shape of the parameters: where there is one,
    the consistency checker holds the gradient by the tape against it.

    Parameters
    ----------
    specification, discretization, optimization : Settings
        Instances of the classes named in the class attributes.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    Specification: ClassVar[type[Settings]]
    Discretization: ClassVar[type[Settings]]
    Optimization: ClassVar[type[Settings]]
    presets: ClassVar[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {}
    ladder: ClassVar[tuple[float, ...]] = (1.0, 1.5, 2.0, 3.0)
    """Factors of `refined` at which gradients are compared."""

    def __init__(self, specification: Settings, discretization: Settings, optimization: Settings):
        self.specification = specification
        self.discretization = discretization
        self.optimization = optimization

    def evaluate(self, parameters, stage: Mapping[str, Any] | None = None) -> Evaluation:
        """Design parameters -> density -> medium -> forward solve -> readings -> objective.

        Parameters
        ----------
        parameters : Array or ndarray
            Design parameters, of shape `design_shape`.
        stage : mapping, optional
            What the stage of a continuation sets (projection steepness, say); that of the final design by default.

        Returns
        -------
        Evaluation
            Differentiable by the tape that is recording, if any.

        Raises
        ------
        InputError
            When a target names none of the readings of `report`, or one that is complex.
        """
        stage = self.final_stage if stage is None else stage
        density = self.density(parameters, stage)
        readings = self.respond(density)
        reported = self.report(readings)
        for target in self.targets():
            if target.reading not in reported:
                raise unknown_reading(target, reported)
            if np.iscomplexobj(reported[target.reading]):
                raise InputError(f"target {target}", "a real reading", "a complex one", "report its magnitude, say, too")
        return Evaluation(self.objective(readings, stage), reported, self.constraints(parameters, stage))

    def respond(self, density) -> dict[str, Any]:
        """The part of the flow from the density on: medium -> forward solve -> readings."""
        medium = self.medium(density)
        fields = self.solve(medium)
        return self.readings(fields)

    # -- what a problem defines ---------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Raise `InputError` now for settings that would fail only later, before a folder is made for a run."""

    def begin(self, stage: Mapping[str, Any], parameters: np.ndarray) -> None:
        """Get ready for these design parameters and others near by: make a new mesh, say. Must depend on the arguments alone.

        Called when a stage begins, before the final design is delivered, before a design from a file is evaluated, and before
        derivatives are tested.

        Raises
        ------
        StepRejected
            When there is no simulation of them; all stays as it was.
        """

    def rebuilt(self, **changes) -> Problem:
        """The same problem with other settings of its discretization."""
        return type(self)(self.specification, self.discretization.model_copy(update=changes), self.optimization)

    def refined(self, factor: float) -> Problem:
        """The same problem and design parameters on cells smaller by ``factor``.

        Raises
        ------
        InputError
            When the problem has no such, or it cannot be simulated.
        """
        raise InputError("problem", "one that can be refined", self.name, "choose another, or define its method refined()")

    @property
    def design_shape(self) -> tuple[int, ...]:
        """Shape of the design parameters."""
        raise NotImplementedError

    def initial_design(self, rng: np.random.Generator) -> np.ndarray:
        """Design parameters to start from, of shape `design_shape`."""
        raise NotImplementedError

    def bounds(self) -> tuple[float, float]:
        """Least and largest value of the design parameters."""
        return 0.0, 1.0

    def stages(self) -> Sequence[Stage]:
        """The continuation, in order."""
        raise NotImplementedError

    @property
    def final_stage(self) -> Mapping[str, Any]:
        """Stage parameters under which the final design is judged."""
        return self.stages()[-1].parameters

    def density(self, parameters, stage):
        """Design parameters -> physical density (or shape)."""
        raise NotImplementedError

    def medium(self, density):
        """Density -> inputs of the solver."""
        raise NotImplementedError

    def solve(self, medium):
        """Inputs of the solver -> its monitors' readings."""
        raise NotImplementedError

    def readings(self, fields) -> dict[str, Any]:
        """Monitors' readings -> engineering figures, taped."""
        raise NotImplementedError

    def objective(self, readings, stage):
        """Engineering figures -> what is minimized, taped."""
        raise NotImplementedError

    def constraints(self, parameters, stage) -> dict[str, Any]:
        """Taped scalars by name, feasible where none is positive."""
        return {}

    def report(self, readings) -> dict[str, np.ndarray]:
        """Engineering figures as plain numbers and arrays."""
        return {name: np.asarray(value) for name, value in readings.items()}

    def targets(self) -> Sequence[Target]:
        """What the readings are to reach."""
        return ()

    def deliver(self, folder: Path, parameters: np.ndarray, status: str) -> None:
        """Write the final design and what is made from it into a run's folder: ``design.h5``, and whatever a problem adds."""
        from adjointdesign.parameters import write_parameters

        readings = self.evaluate(parameters).readings
        write_parameters(folder / "design.h5", parameters, readings, problem=self.name, status=status)

    def pictures(self, folder: Path) -> Sequence[Picture]:
        """Pictures of what `deliver` wrote, for the report."""
        return ()

    def summarize(self, folder: Path) -> Sequence[str]:
        """Lines for people about what `deliver` wrote."""
        return ()

    def evaluate_file(self, path: Path) -> dict[str, Any]:
        """Objective and readings of a design that a file describes: of design parameters, unless overridden.

        Fit for JSON: complex readings are pairs ``[real part, imaginary part]``.
        """
        from adjointdesign.parameters import read_parameters

        parameters = read_parameters(path, self.design_shape)
        self.begin(self.final_stage, parameters)
        result = self.evaluate(parameters)
        return self.file_result(path, result.objective, result.readings)

    def file_result(self, path: Path, objective, readings: Mapping[str, Any]) -> dict[str, Any]:
        """What `evaluate_file` gives, of an objective (of several values the largest) and what `report` makes of readings."""
        readings = {name: np.asarray(values) for name, values in readings.items()}
        return {
            "problem": self.name,
            "design": str(path),
            "format": path.suffix.lstrip("."),
            "objective": float(np.max(np.asarray(objective))),
            "readings": {name: _pairs(values).tolist() for name, values in readings.items()},
            "targets_met": all(t.violation(t.worst(readings[t.reading])) <= 0 for t in self.targets()),
        }

    def table(self, result: Mapping[str, Any]) -> str:
        """What `evaluate_file` gave, for people."""
        lines = [f"objective {result['objective']:.6g}"]
        lines += [f"{name} {np.array2string(np.asarray(v), precision=6)}" for name, v in result["readings"].items()]
        for target in self.targets():
            met = target.violation(target.worst(result["readings"][target.reading])) <= 0
            lines.append(f"{target}: {'met' if met else 'MISSED'}")
        return "\n".join(lines)


def _pairs(values: np.ndarray) -> np.ndarray:
    """Complex values as pairs along a last axis; real ones as they are."""
    return np.stack([values.real, values.imag], axis=-1) if np.iscomplexobj(values) else values


def value_and_gradient(problem: Problem, parameters: np.ndarray, stage: Mapping[str, Any] | None = None):
    """Evaluate a design and all its gradients from one recording.

    Parameters
    ----------
    problem : Problem
        What to evaluate.
    parameters : ndarray
        Design parameters, of any shape with the right number of entries.
    stage : mapping, optional
        See `Problem.evaluate`.

    Returns
    -------
    values : ndarray, shape (k,)
        The objective, or its values where the largest counts.
    jacobian : ndarray, shape (k, n)
        Their gradients.
    constraints, constraint_jacobian : ndarray, shapes (m,), (m, n)
        The same for the constraints.
    readings : dict
        See `Evaluation`.
    """
    from adjointdesign.tape import Array, Control, ReducedFunctional, recording

    parameters = np.asarray(parameters, dtype=float)
    with recording() as tape:
        control = Array(parameters.reshape(problem.design_shape))
        result = problem.evaluate(control, stage)

        def rows(quantity):
            functional = ReducedFunctional(quantity, Control(control), tape=tape)
            if not isinstance(quantity, Array):
                return [float(quantity)], [functional.derivative().data.ravel()]
            seeds = np.eye(quantity.data.size)
            gradients = [functional.derivative(Array(s.reshape(quantity.shape))).data.ravel() for s in seeds]
            return list(quantity.data.ravel()), gradients

        values, jacobian = rows(result.objective)
        constraints, constraint_jacobian = [], []
        for quantity in result.constraints.values():
            value, gradient = rows(quantity)
            constraints += value
            constraint_jacobian += gradient
    empty = np.zeros((0, parameters.size))
    return (
        np.array(values), np.array(jacobian), np.array(constraints),
        np.array(constraint_jacobian) if constraint_jacobian else empty, result.readings,
    )  # fmt: skip
