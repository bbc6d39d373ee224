"""Maxwell's equations in the time domain on the Yee grid, with exact tangent, adjoint and second-order adjoint."""

from __future__ import annotations

import logging
import math
from contextlib import contextmanager
from functools import lru_cache
from numbers import Integral

import numba
import numpy as np
from threadpoolctl import ThreadpoolController

from adjointdesign.errors import InputError
from adjointdesign.solvers.fdtd_maxwell.medium import Box, Medium
from adjointdesign.solvers.fdtd_maxwell.program import Program
from adjointdesign.solvers.fdtd_maxwell.propagation import Propagation, Variation
from adjointdesign.solvers.fdtd_maxwell.run_length import Decay, Steps
from adjointdesign.tape import Footprint, Solver
from adjointdesign.timeloop.march import March
from adjointdesign.timeloop.schedules import NAMES, Plan, parse_bytes, plan

logger = logging.getLogger(__name__)
_PRECISIONS = {"double": np.float64, "single": np.float32}
_BLOCK = 64


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    """Handle on the BLAS libraries of this process; finding them takes milliseconds, so it is done once."""
    return ThreadpoolController()


class FdtdMaxwell(Solver):
    """FDTD on the Yee grid.

    Inputs of a run, each optional (what is left out keeps the background medium, or unit amplitude):
    ``permittivity_x``, ``_y``, ``_z`` (relative) and ``conductivity_x``, ``_y``, ``_z`` (S/m) over the design box at the
    positions of the electric component, shape ``box.shape("ex")`` and so on; ``permeability_x`` and so on (relative) over
    the magnetic box, shape ``magnetic_box.shape("hx")``; ``strength_<name>_x``, ``_y``, ``_z``, the strength of a dispersive
    material over the design box (see `Dispersive`), for those in ``designed``; ``amplitudes``, complex, one a source. Where a
    medium is dispersive, ``permittivity`` is that at infinite frequency.
    Outputs: the reading of every monitor, by its name.

    Parameters
    ----------
    medium : Medium
        Background, which also fixes the grid. Modes of sources and monitors are computed from it.
    sources, monitors : sequence
        See `adjointdesign.sources` and `adjointdesign.monitors`; names must differ.
    boundaries : sequence
        `Cpml`, `Pec`, `Pmc` or `Periodic`, one (or a pair low, high) an axis.
    run_length : Steps or Decay
        When to stop. The number of steps of the first run is kept for all later ones, so that the readings are one
        differentiable function of the inputs.
    box : Box, optional
        Where the medium is designed; everywhere by default. Gradients are exact there, and its field history is what
        memory is needed for.
    magnetic_box : Box, optional
        Magnetic components whose permeability is designed, and where; none by default.
    courant : float
        Time step over the largest stable one.
    minimum_permittivity : float, optional
        Least relative permittivity (at infinite frequency) that inputs may have; by default the least of the background, or, on
        graded grids and with a permeability, what is stable with the background's time step.
        Poles do not shorten the time step, see `dispersive.py`.
    extremes : sequence of mapping
        Inputs with which it must be stable too, on graded grids and with a permeability (there see `stability.py`); the
        ``permittivity`` and ``permeability`` among them count.
    precision : {"double", "single"}
        Precision of the fields; readings and gradients are summed in double precision.
    schedule : {"auto", "memory", "revolve", "disk"}
        Checkpoint schedule, see `adjointdesign.timeloop.schedules.plan`.
    memory_budget : str or int
        What history and snapshots may take, such as ``"2GiB"``.
    conductivity_gradient : bool
        Whether conductivity is a designed quantity (its sums cost memory traffic).
    threads : int, optional
        Number of threads; all by default.
    designed : sequence of str
        Names of the medium's dispersive materials whose strengths are inputs; each has its memory in the whole box.

    Raises
    ------
    InputError
        When an argument cannot be used.
    """

    def __init__(self, medium: Medium, sources, monitors, *, boundaries, run_length: Steps | Decay, box: Box | None = None,
                 magnetic_box: Box | None = None, courant: float = 0.95, minimum_permittivity: float | None = None,
                 extremes=(), precision: str = "double",
                 schedule: str = "auto", memory_budget: str | int = "2GiB", conductivity_gradient: bool = False,
                 threads: int | None = None, designed=()):  # fmt: skip
        if precision not in _PRECISIONS:
            raise InputError("precision", f"one of {', '.join(_PRECISIONS)}", precision, "choose one of these")
        if not 0 < courant < 1:
            raise InputError("courant", "a number between 0 and 1", courant, "try 0.95")
        if schedule not in NAMES:
            raise InputError("schedule", f"one of {', '.join(NAMES)}", schedule, "choose one of these")
        if threads is not None and not (isinstance(threads, Integral) and threads >= 1):
            raise InputError("threads", "a whole number of at least 1, or None for all", threads, "correct it")
        if not isinstance(run_length, (Steps, Decay)):
            raise InputError("run_length", "Steps(count) or Decay()", run_length, "use one of these")
        endless = [s.name for s in sources if isinstance(run_length, Decay) and not math.isfinite(s.waveform.duration)]
        if endless:
            raise InputError(
                "run_length", "Steps(count) for a source that never ends", f"Decay with source '{endless[0]}'",
                "give a number of steps, or the source a pulse",
            )  # fmt: skip
        designed = (designed,) if isinstance(designed, str) else tuple(designed)
        unknown = [name for name in designed if name not in medium.dispersive]
        if unknown or len(set(designed)) < len(designed):
            known = f"names, each once, among the medium's dispersive materials ({', '.join(medium.dispersive)})"
            raise InputError("designed", known, designed, "add the material with Medium.filled, or leave it out")
        names = [x.name for x in (*sources, *monitors)]
        if len(set(names)) != len(names):
            raise InputError("names of sources and monitors", "all different", names, "rename the repeated ones")
        self.program = Program(medium, sources, monitors, boundaries, box, courant, minimum_permittivity,
                               _PRECISIONS[precision], conductivity_gradient, magnetic_box, extremes,
                               designed)  # fmt: skip
        self.run_length, self.schedule, self.memory_budget = run_length, schedule, parse_bytes(memory_budget)
        self.threads = threads
        self.steps = run_length.count if isinstance(run_length, Steps) else None
        self._memo: tuple[dict, Propagation, March] | None = None

    # -- the contract -------------------------------------------------------------------------------------------------

    def forward(self, inputs) -> dict[str, np.ndarray]:
        """Run and keep the history that an adjoint at the same inputs needs."""
        self.forget()
        with self._threads():
            steps = self._run_steps(inputs)
            propagation, march = self._march(inputs, self._plan(steps))
            march.forward()
            readings = self.program.doors.read(propagation.readings)
        self._memo = ({k: np.array(v) for k, v in inputs.items()}, propagation, march)
        return readings

    def evaluate(self, inputs) -> dict[str, np.ndarray]:
        """Run for the readings alone."""
        with self._threads():
            steps = self._run_steps(inputs)
            propagation = self._propagation(inputs, steps, _BLOCK)
            propagation.advance(0, -(-steps // _BLOCK), keep=False, replay=False)
            return self.program.doors.read(propagation.readings)

    def tangent(self, inputs, tangents) -> dict[str, np.ndarray]:
        """Change of the readings for a change of the inputs."""
        with self._threads():
            steps = self._run_steps(inputs)
            propagation = self._propagation(inputs, steps, _BLOCK, self._variation(inputs, tangents))
            propagation.advance(0, -(-steps // _BLOCK), keep=False, replay=False)
            return self.program.doors.read(propagation.tangent_readings)

    def adjoint(self, inputs, cotangents) -> dict[str, np.ndarray]:
        """Gradient with respect to every input for cotangents of the readings."""
        with self._threads():
            propagation, march = self._history(inputs)
            propagation.set_cotangents(self._checked_cotangents(cotangents), amplitudes="amplitudes" in inputs)
            try:
                march.reverse()
            except BaseException:  # an interrupt as well: a schedule that stopped half way cannot be used again
                self.forget()
                raise
        return self._gradients(inputs, propagation.gradient)

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents) -> dict[str, np.ndarray]:
        """Derivative of `adjoint` along tangents of the inputs and of the cotangents.

        It keeps histories of its own within the same memory budget, so that of `forward` is given up.
        """
        self.forget()
        with self._threads():
            steps = self._run_steps(inputs)
            propagation, march = self._march(inputs, self._plan(steps, runs=2), self._variation(inputs, tangents))
            march.forward()
            propagation.set_cotangents(
                *map(self._checked_cotangents, (cotangents, cotangent_tangents)), amplitudes="amplitudes" in inputs
            )
            march.reverse()
        propagation.release()
        self.program.pool.clear()
        self.program.drive_pool.clear()
        return self._gradients(inputs, propagation.second)

    def forget(self) -> None:
        """Release the kept history."""
        if self._memo is not None:
            _, propagation, march = self._memo
            propagation.release()
            march.close()
            self._memo = None

    def footprint(self) -> Footprint | None:
        """What the history of a run takes; None before the first run of a solver with `Decay`."""
        if self.steps is None:
            return None
        return Footprint(self.steps, self.program.pool.bytes_per_step, self.program.state_bytes)

    def plan(self) -> Plan | None:
        """How a gradient is checkpointed; None before the first run of a solver with `Decay`.

        Raises
        ------
        InputError
            When the named schedule does not fit in the memory budget.
        """
        return None if self.steps is None else self._plan(self.steps)

    # -- parts --------------------------------------------------------------------------------------------------------

    @property
    def dt(self) -> float:
        """Time step, s."""
        return self.program.dt

    @contextmanager
    def _threads(self):
        """Threads of the sweeps as asked for; none but one for NumPy's products, which are small and between the sweeps.

        (Left alone, the BLAS threads spin against the sweeps': a gradient then cost three times as much, measured.)
        """
        before = numba.get_num_threads()
        numba.set_num_threads(min(self.threads or numba.config.NUMBA_NUM_THREADS, numba.config.NUMBA_NUM_THREADS))
        try:
            with _blas().limit(limits=1, user_api="blas"):
                yield
        finally:
            numba.set_num_threads(before)

    def _split(self, values) -> tuple[dict, dict, dict, dict]:
        """Box values of permittivity, conductivity and permeability by component, and of strengths by material and component."""
        strengths = {name: {} for name in self.program.places.designed}
        parts = {"permittivity": {}, "conductivity": {}, "permeability": {}, **{f"strength_{name}": part for name, part in strengths.items()}}
        for name, value in values.items():
            kind, _, axis = name.rpartition("_")
            if name == "amplitudes":
                continue
            component = ("h" if kind == "permeability" else "e") + axis
            if kind not in parts or component not in self._designed(kind):
                known = [f"{k}_{c[1]}" for k in parts for c in self._designed(k)] + ["amplitudes"]
                raise InputError("input of FdtdMaxwell", f"one of {', '.join(known)}", name, "rename or remove it")
            parts[kind][component] = value
        return parts["permittivity"], parts["conductivity"], parts["permeability"], strengths

    def _designed(self, kind: str) -> tuple[str, ...]:
        """Components of which a property may be an input."""
        return tuple(self.program.magnetic_box.slices) if kind == "permeability" else self.program.grid.electric

    def _amplitudes(self, values, default: complex) -> np.ndarray:
        count = len(self.program.doors.sources)
        amplitudes = np.asarray(values.get("amplitudes", np.full(count, default)), dtype=complex)
        if amplitudes.shape != (count,) or not np.all(np.isfinite(amplitudes)):
            raise InputError("amplitudes", f"{count} finite numbers, one a source", amplitudes, "give one a source")
        return amplitudes

    def _propagation(self, inputs, steps, steps_per_unit, variation=None) -> Propagation:
        coefficients = self.program.coefficients(*self._split(inputs))
        return Propagation(self.program, coefficients, self._amplitudes(inputs, 1.0), steps, steps_per_unit, variation)

    def _variation(self, inputs, tangents) -> Variation:
        if not self.program.conductivity_wanted and self._split(tangents)[1]:
            self._refuse_conductivity()
        return Variation(*self.program.variation(*self._split(tangents)), self._amplitudes(tangents, 0.0))

    def _plan(self, steps: int, runs: int = 1) -> Plan:
        _, step_bytes, state_bytes = self.footprint()
        # The second-order sweep keeps the histories of primal, tangent and, for one unit, adjoint.
        # The currents of designed dispersive media are kept for one unit, and only by that sweep.
        histories = 1 if runs == 1 else 3 + len(self.program.places.designed)
        return plan(steps, histories * step_bytes, runs * state_bytes, self.memory_budget, self.schedule, _BLOCK)

    def _march(self, inputs, chosen: Plan, variation=None) -> tuple[Propagation, March]:
        propagation = self._propagation(inputs, self.steps, chosen.steps_per_unit, variation)
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

    def _gradients(self, inputs, gradient) -> dict[str, np.ndarray]:
        rotation, electric, out = self.program.rotation, self.program.turned.grid.electric, {}
        for name in inputs:
            if name == "amplitudes":
                complex_input = np.iscomplexobj(inputs[name])
                out[name] = gradient.amplitudes if complex_input else gradient.amplitudes.real
                continue
            component = rotation.component(("h" if name.startswith("permeability") else "e") + name[-1])
            if name.startswith("permeability"):
                found = gradient.permeability(component)
            elif name.startswith("strength"):
                found = gradient.strength(electric.index(component), name[len("strength_") : -2])
            elif name.startswith("permittivity"):
                found = gradient.permittivity(electric.index(component))
            elif self.program.conductivity_wanted:
                found = gradient.conductivity(electric.index(component))
            else:
                continue
            out[name] = rotation.restored(found)
        return out

    def _checked_cotangents(self, cotangents) -> dict[str, np.ndarray]:
        doors = self.program.doors
        shapes = {m.name: (p.shape[0] if p.shape[0] >= 0 else self.steps, *p.shape[1:])
                  for m, p in zip(doors.monitors, doors.placements)}  # fmt: skip
        for name, values in cotangents.items():
            if name not in shapes:
                raise InputError("cotangents", f"names among the monitors {', '.join(shapes)}", name, "rename it")
            if np.shape(values) != shapes[name]:
                raise InputError(f"cotangent of '{name}'", f"shape {shapes[name]}", np.shape(values), "match the reading")
        return cotangents

    def _refuse_conductivity(self):
        raise InputError(
            "conductivity", "a solver made with conductivity_gradient=True", "a derivative with respect to it",
            "make the solver with conductivity_gradient=True",
        )  # fmt: skip

    # -- run length ---------------------------------------------------------------------------------------------------

    def _run_steps(self, inputs) -> int:
        """The number of steps; a decaying run finds it once, at the first inputs it sees."""
        if self.steps is None:
            self.steps = self._find_decay(inputs)
        return self.steps

    def _find_decay(self, inputs) -> int:
        rule = self.run_length
        end = max((s.waveform.duration for s in self.program.doors.sources), default=0.0)
        limit = int(np.ceil((end + rule.max_time) / self.dt))
        units = -(-limit // rule.every)
        propagation = self._propagation(inputs, units * rule.every, rule.every)
        given = {name: self.program.rotation.arrays(part) for name, part in self._split(inputs)[3].items()}
        strengths = [self.program.strengths(c, given) for c in self.program.turned.grid.electric]
        peak, steps = 0.0, units * rule.every
        for unit in range(units):
            propagation.advance(unit, unit + 1, keep=False, replay=True)
            energy = self._energy(propagation, strengths)
            peak = max(peak, energy)
            if (unit + 1) * rule.every * self.dt > end and energy <= rule.threshold * peak:
                steps = (unit + 1) * rule.every
                break
        else:
            logger.warning(
                "the field energy fell only to %.1e of its peak (asked: %.1e) within %.3g s; raise run length max_time",
                energy / peak if peak else 0.0, rule.threshold, limit * self.dt,
            )  # fmt: skip
        logger.debug("run length: %d steps of %.3g s", steps, self.dt)
        return steps

    def _energy(self, propagation: Propagation, strengths) -> float:
        """Integral of ``eps |E|^2 + mu |eta0 H|^2``, and what poles store, any unit.

        Of E alone a standing wave has none twice a period, and of both fields an oscillating plasma.
        """
        grid, medium, total = self.program.turned.grid, self.program.turned.medium, 0.0
        for c, field in zip(grid.components, propagation.state.fields):
            inside = grid.interior(c)
            squares = np.square(field.reshape(grid.shape)[inside], dtype=float)
            weight = medium.permeability.get(c) if c[0] == "h" else medium.permittivity[c]
            density = squares if weight is None else weight[inside] * squares
            for axis in reversed(range(grid.ndim)):
                density = density @ (grid.lengths(c, axis)[inside[axis]] / grid.spacing[axis])
            total += float(density)
        for number, memory in enumerate(propagation.state.poles):
            total += self.program.places.energy(number, memory, strengths[number])
        return total
