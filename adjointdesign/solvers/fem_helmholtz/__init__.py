"""Maxwell's equations with one scalar unknown by finite elements: 2D Ez and Hz, and bodies of revolution."""

from adjointdesign.solvers.fem_helmholtz.far_field import far_field
from adjointdesign.solvers.fem_helmholtz.guided_modes import GuidedMode, guided_modes
from adjointdesign.solvers.fem_helmholtz.ports import Port, amplitude, launch
from adjointdesign.solvers.fem_helmholtz.readings import integral, intensity, power
from adjointdesign.solvers.fem_helmholtz.round_guide import RoundGuide
from adjointdesign.solvers.fem_helmholtz.solver import FemHelmholtz, Setting
from adjointdesign.solvers.fem_helmholtz.sources import current, incoming, plane_wave, scattered
from adjointdesign.solvers.fem_linear import Layer

__all__ = [
    "FemHelmholtz", "GuidedMode", "Layer", "Port", "RoundGuide", "Setting", "amplitude", "current", "far_field", "guided_modes", "incoming",
    "integral", "intensity", "launch", "plane_wave", "power", "scattered",
]  # fmt: skip
