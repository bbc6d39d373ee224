"""Which checkpoint schedule a memory budget affords, and how many steps make one unit of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from checkpoint_schedules import MultistageCheckpointSchedule, SingleMemoryStorageSchedule

from adjointdesign.errors import InputError

NAMES = ("auto", "memory", "revolve", "disk")
_UNITS = {"": 1, "b": 1, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}
_DISK_SNAPSHOTS = 100
_DISK_UNITS = 16


def parse_bytes(text: str | int | float) -> int:
    """Number of bytes of a size such as ``"2GiB"`` or ``500_000_000``.

    Raises
    ------
    InputError
        When it is not a positive number with an optional unit.
    """
    match = re.fullmatch(r"\s*([0-9.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*", str(text).lower())
    try:
        size = float(match[1]) * _UNITS[match[2]]
        if size > 0:
            return int(size)
    except (TypeError, KeyError, ValueError):
        pass
    raise InputError("memory_budget", "a positive size such as 2GiB or 500MB", text, "correct the number or its unit")


@dataclass(frozen=True)
class Plan:
    """A schedule's choice: its name, steps a unit, number of units, and snapshots it may keep."""

    name: str
    steps_per_unit: int
    units: int
    snapshots: int

    def schedule(self):
        """A fresh checkpoint schedule."""
        if self.name == "memory" or self.units == 1:
            return SingleMemoryStorageSchedule()
        ram, disk = (self.snapshots, 0) if self.name == "revolve" else (0, self.snapshots)
        return MultistageCheckpointSchedule(self.units, ram, disk)


def plan(steps: int, history_bytes: int, state_bytes: int, budget: int, name: str = "auto", block: int = 64) -> Plan:
    """Choose the schedule for ``steps`` time steps.

    Parameters
    ----------
    steps : int
        Number of time steps.
    history_bytes, state_bytes : int
        Size of what the adjoint of one step needs, and of one snapshot of the state.
    budget : int
        Bytes that history and snapshots together may take.
    name : {"auto", "memory", "revolve", "disk"}
        ``auto`` takes the first of memory (keep everything), revolve (binomial snapshots in memory) and disk (binomial
        snapshots on disk) that the budget affords.
    block : int
        Steps a unit where everything is kept.

    Notes
    -----
    Under revolve a unit is a block of steps whose history is kept while it is reversed. The split of the budget between
    that block and the snapshots is the one with the fewest recomputed steps (Griewank and Walther, ACM TOMS 26, 19
    (2000)); with no more than one unit beyond the snapshots everything is recomputed just once.

    Raises
    ------
    InputError
        When the named schedule does not fit in the budget, or the name is unknown.
    """
    if name not in NAMES:
        raise InputError("schedule", f"one of {', '.join(NAMES)}", name, "choose one of these")
    if name == "memory" or (name == "auto" and steps * history_bytes <= budget):
        if steps * history_bytes > budget:
            raise InputError(
                "memory_budget", f"at least {steps * history_bytes} bytes for schedule 'memory'", budget,
                "raise discretization.memory_budget or choose schedule 'revolve'",
            )  # fmt: skip
        return Plan("memory", min(block, steps), math.ceil(steps / min(block, steps)), 0)
    on_disk = name == "disk"
    if not on_disk:
        best = None
        for snapshots in range(1, max(2, budget // max(state_bytes, 1) + 1)):
            room = budget - snapshots * state_bytes
            if room < 2 * history_bytes:
                break
            length = min(steps, room // history_bytes - 1)
            units = math.ceil(steps / length)
            if units <= snapshots + 1:
                # Shorter blocks cost nothing once every unit has its snapshot.
                best = (1, snapshots, min(length, math.ceil(steps / (snapshots + 1))))
                break
            cost = extra_steps(units, snapshots) / units
            if best is None or cost < best[0]:
                best = (cost, snapshots, length)
        if best is not None and (best[1] >= 2 or name == "revolve" or best[0] == 1):
            _, snapshots, length = best
            return Plan("revolve", length, math.ceil(steps / length), snapshots)
        if name == "revolve":
            raise InputError(
                "memory_budget", f"at least {state_bytes + 2 * history_bytes} bytes for schedule 'revolve'", budget,
                "raise discretization.memory_budget or choose schedule 'disk'",
            )  # fmt: skip
    # The longest blocks that fit need the fewest snapshots; a few units at least, or nothing would go to disk.
    length = max(1, min(budget // max(history_bytes, 1) - 1, math.ceil(steps / _DISK_UNITS)))
    units = math.ceil(steps / length)
    return Plan("disk", length, units, max(1, min(units - 1, _DISK_SNAPSHOTS)))


def extra_steps(units: int, snapshots: int) -> int:
    """Units that binomial checkpointing at its best advances again (Griewank and Walther 2000, eqs. 5 and 6)."""
    r = 1
    while math.comb(snapshots + r, r) < units:
        r += 1
    return r * units - math.comb(snapshots + r, r - 1)
