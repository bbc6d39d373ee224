"""A small case of this solver for the tests of the registry: a force and a couple below a free surface, in a smooth solid."""

from __future__ import annotations

import numpy as np

from adjointdesign.solvers.fdtd_elastic.grid import Cpml, FreeSurface, StaggeredGrid
from adjointdesign.solvers.fdtd_elastic.solver import FdtdElastic
from adjointdesign.solvers.fdtd_elastic.sources import MomentTensor, PointForce
from adjointdesign.sources import RickerWavelet

ORDER = 2.0
"""That of the time steps, which shrink with the cells."""

_SIDE, _DEPTH = 1000.0, 700.0


def small_case(refinement: int):
    """See `adjointdesign.solvers.small_case`."""
    cells, layer = 40 * refinement, 9 * refinement
    spacing = _SIDE / cells
    grid = StaggeredGrid((cells + 1, round(_DEPTH / spacing) + 1), (spacing, spacing))
    pulse = RickerWavelet(7.0, 0.24)
    lower, upper = (round(v / spacing) for v in (300.0, 700.0))
    solver = FdtdElastic(
        grid, {"lame_lambda": 8e9, "lame_mu": 8e9, "density": 2000.0},
        [PointForce((512.0, 218.0), (1e6, 3e5), pulse), MomentTensor((437.0, 391.0), ((2e8, 5e7), (5e7, -1e8)), pulse)],
        [(610.0, 0.0), (387.0, 105.0)], steps=120 * refinement, samples=20, boundaries=[Cpml(layer), (FreeSurface(), Cpml(layer))],
        box=((lower, upper), (0, round(400.0 / spacing))), courant=0.97, fastest=3700.0,
    )  # fmt: skip
    (i0, i1), (j0, j1) = solver.program.box
    x, z = np.meshgrid(grid.nodes(0)[i0:i1], grid.nodes(1)[j0:j1], indexing="ij")
    spot = np.exp(-((x - 500) ** 2 + (z - 150) ** 2) / 70.0**2)
    inputs = {"lame_lambda": 8e9 * (1 + 0.2 * spot), "lame_mu": 8e9 * (1 - 0.2 * spot), "density": 2000.0 * (1 + 0.1 * spot)}
    return solver, {**inputs, **solver.settings}
