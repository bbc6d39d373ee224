"""Readings of `FemHelmholtz`: integrals of the field, its intensity, and power through facets."""

from __future__ import annotations

import math
from collections.abc import Callable

from firedrake import Constant, FacetNormal, as_vector, avg, dot, dS, ds, dx, grad

from adjointdesign.constants import C0, EPS0, MU0
from adjointdesign.solvers.fem_linear import Complex


def integral(weight: Callable, measure=dx, incident: Callable | None = None):
    """``int weight u``, complex and linear in the field.

    Parameters
    ----------
    weight : callable
        ``x -> UFL expression or Complex``.
    measure : UFL measure
        ``dx`` or ``ds(tag)``, of part of the mesh if wanted.
    incident : callable, optional
        ``setting -> Complex``, to be added to a scattered field.
    """

    def reading(setting, u):
        total = _total(setting, u, incident)
        return (Complex.of(weight(setting.x)) * total * setting.measure).integrate(measure)

    return reading


def intensity(weight: Callable, measure=dx, incident: Callable | None = None):
    """``int weight |u|^2``; arguments as of `integral`, with a real weight."""

    def reading(setting, u):
        total = _total(setting, u, incident)
        return weight(setting.x) * (total.re**2 + total.im**2) * setting.measure * measure

    return reading


def power(tag, direction=None):
    """Mean power through facets (W per metre of depth; W for a body of revolution).

    ``Re(E x H*) . n / 2``, which is ``Im(u* alpha du/dn) / (2 w mu0)`` for Ez, with eps0 in place of mu0 otherwise.

    Parameters
    ----------
    tag : boundary tag
        Outward through the boundary; with ``direction`` facets inside the mesh.
    direction : tuple of float, optional
        Side to which power through facets inside the mesh counts as positive.
    """

    def reading(setting, u):
        flow = _flow(setting, u)
        turn = 2 * math.pi if setting.polarization == "hphi" else 1.0
        constant = MU0 if setting.polarization == "ez" else EPS0
        factor = turn / (2 * C0 * constant) / setting.wavenumber * setting.measure
        if direction is None:
            return factor * dot(flow, FacetNormal(setting.mesh)) * ds(tag)
        side = Constant(tuple(direction))
        normal = FacetNormal(setting.mesh)("+")
        sign = dot(normal, side) / abs(dot(normal, side))
        return sign * dot(avg(factor * flow), normal) * dS(tag)

    return reading


def _flow(setting, u):
    """``Im(u* alpha grad u)``; along phi the gradient has ``u / r`` added, as in ``curl (u phi)``."""
    gradient = u.map(grad)
    if setting.polarization == "hphi":
        gradient = gradient + Complex(*(as_vector((part / setting.x[0], 0)) for part in (u.re, u.im)))
    field = setting.alpha.product(gradient, lambda a, b: a * b)
    return u.re * field.im - u.im * field.re


def _total(setting, u, incident):
    return u if incident is None else u + incident(setting)
