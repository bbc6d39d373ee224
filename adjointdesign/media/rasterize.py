"""Exact averages of a pixel pattern over the dual cells of a Yee grid.

The coefficient of a field component is the mean over its dual cell ``[r - d/2, r + d/2]`` along each axis, ``r`` being
the place where the component lives. Pixels and dual cells are boxes, so the mean is a product of one-dimensional
overlaps: a linear map that is applied as one sparse matrix an axis.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from adjointdesign.design.operators import along_axis, check_spacing, plain, real_array
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import YeeGrid
from adjointdesign.tape import taped


def overlap_matrix(source_edges, target_edges) -> sparse.csr_array:
    """The share of each target interval that each source interval covers.

    Parameters
    ----------
    source_edges : ndarray, shape (m + 1,)
        Ascending edges of the source intervals, m.
    target_edges : ndarray, shape (n + 1,)
        Ascending edges of the target intervals, m.

    Returns
    -------
    csr_array, shape (n, m)
        Overlap lengths over the target's length. A row sums to one where the sources cover the target.

    Raises
    ------
    InputError
        When edges do not ascend.
    """
    source, target = np.asarray(source_edges, float), np.asarray(target_edges, float)
    for name, edges in (("source_edges", source), ("target_edges", target)):
        if edges.ndim != 1 or edges.size < 2 or not np.all(np.diff(edges) > 0):
            raise InputError(name, "at least two ascending positions", edges, "sort them and leave out doubles")
    # All pieces between neighboring edges of either kind; each lies in one source and one target at most.
    cuts = np.unique(np.concatenate([source, target]))
    middles, lengths = 0.5 * (cuts[1:] + cuts[:-1]), np.diff(cuts)
    columns = np.searchsorted(source, middles) - 1
    rows = np.searchsorted(target, middles) - 1
    valid = (columns >= 0) & (columns < source.size - 1) & (rows >= 0) & (rows < target.size - 1)
    rows, columns, lengths = rows[valid], columns[valid], lengths[valid]
    values = lengths / np.diff(target)[rows]
    return sparse.csr_array((values, (rows, columns)), shape=(target.size - 1, source.size - 1))


@taped
def average(pixels, matrices, outside: float = 0.0):
    """Apply one overlap matrix an axis, and fill what the pixels do not cover.

    Parameters
    ----------
    pixels : ndarray
        Values on the source boxes.
    matrices : sequence of sparse matrix
        `overlap_matrix` of each axis.
    outside : float
        Value where there is no pixel.

    Returns
    -------
    ndarray
        Means over the target boxes; linear in ``pixels``.
    """
    for axis, matrix in enumerate(matrices):
        pixels = along_axis(matrix, pixels, axis)
    return pixels + outside * (1.0 - coverage(matrices))


def coverage(matrices) -> np.ndarray:
    """The share of each target box that the pixels cover, 0 to 1.

    Parameters
    ----------
    matrices : sequence of sparse matrix
        `overlap_matrix` of each axis.
    """
    rows = [np.minimum(matrix.sum(axis=1), 1.0) for matrix in matrices]
    shares = rows[0]
    for row in rows[1:]:
        shares = np.multiply.outer(shares, row)
    return shares


@taped
def component_average(
    pixels, pixel_origin, pixel_spacing, grid: YeeGrid, component: str, ranges=None, outside: float = 0.0
):
    """Mean of a pixel pattern over the dual cells of a field component.

    Parameters
    ----------
    pixels : ndarray, one axis for each of the grid's
        Values, constant on each pixel. A single pixel along z, as high as the layer, makes a flat device.
    pixel_origin : tuple of float
        Lower corner of pixel ``(0, 0[, 0])``, m.
    pixel_spacing : float or tuple of float
        Pixel size along each axis, m.
    grid : YeeGrid
        The grid.
    component : str
        Name of the component, as ``"ez"``.
    ranges : sequence of (start, stop), optional
        Storage slots along each axis; all of them when left out.
    outside : float
        Value where there is no pixel.

    Returns
    -------
    ndarray, shape of the box of slots
        The means; linear in ``pixels``.

    Raises
    ------
    InputError
        When dimensions disagree, the grid lacks the component or slots do not exist.
    """
    pixels = real_array(pixels, "pixels", (grid.ndim,))
    matrices = component_matrices(plain(pixels).shape, pixel_origin, pixel_spacing, grid, component, ranges)
    return average(pixels, matrices, outside)


def component_matrices(shape, pixel_origin, pixel_spacing, grid: YeeGrid, component: str, ranges=None) -> list:
    """The matrices of `component_average`, one an axis, for use over many patterns of the same shape.

    Parameters
    ----------
    shape : tuple of int
        Number of pixels along each axis.
    pixel_origin, pixel_spacing, grid, component, ranges
        As in `component_average`.

    Returns
    -------
    list of csr_array
        Each of shape (slots, pixels).

    Raises
    ------
    InputError
        As `component_average`.
    """
    if component not in grid.components:
        raise InputError("component", f"one of {', '.join(grid.components)}", component, "choose one of the grid's")
    spacing = check_spacing(pixel_spacing, grid.ndim)
    if len(shape) != grid.ndim or len(pixel_origin) != grid.ndim:
        raise InputError("pixel_origin", f"{grid.ndim} coordinates", pixel_origin, "give one value an axis")
    ranges = [(0, n) for n in grid.shape] if ranges is None else list(ranges)
    matrices = []
    for axis in range(grid.ndim):
        start, stop = ranges[axis]
        if not 0 <= start < stop <= grid.shape[axis]:
            wanted = f"slots within 0 and {grid.shape[axis]} along axis {axis}"
            raise InputError("ranges", wanted, ranges[axis], "correct them")
        edges = grid.borders(component, axis)[start : stop + 1]
        source = pixel_origin[axis] + np.arange(shape[axis] + 1) * spacing[axis]
        matrices.append(overlap_matrix(source, edges))
    return matrices
