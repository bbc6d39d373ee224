"""Elastic and acoustic waves in time: velocity, density and the place of the source."""

from __future__ import annotations

from functools import partial

from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.families.elastic_waves import medium as elastic_medium
from adjointdesign.verification.consistency.families.elastic_waves import position as elastic_position
from adjointdesign.verification.consistency.families.line_waves import medium, position

LADDER, FINER = (40.0, 70.0, 100.0, 160.0, 250.0), (70.0, 100.0, 160.0, 250.0, 400.0)
_LINE = "acoustic waves on a line, leapfrog, misfit of a seismogram; "
_PLANE = "elastic waves in the plane, spectral elements of degree 4 (our solver), mean square of a seismogram; "
_KERNELS = "A. Tarantola, Geophysics 49, 1259 (1984): "
_SECOND = {"discrete": 2, "continuous": 2, "objective": 2}


def _case(name: str, title: str, source: str, measure, ladder, expected: str, orders, **rest) -> Case:
    return Case("waves-" + name, "waves", title, source, measure, ladder, expected, orders, **rest)


CASES = (
    _case("medium", _LINE + "velocity and density: the adjoint by the same leapfrog, products of the scheme",
          "leapfrog is its own transpose, and both runs start from rest", medium, LADDER,
          "identical", _SECOND),
    _case("medium-centered", _LINE + "velocity and density: central differences of both fields at the nodes",
          _KERNELS + "the integrals over time of p_t l_t and p_x l_x, to second order",
          partial(medium, products="centered"), LADDER, "convergent", {"difference": 2} | _SECOND),
    _case("position", _LINE + "place of a source: linear interpolation against the gradient of the adjoint field",
          "the slope of linear interpolation is that at the middle of the cell, up to h / 2 away",
          partial(position, smooth=False), FINER, "convergent", {"difference": 1, "continuous": 2, "objective": 2}),
    _case("position-splines", _LINE + "place of a source: cubic B-splines against the gradient of the adjoint field",
          "the derivative of cubic splines is continuous, and of second order as a mean",
          partial(position, smooth=True), FINER, "convergent", {"difference": 2} | _SECOND),
    _case("elastic-medium", _PLANE + "density, velocities: its adjoint against strains on a grid apart",
          "J. Tromp, C. Tape, Q. Liu, Geophys. J. Int. 160, 195 (2005): the same kernels, by central differences",
          elastic_medium, (6.0, 8.0, 12.0, 16.0), "convergent", {"difference": 2}, needs="firedrake"),
    _case("elastic-position", _PLANE + "place of the source: its adjoint against differences of the field",
          "the gradient of the adjoint field at the source, by central differences",
          elastic_position, (6.0, 8.0, 12.0, 16.0), "convergent", {"difference": 2}, needs="firedrake"),
)  # fmt: skip
"""Each with the verdict that theory gives."""
