"""Guided modes of the Yee scheme itself.

A mode of the *discrete* equations is launched and read without the reflection that a mode of the continuous ones would
suffer. With time factor ``exp(-i w t)``, ``H~ = eta0 H``, the axes ``(1, 2, l)`` right-handed and propagation along ``l``

    E_t, H_l ~ exp(i beta l)  on the node plane,    H_t, E_l ~ exp(i beta l)  half a cell beyond,

the scheme's differences in time and along ``l`` become the numbers

    K = (2 / (c dt)) sin(w dt / 2),    B = (2 / dl) sin(beta dl / 2)                                        (1)

and, with ``u = (H~2, -H~1)``, Maxwell's curl equations become

    B E = P u,   P = K - G (K eps_l)^-1 G^T        B u = Q E,   Q = K eps_t - C^T C / K                     (2)

where ``G`` is the transverse gradient from ``E_l`` to ``E_t`` and ``C`` the transverse curl from ``E_t`` to ``H_l``, on
the Yee positions. This is the formulation of Z. Zhu and T. G. Brown, Opt. Express 10, 853 (2002), with the numbers (1) in
place of ``k0`` and ``beta``. Both ``P`` and ``Q`` are symmetric, so modes of different ``B^2`` obey ``E_m^T u_n = 0`` to
rounding, loss included. The window's edges are perfect conductors; choose it wide enough that the mode has decayed there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator, eigs, splu

from adjointdesign.constants import C0, EPS0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES
from adjointdesign.sources.windows import Window

DENSE_BELOW = 64
"""Number of unknowns under which the dense eigensolver is the quicker one (measured)."""


@dataclass(frozen=True, eq=False)
class Mode:
    """A mode of a cross-section that travels along ``+axis``, normalized to unit power (1 W, or 1 W/m in two dimensions).

    Parameters
    ----------
    frequency : float
        Frequency, Hz.
    order : int
        Place in the order of falling effective index, from 0.
    beta : complex
        Propagation constant of the discrete equations, rad/m.
    half_step : complex
        ``beta dl / 2``: the phase over half a cell.
    window : Window
        Where the mode lives.
    fields : dict of ndarray
        Every carried component at its own positions in the window (E in V/m, H in A/m), without the factor
        ``exp(i beta l)``; shapes ``window.shape(component)``. Transverse parts are real and longitudinal ones imaginary
        when the guide is lossless.
    """

    frequency: float
    order: int
    beta: complex
    half_step: complex
    window: Window
    fields: dict[str, np.ndarray]

    @property
    def n_eff(self) -> complex:
        """Effective index ``beta c / w``."""
        return self.beta * C0 / (2 * math.pi * self.frequency)

    def overlap(self, other: Mode) -> complex:
        """``int (E_self x H_other)_l dA`` without conjugation: zero for two modes of different order (W, or W/m)."""
        products = (s * np.sum(self.fields[e] * other.fields[h]) for e, h, s in self.window.pairs)
        return self.window.cell_area * sum(products)


def relative_permittivity(medium, dt: float, frequency: float, component: str) -> np.ndarray:
    """Complex permittivity that the scheme presents at ``frequency``: conductivity enters as its time average.

    ``eps + i sigma cos(w dt/2) / (eps0 W)`` with ``W = (2/dt) sin(w dt/2)``; storage shape.
    """
    permittivity, sigma = medium.permittivity[component], medium.conductivity.get(component)
    if sigma is None or not np.any(sigma):
        return permittivity
    return permittivity + 1j * sigma * dt / (2 * EPS0 * math.tan(math.pi * frequency * dt))


def solve_modes(window: Window, medium, dt: float, frequency: float, count: int) -> list[Mode]:
    """Modes of highest effective index in a window.

    Orders count from the highest effective index. Transverse fields of a lossless guide are real, and the lobe of the
    transverse electric field that comes first in storage order, among those within 5 % of the largest, is positive. Modes
    that share one propagation constant are told apart by polarization, the one with more power in ``E1 H2`` first.

    Parameters
    ----------
    window : Window
        Where to look. The cross-section is read there, and is taken to be the same all along the axis.
    medium : Medium
        Permittivity and conductivity.
    dt : float
        Time step, s.
    frequency : float
        Frequency, Hz.
    count : int
        Number of modes.

    Returns
    -------
    list of Mode
        ``count`` modes that carry power.

    Raises
    ------
    InputError
        When fewer than ``count`` modes propagate, or the grid is too coarse in space or time for the frequency.
    """
    if not (np.isfinite(frequency) and frequency > 0 and frequency * dt < 0.5):
        raise InputError("frequency", f"between 0 and {0.5 / dt:.4g} Hz, the time step's limit", frequency, "correct it")
    k = 2 / (C0 * dt) * math.sin(math.pi * frequency * dt)
    section = _CrossSection(window, medium, dt, frequency, k)
    squares, vectors = section.eigenpairs(count)
    spacing = window.grid.spacing[window.axis]
    modes = []
    for square, e_t in zip(squares, vectors.T):
        b = np.sqrt(square.astype(complex))
        if len(modes) == count or not square.real > 1e-9 * k**2:
            break
        if not b.real * spacing / 2 < 1:
            raise InputError("spacing", "cells shorter than half the guided wavelength", spacing, "refine the spacing")
        half_step = np.arcsin(b * spacing / 2)
        modes.append(_normalized(section, frequency, len(modes), 2 * half_step / spacing, b, half_step, e_t))
    if len(modes) < count:
        raise InputError(
            "mode order", f"at most {len(modes) - 1} (the window carries {len(modes)} propagating modes)", count - 1,
            "ask for a lower order, widen the window, or raise the frequency",
        )  # fmt: skip
    return modes


def _normalized(section, frequency, order, beta, b, half_step, e_t) -> Mode:
    """Complete a transverse electric field to a mode of unit power with the sign convention of `solve_modes`."""
    size = np.abs(e_t)
    e_t = e_t / (e_t[np.argmax(size >= 0.95 * size.max())])
    window = section.window
    fields = section.complete(e_t, b)
    # At a node plane the flux takes H as the mean of its values half a cell on either side: a factor cos(beta dl/2).
    products = (s * np.vdot(np.cos(half_step) * fields[h], fields[e]) for e, h, s in window.pairs)
    power = 0.5 * window.cell_area * sum(products).real
    scale = 1 / math.sqrt(power)
    return Mode(frequency, order, complex(beta), complex(half_step), window, {c: scale * f for c, f in fields.items()})


class _CrossSection:
    """The matrices of eq. (2) on one window."""

    def __init__(self, window: Window, medium, dt: float, frequency: float, k: float):
        grid = window.grid
        self.window, self.k = window, k
        self.t1, self.t2 = window.transverse
        across = [a for a in range(3) if a != window.axis]
        # An axis without cells (z in two dimensions) has one position of either kind and no derivative.
        node, half, derivative = {}, {}, {}
        for a in across:
            n = window.high[a] - window.low[a] if a < grid.ndim else 0
            half[a] = sparse.identity(n or 1)
            node[a] = sparse.identity(n - 1 if n else 1)
            derivative[a] = _difference(n) / grid.spacing[a] if n else sparse.csr_array((1, 1))

        def product(along1, along2):  # Kronecker factors in the order of the axes, whichever of them is axis 1
            factor = {self.t1: along1[self.t1], self.t2: along2[self.t2]}
            return sparse.csr_array(sparse.kron(*(factor[a] for a in across)))

        gradient = sparse.vstack([product(derivative, node), product(node, derivative)], format="csr")
        curl = sparse.hstack([-product(half, derivative), product(derivative, half)], format="csr")

        def at(direction, count):
            """Permittivity at the component along ``direction``, and where that is free to be other than zero."""
            component = "e" + AXES[direction]
            if component not in grid.components:
                return np.ones(count), np.zeros(count, bool)
            indices = window.indices(component)
            values = relative_permittivity(medium, dt, frequency, component).ravel()[indices]
            metal = medium.conductor.get(component)
            return values, np.ones(count, bool) if metal is None else ~metal.ravel()[indices]

        self.whole = product(half, node).shape[0]  # how many of all transverse values belong to axis 1
        first, second = at(self.t1, self.whole), at(self.t2, curl.shape[1] - self.whole)
        permittivity, self.free = (np.concatenate(parts) for parts in zip(first, second))
        self.split = np.count_nonzero(first[1])
        self.transverse_permittivity = permittivity[self.free]
        self.gradient, self.curl = gradient[self.free], curl[:, self.free]
        along, along_free = at(window.axis, gradient.shape[1])
        self.inverse_along = along_free / (k * along)
        if (abs(gradient[~self.free]) @ along_free).any():  # then H would not vanish with E there, and (2) not hold
            raise InputError(
                "conductor in a mode's window", "faces on planes of nodes", "faces between them", "move the faces onto nodes"
            )
        g, c = self.gradient, self.curl
        self.p = k * sparse.identity(g.shape[0]) - g @ sparse.diags_array(self.inverse_along) @ g.T
        self.q = k * sparse.diags_array(self.transverse_permittivity) - c.T @ c / k

    def eigenpairs(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """At least ``count`` values of ``B^2`` with ``E_t``, by falling real part, orthogonal within each cluster.

        Two more than asked for are computed (where there are as many), so that no cluster of equal values is cut.
        """
        size, wanted = self.p.shape[0], count + 2
        matrix = sparse.csc_array(self.p @ self.q)
        # No guided mode of a dielectric cross-section exceeds the index of its densest part.
        shift = 1.05 * self.k**2 * self.transverse_permittivity.real.max()
        if size < max(DENSE_BELOW, wanted + 3):
            squares, vectors = linalg.eig(matrix.toarray())
        else:
            factors = splu(matrix - shift * sparse.identity(size, format="csc"))
            inverse = LinearOperator(matrix.shape, factors.solve, dtype=matrix.dtype)
            start = np.random.default_rng(0).standard_normal(size)
            squares, vectors = eigs(matrix, wanted, sigma=shift, OPinv=inverse, v0=start)
        if not np.iscomplexobj(matrix):
            squares, vectors = self._real(squares, vectors)
        order = np.argsort(-squares.real)[:wanted]
        return self._separated(squares[order], vectors[:, order])

    @staticmethod
    def _real(squares, vectors):
        """The real eigenpairs of a real matrix, as real arrays; complex pairs carry no power."""
        real = np.abs(squares.imag) <= 1e-9 * np.abs(squares)
        vectors = vectors[:, real]
        pivots = vectors[np.argmax(np.abs(vectors), axis=0), np.arange(vectors.shape[1])]
        return squares[real].real, (vectors / pivots).real

    def _separated(self, squares, vectors):
        """Rotate each cluster of equal ``B^2`` so that its modes are orthogonal and separated by polarization."""
        vectors = vectors.copy()
        start = 0
        for end in range(1, len(squares) + 1):
            if end < len(squares) and abs(squares[end] - squares[start]) <= 1e-8 * abs(squares[start]):
                continue
            if end - start > 1:
                e = vectors[:, start:end]
                u = self.q @ e
                gram, first = e.T @ u, e[: self.split].T @ u[: self.split]
                share, rotation = linalg.eig(first, gram)
                rotation = rotation[:, np.argsort(-share.real)]
                vectors[:, start:end] = e @ (rotation.real if np.isrealobj(vectors) else rotation)
            start = end
        return squares, vectors

    def complete(self, e_t: np.ndarray, b: complex) -> dict[str, np.ndarray]:
        """Every carried component that belongs to the transverse field ``e_t``, for ``exp(+i beta l)``."""
        u = self.q @ e_t / b
        along_e = -1j * (self.gradient.T @ u) * self.inverse_along
        along_h = -1j * (self.curl @ e_t) / self.k
        e_whole, u_whole = np.zeros((2, self.free.size), complex)
        e_whole[self.free], u_whole[self.free] = e_t, u
        x1, x2, xl, n = AXES[self.t1], AXES[self.t2], AXES[self.window.axis], self.whole
        parts = {
            "e" + x1: e_whole[:n], "e" + x2: e_whole[n:], "e" + xl: along_e,
            "h" + x2: u_whole[:n] / ETA0, "h" + x1: -u_whole[n:] / ETA0, "h" + xl: along_h / ETA0,
        }  # fmt: skip
        window = self.window
        return {c: parts[c].reshape(window.shape(c)) for c in window.grid.components}


def _difference(cells: int) -> sparse.csr_array:
    """Difference from the ``cells - 1`` inner nodes, zero on the edges, to the ``cells`` half points."""
    ones = np.ones(cells - 1)
    return sparse.csr_array(sparse.diags_array([ones, -ones], offsets=[0, -1], shape=(cells, cells - 1)))
