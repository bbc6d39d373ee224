"""Sources and receivers of waves in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse
from firedrake import TestFunction, assemble

from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_elastodynamics.discretization import Discretization
from adjointdesign.solvers.fem_elastodynamics.placement import Placement


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


def receivers_at(discretization: Discretization, positions, components: int) -> Placement:
    """Values of every component at the positions, the components of one position after each other.

    Raises
    ------
    InputError
        When these are not positions.
    """
    positions = _numbers("receivers", positions, (None, discretization.dimension))

    def rows(positions):
        values = discretization.evaluation(positions)

        def along(axes):
            part = values(axes)
            return scipy.sparse.kron(part, scipy.sparse.eye_array(components), format="csr")[:, _by_component(part, components)]

        return along

    return Placement(positions, np.repeat(np.arange(len(positions)), components), rows)


def sources_at(discretization: Discretization, sources: Sequence, components: int) -> Placement:
    """What each source adds to the right-hand side per unit of its waveform.

    Raises
    ------
    InputError
        When there is none, or one is of another physics or has wrong numbers.
    """
    if not sources:
        raise InputError("sources", "at least one", "none", "give one")
    d = discretization.dimension
    kinds = (PointSource,) if components == 1 else (PointForce, MomentTensor)
    for source in sources:
        if not isinstance(source, (*kinds, Load)):
            known = ", ".join(kind.__name__ for kind in kinds)
            raise InputError("sources", f"{known} or Load for this medium", source, "use one of these")
    points = [source for source in sources if not isinstance(source, Load)]
    positions = np.array([_numbers("position of a source", p.position, (d,)) for p in points]).reshape(-1, d)
    # What each source does to each component: (components,) by value, or (components, dimension) by gradient.
    patterns = [_pattern(source, d) for source in points]
    loads = [_spread(discretization, source, components) for source in sources if isinstance(source, Load)]
    owner, found = [], 0
    for source in sources:
        owner.append(-1 if isinstance(source, Load) else found)
        found += not isinstance(source, Load)

    def rows(positions):
        values = discretization.evaluation(positions)
        return lambda axes: along(values, axes)

    def along(values, axes):
        if len(axes) > 1 and any(p.ndim == 2 for p in patterns) and not discretization.affine:
            # Firedrake 2026.10 does not give third derivatives of basis functions there (measured: parts in a thousand).
            raise InputError(
                "source_positions", "cells with parallel sides, for second derivatives in the position of a MomentTensor",
                "others", "hold the positions, or use simplices with straight sides",
            )  # fmt: skip
        spread, made = iter(loads), []
        for k in owner:
            if k < 0:
                load = next(spread)
                made.append(load if not axes else scipy.sparse.csr_array(load.shape))
                continue
            made.append(scipy.sparse.hstack([
                part * values(axes)[[k]] if part.ndim == 0 else sum(part[i] * values((*axes, i))[[k]] for i in range(d))
                for part in patterns[k]
            ]))  # fmt: skip
        return scipy.sparse.vstack(made, format="csr")

    return Placement(positions, owner, rows)


def _pattern(source, dimension: int) -> np.ndarray:
    match source:
        case PointForce():
            return _numbers("direction of a source", source.direction, (dimension,))
        case MomentTensor():
            return _numbers("tensor of a source", source.tensor, (dimension, dimension))
    return np.ones(1)


def _spread(discretization, source: Load, components: int):
    values = assemble(source.form(TestFunction(discretization.vector_space(components)))).dat.data_ro
    return scipy.sparse.csr_array(np.atleast_2d(values.T).reshape(1, -1))


def _by_component(values, components: int) -> np.ndarray:
    """Where the columns (nodes, components) of a Kronecker product go: (components, nodes)."""
    return np.arange(values.shape[1] * components).reshape(-1, components).T.ravel()


def _numbers(what: str, values, shape: tuple) -> np.ndarray:
    array = np.array(values, dtype=float)
    fits = array.ndim == len(shape) and all(n in (m, None) or m is None for n, m in zip(array.shape, shape))
    if not fits or not array.size or not np.all(np.isfinite(array)):
        shown = tuple("any" if n is None else n for n in shape)
        raise InputError(what, f"finite numbers of shape {shown}", f"shape {array.shape}", "correct it")
    return array
