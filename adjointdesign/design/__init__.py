"""Parameters to density or shape: filters, projections, symmetries, length scales and parametrised shapes.

Each public function takes plain arrays, autograd's or the tape's, and is differentiable in all of them.
"""

from adjointdesign.design.filters import conic_filter, gaussian_filter
from adjointdesign.design.length_scale import conic_thresholds, solid_length_scale, void_length_scale
from adjointdesign.design.measurement import LengthScale, measure_length_scale
from adjointdesign.design.projection import robust_variants, smoothed_projection, tanh_projection
from adjointdesign.design.shapes import render_ellipse, render_polygon, render_rectangle
from adjointdesign.design.symmetry import symmetrize

__all__ = [
    "LengthScale",
    "conic_filter",
    "conic_thresholds",
    "gaussian_filter",
    "measure_length_scale",
    "render_ellipse",
    "render_polygon",
    "render_rectangle",
    "robust_variants",
    "smoothed_projection",
    "solid_length_scale",
    "symmetrize",
    "tanh_projection",
    "void_length_scale",
]
