"""Excitations of `FemMaxwell`: currents, and plane waves that come in through a boundary."""

from __future__ import annotations

import math
from collections.abc import Callable

from firedrake import Constant, FacetNormal, as_vector, cos, cross, curl, ds, dx, sin

from adjointdesign.constants import C0, MU0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import Complex


def current(density: Callable, amplitude: complex = 1.0):
    """An electric current density, A/m^2.

    Parameters
    ----------
    density : callable
        ``x -> UFL vector or Complex`` of two.
    amplitude : complex
        Factor.
    """

    def excitation(setting, v):
        factor = Complex.of(1j * amplitude * (MU0 * C0)) * setting.wavenumber
        return (factor * Complex.of(density(setting.x)).product(v)).integrate(dx)

    return excitation


def plane_wave(setting, direction, polarization, permittivity: float = 1.0) -> Complex:
    """``p exp(i n k d . x)`` in a uniform medium, V/m, with ``d`` made a unit vector.

    Raises
    ------
    InputError
        When the polarization p is not across the direction.
    """
    size = math.hypot(*direction)
    if abs(sum(a * b for a, b in zip(direction, polarization, strict=True))) > 1e-12 * size * math.hypot(*polarization):
        raise InputError("polarization", f"a vector across the direction {tuple(direction)}", tuple(polarization), "turn it")
    phase = Constant(math.sqrt(permittivity)) * setting.wavenumber * sum(
        c / size * x for c, x in zip(direction, setting.x, strict=True)
    )  # fmt: skip
    vector = as_vector([float(p) for p in polarization])
    return Complex(cos(phase) * vector, sin(phase) * vector)


def incoming(tag, direction, polarization, permittivity: float = 1.0):
    """A plane wave through a boundary, which is to have the impedance of its medium (``impedances={tag: 1 / n}``)."""

    def excitation(setting, v):
        wave = plane_wave(setting, direction, polarization, permittivity)
        normal = FacetNormal(setting.mesh)
        rate = Complex(0.0, math.sqrt(permittivity)) * setting.wavenumber
        turned = wave.map(curl).map(lambda c: cross(normal, c))
        tangential = (f.map(lambda g: cross(normal, g)) for f in (wave, v))
        held = next(tangential).product(next(tangential))
        return (-turned.product(v) - rate * held).integrate(ds(tag))

    return excitation
