"""Optical materials by published dispersion formulas, each with its source and the range in which it holds.

Sellmeier's formula, ``n^2 = 1 + sum_i B_i lambda^2 / (lambda^2 - C_i^2)``, wavelengths in vacuum. All entries are
lossless in their range; room temperature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.errors import InputError


@dataclass(frozen=True)
class Material:
    """A material with a Sellmeier formula.

    Parameters
    ----------
    name : str
        The name by which `permittivity` finds it.
    description : str
        What was measured.
    strengths : tuple of float
        The ``B_i``.
    resonances : tuple of float
        The ``C_i``, m.
    valid : tuple of float
        Shortest and longest wavelength in vacuum, m.
    source : str
        The publication.
    """

    name: str
    description: str
    strengths: tuple[float, ...]
    resonances: tuple[float, ...]
    valid: tuple[float, float]
    source: str


MATERIALS = {
    material.name: material
    for material in (
        Material("vacuum", "vacuum", (), (), (0.0, np.inf), "definition"),
        Material(
            "SiO2", "fused silica, 20 C",
            (0.6961663, 0.4079426, 0.8974794), (0.0684043e-6, 0.1162414e-6, 9.896161e-6), (0.21e-6, 3.71e-6),
            "I. H. Malitson, J. Opt. Soc. Am. 55, 1205 (1965)",
        ),
        Material(
            "Si", "crystalline silicon, 26 C",
            (10.6684293, 0.0030434748, 1.54133408), (0.301516485e-6, 1.13475115e-6, 1104e-6), (1.36e-6, 11.04e-6),
            "C. D. Salzberg and J. J. Villa, J. Opt. Soc. Am. 47, 244 (1957), "
            "with the fit of B. Tatian, Appl. Opt. 23, 4477 (1984)",
        ),
        Material(
            "Si3N4", "stoichiometric silicon nitride film, LPCVD",
            (3.0249, 40314.0), (0.1353406e-6, 1239.842e-6), (0.31e-6, 5.504e-6),
            "K. Luke, Y. Okawachi, M. R. E. Lamont, A. L. Gaeta and M. Lipson, Opt. Lett. 40, 4823 (2015)",
        ),
    )
}


def permittivity(material: str, wavelength):
    """Relative permittivity of a material of the library.

    Parameters
    ----------
    material : str
        Name in `MATERIALS`.
    wavelength : float or ndarray
        Wavelength in vacuum, m.

    Returns
    -------
    float or ndarray
        Relative permittivity, the square of the refractive index.

    Raises
    ------
    InputError
        When the material is unknown or a wavelength is outside the range of its source.
    """
    if material not in MATERIALS:
        raise InputError("material", f"one of {', '.join(MATERIALS)}", material, "choose one, or give a permittivity")
    entry = MATERIALS[material]
    lam = np.asarray(wavelength, float)
    shortest, longest = entry.valid
    if not np.all((lam > 0) & (lam >= shortest) & (lam <= longest)):
        wanted = f"{shortest:g} to {longest:g} m, the range of {entry.source} for {material}"
        raise InputError("wavelength", wanted, wavelength, "choose another wavelength, or give a permittivity")
    result = np.ones_like(lam)
    for strength, resonance in zip(entry.strengths, entry.resonances):
        result = result + strength * lam**2 / (lam**2 - resonance**2)
    return float(result) if result.ndim == 0 else result
