"""The waves TEm0 of a rectangular metal waveguide, at an end of the mesh."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from firedrake import Constant, as_vector, ds, inner, sin

from adjointdesign.constants import C0, MU0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import Complex
from adjointdesign.sources.metal_guide import MetalGuide


@dataclass(frozen=True)
class RectangularGuide(MetalGuide):
    """TEm0 at the end, across the axis, of a vacuum-filled rectangular waveguide (Pozar, Microwave Engineering, section 3.3).

    The mesh's boundary there takes the impedance of the mode, ``impedances={tag: guide.impedance}``: it lets this mode in and
    out without reflection. Others are to have died out before they come there.

    Parameters
    ----------
    tag : boundary tag
        Of the end.
    corner : sequence of float
        A corner of the end, m.
    wide, narrow : sequence of float
        From that corner along the sides to its neighbors, m. The electric field points along ``narrow``.
    order : int
        m of TEm0, from 1.

    Raises
    ------
    InputError
        When the sides are not at right angles.
    """

    tag: object
    corner: Sequence[float]
    wide: Sequence[float]
    narrow: Sequence[float]
    order: int = 1

    def __post_init__(self):
        lean = sum(a * b for a, b in zip(self.wide, self.narrow, strict=True))
        if not abs(lean) <= 1e-9 * math.hypot(*self.wide) * math.hypot(*self.narrow) > 0:
            raise InputError("narrow", f"a side at right angles to {tuple(self.wide)}", tuple(self.narrow), "correct it")

    @property
    def cutoff(self) -> float:
        """Hz."""
        return C0 * self.order / (2 * math.hypot(*self.wide))

    @property
    def wave(self) -> str:
        """Name of the wave."""
        return f"TE{self.order}0"

    def impedance(self, frequency: float) -> float:
        """Ratio of the transverse fields over the impedance of vacuum."""
        return 2 * math.pi * frequency / C0 / self.phase_constant(frequency)

    def power(self, frequency: float) -> float:
        """Of an incoming wave whose electric field peaks at 1 V/m, W."""
        area = math.hypot(*self.wide) * math.hypot(*self.narrow)
        return area / (4 * self.impedance(frequency) * MU0 * C0)

    def incoming(self) -> Callable:
        """Excitation: the mode comes in, its electric field at the end peaking at 1 V/m."""

        def excitation(setting, v):
            # n x curl E + i b E of the incoming wave, whose phase is zero at the end: 2 i b E.
            rate = Constant(self.phase_constant(float(setting.wavenumber) * C0 / (2 * math.pi)))
            return Complex(0.0, -2 * rate).product(v.map(lambda w: inner(self._profile(setting), w)), lambda a, b: a * b).integrate(ds(self.tag))

        return excitation

    def reflection(self) -> Callable:
        """Reading: amplitude of the mode that goes out over the one that comes in."""
        return self._amplitude(1.0)

    def transmission(self) -> Callable:
        """Reading: amplitude of the mode that goes out here over the one that comes in through another end."""
        return self._amplitude(0.0)

    def _amplitude(self, incoming: float) -> Callable:
        def reading(setting, field):
            profile = self._profile(setting)
            norm = math.hypot(*self.wide) * math.hypot(*self.narrow) / 2
            here = field - Complex(incoming * profile, 0.0 * profile)
            return here.map(lambda e: inner(profile, e) / norm).integrate(ds(self.tag))

        return reading

    def _profile(self, setting):
        size = math.hypot(*self.wide) ** 2
        place = sum(w * (x - c) for w, x, c in zip(self.wide, setting.x, self.corner, strict=True)) / size
        up = [n / math.hypot(*self.narrow) for n in self.narrow]
        return sin(self.order * math.pi * place) * as_vector(up)
