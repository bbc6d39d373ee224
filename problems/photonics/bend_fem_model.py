"""The finite elements of a device between waveguides: mesh, permittivity from pixels, ports and solver. Needs Firedrake."""

from __future__ import annotations

import math

import numpy as np
from adjointdesign.problems.photonics.geometry import MONITOR_DISTANCE, SOURCE_DISTANCE
from firedrake import Constant, Function, FunctionSpace, RectangleMesh, TestFunction, assemble, dx, split
from scipy import sparse

from adjointdesign.media.rasterize import average
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, amplitude, launch
from adjointdesign.solvers.fem_helmholtz import Port as GuidePort
from adjointdesign.tape import Array, stop_annotating
from adjointdesign.tape import firedrake as bridge

STRIP = 0.25
"""Width of a port's strip, as a fraction of the stub."""
REFLECTION = 1e-8
"""That a layer is made for, at normal incidence in the core."""


class Model:
    """A planar device on the square cells of its layout's grid.

    The permittivity is the projection of the pixels on polynomials in each cell, in L2, and of one degree less than the
    field's: the error that leaves is of the order ``2 degree`` of the elements' own, where the density is smooth.

    Parameters
    ----------
    layout : Layout
        In two dimensions.
    frequencies : ndarray
        Hz.
    discretization : Settings
        With ``degree``, ``pml_cells`` and ``solver``.
    """

    def __init__(self, layout, frequencies, discretization):
        self.layout, s = layout, layout.specification
        grid, d = layout.grid, discretization
        low, high = np.array(grid.origin), np.array(grid.origin) + np.array(grid.extent)
        self.mesh = RectangleMesh(*grid.cells, *high, *low, quadrilateral=True)
        self.cells = FunctionSpace(self.mesh, "DQ", d.degree - 1, **({"variant": "spectral"} if d.degree > 1 else {}))
        edges = [np.linspace(a, b, n + 1) for a, b, n in zip(low, high, grid.cells)]
        self._parts = [_parts(e, d.degree) for e in edges]
        pixels = [o + s.pixel * np.arange(n + 1) for o, n in zip(layout.pixel_origin, layout.design_shape)]
        self._projections = [projection(p, e, d.degree) for p, e in zip(pixels, edges)]
        fraction = np.zeros(tuple(e.size - 1 for e in self._parts))
        for rectangle in layout.guide_rectangles():
            within = [np.clip(r, e[0], e[-1]) for r, e in zip(rectangle, edges)]
            fraction += np.multiply.outer(*(projection(r, e, d.degree).toarray()[:, 0] for r, e in zip(within, edges)))
        contrast = s.core_permittivity - s.cladding_permittivity
        with stop_annotating():
            self._background = s.cladding_permittivity + contrast * bridge.from_cells(Array(fraction), self._parts, self.cells)
        self._contrast = contrast
        self._frequencies, self._discretization, self._solvers = frequencies, d, {}

    def solver(self, driven: int) -> FemHelmholtz:
        """The solver that drives port number ``driven``, made once; the last one asked for keeps its factorizations."""
        for number, other in self._solvers.items():
            if number != driven:
                other.forget()
        if driven not in self._solvers:
            self._solvers[driven] = self._made(driven)
        return self._solvers[driven]

    def _made(self, driven: int) -> FemHelmholtz:
        layout, d, grid = self.layout, self._discretization, self.layout.grid
        # All of the design solid: the mesh must resolve the wave in it.
        solid = Function(self.cells)
        solid.dat.data_wo[...] = self.permittivity(np.ones(layout.design_shape)).data
        depth = d.pml_cells * layout.spacing
        inside = [(o + depth, o + e - depth) for o, e in zip(grid.origin, grid.extent)]
        # A wave in the core sees its index times the layer's depth.
        reflection = REFLECTION ** (1 / math.sqrt(layout.specification.core_permittivity))
        source, lines = layout.ports[driven], [self._port(port, MONITOR_DISTANCE) for port in layout.ports]
        readings = {"in": amplitude(lines[driven], -source.outside)}
        for number, (port, line) in enumerate(zip(layout.ports, lines), start=1):
            readings[f"out of port {number}"] = amplitude(line, port.outside)
        return FemHelmholtz(
            self.mesh, self._frequencies, solid, [launch(self._port(source, SOURCE_DISTANCE), -source.outside)], readings,
            polarization=layout.polarization, degree=d.degree,
            layers=[Layer(axis, ends, depth, reflection) for axis, ends in enumerate(inside)], options=d.solver or None,
        )  # fmt: skip

    def _port(self, port, distance: float) -> GuidePort:
        s = self.layout.specification
        center, (size,) = self.layout.plane(port, distance * s.stub_length)
        middle, half = center[1 - port.axis], s.guide_width / 2

        def permittivity(t):
            return np.where(abs(t - middle) < half, s.core_permittivity, s.cladding_permittivity)

        return GuidePort(
            port.axis, center[port.axis], (middle - size / 2, middle + size / 2), permittivity, STRIP * s.stub_length, port.mode,
            faces=(middle - half, middle + half),
        )  # fmt: skip

    def permittivity(self, density):
        """Nodal values from pixels, on the tape; the guides outside of the design region are fixed."""
        return self._background + self._contrast * bridge.from_cells(average(density, self._projections), self._parts, self.cells)

    def solutions(self, density) -> tuple[list[Function], Function]:
        """Complex fields (as vectors of two parts), one a frequency, with port 1 driven; and the permittivity."""
        permittivity = Function(self.cells)
        permittivity.dat.data_wo[...] = np.asarray(self.permittivity(density))
        inputs = {"permittivity": permittivity.dat.data_ro.copy()}
        return [system.solutions(inputs)[0] for system in self.solver(0).systems], permittivity

    def integrals(self, first, second, factors) -> dict[str, np.ndarray]:
        """Against each basis function of the permittivity: real part of the sum over frequencies of factors times both fields."""
        test, total = TestFunction(self.cells), 0.0
        for a, b, factor in zip(first, second, factors):
            (ar, ai), (br, bi) = split(a), split(b)
            re, im = Constant(factor.real), Constant(factor.imag)
            form = (re * (ar * br - ai * bi) - im * (ar * bi + ai * br)) * test * dx
            total = total + assemble(form).dat.data_ro
        return {"permittivity": total}

    def fields(self, density) -> dict[str, np.ndarray]:
        """Field with port 1 driven and permittivity at the middles of cells, on all ranks; see `PhotonicDevice.fields`."""
        grid = self.layout.grid
        x, y = (o + d * (np.arange(n) + 0.5) for o, d, n in zip(grid.origin, grid.spacing, grid.cells))
        points = np.stack([c.ravel() for c in np.meshgrid(x, y, indexing="ij")], axis=1)
        fields, permittivity = self.solutions(density)
        with stop_annotating():
            found = [np.asarray(bridge.samples(bridge.array(f), f.function_space(), points)) for f in fields]
            medium = np.asarray(bridge.samples(bridge.array(permittivity), self.cells, points))
        states = np.stack(found).reshape(len(found), len(x), len(y), 2)
        return {
            "ez": (states[..., 0] + 1j * states[..., 1]).astype(np.complex64), "x": x, "y": y,
            "permittivity": medium.reshape(len(x), len(y)),
        }  # fmt: skip


def projection(source_edges, target_edges, count: int) -> sparse.csr_array:
    """From values on source intervals to polynomials on target intervals, in L2: their values at ``count`` Gauss points each.

    Parameters
    ----------
    source_edges, target_edges : ndarray
        Ascending, m.
    count : int
        Degree of the polynomials plus one; for 1 the matrix is that of `adjointdesign.media.rasterize.overlap_matrix`.

    Returns
    -------
    csr_array, shape (count * targets, sources)
    """
    source, target = np.asarray(source_edges, float), np.asarray(target_edges, float)
    cuts = np.unique(np.concatenate([source, target]))
    middles, halves = 0.5 * (cuts[1:] + cuts[:-1]), 0.5 * np.diff(cuts)
    columns, rows = (np.searchsorted(edges, middles) - 1 for edges in (source, target))
    valid = (columns >= 0) & (columns < source.size - 1) & (rows >= 0) & (rows < target.size - 1)
    columns, rows, middles, halves = columns[valid], rows[valid], middles[valid], halves[valid]
    nodes, weights = np.polynomial.legendre.leggauss(count)
    # Gauss's rule is exact for products of the Lagrange polynomials of its nodes: these are orthogonal.
    at = (middles[:, None] + halves[:, None] * nodes - 0.5 * (target[rows] + target[rows + 1])[:, None]) / (0.5 * np.diff(target)[rows])[:, None]
    lagrange = [np.prod([np.ones_like(at), *((at - o) / (node - o) for o in nodes if o != node)], axis=0) for node in nodes]
    shares = np.stack([(weights * values).sum(axis=1) for values in lagrange], axis=1)
    values = shares * halves[:, None] / (0.5 * np.diff(target)[rows])[:, None] / weights
    places = count * rows[:, None] + np.arange(count)
    shape = (count * (target.size - 1), source.size - 1)
    return sparse.csr_array((values.ravel(), (places.ravel(), np.repeat(columns, count))), shape=shape)


def _parts(edges, count: int) -> np.ndarray:
    """Edges of the parts of cells that hold one Gauss point each."""
    nodes = np.polynomial.legendre.leggauss(count)[0]
    between = 0.5 * (1 + 0.5 * (nodes[1:] + nodes[:-1]))
    inner = edges[:-1, None] + np.diff(edges)[:, None] * np.concatenate([[0.0], between])
    return np.append(inner.ravel(), edges[-1])
