"""Readings of `FemMaxwell`: integrals of the field, its intensity, and power through a boundary."""

from __future__ import annotations

from collections.abc import Callable

from firedrake import FacetNormal, cross, curl, dot, ds, dx, inner

from adjointdesign.constants import C0, MU0
from adjointdesign.solvers.fem_linear import Complex


def integral(weight: Callable, measure=dx):
    """``int w . E``, complex; ``weight`` gives the vector w (or a `Complex` of two) from the coordinates."""

    def reading(setting, field):
        return Complex.of(weight(setting.x)).product(field).integrate(measure)

    return reading


def intensity(weight: Callable, measure=dx):
    """``int w |E|^2`` with a scalar ``weight`` of the coordinates."""

    def reading(setting, field):
        return weight(setting.x) * (inner(field.re, field.re) + inner(field.im, field.im)) * measure

    return reading


def power(tag):
    """Mean power outward through a boundary, W: ``Re(E x H*) . n / 2`` with ``H = curl E / (i k Z0)``."""

    def reading(setting, field):
        turned = field.map(curl)
        flow = cross(field.re, turned.im) - cross(field.im, turned.re)
        return dot(flow, FacetNormal(setting.mesh)) / (2 * MU0 * C0 * setting.wavenumber) * ds(tag)

    return reading
