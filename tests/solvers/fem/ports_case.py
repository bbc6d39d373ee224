"""A guide with a bump between two ports, for exact derivatives and for several ranks; run by the tests of ports."""

import numpy as np
from firedrake import Function, FunctionSpace, RectangleMesh, SpatialCoordinate, conditional, exp

from adjointdesign.constants import C0
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, Port, amplitude, launch

HALF = 0.2e-6


def small_case(refinement, shape=False):
    """See `adjointdesign.solvers.small_case`; Hz, so that launch and reading depend on the permittivity too."""
    mesh = RectangleMesh(18 * refinement, 8 * refinement, 0.9e-6, 0.4e-6, -0.9e-6, -0.4e-6, quadrilateral=True)
    x, y = SpatialCoordinate(mesh)
    cells = FunctionSpace(mesh, "DG", 0)
    permittivity = Function(cells).interpolate(conditional(abs(y) < HALF, 4.0, 2.0) + exp(-(x**2 + y**2) / 0.1e-6**2))

    def port(position):
        guide = lambda t: np.where(abs(t) < HALF, 4.0, 2.0)  # noqa: E731
        return Port(0, position, (-0.4e-6, 0.4e-6), guide, 0.2e-6, faces=(-HALF, HALF))

    solver = FemHelmholtz(
        mesh, [C0 / 1.6e-6], permittivity, [launch(port(-0.45e-6), 1)], {"on": amplitude(port(0.4e-6), 1)},
        polarization="hz", degree=1, layers=[Layer(0, (-0.6e-6, 0.6e-6), 0.3e-6)], shape=shape,
    )  # fmt: skip
    return solver, {name: function.dat.data_ro.copy() for name, function in solver.functions.items()}
