"""The matrices that the modes of a cross-section of the Yee grid are eigenvectors of."""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator, eigs, splu

from adjointdesign.constants import EPS0, ETA0
from adjointdesign.errors import InputError
from adjointdesign.grid.yee import AXES, MIDDLES, NODES
from adjointdesign.sources.placing import Medium
from adjointdesign.sources.windows import Window

DENSE_BELOW = 64
"""Number of unknowns under which the dense eigensolver is the quicker one (measured)."""


def relative_permittivity(medium: Medium, dt: float, frequency: float, component: str) -> np.ndarray:
    """Complex permittivity that the scheme presents at ``frequency``: conductivity enters as its time average.

    ``eps + i sigma cos(w dt/2) / (eps0 W)`` with ``W = (2/dt) sin(w dt/2)``, and dispersive materials by the same rule;
    storage shape.
    """
    permittivity, sigma = medium.permittivity[component], medium.conductivity.get(component)
    if sigma is not None and np.any(sigma):
        permittivity = permittivity + 1j * sigma * dt / (2 * EPS0 * math.tan(math.pi * frequency * dt))
    for part in medium.dispersive.values():
        if component in part.strength and np.any(part.strength[component]):
            permittivity = permittivity + part.strength[component] * part.material.scheme_susceptibility(frequency, dt)
    return permittivity


class CrossSection:
    """``P`` and ``Q`` of `adjointdesign.sources.modes`, eq. (2), on one window, and their eigenvectors.

    Both act on fields times the root of the area that each value stands for (`roots`), and so are symmetric on graded grids too.

    Parameters
    ----------
    window : Window
        Where.
    medium : Medium
        What fills it.
    dt : float
        Time step, s.
    frequency : float
        Frequency, Hz.
    k : float
        The number ``K`` of eq. (1), 1/m.

    Raises
    ------
    InputError
        When a conductor's face lies between nodes, or a permittivity is negative.
    """

    def __init__(self, window: Window, medium: Medium, dt: float, frequency: float, k: float):
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
            derivative[a] = self._derivative(a, n) if n else sparse.csr_array((1, 1))

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
        areas = [window.areas("e" + AXES[t]).ravel() if "e" + AXES[t] in grid.components else np.ones(n)
                 for t, n in ((self.t1, self.whole), (self.t2, curl.shape[1] - self.whole))]  # fmt: skip
        self.roots = np.sqrt(np.concatenate(areas))[self.free]
        self.transverse_permittivity = permittivity[self.free]
        if np.any(self.transverse_permittivity.real <= 0):  # plasmons have any index: none could be called the highest
            raise InputError(
                "permittivity in a mode's window", "positive real parts", f"one of {self.transverse_permittivity.real.min():.4g} at {frequency:.4g} Hz",
                "move the window away from the metal, or make it a conductor",
            )  # fmt: skip
        self.gradient, self.curl = gradient[self.free], curl[:, self.free]
        along, along_free = at(window.axis, gradient.shape[1])
        self.inverse_along = along_free / (k * along)
        if (abs(gradient[~self.free]) @ along_free).any():  # then H would not vanish with E there, and (2) not hold
            raise InputError(
                "conductor in a mode's window",
                "faces on planes of nodes",
                "faces between them",
                "move the faces onto nodes",
            )

        def permeability(direction, count):
            """Permeability at the magnetic component along ``direction``."""
            values = medium.permeability.get("h" + AXES[direction])
            return np.ones(count) if values is None else np.asarray(values).ravel()[window.indices("h" + AXES[direction])]

        # H2 shares the positions of E1, and H1 those of E2.
        magnetic = np.concatenate([permeability(self.t2, self.whole), permeability(self.t1, curl.shape[1] - self.whole)])[self.free]
        self.inverse_magnetic = 1 / (k * permeability(window.axis, curl.shape[0]))
        g, c = self.gradient, self.curl
        self.p = k * sparse.diags_array(magnetic) - g @ sparse.diags_array(self.inverse_along) @ g.T
        self.q = k * sparse.diags_array(self.transverse_permittivity) - c.T @ sparse.diags_array(self.inverse_magnetic) @ c
        self.densest = float((self.transverse_permittivity.real * magnetic).max())

    def eigenpairs(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """At least ``count`` values of ``B^2`` with ``E_t``, by falling real part, orthogonal within each cluster.

        Two more than asked for are computed (where there are as many), so that no cluster of equal values is cut.
        """
        size, wanted = self.p.shape[0], count + 2
        matrix = sparse.csc_array(self.p @ self.q)
        # No guided mode of a dielectric cross-section exceeds the index of its densest part.
        shift = 1.05 * self.k**2 * self.densest
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
        """Every carried component, now itself, of the mode whose transverse field times `roots` is ``e_t``."""
        u = self.q @ e_t / b
        along_e = -1j * (self.gradient.T @ u) * self.inverse_along
        along_h = -1j * (self.curl @ e_t) * self.inverse_magnetic
        e_whole, u_whole = np.zeros((2, self.free.size), complex)
        e_whole[self.free], u_whole[self.free] = e_t, u
        x1, x2, xl, n = AXES[self.t1], AXES[self.t2], AXES[self.window.axis], self.whole
        parts = {
            "e" + x1: e_whole[:n], "e" + x2: e_whole[n:], "e" + xl: along_e,
            "h" + x2: u_whole[:n] / ETA0, "h" + x1: -u_whole[n:] / ETA0, "h" + xl: along_h / ETA0,
        }  # fmt: skip
        window = self.window
        return {c: parts[c].reshape(window.shape(c)) / np.sqrt(window.areas(c)) for c in window.grid.components}

    def _derivative(self, axis: int, cells: int) -> sparse.csr_array:
        """Derivative from the ``cells - 1`` inner nodes, zero on the edges, to the ``cells`` half points.

        Of fields times the root of the length that each value stands for, by which it is minus its own transpose back.
        """
        between = self.window.widths(MIDDLES[axis], axis)
        at = self.window.widths(NODES[axis], axis)
        ones = np.ones(cells - 1)
        difference = sparse.diags_array([ones, -ones], offsets=[0, -1], shape=(cells, cells - 1))
        return sparse.csr_array(sparse.diags_array(1 / np.sqrt(between)) @ difference @ sparse.diags_array(1 / np.sqrt(at)))
