"""Touchstone: S-parameters for circuit and layout tools."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.files import atomic_write


def write_touchstone(
    path_stem: str | os.PathLike,
    frequencies: np.ndarray,
    s_parameters: np.ndarray,
    names: Sequence[str] = (),
    comments: Sequence[str] = (),
    impedance: float | Sequence[float] | None = None,
) -> Path:
    """Write S-parameters as a Touchstone 1 file ``<path_stem>.sNp``, real and imaginary parts in full precision.

    Touchstone means ``exp(+j w t)``; here all phasors have ``exp(-i w t)``. The values are therefore conjugated on the
    way out, so that a longer line has a phase that falls with frequency, as circuit tools expect. Modes carry unit
    power and have no impedance; the format asks for one, and the line of options says the customary 50 ohm. Of ports with
    impedances that differ, the values in the file are renormalized to that of the first, as the format has one alone.

    Parameters
    ----------
    path_stem : path-like
        Path without ending; the ending follows from the number of ports.
    frequencies : ndarray, shape (n,)
        Hz, in any order; the file has them ascending.
    s_parameters : ndarray, shape (n, N, N)
        ``[frequency, port out, port in]``, in the convention ``exp(-i w t)``.
    names : sequence of str
        Names of the ports.
    comments : sequence of str
        Lines for the head of the file.
    impedance : float or sequence of float, optional
        Reference impedance of the ports, ohm, one for all or one each; None for modes.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        When shapes do not match, a value is not finite, or an impedance is not positive.
    """
    import skrf

    from adjointdesign.objectives.network import renormalize

    frequencies, s = np.asarray(frequencies, dtype=float), np.asarray(s_parameters, dtype=complex)
    if (
        frequencies.ndim != 1
        or frequencies.size == 0
        or s.ndim != 3
        or s.shape != (frequencies.size, *s.shape[1:2] * 2)
    ):
        got = f"shapes {frequencies.shape} and {s.shape}"
        raise InputError("s_parameters", "shape (n, N, N) for frequencies of shape (n,)", got, "give the whole matrix")
    if not np.all(np.isfinite(s)) or not np.all(np.isfinite(frequencies)):
        raise InputError("s_parameters", "finite values", "NaN or infinity", "simulate every port as the driven one")
    ports = s.shape[1]
    if names and len(names) != ports:
        raise InputError("names", f"{ports} names, one a port", len(names), "name every port or none")
    references = np.asarray(50.0 if impedance is None else impedance, dtype=float)
    if references.shape not in ((), (ports,)) or not np.all((references > 0) & np.isfinite(references)):
        raise InputError("impedance", f"one positive number in ohm, or {ports}", impedance, "give those of the ports")
    told = "power waves of ports" if impedance is not None else "unit-power modes, so the reference impedance has no meaning"
    if np.ptp(references):
        told += f", renormalized from {', '.join(f'{z:g}' for z in references)} ohm"
        references, s = references[0], renormalize(s, references, references[0])
    order = np.argsort(frequencies)
    network = skrf.Network(f=frequencies[order], f_unit="hz", s=s[order].conj(), z0=references)
    lines = [*comments, f"Convention exp(+jwt); {told}."]
    network.comments = "\n".join(" " + line for text in lines for line in str(text).splitlines())
    network.port_names = list(names) or None
    path = Path(f"{os.fspath(path_stem)}.s{ports}p")
    text = network.write_touchstone(path.name, return_string=True, skrf_comment=False, form="ri")
    atomic_write(path, text)
    return path
