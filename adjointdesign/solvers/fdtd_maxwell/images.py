"""Boundary conditions that repeat values: symmetry planes and periodic axes, as lists of copies between storage slots.

The magnetic ghosts beyond a symmetry plane of tangential E (a magnetic wall) are the mirror image with the opposite
sign; periodic ghosts and the last electric node of a periodic axis are copies. At a conducting wall there is nothing
to copy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from adjointdesign.grid.yee import OFFSETS, YeeGrid
from adjointdesign.solvers.fdtd_maxwell.absorber import Periodic, Pmc
from adjointdesign.solvers.fdtd_maxwell.gates import Places, places


class Images(NamedTuple):
    """Copies ``field[target] = sign field[origin]`` of one component, to make in turn after each update."""

    target: Places
    origin: np.ndarray
    sign: np.ndarray


def images(grid: YeeGrid, faces, component: str, dtype, across: bool) -> Images:
    """The copies of one component: those between rows (``across``: images in x) or those within a row (y and z).

    ``sign`` is plus or minus one, in the precision of the fields.
    """
    target, origin, sign = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0)]
    flat = np.arange(np.prod(grid.shape)).reshape(grid.shape)
    for axis in [0] if across else range(1, grid.ndim):
        for to, source, factor in _planes(component, OFFSETS[component][axis], grid.cells[axis], faces[axis]):
            target.append(flat.take(to, axis).ravel())
            origin.append(flat.take(source, axis).ravel())
            sign.append(np.full(target[-1].size, factor))
    slots = places(np.concatenate(target), grid.as_storage(grid.shape))
    return Images(slots, np.concatenate(origin), np.concatenate(sign).astype(dtype))


def _planes(component, offset, n, pair):
    """Planes ``(target, origin, sign)`` along one axis of ``n`` cells."""
    if component[0] == "e":
        return [(n + 1, 1, 1.0)] if offset == 0 and isinstance(pair[0], Periodic) else []
    if offset == 0:
        return []
    ghosts = []
    for face, ghost, inner, opposite in ((pair[0], 0, 1, n), (pair[1], n + 1, n, 1)):
        if isinstance(face, Pmc):
            ghosts.append((ghost, inner, -1.0))
        elif isinstance(face, Periodic):
            ghosts.append((ghost, opposite, 1.0))
    return ghosts
