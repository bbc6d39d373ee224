"""Diffusion and reaction with continuous and discontinuous elements; Dirichlet values imposed strongly or weakly."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from firedrake import (
    Constant, DirichletBC, FacetNormal, Function, FunctionSpace, avg, dS, ds, dx, grad, inner, jump,
)  # fmt: skip

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear import LinearVariational, require_tags, sizes

METHODS = {"strong": None, "symmetric": 1.0, "nonsymmetric": -1.0, "incomplete": 0.0}
"""How conditions between elements and on the boundary are imposed: at the nodes, or weakly with this factor of the
transposed flux (Arnold, Brezzi, Cockburn, Marini 2002, table 3.1: interior penalty, NIPG, IIPG)."""


class FemDiffusion(LinearVariational):
    """``-div(c grad u) + r u = f`` with ``u = g`` on some of the boundary and ``c du/dn = q`` on the rest.

    Inputs: ``diffusivity`` (c) and ``source`` (f), nodal values of the functions given here; with ``shape`` also
    ``coordinates``, the nodes of the mesh.

    Parameters
    ----------
    mesh : Mesh
        Of any cells; facets of the boundary carry tags.
    degree : int
        Polynomial degree.
    diffusivity, source : Function
        Positive; any function. Their values here are those of a run without these inputs.
    readings : mapping
        Name to ``u -> form``, as of `LinearVariational`.
    values : mapping
        Boundary tag to the value g there, a number or (imposed weakly) any UFL expression.
    fluxes : mapping
        Boundary tag to the flux q there, a number or any UFL expression; zero where a tag is in neither.
    reaction : UFL expression or float
        r, not negative.
    discontinuous : bool
        Interior-penalty discontinuous elements instead of continuous ones.
    method : {"strong", "symmetric", "nonsymmetric", "incomplete"}
        See `METHODS`; discontinuous elements need a weak one. With continuous elements the weak ones are Nitsche's.
    penalty : float
        Penalty over the one that makes the symmetric method stable on simplices (Shahbazi 2005, equation 9).
    shape : bool
        Whether the mesh's coordinates are an input.
    options : mapping, optional
        PETSc options, as of `LinearVariational`.

    Raises
    ------
    InputError
        When an argument cannot be used.
    """

    def __init__(self, mesh, degree: int, diffusivity: Function, source: Function, readings: Mapping[str, Callable], *,
                 values: Mapping[object, object], fluxes: Mapping[object, object] | None = None, reaction=0.0,
                 discontinuous: bool = False, method: str = "strong", penalty: float = 2.0, shape: bool = False,
                 options: Mapping[str, object] | None = None):  # fmt: skip
        if method not in METHODS:
            raise InputError("method", f"one of {', '.join(METHODS)}", method, "choose one of these")
        if discontinuous and method == "strong":
            raise InputError("method", "a weak one for discontinuous elements", method, "use 'symmetric'")
        if degree < 1:
            raise InputError("degree", "at least 1", degree, "raise it")
        if not penalty > 0:
            raise InputError("penalty", "a positive number", penalty, "try 2")
        # A plain zero has no mesh, on which an integral depends.
        fluxes, weak_values = ({t: Constant(v) if isinstance(v, (int, float)) else v for t, v in given.items()}
                               for given in (fluxes or {}, values))  # fmt: skip
        require_tags(mesh, [*values, *fluxes])
        simplex = mesh.ufl_cell().cellname in ("interval", "triangle", "tetrahedron")
        space = FunctionSpace(mesh, ("DG" if simplex else "DQ") if discontinuous else ("CG" if simplex else "Q"), degree)
        weak = METHODS[method]
        normal, c, dimension = FacetNormal(mesh), diffusivity, mesh.topological_dimension
        # Shahbazi's bound for simplices; a facet of the boundary has one cell only and takes all of its trace inequality.
        stable = Constant(penalty * (degree + 1) * (degree + dimension) / dimension)
        facet, cell = sizes(mesh)
        boundary_size = stable * c * facet / cell
        inner_size = stable * avg(c) * avg(facet) / avg(cell)

        def operator(u, v):
            form = inner(c * grad(u), grad(v)) * dx
            if reaction != 0.0:
                form += reaction * inner(u, v) * dx
            if weak is None:
                return form
            if discontinuous:
                form += (inner_size * inner(jump(u), jump(v)) - inner(inner(avg(c * grad(u)), normal("+")), jump(v))
                         - weak * inner(jump(u), inner(avg(c * grad(v)), normal("+")))) * dS  # fmt: skip
            for tag in values:
                form += (boundary_size * inner(u, v) - inner(c * inner(grad(u), normal), v)
                         - weak * inner(u, c * inner(grad(v), normal))) * ds(tag)  # fmt: skip
            return form

        def load(v):
            form = inner(source, v) * dx
            for tag, flux in fluxes.items():
                form += inner(flux, v) * ds(tag)
            if weak is not None:
                for tag, value in weak_values.items():
                    form += (boundary_size * inner(value, v) - weak * inner(value, c * inner(grad(v), normal))) * ds(tag)
            return form

        conditions = [DirichletBC(space, value, tag) for tag, value in values.items()] if weak is None else []
        inputs = {"diffusivity": diffusivity, "source": source}
        if shape:
            inputs["coordinates"] = mesh.coordinates
        super().__init__(space, operator, [load], readings, inputs, conditions, options)
