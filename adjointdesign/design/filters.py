"""Density filters: a weighted average over a neighborhood, the first step from parameters to a design.

    rho_filtered_i = sum_j w(|x_i - x_j|) rho_j / sum_j w(|x_i - x_j|)

B. S. Lazarov, F. Wang and O. Sigmund, Arch. Appl. Mech. 86, 189 (2016). The border of the design
region takes part with fixed values, so that the sum of the weights is the same at every pixel, and the filtered design
joins the waveguides that lead to it. The convolution is done by FFT; its transpose is exact.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy import fft

from adjointdesign.design.border import pad
from adjointdesign.design.operators import apply_linear, check_spacing, plain, real_array
from adjointdesign.errors import InputError
from adjointdesign.tape import taped

GAUSSIAN_REACH = 4.0
"""Radius at which the Gaussian filter is cut off, in standard deviations (weight 3e-4 of the center's)."""


@taped
def conic_filter(rho, radius: float, spacing, border="edge"):
    """Filter a density with the conic ("hat") kernel ``w(r) = max(0, 1 - r / radius)``.

    Parameters
    ----------
    rho : ndarray, shape (nx, ny) or (nx, ny, nz)
        Density in the design region.
    radius : float
        Filter radius, m.
    spacing : float or tuple of float
        Pixel size along each axis, m.
    border : {"edge", "periodic"}, float or ndarray
        What surrounds the design region, see `adjointdesign.design.border`.

    Returns
    -------
    ndarray
        The filtered density, of the same shape.

    Raises
    ------
    InputError
        When the radius or the spacing is not positive, or the border does not fit.
    """
    return _filter(rho, "conic", radius, spacing, border)


@taped
def gaussian_filter(rho, sigma: float, spacing, border="edge"):
    """Filter a density with the kernel ``w(r) = exp(-r^2 / (2 sigma^2))``, cut off at four standard deviations.

    Parameters
    ----------
    rho : ndarray, shape (nx, ny) or (nx, ny, nz)
        Density in the design region.
    sigma : float
        Standard deviation along each axis, m. In two dimensions a conic filter of radius R has ``sigma = 0.387 R``.
    spacing : float or tuple of float
        Pixel size along each axis, m.
    border : {"edge", "periodic"}, float or ndarray
        What surrounds the design region, see `adjointdesign.design.border`.

    Returns
    -------
    ndarray
        The filtered density, of the same shape.

    Raises
    ------
    InputError
        When ``sigma`` or the spacing is not positive, or the border does not fit.
    """
    return _filter(rho, "gaussian", sigma, spacing, border)


def _filter(rho, kind, radius, spacing, border):
    rho = real_array(rho, "rho", (2, 3))
    shape = plain(rho).shape
    spacing = check_spacing(spacing, len(shape))
    name = "radius" if kind == "conic" else "sigma"
    if not (np.isfinite(radius) and radius > 0):
        raise InputError(name, "a positive length in metres", radius, f"correct {name}")
    weights = kernel(kind, float(radius), spacing)
    reach = tuple(n // 2 for n in weights.shape)
    padded = pad(rho, reach, border)
    size = tuple(fft.next_fast_len(n + 2 * m, real=True) for n, m in zip(shape, reach))
    spectrum = _spectrum(kind, float(radius), spacing, size)
    valid = tuple(slice(2 * m, 2 * m + n) for n, m in zip(shape, reach))
    full = tuple(slice(0, n + 2 * m) for n, m in zip(shape, reach))

    # The kernel is even, so that correlation and convolution agree. The wrapped-around part falls outside `valid`.
    def convolve(x):
        return fft.irfftn(fft.rfftn(x, size) * spectrum, size)[valid]

    def transpose(g):
        return fft.irfftn(fft.rfftn(g, size) * spectrum, size)[full]

    return apply_linear(convolve, transpose, padded)


@lru_cache(maxsize=32)
def kernel(kind: str, radius: float, spacing: tuple[float, ...]) -> np.ndarray:
    """The weights of a filter on the pixel lattice, of odd shape, summing to one.

    Parameters
    ----------
    kind : {"conic", "gaussian"}
        The kernel.
    radius : float
        Radius of the conic one, standard deviation of the Gaussian one, m.
    spacing : tuple of float
        Pixel size along each axis, m.
    """
    cutoff = radius if kind == "conic" else GAUSSIAN_REACH * radius
    offsets = [np.arange(-math.floor(cutoff / d), math.floor(cutoff / d) + 1) * d for d in spacing]
    distance = np.sqrt(sum(x**2 for x in np.meshgrid(*offsets, indexing="ij", sparse=True)))
    if kind == "conic":
        weights = np.maximum(0.0, 1.0 - distance / radius)
    else:
        weights = np.where(distance <= cutoff, np.exp(-0.5 * (distance / radius) ** 2), 0.0)
    return weights / weights.sum()


@lru_cache(maxsize=32)
def _spectrum(kind, radius, spacing, size):
    return fft.rfftn(kernel(kind, radius, spacing), size)
