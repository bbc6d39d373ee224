"""Thin wires: dipoles, a monopole over ground, a small loop, from the descriptions of the reference antennas."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

from adjointdesign.constants import C0, ETA0
from adjointdesign.problems.antennas.verification.case import Case, Quantity
from adjointdesign.problems.antennas.verification.moments import dipole_impedance

FILES = Path(__file__).parents[1] / "reference"
_NEC = (
    "G. J. Burke and A. J. Poggio, Numerical Electromagnetics Code, part III: user's guide, UCID-18834 (1981), "
    "example 1: "
    "method of moments, 7 segments, radius of a thousandth of the wavelength, exp(+i w t)"
)
_MOMENTS = (
    "R. F. Harrington, Field Computation by Moment Methods (1968), chapter 4: Galerkin, 121 triangles, reduced kernel, the same gap, "
    "exp(+i w t)"
)
_BALANIS = "C. A. Balanis, Antenna Theory, 4th ed. (2016), "


def reference(name: str, refine: float, change=None, **grid):
    """Results of a reference antenna on a grid finer by a factor than its own.

    Parameters
    ----------
    name : str
        Of the file.
    refine : float
        Factor on the cells per length, at metal and per wavelength.
    change : callable, optional
        Changes the description, a dictionary, in its place.
    **grid
        Settings of the grid instead of the file's, before they are refined.
    """
    from adjointdesign.problems.antennas.describe import simulate
    from adjointdesign.problems.antennas.geometry.description import described

    data = tomllib.loads((FILES / f"{name}.toml").read_text())
    own = {"cells_per_wavelength": 20.0, **data.get("grid", {}), **grid}
    own["cells_per_wavelength"] *= refine
    if "edge_size" in own:
        own["edge_size"] /= refine
    data["grid"] = own
    if change is not None:
        change(data)
    return simulate(described(data))


def _directivity(results, number: int) -> float:
    return 10 ** (results.summary()["far_field"]["feed"]["directivity_dbi"][number] / 10)


def _as_in_nec(data: dict) -> None:
    """A radius of a thousandth of the wavelength, and one frequency in the middle of the file's band."""
    for wire in data["wires"]:
        wire["radius"] = 1e-3 * C0 / 1e9
    data["band"] = {"low": 0.8e9, "high": 1.2e9, "points": 3}
    data["far_field"] = {"frequencies": [1e9]}


def half_wave_dipole(resolution: float) -> tuple[float, float, float]:
    """Resistance, reactance (``exp(+i w t)``) and directivity at 1 GHz."""
    results = reference("half-wave-dipole", resolution / 150, _as_in_nec)
    z = results.input_impedance[1, 0]
    return z.real, -z.imag, _directivity(results, 0)


def quarter_wave_monopole(resolution: float) -> tuple[float, float, float]:
    """The same of the monopole over ground."""
    results = reference("quarter-wave-monopole", resolution / 150, _as_in_nec)
    z = results.input_impedance[1, 0]
    return z.real, -z.imag, _directivity(results, 0)


def full_wave_dipole(resolution: float) -> tuple[float]:
    """Directivity of arms twice as long and very thin."""

    def change(data: dict) -> None:
        data["wires"][0]["start"][2] *= 2
        data["wires"][1]["end"][2] *= 2
        for wire in data["wires"]:
            wire["radius"] = 0.01e-3
        data["far_field"] = {"frequencies": [1e9]}

    return (_directivity(reference("half-wave-dipole", resolution / 150, change), 0),)


def full_wave_admittance(resolution: float) -> tuple[float, float]:
    """Conductance and susceptance at the feed (``exp(+j w t)``), S, of arms twice as long, where they make one wavelength."""

    def change(data: dict) -> None:
        data["wires"][0]["start"][2] *= 2
        data["wires"][1]["end"][2] *= 2
        data["ports"][0]["impedance"] = 600.0
        data["band"] = {"low": 0.8e9, "high": 1.2e9, "points": 3}
        del data["far_field"]

    found = 1 / reference("half-wave-dipole", resolution / 150, change).input_impedance[1, 0].conj()
    return found.real, found.imag


def _full_wave_moments() -> complex:
    return 1 / dipole_impedance(1e9, 299.792e-3, 0.4e-3, 2e-3, 121)


def small_loop(resolution: float) -> tuple[float, float]:
    """Radiation resistance (twice the radiated power over the current squared) and directivity at 0.8 GHz."""

    def change(data: dict) -> None:
        data["band"] = {"low": 0.8e9, "high": 1.2e9, "points": 3}
        data["far_field"] = {"frequencies": [0.8e9]}

    results = reference("small-loop", resolution / 12.5, change)
    z = results.input_impedance[0, 0]
    radiated = results.radiation(0)["radiated"][0]  # for one volt behind the port's impedance
    current = 1 / abs(z + results.impedances[0])
    return 2 * radiated / current**2, _directivity(results, 0)


def loop_resistance() -> float:
    """``eta (2 pi / 3) (k S / wavelength)^2`` of an area S."""
    wavelength = C0 / 0.8e9
    return ETA0 * 2 * math.pi / 3 * (2 * math.pi / wavelength * 6.25e-3**2 / wavelength) ** 2


_CELLS = "cells a wavelength at the metal"
CASES = (
    Case(
        "half-wave-dipole",
        "wires",
        "a dipole of half a wavelength, radius of a thousandth of it",
        half_wave_dipole,
        _CELLS,
        (106.0, 150.0),
        (
            Quantity("resistance", "ohm", _NEC, 82.6979, 1, 0.06),
            Quantity("reactance", "ohm", _NEC, 46.3060, 1, 0.1),
            Quantity("directivity", "", _BALANIS + "section 4.6: infinitely thin", 1.643, 1, 0.01),
        ),
    ),
    Case(
        "quarter-wave-monopole",
        "wires",
        "half of it over an infinite ground",
        quarter_wave_monopole,
        _CELLS,
        (106.0, 150.0),
        (
            Quantity("resistance", "ohm", _NEC + ", halved by image theory", 41.34895, 1, 0.06),
            Quantity("reactance", "ohm", _NEC + ", halved by image theory", 23.1530, 1, 0.1),
            Quantity("directivity", "", _BALANIS + "section 4.7.3: infinitely thin", 3.286, 1, 0.01),
        ),
    ),
    Case(
        "full-wave-dipole",
        "wires",
        "a dipole of a whole wavelength, radius of a 30000th of it",
        full_wave_dipole,
        _CELLS,
        (75.0, 106.0),
        (Quantity("directivity", "", _BALANIS + "section 4.5: infinitely thin", 2.411, 1, 0.03),),
    ),
    Case(
        "full-wave-dipole-impedance",
        "wires",
        "a dipole of a whole wavelength, radius of a 750th of it, fed across a gap of 2 mm (a 150th)",
        full_wave_admittance,
        _CELLS,
        (106.0, 150.0),
        (
            Quantity("conductance", "S", _MOMENTS, lambda: _full_wave_moments().real, 2, 0.05),
            Quantity("susceptance", "S", _MOMENTS, lambda: _full_wave_moments().imag, 2, 0.05),
        ),
    ),
    Case(
        "small-loop",
        "wires",
        "a square loop, a fifteenth of a wavelength around",
        small_loop,
        "cells a side of the loop",
        (6.25, 8.84),
        (
            Quantity(
                "radiation resistance",
                "ohm",
                _BALANIS
                + "eq. 5-24: uniform current (ours is in the mean 1.5 % above that at the feed: 3 % of power)",
                loop_resistance,
                2,
                0.04,
            ),
            Quantity("directivity", "", _BALANIS + "eq. 5-31: infinitely small", 1.5, 1, 0.01),
        ),
    ),
)
