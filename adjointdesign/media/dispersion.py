"""Dispersive media as a permittivity at infinite frequency, a conductivity, and poles with residues.

With the time dependence ``exp(-i w t)`` the relative permittivity is

    eps(w) = eps_inf + chi(w),    chi(w) = i sigma / (eps0 w) + sum_p [ c_p / (-i w - a_p) + conj(c_p) / (-i w - conj(a_p)) ]

over complex poles ``a_p`` (1/s, real part not positive; each stands for itself and its conjugate) with residues ``c_p`` (1/s);
a real pole counts once, with a real residue. In time each term is ``P = eps0 c Q`` with ``dQ/dt = a Q + E``, so the
response is causal whatever the numbers are; that it is passive is checked.

By the bilinear rule ``-i w`` becomes ``-i W`` with ``W = (2 / dt) tan(w dt / 2)``, for poles and conductivity alike: the
medium that a run presents at ``w`` is the medium itself at ``W`` (`Dispersion.scheme_susceptibility`).

M. Han, R. W. Dutton and S. Fan, IEEE Microw. Wirel. Compon. Lett. 16, 119 (2006), eqs. 1 to 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from adjointdesign.constants import EPS0
from adjointdesign.errors import InputError

_SLACK = 1e-10
"""Negative loss that is rounding, over the sum of the sizes of all terms."""


@dataclass(frozen=True)
class Dispersion:
    """A linear, isotropic, passive medium.

    Parameters
    ----------
    eps_inf : float
        Relative permittivity at infinite frequency, positive.
    conductivity : float
        Static electric conductivity ``sigma``, S/m.
    poles : tuple of complex
        The ``a_p``, 1/s; imaginary part zero (a relaxation) or positive (a resonance).
    residues : tuple of complex
        The ``c_p``, 1/s.

    Raises
    ------
    InputError
        When a number is out of range, or the medium would give energy at some frequency.
    """

    eps_inf: float = 1.0
    conductivity: float = 0.0
    poles: tuple[complex, ...] = ()
    residues: tuple[complex, ...] = ()

    def __post_init__(self):
        for name, positive in (("eps_inf", True), ("conductivity", False)):
            value = _real(f"Dispersion.{name}", getattr(self, name))
            if value < 0 or (positive and value == 0):
                raise InputError(f"Dispersion.{name}", "a positive number" if positive else "a number not below zero",
                                 value, "correct the medium")  # fmt: skip
            object.__setattr__(self, name, value)
        for name in ("poles", "residues"):
            values = np.atleast_1d(np.asarray(getattr(self, name), dtype=complex))
            if values.ndim != 1 or not np.all(np.isfinite(values)):
                raise InputError(f"Dispersion.{name}", "a row of finite complex numbers, 1/s", getattr(self, name), "correct it")
            object.__setattr__(self, name, tuple(values.tolist()))
        if len(self.poles) != len(self.residues):
            raise InputError("Dispersion.residues", f"{len(self.poles)} numbers, one a pole", len(self.residues), "give one a pole")
        for a, c in zip(self.poles, self.residues):
            if a.real > 0 or a.imag < 0 or a == 0:
                raise InputError(
                    "Dispersion.poles", "real parts not above zero, and of a conjugate pair the one with the positive imaginary "
                    "part", a, "give a pole at zero as a conductivity, and let no response grow in time",
                )  # fmt: skip
            if a.imag == 0 and c.imag != 0:
                raise InputError("Dispersion.residues", f"a real number for the real pole {a.real:g}", c, "correct it")
        self._refuse_active()

    # -- the models of textbooks --------------------------------------------------------------------------------------

    @classmethod
    def debye(cls, eps_inf: float, strengths, times, conductivity: float = 0.0) -> Dispersion:
        """Relaxations, ``eps_inf + sum_p strength_p / (1 - i w time_p)`` and a conductivity.

        Parameters
        ----------
        eps_inf : float
            Relative permittivity at infinite frequency.
        strengths, times : float or sequence of float
            Steps of the relative permittivity, and relaxation times, s.
        conductivity : float
            Static conductivity, S/m.

        Raises
        ------
        InputError
            When a number is out of range or the medium is active.
        """
        strengths, times = _rows(strengths=strengths, times=times)
        return cls(eps_inf, conductivity, tuple(-1 / t for t in times), tuple(s / t for s, t in zip(strengths, times)))

    @classmethod
    def drude(cls, eps_inf: float, plasma_frequency: float, collision_rate: float) -> Dispersion:
        """Free carriers, ``eps_inf - wp^2 / (w^2 + i g w)`` with ``wp = 2 pi plasma_frequency``.

        As a pole at zero, which is the conductivity ``eps0 wp^2 / g``, and one at ``-g``.

        Parameters
        ----------
        eps_inf : float
            Relative permittivity at infinite frequency.
        plasma_frequency : float
            Hz.
        collision_rate : float
            ``g``, 1/s (angular: not over 2 pi), positive.

        Raises
        ------
        InputError
            When a number is out of range.
        """
        (wp,), (g,) = _rows(plasma_frequency=plasma_frequency, collision_rate=collision_rate)
        static = (2 * math.pi * wp) ** 2 / g
        return cls(eps_inf, EPS0 * static, (-g,), (-static,))

    @classmethod
    def lorentz(cls, eps_inf: float, strengths, resonances, dampings=0.0) -> Dispersion:
        """Resonances, ``eps_inf + sum_p strength_p w_p^2 / (w_p^2 - w^2 - i g_p w)`` with ``w_p = 2 pi resonance_p``.

        Parameters
        ----------
        eps_inf : float
            Relative permittivity at infinite frequency.
        strengths : float or sequence of float
            What each adds to the static relative permittivity.
        resonances : float or sequence of float
            Hz.
        dampings : float or sequence of float
            ``g_p``, 1/s (angular: not over 2 pi); zero by default, as in Sellmeier's formula.

        Raises
        ------
        InputError
            When a number is out of range, the medium is active, or a resonance is damped just critically.
        """
        strengths, resonances = _rows(strengths=strengths, resonances=resonances)
        dampings = np.broadcast_to(np.asarray(dampings, float), (len(strengths),))
        poles, residues = [], []
        for strength, f, g in zip(strengths, resonances, dampings.tolist()):
            if not 0 <= g < math.inf:
                raise InputError("dampings", "numbers not below zero, 1/s", g, "correct them")
            w2 = (2 * math.pi * f) ** 2
            split = w2 - g * g / 4
            if abs(split) < 1e-9 * w2:
                raise InputError("dampings", "none at twice the angular resonance, where both poles meet", g,
                                 "change it by a part in a million")  # fmt: skip
            if split > 0:
                poles.append(complex(-g / 2, math.sqrt(split)))
                residues.append(strength * w2 / (2j * math.sqrt(split)))
            else:
                root = math.sqrt(-split)
                poles += [-g / 2 + root, -g / 2 - root]
                residues += [strength * w2 / (2 * root), -strength * w2 / (2 * root)]
        return cls(eps_inf, 0.0, tuple(poles), tuple(residues))

    @classmethod
    def combined(cls, eps_inf: float, *parts: Dispersion) -> Dispersion:
        """The susceptibilities of all parts over one permittivity at infinite frequency (that of the parts is left aside)."""
        return cls(eps_inf, sum(p.conductivity for p in parts), sum((p.poles for p in parts), ()),
                   sum((p.residues for p in parts), ()))  # fmt: skip

    # -- what it does to a wave ---------------------------------------------------------------------------------------

    def susceptibility(self, frequency):
        """``chi`` at ``frequency`` (Hz, not zero where there is a conductivity), poles and conductivity."""
        return self._at(-2j * np.pi * np.asarray(frequency, float))

    def permittivity(self, frequency):
        """``eps_inf + chi`` at ``frequency``, Hz."""
        return self.eps_inf + self.susceptibility(frequency)

    def scheme_susceptibility(self, frequency, dt: float):
        """What a run with the time step ``dt`` (s) presents at ``frequency`` (Hz) in place of `susceptibility`."""
        return self._at(-2j / dt * np.tan(np.pi * np.asarray(frequency, float) * dt))

    def _at(self, s):
        """``chi`` at ``s = -i w``."""
        total = (self.conductivity / EPS0) / s if self.conductivity else np.zeros_like(s)
        for a, c in zip(self.poles, self.residues):
            total = total + c / (s - a)
            if a.imag:
                total = total + c.conjugate() / (s - a.conjugate())
        return total

    def _refuse_active(self) -> None:
        """Loss must not be negative at any frequency: looked for around every pole, far below and far above all."""
        active = None
        for a, c in zip(self.poles, self.residues):
            # Without damping the loss is a spike of weight Re(a c), which no sampling sees.
            if a.real == 0 and ((a * c).real < 0 or abs((a * c).imag) > _SLACK * abs(a * c)):
                active = a.imag
        if active is None and self.poles:
            w = self._telling_frequencies()
            size = np.full(w.shape, self.conductivity / EPS0)
            for a, c in zip(self.poles, self.residues):
                for b in {a, a.conjugate()}:
                    size += np.abs(c * w / (-1j * w - b))
            gain = -w * self._at(-1j * w).imag
            if np.any(gain > _SLACK * size):
                active = w[np.argmax(gain / size)]
        if active is not None:
            raise InputError(
                "dispersive medium", "loss at every frequency (no imaginary part of the permittivity below zero)",
                f"gain at {active / (2 * math.pi):.4g} Hz", "correct poles and residues",
            )  # fmt: skip

    def _telling_frequencies(self) -> np.ndarray:
        """Angular frequencies at which a sign of the loss shows."""
        poles = np.array(self.poles)
        size = np.abs(poles)
        wide = np.geomspace(1e-4 * size.min(), 1e4 * size.max(), 4000)
        offsets = np.concatenate([[0.0], np.geomspace(1e-3, 1e3, 60)])
        near = poles.imag[:, None] + np.abs(poles.real)[:, None] * np.concatenate([-offsets, offsets])
        w = np.concatenate([wide, near[near > 0]])
        # On an undamped resonance itself there is no loss to be had, only a number without bound.
        undamped = poles[poles.real == 0].imag
        return w[np.all(np.abs(w[:, None] - undamped) > 1e-9 * undamped, axis=1)]


def _real(name: str, value) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(name, "a finite number", value, "correct the medium")
    return number


def _rows(**given) -> list[list[float]]:
    """Positive numbers, one or a row of them each, in rows of the same length."""
    rows = [np.atleast_1d(np.asarray(v, float)).tolist() for v in given.values()]
    for name, row in zip(given, rows):
        if not all(0 < v < math.inf for v in row):
            raise InputError(name, "positive numbers", given[name], "correct them")
    if any(None in pair for pair in zip_longest(*rows)):
        raise InputError(" and ".join(given), "as many of one as of the other", [len(r) for r in rows], "give one a term")
    return rows
