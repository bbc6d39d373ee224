"""A 90-degree waveguide bend (ceviche-challenges, Schubert et al., ACS Photonics 9, 2327 (2022))."""

from __future__ import annotations

from typing import ClassVar

from adjointdesign.problems.photonics.geometry import Port
from adjointdesign.problems.photonics.two_port import TwoPort


class WaveguideBend(TwoPort):
    """In from the west, out to the south."""

    name: ClassVar = "waveguide-bend"
    summary: ClassVar = "90-degree bend of a 400 nm waveguide in 1.6 x 1.6 um, 1265 to 1295 nm"
    symmetries: ClassVar = ("diagonal",)

    def ports(self):
        """West and south."""
        return Port("west"), Port("south")
