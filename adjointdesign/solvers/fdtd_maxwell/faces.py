"""Faces of the grid whose permeability is not one: a correction of the magnetic update there, inside the compiled sweeps.

Few faces have one (around a thin wire, along the edge of a metal sheet, in a magnetic body), so the update of all others
stays as it is and these are gone through as a list: with ``m = 1 / mu`` the step ``H -= m curl E`` is the usual one and then
``H -= (m - 1) curl E``. In the scaled variables of `propagation.py` (there ``h~ = -m h / w``) the transposed step is the same
again. As in `gates.py` everything works on a range of rows along x.
"""

from typing import NamedTuple

import numpy as np

from adjointdesign.solvers.fdtd_maxwell.compiled import kernel


class Faces(NamedTuple):
    """Faces, in any order; the first ones are designed, as many as a history has columns.

    ``component``, ``index`` and ``slots`` say which field, which flat storage index and which slots along the three axes of storage,
    ``excess`` is ``1 / mu - 1``, and each row of ``around_component``, ``around`` (slots again) and ``weights`` holds the four electric
    values that make up the curl. ``order`` and ``starts`` find the faces of a row, as in `gates.Places`. Slots, since a flat view of
    a field costs more than the value that is read in it (5 % of a run of a patch antenna, whose metal has 820 such faces).
    """

    component: np.ndarray
    index: np.ndarray
    slots: np.ndarray
    excess: np.ndarray
    around_component: np.ndarray
    around: np.ndarray
    weights: np.ndarray
    order: np.ndarray
    starts: np.ndarray


@kernel
def correct_faces(fields, f, first, last):
    """``H -= (1 / mu - 1) curl E`` on the faces of some rows, after the usual update."""
    for t in range(f.starts[first], f.starts[last]):
        k = f.order[t]
        curl = f.excess.dtype.type(0)
        for m in range(4):
            curl += f.weights[k, m] * fields[f.around_component[k, m]][f.around[k, m, 0], f.around[k, m, 1], f.around[k, m, 2]]
        fields[f.component[k]][f.slots[k, 0], f.slots[k, 1], f.slots[k, 2]] -= f.excess[k] * curl


@kernel
def keep_faces(fields, f, history, level, first, last):
    """Copy the magnetic field on the designed faces into ``history[level, 0, 0]``."""
    for t in range(f.starts[first], f.starts[last]):
        k = f.order[t]
        if k < history.shape[3]:
            history[level, 0, 0, k] = fields[f.component[k]][f.slots[k, 0], f.slots[k, 1], f.slots[k, 2]]


@kernel
def face_source(fields, f, history, before, after, change, first, last):
    """``H += change / mu (F[before] - F[after])``: what a change of the permeability injects."""
    for t in range(f.starts[first], f.starts[last]):
        k = f.order[t]
        if k < history.shape[3]:
            difference = history[before, 0, 0, k] - history[after, 0, 0, k]
            fields[f.component[k]][f.slots[k, 0], f.slots[k, 1], f.slots[k, 2]] += (1 + f.excess[k]) * change[k] * difference


@kernel
def accumulate_faces(fields, f, history, level, total, first, last):
    """Add ``h (F[level + 1] - F[level])`` of the designed faces."""
    for t in range(f.starts[first], f.starts[last]):
        k = f.order[t]
        if k < history.shape[3]:
            difference = history[level + 1, 0, 0, k] - history[level, 0, 0, k]
            total[k] += fields[f.component[k]][f.slots[k, 0], f.slots[k, 1], f.slots[k, 2]] * difference
