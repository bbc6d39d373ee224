"""Compiled sweeps over a block of time steps: forward (`advance`) and adjoint (`retreat`).

Everything that meets the fields goes through four doors, so that each has an obvious transpose: values *injected* at flat
storage indices, values *sampled* at flat storage indices, the electric field of a *box* kept at every step, and a *box
source* made from such a history (the variation of the medium).

All arrays have three axes; in two dimensions the middle one has length one.

Times: the magnetic phase of step n ends at ``(n + 1/2) dt``, its electric phase at ``(n + 1) dt``.
"""

from typing import NamedTuple

import numba
import numpy as np

from adjointdesign.solvers.fdtd_maxwell.kernels import (
    PARALLEL,
    electric_phase,
    filter_electric,
    filter_magnetic,
    magnetic_phase,
)
from adjointdesign.solvers.fdtd_maxwell.rows import OPTIONS, flush_denormals, keep_denormals

WALL, MAGNETIC_WALL, PERIODIC = 0, 1, 2


class Scheme(NamedTuple):
    """All constants of one sweep: weights of both phases, electric coefficients, boundary codes ``(axis, side)``."""

    magnetic: tuple
    electric: tuple
    ca: tuple
    cb: tuple
    lossy: bool
    faces: np.ndarray
    out_of_plane_h: bool


class Ports(NamedTuple):
    """Doors for point values over a block of steps: a tuple over the components each.

    ``into`` and ``out_of`` hold flat storage indices; ``values`` and ``samples`` have one row a step.
    """

    into: tuple
    values: tuple
    out_of: tuple
    samples: tuple


@numba.njit(**OPTIONS)
def _face_planes(field, axis, target, source, sign):
    if axis == 0:
        field[target] = sign * field[source]
    elif axis == 1:
        field[:, target] = sign * field[:, source]
    else:
        field[:, :, target] = sign * field[:, :, source]


@numba.njit(**OPTIONS)
def _half_integer(component, axis, electric, n_fields, out_of_plane_h):
    """Whether field number ``component`` is staggered (half-integer) along storage ``axis``."""
    if n_fields == 6:
        return (component % 3 == axis) == electric
    if electric:
        return out_of_plane_h and 2 * component == axis
    if out_of_plane_h:
        return True
    return 2 * (component - 1) != axis


@numba.njit(**OPTIONS)
def fill_magnetic_ghosts(fields, n_electric, faces, out_of_plane_h):
    """Set the ghost slots of the staggered magnetic components from the boundary conditions."""
    for axis in range(3):
        low, high = faces[axis, 0], faces[axis, 1]
        if low == WALL and high == WALL:
            continue
        for c in range(n_electric, len(fields)):
            if not _half_integer(c, axis, False, len(fields), out_of_plane_h):
                continue
            f = fields[c]
            n = f.shape[axis] - 2
            if low == MAGNETIC_WALL:
                _face_planes(f, axis, 0, 1, -1)
            elif low == PERIODIC:
                _face_planes(f, axis, 0, n, 1)
            if high == MAGNETIC_WALL:
                _face_planes(f, axis, n + 1, n, -1)
            elif high == PERIODIC:
                _face_planes(f, axis, n + 1, 1, 1)


@numba.njit(**OPTIONS)
def copy_periodic_nodes(fields, n_electric, faces, out_of_plane_h):
    """Make the last node of every periodic axis the same as the first for the electric components that live there."""
    for axis in range(3):
        if faces[axis, 0] == PERIODIC:
            for c in range(n_electric):
                if not _half_integer(c, axis, True, len(fields), out_of_plane_h):
                    _face_planes(fields[c], axis, fields[c].shape[axis] - 1, 1, 1)


@numba.njit(**OPTIONS)
def inject_electric(fields, cb, ports, row):
    """``E += cb value`` at the indices of the electric components."""
    for c in range(len(cb)):
        field, coefficient, values = fields[c].ravel(), cb[c].ravel(), ports.values[c]
        for k, index in enumerate(ports.into[c]):
            field[index] += coefficient[index] * values[row, k]


@numba.njit(**OPTIONS)
def inject_magnetic(fields, n_electric, ports, row):
    """``H -= value`` at the indices of the magnetic components."""
    for c in range(n_electric, len(fields)):
        field, values = fields[c].ravel(), ports.values[c]
        for k, index in enumerate(ports.into[c]):
            field[index] -= values[row, k]


@numba.njit(**OPTIONS)
def sample(fields, first, last, ports, row):
    """Read components ``first`` to ``last - 1`` at their indices."""
    for c in range(first, last):
        field, samples = fields[c].ravel(), ports.samples[c]
        for k, index in enumerate(ports.out_of[c]):
            samples[row, k] = field[index]


@numba.njit(**PARALLEL)
def _store(history, level, field, x, y, z):
    for i in numba.prange(history.shape[1]):
        for j in range(history.shape[2]):
            for k in range(history.shape[3]):
                history[level, i, j, k] = field[i + x, j + y, k + z]


@numba.njit(**OPTIONS)
def store_box(fields, start, history, level):
    """Copy the electric field inside the box into ``history[c][level]``; ``start[c]`` is the box's first slot."""
    for c in range(len(history)):
        _store(history[c], level, fields[c], *_corner(start, c))


@numba.njit(**OPTIONS)
def _corner(start, c):
    return np.uint64(start[c, 0]), np.uint64(start[c, 1]), np.uint64(start[c, 2])


@numba.njit(**PARALLEL)
def _add_variation(history, before, after, weight, field, cb, x, y, z, dq, dp):
    for i in numba.prange(history.shape[1]):
        flush_denormals()
        for j in range(history.shape[2]):
            for k in range(history.shape[3]):
                source = weight * dq[i, j, k] * history[before, i, j, k] - dp[i, j, k] * history[after, i, j, k]
                field[i + x, j + y, k + z] += cb[i + x, j + y, k + z] * source


@numba.njit(**OPTIONS)
def box_source(fields, cb, start, history, before, after, dq, dp):
    """``E += cb (dq F[before] - dp F[after])`` in the box: what a change of the medium injects.

    ``before < 0`` leaves the first term out.
    """
    weight = fields[0].dtype.type(1 if before >= 0 else 0)
    for c in range(len(history)):
        _add_variation(history[c], max(before, 0), after, weight, fields[c], cb[c], *_corner(start, c), dq[c], dp[c])


@numba.njit(**PARALLEL)
def _accumulate(history, level, field, x, y, z, difference, total, lossy):
    for i in numba.prange(history.shape[1]):
        flush_denormals()
        for j in range(history.shape[2]):
            for k in range(history.shape[3]):
                e = field[i + x, j + y, k + z]
                difference[i, j, k] += e * (history[level + 1, i, j, k] - history[level, i, j, k])
            if lossy:
                for k in range(history.shape[3]):
                    e = field[i + x, j + y, k + z]
                    total[i, j, k] += e * (history[level + 1, i, j, k] + history[level, i, j, k])


@numba.njit(**OPTIONS)
def accumulate(fields, start, history, level, d_difference, d_sum, lossy):
    """Add ``e (F[level+1] - F[level])`` and, where ``lossy``, ``e (F[level+1] + F[level])`` of the box."""
    for c in range(len(history)):
        _accumulate(history[c], level, fields[c], *_corner(start, c), d_difference[c], d_sum[c], lossy)


@numba.njit(**OPTIONS)
def arrive(fields, s, ports, start, source, level, with_source, dq, dp):
    """Begin an adjoint sweep: inject row 0 of the electric values, and the box source of the last level alone."""
    inject_electric(fields, s.cb, ports, 0)
    if with_source:
        box_source(fields, s.cb, start, source, -1, level, dq, dp)
    copy_periodic_nodes(fields, len(s.cb), s.faces, s.out_of_plane_h)


@numba.njit(**OPTIONS)
def advance(fields, psi_h, psi_e, s, ports, steps, start, history, store, source, with_source, dq, dp):
    """Run ``steps`` forward steps in place.

    ``store`` keeps the box in ``history`` (level 0 is the state at entry); ``with_source`` adds the box source of the
    history ``source`` with the medium variation ``dq``, ``dp``.
    """
    n_electric, n_fields = len(s.cb), len(fields)
    flush_denormals()
    if store:
        store_box(fields, start, history, 0)
    for n in range(steps):
        magnetic_phase(fields, psi_h, s.magnetic, s.out_of_plane_h)
        inject_magnetic(fields, n_electric, ports, n)
        fill_magnetic_ghosts(fields, n_electric, s.faces, s.out_of_plane_h)
        sample(fields, n_electric, n_fields, ports, n)
        electric_phase(fields, psi_e, s.electric, s.ca, s.cb, s.lossy, s.out_of_plane_h)
        inject_electric(fields, s.cb, ports, n)
        if with_source:
            box_source(fields, s.cb, start, source, n, n + 1, dq, dp)
        copy_periodic_nodes(fields, n_electric, s.faces, s.out_of_plane_h)
        sample(fields, 0, n_electric, ports, n)
        if store:
            store_box(fields, start, history, n + 1)
    keep_denormals()


@numba.njit(**OPTIONS)
def retreat(fields, psi_h, psi_e, s, ports, steps, start, history, gradient, d_difference, d_sum, lossy, adjoint_history,
            store, source, with_source, dq, dp):  # fmt: skip
    """Run ``steps`` adjoint steps in place, last first.

    Row ``n`` of the ports belongs to step ``n`` of the block: the magnetic values are injected at its magnetic phase, the
    electric values of row ``n`` after the electric phase that *arrives* at the start of step ``n``; the samples are those
    that meet the sources of step ``n``. ``gradient`` accumulates products with the forward ``history``; ``store`` keeps the
    adjoint box and ``source`` adds the box source of a stored adjoint history.
    """
    n_electric, n_fields = len(s.cb), len(fields)
    flush_denormals()
    if store:
        store_box(fields, start, adjoint_history, steps)
    for n in range(steps - 1, -1, -1):
        if gradient:
            accumulate(fields, start, history, n, d_difference, d_sum, lossy)
        sample(fields, 0, n_electric, ports, n)
        filter_electric(fields, psi_h, s.magnetic, s.out_of_plane_h)
        magnetic_phase(fields, psi_h, s.magnetic, s.out_of_plane_h)
        inject_magnetic(fields, n_electric, ports, n)
        fill_magnetic_ghosts(fields, n_electric, s.faces, s.out_of_plane_h)
        sample(fields, n_electric, n_fields, ports, n)
        filter_magnetic(fields, psi_e, s.electric, s.out_of_plane_h)
        electric_phase(fields, psi_e, s.electric, s.ca, s.cb, s.lossy, s.out_of_plane_h)
        inject_electric(fields, s.cb, ports, n)
        if with_source:
            box_source(fields, s.cb, start, source, n + 1, n, dq, dp)
        copy_periodic_nodes(fields, n_electric, s.faces, s.out_of_plane_h)
        if store:
            store_box(fields, start, adjoint_history, n)
    keep_denormals()
