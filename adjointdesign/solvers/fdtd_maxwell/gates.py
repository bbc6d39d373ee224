"""Where values enter and leave the fields inside the compiled sweeps.

Each member of a team of threads does its share, and no more than that: every ``size``-th component for what is
injected, an even part of the samples, the rows ``first <= i < last`` of a box.
"""

import numpy as np

from adjointdesign.solvers.fdtd_maxwell.compiled import kernel


@kernel
def enter(team, fields, first, last, gains, ports, row, images):
    """Inject ``gain value`` into components ``first`` to ``last - 1``, then set the slots that repeat other slots."""
    me, _ = team
    for c in range(first + me[0], last, me[1]):
        field, gain, into, values = fields[c].ravel(), gains[c], ports.into[c], ports.values[c]
        for k in range(len(into)):
            field[into[k]] += gain[k] * values[row, k]
        target, origin, sign = images[c]
        for k in range(len(target)):
            field[target[k]] = sign[k] * field[origin[k]]


@kernel
def sample(team, fields, first, last, ports, row):
    """Read components ``first`` to ``last - 1`` at their indices."""
    me, _ = team
    for c in range(first, last):
        field, out_of, samples = fields[c].ravel(), ports.out_of[c], ports.samples[c]
        n = len(out_of)
        for k in range(me[0] * n // me[1], (me[0] + 1) * n // me[1]):
            samples[row, k] = field[out_of[k]]


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
