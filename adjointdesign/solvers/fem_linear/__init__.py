"""What the finite-element solvers share: linear variational problems that are differentiated with one factorization."""

from adjointdesign.parallel import end_together
from adjointdesign.solvers.fem_linear.complex_form import Complex
from adjointdesign.solvers.fem_linear.factorization import DIRECT, ITERATIVE, SYMMETRIC, Factorization, complete_options
from adjointdesign.solvers.fem_linear.forms import sizes
from adjointdesign.solvers.fem_linear.require import require_layers, require_radius, require_resolution, require_tags
from adjointdesign.solvers.fem_linear.solver import LinearVariational
from adjointdesign.solvers.fem_linear.stretching import Layer, stretches
from adjointdesign.solvers.fem_linear.sweep import Sweep

__all__ = [
    "DIRECT", "ITERATIVE", "SYMMETRIC", "Complex", "Factorization", "Layer", "LinearVariational", "Sweep", "complete_options", "require_layers", "require_radius",
    "require_resolution", "require_tags", "sizes", "stretches",
]  # fmt: skip

end_together()
