"""Plane waves of the Yee scheme itself, along one axis: what the fields on a box are projected on for a far field.

A plane wave that comes from the direction ``r`` (a unit vector) with polarization ``e``, ``e . r = 0``, is in the
scheme

    E_x = e_x q_x g_y g_z,   H_x = h_x g_x q_y q_z,   and so on in turn,   h = - r x e / eta,

with one factor an axis: ``g`` on its nodes (where ``E`` across the axis lives) and ``q`` in the middle of its cells.
For ``g`` and ``q`` the exponential ``exp(-i k r_a x)`` of the continuum would leave Maxwell's discrete equations
unsatisfied. They are satisfied to the last digit, on any rectilinear grid, by

    (g[i+1] - g[i]) / d[i] = -i K q[i],   (q[i] - q[i-1]) / l[i] = -i K g[i],
    K = r_a W,   W = (2 n / (c dt)) sin(w dt / 2),

with cell lengths ``d`` and lengths ``l`` between their middles, because differences along different axes commute. On a
uniform grid ``g`` is an exponential again, of the numerical wave number (Taflove and Hagness, 3rd ed., eq. 4.12).

``Re(conj(g) q)`` is the same all along the axis. Waves are normalized so that it is one: then the power that currents J
radiate in the scheme, ``-(1/2) Re sum E . conj(J)`` with ``E = i W eta J / (K^2 - W^2)`` for every wave vector, is an
integral over directions of

    U = (eta W^2 / 32 pi^2) |sum J . E|^2   (in two dimensions  (eta W / 16 pi) |sum J . E|^2)                       (1)

with the wave E from above: so ``U`` is the radiation intensity, and the power that it adds up to is that which passes a
box. (On a uniform grid ``g`` has the magnitude ``cos(k d / 2)^(-1/2)``, the density of directions of ``K`` over that of
``k``.)

In an infinite conducting (magnetic) plane at a node, each wave has an image: along the normal, what lives on nodes is
odd (even) about the plane and what lives in the middle of cells is even (odd). That changes two factors of one axis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES


@dataclass(frozen=True)
class AxisWave:
    """Factors of plane waves along one axis: ``g``, shape ``(cells + 1, waves)``, and ``q``, ``(cells, waves)``."""

    nodes: np.ndarray
    middles: np.ndarray


@dataclass(frozen=True)
class WaveAxis:
    """One axis of a box: its nodes, the phase center's coordinate, and the plane in which the box is mirrored, if any.

    Parameters
    ----------
    number : int
        Which axis, for messages.
    lines : ndarray
        Positions of the nodes from one face of the box to the other, m.
    center : float
        Where phases are zero, m.
    mirror : tuple of (int, str), optional
        Face (0 low, 1 high) on which the mirror lies, and what it is: ``"pec"`` or ``"pmc"``.
    """

    number: int
    lines: np.ndarray
    center: float
    mirror: tuple[int, str] | None = None

    def waves(self, cosines: np.ndarray, wavenumber: float, rate: float) -> AxisWave:
        """Factors for every direction cosine along the axis.

        Parameters
        ----------
        cosines : ndarray
            Components ``r_a`` of the directions, shape ``(waves,)``.
        wavenumber, rate : float
            ``w n / c`` and ``W``, rad/m.

        Raises
        ------
        InputError
            When a cell is so long that the grid carries no wave along the axis.
        """
        d = np.diff(self.lines)
        if 0.5 * rate * d.max() >= 1:
            raise InputError(
                f"grid along {AXES[self.number]}", "more than pi cells a wavelength inside a far-field box",
                f"{2 * np.pi / wavenumber / d.max():.2g}", "refine the grid or lower the frequency",
            )  # fmt: skip
        k = cosines * rate
        g = np.zeros((len(self.lines), len(cosines)), complex)
        q = np.zeros((len(d), len(cosines)), complex)
        start = self._launch(g, q, k, d, cosines * wavenumber)
        for i in range(start + 1, len(self.lines)):
            g[i] = g[i - 1] - 1j * k * d[i - 1] * q[i - 1]
            if i < len(d):
                q[i] = q[i - 1] - 0.5j * k * (d[i - 1] + d[i]) * g[i]
        for i in range(start - 1, -1, -1):
            g[i] = g[i + 1] + 1j * k * d[i] * q[i]
            if i > 0:
                q[i - 1] = q[i] + 0.5j * k * (d[i - 1] + d[i]) * g[i]
        return AxisWave(g, q)

    def _launch(self, g, q, k, d, phase_rate) -> int:
        """Set the factors on one node and in the middle of the cells beside it; return the node.

        There the wave is one that runs, without a part that runs back: at the node next to the phase center, or, with a
        mirror, on the mirror, where wave and image meet.
        """
        last = len(d)
        if self.mirror is not None:
            start = last * self.mirror[0]
        else:
            start = int(np.argmin(np.abs(self.lines - self.center)))
        before, after = d[max(start - 1, 0)], d[min(start, last - 1)]  # beyond the box: as if mirrored
        phase = np.exp(-1j * phase_rate * (self.lines[start] - self.center))
        cosine = np.sqrt(1 - (0.25 * k * (before + after)) ** 2)
        phase = phase / np.sqrt(cosine)
        mean, step = phase * cosine, 0.5j * k * phase
        g[start] = phase
        below, above = mean + step * before, mean - step * after
        if self.mirror is not None:
            odd = self.mirror[1] == "pec"
            g[start] = 0 if odd else 2 * phase
            below, above = (2 * mean, 2 * mean) if odd else (2 * step * before, -2 * step * after)
        if start > 0:
            q[start - 1] = below
        if start < last:
            q[start] = above
        return start


def wave_rate(frequency: float, dt: float, index: float) -> float:
    """``W = (2 n / (c dt)) sin(w dt / 2)``, rad/m: what ``w n / c`` is in a scheme of time step ``dt`` (s)."""
    return 2 * index * np.sin(np.pi * frequency * dt) / (C0 * dt)
