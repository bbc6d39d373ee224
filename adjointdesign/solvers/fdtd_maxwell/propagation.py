"""One run of the Yee program, forward and back, as a `Sweep` of the time loop.

Forward, in scaled fields (H times eta0): ``H -= curl E + M``, then ``p E' = q E + curl H - J``; see `medium.py`.

Adjoint. Let e be the cotangent of E and w the cell-volume weight of its place. In the scaled variables ``e~ = e / (p w)``
and ``h~ = -h / w`` the transposed step reads ``h~ -= curl e~``, ``p e~ = q e~ + curl h~``: the Yee step again, with the
absorbing layer transposed. The variation of the medium gives
``dJ = sum_n w e~(n+1) . (dq E(n) - dp E(n+1))``, hence

    dJ/d eps   = - w sum_n e~(n+1) . (E(n+1) - E(n))
    dJ/d sigma = - w dt/(2 eps0) sum_n e~(n+1) . (E(n+1) + E(n)),

on faces with a permeability mu (``h~ = -h / (mu w)`` there) likewise

    dJ/d mu    = + w sum_n h~(n+1/2) . (H(n+1/2) - H(n-1/2)),

and the same lines, with the tangent of one factor at a time, give the second-order adjoint. The tangent of E and the
tangent of e~ are both driven by the box source ``cb (dq F(before) - dp F(after))`` of `sweep.py`. Dispersive media have a
memory beside the fields, of which `dispersive.py` shows that its transpose is itself; these lines stay as they are.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.solvers.fdtd_maxwell import sweep
from adjointdesign.solvers.fdtd_maxwell.poles import Drives


class HistoryPool:
    """Reuses the memory of box histories, since fresh pages cost more than the copy into them."""

    def __init__(self, shapes, dtype):
        self.shapes, self.dtype = tuple(shapes), dtype
        self._free: dict[int, list] = {}

    def take(self, steps: int) -> tuple[np.ndarray, ...]:
        """Uninitialized history of ``steps`` steps: one array of ``steps + 1`` levels a component."""
        free = self._free.get(steps)
        return free.pop() if free else tuple(np.empty((steps + 1, *s), self.dtype) for s in self.shapes)

    def give(self, history: tuple[np.ndarray, ...]) -> None:
        """Return a history for reuse."""
        self._free.setdefault(len(history[0]) - 1, []).append(history)

    def clear(self) -> None:
        """Give the memory of returned histories back to the system."""
        self._free.clear()

    @property
    def bytes_per_step(self) -> int:
        """Size of one level."""
        return sum(int(np.prod(s)) for s in self.shapes) * np.dtype(self.dtype).itemsize


class Variation:
    """Change of the medium and of the source amplitudes: the right-hand side of the tangent.

    ``dq``, ``dp``, ``dmu`` and ``ds`` as `Program.variation` gives them.
    """

    def __init__(self, dq, dp, dmu, ds, amplitudes):
        self.dq, self.dp, self.dmu, self.ds, self.amplitudes = dq, dp, dmu, ds, amplitudes


class Propagation:
    """Fields, readings and gradients of one run.

    Parameters
    ----------
    program : Program
        Everything that does not change between runs.
    coefficients : Coefficients
        Electric coefficients of this run's medium.
    amplitudes : ndarray of complex
        Source amplitudes.
    steps, steps_per_unit : int
        Length of the run and of one unit of the time loop.
    variation : Variation, optional
        With it, the tangent runs beside the primal.
    """

    def __init__(self, program, coefficients, amplitudes, steps, steps_per_unit, variation=None):
        self.program, self.doors, self.pool = program, program.doors, program.pool
        self.amplitudes, self.variation = amplitudes, variation
        self.steps, self.steps_per_unit = steps, steps_per_unit
        self.forward_scheme = program.scheme(coefficients, transposed=False)
        self.adjoint_scheme = program.scheme(coefficients, transposed=True)
        self.state = program.zero_state()
        self.readings = self.doors.readings(steps)
        self.tangent = self.tangent_readings = None
        if variation is not None:
            self.tangent, self.tangent_readings = program.zero_state(), self.doors.readings(steps)
        self._kept: dict[int, tuple] = {}
        self._none = tuple(np.empty((1, 1, 1, 1), program.dtype) for _ in self.pool.shapes)

    def _range(self, unit: int) -> tuple[int, int]:
        first = unit * self.steps_per_unit
        return first, min(first + self.steps_per_unit, self.steps)

    # -- forward ------------------------------------------------------------------------------------------------------

    def advance(self, first: int, last: int, keep: bool, replay: bool) -> None:
        """Advance over units; see `timeloop.march.Sweep`."""
        for unit in range(first, last):
            n0, n1 = self._range(unit)
            store = keep or self.tangent is not None
            history = self.pool.take(n1 - n0) if store else self._none
            drives = self._take_drives(n1 - n0)
            self._forward_block(
                self.state, self.amplitudes, n0, n1, replay, self.readings, history, store, drives=drives
            )
            kept = [history]
            if self.tangent is not None:
                tangent_history = self.pool.take(n1 - n0) if keep else self._none
                self._forward_block(
                    self.tangent, self.variation.amplitudes, n0, n1, replay, self.tangent_readings, tangent_history,
                    keep, source=history, drives=drives,
                )  # fmt: skip
                kept.append(tangent_history)
            self._give_drives(drives)
            if keep:
                self._kept[unit] = tuple(kept)
            elif store:
                self.pool.give(history)

    def _door_blocks(self, n0: int, n1: int) -> list[tuple[int, int]]:
        """Ranges of steps whose values at the doors are buffered at a time (see `Program.door_steps`)."""
        return [(n, min(n + self.program.door_steps, n1)) for n in range(n0, n1, self.program.door_steps)]

    def _levels(self, history, first: int, last: int):
        """The levels of a history that belong to some of its steps."""
        return history if history is self._none else tuple(h[first : last + 1] for h in history)

    def _change(self, source):
        """The change of the medium that goes with a history as source, if there is one."""
        return self.program.no_variation if source is None else (self.variation.dq, self.variation.dp, self.variation.dmu)

    def _take_drives(self, steps: int):
        """Room for the currents of dispersive media over a block, where a variation of strengths will need them."""
        if self.variation is None or not self.program.places.designed:
            return None
        return self.program.drive_pool.take(steps)

    def _give_drives(self, drives) -> None:
        if drives is not None:
            self.program.drive_pool.give(drives)

    def _drives(self, drives, source: bool, first: int, last: int) -> Drives:
        """The currents of some steps, as what a sweep keeps or as what drives it."""
        none = self.program.no_drives
        if drives is None:
            return none
        levels = tuple(d[first:last] for d in drives)
        if source:
            return none._replace(source=levels, change=self.variation.ds)
        return none._replace(kept=levels, keep=True)

    def _forward_block(self, state, amplitudes, n0, n1, replay, readings, history, store, source=None, drives=None):
        change = self._change(source)
        for first, last in self._door_blocks(n0, n1):
            ports = self.doors.forward_ports(amplitudes, first, last, not replay)
            levels = first - n0, last - n0
            sweep.advance(
                state.fields, state.psi_h, state.psi_e, state.poles, self.forward_scheme, ports, last - first,
                self.program.box_starts, self._levels(history, *levels), store,
                self._levels(source, *levels) if source is not None else self._none, source is not None, *change,
                self._drives(drives, source is not None, *levels),
            )  # fmt: skip
            if not replay:
                self.doors.accumulate(readings, ports, first, last)

    def save(self) -> tuple:
        """Copies of the primal and tangent state."""
        return self.state.copy(), self.tangent.copy() if self.tangent is not None else None

    def restore(self, state: tuple) -> None:
        """Set primal and tangent state."""
        self.state.assign(state[0])
        if self.tangent is not None:
            self.tangent.assign(state[1])

    def release(self) -> None:
        """Give all kept histories back to the pool."""
        for kept in self._kept.values():
            for history in kept:
                self.pool.give(history)
        self._kept.clear()

    # -- reverse ------------------------------------------------------------------------------------------------------

    def set_cotangents(self, cotangents: dict, cotangent_tangents: dict | None = None, amplitudes: bool = True) -> None:
        """Choose what the next reverse sweep starts from: cotangents of the readings, and their tangents.

        ``amplitudes`` says whether the gradient in the source amplitudes is wanted too.
        """
        self.amplitudes_wanted = amplitudes
        self.raw = self.doors.raw_cotangents(cotangents)
        self.raw_tangents = None
        if self.variation is not None:
            self.raw_tangents = self.doors.raw_cotangents(cotangent_tangents or {})

    def begin_reverse(self) -> None:
        """Start the adjoint fields from the cotangents of the last sample."""
        self.adjoint = self.program.zero_state()
        self.gradient = Gradient(self.program, len(self.amplitudes))
        self._arrive(self.adjoint, self.raw)
        if self.variation is not None:
            self.adjoint_tangent = self.program.zero_state()
            self.second = Gradient(self.program, len(self.amplitudes))
            last = self.pool.take(1)
            sweep.store_box(self.adjoint.fields, self.program.box_starts, last, 0)
            self._arrive(self.adjoint_tangent, self.raw_tangents, source=last)
            self.pool.give(last)

    def _arrive(self, state, raw, source=None):
        sweep.arrive(
            state.fields, self.adjoint_scheme, self.doors.arrival_ports(raw, self.steps), self.program.box_starts,
            source if source is not None else self._none, 0, source is not None, *self._change(source)[:2],
        )  # fmt: skip

    def reverse(self, last: int, first: int, drop: bool) -> None:
        """Reverse over units; see `timeloop.march.Sweep`."""
        for unit in range(last - 1, first - 1, -1):
            n0, n1 = self._range(unit)
            kept = self._kept[unit]
            if self.variation is None:
                self._adjoint_block(self.adjoint, self.raw, n0, n1, kept[0], self.gradient)
            else:
                history, tangent_history = kept
                adjoint_history, drives = self.pool.take(n1 - n0), self._take_drives(n1 - n0)
                self._adjoint_block(self.adjoint, self.raw, n0, n1, tangent_history, self.second, store=adjoint_history,
                                    amplitudes=False, drives=drives)  # fmt: skip
                self._adjoint_block(self.adjoint_tangent, self.raw_tangents, n0, n1, history, self.second,
                                    source=adjoint_history, drives=drives)  # fmt: skip
                self.pool.give(adjoint_history)
                self._give_drives(drives)
            if drop:
                for history in self._kept.pop(unit):
                    self.pool.give(history)

    def _adjoint_block(self, state, raw, n0, n1, history, gradient, store=None, source=None, amplitudes=True,
                       drives=None):  # fmt: skip
        change = self._change(source)
        for first, last in reversed(self._door_blocks(n0, n1)):
            ports = self.doors.adjoint_ports(raw, first, last)
            levels = first - n0, last - n0
            sweep.retreat(
                state.fields, state.psi_h, state.psi_e, state.poles, self.adjoint_scheme, ports, last - first,
                self.program.box_starts, self._levels(history, *levels), True,
                (gradient.difference, gradient.sum, gradient.strengths), self.program.conductivity_wanted,
                self._levels(store, *levels) if store is not None else self._none, store is not None,
                self._levels(source, *levels) if source is not None else self._none, source is not None, *change,
                self._drives(drives, source is not None, *levels),
            )  # fmt: skip
            if amplitudes and self.amplitudes_wanted:
                self.doors.amplitude_cotangents(gradient.amplitudes, ports, first, last)


class Gradient:
    """Sums over time from which the gradient follows, in double precision."""

    def __init__(self, program, sources: int):
        self.program = program
        self.difference = tuple(np.zeros(s) for s in program.pool.shapes)
        self.sum = tuple(np.zeros(s if program.conductivity_wanted else (1,) * len(s)) for s in program.pool.shapes[:-1])
        self.strengths = tuple(np.zeros((len(program.places.designed), *s)) for s in program.pool.shapes[:-1])
        self.amplitudes = np.zeros(sources, dtype=complex)

    def permittivity(self, number: int) -> np.ndarray:
        """``dJ/d eps`` of electric component ``number`` over the box."""
        weights = self.program.box_weights[number]
        return -weights * self.difference[number].reshape(weights.shape)

    def permeability(self, component: str) -> np.ndarray:
        """``dJ/d mu`` of a magnetic component over the magnetic box."""
        return self.program.permeability.gradient(component, self.difference[-1].ravel())

    def conductivity(self, number: int) -> np.ndarray:
        """``dJ/d sigma`` of electric component ``number`` over the box, per S/m."""
        weights = self.program.box_weights[number]
        return -weights * self.sum[number].reshape(weights.shape) * (self.program.dt / (2 * EPS0))

    def strength(self, number: int, material: str) -> np.ndarray:
        """``dJ/ds`` of a designed dispersive material in electric component ``number`` over the box."""
        weights = self.program.box_weights[number]
        return -weights * self.strengths[number][self.program.places.designed.index(material)].reshape(weights.shape)

