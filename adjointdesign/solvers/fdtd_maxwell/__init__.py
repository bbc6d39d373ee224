"""Maxwell's equations by finite differences in the time domain, with exact derivatives."""

from adjointdesign.solvers.fdtd_maxwell.absorber import Cpml, Pec, Periodic, Pmc
from adjointdesign.solvers.fdtd_maxwell.finite_conductor import with_conductor
from adjointdesign.solvers.fdtd_maxwell.medium import Box, Dispersive, Medium
from adjointdesign.solvers.fdtd_maxwell.run_length import Decay, Steps
from adjointdesign.solvers.fdtd_maxwell.solver import FdtdMaxwell

__all__ = ["Box", "Cpml", "Decay", "Dispersive", "FdtdMaxwell", "Medium", "Pec", "Periodic", "Pmc", "Steps", "with_conductor"]
