"""Network readings: waves, S-, Z- and Y-matrices, input impedance, line constants, de-embedding; all `taped`.

Power waves with any reference impedance ``Z`` of positive real part (K. Kurokawa, IEEE Trans. Microw. Theory Tech. 13,
194 (1965), eq. 1), here of peak phasors, so that ``|a|^2`` is a time-averaged power in watts as of the modes of
`ModeMonitor`:

    a = (V + Z I) / sqrt(8 Re Z),    b = (V - conj(Z) I) / sqrt(8 Re Z).

``I`` flows into the network. Everything is in ``exp(-i w t)``: a capacitor is ``Y = -i w C``. Matrices have shape
``(n, N, N)``, ``[frequency, port out, port in]``, and impedances are one number, one a port ``(N,)``, or one a frequency
and port ``(n, N)``.
"""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.tape import taped


@taped
def port_current(voltage, drive, impedance: float):
    """Current out of the positive terminal of a lumped port into the structure, A: eq. (1) of `sources.lumped_port`.

    Parameters
    ----------
    voltage : ndarray
        Reading of `PortMonitor`.
    drive : ndarray or float
        What the source gives behind the impedance (`PortSource.spectrum`), in the unit of ``voltage``; zero where
        undriven.
    impedance : float
        Of the port, ohm.
    """
    return (drive - voltage) / impedance


@taped
def power_waves(voltage, current, impedance):
    """Incident and reflected power wave, sqrt(W), from voltage (V) and current into the network (A)."""
    scale = anp.sqrt(8 * anp.real(impedance))
    return (voltage + impedance * current) / scale, (voltage - anp.conj(impedance) * current) / scale


@taped
def average_power(voltage, current):
    """Time-averaged power into the network, ``Re(V conj(I)) / 2``, W; the power that a lumped port accepts.

    With `FluxMonitor` around the port compare ``power cos(pi f dt)``, see `PortMonitor`.
    """
    return 0.5 * anp.real(voltage * anp.conj(current))


@taped
def lumped_s_parameters(voltages: list, drives: list, impedances, driven: tuple | None = None):
    """S-parameters of lumped ports, each referred to its own impedance, from one run for each driven port.

    Parameters
    ----------
    voltages : list of lists of ndarray
        ``voltages[run][port]``: readings of `PortMonitor`, shape ``(n,)``.
    drives : list of ndarray
        What the source of each run's driven port gives (`PortSource.spectrum`), shape ``(n,)``.
    impedances : sequence of float
        Of the ports, ohm.
    driven : tuple of int, optional
        Number of the port that is driven in each run; the first in the first, and so on, when left out.

    Returns
    -------
    ndarray of complex, shape ``(n, ports, runs)``
        ``b / a``, exact as discretised: an undriven port has no incident wave at all.
    """
    driven = tuple(range(len(voltages))) if driven is None else driven
    columns = []
    for j, row, drive in zip(driven, voltages, drives):
        column = []
        for i, voltage in enumerate(row):
            outgoing = 2 * voltage / drive - (1.0 if i == j else 0.0)
            column.append(outgoing * np.sqrt(impedances[j] / impedances[i]))
        columns.append(anp.stack(column, axis=-1))
    return anp.stack(columns, axis=-1)


@taped
def s_matrix(incident, outgoing):
    """S-matrix from the waves of as many independent runs as ports, whatever is incident in each.

    Parameters
    ----------
    incident, outgoing : ndarray
        ``[frequency, port, run]``, shape ``(n, N, N)``.
    """
    return anp.matmul(outgoing, _inverse(incident, "incident waves of the runs"))


@taped
def s_to_z(s, impedance):
    """Impedance matrix, ohm: ``F^-1 (1 - S)^-1 (S G + conj(G)) F``, Kurokawa, eq. 19."""
    g, f = _references(s, impedance)
    one = anp.eye(s.shape[-1])
    right = s * g[:, None, :] + one * anp.conj(g)[:, None, :]
    left = anp.matmul(_inverse(one - s, "1 - S (no impedance matrix exists)"), right)
    return left * f[:, None, :] / f[:, :, None]


@taped
def z_to_s(z, impedance):
    """S-matrix ``F (Z - conj(G)) (Z + G)^-1 F^-1``, Kurokawa, eq. 18."""
    g, f = _references(z, impedance)
    one = anp.eye(z.shape[-1])
    product = anp.matmul(z - one * anp.conj(g)[:, None, :], _inverse(z + one * g[:, None, :], "Z + Z0"))
    return f[:, :, None] * product / f[:, None, :]


@taped
def s_to_y(s, impedance):
    """Admittance matrix, S: the inverse of `s_to_z` without the detour, ``F^-1 (S G + conj(G))^-1 (1 - S) F``."""
    g, f = _references(s, impedance)
    one = anp.eye(s.shape[-1])
    whole = _inverse(s * g[:, None, :] + one * anp.conj(g)[:, None, :], "S Z0 + conj(Z0) (no admittance matrix exists)")
    return anp.matmul(whole, one - s) * f[:, None, :] / f[:, :, None]


@taped
def y_to_s(y, impedance):
    """S-matrix ``F (1 - conj(G) Y) (1 + G Y)^-1 F^-1``."""
    g, f = _references(y, impedance)
    one = anp.eye(y.shape[-1])
    product = anp.matmul(one - anp.conj(g)[:, :, None] * y, _inverse(one + g[:, :, None] * y, "1 + Z0 Y"))
    return f[:, :, None] * product / f[:, None, :]


@taped
def renormalize(s, old, new):
    """The same network with other reference impedances (also complex); needs no Z- or Y-matrix to exist.

    ``V = 2 F_old (conj(G_old) + G_old S) a`` and ``I = 2 F_old (1 - S) a`` give the waves of the new impedances.
    """
    g, f = _references(s, old)
    h, e = _references(s, new)
    one = anp.eye(s.shape[-1])
    voltage = 2 * f[:, :, None] * (one * anp.conj(g)[:, :, None] + g[:, :, None] * s)
    current = 2 * f[:, :, None] * (one - s)
    incident = e[:, :, None] * (voltage + h[:, :, None] * current)
    outgoing = e[:, :, None] * (voltage - anp.conj(h)[:, :, None] * current)
    return anp.matmul(outgoing, _inverse(incident, "waves of the new impedances"))


@taped
def input_impedance(s11, impedance):
    """Impedance seen at a port, the others closed with theirs, ohm: ``(conj(Z) + Z S11) / (1 - S11)``."""
    return (anp.conj(impedance) + impedance * s11) / (1 - s11)


@taped
def line_constants(reading, spacing: float, offset: float):
    """Propagation constant and characteristic impedance of a line, and its waves, from voltages at three planes.

    On a uniform line ``V = A exp(-g z) + B exp(g z)``, so ``cosh(g d) = (V(-d) + V(d)) / (2 V(0))``, in which nothing
    but uniformity is assumed: on a uniform grid ``g`` is that of the discrete line. It is ill-conditioned where
    ``V(0)`` is near a node of a standing wave, and where ``g d`` is near 0 or ``i pi``; of its values the one with
    ``|Im g| d < pi`` is taken that travels, or decays, along +z.

    Parameters
    ----------
    reading : ndarray, shape (n, 4)
        As from `LineMonitor`: voltages at ``-d``, 0 and ``d``, and the current at ``offset``.
    spacing, offset : float
        ``d`` and where the current is, m (`LineMonitor.distances`).

    Returns
    -------
    propagation : ndarray of complex
        ``g = alpha - i beta``, 1/m, shape ``(n,)``.
    impedance : ndarray of complex
        ``A / I_A``, ohm.
    forward, backward : ndarray of complex
        ``A`` and ``B`` at z = 0, in the unit of the voltages.
    """
    before, here, behind, current = reading[:, 0], reading[:, 1], reading[:, 2], reading[:, 3]
    c = (before + behind) / (2 * here)
    exponent = anp.log(c + anp.sqrt(c * c - 1))
    travels = anp.abs(anp.imag(exponent)) > anp.abs(anp.real(exponent))
    exponent = exponent * anp.where(anp.where(travels, -anp.imag(exponent), anp.real(exponent)) < 0, -1.0, 1.0)
    difference = (before - behind) / (anp.exp(exponent) - anp.exp(-exponent))
    forward, backward = 0.5 * (here + difference), 0.5 * (here - difference)
    turn = anp.exp(exponent * (offset / spacing))
    return exponent / spacing, (forward / turn - backward * turn) / current, forward, backward


@taped
def line_waves(voltage, current, propagation, impedance, offset: float):
    """Voltages ``A`` and ``B`` of the waves along +z and -z where ``voltage`` is, for known constants of the line.

    Parameters
    ----------
    voltage, current : ndarray, shape (n,)
        Voltage at z = 0 and current at ``offset`` (m), which a staggered grid has half a cell apart.
    propagation, impedance : ndarray or complex
        ``g = alpha - i beta``, 1/m, and ohm.
    offset : float
        Where the current is, m.
    """
    turn = anp.exp(propagation * offset)
    both = turn + 1 / turn
    return (voltage * turn + impedance * current) / both, (voltage / turn - impedance * current) / both


@taped
def deembed(s, propagation, lengths):
    """Move the reference planes of an S-matrix toward the network.

    Parameters
    ----------
    s : ndarray, shape (n, N, N)
        Referred to the lines' own impedances.
    propagation : ndarray
        ``g = alpha - i beta`` of the lines, 1/m, shape ``(n, N)``, or ``(n, 1)`` for all.
    lengths : ndarray, shape (N,)
        By how much each plane moves, m; away from the network where negative.
    """
    shift = anp.exp(propagation * lengths)
    return s * shift[:, :, None] * shift[:, None, :]


def _references(matrix, impedance):
    """``G`` and ``F = 1 / (2 sqrt(Re G))`` as rows, shape ``(n, N)``."""
    g = impedance * anp.ones((matrix.shape[0], matrix.shape[-1]))
    return g, 0.5 / anp.sqrt(anp.real(g))


def _inverse(matrix, what: str):
    try:
        return anp.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        raise InputError(what, "a matrix that can be inverted", "a singular one", "use another representation") from None
