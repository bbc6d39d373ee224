"""Density to coefficients of the medium: interpolation laws, materials and exact averages on the Yee grid."""

from adjointdesign.media.dispersion import Dispersion
from adjointdesign.media.dispersive_library import DispersiveMaterial, dispersive_material, dispersive_materials
from adjointdesign.media.interpolation import (
    linear_index,
    linear_permittivity,
    logarithmic_conductivity,
    simp_permittivity,
)
from adjointdesign.media.library import MATERIALS, Material, permittivity
from adjointdesign.media.loss_tangent import loss_tangent
from adjointdesign.media.rasterize import average, component_average, component_matrices, coverage, overlap_matrix
from adjointdesign.media.surface_impedance import conducting_surface, skin_depth, surface_impedance

__all__ = [
    "Dispersion",
    "DispersiveMaterial",
    "MATERIALS",
    "Material",
    "average",
    "component_average",
    "component_matrices",
    "conducting_surface",
    "coverage",
    "dispersive_material",
    "dispersive_materials",
    "linear_index",
    "linear_permittivity",
    "logarithmic_conductivity",
    "loss_tangent",
    "overlap_matrix",
    "permittivity",
    "simp_permittivity",
    "skin_depth",
    "surface_impedance",
]
