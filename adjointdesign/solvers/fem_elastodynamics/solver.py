"""Acoustic and elastic waves in time by spectral elements and leapfrog, with exact tangent, adjoint and second order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from firedrake import Function

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics.attenuation import Relaxation, StandardLinearSolids
from adjointdesign.solvers.fem_elastodynamics.discretization import Discretization
from adjointdesign.solvers.fem_elastodynamics.medium import Coefficients, Medium
from adjointdesign.solvers.fem_elastodynamics.physics import physics_of
from adjointdesign.solvers.fem_elastodynamics.points import receivers_at, sources_at
from adjointdesign.solvers.fem_elastodynamics.program import Program
from adjointdesign.solvers.fem_elastodynamics.propagation import Propagation
from adjointdesign.tape import Footprint, Solver
from adjointdesign.timeloop.march import March
from adjointdesign.timeloop.schedules import NAMES, Plan, parse_bytes, plan

_BLOCK = 64
_PLACES = ("source_positions", "receiver_positions")
COURANT = 0.9
"""Time step over the stable limit of the medium given first, where none is asked for."""


class FemElastodynamics(Solver):
    """Waves in a medium of designed properties, from sources at points to seismograms.

    Inputs of a run, each optional: nodal values of this rank's own nodes of each function of ``medium``, in the shape of
    ``function.dat.data_ro`` (by default the values when the solver was made); and, the same on every rank and by default
    as in `settings`, ``source``, the samples of every source at `source_times`, shape (sources, steps);
    ``source_positions`` of the sources at points, and ``receiver_positions``, shape (points, dimension). Output:
    ``seismograms``, shape (receivers, components, samples), at `times`, the same on every rank. What is interpolated at a
    point is smooth in a cell: derivatives in a position are those in its cell. (Second ones in that of a moment tensor need cells with parallel sides.)

    The wave is at rest before the first step. The unknown, and what the receivers read, is the pressure in an acoustic
    medium (`physics.Acoustic`) and the displacement in an elastic one (`physics.Elastic`).

    Parameters
    ----------
    mesh : Mesh
        Triangles, quadrilaterals, tetrahedra or hexahedra.
    medium : mapping
        Property to the scalar function of any space that holds it. Acoustic: ``velocity`` (or ``bulk_modulus``) and
        ``density``. Elastic: ``density``, ``lame_lambda`` and ``lame_mu`` (or ``p_velocity`` and ``s_velocity``).
    sources : sequence
        `PointSource` (acoustic), `PointForce` or `MomentTensor` (elastic), or `Load`.
    receivers : array_like
        Positions, (receivers, dimension).
    duration : float
        s.
    samples : int, optional
        Readings, equally spaced up to the end; one a step by default.
    time_step : float, optional
        Largest time step, s; it is shortened so that a whole number fits between readings. By default `COURANT` of the
        stable limit of ``medium``; a medium in which waves become faster while it is designed needs a shorter one.
    degree : int
        Polynomial degree.
    absorbing : sequence of boundary tags
        Where waves leave; exact at normal incidence.
    fixed : sequence of boundary tags
        Where the unknown is zero: the free surface of a fluid, a rigid wall of a solid. Elsewhere its flux is zero.
    attenuation : StandardLinearSolids, optional
        Of an elastic medium, which then also has ``bulk_quality`` and ``shear_quality``; the moduli are those at
        frequencies far above its band.
    schedule : {"auto", "memory", "revolve", "disk"}
        Checkpoint schedule, see `adjointdesign.timeloop.schedules.plan`.
    memory_budget : str or int
        What history and snapshots may take on each rank, such as ``"2GiB"``.

    Notes
    -----
    No form is assembled in a run. A step costs, for each component of the unknown, a product with the sparse gradient B
    (``d (p + 1)^(d + 1)`` entries a cell of degree p with sides along the axes) and one with its transpose; a step of the
    reverse sweep costs those and one more with B, so that value and gradient take 2.5 times the products of a run when the
    whole history is kept. The history of a step is the unknown at the nodes. A medium that changes costs the Lanczos
    iteration of the limit of stability besides, some tens of steps.

    Raises
    ------
    InputError
        When an argument cannot be used.
    """

    def __init__(self, mesh, medium: Mapping[str, Function], sources: Sequence, receivers, *, duration: float,
                 samples: int | None = None, time_step: float | None = None, degree: int = 4, absorbing: Sequence = (),
                 fixed: Sequence = (), attenuation: StandardLinearSolids | None = None, schedule: str = "auto",
                 memory_budget: str | int = "2GiB"):  # fmt: skip
        if schedule not in NAMES:
            raise InputError("schedule", f"one of {', '.join(NAMES)}", schedule, "choose one of these")
        for name, value in (("duration", duration), ("time_step", 1.0 if time_step is None else time_step)):
            if not (math.isfinite(value) and value > 0):
                raise InputError(name, "a positive number of seconds", value, "correct it")
        if samples is not None and samples < 1:
            raise InputError("samples", "at least 1", samples, "raise it, or leave it out")
        self.schedule, self.memory_budget = schedule, parse_bytes(memory_budget)
        discretization = Discretization(mesh, degree)
        self.mesh, self.comm, self.space = mesh, mesh.comm, discretization.space
        physics = physics_of(medium, discretization.dimension, attenuation)
        self.functions = {name: medium[name] for name in physics.parameters}
        self.program = Program(
            discretization, physics, Medium(discretization, physics, self.functions, absorbing),
            sources_at(discretization, sources, physics.components),
            receivers_at(discretization, receivers, physics.components), discretization.nodes_on(fixed),
        )  # fmt: skip
        self._defaults = {name: f.dat.data_ro.copy() for name, f in self.functions.items()}
        self._memo: tuple[dict, Propagation, March] | None = None
        self._checked: np.ndarray | None = None
        for placement in (self.program.sources, self.program.receivers):
            placement.functionals(placement.positions, 0)  # refuses what is outside the mesh
        # Of all ranks the largest: every rank must follow the same schedule.
        self._level_bytes = max(self.comm.allgather(8 * physics.components * discretization.nodes))
        self._state_bytes = 2 * self._level_bytes
        self._set_steps(duration, samples, time_step)
        if attenuation is not None:
            self.program.relaxation = Relaxation(attenuation, self.dt)
            variables = attenuation.mechanisms * physics.components * discretization.dimension * discretization.points
            self._state_bytes += 8 * max(self.comm.allgather(variables))
        self.settings = {
            "source": self._sampled(sources),
            "source_positions": self.program.sources.positions,
            "receiver_positions": self.program.receivers.positions,
        }
        self._defaults |= self.settings

    def _set_steps(self, duration, samples, time_step):
        if time_step is None:
            time_step = COURANT * self.program.stable_step(self._coefficients(self._at_points(self._defaults)))
        program, parts = self.program, 1 if samples is None else samples
        program.every = math.ceil(duration / parts / time_step * (1 - 1e-12))
        program.steps = program.every * parts
        program.dt = duration / program.steps
        if samples is None:
            program.every = 1

    def _sampled(self, sources) -> np.ndarray:
        zero = np.zeros_like(self.source_times)
        return np.array([zero if s.waveform is None else np.real(s.waveform(self.source_times)) for s in sources])

    # -- times --------------------------------------------------------------------------------------------------------

    @property
    def dt(self) -> float:
        """Time step, s."""
        return self.program.dt

    @property
    def source_times(self) -> np.ndarray:
        """Times of the samples of ``source``, s: that of every step."""
        return self.dt * np.arange(self.program.steps)

    @property
    def times(self) -> np.ndarray:
        """Times of the samples of ``seismograms``, s."""
        return self.dt * self.program.every * np.arange(1, 1 + self.program.steps // self.program.every)

    def stable_step(self, inputs=None) -> float:
        """Largest stable time step at these inputs, s."""
        return self.program.stable_step(self._coefficients(self._at_points(self._full(inputs or {}))))

    # -- the contract -------------------------------------------------------------------------------------------------

    def forward(self, inputs) -> dict[str, np.ndarray]:
        """Run and keep the history that an adjoint at the same inputs needs."""
        return self._forward(self._full(inputs), _order(inputs, _PLACES, 1))

    def evaluate(self, inputs) -> dict[str, np.ndarray]:
        """Run for the seismograms alone."""
        run = self._run(self._full(inputs), 0)
        return self._named(self._readings(run.readings))

    def tangent(self, inputs, tangents) -> dict[str, np.ndarray]:
        """Change of the seismograms for a change of the inputs."""
        run = self._run(self._full(inputs), _order(tangents, _PLACES, 1), tangents)
        moved = self._moved(tangents, "receiver_positions")
        rows = self._totals(run.readings, run.tangent_readings)
        return self._named(self.program.receivers.readings_change(*rows, moved))

    def adjoint(self, inputs, cotangents) -> dict[str, np.ndarray]:
        """Gradient with respect to every input for a cotangent of the seismograms."""
        full, program = self._full(inputs), self.program
        run, march = self._history(full, _order(inputs, _PLACES, 1))
        run.medium_wanted = any(name in self.functions for name in inputs)
        g = self._rows(cotangents)
        run.set_cotangents(program.receivers.weights(g, run.receivers.count))
        try:
            march.reverse()
        except BaseException:  # an interrupt as well: a schedule that stopped half way cannot be used again
            self.forget()
            raise
        result = {}
        if run.medium_wanted:
            result |= program.medium.gradient(self._at_points(full), run.sums.coefficients)
        heard, read = self._totals(run.source_gradient, run.readings)
        result["source"] = heard[: program.sources.count]
        if _order(inputs, _PLACES, 1):
            result["source_positions"] = program.sources.gradient(full["source"], heard)
            result["receiver_positions"] = program.receivers.gradient(g, read)
        return {name: result[name] for name in inputs}

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents) -> dict[str, np.ndarray]:
        """Derivative of `adjoint` along tangents of the inputs and of the cotangents; gives up the history of `forward`."""
        self.forget()
        full, program, order = self._full(inputs), self.program, _order({**inputs, **tangents}, _PLACES, 2)
        run, march = self._march(full, self._plan(runs=2), order, tangents)
        run.medium_wanted = any(name in self.functions for name in inputs)
        s, ds = full["source"], np.asarray(tangents.get("source", np.zeros_like(full["source"])))
        g, dg = self._rows(cotangents), self._rows(cotangent_tangents)
        dx, dy = (self._moved(tangents, name) for name in _PLACES)
        rows = run.receivers.count
        run.set_cotangents(program.receivers.weights(g, rows), program.receivers.weights_change(g, dg, dy, rows))
        march.forward()
        march.reverse()
        result = {}
        if run.medium_wanted:
            moved = program.medium.at_points(self._media(tangents))
            sums = run.sums.coefficients, run.sums_change.coefficients
            result |= program.medium.gradient_change(self._at_points(full), moved, *sums)
        heard, heard_change = self._totals(run.source_gradient, run.source_gradient_change)
        result["source"] = program.sources.readings_change(heard, heard_change, dx)
        if order:
            read, read_change = self._totals(run.readings, run.tangent_readings)
            result["source_positions"] = program.sources.gradient_change(s, ds, heard, heard_change, dx)
            result["receiver_positions"] = program.receivers.gradient_change(g, dg, read, read_change, dy)
        return {name: result[name] for name in inputs}

    def forget(self) -> None:
        """Release the kept history."""
        if self._memo is not None:
            self._memo[2].close()
            self._memo = None

    def footprint(self) -> Footprint:
        """What the history of a run takes on the rank that has most."""
        return Footprint(self.program.steps, self._level_bytes, self._state_bytes)

    def field(self, inputs, step: int) -> Function:
        """The unknown after a number of steps.

        Raises
        ------
        InputError
            When the run has no such step.
        """
        if not 0 <= step <= self.program.steps:
            raise InputError("step", f"0 to {self.program.steps}", step, "correct it")
        propagation = self._propagation(self._full(inputs), 1, 0)
        propagation.advance(0, step, keep=False, replay=False)
        return self.program.discretization.function(propagation.wave.now)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _media(self, values) -> dict[str, np.ndarray]:
        return {name: value for name, value in values.items() if name in self.functions}

    def _full(self, inputs) -> dict[str, np.ndarray]:
        """The inputs, checked, with the defaults of those that are left out."""
        unknown = sorted(set(inputs) - set(self._defaults))
        if unknown:
            raise InputError("inputs", f"some of {', '.join(self._defaults)}", ", ".join(unknown), "rename or remove them")
        full = {}
        for name, default in self._defaults.items():
            value = full[name] = np.asarray(inputs.get(name, default))
            wrong = value.shape != default.shape or value.dtype.kind != "f" or not np.all(np.isfinite(value))
            if any(self.comm.allgather(bool(wrong))):
                raise InputError(
                    name, f"finite real numbers of shape {default.shape}",
                    f"shape {value.shape} of type {value.dtype}" + (" with NaN or infinity" if value.dtype.kind == "f" else ""),
                    "give one a node of the function, source and step, or coordinate",
                )  # fmt: skip
        return full

    def _at_points(self, full) -> np.ndarray:
        """Properties at the points.

        Raises
        ------
        InputError
            When one is so small that there is no wave.
        """
        points = self.program.medium.at_points(self._media(full))
        for name, (values, bound) in self.program.physics.bounded(points).items():
            least = min(self.comm.allgather(float(values.min(initial=math.inf))))
            if not least > bound:
                raise InputError(name, f"values above {bound:.3g} in every cell", least, "bound it from below")
        return points

    def _coefficients(self, points) -> Coefficients:
        return self.program.medium.coefficients(points)

    def _propagation(self, full, steps_per_unit: int, order: int, tangents=None) -> Propagation:
        program = self.program
        sources = program.sources.functionals(full["source_positions"], order)
        receivers = program.receivers.functionals(full["receiver_positions"], order)
        points = self._at_points(full)
        coefficients = self._coefficients(points)
        self._require_stable(points, coefficients)
        change = None
        if tangents is not None:
            moved = program.medium.at_points(self._media(tangents))
            samples = np.asarray(tangents.get("source", np.zeros_like(full["source"])))
            dx = self._moved(tangents, "source_positions")
            change = (
                program.medium.change(points, moved),
                program.sources.weights_change(full["source"], samples, dx, sources.count),
            )
        samples = program.sources.weights(full["source"], sources.count)
        return Propagation(program, coefficients, sources, receivers, samples, steps_per_unit, change)

    def _moved(self, tangents, name: str) -> np.ndarray:
        return np.asarray(tangents.get(name, np.zeros_like(self._defaults[name])))

    def _require_stable(self, points, coefficients) -> None:
        same = self._checked is not None and np.array_equal(points, self._checked)
        if all(self.comm.allgather(bool(same))):
            return
        limit = self.program.stable_step(coefficients)
        if self.dt > limit:
            raise InputError(
                "time_step", f"at most {limit:.6g} s, the limit of stability of this medium on this mesh", f"{self.dt:.6g} s",
                "shorten it, or bound the velocity from above",
            )  # fmt: skip
        self._checked = points

    def _forward(self, full, order: int) -> dict[str, np.ndarray]:
        self.forget()
        run, march = self._march(full, self._plan(), order)
        march.forward()
        self._memo = {"order": order, **{name: value.copy() for name, value in full.items()}}, run, march
        return self._named(self._readings(run.readings))

    def _run(self, full, order: int, tangents=None) -> Propagation:
        propagation = self._propagation(full, _BLOCK, order, tangents)
        propagation.advance(0, -(-self.program.steps // _BLOCK), keep=False, replay=False)
        return propagation

    def _plan(self, runs: int = 1) -> Plan:
        steps, step_bytes, state_bytes = self.footprint()
        return plan(steps, runs * step_bytes, runs * state_bytes, self.memory_budget, self.schedule, _BLOCK)

    def plan(self) -> Plan:
        """How a gradient is checkpointed.

        Raises
        ------
        InputError
            When the named schedule does not fit in the memory budget.
        """
        return self._plan()

    def _march(self, full, chosen: Plan, order: int, tangents=None) -> tuple[Propagation, March]:
        propagation = self._propagation(full, chosen.steps_per_unit, order, tangents)
        return propagation, March(chosen.schedule(), chosen.units, propagation)

    def _history(self, full, order: int) -> tuple[Propagation, March]:
        """The run kept by `forward` if it was at these inputs, else a new one; it serves one reverse sweep."""
        kept = self._memo
        same = kept is not None and kept[0]["order"] >= order and all(np.array_equal(kept[0][n], full[n]) for n in full)
        if not all(self.comm.allgather(bool(same))):
            self._forward(full, order)
            kept = self._memo
        if not kept[2].reusable:
            self._memo = None
        return kept[1:]

    def _shape(self) -> tuple[int, int, int]:
        components = self.program.physics.components
        return self.program.receivers.count // components, components, self.program.steps // self.program.every

    def _totals(self, *parts: np.ndarray) -> list[np.ndarray]:
        return [self.program.discretization.total(part) for part in parts]

    def _readings(self, rows: np.ndarray) -> np.ndarray:
        return self._totals(rows[: self.program.receivers.count])[0]

    def _named(self, readings: np.ndarray) -> dict[str, np.ndarray]:
        return {"seismograms": readings.reshape(self._shape())}

    def _rows(self, cotangents) -> np.ndarray:
        values = np.asarray(cotangents.get("seismograms", np.zeros(self._shape())), dtype=float)
        if values.shape != self._shape() or set(cotangents) - {"seismograms"}:
            raise InputError(
                "cotangents", f"'seismograms' of shape {self._shape()}", f"{sorted(cotangents)} of {values.shape}",
                "match the output",
            )  # fmt: skip
        return values.reshape(self.program.receivers.count, -1)


def _order(values, names, order: int) -> int:
    """Order of the derivatives that are needed where one of these names is among the values, else none."""
    return order if any(name in values for name in names) else 0
