"""P and SV waves in time by staggered finite differences: velocity and stress, fourth order in space."""

from adjointdesign.solvers.fdtd_elastic.grid import Cpml, FreeSurface, StaggeredGrid
from adjointdesign.solvers.fdtd_elastic.solver import FdtdElastic
from adjointdesign.solvers.fdtd_elastic.sources import MomentTensor, PointForce

__all__ = ["Cpml", "FdtdElastic", "FreeSurface", "MomentTensor", "PointForce", "StaggeredGrid"]
