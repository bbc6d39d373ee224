"""What does not change between the runs of a solver, and the largest stable time step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from adjointdesign.solvers.fem_elastodynamics.attenuation import Relaxation
from adjointdesign.solvers.fem_elastodynamics.discretization import Discretization
from adjointdesign.solvers.fem_elastodynamics.medium import Coefficients, Medium
from adjointdesign.solvers.fem_elastodynamics.physics import Physics
from adjointdesign.solvers.fem_elastodynamics.placement import Placement

_LANCZOS_STEPS = 300
_LANCZOS_TOLERANCE = 1e-5
_MARGIN = 1e-3
"""What the computed eigenvalue may fall short of the largest one: ten times what the iterations stop at, and more."""


@dataclass
class Program:
    """Discretization, medium, sources, receivers and time steps of a solver.

    ``fixed``: nodes where the unknown is zero. ``every``: steps from one reading to the next. ``relaxation``: of an
    attenuating medium.
    """

    discretization: Discretization
    physics: Physics
    medium: Medium
    sources: Placement
    receivers: Placement
    fixed: np.ndarray
    dt: float = 0.0
    steps: int = 0
    every: int = 1
    relaxation: Relaxation | None = None

    def gradient(self, values: np.ndarray) -> np.ndarray:
        """Gradient of a field (components, nodes) at the points, (components, dimension, points)."""
        return np.stack([self.discretization.gradient.apply(row) for row in values])

    def divergence(self, stress: np.ndarray) -> np.ndarray:
        """The transpose of `gradient`."""
        return np.stack([self.discretization.gradient.apply_transposed(row) for row in stress])

    def stable_step(self, coefficients: Coefficients) -> float:
        """Time step below which (1) of `wave.py` is stable, ``2 / sqrt(largest eigenvalue of M^-1 K)``, s.

        The eigenvalue is found by the Lanczos iteration (Golub and Van Loan, Matrix Computations, section 10.1), some
        tens of products with K; central damping leaves the limit as it is (Hughes, section 9.1), and so does attenuation,
        which takes from the stiffness of K.
        """
        scale = 1.0 / np.sqrt(coefficients.mass)
        scale[self.fixed] = 0.0
        rank = self.discretization.comm.rank
        q = np.random.default_rng(rank).standard_normal((self.physics.components, self.discretization.nodes)) * (scale > 0)
        before, q = np.zeros_like(q), q / np.sqrt(self._dot(q, q))
        diagonal, beside, largest = [], [0.0], 0.0
        for _ in range(_LANCZOS_STEPS):
            stress = self.physics.stress(coefficients.stress, self.gradient(scale * q), None)
            r = scale * self.divergence(stress) - beside[-1] * before
            diagonal.append(self._dot(q, r))
            r -= diagonal[-1] * q
            beside.append(float(np.sqrt(self._dot(r, r))))
            band = np.diag(diagonal) + np.diag(beside[1:-1], 1) + np.diag(beside[1:-1], -1)
            found = float(np.linalg.eigvalsh(band)[-1])
            if found - largest <= _LANCZOS_TOLERANCE * found and len(diagonal) > 10 or beside[-1] <= 1e-12 * found:
                break
            largest, before, q = found, q, r / beside[-1]
        return 2.0 / np.sqrt((1 + _MARGIN) * found)

    def _dot(self, a: np.ndarray, b: np.ndarray) -> float:
        return float(self.discretization.total(float(np.vdot(a, b))))
