"""Density to coefficients of the medium: interpolation laws, materials and exact averages on the Yee grid."""

from adjointdesign.media.interpolation import (
    linear_index,
    linear_permittivity,
    logarithmic_conductivity,
    simp_permittivity,
)
from adjointdesign.media.library import MATERIALS, Material, permittivity
from adjointdesign.media.rasterize import average, component_average, component_matrices, coverage, overlap_matrix

__all__ = [
    "MATERIALS",
    "Material",
    "average",
    "component_average",
    "component_matrices",
    "coverage",
    "linear_index",
    "linear_permittivity",
    "logarithmic_conductivity",
    "overlap_matrix",
    "permittivity",
    "simp_permittivity",
]
