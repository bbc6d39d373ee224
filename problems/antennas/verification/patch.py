"""A published patch antenna, as built and measured."""

from __future__ import annotations

import numpy as np

from adjointdesign.problems.antennas.verification.case import Case, Quantity
from adjointdesign.problems.antennas.verification.wires import reference


def resonance(resolution: float) -> tuple[float]:
    """Frequency of the least reflection, from the parabola through its logarithm about there, Hz."""

    def change(data: dict) -> None:
        del data["far_field"]
        data["band"] = {"low": 6.5e9, "high": 8.5e9, "points": 201}

    results = reference("microstrip-patch", resolution / 2, change)
    f, s = results.model.frequencies, np.log(np.abs(results.s_parameters[:, 0, 0]))
    k = int(np.argmin(s))
    a, b, _ = np.polyfit(f[k - 1 : k + 2] - f[k], s[k - 1 : k + 2], 2)
    return (f[k] - b / (2 * a),)


CASES = (
    Case(
        "microstrip-patch",
        "patch",
        "a line-fed patch on a thin substrate",
        resonance,
        "cells to 0.8 mm at the metal",
        (1.414, 2.0),
        (
            Quantity(
                "resonance",
                "Hz",
                "D. M. Sheen, S. M. Ali, M. D. Abouzahra and J. A. Kong, IEEE Trans. Microw. Theory Tech. 38, 849 "
                "(1990), "
                "fig. 5: operating resonance, measured and computed",
                7.5e9,
                1,
                0.015,
            ),
        ),
    ),
)
