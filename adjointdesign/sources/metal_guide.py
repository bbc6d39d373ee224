"""What the waves of all vacuum-filled metal waveguides have in common: a cutoff, and the phase constant above it."""

from __future__ import annotations

import math

from adjointdesign.constants import C0
from adjointdesign.errors import InputError


class MetalGuide:
    """One wave of a hollow waveguide (Pozar, Microwave Engineering, section 3.1); a subclass has its ``wave`` and ``cutoff``.

    Attributes
    ----------
    wave : str
        Its name, such as "TE10".
    cutoff : float
        Hz.
    """

    def phase_constant(self, frequency: float) -> float:
        """Rad/m.

        Raises
        ------
        InputError
            When the wave does not propagate.
        """
        if not frequency > self.cutoff:
            expected = f"above the cutoff of {self.wave}, {self.cutoff:.6g} Hz"
            raise InputError("frequency", expected, f"{frequency:.6g} Hz", "raise it or widen the guide")
        return 2 * math.pi / C0 * math.sqrt(frequency**2 - self.cutoff**2)
