"""Physical constants in SI units, CODATA 2022 (Mohr, Newell, Taylor and Tiesinga, NIST 2024)."""

import math

C0 = 299_792_458.0
"""Speed of light in vacuum, m/s (exact)."""

MU0 = 1.256_637_061_27e-6
"""Vacuum magnetic permeability, H/m."""

EPS0 = 1.0 / (MU0 * C0**2)
"""Vacuum electric permittivity, F/m, from C0 and MU0."""

ETA0 = math.sqrt(MU0 / EPS0)
"""Impedance of vacuum, ohm."""
