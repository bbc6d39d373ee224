"""From density and Lame's moduli on nodes to what the scheme takes where its fields live, with derivatives.

Density at a velocity is the arithmetic mean of its two nodes, the modulus at a shear stress the harmonic mean of its four (P.
Moczo, J. Kristek, V. Vavrycuk, R. J. Archuleta and L. Halada, Bull. Seism. Soc. Am. 92, 3042 (2002)). At a free surface the
normal stress across it stays zero, and the one along it has the modulus ``4 mu (lambda + mu) / (lambda + 2 mu)``.
"""

from __future__ import annotations

import autograd.numpy as anp
import numpy as np
from autograd import make_jvp, make_vjp

from adjointdesign.errors import InputError

NAMES = ("lame_lambda", "lame_mu", "density")


def effective(properties, surface: bool):
    """Density at vx and vz, ``lambda + mu`` and ``mu`` at the normal stresses, ``mu`` at the shear stress.

    Parameters
    ----------
    properties : array, shape (3, m + 1, n + 1)
        lambda and mu (Pa) and density (kg/m^3) on nodes.
    surface : bool
        Whether the first nodes along z lie on a free surface.

    Returns
    -------
    array, shape (5, m, n)
        In that order; those of the first m and n nodes.
    """
    lam, mu, rho = properties[0], properties[1], properties[2]
    here = slice(None, -1)
    bulk, shear = (lam + mu)[here, here], mu[here, here]
    if surface:
        # Bulk and shear of half that modulus: then the stress along the surface has it, and the one across it none.
        half = 2 * mu[here, :1] * (lam + mu)[here, :1] / (lam + 2 * mu)[here, :1]
        bulk, shear = (anp.concatenate([half, part[:, 1:]], axis=1) for part in (bulk, shear))
    soft = 1 / mu
    corner = 4 / (soft[:-1, :-1] + soft[1:, :-1] + soft[:-1, 1:] + soft[1:, 1:])
    return anp.stack([(rho[:-1, here] + rho[1:, here]) / 2, (rho[here, :-1] + rho[here, 1:]) / 2, bulk, shear, corner])


def effective_tangent(properties: np.ndarray, change: np.ndarray, surface: bool) -> np.ndarray:
    """Change of `effective`."""
    return make_jvp(lambda p: effective(p, surface))(properties)(change)[1]


def effective_adjoint(properties: np.ndarray, cotangent: np.ndarray, surface: bool) -> np.ndarray:
    """Transpose of `effective_tangent`."""
    return make_vjp(lambda p: effective(p, surface))(properties)[0](cotangent)


def effective_second(properties: np.ndarray, change: np.ndarray, cotangent: np.ndarray, surface: bool) -> np.ndarray:
    """Change of `effective_adjoint` at a fixed cotangent."""

    def gradient(p):
        return make_vjp(lambda q: effective(q, surface))(p)[0](cotangent)

    return make_vjp(gradient)(properties)[0](change)  # a Hessian: its transpose is itself


def check_property(name: str, values: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuse moduli and densities that are not those of a solid.

    Raises
    ------
    InputError
        With the reason.
    """
    if np.shape(values) != shape:
        raise InputError(name, f"shape {shape}", np.shape(values), "give one value a node of the box")
    if np.iscomplexobj(values) or not np.all(np.isfinite(values)):
        raise InputError(name, "finite real numbers", "others", "correct them")
    if name != "lame_lambda" and np.min(values) <= 0:
        remedy = "a fluid needs another solver: give it a small modulus" if name == "lame_mu" else "correct it"
        raise InputError(name, "positive values", float(np.min(values)), remedy)


def check_solid(properties: np.ndarray) -> None:
    """Refuse ``lambda + mu <= 0``, for which a plane solid is unstable.

    Raises
    ------
    InputError
        With the value.
    """
    least = float(np.min(properties[0] + properties[1]))
    if least <= 0:
        raise InputError("lame_lambda", "lambda + mu positive everywhere", least, "raise lambda")
