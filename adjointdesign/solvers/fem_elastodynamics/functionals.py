"""Sources and receivers: few linear functionals of the unknown, each of few nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from firedrake import TestFunction, assemble

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics.discretization import Discretization


@dataclass(frozen=True)
class PointSource:
    """A source ``s(t)`` at a point, for the pressure: volume injected per time, differentiated once more in time (m^3/s^2).

    In two dimensions per metre of depth. ``waveform``: real samples at given times (s); the default of the input ``source``.
    """

    position: tuple[float, ...]
    waveform: Callable | None = None


@dataclass(frozen=True)
class PointForce:
    """A force ``s(t) direction`` on the solid at a point, N (per metre of depth in two dimensions)."""

    position: tuple[float, ...]
    direction: tuple[float, ...]
    waveform: Callable | None = None


@dataclass(frozen=True)
class MomentTensor:
    """A couple of forces ``-s(t) div(tensor delta)`` at a point, N m (per metre of depth in two dimensions).

    Aki and Richards, Quantitative Seismology, section 3.3. An explosion is the unit tensor. The position should not be on
    the face of a cell, where the gradient of a test function has two values.
    """

    position: tuple[float, ...]
    tensor: tuple[tuple[float, ...], ...]
    waveform: Callable | None = None


@dataclass(frozen=True)
class Load:
    """A source spread over the mesh, ``v -> form`` linear in the test function, times its waveform."""

    form: Callable
    waveform: Callable | None = None


class Functionals:
    """Rows of coefficients for the nodal values (components, nodes) of this rank; the ranks' results are to be added.

    Parameters
    ----------
    matrix : sparse array
        Of shape (functionals, components * nodes).
    """

    def __init__(self, matrix):
        matrix = scipy.sparse.csc_array(matrix)
        self.count = matrix.shape[0]
        self._columns = np.flatnonzero(np.diff(matrix.indptr))
        self._matrix = scipy.sparse.csr_array(matrix[:, self._columns])
        self._transposed = scipy.sparse.csr_array(self._matrix.T)

    def apply(self, values: np.ndarray) -> np.ndarray:
        """This rank's part of the functionals."""
        return self._matrix @ values.reshape(-1)[self._columns]

    def add_transposed(self, total: np.ndarray, weights: np.ndarray) -> None:
        """Add the transpose's product with the functionals' weights."""
        total.reshape(-1)[self._columns] += self._transposed @ weights


def positions_of(what: str, positions, dimension: int) -> np.ndarray:
    """Positions as an array of shape (positions, dimension).

    Raises
    ------
    InputError
        When they are not.
    """
    array = np.array(positions, dtype=float)
    if array.ndim != 2 or array.shape[1] != dimension or not len(array) or not np.all(np.isfinite(array)):
        raise InputError(what, f"positions of {dimension} coordinates", f"shape {array.shape}", "give one row a position")
    return array


def receiver_rows(discretization: Discretization, positions, components: int) -> Functionals:
    """Values of every component at the positions, the components of one position after each other."""
    values = discretization.evaluation(positions_of("receivers", positions, discretization.dimension))[0]
    return Functionals(_interleaved([_placed(values, c, components) for c in range(components)]))


def source_rows(discretization: Discretization, sources: Sequence, components: int) -> Functionals:
    """What each source adds to the right-hand side per unit of its waveform.

    Raises
    ------
    InputError
        When a source is of another physics, or outside the mesh.
    """
    if not sources:
        raise InputError("sources", "at least one", "none", "give one")
    return Functionals(scipy.sparse.vstack([_source_row(discretization, s, components) for s in sources], format="csr"))


def _source_row(discretization, source, components):
    d = discretization.dimension
    if isinstance(source, Load):
        form = source.form(TestFunction(discretization.vector_space(components)))
        values = np.atleast_2d(assemble(form).dat.data_ro.T)
        return scipy.sparse.csr_array(values.reshape(1, -1))
    if not isinstance(source, (PointSource,) if components == 1 else (PointForce, MomentTensor)):
        known = "PointSource or Load" if components == 1 else "PointForce, MomentTensor or Load"
        raise InputError("sources", f"{known} for this medium", source, "use one of these")
    position = positions_of("position of a source", [source.position], d)
    if isinstance(source, MomentTensor):
        tensor = _numbers("tensor", source.tensor, (d, d))
        gradients = discretization.evaluation(position, gradients=True)
        blocks = [sum(tensor[c, i] * gradients[i] for i in range(d)) for c in range(d)]
        return scipy.sparse.hstack(blocks, format="csr")
    values = discretization.evaluation(position)[0]
    if components == 1:
        return values
    direction = _numbers("direction", source.direction, (d,))
    return scipy.sparse.hstack([part * values for part in direction], format="csr")


def _numbers(what: str, values, shape: tuple[int, ...]) -> np.ndarray:
    array = np.array(values, dtype=float)
    if array.shape != shape or not np.all(np.isfinite(array)):
        raise InputError(f"{what} of a source", f"finite numbers of shape {shape}", values, "correct it")
    return array


def _placed(matrix, component: int, components: int):
    """A matrix for the nodes as one for the values of one component of several."""
    blocks = [scipy.sparse.csr_array(matrix.shape) for _ in range(components)]
    blocks[component] = matrix
    return scipy.sparse.hstack(blocks, format="csr")


def _interleaved(matrices):
    """The first rows of all matrices, then the second ones, and so on."""
    stacked = scipy.sparse.vstack(matrices, format="csr")
    order = np.arange(stacked.shape[0]).reshape(len(matrices), -1).T.ravel()
    return stacked[order]
