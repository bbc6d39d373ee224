"""Guided modes of the Yee scheme itself.

A mode of the *discrete* equations is launched and read without the reflection that a mode of the continuous ones would
suffer. With time factor ``exp(-i w t)``, ``H~ = eta0 H``, the axes ``(1, 2, l)`` right-handed and propagation
along ``l``

    E_t, H_l ~ exp(i beta l)  on the node plane,    H_t, E_l ~ exp(i beta l)  half a cell beyond,

the scheme's differences in time and along ``l`` become the numbers

    K = (2 / (c dt)) sin(w dt / 2),    B = (2 / dl) sin(beta dl / 2)                                        (1)

and, with ``u = (H~2, -H~1)``, Maxwell's curl equations become

    B E = P u,   P = K mu_t - G (K eps_l)^-1 G^T        B u = Q E,   Q = K eps_t - C^T (K mu_l)^-1 C          (2)

where ``G`` is the transverse gradient from ``E_l`` to ``E_t`` and ``C`` the transverse curl from ``E_t`` to ``H_l``, on
the Yee positions (on a graded grid of fields times the root of the area that each value stands for). This is the formulation of Z. Zhu and T. G. Brown, Opt. Express 10, 853 (2002), with the numbers (1)
in place of ``k0`` and ``beta``. Both ``P`` and ``Q`` are symmetric, so modes of different ``B^2`` are orthogonal,
``E_m^T u_n = 0``, to rounding, loss included. The window's edges are perfect conductors; choose it wide enough that
the mode has decayed there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.sources.cross_section import CrossSection
from adjointdesign.sources.placing import Medium
from adjointdesign.sources.windows import Window


@dataclass(frozen=True, eq=False)
class Mode:
    """A mode of a cross-section that travels along ``+axis`` with unit power (1 W, or 1 W/m in two dimensions).

    Parameters
    ----------
    frequency : float
        Frequency, Hz.
    order : int
        Place in the order of falling effective index, from 0.
    beta : complex
        Propagation constant of the discrete equations, rad/m.
    half_step : complex
        ``beta dl / 2``: the phase over half a cell.
    window : Window
        Where the mode lives.
    fields : dict of ndarray
        Every carried component at its own positions in the window (E in V/m, H in A/m), without the factor
        ``exp(i beta l)``; shapes ``window.shape(component)``. Transverse parts are real and longitudinal ones imaginary
        when the guide is lossless.
    """

    frequency: float
    order: int
    beta: complex
    half_step: complex
    window: Window
    fields: dict[str, np.ndarray]

    @property
    def n_eff(self) -> complex:
        """Effective index ``beta c / w``."""
        return self.beta * C0 / (2 * math.pi * self.frequency)

    def overlap(self, other: Mode) -> complex:
        """``int (E_self x H_other)_l dA`` without conjugation: zero for two modes of different order (W, or W/m)."""
        return sum(s * np.sum(self.window.areas(e) * self.fields[e] * other.fields[h]) for e, h, s in self.window.pairs)


def solve_modes(window: Window, medium: Medium, dt: float, frequency: float, count: int) -> list[Mode]:
    """Modes of highest effective index in a window.

    Orders count from the highest effective index. Transverse fields of a lossless guide are real, and the lobe of the
    transverse electric field that comes first in storage order, among those within 5 % of the largest, is positive.
    Modes that share one propagation constant are told apart by polarization, the one with more power in ``E1 H2``
    first.

    Parameters
    ----------
    window : Window
        Where to look. The cross-section is read there, and is taken to be the same all along the axis.
    medium : Medium
        Permittivity and conductivity.
    dt : float
        Time step, s.
    frequency : float
        Frequency, Hz.
    count : int
        Number of modes.

    Returns
    -------
    list of Mode
        ``count`` modes that carry power.

    Raises
    ------
    InputError
        When fewer than ``count`` modes propagate, or the grid is too coarse in space or time for the frequency.
    """
    if not (np.isfinite(frequency) and frequency > 0 and frequency * dt < 0.5):
        raise InputError(
            "frequency", f"between 0 and {0.5 / dt:.4g} Hz, the time step's limit", frequency, "correct it"
        )
    k = 2 / (C0 * dt) * math.sin(math.pi * frequency * dt)
    section = CrossSection(window, medium, dt, frequency, k)
    squares, vectors = section.eigenpairs(count)
    spacing = window.step
    modes = []
    for square, e_t in zip(squares, vectors.T):
        b = np.sqrt(square.astype(complex))
        if len(modes) == count or not square.real > 1e-9 * k**2:
            break
        if not b.real * spacing / 2 < 1:
            raise InputError("spacing", "cells shorter than half the guided wavelength", spacing, "refine the spacing")
        half_step = np.arcsin(b * spacing / 2)
        modes.append(_normalized(section, frequency, len(modes), 2 * half_step / spacing, b, half_step, e_t))
    if len(modes) < count:
        raise InputError(
            "mode order", f"at most {len(modes) - 1} (the window carries {len(modes)} propagating modes)", count - 1,
            "ask for a lower order, widen the window, or raise the frequency",
        )  # fmt: skip
    return modes


def _normalized(section: CrossSection, frequency, order, beta, b, half_step, e_t) -> Mode:
    """Complete a transverse electric field to a mode of unit power with the sign convention of `solve_modes`."""
    size = np.abs(e_t) / section.roots
    e_t = e_t / (e_t[np.argmax(size >= 0.95 * size.max())])
    window = section.window
    fields = section.complete(e_t, b)
    # At a node plane the flux takes H as the mean of its values half a cell on either side: a factor cos(beta dl/2).
    products = (s * np.vdot(np.cos(half_step) * fields[h], window.areas(e) * fields[e]) for e, h, s in window.pairs)
    power = 0.5 * sum(products).real
    scale = 1 / math.sqrt(power)
    return Mode(frequency, order, complex(beta), complex(half_step), window, {c: scale * f for c, f in fields.items()})
