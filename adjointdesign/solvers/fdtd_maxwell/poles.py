"""The auxiliary currents of dispersive places inside the compiled sweeps; the equations are in `dispersive.py`.

Dispersive places are kept as *runs*: pieces of a storage row along which the same materials are present. The memory of a
run is one stretch of it for every relaxation, two (real and imaginary part) for every resonance, in the order of its
materials and their poles. All of this works on a range of rows ``first <= i < last`` along x, like `gates.py`.
"""

from typing import NamedTuple

import numpy as np

from adjointdesign.solvers.fdtd_maxwell.compiled import distinct, kernel

J, BEGIN, END, PLACE, MEMORY, SET, INSIDE = range(7)
"""Columns of `Runs.table`: middle slot, first slot and one past the last, number of the first place, start of the memory, set
of materials, and whether the run lies in the design box."""
U = np.uint64


class Runs(NamedTuple):
    """Runs of one component, row by row: those of row ``i`` are numbers ``starts[i]`` to ``starts[i + 1] - 1``."""

    table: np.ndarray
    starts: np.ndarray


class Poles(NamedTuple):
    """Materials: set ``t`` holds the materials ``members[sets[t]:sets[t + 1]]``, material ``m`` the poles ``starts[m]`` to
    ``starts[m + 1] - 1``; ``paired`` tells resonances from relaxations.

    ``number[m]`` is the place of material ``m`` among those whose strength is designed, or -1; ``now`` and ``next`` are the
    weights ``g + h`` and ``g`` with which its strength meets the field before and after a step.
    """

    sets: np.ndarray
    members: np.ndarray
    starts: np.ndarray
    paired: np.ndarray
    decay: np.ndarray
    drive: np.ndarray
    number: np.ndarray
    now: np.ndarray
    next: np.ndarray


class Disperse(NamedTuple):
    """All constants of the dispersive places of a run; ``gain[c][m, place]`` is ``s / p``, ``keep[c][place]`` is ``q / p``."""

    present: bool
    runs: tuple
    keep: tuple
    gain: tuple
    poles: Poles


class Drives(NamedTuple):
    """Histories of the currents per unit strength of the designed materials in the box, ``(steps, materials, *box)``.

    ``kept`` are written where ``keep``; with ``change``, the variation of the strengths, ``source`` drives the fields.
    """

    kept: tuple
    keep: bool
    source: tuple
    change: tuple


@distinct
def _relax(field, memory, gain, total, decay, drive):
    for k in range(U(len(total))):
        y = memory[k]
        total[k] += gain[k] * y
        memory[k] = y + (decay * y + drive * field[k])


@distinct
def _resonate(field, real, imag, gain, total, decay_real, decay_imag, drive_real, drive_imag):
    for k in range(U(len(total))):
        x, y, e = real[k], imag[k], field[k]
        total[k] += gain[k] * x
        real[k] = x + (decay_real * x - decay_imag * y + drive_real * e)
        imag[k] = y + (decay_imag * x + decay_real * y + drive_imag * e)


@distinct
def _take(field, keep, total):
    for k in range(U(len(total))):
        field[k] = keep[k] * field[k] - total[k]


@kernel
def disperse(fields, memory, d, first, last):
    """``E = (q / p) E - (s / p) sum Re Y`` where the medium is dispersive, and ``Y`` a step further with the old ``E``."""
    scratch = np.empty(fields[0].shape[2], fields[0].dtype)
    poles = d.poles
    for c in range(len(memory)):
        table, starts = d.runs[c]
        gains, keep, values = d.gain[c], d.keep[c], memory[c]
        for i in range(first, last):
            for t in range(starts[i], starts[i + 1]):
                run = table[t]
                begin, end, place, at = run[BEGIN], run[END], run[PLACE], run[MEMORY]
                n = end - begin
                field, total = fields[c][i, run[J], begin:end], scratch[:n]
                total[:] = 0
                for slot in range(poles.sets[run[SET]], poles.sets[run[SET] + 1]):
                    m = poles.members[slot]
                    gain = gains[m, place : place + n]
                    for p in range(poles.starts[m], poles.starts[m + 1]):
                        decay, drive = poles.decay[p], poles.drive[p]
                        if poles.paired[p]:
                            _resonate(field, values[at : at + n], values[at + n : at + 2 * n], gain, total,
                                      decay[0], decay[1], drive[0], drive[1])  # fmt: skip
                            at += 2 * n
                        else:
                            _relax(field, values[at : at + n], gain, total, decay[0], drive[0])
                            at += n
                _take(field, keep[place : place + n], total)


@kernel
def _current(values, poles, m, at, n, total):
    """``sum Re Y`` of material ``m`` on a run of ``n`` places, whose memory begins at ``at``; returns where it ends."""
    total[:] = 0
    for p in range(poles.starts[m], poles.starts[m + 1]):
        part = values[at : at + n]
        for k in range(n):
            total[k] += part[k]
        at += 2 * n if poles.paired[p] else n
    return at


@kernel
def keep_currents(memory, d, start, kept, step, first, last):
    """Write ``sum Re Y`` of the designed materials in the box to level ``step`` of ``kept``."""
    poles = d.poles
    for c in range(len(memory)):
        table, starts = d.runs[c]
        scratch = np.empty(kept[c].shape[4], kept[c].dtype)
        for i in range(first, last):
            for t in range(starts[i], starts[i + 1]):
                run = table[t]
                if run[INSIDE] == 0:
                    continue
                at, n, z = run[MEMORY], run[END] - run[BEGIN], run[BEGIN] - start[c, 2]
                for slot in range(poles.sets[run[SET]], poles.sets[run[SET] + 1]):
                    m = poles.members[slot]
                    at = _current(memory[c], poles, m, at, n, scratch[:n])
                    if poles.number[m] >= 0:
                        kept[c][step, poles.number[m], i - start[c, 0], run[J] - start[c, 1], z : z + n] = scratch[:n]


@kernel
def strength_source(fields, cb, start, source, step, change, first, last):
    """``E -= cb ds sum Re Y`` in the box: what a change of the strengths injects through the currents."""
    for c in range(len(cb)):
        levels, ds = source[c], change[c]
        begin, end = max(first - start[c, 0], 0), max(min(last - start[c, 0], ds.shape[1]), 0)
        for m in range(ds.shape[0]):
            for i in range(begin, end):
                for j in range(ds.shape[2]):
                    for k in range(ds.shape[3]):
                        x, y, z = i + start[c, 0], j + start[c, 1], k + start[c, 2]
                        fields[c][x, y, z] -= cb[c][x, y, z] * ds[m, i, j, k] * levels[step, m, i, j, k]


@kernel
def accumulate_strengths(fields, memory, d, start, history, level, sums, first, last):
    """Add ``e ((g + h) F[level] + g F[level + 1]) + F[level] sum Re V`` of the designed materials to ``sums``.

    ``F`` is the history of one sweep in the box, ``e`` and ``V`` the fields and the memory of the other as they are now.
    """
    poles = d.poles
    for c in range(len(memory)):
        table, starts = d.runs[c]
        scratch = np.empty(fields[0].shape[2], fields[0].dtype)
        for i in range(first, last):
            for t in range(starts[i], starts[i + 1]):
                run = table[t]
                if run[INSIDE] == 0:
                    continue
                at, n, z = run[MEMORY], run[END] - run[BEGIN], run[BEGIN] - start[c, 2]
                x, y = i - start[c, 0], run[J] - start[c, 1]
                field, total = fields[c][i, run[J], run[BEGIN] : run[END]], scratch[:n]
                before, after = history[c][level, x, y, z : z + n], history[c][level + 1, x, y, z : z + n]
                for slot in range(poles.sets[run[SET]], poles.sets[run[SET] + 1]):
                    m = poles.members[slot]
                    at = _current(memory[c], poles, m, at, n, total)
                    if poles.number[m] >= 0:
                        now, following = poles.now[m], poles.next[m]
                        target = sums[c][poles.number[m], x, y, z : z + n]
                        for k in range(n):
                            target[k] += field[k] * (now * before[k] + following * after[k]) + before[k] * total[k]
