"""Excitations of `FemHelmholtz`: currents, waves that come in through a boundary, and plane waves on scatterers."""

from __future__ import annotations

import math
from collections.abc import Callable

from firedrake import Constant, FacetNormal, avg, cos, dot, dS, ds, dx, grad, sin

from adjointdesign.constants import C0, EPS0, MU0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import Complex

IMPEDANCE = MU0 * C0
"""Of vacuum, ohm."""


def current(density: Callable, amplitude: complex = 1.0, sheet=None):
    """A current out of the plane: electric for Ez (A/m^2), magnetic for Hz (V/m^2), both along phi for a body of revolution.

    Parameters
    ----------
    density : callable
        ``x -> UFL expression``.
    amplitude : complex
        Factor.
    sheet : tag, optional
        Of facets inside the mesh that carry a current sheet; ``density`` is then per length (A/m).
    """

    def excitation(setting, v):
        # i w mu0 J for Ez, i w eps0 M for a magnetic field.
        electric = setting.polarization == "ez"
        factor = Complex.of(1j * amplitude * (IMPEDANCE if electric else C0 * EPS0)) * setting.wavenumber
        if sheet is None:
            return (factor * v * density(setting.x) * setting.measure).integrate(dx)
        return (factor * v * density(setting.x) * setting.measure).map(avg).integrate(dS(sheet))

    return excitation


def plane_wave(setting, direction, permittivity: float = 1.0, amplitude: complex = 1.0) -> Complex:
    """``amplitude exp(i n k d . x)`` in a uniform medium, with ``d`` made a unit vector."""
    size = math.hypot(*direction)
    phase = Constant(math.sqrt(permittivity)) * setting.wavenumber * sum(
        c / size * x for c, x in zip(direction, setting.x, strict=True)
    )  # fmt: skip
    return Complex(cos(phase), sin(phase)) * amplitude


def incoming(tag, direction, permittivity: float = 1.0, amplitude: complex = 1.0):
    """A plane wave through a boundary, which is to have the impedance of its medium (``impedances={tag: 1 / n}``).

    The boundary lets the wave in and what comes at normal incidence out: ``du/dn - i n k u`` is that of the wave.
    """

    def excitation(setting, v):
        wave = plane_wave(setting, direction, permittivity, amplitude)
        normal = FacetNormal(setting.mesh)
        slope = wave.map(lambda w: dot(grad(w), normal)) - Complex(0.0, math.sqrt(permittivity)) * setting.wavenumber * wave
        return (setting.alpha * slope * v * setting.measure).integrate(ds(tag))

    return excitation


def scattered(direction, permittivity: float = 1.0, amplitude: complex = 1.0):
    """A plane wave on whatever differs from a uniform medium; the solution is then the *scattered* field.

    The source is the wave's residual in the designed medium, so its derivative with respect to that is taken as well.
    Nothing may differ from the uniform medium within absorbing layers or on walls.
    """

    def excitation(setting, v):
        if setting.polarization == "hphi":
            raise InputError("scattered", "a plane problem", "a body of revolution", "use another excitation")
        wave = plane_wave(setting, direction, permittivity, amplitude)
        a0, b0 = (1.0, permittivity) if setting.polarization == "ez" else (1.0 / permittivity, 1.0)
        bent = ((a0 - setting.alpha) * wave.map(grad).product(v.map(grad))).integrate(dx)
        held = ((setting.beta - b0) * wave * v * (setting.wavenumber * setting.wavenumber)).integrate(dx)
        return bent + held

    return excitation
