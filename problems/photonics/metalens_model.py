"""The finite elements of the metalens: meshes, filter and solver. Needs Firedrake."""

from __future__ import annotations

import math

import numpy as np
from firedrake import Function, FunctionSpace, RectangleMesh, TestFunction, assemble, dx, exp

from adjointdesign.constants import C0
from adjointdesign.solvers.fem_diffusion import HelmholtzFilter
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, integral, intensity, plane_wave, scattered
from adjointdesign.solvers.fem_linear import Complex
from adjointdesign.tape import firedrake as bridge
from adjointdesign.tape import stop_annotating


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

        self._layers = [Layer(0, (-math.inf, half + d.padding), d.layer), Layer(1, (-d.padding, height + d.padding), d.layer)]
        self._degree, self._options = d.degree, d.solver or None
        # All of the lens solid: the mesh must resolve the wave in it.
        solid = Function(self.cells)
        solid.dat.data_wo[...] = self.permittivity(np.ones(tuple(edge.size - 1 for edge in self.edges))).data
        self.solver = FemHelmholtz(
            mesh, [self.frequency], solid, [scattered((0.0, 1.0))],
            {"intensity": intensity(self._spot, incident=lambda setting: plane_wave(setting, (0.0, 1.0)))},
            degree=d.degree, layers=self._layers, options=self._options,
        )  # fmt: skip

    def _spot(self, x):
        """A Gaussian at the focus, whose integral over the half plane is one half."""
        s = self.specification
        height, width = s.thickness + s.focal_length, s.spot
        return exp(-(x[0] ** 2 + (x[1] - height) ** 2) / width**2) * (2 / (math.pi * width**2))

    def continuous_gradient(self, permittivity: np.ndarray) -> np.ndarray:
        """Derivative of the intensity at the focus in the permittivity of each cell, by an adjoint field of its own.

        With the total field E the adjoint field obeys the same equation, absorbing layers and walls as E, with the source
        ``2 w conj(E)`` of the intensity's weight w: ``dI = Re integral of k^2 d(eps) lambda E``.
        """
        medium, made = Function(self.cells), []
        medium.dat.data_wo[...] = permittivity
        with stop_annotating():
            field = self.solver.systems[0].solutions({"permittivity": permittivity})[0]

            def total(setting):
                return Complex(field[0], field[1]) + plane_wave(setting, (0.0, 1.0))

            def source(setting, v):
                made.append(setting)
                e = total(setting)
                return (Complex(e.re, -e.im) * v * (2 * self._spot(setting.x))).integrate(dx)

            adjoint = FemHelmholtz(
                self.solver.mesh, [self.frequency], medium, [source], {"at the focus": integral(self._spot)}, degree=self._degree,
                layers=self._layers, options=self._options,
            )
            found = adjoint.systems[0].solutions({"permittivity": permittivity})[0]
            product = (Complex(found[0], found[1]) * total(made[0])).re
            return assemble(made[0].wavenumber ** 2 * product * TestFunction(self.cells) * dx).dat.data_ro.copy()

    def filtered(self, density):
        """The filtered density at the pixels' centers, on the tape."""
        shape = tuple(edge.size - 1 for edge in self.edges)
        centers = np.meshgrid(*((edge[1:] + edge[:-1]) / 2 for edge in self.edges), indexing="ij")
        smeared = self._filter(bridge.from_cells(density, self.edges, self._pixels))
        return bridge.samples(smeared, self._nodes, np.stack([c.ravel() for c in centers], axis=1)).reshape(shape)

    def permittivity(self, density):
        """Of every cell of the simulation, on the tape; air outside of the lens."""
        return 1 + (self.specification.permittivity - 1) * bridge.from_cells(density, self.edges, self.cells)
