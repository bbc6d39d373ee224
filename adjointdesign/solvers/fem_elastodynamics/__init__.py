"""Acoustic and elastic waves in time by spectral elements."""

from adjointdesign.solvers.fem_elastodynamics.attenuation import StandardLinearSolids
from adjointdesign.solvers.fem_elastodynamics.points import Load, MomentTensor, PointForce, PointSource
from adjointdesign.solvers.fem_elastodynamics.solver import COURANT, FemElastodynamics

__all__ = ["COURANT", "FemElastodynamics", "Load", "MomentTensor", "PointForce", "PointSource", "StandardLinearSolids"]
