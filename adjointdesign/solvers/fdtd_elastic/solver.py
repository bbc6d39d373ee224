"""Elastic waves in time in the plane, on a staggered grid, with exact tangent, adjoint and second-order adjoint."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.solvers.fdtd_elastic import interpolant
from adjointdesign.solvers.fdtd_elastic.grid import StaggeredGrid
from adjointdesign.solvers.fdtd_elastic.medium import NAMES, effective_adjoint, effective_second, effective_tangent
from adjointdesign.solvers.fdtd_elastic.program import Door, Program
from adjointdesign.solvers.fdtd_elastic.propagation import Propagation, State, Variation, shifted
from adjointdesign.solvers.fdtd_elastic.sources import MomentTensor, PointForce
from adjointdesign.tape import Footprint, Solver
from adjointdesign.timeloop.march import March
from adjointdesign.timeloop.schedules import NAMES as SCHEDULES
from adjointdesign.timeloop.schedules import Plan, parse_bytes, plan

_PRECISIONS = {"double": np.float64, "single": np.float32}
_BLOCK = 64
_SHAPES = {"forces": (2,), "moments": (2, 2), "source_positions": (2,), "receiver_positions": (2,)}


class FdtdElastic(Solver):
    """P and SV waves by finite differences of fourth order in space and second in time.

    Inputs of a run, each optional (what is left out keeps its value from when the solver was made, see `settings`):
    ``lame_lambda``, ``lame_mu`` (Pa) and ``density`` (kg/m^3) on the nodes of the design box; ``forces``, shape (forces, 2), N/m;
    ``moments``, shape (moment tensors, 2, 2), N m/m; ``source_positions``, shape (sources, 2), m, forces before moment tensors;
    ``receiver_positions``, shape (receivers, 2), m. Output: ``seismograms``, shape (receivers, 2, samples): velocity along x and z
    (positive downward), m/s, at `times`. The solid is at rest before the first step.

    Derivatives are those of the numbers computed, in positions too: what is read and applied is smooth in them
    (`interpolant.py`), from half a cell above a free surface. Attenuation is not modelled; a quality factor is no property of ``medium``.

    Parameters
    ----------
    grid : StaggeredGrid
        Nodes, layers included.
    medium : mapping
        ``lame_lambda``, ``lame_mu``, ``density`` on all nodes (or numbers). In the layers it should not change across them.
    sources : sequence of PointForce or MomentTensor
        What radiates.
    receivers : array_like, shape (receivers, 2)
        Positions, m.
    steps : int
        Number of time steps.
    samples : int, optional
        Readings, equally spaced from the beginning, each the mean of the velocities half a step before and after; by default there
        is one a step, half a step after the forces. The number of steps must be a multiple.
    boundaries : sequence
        `Cpml`, or a pair (low, high), along x and along z; the top may be `FreeSurface`.
    box : pair of pairs of int, optional
        First node and one past the last along x and z where the medium is designed; everywhere between the layers by default,
        but for three nodes beside them. Its velocity history is what memory is needed for.
    courant : float
        Time step over the stable limit of ``medium``.
    fastest : float, optional
        Fastest P wave (m/s) that inputs may bring, by default that of ``medium``.
    precision : {"double", "single"}
        Precision of the fields; readings and gradients are summed in double precision.
    schedule : {"auto", "memory", "revolve", "disk"}
        Checkpoint schedule, see `adjointdesign.timeloop.schedules.plan`.
    memory_budget : str or int
        What history and snapshots may take, such as ``"2GiB"``.

    Raises
    ------
    InputError
        When an argument cannot be used.

    Notes
    -----
    A run takes one thread. Order at a free surface: see `surface.py`; there density is that of the nodes, and its row of nodes has
    a share 7/18 of a cell in the norm in which traction is zero.
    """

    def __init__(self, grid: StaggeredGrid, medium: Mapping, sources: Sequence, receivers, *, steps: int, boundaries, samples: int | None = None, box=None,
                 courant: float = 0.9, fastest: float | None = None, precision: str = "double", schedule: str = "auto",
                 memory_budget: str | int = "2GiB"):  # fmt: skip
        for name, value, choices in (("precision", precision, _PRECISIONS), ("schedule", schedule, SCHEDULES)):
            if value not in choices:
                raise InputError(name, f"one of {', '.join(choices)}", value, "choose one of these")
        if not 0 < courant < 1:
            raise InputError("courant", "a number between 0 and 1", courant, "try 0.9")
        if not (isinstance(steps, Integral) and steps >= 1):
            raise InputError("steps", "a whole number of at least 1", steps, "correct it")
        if samples is not None and not (isinstance(samples, Integral) and samples >= 1 and steps % samples == 0):
            raise InputError("samples", f"a divisor of the {steps} steps", samples, "correct it, or leave it out for one a step")
        if fastest is not None and not (math.isfinite(fastest) and fastest > 0):
            raise InputError("fastest", "a positive velocity in m/s", fastest, "correct it, or leave it out")
        for source in sources:
            if not isinstance(source, (PointForce, MomentTensor)):
                raise InputError("sources", "PointForce or MomentTensor", type(source).__name__, "use one of these")
        if not sources:
            raise InputError("sources", "at least one", "none", "add one")
        forces = [s for s in sources if isinstance(s, PointForce)]
        moments = [s for s in sources if isinstance(s, MomentTensor)]
        self.sources = (*forces, *moments)
        self.samples = None if samples is None else int(samples)
        self.steps, self.schedule, self.memory_budget = int(steps), schedule, parse_bytes(memory_budget)
        self.program = Program(grid, medium, boundaries, box, courant, fastest, self.sources[0].waveform.center_frequency,
                               _PRECISIONS[precision])  # fmt: skip
        self.settings = {
            "forces": np.array([s.force for s in forces], float) if forces else np.zeros((0, 2)),
            "moments": np.array([s.moment for s in moments], float) if moments else np.zeros((0, 2, 2)),
            "source_positions": np.array([s.position for s in self.sources], float),
            "receiver_positions": np.atleast_2d(np.array(receivers, float)),
        }
        for name, value in self.settings.items():
            self._check_numbers(name, value, (len(value), *_SHAPES[name]))
        starts = self.dt * np.arange(self.steps)  # velocities are half a step later and earlier
        self.series = np.stack([np.real(s.waveform(starts)) for s in self.sources])
        self._orders = (1 if moments else 0), 0
        # Positions are checked, and what the outermost points take is made, before any run.
        self._doors({})
        self._memo: tuple[dict, Propagation, March] | None = None

    # -- the contract -------------------------------------------------------------------------------------------------

    def forward(self, inputs) -> dict[str, np.ndarray]:
        """Run and keep the history that an adjoint at the same inputs needs."""
        self.forget()
        propagation, march = self._marched(inputs, self.plan())
        march.forward()
        self._memo = ({k: np.array(v) for k, v in inputs.items()}, propagation, march)
        return self._read(propagation.readings)

    def evaluate(self, inputs) -> dict[str, np.ndarray]:
        """Run for the readings alone."""
        propagation = self._propagation(inputs, _BLOCK)
        propagation.advance(0, -(-self.steps // _BLOCK), keep=False, replay=False)
        return self._read(propagation.readings)

    def tangent(self, inputs, tangents) -> dict[str, np.ndarray]:
        """Change of the seismograms for a change of the inputs."""
        propagation = self._propagation(inputs, _BLOCK, tangents)
        propagation.advance(0, -(-self.steps // _BLOCK), keep=False, replay=False)
        return self._read(self._moved_readings(propagation))

    def adjoint(self, inputs, cotangents) -> dict[str, np.ndarray]:
        """Gradient with respect to every input for a cotangent of the seismograms."""
        propagation, march = self._history(inputs)
        propagation.set_cotangents(self._cotangents(cotangents))
        try:
            march.reverse()
        except BaseException:  # an interrupt as well: a schedule that stopped half way cannot be used again
            self.forget()
            raise
        return self._gradients(inputs, propagation)

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents) -> dict[str, np.ndarray]:
        """Derivative of `adjoint` along tangents of the inputs and of the cotangent.

        It keeps histories of its own within the same memory budget, so that of `forward` is given up.
        """
        self.forget()
        propagation, march = self._marched(inputs, self._plan(runs=2), tangents)
        march.forward()
        propagation.set_cotangents(self._cotangents(cotangents), self._cotangents(cotangent_tangents))
        march.reverse()
        propagation.release()
        self.program.free_histories.clear()
        return self._second_gradients(inputs, tangents, propagation)

    def forget(self) -> None:
        """Release the kept history."""
        if self._memo is not None:
            _, propagation, march = self._memo
            propagation.release()
            march.close()
            self._memo = None

    def footprint(self) -> Footprint:
        """What the history of a run takes."""
        size = int(np.prod(self.program.history_shape)) * np.dtype(self.program.dtype).itemsize
        return Footprint(self.steps, size, State.size(self.program))

    def plan(self) -> Plan:
        """How a gradient is checkpointed.

        Raises
        ------
        InputError
            When the named schedule does not fit in the memory budget.
        """
        return self._plan(runs=1)

    @property
    def dt(self) -> float:
        """Time step, s."""
        return self.program.dt

    @property
    def times(self) -> np.ndarray:
        """Times of the seismograms, s."""
        if self.samples is None:
            return self.dt * (np.arange(self.steps) + 0.5)
        return self.dt * np.arange(0, self.steps, self.steps // self.samples)

    # -- inputs -------------------------------------------------------------------------------------------------------

    @staticmethod
    def _check_numbers(name, value, shape):
        if np.shape(value) != shape:
            raise InputError(name, f"shape {shape}", np.shape(value), "match it")
        if np.iscomplexobj(value) or not np.all(np.isfinite(value)):
            raise InputError(name, "finite real numbers", "others", "correct them")

    def _checked(self, values, what: str) -> dict:
        """Values by name, each of the right shape.

        Raises
        ------
        InputError
            When one is not.
        """
        for name, value in values.items():
            if name not in NAMES and name not in self.settings:
                raise InputError(f"{what} of FdtdElastic", f"one of {', '.join((*NAMES, *self.settings))}", name, "rename or remove it")
            shape = self.settings[name].shape if name in self.settings else tuple(b - a for a, b in self.program.box)
            self._check_numbers(name if what == "input" else f"{what} of {name}", value, shape)
        return dict(values)

    def _doors(self, inputs) -> tuple[Door, Door]:
        return tuple(Door(self.program, name, np.asarray(inputs.get(name, self.settings[name]), float))
                     for name in ("source_positions", "receiver_positions"))  # fmt: skip

    def _coefficients(self, values, default) -> np.ndarray:
        """Of the jets of all sources: a force is a value, a moment tensor ``M`` a derivative, ``M_ij d/dx_j`` in the position."""
        forces, moments = (np.asarray(values.get(name, default[name]), float) for name in ("forces", "moments"))
        out = np.zeros((len(forces) + len(moments), 2, interpolant.jets_up_to(self._orders[0])))
        out[: len(forces), :, 0] = forces
        if len(moments):
            out[len(forces) :, :, 1:3] = moments
        return out / np.prod(self.program.grid.spacing)

    def _propagation(self, inputs, steps_per_unit, tangents=None, orders=(0, 0)) -> Propagation:
        inputs = self._checked(inputs, "input")
        effective = self.program.effective(inputs)
        coefficients = self._coefficients(inputs, self.settings)
        variation = None
        if tangents is not None:
            variation = self._variation(inputs, self._checked(tangents, "tangent"), effective, coefficients)
            orders = np.maximum(orders, (0, "receiver_positions" in tangents))
        return Propagation(
            self.program, effective, *self._doors(inputs), coefficients, self.series, tuple(np.add(self._orders, orders)),
            "density" in inputs, steps_per_unit, variation,
        )  # fmt: skip

    def _variation(self, inputs, tangents, effective, coefficients) -> Variation:
        patch, surface = self.program.patch_properties(inputs)
        change = effective_tangent(patch, self._on_patch(patch, tangents), surface)
        zeros = {name: np.zeros_like(value) for name, value in self.settings.items()}
        moved = self._coefficients(tangents, zeros)
        if "source_positions" in tangents:
            whole = shifted(coefficients, np.asarray(tangents["source_positions"], float))
            whole[..., : moved.shape[-1]] += moved
            moved = whole
        receivers = np.asarray(tangents.get("receiver_positions", zeros["receiver_positions"]), float)
        return Variation(change, self.program.change(effective, change), moved, receivers)

    def _on_patch(self, patch: np.ndarray, values) -> np.ndarray:
        """Values on the box (zero where absent) among the nodes of the patch."""
        out = np.zeros_like(patch)
        inside = self.program.in_box(out)
        for number, name in enumerate(NAMES):
            if name in values:
                inside[number] = values[name]
        return out

    # -- runs ---------------------------------------------------------------------------------------------------------

    def _plan(self, runs: int) -> Plan:
        _, step_bytes, state_bytes = self.footprint()
        # The second-order sweep keeps the histories of primal, tangent and, for one unit, adjoint.
        return plan(self.steps, (1 if runs == 1 else 3) * step_bytes, runs * state_bytes, self.memory_budget, self.schedule, _BLOCK)

    def _marched(self, inputs, chosen: Plan, tangents=None) -> tuple[Propagation, March]:
        order = 1 if tangents is None else 2
        orders = tuple(order * (name in inputs) for name in ("source_positions", "receiver_positions"))
        if tangents is not None:  # jets along the tangents enter every gradient
            orders = tuple(max(o, name in tangents) for o, name in zip(orders, ("source_positions", "receiver_positions")))
        propagation = self._propagation(inputs, chosen.steps_per_unit, tangents, orders)
        return propagation, March(chosen.schedule(), chosen.units, propagation)

    def _history(self, inputs) -> tuple[Propagation, March]:
        """The run kept by `forward` if it was at these inputs, else a new one; it serves one reverse sweep."""
        if self._memo is not None:
            kept, propagation, march = self._memo
            if kept.keys() == inputs.keys() and all(np.array_equal(kept[k], inputs[k]) for k in kept):
                if not march.reusable:
                    self._memo = None
                return propagation, march
        self.forward(inputs)
        return self._history(inputs)

    # -- outputs ------------------------------------------------------------------------------------------------------

    def _read(self, readings) -> dict[str, np.ndarray]:
        """Seismograms from the velocities of every step."""
        series = np.moveaxis(readings[..., 0], 0, -1)
        if self.samples is not None:
            every = self.steps // self.samples
            before = np.concatenate([np.zeros_like(series[..., :1]), series[..., every - 1 : -1 : every]], axis=-1)
            series = (before + series[..., ::every]) / 2
        return {"seismograms": np.ascontiguousarray(series)}

    def _moved_readings(self, propagation: Propagation) -> np.ndarray:
        """Tangents of the readings, with what moving the receivers adds."""
        return _moved(propagation.tangent_readings, propagation.readings, propagation.variation.receivers)

    def _cotangents(self, cotangents) -> np.ndarray:
        """Cotangents of the velocities of every step, ``(steps, receivers, 2)``: the transpose of `_read`."""
        shape = (len(self.settings["receiver_positions"]), 2, self.samples or self.steps)
        if set(cotangents) - {"seismograms"}:
            raise InputError("cotangents", "seismograms", ", ".join(cotangents), "rename it")
        values = np.asarray(cotangents.get("seismograms", np.zeros(shape)), float)
        self._check_numbers("cotangent of seismograms", values, shape)
        if self.samples is not None:
            every, series = self.steps // self.samples, np.zeros((*shape[:2], self.steps))
            series[..., ::every] = values / 2
            series[..., every - 1 : -1 : every] += values[..., 1:] / 2
            values = series
        return np.moveaxis(values, -1, 0)

    def _gradients(self, inputs, run: Propagation) -> dict[str, np.ndarray]:
        medium = ()
        if any(name in inputs for name in NAMES):
            patch, surface = self.program.patch_properties(inputs)
            medium = self.program.in_box(effective_adjoint(patch, run.medium_cotangent(), surface))
        readings = run.readings.transpose(1, 2, 3, 0)
        out = self._by_name(inputs, medium, run.jets)
        if "source_positions" in inputs:
            out["source_positions"] = _slope(run.coefficients, run.jets)
        if "receiver_positions" in inputs:
            out["receiver_positions"] = _slope(run.cotangents.transpose(1, 2, 3, 0), readings)
        return out

    def _second_gradients(self, inputs, tangents, run: Propagation) -> dict[str, np.ndarray]:
        medium = ()
        if any(name in inputs for name in NAMES):
            patch, surface = self.program.patch_properties(inputs)
            change = self._on_patch(patch, tangents)
            medium = self.program.in_box(
                effective_adjoint(patch, run.medium_cotangent_tangent(), surface)
                + effective_second(patch, change, run.medium_cotangent(), surface)
            )
        moved = np.asarray(tangents.get("source_positions", np.zeros_like(self.settings["source_positions"])), float)
        jets = _moved(run.tangent_jets, run.jets, moved)
        out = self._by_name(inputs, medium, jets)
        if "source_positions" in inputs:
            zeros = {name: np.zeros_like(value) for name, value in self.settings.items()}
            out["source_positions"] = _slope(run.coefficients, jets) + _slope(self._coefficients(tangents, zeros), run.jets)
        if "receiver_positions" in inputs:
            own = run.moved_cotangents[..., :1]
            out["receiver_positions"] = _slope(run.cotangents.transpose(1, 2, 3, 0), self._moved_readings(run).transpose(1, 2, 3, 0))
            out["receiver_positions"] += _slope(own.transpose(1, 2, 3, 0), run.readings.transpose(1, 2, 3, 0))
        return out

    def _by_name(self, inputs, medium, jets) -> dict[str, np.ndarray]:
        """Gradients in the medium and in the sources' coefficients."""
        out = {name: np.array(medium[NAMES.index(name)]) for name in NAMES if name in inputs}
        forces, area = len(self.settings["forces"]), np.prod(self.program.grid.spacing)
        if "forces" in inputs:
            out["forces"] = jets[:forces, :, 0] / area
        if "moments" in inputs:
            out["moments"] = jets[forces:, :, 1:3] / area
        return out


def _moved(tangents: np.ndarray, jets: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Tangents of jets ``(..., points, 2, jets)`` at points that move: as far as the next derivatives are known."""
    out = tangents.copy()
    for jet, orders in enumerate(interpolant.JETS[: jets.shape[-1]]):
        for axis in range(2):
            if sum(orders) < 3 and interpolant.raised(jet, axis) < jets.shape[-1]:
                out[..., jet] += jets[..., interpolant.raised(jet, axis)] * positions[:, axis, None]
    return out


def _slope(coefficients: np.ndarray, jets: np.ndarray) -> np.ndarray:
    """Derivative in the positions of ``sum coefficients jets``, both ``(points, 2, jets, ...)``; shape ``(points, 2)``."""
    out = np.zeros((len(jets), 2))
    for jet in range(coefficients.shape[2]):
        for axis in range(2):
            product = coefficients[:, :, jet] * jets[:, :, interpolant.raised(jet, axis)]
            out[:, axis] += product.reshape(len(jets), -1).sum(axis=1)
    return out
