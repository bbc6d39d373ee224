"""Linear variational problems with several right-hand sides, and every derivative of their readings by one factorization."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from firedrake import Cofunction, DirichletBC, Function, assemble

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_linear.factorization import Factorization, complete_options
from adjointdesign.solvers.fem_linear.forms import Forms
from adjointdesign.solvers.fem_linear.require import Orientation, require_cells_everywhere, require_names
from adjointdesign.tape import Solver


class LinearVariational(Solver):
    """Find ``u_k`` with ``a(u_k, v; m) = L_k(v; m)`` for all v, and read functionals ``R(u_k; m)`` of each.

    Tangent, adjoint and second-order adjoint follow from the Lagrangian ``g . R(u; m) - a(u, w; m) + L(w; m)`` by
    differentiation of the forms, so they are exact for the discrete program, quadrature included. The four share one
    factorization of ``a``, which is kept until an input changes on which ``a`` depends. (After a change of anything else in the
    forms, call `forget`.)

    Inputs of a run: the values of each function of ``inputs`` (of this rank's own nodes), in the shape of
    ``function.dat.data_ro``; one that is left out has the values that it had when the solver was made. Outputs: every
    reading, an array with one entry an excitation.

    Parameters
    ----------
    space : FunctionSpace
        Of the solution.
    operator : callable
        ``(u, v) -> form``, bilinear.
    excitations : sequence of callables
        ``v -> form``, linear; one a right-hand side.
    readings : mapping
        Name to ``u -> form`` without arguments, or to ``u -> Complex`` of two such forms; any smooth functional.
    inputs : mapping
        Name to the `Function` in the forms that takes the values. ``mesh.coordinates`` is one of them for a shape.
    boundary_conditions : sequence of DirichletBC
        Their values are taken once, and held constant.
    options : mapping, optional
        PETSc options of the linear solver; a direct one by default. A symmetric ``operator`` takes
        `adjointdesign.solvers.fem_linear.SYMMETRIC`.
    probes : mapping
        Name to a matrix, real or complex, of shape (n, number of this rank's values of the solution): readings that are
        linear in the solution, n at once, and that no input changes (where the mesh moves they may not look). Outputs of
        shape (excitations, n).

    Raises
    ------
    InputError
        When there is nothing to solve, one function is two inputs or in a space of reals, or a form has a tag that the mesh has not.
    """

    def __init__(self, space, operator: Callable, excitations: Sequence[Callable], readings: Mapping[str, Callable],
                 inputs: Mapping[str, Function], boundary_conditions: Sequence[DirichletBC] = (),
                 options: Mapping[str, object] | None = None, probes: Mapping[str, np.ndarray] | None = None):  # fmt: skip
        if not excitations:
            raise InputError("excitations", "at least one right-hand side", "none", "give one")
        if not readings and not probes:
            raise InputError("readings", "at least one functional of the solution", "none", "give one")
        if len({id(f) for f in inputs.values()}) < len(inputs):
            raise InputError("inputs", "a function of its own for each", ", ".join(inputs), "copy the one that is there twice")
        reals = [name for name, f in inputs.items() if f.function_space().ufl_element().family() == "Real"]
        if reals:
            raise InputError("inputs", "functions with values at nodes", f"{', '.join(reals)} in a space of reals", "use a DG 0 function")
        mesh = space.mesh().unique()
        require_cells_everywhere(mesh)
        self.space = space
        self.comm = mesh.comm
        self.functions = dict(inputs)
        self.options = complete_options(options)
        # Another solver on the same mesh may move it.
        self._coordinates = mesh.coordinates
        self._geometry = None if any(f is self._coordinates for f in inputs.values()) else _values(self._coordinates).copy()
        moves = self._geometry is None and mesh.geometric_dimension == mesh.topological_dimension
        self._orientation = Orientation(mesh) if moves else None
        self._homogeneous = tuple(_homogenized(condition) for condition in boundary_conditions)
        # Once and for all: Firedrake would evaluate an expression anew when the mesh has moved, unseen by derivatives.
        lift = Function(space)
        for condition in boundary_conditions:
            condition.apply(lift)
        self._lift = _values(lift).copy()
        self._probes = {name: np.asarray(matrix).reshape(len(matrix), -1) for name, matrix in (probes or {}).items()}
        wrong = [name for name, matrix in self._probes.items() if matrix.shape[1] != self._lift.size or name in readings]
        if self.comm.allreduce(len(wrong)):
            raise InputError("probes", f"names of their own, and rows of {self._lift.size}", ", ".join(wrong), "correct them")
        self._outputs = [*readings, *self._probes]
        self._defaults = {name: _values(f).copy() for name, f in self.functions.items()}
        self.forms = Forms(space, operator, excitations, readings, self.functions)
        self._in_operator = [name for name, f in self.functions.items() if self.forms.operator_depends_on(f)]
        self._factorization: tuple[dict, Factorization] | None = None
        self._states: tuple[dict, list[np.ndarray]] | None = None
        self._adjoint_states: tuple[dict, list[np.ndarray]] | None = None

    # -- the contract -------------------------------------------------------------------------------------------------

    def forward(self, inputs) -> dict[str, np.ndarray]:
        """Solve and read."""
        states = self._solve(inputs)
        forms = self.forms
        values = np.empty((len(forms.readings), len(states)))
        for k, state in enumerate(states):
            _set(forms.u, state)
            values[:, k] = [0.0 if form.empty() else assemble(form) for form in forms.readings]
        return forms.named(self._replicated(values)) | self._probed(states)

    def tangent(self, inputs, tangents) -> dict[str, np.ndarray]:
        """Change of the readings for a change of the inputs."""
        states = self._solve(inputs)
        forms, names = self.forms, self._set_tangents(tangents)
        values = np.empty((len(forms.readings), len(states)))
        changes = self._changes(states, names)
        for k, (state, change) in enumerate(zip(states, changes, strict=True)):
            _set(forms.u, state)
            _set(forms.du, change)
            values[:, k] = [0.0 if form is None else assemble(form) for form in forms.reading_tangents(names)]
        return forms.named(self._replicated(values)) | self._probed(changes)

    def adjoint(self, inputs, cotangents) -> dict[str, np.ndarray]:
        """Gradient of ``Re sum(conj(cotangents) readings)`` with respect to the inputs."""
        states = self._solve(inputs)
        adjoints = self._adjoints(inputs, states, cotangents)
        forms = self.forms
        weights = forms.weights(cotangents, len(states))
        result = {name: np.zeros(self._defaults[name].shape) for name in inputs}
        for k, (state, adjoint) in enumerate(zip(states, adjoints, strict=True)):
            forms.set_weights(forms.g, weights[:, k])
            _set(forms.u, state)
            _set(forms.w, adjoint)
            for name in inputs:
                self._add(result[name], forms.gradient(k, name))
        return result

    def second_adjoint(self, inputs, tangents, cotangents, cotangent_tangents) -> dict[str, np.ndarray]:
        """Derivative of `adjoint` along tangents of the inputs and of the cotangents."""
        states = self._solve(inputs)
        adjoints = self._adjoints(inputs, states, cotangents)
        forms, names = self.forms, self._set_tangents(tangents)
        changes = self._changes(states, names)
        weights = forms.weights(cotangents, len(states))
        require_names("cotangent tangents", cotangent_tangents, self._outputs)
        moving = forms.weights(cotangent_tangents, len(states))
        result = {name: np.zeros(self._defaults[name].shape) for name in inputs}
        for k, (state, adjoint, change) in enumerate(zip(states, adjoints, changes, strict=True)):
            forms.set_weights(forms.g, weights[:, k])
            forms.set_weights(forms.dg, moving[:, k])
            _set(forms.u, state)
            _set(forms.w, adjoint)
            _set(forms.du, change)
            right_hand_side = self._assembled(forms.adjoint_change_source(names))
            self._add_probes(right_hand_side, cotangent_tangents, k)
            _set(forms.dw, self._solved(right_hand_side, transposed=True))
            for name in inputs:
                self._add(result[name], forms.second_gradient(k, name, names))
        return result

    def forget(self) -> None:
        """Release the factorization and the solutions."""
        if self._factorization is not None:
            self._factorization[1].destroy()
        self._factorization = self._states = self._adjoint_states = None

    # -- solves -------------------------------------------------------------------------------------------------------

    def solutions(self, inputs) -> list[Function]:
        """The solution of every excitation, as functions of their own."""
        result = []
        for values in self._solve(inputs):
            result.append(Function(self.space))
            _set(result[-1], values)
        return result

    def _set_inputs(self, inputs) -> dict[str, np.ndarray]:
        """Give the functions their values; return these in full, the defaults included."""
        require_names("inputs", inputs, self.functions)
        if self._geometry is not None and self.comm.allreduce(int(not np.array_equal(self._geometry, _values(self._coordinates)))):
            _set(self._coordinates, self._geometry)
        full = {}
        for name, function in self.functions.items():
            value = np.asarray(inputs.get(name, self._defaults[name]))
            wrong = value.shape != self._defaults[name].shape or value.dtype.kind != "f" or not np.all(np.isfinite(value))
            if self.comm.allreduce(int(wrong)):
                raise InputError(
                    name, f"finite real numbers of shape {self._defaults[name].shape}, one a node of the function",
                    f"shape {value.shape} of type {value.dtype}, or NaN or infinity, on some rank",
                    "take it from the function's space",
                )  # fmt: skip
            # Writing invalidates what Firedrake derives from a function (the geometry of a mesh, halos): only on change, and
            # then on every rank, because halos are exchanged by all.
            if self.comm.allreduce(int(not np.array_equal(value, _values(function)))):
                before = _values(function).copy()
                _set(function, value)
                if function is self._coordinates:
                    self._require_orientation(before)
            full[name] = value
        return full

    def _require_orientation(self, before: np.ndarray) -> None:
        """Put the mesh back and refuse where its new coordinates turn a cell over."""
        if self._orientation is None:
            return
        try:
            self._orientation.require_kept()
        except InputError:
            _set(self._coordinates, before)
            raise

    def _replicated(self, values: np.ndarray) -> np.ndarray:
        """Rank 0's values: a sum over ranks need not be rounded alike on all of them, and what follows must be."""
        return self.comm.bcast(values)

    def _same(self, a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> bool:
        """Whether two sets of arrays are equal on every rank."""
        equal = a.keys() == b.keys() and all(np.array_equal(a[name], b[name]) for name in a)
        return self.comm.allreduce(int(not equal)) == 0

    def _solve(self, inputs) -> list[np.ndarray]:
        """The solutions at these inputs, kept from before or new; the functions have the inputs' values afterwards."""
        full = self._set_inputs(inputs)
        if self._states is not None and self._same(self._states[0], full):
            return self._states[1]
        self._states = self._adjoint_states = None
        self._factorize(full)
        forms, states = self.forms, []
        for k in range(len(forms.excitations)):
            _set(forms.u, self._lift)
            right_hand_side = self._assembled(forms.right_hand_side(k, lift=bool(self._homogeneous)))
            states.append(self._lift + self._solved(right_hand_side))
        self._states = _copies(full), states
        return states

    def _factorize(self, full) -> None:
        key = {name: full[name] for name in self._in_operator}
        if self._factorization is not None:
            if self._same(self._factorization[0], key):
                return
            self._factorization[1].destroy()
            self._factorization = None
        matrix = assemble(self.forms.operator, bcs=self._homogeneous, mat_type="aij").petscmat
        self._factorization = _copies(key), Factorization(matrix, self.options)

    def _solved(self, right_hand_side: Cofunction, transposed: bool = False) -> np.ndarray:
        """Values of the solution for a right-hand side, which is set to zero where the boundary values are given."""
        for condition in self._homogeneous:
            condition.zero(right_hand_side)
        solution = Function(self.space)
        factors = self._factorization[1]
        with right_hand_side.dat.vec_ro as b, solution.dat.vec_wo as x:
            (factors.solve_transposed if transposed else factors.solve)(b, x)
        return _values(solution).copy()

    def _assembled(self, form) -> Cofunction:
        return Cofunction(self.space.dual()) if form is None else assemble(form)

    @staticmethod
    def _add(total: np.ndarray, form) -> None:
        if form is not None:
            total += assemble(form).dat.data_ro

    def _set_tangents(self, tangents) -> tuple[str, ...]:
        """Give the tangents their values; return the names of the inputs that move."""
        require_names("tangents", tangents, self.functions)
        for name, value in tangents.items():
            _set(self.forms.tangents[name], np.asarray(value, dtype=float))
        return tuple(name for name in self.functions if name in tangents)

    def _changes(self, states, names) -> list[np.ndarray]:
        """Change of every solution along the tangents that are set."""
        forms, changes = self.forms, []
        for k, state in enumerate(states):
            _set(forms.u, state)
            changes.append(self._solved(self._assembled(forms.tangent_source(k, names))))
        return changes

    def _adjoints(self, inputs, states, cotangents) -> list[np.ndarray]:
        """Adjoint solution of every excitation; those of the last cotangents at these inputs are kept."""
        require_names("cotangents", cotangents, self._outputs)
        forms = self.forms
        weights = forms.weights(cotangents, len(states))
        key = {"": weights} | {name: np.array(cotangents[name]) for name in self._probes if name in cotangents}
        if self._adjoint_states is not None and self._same(self._adjoint_states[0], key):
            return self._adjoint_states[1]
        adjoints = []
        for k, state in enumerate(states):
            forms.set_weights(forms.g, weights[:, k])
            _set(forms.u, state)
            right_hand_side = self._assembled(forms.adjoint_source)
            self._add_probes(right_hand_side, cotangents, k)
            adjoints.append(self._solved(right_hand_side, transposed=True))
        self._adjoint_states = key, adjoints
        return adjoints

    # -- probes -------------------------------------------------------------------------------------------------------

    def _probed(self, states) -> dict[str, np.ndarray]:
        """Readings of the probes, the same on all ranks, for every excitation."""
        return {
            name: self._replicated(self.comm.allreduce(np.stack([matrix @ np.ravel(state) for state in states])))
            for name, matrix in self._probes.items()
        }

    def _add_probes(self, right_hand_side: Cofunction, cotangents, k: int) -> None:
        """Add the probes' adjoint source of one excitation."""
        for name, matrix in self._probes.items():
            if name in cotangents:
                g = np.asarray(cotangents[name])[k]
                source = (matrix.T @ np.conj(g)).real if np.iscomplexobj(matrix) else matrix.T @ g.real
                _set(right_hand_side, _values(right_hand_side) + source.reshape(_values(right_hand_side).shape))


def _values(function) -> np.ndarray:
    """Values at the nodes that this rank owns; those of a mixed space one part after the other."""
    values = function.dat.data_ro
    return np.concatenate([part.ravel() for part in values]) if isinstance(values, tuple) else values


def _set(function: Function, values: np.ndarray) -> None:
    places = function.dat.data_wo
    if not isinstance(places, tuple):
        places[...] = values
        return
    start = 0
    for place in places:
        place[...] = values[start : start + place.size].reshape(place.shape)
        start += place.size


def _copies(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.copy() for name, value in arrays.items()}


def _homogenized(condition: DirichletBC) -> DirichletBC:
    return DirichletBC(condition.function_space(), 0, condition.sub_domain)
