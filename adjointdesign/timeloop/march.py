"""One time loop for forward and adjoint sweeps, told by a checkpoint schedule what to keep and what to recompute.

The loop counts in *units*, blocks of time steps, and knows nothing of fields: a `Sweep` advances, reverses and copies them.
Schedules come from checkpoint_schedules (Dolci, Maddison, Ham, Pallez and Herrmann, JOSS 9(95), 6148, 2024).
"""

from __future__ import annotations

import pickle
import tempfile
from functools import singledispatchmethod
from pathlib import Path
from typing import Protocol

from checkpoint_schedules import (
    Copy,
    EndForward,
    EndReverse,
    Forward,
    Move,
    Reverse,
    SingleMemoryStorageSchedule,
    StorageType,
)


class Sweep(Protocol):
    """What a solver gives the time loop."""

    def advance(self, first: int, last: int, keep: bool, replay: bool) -> None:
        """Advance over units ``first`` to ``last - 1``; ``keep`` what reversing them needs; ``replay`` when run before."""

    def reverse(self, last: int, first: int, drop: bool) -> None:
        """Reverse over units ``last - 1`` to ``first``, and ``drop`` what was kept for them."""

    def save(self) -> object:
        """A copy of the forward state."""

    def restore(self, state: object) -> None:
        """Set the forward state to a copy that `save` made."""

    def begin_reverse(self) -> None:
        """Called once between the forward and the reverse part."""


class March:
    """One run of a schedule: `forward` to the end, then `reverse`, once or, where `reusable`, any number of times.

    Parameters
    ----------
    schedule : checkpoint_schedules.CheckpointSchedule
        A fresh schedule.
    units : int
        Number of units; an online schedule is told it.
    sweep : Sweep
        What is marched.
    """

    def __init__(self, schedule, units: int, sweep: Sweep):
        self.schedule, self.units, self.sweep = schedule, units, sweep
        self._memory: dict[int, object] = {}
        self._folder: tempfile.TemporaryDirectory | None = None
        self._replay = False

    @property
    def reusable(self) -> bool:
        """Whether `reverse` may be called again (everything is in memory and stays there)."""
        return isinstance(self.schedule, SingleMemoryStorageSchedule)

    def forward(self) -> None:
        """Run the forward part of the schedule."""
        self._run(EndForward)

    def reverse(self) -> None:
        """Run the reverse part of the schedule."""
        self._replay = True
        self.sweep.begin_reverse()
        self._run(EndReverse)
        self.close()

    def close(self) -> None:
        """Remove the snapshots on disk, if there are any."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _run(self, end) -> None:
        try:
            for action in self.schedule:
                self._act(action)
                if isinstance(action, end):
                    return
        except BaseException:  # an interrupt as well: what is on disk would stay behind
            self.close()
            raise

    @singledispatchmethod
    def _act(self, action):
        raise TypeError(f"checkpoint schedule action {action!r} is not one of Forward, Reverse, Copy, Move")

    @_act.register
    def _(self, action: Forward):
        if action.write_ics:
            self._write(action.n0, action.storage, self.sweep.save())
        last = min(action.n1, self.units)
        self.sweep.advance(action.n0, last, action.write_adj_deps, self._replay)
        if self.schedule.max_n is None and last == self.units:
            self.schedule.finalize(self.units)

    @_act.register
    def _(self, action: Reverse):
        self.sweep.reverse(action.n1, action.n0, action.clear_adj_deps and not self.reusable)

    @_act.register(Copy)
    @_act.register(Move)
    def _(self, action):
        self.sweep.restore(self._read(action.n, action.from_storage, isinstance(action, Move)))

    @_act.register(EndForward)
    @_act.register(EndReverse)
    def _(self, action):
        """Marks an end; the loops above stop there."""

    def _path(self, unit: int) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="adjointdesign-checkpoints-")
        return Path(self._folder.name) / f"{unit}.pickle"

    def _write(self, unit: int, storage: StorageType, state: object) -> None:
        if storage is StorageType.RAM:
            self._memory[unit] = state
        else:
            with open(self._path(unit), "wb") as file:
                pickle.dump(state, file, protocol=pickle.HIGHEST_PROTOCOL)

    def _read(self, unit: int, storage: StorageType, move: bool) -> object:
        if storage is StorageType.RAM:
            return self._memory.pop(unit) if move else self._memory[unit]
        path = self._path(unit)
        with open(path, "rb") as file:
            state = pickle.load(file)
        if move:
            path.unlink()
        return state
