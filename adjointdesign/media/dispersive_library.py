"""Dispersive materials for simulation in the time domain, each with its source, its range and how well it fits.

Those of data sheets are known at one frequency; what `loss_tangent` makes of it over a band is a model, and ``fit`` says
how far its loss tangent departs from the given one there. Metals are the published sums of a Drude and of Lorentz terms,
and ``fit`` compares them with other measurements (films differ that much, and the published fit is to several). Glasses are Sellmeier's formulas of `library`, as undamped resonances: exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.media.dispersion import Dispersion
from adjointdesign.media.library import MATERIALS
from adjointdesign.media.loss_tangent import loss_tangent

_GOLD_FIT = "9% to 23% of the permittivity from Johnson and Christy, Phys. Rev. B 6, 4370 (1972), 0.5 to 1.94 micrometers"
_SILVER_FIT = "18% to 27% of the permittivity from Johnson and Christy, Phys. Rev. B 6, 4370 (1972), 0.41 to 1.94 micrometers"
_EV = 1.602176634e-19 / 6.62607015e-34
"""Frequency of a photon of one electronvolt, Hz (both constants exact in SI)."""


@dataclass(frozen=True)
class DispersiveMaterial:
    """A material and where it comes from.

    Parameters
    ----------
    name, description : str
        The name by which `dispersive_material` finds it, and what was measured.
    medium : Dispersion
        The model.
    valid : tuple of float
        Lowest and highest frequency, Hz.
    source : str
        The publication or data sheet, with its equation or table.
    fit : str
        How far the model departs from its source or from measurements, over the valid range unless it says otherwise.
    """

    name: str
    description: str
    medium: Dispersion
    valid: tuple[float, float]
    source: str
    fit: str


def _laminate(name, description, eps_r, tan_delta, frequency, band, source) -> DispersiveMaterial:
    medium, error = loss_tangent(eps_r, tan_delta, frequency, band)
    fit = f"permittivity {eps_r:g} and loss tangent {tan_delta:g} exact at {frequency / 1e9:g} GHz; loss tangent within {error:.1%}"
    return DispersiveMaterial(name, description, medium, band, source, fit)


def _metal(name, plasma, terms, fit) -> DispersiveMaterial:
    """Rakic's ``f_j``, ``G_j``, ``w_j`` (eV); the first term is the free carriers'."""
    (f0, g0), *bound = terms
    rate = 2 * math.pi * _EV
    drude = Dispersion.drude(1.0, math.sqrt(f0) * plasma * _EV, g0 * rate)
    f, g, w = (np.array(column) for column in zip(*bound))
    lorentz = Dispersion.lorentz(1.0, f * (plasma / w) ** 2, w * _EV, g * rate)
    return DispersiveMaterial(
        name, f"{name} film", Dispersion.combined(1.0, drude, lorentz), (C0 / 6.2e-6, C0 / 0.248e-6),
        "A. D. Rakic, A. B. Djurisic, J. M. Elazar and M. L. Majewski, Appl. Opt. 37, 5271 (1998), Lorentz-Drude model, "
        "eqs. 2 to 4 and tables 1 and 2", fit,
    )  # fmt: skip


def _glass(name, key) -> DispersiveMaterial:
    material = MATERIALS[key]
    medium = Dispersion.lorentz(1.0, material.strengths, [C0 / wavelength for wavelength in material.resonances])
    shortest, longest = material.valid
    return DispersiveMaterial(name, material.description, medium, (C0 / longest, C0 / shortest), material.source,
                              "the published formula itself; loss is not part of it")  # fmt: skip


def _water(celsius: float = 25.0) -> DispersiveMaterial:
    """Eqs. 1 and 2 of the source, ``1 - 300 K / T`` being called theta."""
    theta = 1 - 300 / (273.15 + celsius)
    static = 77.66 - 103.3 * theta
    middle, last = 0.0671 * static, 3.52 + 7.52 * theta
    first = 1e9 * (20.20 + 146.4 * theta + 316 * theta**2)
    medium = Dispersion.debye(last, [static - middle, middle - last], 1 / (2 * np.pi * first * np.array([1, 39.8])))
    return DispersiveMaterial(
        "water", f"pure water, {celsius:g} C", medium, (1e9, 1e12),
        "H. J. Liebe, G. A. Hufford and T. Manabe, Int. J. Infrared Millim. Waves 12, 659 (1991), double Debye model",
        "the published formula itself",
    )  # fmt: skip


@cache
def dispersive_materials() -> dict[str, DispersiveMaterial]:
    """All materials by name (made at the first call: some are fitted)."""
    entries = (
        _laminate("FR-4", "epoxy and woven glass (Isola 370HR)", 4.04, 0.021, 2e9, (0.5e9, 10e9),
                  "Isola Group, 370HR product page and data sheet, typical Dk and Df at 2 GHz; that the loss tangent of FR-4 is "
                  "nearly constant: A. R. Djordjevic et al., IEEE Trans. Electromagn. Compat. 43, 662 (2001)"),
        _laminate("RO4003C", "hydrocarbon, ceramic and woven glass", 3.38, 0.0027, 10e9, (1e9, 20e9),
                  "Rogers Corporation, RO4000 series data sheet, typical Dk (process) and Df at 10 GHz, 23 C"),
        _laminate("RO5880", "PTFE with glass microfiber (RT/duroid 5880)", 2.20, 0.0009, 10e9, (1e9, 20e9),
                  "Rogers Corporation, RT/duroid 5870/5880 data sheet, typical Dk and Df at 10 GHz, 23 C"),
        _laminate("PTFE", "polytetrafluoroethylene", 2.08, 0.0004, 10e9, (1e9, 20e9),
                  "D. M. Pozar, Microwave Engineering, 4th ed., appendix G (Teflon at 10 GHz)"),
        _water(),
        _metal("gold", 9.03, [(0.760, 0.053), (0.024, 0.241, 0.415), (0.010, 0.345, 0.830), (0.071, 0.870, 2.969),
                              (0.601, 2.494, 4.304), (4.384, 2.214, 13.32)], _GOLD_FIT),
        _metal("silver", 9.01, [(0.845, 0.048), (0.065, 3.886, 0.816), (0.124, 0.452, 4.481), (0.011, 0.065, 8.185),
                                (0.840, 0.916, 9.083), (5.646, 2.419, 20.29)], _SILVER_FIT),
        _glass("silicon", "Si"),
        _glass("silica", "SiO2"),
    )  # fmt: skip
    return {entry.name: entry for entry in entries}


def dispersive_material(name: str, band=None) -> Dispersion:
    """The medium of a material of the library.

    Parameters
    ----------
    name : str
        Name in `dispersive_materials`.
    band : (float, float), optional
        Lowest and highest frequency (Hz) of interest, which must lie in the valid range.

    Raises
    ------
    InputError
        When the material is unknown, or the band leaves its range.
    """
    entries = dispersive_materials()
    if name not in entries:
        raise InputError("dispersive material", f"one of {', '.join(entries)}", name, "choose one, or give a Dispersion")
    entry = entries[name]
    if band is not None:
        low, high = band
        if not entry.valid[0] * (1 - 1e-9) <= low <= high <= entry.valid[1] * (1 + 1e-9):
            raise InputError("band", f"{entry.valid[0]:.4g} to {entry.valid[1]:.4g} Hz, where {name} is known", band,
                             "narrow it, or give a Dispersion of your own")  # fmt: skip
    return entry.medium
