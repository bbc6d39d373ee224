"""One elastic run, forward and back, as a `Sweep` of the time loop.

Forward, with D the four differences of stress and G those of velocity: ``v += B (D s + f)``, then ``s += C G v``, B and C the time
step over density and times the moduli. The differences obey ``G^T W = -W D`` with the norms W of the grid. So for cotangents v', s'
of velocity and stress the scaled fields ``v~ = B v' / W`` and ``s~ = -C s' / W`` obey ``v~ += B D s~``, then ``s~ += C G v~``: the
forward step again, in reverse order of time, with the filters of the absorbing layers transposed. The medium's gradient is

    dJ/d rho = -(W / dt) sum_n v~ (v(n+1) - v(n)),        dJ = -W sum_n s~ : C^-1 dC G v,

and the tangents of v, s and of v~, s~ obey these steps with the sources ``-(d rho / rho) (v(n+1) - v(n))`` and ``dC G v``, made of
kept velocities: they are the only history. Sources and receivers act on velocities, through the jets of `interpolant.py`.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.solvers.fdtd_elastic import interpolant
from adjointdesign.solvers.fdtd_elastic.kernels import PAD, Change, Points, march


class State:
    """Fields and the memory of the absorbing layers."""

    def __init__(self, program):
        shape = tuple(n + 2 * PAD for n in program.grid.shape)
        self.velocities = tuple(np.zeros(shape, program.dtype) for _ in range(2))
        self.stresses = tuple(np.zeros(shape, program.dtype) for _ in range(3))
        self.memories = tuple(np.zeros((4, *shape), program.dtype) for _ in range(2))
        self._layers = program.layers

    def _parts(self):
        """All that is not zero: the memory lies in the layers, and, where it is filtered fields, there too."""
        yield from self.velocities
        yield from self.stresses
        (west, east), (top, bottom) = self._layers
        for memory in self.memories:
            yield from (memory[:2, : PAD + west], memory[:2, memory.shape[1] - PAD - east - 1 :])
            yield from (memory[2:, :, : PAD + top], memory[2:, :, memory.shape[2] - PAD - bottom - 1 :])

    def copy(self) -> list[np.ndarray]:
        """A copy of everything."""
        return [part.copy() for part in self._parts()]

    def assign(self, copies) -> None:
        """Set to a copy."""
        for part, copy in zip(self._parts(), copies):
            part[...] = copy

    @staticmethod
    def size(program) -> int:
        """Bytes of a copy."""
        fields = 5 * np.prod([n + 2 * PAD for n in program.grid.shape])
        (west, east), (top, bottom) = program.layers
        rows = (west + east + 1 + 2 * PAD) * program.grid.shape[1] + (top + bottom + 1 + 2 * PAD) * program.grid.shape[0]
        return int(fields + 4 * rows) * np.dtype(program.dtype).itemsize


class Variation:
    """The right-hand side of the tangent: change of the effective medium on the patch (and as compiled code takes it), of the
    coefficients of the sources' jets, and of the receivers' positions."""

    def __init__(self, effective, change: Change, coefficients: np.ndarray, receivers: np.ndarray):
        self.effective, self.change, self.coefficients, self.receivers = effective, change, coefficients, receivers


class Propagation:
    """Fields, readings and sums of one run.

    Parameters
    ----------
    program : Program
        What all runs share.
    effective : ndarray
        Effective medium.
    sources, receivers : Door
        Placed points.
    coefficients : ndarray, shape (sources, 2, jets)
        Of the sources' jets, over the cell's area.
    series : ndarray, shape (sources, steps)
        Their variation in time.
    orders : tuple of int
        Derivatives in the positions of sources and receivers that will be asked for.
    densities : bool
        Whether density is an input.
    steps_per_unit : int
        Length of a unit of the time loop.
    variation : Variation, optional
        With it, the tangent runs beside the primal.
    """

    def __init__(self, program, effective, sources, receivers, coefficients, series, orders, densities, steps_per_unit, variation=None):
        self.program, self.effective = program, effective
        self.sources, self.receivers = sources, receivers
        self.coefficients, self.series, self.densities = coefficients, series, densities
        self.steps, self.steps_per_unit = series.shape[1], steps_per_unit
        self.variation = variation
        self._source_jets = interpolant.jets_up_to(orders[0])
        self._receiver_jets = interpolant.jets_up_to(orders[1])
        self.forward_scheme, self.adjoint_scheme = (program.scheme(effective, transposed) for transposed in (False, True))
        self.state = State(program)
        count = len(receivers.index)
        self.readings = np.zeros((self.steps, count, 2, self._receiver_jets))
        self.tangent = self.tangent_readings = None
        if variation is not None:
            self.tangent, self.tangent_readings = State(program), np.zeros_like(self.readings)
        self._kept: dict[int, tuple] = {}
        self._none = np.zeros((1, *(1,) * len(program.history_shape)), program.dtype)
        self._nothing = Change(*(np.zeros((1, 1), program.dtype) for _ in Change._fields))
        self._no_sums = np.zeros((5, 1, 1), program.dtype)

    def _range(self, unit: int) -> tuple[int, int]:
        first = unit * self.steps_per_unit
        return first, min(first + self.steps_per_unit, self.steps)

    def _take(self, steps: int) -> np.ndarray:
        free = self.program.free_histories.get(steps)
        return free.pop() if free else np.empty((steps + 1, *self.program.history_shape), self.program.dtype)

    def _give(self, history: np.ndarray) -> None:
        self.program.free_histories.setdefault(len(history) - 1, []).append(history)

    def _march(self, state, scheme, into: Points, values, out_of: Points, samples, kept=None, source=None, histories=(), sums=()):
        none, nothing = self._none, self._no_sums
        one, two = (*histories, none, none)[:2]
        sum_one, sum_two = (*sums, nothing, nothing)[:2]
        march(
            state.velocities, state.stresses, *state.memories, scheme, into, np.ascontiguousarray(values, dtype=self.program.dtype),
            out_of, samples, self.program.patch, none if kept is None else kept, kept is not None, none if source is None else source,
            source is not None, self._nothing if source is None else self.variation.change, one, sum_one, two, sum_two,
            len(histories), self.densities,
        )  # fmt: skip

    # -- forward ------------------------------------------------------------------------------------------------------

    def advance(self, first: int, last: int, keep: bool, replay: bool) -> None:
        """Advance over units; see `timeloop.march.Sweep`."""
        for unit in range(first, last):
            n0, n1 = self._range(unit)
            kept = self._take(n1 - n0) if keep or self.tangent is not None else None
            self._forward(self.state, self.coefficients, n0, n1, self.readings, kept)
            both = [kept]
            if self.tangent is not None:
                both.append(self._take(n1 - n0) if keep else None)
                self._forward(self.tangent, self.variation.coefficients, n0, n1, self.tangent_readings, both[1], source=kept)
            if keep:
                self._kept[unit] = tuple(both)
            elif kept is not None:
                self._give(kept)

    def _forward(self, state, coefficients, n0, n1, readings, kept, source=None):
        values = coefficients * self.series[:, n0:n1].T[:, :, None, None]
        self._march(
            state, self.forward_scheme, self.sources.injected(coefficients.shape[2]), values,
            self.receivers.sampled(self._receiver_jets), readings[n0:n1], kept, source,
        )  # fmt: skip

    def save(self) -> tuple:
        """Copies of the primal and tangent state."""
        return self.state.copy(), self.tangent.copy() if self.tangent is not None else None

    def restore(self, state: tuple) -> None:
        """Set primal and tangent state."""
        self.state.assign(state[0])
        if self.tangent is not None:
            self.tangent.assign(state[1])

    def release(self) -> None:
        """Give all kept histories back for reuse."""
        for kept in self._kept.values():
            for history in kept:
                self._give(history)
        self._kept.clear()

    # -- reverse ------------------------------------------------------------------------------------------------------

    def set_cotangents(self, cotangents: np.ndarray, cotangent_tangents: np.ndarray | None = None) -> None:
        """What the next reverse sweep starts from: cotangents of the seismograms, ``(steps, receivers, 2)``, and their tangents."""
        self.cotangents = cotangents[..., None]
        if self.variation is not None:
            self.moved_cotangents = shifted(self.cotangents, self.variation.receivers)
            self.moved_cotangents[..., 0] += cotangent_tangents

    def begin_reverse(self) -> None:
        """Start at rest."""
        program, count = self.program, len(self.sources.index)
        self.adjoint = State(program)
        self.sums, self.jets = np.zeros((5, *program.shape)), np.zeros((count, 2, self._source_jets))
        if self.variation is not None:
            self.adjoint_tangent = State(program)
            self.tangent_sums, self.tangent_jets = np.zeros_like(self.sums), np.zeros_like(self.jets)

    def reverse(self, last: int, first: int, drop: bool) -> None:
        """Reverse over units; see `timeloop.march.Sweep`."""
        for unit in range(last - 1, first - 1, -1):
            n0, n1 = self._range(unit)
            kept = self._kept[unit]
            if self.variation is None:
                self._backward(self.adjoint, self.cotangents, n0, n1, self.jets, kept[:1], (self.sums,))
            else:
                adjoint = self._take(n1 - n0)
                self._backward(self.adjoint, self.cotangents, n0, n1, self.jets, kept, (self.sums, self.tangent_sums), kept=adjoint)
                self._backward(self.adjoint_tangent, self.moved_cotangents, n0, n1, self.tangent_jets, kept[:1], (self.tangent_sums,),
                               source=adjoint)  # fmt: skip
                self._give(adjoint)
            if drop:
                for history in self._kept.pop(unit):
                    self._give(history)

    def _backward(self, state, cotangents, n0, n1, jets, histories, totals, kept=None, source=None):
        values = cotangents[n0:n1][::-1]
        samples = np.zeros((n1 - n0, len(self.sources.index), 2, self._source_jets))
        # Over a block in the fields' precision, over blocks in double.
        sums = tuple(np.zeros(total.shape, self.program.dtype) for total in totals)
        self._march(
            state, self.adjoint_scheme, self.receivers.injected(values.shape[3]), values, self.sources.sampled(self._source_jets),
            samples, kept, source, histories, sums,
        )  # fmt: skip
        for total, part in zip(totals, sums):
            total += part
        jets += np.einsum("npcj,pn->pcj", samples, self.series[:, n0:n1][:, ::-1])

    # -- gradients ----------------------------------------------------------------------------------------------------

    def medium_cotangent(self) -> np.ndarray:
        """Cotangent of the effective medium on the patch."""
        return -self.program.weights * self.sums / self._denominator()

    def medium_cotangent_tangent(self) -> np.ndarray:
        """Its tangent."""
        denominator = self._denominator()
        found = self.tangent_sums / denominator
        relative = self.variation.effective / self.program.on_patch(self.effective)
        found[2:] -= self.sums[2:] / denominator[2:] * relative[2:]
        return -self.program.weights * found

    def _denominator(self) -> np.ndarray:
        rx, _, bulk, shear, corner = self.program.on_patch(self.effective)
        dt = np.full_like(rx, self.program.dt)
        return np.stack([dt, dt, 2 * bulk, 2 * shear, corner])


def shifted(coefficients: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Change of the coefficients ``(..., points, 2, jets)`` of jets that moving the points ``(points, 2)`` amounts to, one order more."""
    order = next(n for n in range(4) if interpolant.jets_up_to(n) == coefficients.shape[-1])
    out = np.zeros((*coefficients.shape[:-1], interpolant.jets_up_to(order + 1)))
    for jet in range(coefficients.shape[-1]):
        for axis in range(2):
            out[..., interpolant.raised(jet, axis)] += coefficients[..., jet] * positions[:, axis, None]
    return out
