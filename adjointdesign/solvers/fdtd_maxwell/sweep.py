"""Compiled sweeps over a block of time steps: forward (`advance`) and adjoint (`retreat`).

Everything that meets the fields goes through four doors, so that each has an obvious transpose: values *injected* at
flat storage indices, values *sampled* at flat storage indices, the electric field of a *box* kept at every step, and
a *box source* made from such a history (the variation of the medium). See `gates.py`.

A team of threads runs each sweep. Phases and boxes are shared out by slabs of rows along x, injection by components,
and samples by their number; a barrier stands wherever one thread reads what another has written. All arrays have
three axes; in two dimensions the middle one has length one.

Times: the magnetic phase of step n ends at ``(n + 1/2) dt``, its electric phase at ``(n + 1) dt``.
"""

from typing import NamedTuple

import numpy as np

from adjointdesign.solvers.fdtd_maxwell.compiled import entry, flush_denormals, keep_denormals
from adjointdesign.solvers.fdtd_maxwell.gates import accumulate, box_source, enter, keep_box, sample
from adjointdesign.solvers.fdtd_maxwell.kernels import electric_phase, filter_electric, filter_magnetic, magnetic_phase
from adjointdesign.solvers.fdtd_maxwell.team import barrier, march_team, run_team, slab

# Typed, since numba compiles a function again for every literal it is called with.
ZERO, BEFORE_FIRST = np.int64(0), np.int64(-1)


class Scheme(NamedTuple):
    """All constants of one sweep: weights of both phases, electric coefficients, copies on the faces."""

    magnetic: tuple
    electric: tuple
    ca: tuple
    cb: tuple
    lossy: bool
    images: tuple


class Ports(NamedTuple):
    """Doors for point values over a block of steps: a tuple over the components each.

    ``into`` and ``out_of`` hold flat storage indices; ``values`` and ``samples`` have one row a step.
    """

    into: tuple
    values: tuple
    out_of: tuple
    samples: tuple


def store_box(fields, start, history, level):
    """Copy the electric field inside the box into ``history[c][level]``; ``start[c]`` is the box's first slot."""
    _store_box(fields, start, history, level)


def arrive(fields, s, ports, start, source, level, with_source, dq, dp):
    """Begin an adjoint sweep: inject row 0 of the electric values, and the box source of the last level alone."""
    run_team(_arrive, 1, fields, s, ports, _gains(s.cb, ports), start, source, level, with_source, dq, dp)


def advance(fields, psi_h, psi_e, s, ports, steps, start, history, store, source, with_source, dq, dp):
    """Run ``steps`` forward steps in place.

    ``store`` keeps the box in ``history`` (level 0 is the state at entry); ``with_source`` adds the box source of the
    history ``source`` with the medium variation ``dq``, ``dp``.
    """
    march_team(_advance, fields[0].size, steps, fields, psi_h, psi_e, s, ports, _gains(s.cb, ports), steps, start,
               history, store, source, with_source, dq, dp)  # fmt: skip


def retreat(fields, psi_h, psi_e, s, ports, steps, start, history, gradient, d_difference, d_sum, lossy,
            adjoint_history, store, source, with_source, dq, dp):  # fmt: skip
    """Run ``steps`` adjoint steps in place, last first.

    Row ``n`` of the ports belongs to step ``n`` of the block: the magnetic values are injected at its magnetic phase,
    the electric values of row ``n`` after the electric phase that *arrives* at the start of step ``n``; the samples
    are those that meet the sources of step ``n``. ``gradient`` accumulates products with the forward ``history``;
    ``store`` keeps the adjoint box and ``source`` adds the box source of a stored adjoint history.
    """
    march_team(_retreat, fields[0].size, steps, fields, psi_h, psi_e, s, ports, _gains(s.cb, ports), steps, start,
               history, gradient, d_difference, d_sum, lossy, adjoint_history, store, source, with_source, dq,
               dp)  # fmt: skip


def _gains(cb, ports):
    """What turns a value at a door into a change of the field: ``cb`` for electric, -1 for magnetic components."""
    electric = [c.ravel()[into] for c, into in zip(cb, ports.into)]
    return tuple(electric + [np.full(len(into), -1, cb[0].dtype) for into in ports.into[len(cb) :]])


@entry
def _store_box(fields, start, history, level):
    keep_box(fields, start, history, level, ZERO, fields[0].shape[0])


@entry
def _arrive(team, fields, s, ports, gains, start, source, level, with_source, dq, dp):
    if with_source:
        box_source(fields, s.cb, start, source, BEFORE_FIRST, level, dq, dp, ZERO, fields[0].shape[0])
    enter(team, fields, ZERO, np.int64(len(s.cb)), gains, ports, ZERO, s.images)


@entry
def _advance(team, fields, psi_h, psi_e, s, ports, gains, steps, start, history, store, source, with_source, dq, dp):
    n_electric, n_fields = np.int64(len(s.cb)), np.int64(len(fields))
    first, last = slab(team, fields[0].shape[0] - 1)
    flush_denormals()
    if store:
        keep_box(fields, start, history, ZERO, first, last)
    for n in range(steps):
        magnetic_phase(fields, psi_h, s.magnetic, s.cb, first, last)
        barrier(team)
        enter(team, fields, n_electric, n_fields, gains, ports, n, s.images)
        barrier(team)
        sample(team, fields, n_electric, n_fields, ports, n)
        electric_phase(fields, psi_e, s.electric, s.ca, s.cb, s.lossy, first, last)
        if with_source:
            box_source(fields, s.cb, start, source, n, n + 1, dq, dp, first, last)
        barrier(team)
        enter(team, fields, ZERO, n_electric, gains, ports, n, s.images)
        barrier(team)
        sample(team, fields, ZERO, n_electric, ports, n)
        if store:
            keep_box(fields, start, history, n + 1, first, last)
    keep_denormals()


@entry
def _retreat(team, fields, psi_h, psi_e, s, ports, gains, steps, start, history, gradient, d_difference, d_sum,
             lossy, adjoint_history, store, source, with_source, dq, dp):  # fmt: skip
    n_electric, n_fields = np.int64(len(s.cb)), np.int64(len(fields))
    first, last = slab(team, fields[0].shape[0] - 1)
    flush_denormals()
    if store:
        keep_box(fields, start, adjoint_history, steps, first, last)
    for n in range(steps - 1, -1, -1):
        if gradient:
            accumulate(fields, start, history, n, d_difference, d_sum, lossy, first, last)
        sample(team, fields, ZERO, n_electric, ports, n)
        filter_electric(fields, psi_h, s.magnetic, s.cb, first, last)
        barrier(team)
        magnetic_phase(fields, psi_h, s.magnetic, s.cb, first, last)
        barrier(team)
        enter(team, fields, n_electric, n_fields, gains, ports, n, s.images)
        barrier(team)
        sample(team, fields, n_electric, n_fields, ports, n)
        filter_magnetic(fields, psi_e, s.electric, s.cb, first, last)
        barrier(team)
        electric_phase(fields, psi_e, s.electric, s.ca, s.cb, s.lossy, first, last)
        if with_source:
            box_source(fields, s.cb, start, source, n + 1, n, dq, dp, first, last)
        barrier(team)
        enter(team, fields, ZERO, n_electric, gains, ports, n, s.images)
        barrier(team)
        if store:
            keep_box(fields, start, adjoint_history, n, first, last)
    keep_denormals()
