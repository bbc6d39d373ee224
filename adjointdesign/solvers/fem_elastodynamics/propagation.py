"""One run for the time loop: advance, reverse, save and restore blocks of steps (`timeloop.march.Sweep`)."""

from __future__ import annotations

import numpy as np

from adjointdesign.solvers.fem_elastodynamics.functionals import Functionals
from adjointdesign.solvers.fem_elastodynamics.medium import Coefficients
from adjointdesign.solvers.fem_elastodynamics.wave import Scheme, Sums, Wave


class Propagation:
    """Waves, readings and gradients of one run.

    Parameters
    ----------
    program : Program
        What does not change between runs.
    coefficients : Coefficients
        Of this run's medium.
    sources, receivers : Functionals
        At this run's positions.
    source : ndarray
        Weights of the rows of ``sources``, (rows, steps).
    steps_per_unit : int
        Steps of one unit of the time loop.
    change : tuple, optional
        Changes of the coefficients and of the weights: with them the tangent runs beside the primal.

    Attributes
    ----------
    readings, tangent_readings : ndarray
        What every row of ``receivers`` reads, (rows, samples): this rank's part.
    source_gradient, source_gradient_change : ndarray
        What every row of ``sources`` reads of the adjoint, (rows, steps): this rank's part.
    medium_wanted : bool
        Whether reverse sweeps add up the gradient in the medium.
    """

    def __init__(self, program, coefficients: Coefficients, sources: Functionals, receivers: Functionals, source,
                 steps_per_unit: int, change: tuple | None = None):  # fmt: skip
        self.program, self.steps_per_unit, self.medium_wanted = program, steps_per_unit, True
        self.sources, self.receivers = sources, receivers
        self.scheme = Scheme(program, coefficients)
        self.source = program.dt**2 * source
        self.wave, self.readings = Wave(program), self._no_readings()
        self.tangent = None
        if change is not None:
            self.coefficient_change, self.source_change = change[0], program.dt**2 * change[1]
            self.tangent, self.tangent_readings = Wave(program), self._no_readings()
        self._kept: dict[int, tuple] = {}

    def _range(self, unit: int) -> tuple[int, int]:
        first = unit * self.steps_per_unit
        return first, min(first + self.steps_per_unit, self.program.steps)

    def _no_readings(self) -> np.ndarray:
        return np.zeros((self.receivers.count, self.program.steps // self.program.every))

    # -- forward ------------------------------------------------------------------------------------------------------

    def advance(self, first: int, last: int, keep: bool, replay: bool) -> None:
        """Advance over units; see `timeloop.march.Sweep`."""
        for unit in range(first, last):
            start, stop = self._range(unit)
            waves = (self.wave,) if self.tangent is None else (self.wave, self.tangent)
            levels = [np.empty((stop - start, *self.wave.now.shape)) for _ in waves] if keep else None
            for n in range(start, stop):
                self._forward_step(n, replay)
                if keep:
                    for kept, wave in zip(levels, waves):
                        kept[n - start] = wave.now
            if keep:
                self._kept[unit] = tuple(levels)

    def _forward_step(self, n: int, replay: bool) -> None:
        program = self.program
        self.wave.step(self.scheme, (self.sources, self.source[:, n]))
        if self.tangent is not None:
            force = (self.sources, self.source_change[:, n])
            self.tangent.step(self.scheme, force, (self.wave, self.coefficient_change))
        sample, rest = divmod(n + 1, program.every)
        if rest == 0 and not replay:
            self.readings[:, sample - 1] = self.receivers.apply(self.wave.now)
            if self.tangent is not None:
                self.tangent_readings[:, sample - 1] = self.receivers.apply(self.tangent.now)

    def save(self) -> tuple:
        """Copies of the primal and tangent state."""
        return self.wave.copy(), None if self.tangent is None else self.tangent.copy()

    def restore(self, state: tuple) -> None:
        """Set primal and tangent state."""
        self.wave.assign(state[0])
        if self.tangent is not None:
            self.tangent.assign(state[1])

    # -- reverse ------------------------------------------------------------------------------------------------------

    def set_cotangents(self, cotangents: np.ndarray, cotangent_tangents: np.ndarray | None = None) -> None:
        """Choose what the next reverse sweep starts from, of the shape of the readings."""
        self.cotangents, self.cotangent_tangents = cotangents, cotangent_tangents

    def begin_reverse(self) -> None:
        """Start the adjoint at rest."""
        program = self.program
        self.adjoint, self.sums = Wave(program), Sums(program)
        self.source_gradient = np.zeros_like(self.source)
        if self.tangent is not None:
            self.adjoint_tangent, self.sums_change = Wave(program), Sums(program)
            self.source_gradient_change = np.zeros_like(self.source)

    def reverse(self, last: int, first: int, drop: bool) -> None:
        """Reverse over units; see `timeloop.march.Sweep`."""
        for unit in range(last - 1, first - 1, -1):
            start, stop = self._range(unit)
            for n in range(stop, start, -1):
                self._reverse_step(n, [levels[n - 1 - start] for levels in self._kept[unit]])
            if drop:
                del self._kept[unit]

    def _reverse_step(self, n: int, levels: list[np.ndarray]) -> None:
        """From the multipliers of steps n and n + 1 to that of n - 1, which gave level n."""
        program = self.program
        self.adjoint.step(self.scheme, self._arriving(self.cotangents, n))
        self.source_gradient[:, n - 1] = program.dt**2 * self.sources.apply(self.adjoint.now)
        gradients = [program.gradient(level) for level in levels] if self.medium_wanted else []
        if self.medium_wanted:
            self.sums.add(levels[0], gradients[0], self.adjoint)
        if self.tangent is None:
            return
        self.adjoint_tangent.step(
            self.scheme, self._arriving(self.cotangent_tangents, n), (self.adjoint, self.coefficient_change)
        )
        self.source_gradient_change[:, n - 1] = program.dt**2 * self.sources.apply(self.adjoint_tangent.now)
        if self.medium_wanted:
            self.sums_change.add(levels[1], gradients[1], self.adjoint)
            self.sums_change.add(levels[0], gradients[0], self.adjoint_tangent)

    def _arriving(self, cotangents: np.ndarray, n: int):
        sample, rest = divmod(n, self.program.every)
        return (self.receivers, cotangents[:, sample - 1]) if rest == 0 else None
