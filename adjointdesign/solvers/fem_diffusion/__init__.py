"""Poisson and diffusion problems by continuous and interior-penalty discontinuous finite elements."""

from adjointdesign.solvers.fem_diffusion.solver import METHODS, FemDiffusion

__all__ = ["METHODS", "FemDiffusion"]
