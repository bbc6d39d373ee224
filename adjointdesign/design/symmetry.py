"""Symmetries of a design: the average of a density over a group of reflections and rotations.

The average over a group is the orthogonal projection onto the symmetric densities: linear, idempotent and self-adjoint.
Each symmetry maps the pixel lattice onto itself; those that exchange x and y need as many pixels along the one as along
the other.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from adjointdesign.design.operators import apply_linear, plain, real_array
from adjointdesign.errors import InputError
from adjointdesign.tape import taped

# Each symmetry: the order in which the axes are taken, then the axes that are reversed.
GENERATORS = {
    "mirror_x": ((0, 1, 2), (0,)),
    "mirror_y": ((0, 1, 2), (1,)),
    "mirror_z": ((0, 1, 2), (2,)),
    "diagonal": ((1, 0, 2), ()),
    "antidiagonal": ((1, 0, 2), (0, 1)),
    "rotate_90": ((1, 0, 2), (0,)),
    "rotate_180": ((0, 1, 2), (0, 1)),
}


@taped
def symmetrize(rho, *symmetries: str):
    """Average a density over the group that the given symmetries generate.

    Parameters
    ----------
    rho : ndarray, shape (nx, ny) or (nx, ny, nz)
        Density.
    *symmetries : {"mirror_x", "mirror_y", "mirror_z", "diagonal", "antidiagonal", "rotate_90", "rotate_180"}
        Generators of the group. ``mirror_x`` maps x to -x, ``diagonal`` exchanges x and y, ``antidiagonal`` maps
        (x, y) to (-y, -x); rotations are about z, and the center of the region is the origin.

    Returns
    -------
    ndarray
        The symmetric part of the density, of the same shape.

    Raises
    ------
    InputError
        When a symmetry is unknown or the shape does not allow it.
    """
    rho = real_array(rho, "rho", (2, 3))
    shape = plain(rho).shape
    for name in symmetries:
        if name not in GENERATORS:
            raise InputError("symmetry", f"one of {', '.join(GENERATORS)}", name, "choose one of these")
        order, flips = GENERATORS[name]
        if order[:2] == (1, 0) and shape[0] != shape[1]:
            raise InputError("rho", f"as many pixels along x as y for {name}", f"shape {shape}", "use a square region")
        if len(shape) == 2 and 2 in flips:
            raise InputError("symmetry", "one of the x-y plane for a two-dimensional design", name, "leave it out")
    group = _closure(tuple(symmetries))

    def average(x):
        return sum(_act(element, x) for element in group) / len(group)

    return apply_linear(average, average, rho)


@lru_cache(maxsize=32)
def _closure(symmetries: tuple[str, ...]) -> tuple:
    """All products of the generators, found from what they do to a numbered cube."""
    cube = np.arange(27).reshape(3, 3, 3)
    found = {cube.tobytes(): ((0, 1, 2), ())}
    fresh = list(found.values())
    while fresh:
        products = [_compose(GENERATORS[name], element) for element in fresh for name in symmetries]
        fresh = []
        for element in products:
            key = _act(element, cube).tobytes()
            if key not in found:
                found[key] = element
                fresh.append(element)
    return tuple(found.values())


def _compose(second, first):
    """The element that acts as ``first``, then ``second``."""
    order = tuple(first[0][a] for a in second[0])
    moved = {second[0].index(a) for a in first[1]}
    return order, tuple(sorted(moved ^ set(second[1])))


def _act(element, x):
    order, flips = element
    return np.flip(np.transpose(x, order[:x.ndim]), flips)
