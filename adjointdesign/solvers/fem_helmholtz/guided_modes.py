"""Guided modes of a line across a guide: an eigenproblem in one dimension, by elements of high degree.

With the coefficients of `FemHelmholtz`, ``u = phi(t) exp(i b l)`` and ``rho = 1`` (the radius for a body of revolution, guided
along z), ``-div(alpha grad u) = k^2 beta u`` across the guide is, weakly and for every psi,

    int (k^2 beta rho phi psi - alpha (rho phi)' (rho psi)' / rho) dt = b^2 int alpha rho phi psi dt.              (1)

In the plane the derivatives are those of phi and psi. Both sides are symmetric, so modes of different ``b^2`` are orthogonal
in the right one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import legendre
from scipy import linalg
from scipy.interpolate import BarycentricInterpolator

from adjointdesign.constants import C0, EPS0, MU0
from adjointdesign.errors import InputError

DEGREE = 8
"""Of the elements."""
PER_WAVELENGTH = 4
"""Elements a wavelength in the densest medium, at the least: at this degree the modes are right to ten digits."""


@dataclass(frozen=True, eq=False)
class GuidedMode:
    """A mode that travels along ``+axis`` with unit power (1 W/m; 1 W for a body of revolution).

    Parameters
    ----------
    beta : complex
        Propagation constant, rad/m; real without loss.
    norm : complex
        ``int alpha rho phi^2 dt``, not conjugated.
    edges : ndarray
        Ends of the elements, m.
    values : ndarray, shape (elements, DEGREE + 1)
        ``phi`` at the elements' Lobatto points.
    """

    beta: complex
    norm: complex
    edges: np.ndarray
    values: np.ndarray

    def __call__(self, t) -> np.ndarray:
        """``phi`` at places t (m); zero outside of the window."""
        t = np.asarray(t, dtype=float)
        slack = 1e-9 * (self.edges[-1] - self.edges[0])
        inside = (t >= self.edges[0] - slack) & (t <= self.edges[-1] + slack)
        element = np.clip(np.searchsorted(self.edges, t) - 1, 0, len(self.values) - 1)
        result = np.zeros(t.shape, self.values.dtype)
        for e in np.unique(element[inside]):
            low, high = self.edges[e : e + 2]
            here = inside & (element == e)
            result[here] = BarycentricInterpolator(_lobatto(), self.values[e])(2 * (t[here] - low) / (high - low) - 1)
        return result


def guided_modes(frequency: float, permittivity: Callable, window: tuple[float, float], count: int, *,
                 polarization: str = "ez", faces: Sequence[float] = (), walls: tuple[str, str] = ("electric", "electric"),
                 along: int = 1) -> list[GuidedMode]:  # fmt: skip
    """The modes of highest effective index across a guide.

    Parameters
    ----------
    frequency : float
        Hz.
    permittivity : callable
        ``t -> relative permittivity`` of an array of places (m) across the guide; complex where the medium absorbs.
    window : tuple of float
        Low and high end of the line, m: the walls of a metal guide, or wide enough for the mode to have decayed there.
    count : int
        Number of modes.
    polarization : {"ez", "hz", "hphi"}
        Of the field that is solved for; ``hphi`` is guided along z, with t the radius.
    faces : sequence of float
        Places within the window where the permittivity jumps, m.
    walls : pair of {"electric", "magnetic"}
        What the ends are; at r = 0 the end is the axis, whatever is said.
    along : {1, -1}
        Sign of the transverse electric field over the unknown for a wave along ``+axis``: the convention that a mode's
        first lobe is positive is about that field.

    Returns
    -------
    list of GuidedMode
        By falling effective index, from order 0.

    Raises
    ------
    InputError
        When fewer modes propagate, or the permittivity is not fit for use.
    """
    k = 2 * math.pi * frequency / C0
    low, high = window
    inner = sorted(t for t in faces if low < t < high)
    ends = np.array([low, *inner, high])
    probes = np.concatenate([np.linspace(a, b, 50)[1:-1] for a, b in zip(ends, ends[1:])])
    sampled = np.asarray(permittivity(probes))
    if sampled.shape != probes.shape or not np.all(np.isfinite(sampled)) or np.any(sampled == 0):
        raise InputError("permittivity", "finite numbers other than zero, one a place", f"shape {sampled.shape}", "correct the callable")
    wavelength = 2 * math.pi / (k * math.sqrt(max(1.0, float(sampled.real.max()))))
    edges = np.concatenate([
        np.linspace(a, b, max(2, math.ceil(PER_WAVELENGTH * (b - a) / wavelength)) + 1)[:-1] for a, b in zip(ends, ends[1:])
    ] + [[high]])  # fmt: skip
    left, right = _matrices(k, permittivity, edges, polarization)
    free = np.ones(len(left), bool)
    held = "electric" if polarization == "ez" else "magnetic"
    axis = polarization == "hphi" and low == 0
    free[0], free[-1] = not axis and walls[0] != held, walls[1] != held
    parts = left[np.ix_(free, free)], right[np.ix_(free, free)]
    squares, vectors = linalg.eig(*parts) if np.iscomplexobj(left) else linalg.eigh(*parts)
    modes = []
    for index in np.argsort(-squares.real)[:count]:
        if not squares[index].real > 1e-9 * k**2:
            break
        phi = np.zeros(len(left), vectors.dtype)
        phi[free] = vectors[:, index]
        modes.append(_normalized(np.sqrt(squares[index]), phi, right, edges, k, polarization, along))
    if len(modes) < count:
        raise InputError(
            "mode order", f"at most {len(modes) - 1} (the guide carries {len(modes)} propagating modes)", count - 1,
            "ask for a lower order, widen the guide, or raise the frequency",
        )  # fmt: skip
    return modes


def _normalized(beta, phi, right, edges, k, polarization, along) -> GuidedMode:
    """Unit power, and the first of the lobes within 5 % of the largest positive."""
    size = np.abs(phi)
    phi = phi / (phi[np.argmax(size >= 0.95 * size.max())] * along)
    # E x H* along the axis is conj(u) alpha b u / (w mu0), for a magnetic field with eps0 in place of mu0.
    flux = (beta * (phi @ right @ phi.conj())).real / (2 * k * C0 * (MU0 if polarization == "ez" else EPS0))
    phi = phi / math.sqrt(flux * (2 * math.pi if polarization == "hphi" else 1))
    count = len(edges) - 1
    places = DEGREE * np.arange(count)[:, None] + np.arange(DEGREE + 1)
    return GuidedMode(beta, phi @ right @ phi, edges, phi[places])


def _matrices(k, permittivity, edges, polarization):
    """Both sides of (1), dense: some hundred unknowns."""
    points, weights, shape, slope = _tables()
    middles, halves = (edges[1:] + edges[:-1]) / 2, np.diff(edges) / 2
    t = middles[:, None] + halves[:, None] * points
    eps = np.asarray(permittivity(t.ravel())).reshape(t.shape)
    alpha, beta = (np.ones_like(eps), eps) if polarization == "ez" else (1 / eps, np.ones_like(eps))
    rho = t if polarization == "hphi" else np.ones_like(t)
    dt = halves[:, None] * weights
    swirl = rho[..., None] * slope / halves[:, None, None] + (shape if polarization == "hphi" else 0.0)
    mass = np.einsum("eq,qi,qj->eij", dt * alpha * rho, shape, shape)
    rest = np.einsum("eq,qi,qj->eij", k**2 * dt * beta * rho, shape, shape)
    rest = rest - np.einsum("eq,eqi,eqj->eij", dt * alpha / rho, swirl, swirl)
    size = DEGREE * len(middles) + 1
    left, right = np.zeros((2, size, size), eps.dtype if np.iscomplexobj(eps) else float)
    for e in range(len(middles)):
        block = slice(DEGREE * e, DEGREE * (e + 1) + 1)
        left[block, block] += rest[e]
        right[block, block] += mass[e]
    return left, right


@cache
def _lobatto() -> np.ndarray:
    """Lobatto points of the reference element [-1, 1]."""
    inner = legendre.Legendre.basis(DEGREE).deriv().roots().real
    return np.concatenate([[-1.0], np.sort(inner), [1.0]])


@cache
def _tables():
    """Gauss points and weights, enough for smooth media too; shape functions and their slopes there."""
    points, weights = legendre.leggauss(DEGREE + 4)
    coefficients = np.linalg.inv(legendre.legvander(_lobatto(), DEGREE))  # columns: Legendre series of a shape function
    slopes = legendre.legder(coefficients)
    return points, weights, legendre.legval(points, coefficients).T, legendre.legval(points, slopes).T
