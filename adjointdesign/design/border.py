"""What surrounds a design region: filters and measurements see it as fixed padding.

A ``border`` is one of

- ``"edge"``: the outermost pixels go on outward,
- ``"periodic"``: the region repeats,
- a number: that density everywhere outside,
- an array, larger than the design by the same number of pixels on both sides of each axis: the densities around the
  design (connecting waveguides solid, cladding void). Its middle, under the design, is not read. Where more is needed
  than it holds, its own edge goes on outward.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import sparse

from adjointdesign.design.operators import along_axis, plain
from adjointdesign.errors import InputError


def pad(rho, widths: tuple[int, ...], border):
    """Surround a density by its border.

    Parameters
    ----------
    rho : ndarray
        Density in the design region.
    widths : tuple of int
        Number of pixels to add on both sides of each axis.
    border : {"edge", "periodic"}, float or ndarray
        What lies outside, see the module.

    Returns
    -------
    ndarray
        The padded density, ``2 * widths`` larger; differentiable in ``rho``.

    Raises
    ------
    InputError
        When the border is none of these, or an array of the wrong shape.
    """
    shape = plain(rho).shape
    if isinstance(border, str):
        if border not in ("edge", "periodic"):
            raise InputError("border", '"edge", "periodic", a number or an array', border, "choose one of these")
        ring, mode = 0.0, border
    else:
        ring, mode = _ring(shape, widths, border), "zero"
    for axis, width in enumerate(widths):
        if width:
            rho = along_axis(_padding_matrix(shape[axis], width, mode), rho, axis)
    return rho + ring


def _ring(shape, widths, border):
    """The border's fixed values, zero under the design."""
    values = np.asarray(border, float)
    if not np.all(np.isfinite(values)):
        raise InputError("border", "finite densities", "NaN or infinity", "remove them")
    inside = tuple(slice(w, w + n) for w, n in zip(widths, shape))
    if values.ndim == 0:
        ring = np.full([n + 2 * w for n, w in zip(shape, widths)], float(values))
    else:
        if values.ndim != len(shape) or any(b < n or (b - n) % 2 for b, n in zip(values.shape, shape)):
            raise InputError(
                "border", f"an array larger than {shape} by an even number of pixels along each axis",
                f"shape {values.shape}", "pad the design by the same number of pixels on both sides",
            )
        have = [(b - n) // 2 for b, n in zip(values.shape, shape)]
        crop = tuple(slice(max(h - w, 0), b - max(h - w, 0)) for h, w, b in zip(have, widths, values.shape))
        ring = np.pad(values[crop], [(max(w - h, 0),) * 2 for h, w in zip(have, widths)], mode="edge")
    ring[inside] = 0.0
    return ring


@lru_cache(maxsize=64)
def _padding_matrix(size: int, width: int, mode: str) -> sparse.csr_array:
    target = np.arange(size + 2 * width)
    source = target - width
    if mode == "zero":
        target, source = target[width:width + size], source[width:width + size]
    elif mode == "edge":
        source = np.clip(source, 0, size - 1)
    else:
        source = source % size
    return sparse.csr_array((np.ones(source.size), (target, source)), shape=(size + 2 * width, size))
