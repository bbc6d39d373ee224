"""Maxwell's equations in three dimensions at given frequencies: curl-curl with edge elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from firedrake import (
    Constant, DirichletBC, FacetNormal, Function, FunctionSpace, MixedFunctionSpace, SpatialCoordinate, as_vector, cross, curl, ds, dx,
    split,
)  # fmt: skip


from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import (
    SYMMETRIC, Complex, Layer, LinearVariational, Sweep, complete_options, require_layers, require_resolution, require_tags, stretches,
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """What forms of sources and readings are written with, at one frequency.

    ``wavenumber``: in vacuum, rad/m (a UFL constant). ``mesh``, and ``x``, its coordinates. ``permittivity``: relative,
    complex, without absorbing layers.
    """

    wavenumber: Constant
    mesh: object
    x: object
    permittivity: Complex


class FemMaxwell(Sweep):
    """``curl curl E - k^2 eps E = i k Z0 J`` for the complex electric field, in real arithmetic by a real symmetric system.

    Inputs: ``permittivity`` (relative, real part) and ``loss`` (imaginary part, positive where the medium absorbs), nodal
    values of the functions given here; with ``shape`` also ``coordinates``. Outputs: every reading, of shape (frequencies,
    excitations).

    Parameters
    ----------
    mesh : Mesh
        Tetrahedra (Firedrake has no edge elements on hexahedra that are not extruded).
    frequencies : sequence of float
        Hz.
    permittivity : Function
        Relative.
    excitations : sequence of callables
        ``(setting, v) -> Complex``, linear in the vector v; see `current`. One run each.
    readings : mapping
        Name to ``(setting, E) -> Complex`` or a real form.
    degree : int
        Of the Nedelec elements of the first kind; 1 is the lowest.
    loss : Function, optional
        Imaginary part of the relative permittivity; none by default.
    layers : sequence of Layer
        Absorbing layers, one an axis at most.
    conductors : sequence of boundary tags
        Perfect electric conductors; what is in neither this nor ``impedances`` is a magnetic wall.
    impedances : mapping
        Boundary tag to surface impedance over that of vacuum: 1 absorbs normal incidence. A number or complex number, or a
        function of the frequency that gives one.
    shape : bool
        Whether the mesh's coordinates are an input.
    options : mapping, optional
        PETSc options; by default a direct solver for symmetric systems. `ITERATIVE` is for larger runs: about half the
        memory and time, and the same digits. Its memory still grows with the power 1.2 of the number of unknowns; a
        one-level Schwarz method, which needs less, did not converge (docs/verification.md).

    Raises
    ------
    InputError
        When an argument cannot be used, or the mesh cannot resolve a frequency.
    """

    def __init__(self, mesh, frequencies: Sequence[float], permittivity: Function, excitations: Sequence[Callable],
                 readings: Mapping[str, Callable], *, degree: int = 2, loss: Function | None = None, layers: Sequence[Layer] = (),
                 conductors: Sequence = (), impedances: Mapping[object, complex | Callable] | None = None, shape: bool = False,
                 options: Mapping[str, object] | None = None):  # fmt: skip
        if mesh.geometric_dimension != 3:
            raise InputError("mesh", "a mesh of space", f"{mesh.geometric_dimension} dimensions", "use fem_helmholtz")
        if mesh.ufl_cell().cellname != "tetrahedron":
            raise InputError("mesh", "tetrahedra", f"cells of kind {mesh.ufl_cell().cellname}", "split them into tetrahedra")
        if degree < 1:
            raise InputError("degree", "at least 1", degree, "raise it")
        wrong = [f for f in frequencies if not (math.isfinite(f) and f > 0)]
        if wrong or not len(frequencies):
            raise InputError("frequencies", "positive numbers, Hz", wrong or "none", "correct them")
        impedances = dict(impedances or {})
        require_tags(mesh, [*conductors, *impedances])
        require_layers(mesh, layers)
        require_resolution(mesh, max(frequencies), degree, permittivity)
        edges = FunctionSpace(mesh, "N1curl", degree)
        space = MixedFunctionSpace([edges, edges])
        x, normal = SpatialCoordinate(mesh), FacetNormal(mesh)
        medium = Complex(permittivity, 0.0 if loss is None else loss)
        inputs = {"permittivity": permittivity}
        if loss is not None:
            inputs["loss"] = loss
        if shape:
            inputs["coordinates"] = mesh.coordinates

        def system(frequency: float) -> LinearVariational:
            k = Constant(2 * math.pi * frequency / C0)
            setting = Setting(k, mesh, x, medium)
            s = stretches(layers, x, k)
            # Stretching multiplies the permittivity by diag(sy sz / sx, ...), and divides curl by its like (Sacks 1995).
            weights = [s[(i + 1) % 3] * s[(i + 2) % 3] / s[i] for i in range(3)]

            def operator(u, v):
                e, w = _pair(u), _pair(v)
                ce, cw = e.map(curl), w.map(curl)
                volume = sum((ce[i] * cw[i] / weights[i] - weights[i] * medium * e[i] * w[i] * (k * k) for i in range(3)),
                             Complex(0.0, 0.0))  # fmt: skip
                form = volume.re * dx
                for tag, impedance in impedances.items():
                    # n x curl E = -(i k / Z) E, tangential, is what an outgoing wave obeys.
                    te, tw = (f.map(lambda g: cross(normal, g)) for f in (e, w))
                    rate = -1j / complex(impedance(frequency) if callable(impedance) else impedance)
                    # Constants of the forms, which are then compiled once for all frequencies.
                    form += (Complex(Constant(rate.real), Constant(rate.imag)) * k * te.product(tw)).re * ds(tag)
                return form

            return LinearVariational(
                space, operator, [lambda v, make=e: make(setting, _pair(v)).re for e in excitations],
                {n: (lambda u, make=r: make(setting, _pair(u))) for n, r in readings.items()}, inputs,
                [DirichletBC(space.sub(part), as_vector((0.0, 0.0, 0.0)), tag) for tag in conductors for part in range(2)],
                complete_options(options, SYMMETRIC),
            )  # fmt: skip

        super().__init__([system(f) for f in frequencies])
        self.mesh, self.space, self.frequencies = mesh, space, tuple(frequencies)


def _pair(function) -> Complex:
    return Complex(*split(function))
