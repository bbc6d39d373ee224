"""Far field of a body of revolution, from the field in a band of cells around it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from firedrake import (
    Constant, Function, FunctionSpace, SpatialCoordinate, TestFunction, as_vector, assemble, bessel_J, cos, dx, grad, inner, max_value,
    min_value, sin,
)  # fmt: skip

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import Complex


def far_field(angles: Sequence[float], inner_box: Sequence[float], outer_box: Sequence[float]) -> Callable:
    """Probe ``F`` of the far field in some directions: at a large distance ``H = i F exp(i k R) / (2 R)`` along phi.

    ``F`` is ``int (w du/dn - u dw/dn) r dl`` over any curve around everything, with ``w = J1(k r sin a) exp(-i k z cos a)``, by
    reciprocity. Here it is taken as an integral over the cells of a band, which has no derivatives at facets and converges
    as a functional of the solution does (Monk and Suli, SIAM J. Numer. Anal. 36, 251 (1998)).

    Parameters
    ----------
    angles : sequence of float
        From the positive z axis, rad.
    inner_box, outer_box : sequence of float
        ``(r, low z, high z)`` of the cylinders that bound the band, m. Vacuum lies between them, and everything that is not
        vacuum, with all sources, within the inner one. No absorbing layer may reach into the outer one: the far field cannot
        know of layers, and would be wrong. The mesh may not move there.

    Raises
    ------
    InputError
        When the outer box is not around the inner one, or the mesh does not reach it.
    """
    thickness = min(outer_box[0] - inner_box[0], inner_box[1] - outer_box[1], outer_box[2] - inner_box[2])
    if thickness <= 0 or inner_box[1] >= inner_box[2]:
        raise InputError("outer_box", f"(r, low z, high z) around {tuple(inner_box)}", tuple(outer_box), "enlarge it")

    def probe(setting, space) -> np.ndarray:
        if setting.polarization != "hphi":
            raise InputError("far_field", "a body of revolution", setting.polarization, "use polarization hphi")
        _require_reach(setting.mesh, outer_box)
        r, z = SpatialCoordinate(setting.mesh)
        # One within the inner box, zero outside of the band, and linear in the cells that this makes it cross.
        beyond = max_value(max_value(r - inner_box[0], inner_box[1] - z), z - inner_box[2]) / thickness
        fade = Function(FunctionSpace(setting.mesh, space.ufl_element().sub_elements[0]))
        fade.interpolate(min_value(max_value(1 - beyond, 0.0), 1.0))
        k, sine, cosine = setting.wavenumber, Constant(0.0), Constant(0.0)
        swing = bessel_J(1, k * sine * r)
        wave = Complex(swing * cos(k * cosine * z), -swing * sin(k * cosine * z))
        v = TestFunction(space)
        u = Complex(v[0], v[1])
        slope = as_vector((fade.dx(0), fade.dx(1)))
        flow = u.product(wave.map(grad), lambda a, b: a * inner(slope, b)) - wave.product(u.map(grad), lambda a, b: a * inner(slope, b))
        form = (flow * r).integrate(dx(degree=4 * space.ufl_element().embedded_superdegree + 2))
        rows = []
        for angle in angles:
            sine.assign(math.sin(angle))
            cosine.assign(math.cos(angle))
            rows.append(sum(factor * assemble(part).dat.data_ro.ravel() for factor, part in ((1.0, form.re), (1j, form.im))))
        return np.array(rows)

    return probe


def _require_reach(mesh, box) -> None:
    """Refuse a mesh that ends within the box."""
    x = mesh.coordinates.dat.data_ro
    sides = [x[:, 0].max(initial=-math.inf), -x[:, 1].min(initial=math.inf), x[:, 1].max(initial=-math.inf)]
    far, low, high = np.max(mesh.comm.allgather(sides), axis=0) * [1, -1, 1]
    slack = 1e-9 * (high - low)
    if far < box[0] - slack or low > box[1] + slack or high < box[2] - slack:
        reach = f"(r, low z, high z) within ({far:.6g}, {low:.6g}, {high:.6g}) m, where the mesh ends"
        raise InputError("outer_box", reach, tuple(box), "make it smaller, or the mesh larger")
