"""Closed solutions of the frequency-domain cases: a guide that goes on for ever, a closed square, a closed cube.

``exp(-i w t)`` throughout; k is the wavenumber of vacuum.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.polynomial import Chebyshev

from adjointdesign.verification.consistency.families.closed_diffusion import bump, square_points

DIRECTIONS = 3


def directions(*x) -> np.ndarray:
    """Smooth directions for the permittivity, (directions, points)."""
    along = sum(factor * part for factor, part in zip((1.0, 0.7, -0.4), x, strict=False))
    return np.stack([np.cos(j * along + 0.3 * j) for j in range(1, DIRECTIONS + 1)])


class Guide:
    """Plates at y = 0 and 1 (magnetic walls) without ends, and the field ``U(x) cos(pi y)`` above cutoff.

    ``-laplacian u - k^2 u = f`` with waves that go out, a source ``f = S(x) cos(pi y)`` and the objective
    ``int W(x) |u|^2``. Its adjoint problem is the same with the source ``W conj(u)``, and
    ``dJ = 2 Re int k^2 deps u w``.
    """

    k = 6.0
    beta = math.sqrt(k * k - np.pi**2)
    length, depth, reflection = 3.0, 0.5, 1e-10
    """The part between absorbing layers, their depth, and what they are to reflect (of a wave with wavenumber k)."""

    @staticmethod
    def source(x):
        """S."""
        return np.exp(-(((x - 1.0) / 0.2) ** 2)) * (1 + 0.5j)

    @staticmethod
    def weight(x):
        """W."""
        return np.exp(-(((x - 1.9) / 0.2) ** 2))

    def radiated(self, source):
        """``x, s -> U`` of a source between the layers: x on the real line, s its stretched coordinate.

        ``U = i / (2 beta) int exp(i beta |s - x'|) S(x') dx'``; outside of the sources it is analytic.
        """
        ends = [0.0, self.length]
        parts = []
        for sign in (1, -1):
            weighted = [
                Chebyshev.interpolate(lambda t, p=p: p(np.exp(-1j * sign * self.beta * t) * source(t)), 250, ends)
                for p in (np.real, np.imag)
            ]
            parts.append([w.integ(lbnd=0.0) for w in weighted])

        def field(x, s):
            inside = np.clip(x, *ends)
            left = parts[0][0](inside) + 1j * parts[0][1](inside)
            right = sum(factor * (p(ends[1]) - p(inside)) for factor, p in zip((1, 1j), parts[1], strict=True))
            return 0.5j / self.beta * (np.exp(1j * self.beta * s) * left + np.exp(-1j * self.beta * s) * right)

        return field

    def stretched(self, x):
        """The stretched coordinate s and ds/dx, as of `Layer`."""
        strength = -1.5 * math.log(self.reflection) / (self.k * self.depth)
        beyond = (x - np.clip(x, 0.0, self.length)) / self.depth
        return x + 1j * strength * self.depth / 3 * beyond**3, 1 + 1j * strength * beyond**2

    def _points(self):
        points, weights = np.polynomial.legendre.leggauss(150)
        y, along_y = (points + 1) / 2, weights / 2
        ends = [-self.depth, 0.0, self.length, self.length + self.depth]
        x = np.concatenate([(b - a) / 2 * points + (a + b) / 2 for a, b in zip(ends, ends[1:], strict=False)])
        along_x = np.concatenate([(b - a) / 2 * weights for a, b in zip(ends, ends[1:], strict=False)])
        return x, along_x, y, along_y

    def objective(self) -> float:
        """``int W |u|^2``."""
        x, along_x, y, along_y = self._points()
        u = self.radiated(self.source)(x, self.stretched(x)[0])
        return float(along_x @ (self.weight(x) * np.abs(u) ** 2) * (along_y @ np.cos(np.pi * y) ** 2))

    def gradient(self) -> np.ndarray:
        """Derivatives along the directions, in the layers too, where the medium is that of stretched coordinates."""
        x, along_x, y, along_y = self._points()
        s, stretch = self.stretched(x)
        u = self.radiated(self.source)
        w = self.radiated(lambda t: self.weight(t) * np.conj(u(t, t)))
        product = 2 * self.k**2 * (along_x * u(x, s) * w(x, s) * stretch).real
        return directions(x[:, None], y[None, :]) @ (along_y * np.cos(np.pi * y) ** 2) @ product


class Square:
    """A closed unit square, u = 0 on its sides: ``-laplacian u - k^2 u = f`` and ``J = int g u``.

    The sources f and g are fixed in space. Fields are ``sin(pi x) sin(pi y) exp(a x + b y)``. When the square moves
    by V, ``dJ = int (V . n) du/dn dw/dn ds``.
    """

    k = 2.0
    state, adjoint = (1.0, 0.5), (-0.5, 1.0)
    """a and b. (Without the exponentials sources vanish on the sides, where slopes then have an order too much.)"""

    def source(self, x, y, rates, library=np):
        """f of a field; ``library=ufl`` for expressions."""
        (p, _, ddp), (q, _, ddq) = (bump(t, a, library) for t, a in zip((x, y), rates, strict=True))
        return -(ddp * q + p * ddq) - self.k**2 * p * q

    def objective(self) -> float:
        """``int g u``."""
        x, y, weights = square_points()
        u = bump(x, self.state[0])[0] * bump(y, self.state[1])[0]
        return float(np.sum(weights * self.source(x, y, self.adjoint) * u))

    def gradient(self) -> np.ndarray:
        """Derivatives along the displacements."""
        points, weights = np.polynomial.legendre.leggauss(40)
        t, weights = (points + 1) / 2, weights / 2
        total = np.zeros(len(displacements(t, t)))
        for axis in (0, 1):
            for end in (0.0, 1.0):
                moved = displacements(*((np.full_like(t, end), t) if axis == 0 else (t, np.full_like(t, end))))
                slopes = weights
                for rates in (self.state, self.adjoint):
                    slopes = slopes * bump(end, rates[axis])[1] * bump(t, rates[1 - axis])[0]
                total += (2 * end - 1) * moved[..., axis] @ slopes
        return total


def displacements(x, y) -> np.ndarray:
    """Displacements of the square, (directions, points, 2): linear along its sides, so that every mesh can follow."""
    one = np.ones_like(x)
    return np.stack([
        np.stack(v, axis=-1)
        for v in (
            (x * y, 0.3 * one), (0.2 - x, y * (1 + x)), (x - 2 * y + 1.5 * x * y, x - 0.5 * x * y),
            (0.4 * y, x + y - 2 * x * y),
        )
    ])  # fmt: skip


class Cube:
    """A closed unit cube of metal with a lossy medium: ``curl curl E - k^2 eps E = f`` and ``J = |int g . E|^2``.

    Fields are sums of modes, each along one axis and constant along it. With the field A of the source g,
    ``dJ = 2 Re (conj(int g . E) int k^2 deps E . A)``.
    """

    k, permittivity, loss = 2.0, 1.0, 0.5
    modes = ((2, (1, 1)), (0, (1, 1)), (1, (2, 1)))
    """Axis, and half waves along the other two axes, in cyclic order."""
    state, adjoint = (1.0 + 0.4j, 0.6, -0.3j), (0.8, -0.5j, 0.4 + 0.2j)

    def sources(self, amplitudes):
        """Amplitudes of the modes in the source of a field."""
        medium = self.k**2 * (self.permittivity + 1j * self.loss)
        return [
            a * (np.pi**2 * (m * m + n * n) - medium) for a, (_, (m, n)) in zip(amplitudes, self.modes, strict=True)
        ]

    def reading(self) -> complex:
        """``int g . E``; the modes are orthogonal."""
        return sum(a * b for a, b in zip(self.sources(self.adjoint), self.state, strict=True)) / 4

    def gradient(self) -> np.ndarray:
        """Derivatives of J along the directions."""
        points, weights = np.polynomial.legendre.leggauss(20)
        t, weights = (points + 1) / 2, weights / 2
        x = np.stack([g.ravel() for g in np.meshgrid(t, t, t, indexing="ij")])
        weights = np.einsum("i,j,k->ijk", weights, weights, weights).ravel()
        product = 0.0
        for a, b, (axis, (m, n)) in zip(self.state, self.adjoint, self.modes, strict=True):
            mode = np.sin(m * np.pi * x[(axis + 1) % 3]) * np.sin(n * np.pi * x[(axis + 2) % 3])
            product = product + a * b * mode**2
        return 2 * (np.conj(self.reading()) * (self.k**2 * directions(*x) @ (weights * product))).real
