"""The finite elements of the metalens: meshes, filter and solver. Needs Firedrake."""

from __future__ import annotations

import math

import numpy as np
from firedrake import Function, FunctionSpace, RectangleMesh, exp

from adjointdesign.constants import C0
from adjointdesign.solvers.fem_diffusion import HelmholtzFilter
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, intensity, plane_wave, scattered
from adjointdesign.tape import firedrake as bridge


class Model:
    """Half of the lens on rectangular cells, with the lens's lower face at y = 0 and its axis at x = 0.

    A plane wave of unit amplitude comes from below; the solution is the scattered field. On the axis the magnetic wall is the
    natural condition, so nothing is to be set there.

    Parameters
    ----------
    specification, discretization : Settings
        Of the metalens.
    filter_radius : float
        m.
    """

    def __init__(self, specification, discretization, filter_radius: float):
        s, d = specification, discretization
        half, around = s.aperture / 2, d.padding + d.layer
        top = s.thickness + s.focal_length + around
        count = [round(length / d.cell) for length in (half + around, top + around)]
        mesh = RectangleMesh(*count, half + around, top, originX=0.0, originY=-around, quadrilateral=True)
        lens = RectangleMesh(
            2 * round(half / s.pixel), round(s.thickness / s.pixel), half, s.thickness, originX=-half, quadrilateral=True
        )
        self.specification = s
        self.edges = [np.linspace(-half, half, 2 * round(half / s.pixel) + 1),
                      np.linspace(0, s.thickness, round(s.thickness / s.pixel) + 1)]  # fmt: skip
        self._pixels, self._nodes = FunctionSpace(lens, "DG", 0), FunctionSpace(lens, "Q", 1)
        self._filter = HelmholtzFilter(self._pixels, self._nodes, filter_radius)
        self.cells = FunctionSpace(mesh, "DG", 0)
        self.frequency = C0 / s.wavelength
        height = s.thickness + s.focal_length

        def spot(x):
            # Over the half plane the Gaussian integrates to one half.
            return exp(-(x[0] ** 2 + (x[1] - height) ** 2) / s.spot**2) * (2 / (math.pi * s.spot**2))

        # All of the lens solid: the mesh must resolve the wave in it.
        solid = Function(self.cells)
        solid.dat.data_wo[...] = self.permittivity(np.ones(tuple(edge.size - 1 for edge in self.edges))).data
        self.solver = FemHelmholtz(
            mesh, [self.frequency], solid, [scattered((0.0, 1.0))],
            {"intensity": intensity(spot, incident=lambda setting: plane_wave(setting, (0.0, 1.0)))},
            degree=d.degree,
            layers=[Layer(0, (-math.inf, half + d.padding), d.layer), Layer(1, (-d.padding, height + d.padding), d.layer)],
            options=d.solver or None,
        )  # fmt: skip

    def filtered(self, density):
        """The filtered density at the pixels' centers, on the tape."""
        shape = tuple(edge.size - 1 for edge in self.edges)
        centers = np.meshgrid(*((edge[1:] + edge[:-1]) / 2 for edge in self.edges), indexing="ij")
        smeared = self._filter(bridge.from_cells(density, self.edges, self._pixels))
        return bridge.samples(smeared, self._nodes, np.stack([c.ravel() for c in centers], axis=1)).reshape(shape)

    def permittivity(self, density):
        """Of every cell of the simulation, on the tape; air outside of the lens."""
        return 1 + (self.specification.permittivity - 1) * bridge.from_cells(density, self.edges, self.cells)
