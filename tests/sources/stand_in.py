"""A stand-in for the solver's medium, a slab waveguide, and closed forms that modes are held against."""

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq

from adjointdesign.constants import C0
from adjointdesign.grid.yee import AXES, YeeGrid


@dataclass
class StandInMedium:
    grid: YeeGrid
    permittivity: dict
    conductivity: dict = field(default_factory=dict)
    conductor: dict = field(default_factory=dict)
    permeability: dict = field(default_factory=dict)
    dispersive: dict = field(default_factory=dict)


def layered(grid, across, center, width, core, cladding):
    """Uniform but for a core of ``width`` around ``center`` along the axis ``across``; exact means over each cell."""
    axis = AXES.index(across)
    permittivity = {}
    for c in grid.electric:
        x = grid.coordinates(c, axis)
        half = grid.spacing[axis] / 2
        inside = np.clip(np.minimum(x + half, center + width / 2) - np.maximum(x - half, center - width / 2), 0, None)
        values = cladding + (core - cladding) * inside / (2 * half)
        shape = [1] * grid.ndim
        shape[axis] = -1
        permittivity[c] = np.broadcast_to(values.reshape(shape), grid.shape).copy()
    return StandInMedium(grid, permittivity)


def slab_index(width, core, cladding, frequency, order, magnetic):
    """Effective index of a symmetric slab, ``kappa w - order pi = 2 atan(p gamma / kappa)``.

    ``p`` is one for TE and core over cladding for TM.

    H. Kogelnik and V. Ramaswamy, Appl. Opt. 13, 1857 (1974), for TE; for TM the slope jumps by the ratio of
    permittivities.
    """
    k0 = 2 * np.pi * frequency / C0
    p = core / cladding if magnetic else 1.0

    def mismatch(n):
        kappa, gamma = k0 * np.sqrt(core - n**2), k0 * np.sqrt(n**2 - cladding)
        return kappa * width - order * np.pi - 2 * np.arctan(p * gamma / kappa)

    return brentq(mismatch, np.sqrt(cladding) + 1e-9, np.sqrt(core) - 1e-12, xtol=1e-14)
