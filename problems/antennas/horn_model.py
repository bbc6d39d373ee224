"""The finite elements of the horn: its mesh, as it moves with the profile, and the solver. Needs Firedrake."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from adjointdesign.problems.antennas.horn_mesh import band, frame, moving, new_mesh, read
from firedrake import Function, FunctionSpace

from adjointdesign.design.boundary_curve import boundary_curve
from adjointdesign.design.mesh_quality import least_quality
from adjointdesign.errors import StepRejected
from adjointdesign.solvers.fem_helmholtz import FemHelmholtz, Layer, RoundGuide, far_field
from adjointdesign.tape import linear

REFLECTION = 1e-4
"""Of the absorbing frame, at normal incidence."""


class Model:
    """Mesh, deformation and solver around one displacement of the profile.

    Parameters
    ----------
    problem : Horn
        What is simulated.
    tagged : TaggedMesh
        The mesh.
    displacement : ndarray, shape (corners, 2)
        With which the profile is in that mesh, m.
    least_quality : float, optional
        Of cells, in the place of that of the settings.
    """

    def __init__(self, problem, tagged, displacement: np.ndarray, least_quality: float | None = None):
        s = problem.specification
        self._problem, self.tagged, self.displacement = problem, tagged, displacement
        self.shape = moving(problem, tagged, problem.discretization.least_quality if least_quality is None else least_quality)
        corners = problem.profile.curve
        moved = type(corners)(corners.points + displacement)
        weights = moved.weights(self.shape.points)
        self._to_nodes = linear(np.kron(weights, np.eye(2)), out_shape=self.shape.points.shape)
        self.frame = frame(tagged)
        port, angles = tagged.facets["port"], np.radians(problem.angles())
        guide = RoundGuide(port, _radius(tagged, port))
        self.guide = guide
        self.powers = np.array([guide.power(f) for f in s.frequencies])
        self.solver = self._solver(problem, s.frequencies, angles)

    @classmethod
    def around(cls, problem, displacement: np.ndarray) -> Model:
        """On the mesh of the file if its cells stay good under this displacement of the profile, else on a new one.

        Raises
        ------
        StepRejected
            When the displaced profile crosses itself or others, or no good mesh of it can be made.
        """
        base = cls(problem, read(problem, problem.source.path), np.zeros_like(displacement))
        if base.quality(displacement) >= problem.discretization.remesh_below:
            return base
        tagged = new_mesh(problem, displacement)
        found, limit = least_quality(tagged.mesh), problem.discretization.least_quality
        if not found >= limit:
            raise StepRejected(f"a new mesh of the shape has a cell of quality {found:.3g}, less than {limit:g}")
        return cls(problem, tagged, displacement)

    @classmethod
    def undeformed(cls, problem, displacement: np.ndarray, target: Path | None = None) -> Model:
        """On a new mesh, kept in a file if one is named, that is not to be deformed: any quality of its cells will do."""
        return cls(problem, new_mesh(problem, displacement, target), displacement, least_quality=0.0)

    def quality(self, displacement: np.ndarray) -> float:
        """Of the worst cell when the profile's corners are displaced."""
        shape = self.shape
        nodes = np.asarray(self._to_nodes(displacement - self.displacement))
        return least_quality(shape.mesh, shape.undeformed + shape.deform(nodes))

    def coordinates(self, displacement):
        """Of the mesh, on the tape, for any displacement of the profile's corners."""
        self._problem.profile.require_clear(np.asarray(displacement))
        return self.shape.coordinates(self._to_nodes(displacement - self.displacement))

    def solver_at(self, frequencies, angles: np.ndarray | None = None) -> FemHelmholtz:
        """Another solver on this mesh, for a finer spectrum and pattern (rad); without angles it reads no far field."""
        return self._solver(self._problem, frequencies, angles)

    def _solver(self, problem, frequencies, angles) -> FemHelmholtz:
        mesh, facets, d = self.tagged.mesh, self.tagged.facets, problem.discretization
        (radius, low, high), depth = self.frame
        vacuum = Function(FunctionSpace(mesh, "DG", 0)).assign(1.0)
        return FemHelmholtz(
            mesh, frequencies, vacuum, [self.guide.incoming()], {"s11": self.guide.reflection()}, polarization="hphi", degree=d.degree,
            layers=[Layer(0, (-math.inf, radius), depth, REFLECTION), Layer(1, (low, high), depth, REFLECTION)],
            conductors=(facets["wall"],), magnetic_walls=(facets["axis"],), impedances={facets["port"]: self.guide.impedance},
            probes={} if angles is None else {"far": far_field(angles, *band(self.frame))}, shape=True, options=d.solver or None,
        )  # fmt: skip


def _radius(tagged, port) -> float:
    return float(boundary_curve(tagged.mesh, [port]).points[:, 0].max())
