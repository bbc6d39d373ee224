"""Where values enter and leave the fields inside the compiled sweeps.

All of these work on a range of rows ``first <= i < last`` along x, so that they may follow the update of a few rows
while those are still in the processor's caches, and so that no thread touches rows of another.
"""

from typing import NamedTuple

import numpy as np

from adjointdesign.solvers.fdtd_maxwell.compiled import kernel


class Places(NamedTuple):
    """Storage slots of one component, in any order and with repetitions, and where to find those of a row.

    ``index`` holds flat storage indices. ``order`` sorts them by row, and the slots of row ``i`` are numbers
    ``starts[i]`` to ``starts[i + 1] - 1`` of that order.
    """

    index: np.ndarray
    order: np.ndarray
    starts: np.ndarray


def places(index: np.ndarray, shape: tuple[int, ...]) -> Places:
    """`Places` of flat indices into storage of the given shape (rows along its first axis)."""
    row = np.asarray(index, dtype=np.int64) // int(np.prod(shape[1:]))
    order = np.argsort(row, kind="stable")
    return Places(np.asarray(index, dtype=np.int64), order, np.searchsorted(row[order], np.arange(shape[0] + 1)))


@kernel
def inject(fields, gains, ports, step, begin, end, first, last):
    """Add ``gain value`` at the doors of components ``begin`` to ``end - 1``."""
    for c in range(begin, end):
        index, order, starts = ports.into[c]
        if starts[first] == starts[last]:  # a flat view takes longer than to see that there is no need of one
            continue
        field, gain, values = fields[c].ravel(), gains[c], ports.values[c]
        for t in range(starts[first], starts[last]):
            k = order[t]
            field[index[k]] += gain[k] * values[step, k]


@kernel
def copy_images(fields, images, begin, end, first, last):
    """Set the slots of components ``begin`` to ``end - 1`` that repeat others, in turn; see `images.py`."""
    for c in range(begin, end):
        field = fields[c].ravel()
        target, origin, sign = images[c]
        for t in range(target.starts[first], target.starts[last]):
            k = target.order[t]
            field[target.index[k]] = sign[k] * field[origin[k]]


@kernel
def sample(fields, ports, step, begin, end, first, last):
    """Read components ``begin`` to ``end - 1`` at their doors."""
    for c in range(begin, end):
        index, order, starts = ports.out_of[c]
        if starts[first] == starts[last]:
            continue
        field, samples = fields[c].ravel(), ports.samples[c]
        for t in range(starts[first], starts[last]):
            k = order[t]
            samples[step, k] = field[index[k]]


@kernel
def _share(start, size, first, last):
    """Rows of a box of ``size`` rows from ``start`` that lie in a slab, counted within the box."""
    return np.uint64(max(first - start, 0)), np.uint64(max(min(last - start, size), 0))


@kernel
def _corner(start, c):
    return np.uint64(start[c, 0]), np.uint64(start[c, 1]), np.uint64(start[c, 2])


@kernel
def _keep(history, level, field, corner, share):
    x, y, z = corner
    for i in range(share[0], share[1]):
        for j in range(np.uint64(history.shape[2])):
            for k in range(np.uint64(history.shape[3])):
                history[level, i, j, k] = field[i + x, j + y, k + z]


@kernel
def keep_box(fields, start, history, level, first, last):
    """Copy the electric field inside the box into ``history[c][level]``; ``start[c]`` is the box's first slot."""
    for c in range(len(history)):
        share = _share(start[c, 0], history[c].shape[1], first, last)
        _keep(history[c], np.uint64(level), fields[c], _corner(start, c), share)


@kernel
def _add_variation(history, before, after, weight, field, cb, corner, share, dq, dp):
    x, y, z = corner
    for i in range(share[0], share[1]):
        for j in range(np.uint64(history.shape[2])):
            for k in range(np.uint64(history.shape[3])):
                source = weight * dq[i, j, k] * history[before, i, j, k] - dp[i, j, k] * history[after, i, j, k]
                field[i + x, j + y, k + z] += cb[i + x, j + y, k + z] * source


@kernel
def box_source(fields, cb, start, history, before, after, dq, dp, first, last):
    """``E += cb (dq F[before] - dp F[after])`` in the box: what a change of the medium injects.

    ``before < 0`` leaves the first term out.
    """
    weight = fields[0].dtype.type(1 if before >= 0 else 0)
    levels = np.uint64(max(before, 0)), np.uint64(after)
    for c in range(len(history)):
        share = _share(start[c, 0], history[c].shape[1], first, last)
        corner = _corner(start, c)
        _add_variation(history[c], levels[0], levels[1], weight, fields[c], cb[c], corner, share, dq[c], dp[c])


@kernel
def _accumulate(history, level, field, corner, share, difference, total, lossy):
    x, y, z = corner
    after = level + np.uint64(1)
    for i in range(share[0], share[1]):
        for j in range(np.uint64(history.shape[2])):
            for k in range(np.uint64(history.shape[3])):
                e = field[i + x, j + y, k + z]
                difference[i, j, k] += e * (history[after, i, j, k] - history[level, i, j, k])
            if lossy:
                for k in range(np.uint64(history.shape[3])):
                    e = field[i + x, j + y, k + z]
                    total[i, j, k] += e * (history[after, i, j, k] + history[level, i, j, k])


@kernel
def accumulate(fields, start, history, level, d_difference, d_sum, lossy, first, last):
    """Add ``e (F[level+1] - F[level])`` and, where ``lossy``, ``e (F[level+1] + F[level])`` of the box."""
    for c in range(len(history)):
        share = _share(start[c, 0], history[c].shape[1], first, last)
        _accumulate(history[c], np.uint64(level), fields[c], _corner(start, c), share, d_difference[c], d_sum[c], lossy)
