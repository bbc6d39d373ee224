"""A mode converter: fundamental mode in, second-order mode out (ceviche-challenges, Schubert et al. 2022)."""

from __future__ import annotations

from typing import ClassVar

from adjointdesign.problems.photonics.geometry import Port
from adjointdesign.problems.photonics.two_port import TwoPort


class ModeConverter(TwoPort):
    """In from the west in the fundamental mode, out to the east in the next one."""

    name: ClassVar = "mode-converter"
    summary: ClassVar = "fundamental to second-order mode in 1.6 x 1.6 um, 1265 to 1295 nm"

    def ports(self):
        """West with mode 0 and east with mode 1."""
        return Port("west"), Port("east", mode=1)
