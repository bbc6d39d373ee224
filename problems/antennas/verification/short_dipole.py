"""A dipole much shorter than the wavelength, above an infinite ground."""

from __future__ import annotations

import math

import numpy as np

from adjointdesign.constants import C0, ETA0
from adjointdesign.problems.antennas.verification.case import Case, Quantity

HEIGHT = 2.881 / (2 * math.pi)
"""Of the vertical dipole whose directivity is largest, wavelengths (Balanis, section 4.7.2)."""
WAVELENGTH = 0.3


def vertical(resolution: float) -> tuple[float, float]:
    """Directivity along the ground, and radiated power over that of the same dipole in free space."""
    from adjointdesign.grid.yee import YeeGrid
    from adjointdesign.monitors import FarFieldMonitor, RadiatedPowerMonitor, power
    from adjointdesign.objectives.far_field import directivity, radiation_intensity
    from adjointdesign.solvers.fdtd_maxwell import Cpml, FdtdMaxwell, Medium, Pec, Steps
    from adjointdesign.sources import GaussianPulse, point_dipole

    frequency = C0 / WAVELENGTH
    # The dipole in the middle of a cell's edge: its height is a whole number of cells and a half.
    below = round(HEIGHT * resolution - 0.5)
    d = HEIGHT * WAVELENGTH / (below + 0.5)
    reach, layer = math.ceil(resolution / 4), 8
    side = 2 * (reach + layer)
    grid = YeeGrid((side, side, below + 1 + reach + layer), (d, d, d), (-side * d / 2, -side * d / 2, 0.0))
    pulse = GaussianPulse(frequency, 0.5 * frequency)
    top = (below + 1 + reach // 2) * d
    width = 2 * (reach // 2) * d
    place = (0.0, 0.0, top / 2), (width, width, top), [frequency]
    monitors = [
        FarFieldMonitor("far", *place, [[math.pi / 2, 0.0]], ground={"-z": "pec"}),
        RadiatedPowerMonitor("through", *place, ground={"-z": "pec"}),
    ]
    source = point_dipole("dipole", (0.0, 0.0, HEIGHT * WAVELENGTH), "ez", pulse)
    solver = FdtdMaxwell(
        Medium.uniform(grid),
        [source],
        monitors,
        boundaries=[Cpml(cells=layer), Cpml(cells=layer), (Pec(), Cpml(cells=layer))],
        run_length=Steps(1),
    )
    solver.steps = int((pulse.duration + 15 / frequency) / solver.dt)
    readings = solver.evaluate({})
    spectrum = pulse.spectrum(np.array([frequency]))
    radiated = power(readings["through"], spectrum) * math.cos(math.pi * frequency * solver.dt)
    found = directivity(radiation_intensity(readings["far"] / spectrum[0]), radiated)[0, 0]
    return float(found), float(radiated[0] / (ETA0 * math.pi / 3 / WAVELENGTH**2))


def _bracket() -> float:
    x = 4 * math.pi * HEIGHT
    return 1 / 3 - math.cos(x) / x**2 + math.sin(x) / x**3


_BALANIS = "C. A. Balanis, Antenna Theory, 4th ed. (2016), section 4.7.2: "
CASES = (
    Case(
        "short-dipole-over-ground",
        "short_dipole",
        "vertical, at 0.4585 wavelengths, where its directivity is largest",
        vertical,
        "cells a wavelength",
        (14.0, 20.0),
        (
            Quantity("directivity", "", _BALANIS + "largest value", 6.566, 2, 5e-3),
            Quantity(
                "power over that in free space", "", _BALANIS + "eqs. 4-102 and 4-16", lambda: 3 * _bracket(), 2, 5e-3
            ),
        ),
    ),
)
