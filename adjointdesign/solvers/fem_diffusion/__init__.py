"""Poisson and diffusion problems by continuous and interior-penalty discontinuous finite elements, and a mesh filter."""

from adjointdesign.solvers.fem_diffusion.filter import HelmholtzFilter
from adjointdesign.solvers.fem_diffusion.solver import METHODS, FemDiffusion

__all__ = ["METHODS", "FemDiffusion", "HelmholtzFilter"]
