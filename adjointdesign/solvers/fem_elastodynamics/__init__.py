"""Acoustic and elastic waves in time by spectral elements."""

from adjointdesign.solvers.fem_elastodynamics.functionals import Load, PointSource
from adjointdesign.solvers.fem_elastodynamics.solver import COURANT, FemElastodynamics

__all__ = ["COURANT", "FemElastodynamics", "Load", "PointSource"]
