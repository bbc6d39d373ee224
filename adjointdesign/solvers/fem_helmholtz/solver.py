"""Maxwell's equations with one scalar unknown at given frequencies: 2D Ez and Hz, and bodies of revolution (Hphi)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from firedrake import (
    Constant, DirichletBC, FacetNormal, Function, SpatialCoordinate, VectorFunctionSpace, ds, dx,
)  # fmt: skip

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import (
    SYMMETRIC, Complex, Layer, LinearVariational, Sweep, complete_options, require_layers, require_radius, require_resolution,
    require_tags, stretches,
)  # fmt: skip

@dataclass(frozen=True)
class Setting:
    """What forms of sources and readings are written with, at one frequency.

    ``polarization``: "ez", "hz" or "hphi". ``wavenumber``: in vacuum, rad/m (a UFL constant). ``mesh``, and ``x``, its coordinates. ``measure``: 1, or the radius for a body of
    revolution, with which every integral is weighted. ``alpha``, ``beta``: coefficients of ``-div(alpha grad u) - k^2
    beta u`` without absorbing layers. ``degree``: of the elements. ``layers``: those that absorb.
    """

    polarization: str
    wavenumber: Constant
    mesh: object
    x: object
    measure: object
    alpha: Complex
    beta: Complex
    degree: int
    layers: tuple[Layer, ...]


class FemHelmholtz(Sweep):
    """``-div(alpha grad u) - k^2 beta u = s``, with the permittivity in ``beta`` (Ez) or one over it in ``alpha`` (Hz, Hphi).

    The unknown is complex; real and imaginary parts are solved for in real arithmetic, by a real symmetric system. Inputs:
    ``permittivity`` (relative, real part) and ``loss`` (imaginary part, positive where the medium absorbs), nodal values of
    the functions given here; with ``shape`` also ``coordinates``. Outputs: every reading, of shape (frequencies,
    excitations).

    Parameters
    ----------
    mesh : Mesh
        2D; for ``hphi`` the axes are (r, z) with r >= 0.
    frequencies : sequence of float
        Hz.
    permittivity : Function
        Relative.
    excitations : sequence of callables
        ``(setting, v) -> Complex``, linear in v; see `adjointdesign.solvers.fem_helmholtz.sources`, and ``ports``. One run each.
    readings : mapping
        Name to ``(setting, u) -> Complex`` or a real form; see `adjointdesign.solvers.fem_helmholtz.readings`, and ``ports``.
    polarization : {"ez", "hz", "hphi"}
        The component that is solved for.
    degree : int
        Polynomial degree.
    loss : Function, optional
        Imaginary part of the relative permittivity; none by default.
    layers : sequence of Layer
        Absorbing layers, one an axis at most.
    conductors : sequence of boundary tags
        Perfect electric conductors.
    magnetic_walls : sequence of boundary tags
        Perfect magnetic conductors; for ``hphi`` the axis is one of them.
    impedances : mapping
        Boundary tag to surface impedance over that of vacuum: 1 absorbs normal incidence. A number or complex number, or a
        function of the frequency that gives one.
    probes : mapping
        Name to ``(setting, space) -> matrix``, see `LinearVariational`; such as `far_field`.
    shape : bool
        Whether the mesh's coordinates are an input.
    options : mapping, optional
        PETSc options; by default a direct solver for symmetric systems.

    Raises
    ------
    InputError
        When an argument cannot be used, or the mesh cannot resolve a frequency.
    """

    def __init__(self, mesh, frequencies: Sequence[float], permittivity: Function, excitations: Sequence[Callable],
                 readings: Mapping[str, Callable], *, polarization: str = "ez", degree: int = 2, loss: Function | None = None,
                 layers: Sequence[Layer] = (), conductors: Sequence = (), magnetic_walls: Sequence = (),
                 impedances: Mapping[object, complex | Callable] | None = None, probes: Mapping[str, Callable] | None = None,
                 shape: bool = False, options: Mapping[str, object] | None = None):  # fmt: skip
        if polarization not in ("ez", "hz", "hphi"):
            raise InputError("polarization", "one of ez, hz, hphi", polarization, "choose one of these")
        if mesh.geometric_dimension != 2:
            raise InputError("mesh", "a mesh of the plane", f"{mesh.geometric_dimension} dimensions", "use fem_maxwell")
        if degree < 1:
            raise InputError("degree", "at least 1", degree, "raise it")
        wrong = [f for f in frequencies if not (math.isfinite(f) and f > 0)]
        if wrong or not len(frequencies):
            raise InputError("frequencies", "positive numbers, Hz", wrong or "none", "correct them")
        require_tags(mesh, [*conductors, *magnetic_walls, *(impedances or {})])
        require_layers(mesh, layers)
        if polarization == "hphi":
            require_radius(mesh)
        require_resolution(mesh, max(frequencies), degree, permittivity)
        if any(not callable(z) and complex(z) == 0 for z in (impedances or {}).values()):
            raise InputError("impedances", "values other than zero", impedances, "name these tags in conductors")
        simplex = mesh.ufl_cell().cellname == "triangle"
        space = VectorFunctionSpace(mesh, "CG" if simplex else "Q", degree, dim=2)
        x = SpatialCoordinate(mesh)
        medium = Complex(permittivity, 0.0 if loss is None else loss)
        alpha, beta = (Complex(1.0, 0.0), medium) if polarization == "ez" else (medium.inverse(), Complex(1.0, 0.0))
        measure = x[0] if polarization == "hphi" else 1.0
        # Conductors ask Ez to vanish and leave the other components free; magnetic walls are the other way round.
        fixed = list(conductors if polarization == "ez" else magnetic_walls)

        def system(frequency: float) -> LinearVariational:
            k = Constant(2 * math.pi * frequency / C0)
            setting = Setting(polarization, k, mesh, x, measure, alpha, beta, degree, tuple(layers))
            sx, sy = stretches(layers, x, k)

            def operator(u, v):
                u, v = _pair(u), _pair(v)
                form = _volume(polarization, layers, setting, (sx, sy), u, v)
                for tag, impedance in (impedances or {}).items():
                    # n x E = Z n x (H x n): du/dn = (i k / Z) u for Ez, and for H  (1 / eps) du/dn = i k Z u.
                    ratio = complex(impedance(frequency) if callable(impedance) else impedance)
                    rate = 1 / ratio if polarization == "ez" else ratio
                    # Along the wall the layers stretch the field as they do inside (walls across the axes).
                    normal = FacetNormal(mesh)
                    along = sy * normal[0] ** 2 + sx * normal[1] ** 2
                    form += (_constant(-1j * rate) * k * along * _radius(polarization, layers, setting) * u.product(v)).re * ds(tag)
                return form

            def load(make):
                return lambda v: make(setting, _pair(v)).re

            def read(make):
                return lambda u: make(setting, _pair(u))

            inputs = {"permittivity": permittivity}
            if loss is not None:
                inputs["loss"] = loss
            if shape:
                inputs["coordinates"] = mesh.coordinates
            return LinearVariational(
                space, operator, [load(e) for e in excitations], {n: read(r) for n, r in readings.items()}, inputs,
                [DirichletBC(space, 0.0, tag) for tag in fixed], complete_options(options, SYMMETRIC),
                {n: make(setting, space) for n, make in (probes or {}).items()},
            )  # fmt: skip

        super().__init__([system(f) for f in frequencies])
        self.mesh, self.space, self.frequencies = mesh, space, tuple(frequencies)


def _volume(polarization, layers, setting, stretched, u, v):
    (sx, sy), k = stretched, setting.wavenumber
    alpha, beta = setting.alpha, setting.beta
    if polarization != "hphi":
        a = (alpha * sy / sx, alpha * sx / sy)
        mass = beta * sx * sy
        terms = [a[i] * u.map(lambda w, i=i: w.dx(i)).product(v.map(lambda w, i=i: w.dx(i))) for i in range(2)]
        return (sum(terms, Complex(0.0, 0.0)) - mass * u.product(v) * (k * k)).re * dx
    # curl (H phi) = (-dH/dz, (1/r) d(r H)/dr), with r and z stretched (Teixeira, Chew 1997).
    r = _radius(polarization, layers, setting)

    def swirl(w):
        return r * w.map(lambda f: f.dx(0)) + sx * w

    axial = alpha * sx * r / sy * u.map(lambda w: w.dx(1)).product(v.map(lambda w: w.dx(1)))
    radial_part = alpha * sy / (sx * r) * swirl(u).product(swirl(v))
    return (axial + radial_part - beta * sx * sy * r * u.product(v) * (k * k)).re * dx


def _radius(polarization, layers, setting) -> Complex:
    """The stretched radius with which integrals of a body of revolution are weighted; one otherwise."""
    if polarization != "hphi":
        return Complex(1.0, 0.0)
    radial = [layer for layer in layers if layer.axis == 0]
    return radial[0].coordinate(setting.x[0], setting.wavenumber) if radial else Complex(setting.x[0], 0.0)


def _constant(value: complex) -> Complex:
    """As constants of the forms, which are then compiled once for all values."""
    return Complex(Constant(value.real), Constant(value.imag))


def _pair(function) -> Complex:
    return Complex(function[0], function[1])
