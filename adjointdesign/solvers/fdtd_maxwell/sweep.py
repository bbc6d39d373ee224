"""Compiled sweeps over a block of time steps: forward (`advance`) and adjoint (`retreat`).

Everything that meets the fields goes through four doors, so that each has an obvious transpose: values *injected* at
flat storage indices, values *sampled* at flat storage indices, the electric field of a *box* kept at every step, and
a *box source* made from such a history (the variation of the medium). See `gates.py`; the magnetic field of designed
*faces* has the same two doors, in `faces.py`. The last array of a history and of sums over time is that of the faces.

A team of threads runs each sweep, each on a slab of rows along x, block of rows by block of rows: the magnetic phase
of a block, then its electric phase while the fields are still in the processor's caches, so that every field passes
through memory once a step and not twice. The electric phase of the outermost rows of a slab, which read the magnetic
field of a neighboring slab or an image of a far row, follows after a barrier. All arrays have three axes; in two
dimensions the middle one has length one.

Times: the magnetic phase of step n ends at ``(n + 1/2) dt``, its electric phase at ``(n + 1) dt``.
"""

from typing import NamedTuple

import numpy as np

from adjointdesign.solvers.fdtd_maxwell.compiled import entry, flush_denormals, keep_denormals, kernel, pasted
from adjointdesign.solvers.fdtd_maxwell.faces import Faces, accumulate_faces, correct_faces, face_source, keep_faces
from adjointdesign.solvers.fdtd_maxwell.gates import accumulate, box_source, copy_images, inject, keep_box, sample
from adjointdesign.solvers.fdtd_maxwell.kernels import (
    electric_phase,
    filter_electric,
    filter_magnetic,
    magnetic_phase,
    rows_together,
)
from adjointdesign.solvers.fdtd_maxwell.poles import accumulate_strengths, disperse, keep_currents, strength_source
from adjointdesign.solvers.fdtd_maxwell.team import barrier, march_team, run_team, slab

# Typed, since numba compiles a function again for every literal it is called with.
ZERO, BEFORE_FIRST = np.int64(0), np.int64(-1)


class Scheme(NamedTuple):
    """All constants of one sweep: weights of both phases, electric coefficients, copies within rows and between,
    whether there are such copies, the faces that have a permeability, and the dispersive places."""

    magnetic: tuple
    electric: tuple
    ca: tuple
    cb: tuple
    lossy: bool
    images: tuple
    images_across: tuple
    repeats_within: bool
    repeats_across: bool
    faces: Faces
    dispersive: tuple


class Ports(NamedTuple):
    """Doors for point values over a block of steps: a tuple over the components each.

    ``into`` and ``out_of`` hold `Places`; ``values`` and ``samples`` have one row a step.
    """

    into: tuple
    values: tuple
    out_of: tuple
    samples: tuple


def store_box(fields, start, history, level):
    """Copy the electric field inside the box into ``history[c][level]``; ``start[c]`` is the box's first slot."""
    _store_box(fields, start, history[:-1], level)


def arrive(fields, s, ports, start, source, level, with_source, dq, dp):
    """Begin an adjoint sweep: inject row 0 of the electric values, and the box source of the last level alone."""
    run_team(_arrive, 1, fields, s, ports, _gains(s, ports), start, source[:-1], level, with_source, dq, dp)


def advance(fields, psi_h, psi_e, poles, s, ports, steps, start, history, store, source, with_source, dq, dp, dmu, drives):
    """Run ``steps`` forward steps in place.

    ``store`` keeps the box in ``history`` (level 0 is the state at entry); ``with_source`` adds the box source of the
    history ``source`` with the medium variation ``dq``, ``dp``, and ``dmu`` on the faces. ``drives``: see `Drives`.
    """
    march_team(_advance, steps, fields, psi_h, psi_e, poles, s, ports, _gains(s, ports), steps, start,
               history[:-1], history[-1], store, source[:-1], source[-1], with_source, dq, dp, dmu, drives)  # fmt: skip


def retreat(fields, psi_h, psi_e, poles, s, ports, steps, start, history, gradient, sums, lossy, adjoint_history, store,
            source, with_source, dq, dp, dmu, drives):  # fmt: skip
    """Run ``steps`` adjoint steps in place, last first.

    Row ``n`` of the ports belongs to step ``n`` of the block: the magnetic values are injected at its magnetic phase,
    the electric values of row ``n`` after the electric phase that *arrives* at the start of step ``n``; the samples
    are those that meet the sources of step ``n``. ``gradient`` accumulates products with the forward ``history`` in
    ``sums`` (differences, sums and strengths, a tuple over the components each); ``store`` keeps the adjoint box and
    ``source`` adds the box source of a stored adjoint history. ``drives``: see `Drives`.
    """
    difference, *others = sums
    march_team(_retreat, steps, fields, psi_h, psi_e, poles, s, ports, _gains(s, ports), steps, start,
               history[:-1], history[-1], gradient, (difference[:-1], *others), difference[-1].ravel(), lossy,
               adjoint_history[:-1], adjoint_history[-1], store, source[:-1], source[-1], with_source, dq, dp, dmu,
               drives)  # fmt: skip


def _gains(s, ports):
    """What turns a value at a door into a change of the field: ``cb`` for electric, ``-1/mu`` for magnetic components."""
    gains = [c.ravel()[into.index] for c, into in zip(s.cb, ports.into)]
    for number, into in enumerate(ports.into[len(s.cb) :], len(s.cb)):
        gain = np.full(len(into.index), -1, s.cb[0].dtype)
        own = np.flatnonzero(s.faces.component == number)
        if own.size and gain.size:
            own = own[np.argsort(s.faces.index[own])]
            at = np.minimum(np.searchsorted(s.faces.index[own], into.index), own.size - 1)
            gain -= np.where(s.faces.index[own][at] == into.index, s.faces.excess[own][at], 0)
        gains.append(gain)
    return tuple(gains)


@entry
def _store_box(fields, start, history, level):
    keep_box(fields, start, history, level, ZERO, fields[0].shape[0])


@pasted
def _enter(fields, s, gains, ports, n, begin, end, first, last):
    """Inject into some components, and set what repeats their values within a row."""
    inject(fields, gains, ports, n, begin, end, first, last)
    if s.repeats_within:
        copy_images(fields, s.images, begin, end, first, last)


@pasted
def _copy_across(fields, s, begin, end, first, last):
    """Set the outermost rows that repeat others: the members at either end of the team do theirs."""
    if s.repeats_across:
        copy_images(fields, s.images_across, begin, end, ZERO if first == 1 else first, last)


@kernel
def _apart(repeats_across, first, last, rows):
    """Ends ``a``, ``b`` of those rows of a slab whose electric phase need not wait for a neighbor or a far image."""
    a = min(first + 1, last) if first > 1 or repeats_across else first
    return a, max(a, last - 1) if last == rows and repeats_across else last


@entry
def _arrive(team, fields, s, ports, gains, start, source, level, with_source, dq, dp):
    n_electric, rows = np.int64(len(s.cb)), np.int64(fields[0].shape[0])
    if with_source:
        box_source(fields, s.cb, start, source, BEFORE_FIRST, level, dq, dp, ZERO, rows)
    _enter(fields, s, gains, ports, ZERO, ZERO, n_electric, ZERO, rows)
    _copy_across(fields, s, ZERO, n_electric, np.int64(1), rows)


@pasted
def _electric(fields, psi_e, poles, s, ports, gains, n, start, history, store, source, with_source, dq, dp, drives,
              first, last):  # fmt: skip
    """The electric half of a forward step on some rows."""
    if first < last:
        if s.dispersive.present:
            if drives.keep:
                keep_currents(poles, s.dispersive, start, drives.kept, n, first, last)
            disperse(fields, poles, s.dispersive, first, last)
        electric_phase(fields, psi_e, s.electric, s.ca, s.cb, s.lossy, first, last)
        if with_source:
            box_source(fields, s.cb, start, source, n, n + 1, dq, dp, first, last)
            if s.dispersive.present:
                strength_source(fields, s.cb, start, drives.source, n, drives.change, first, last)
        _enter(fields, s, gains, ports, n, ZERO, np.int64(len(s.cb)), first, last)
        sample(fields, ports, n, ZERO, np.int64(len(s.cb)), first, last)
        if store:
            keep_box(fields, start, history, n + 1, first, last)


@entry
def _advance(team, fields, psi_h, psi_e, poles, s, ports, gains, steps, start, history, face_history, store, source,
             face_changes, with_source, dq, dp, dmu, drives):  # fmt: skip
    n_electric, n_fields, rows = np.int64(len(s.cb)), np.int64(len(fields)), rows_together(fields[0])
    first, last = slab(team, fields[0].shape[0] - 1)
    a, b = _apart(s.repeats_across, first, last, fields[0].shape[0])
    flush_denormals()
    if store:
        keep_box(fields, start, history, ZERO, first, last)
        keep_faces(fields, s.faces, face_history, ZERO, first, last)
    for n in range(steps):
        for i in range(first, last, rows):
            end = min(i + rows, last)
            magnetic_phase(fields, psi_h, s.magnetic, s.cb, i, end)
            correct_faces(fields, s.faces, i, end)
            if with_source:
                face_source(fields, s.faces, face_changes, n, n + 1, dmu, i, end)
            _enter(fields, s, gains, ports, n, n_electric, n_fields, i, end)
            sample(fields, ports, n, n_electric, n_fields, i, end)
            if store:
                keep_faces(fields, s.faces, face_history, n + 1, i, end)
            _electric(fields, psi_e, poles, s, ports, gains, n, start, history, store, source, with_source, dq, dp, drives, max(i, a), min(end, b))
        barrier(team)
        _copy_across(fields, s, n_electric, n_fields, first, last)
        if first < a:
            _electric(fields, psi_e, poles, s, ports, gains, n, start, history, store, source, with_source, dq, dp, drives, first, a)
        if b < last:
            _electric(fields, psi_e, poles, s, ports, gains, n, start, history, store, source, with_source, dq, dp, drives, b, last)
        barrier(team)
        _copy_across(fields, s, ZERO, n_electric, first, last)
    keep_denormals()


@pasted
def _electric_back(fields, psi_e, poles, s, ports, gains, n, start, history, gradient, sums, adjoint_history, store, source,
                   with_source, dq, dp, drives, first, last):  # fmt: skip
    """The electric half of an adjoint step on some rows."""
    if first < last:
        if s.dispersive.present:
            if gradient:
                accumulate_strengths(fields, poles, s.dispersive, start, history, n, sums[2], first, last)
            if drives.keep:
                keep_currents(poles, s.dispersive, start, drives.kept, n, first, last)
            disperse(fields, poles, s.dispersive, first, last)
        electric_phase(fields, psi_e, s.electric, s.ca, s.cb, s.lossy, first, last)
        if with_source:
            box_source(fields, s.cb, start, source, n + 1, n, dq, dp, first, last)
            if s.dispersive.present:
                strength_source(fields, s.cb, start, drives.source, n, drives.change, first, last)
        _enter(fields, s, gains, ports, n, ZERO, np.int64(len(s.cb)), first, last)
        if store:
            keep_box(fields, start, adjoint_history, n, first, last)


@pasted
def _read(fields, psi_h, s, ports, n, start, history, gradient, sums, lossy, first, last):
    """What an adjoint step takes from the electric field on some rows before it changes."""
    if gradient:
        accumulate(fields, start, history, n, sums[0], sums[1], lossy, first, last)
    sample(fields, ports, n, ZERO, np.int64(len(s.cb)), first, last)
    filter_electric(fields, psi_h, s.magnetic, s.cb, first, last)


@entry
def _retreat(team, fields, psi_h, psi_e, poles, s, ports, gains, steps, start, history, face_history, gradient, sums,
             face_sums, lossy, adjoint_history, adjoint_faces, store, source, face_changes, with_source, dq, dp, dmu,
             drives):  # fmt: skip
    n_electric, n_fields, rows = np.int64(len(s.cb)), np.int64(len(fields)), rows_together(fields[0])
    first, last = slab(team, fields[0].shape[0] - 1)
    a, b = _apart(s.repeats_across, first, last, fields[0].shape[0])
    flush_denormals()
    if store:
        keep_box(fields, start, adjoint_history, steps, first, last)
        keep_faces(fields, s.faces, adjoint_faces, steps, first, last)
    for n in range(steps - 1, -1, -1):
        # The magnetic phase reads one row further, which is why reading is always one row ahead.
        _read(fields, psi_h, s, ports, n, start, history, gradient, sums, lossy, first, min(first + 1, last))
        barrier(team)
        for i in range(first, last, rows):
            end = min(i + rows, last)
            _read(fields, psi_h, s, ports, n, start, history, gradient, sums, lossy, min(i + 1, last), min(end + 1, last))
            magnetic_phase(fields, psi_h, s.magnetic, s.cb, i, end)
            correct_faces(fields, s.faces, i, end)
            if with_source:
                face_source(fields, s.faces, face_changes, n + 1, n, dmu, i, end)
            _enter(fields, s, gains, ports, n, n_electric, n_fields, i, end)
            if gradient:
                accumulate_faces(fields, s.faces, face_history, n, face_sums, i, end)
            if store:
                keep_faces(fields, s.faces, adjoint_faces, n, i, end)
            sample(fields, ports, n, n_electric, n_fields, i, end)
            filter_magnetic(fields, psi_e, s.electric, s.cb, i, end)
            _electric_back(fields, psi_e, poles, s, ports, gains, n, start, history, gradient, sums, adjoint_history, store, source, with_source, dq, dp, drives, max(i, a), min(end, b))
        barrier(team)
        _copy_across(fields, s, n_electric, n_fields, first, last)
        if first < a:
            _electric_back(fields, psi_e, poles, s, ports, gains, n, start, history, gradient, sums, adjoint_history, store, source, with_source, dq, dp, drives, first, a)
        if b < last:
            _electric_back(fields, psi_e, poles, s, ports, gains, n, start, history, gradient, sums, adjoint_history, store, source, with_source, dq, dp, drives, b, last)
        barrier(team)
        _copy_across(fields, s, ZERO, n_electric, first, last)
    keep_denormals()
