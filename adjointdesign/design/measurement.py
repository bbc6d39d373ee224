"""Measurement of the length scales of a finished, binary pattern.

A phase has the length scale D if it is a union of discs of diameter D, that is, if the morphological opening with that
disc leaves it unchanged. This is the definition of M. Chen et al., J. Opt. Soc. Am. B 41, A161 (2024), and of the
`imageruler` package. As there, pixels on the edge of features that have an interior are left out of the comparison: a
pixel pattern cannot follow a curve more closely than that. Sharp corners are length-scale violations in this sense.

Discs are centered on pixel centers, edges and corners, and cover a pixel when its center is less than ``D / 2`` plus a
quarter of a pixel away. Diameters are whole pixels: they grow by half until one fails, and are then bisected. With this
a bar of n pixels along an axis measures n pixels exactly, bars at other angles right to one pixel, and discs up to one
and a half pixels too small: the reading errs on the safe side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from adjointdesign.design.border import pad
from adjointdesign.design.operators import check_spacing, real_array
from adjointdesign.errors import InputError


@dataclass(frozen=True)
class LengthScale:
    """Measured minimum length scales of a pattern.

    Parameters
    ----------
    solid, void : float
        Largest disc diameter of which each phase is a union, m; infinite when nothing limits it within the pattern.
    resolution : float
        Uncertainty of both, one pixel, m.
    """

    solid: float
    void: float
    resolution: float

    @property
    def minimum(self) -> float:
        """The smaller of both, m."""
        return min(self.solid, self.void)


def measure_length_scale(pattern, spacing, border="edge") -> LengthScale:
    """Measure the minimum solid and void length scale of a binary pattern.

    Parameters
    ----------
    pattern : ndarray, shape (nx, ny)
        Binary pattern, zeros and ones.
    spacing : float or tuple of float
        Pixel size along x and y, m.
    border : {"edge", "periodic"}, float or ndarray
        What surrounds the pattern, see `adjointdesign.design.border`; only violations inside the pattern count.

    Returns
    -------
    LengthScale
        Length scales of solid (ones) and void (zeros), m.

    Raises
    ------
    InputError
        When the pattern is not binary or not two-dimensional.
    """
    pattern = real_array(pattern, "pattern", (2,))
    if not np.all((pattern == 0) | (pattern == 1)):
        raise InputError("pattern", "zeros and ones only", "values in between", "threshold it first")
    spacing = check_spacing(spacing, 2)
    solid = _largest_disc(pattern, spacing, border, solid=True)
    void = _largest_disc(pattern, spacing, border, solid=False)
    return LengthScale(solid, void, max(spacing))


def _largest_disc(pattern, spacing, border, solid):
    """Largest diameter, in steps of the smaller pixel size, without violation; infinite if none is found."""
    step = min(spacing)
    limit = math.ceil(max(n * d for n, d in zip(pattern.shape, spacing)) / step)
    passed, failed = 1, 2
    while True:
        brush = _Brush(pattern, spacing, border, solid, failed * step)
        if brush.violated(failed * step):
            break
        if failed >= limit:
            return math.inf
        passed, failed = failed, min(limit, max(failed + 1, failed * 3 // 2))
    while failed - passed > 1:
        middle = (failed + passed) // 2
        passed, failed = (passed, middle) if brush.violated(middle * step) else (middle, failed)
    return passed * step


class _Brush:
    """One phase of a padded pattern, ready to be tried with discs of up to a largest diameter."""

    def __init__(self, pattern, spacing, border, solid, largest):
        widths = tuple(math.ceil(0.5 * largest / d) + 2 for d in spacing)
        padded = pad(pattern, widths, border) > 0.5
        self.phase = padded if solid else ~padded
        self.inside = tuple(slice(w, w + n) for w, n in zip(widths, pattern.shape))
        self.quarter = 0.25 * min(spacing)
        self.half_spacing = tuple(0.5 * d for d in spacing)
        interior = ndimage.binary_erosion(self.phase, border_value=1)
        edges = ndimage.binary_dilation(interior, np.ones((3, 3))) & ~interior
        self.counted = (self.phase & ~edges)[self.inside]
        # Lattice of half the spacing: pixel centers are at odd places, edges and corners between them.
        self.clearance = self._distance(self._on_lattice(~self.phase))

    def violated(self, diameter) -> bool:
        """Whether some pixel that counts is covered by no disc that fits into the phase."""
        radius = 0.5 * diameter + self.quarter
        to_center = self._distance(self.clearance >= radius)[1::2, 1::2][self.inside]
        return bool(np.any(self.counted & ~(to_center < radius)))

    def _on_lattice(self, pixels):
        lattice = np.zeros([2 * n + 1 for n in pixels.shape], bool)
        lattice[1::2, 1::2] = pixels
        return lattice

    def _distance(self, points):
        if not points.any():
            return np.full(points.shape, np.inf)
        return ndimage.distance_transform_edt(~points, sampling=self.half_spacing)
