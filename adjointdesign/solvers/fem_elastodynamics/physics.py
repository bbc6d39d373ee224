"""Acoustic and elastic media at a point: which coefficients the discrete equations take, and what they multiply.

The discrete equations are ``M u'' + D u' + B^T W S(c, G, Z) = f`` with ``G = B u`` the gradient of the unknown, Z its memory
(see `attenuation.py`), M and D diagonal in the nodes. The stress S is linear in the coefficients c and in (G, Z).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import autograd.numpy as anp
import numpy as np

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics.attenuation import StandardLinearSolids


class Physics(ABC):
    """What the time loop and the gradients ask of a medium.

    Attributes
    ----------
    parameters : tuple of str
        The designed properties, in the order of the rows that `coefficients` takes.
    components : int
        Of the unknown.
    stresses, impedances : tuple of str
        Names of the coefficients of the stress and of the absorbing boundary; before both comes the density of mass.
    """

    parameters: tuple[str, ...]
    components: int
    stresses: tuple[str, ...]
    impedances: tuple[str, ...]

    @abstractmethod
    def coefficients(self, parameters):
        """Mass, stress and impedance coefficients (one a row) of parameters (one a row), in `autograd.numpy`."""

    def bounded(self, parameters) -> dict[str, tuple[np.ndarray, float]]:
        """What must be above a bound everywhere, and the bound, by name."""
        return {name: (values, 0.0) for name, values in zip(self.parameters, parameters)}

    @abstractmethod
    def stress(self, c: np.ndarray, gradient: np.ndarray, memory: np.ndarray | None) -> np.ndarray:
        """S of shape (components, dimension, points) for coefficients of shape (stresses, points)."""

    @abstractmethod
    def products(self, gradient: np.ndarray, other: np.ndarray, memory: np.ndarray | None) -> np.ndarray:
        """``G : dS(c, H, Z)/dc`` for each coefficient c, shape (stresses, points); bilinear."""

    @abstractmethod
    def boundary(self, plain: np.ndarray, normal: np.ndarray) -> np.ndarray:
        """Weights of D, shape (impedances, components, components, points), from those of the boundary's points."""


class Acoustic(Physics):
    """``(1 / kappa) p'' - div((1 / rho) grad p) = s`` for the pressure p, with ``kappa = rho velocity^2``.

    On absorbing boundaries ``(1 / rho) dp/dn = -p' / (rho velocity)`` (Clayton and Engquist, Bull. Seism. Soc. Am. 67, 1529
    (1977), eq. A1). Parameters: ``velocity`` (m/s) or ``bulk_modulus`` (Pa), and ``density`` (kg/m^3).
    """

    components = 1
    stresses = ("buoyancy",)
    impedances = ("admittance",)

    def __init__(self, parameters):
        self.parameters = tuple(parameters)

    def coefficients(self, parameters):
        first, density = parameters
        velocity = first if self.parameters[0] == "velocity" else anp.sqrt(first / density)
        return anp.stack([1 / (density * velocity**2), 1 / density, 1 / (density * velocity)])

    def stress(self, c, gradient, memory):
        return c[0] * gradient

    def products(self, gradient, other, memory):
        return np.einsum("ciq,ciq->q", gradient, other)[None]

    def boundary(self, plain, normal):
        return plain[None, None, None]


class Elastic(Physics):
    """``rho u'' - div(lambda (div u) I + mu (grad u + grad u^T)) = f`` for the displacement u; plane strain in two dimensions.

    On absorbing boundaries the traction is ``-rho vp (u' . n) n - rho vs (u' - (u' . n) n)`` (Lysmer and Kuhlemeyer, J. Eng.
    Mech. Div. ASCE 95, 859 (1969), eqs. 1 and 2). Parameters: ``density`` (kg/m^3), and ``lame_lambda`` and ``lame_mu`` (Pa) or
    ``p_velocity`` and ``s_velocity`` (m/s). With attenuation the bulk and shear
    moduli relax (`attenuation.py`), by ``bulk_quality`` and ``shear_quality``; open borders take them as they are.
    """

    impedances = ("p_impedance", "s_impedance")

    def __init__(self, parameters, dimension: int, attenuation: StandardLinearSolids | None):
        self.components, self.attenuation = dimension, attenuation
        self.parameters, self.stresses = tuple(parameters), ("lame_lambda", "lame_mu")
        if attenuation is not None:
            self.parameters += QUALITIES
            self.stresses += ("bulk_relaxation", "shear_relaxation")

    def _moduli(self, parameters):
        density, first, second = parameters[0], parameters[1], parameters[2]
        if self.parameters[1] == "lame_lambda":
            return density, first, second
        return density, density * (first**2 - 2 * second**2), density * second**2

    def coefficients(self, parameters):
        density, lame_lambda, lame_mu = self._moduli(parameters)
        compression = anp.sqrt(density * (lame_lambda + 2 * lame_mu))
        relaxations = []
        if self.attenuation is not None:
            relaxations = [(lame_lambda + 2 / 3 * lame_mu) / parameters[3], lame_mu / parameters[4]]
        return anp.stack([density, lame_lambda, lame_mu, *relaxations, compression, anp.sqrt(density * lame_mu)])

    def bounded(self, parameters):
        density, lame_lambda, lame_mu = self._moduli(parameters)
        bulk = "bulk modulus of " + ", ".join(self.parameters[:3])
        result = {"density": (density, 0.0), self.parameters[2]: (lame_mu, 0.0), bulk: (lame_lambda + 2 / 3 * lame_mu, 0.0)}
        if self.attenuation is not None:
            result |= {name: (parameters[3 + k], self.attenuation.least_quality) for k, name in enumerate(QUALITIES)}
        return result

    def stress(self, c, gradient, memory):
        result = c[1] * (gradient + gradient.swapaxes(0, 1))
        pressure = c[0] * _trace(gradient)
        if memory is not None:
            result -= c[3] * (memory + memory.swapaxes(0, 1))
            pressure -= (c[2] - 2 / 3 * c[3]) * _trace(memory)
        for i in range(self.components):
            result[i, i] += pressure
        return result

    def products(self, gradient, other, memory):
        volume, doubled = _trace(gradient), gradient + gradient.swapaxes(0, 1)
        rows = [volume * _trace(other), np.einsum("ijq,ijq->q", doubled, other)]
        if memory is not None:
            relaxed = volume * _trace(memory)
            rows += [-relaxed, 2 / 3 * relaxed - np.einsum("ijq,ijq->q", doubled, memory)]
        return np.stack(rows)

    def boundary(self, plain, normal):
        return np.stack([normal, np.eye(self.components)[..., None] * plain - normal])


def _trace(tensor: np.ndarray) -> np.ndarray:
    return np.einsum("iiq->q", tensor)


PARAMETERS: tuple[tuple[str, ...], ...] = (
    ("velocity", "density"),
    ("bulk_modulus", "density"),
    ("density", "lame_lambda", "lame_mu"),
    ("density", "p_velocity", "s_velocity"),
)
"""The sets of properties by which a medium may be given; acoustic where there are two of them."""


QUALITIES = ("bulk_quality", "shear_quality")
"""The properties that an elastic medium has besides, where there is attenuation."""


def physics_of(names, dimension: int, attenuation: StandardLinearSolids | None) -> Physics:
    """The physics of a medium given by these properties.

    Raises
    ------
    InputError
        When they are not one of the sets that are known.
    """
    base = set(names) - (set() if attenuation is None else set(QUALITIES))
    for parameters in PARAMETERS:
        if base == set(parameters):
            break
    else:
        known = " or ".join("(" + ", ".join(p) + ")" for p in PARAMETERS)
        raise InputError("medium", known, f"({', '.join(names)})", "give one of these sets")
    if attenuation is None:
        return Acoustic(parameters) if len(parameters) == 2 else Elastic(parameters, dimension, None)
    if len(parameters) == 2 or not set(QUALITIES) <= set(names):
        raise InputError(
            "medium", f"an elastic one with {' and '.join(QUALITIES)} for attenuation", f"({', '.join(names)})",
            "add these, or leave attenuation out",
        )  # fmt: skip
    return Elastic(parameters, dimension, attenuation)
