"""Maxwell's equations with one scalar unknown by finite elements: 2D Ez and Hz, and bodies of revolution."""

from adjointdesign.solvers.fem_helmholtz.readings import integral, intensity, power
from adjointdesign.solvers.fem_helmholtz.solver import FemHelmholtz, Setting
from adjointdesign.solvers.fem_helmholtz.sources import current, incoming, plane_wave, scattered
from adjointdesign.solvers.fem_linear import Layer

__all__ = [
    "FemHelmholtz", "Layer", "Setting", "current", "incoming", "integral", "intensity", "plane_wave", "power", "scattered",
]  # fmt: skip
