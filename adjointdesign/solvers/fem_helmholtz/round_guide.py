"""The waves of a round metal waveguide that have no azimuthal variation, at an end of the mesh."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from firedrake import Constant, bessel_J, ds
from scipy.special import jn_zeros, jv

from adjointdesign.constants import C0, EPS0
from adjointdesign.solvers.fem_linear import Complex
from adjointdesign.sources.metal_guide import MetalGuide


@dataclass(frozen=True)
class RoundGuide(MetalGuide):
    """TM0n at the end, across the axis, of a vacuum-filled round waveguide (Pozar, Microwave Engineering, section 3.4).

    The mesh's boundary there takes the impedance of the mode, ``impedances={tag: guide.impedance}``: it lets this mode
    in and out without reflection. Others are to have died out before they come there.

    Parameters
    ----------
    tag : boundary tag
        Of the end.
    radius : float
        m.
    order : int
        n of TM0n, from 1.
    """

    tag: object
    radius: float
    order: int = 1

    @property
    def cutoff(self) -> float:
        """Hz."""
        return C0 * self._transverse / (2 * math.pi)

    @property
    def wave(self) -> str:
        """Name of the wave."""
        return f"TM0{self.order}"

    def impedance(self, frequency: float) -> float:
        """Ratio of the transverse fields over the impedance of vacuum."""
        return self.phase_constant(frequency) * C0 / (2 * math.pi * frequency)

    def power(self, frequency: float) -> float:
        """Of an incoming wave of unit amplitude, W: ``Z int |H|^2 dA / 2``, where H peaks at J1's own values."""
        area = math.pi * self.radius**2 * jv(1, self._transverse * self.radius) ** 2
        return self.phase_constant(frequency) / (2 * math.pi * frequency * EPS0) * area / 2

    def incoming(self) -> Callable:
        """Excitation: the mode ``J1(x r)`` of unit amplitude comes in."""

        def excitation(setting, v):
            # du/dn - i b u of the incoming wave, whose phase is zero at the end: -2 i b u.
            rate = Constant(self.phase_constant(_frequency(setting)))
            source = Complex(0.0, -2 * rate * self._profile(setting) * setting.x[0])
            return (setting.alpha * source * v).integrate(ds(self.tag))

        return excitation

    def reflection(self) -> Callable:
        """Reading: amplitude of the mode that goes out over the one that comes in."""

        def reading(setting, u):
            profile = self._profile(setting)
            norm = self.radius**2 / 2 * jv(1, self._transverse * self.radius) ** 2
            return ((u - profile) * profile * (setting.x[0] / norm)).integrate(ds(self.tag))

        return reading

    @property
    def _transverse(self) -> float:
        return float(jn_zeros(0, self.order)[-1]) / self.radius

    def _profile(self, setting):
        return bessel_J(1, self._transverse * setting.x[0])


def _frequency(setting) -> float:
    return float(setting.wavenumber) * C0 / (2 * math.pi)
