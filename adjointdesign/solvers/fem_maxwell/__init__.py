"""Maxwell's equations in three dimensions at given frequencies, by edge elements."""

from adjointdesign.solvers.fem_linear import ITERATIVE, Layer
from adjointdesign.solvers.fem_maxwell.readings import integral, intensity, power
from adjointdesign.solvers.fem_maxwell.rectangular_guide import RectangularGuide
from adjointdesign.solvers.fem_maxwell.solver import FemMaxwell, Setting
from adjointdesign.solvers.fem_maxwell.sources import current, incoming, plane_wave

__all__ = [
    "ITERATIVE", "FemMaxwell", "Layer", "RectangularGuide", "Setting", "current", "incoming", "integral", "intensity", "plane_wave",
    "power",
]  # fmt: skip
