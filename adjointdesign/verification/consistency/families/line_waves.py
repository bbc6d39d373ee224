"""Acoustic waves on a line, by leapfrog: gradients in velocity and density, and in the place of the source.

``m p_tt - (b p_x)_x = s(t) delta(x - x0)`` with ``m = 1 / (rho c^2)``, ``b = 1 / rho`` at c = rho = 1, and the misfit
``J = 1/2 integral of (p(x1, t) - d(t))^2 dt``. Its adjoint l solves the same equation backward from rest, driven by the
misfit:

    dJ = integral of dm p_t l_t - db p_x l_x,    dJ/dx0 = integral of s l_x(x0, t) dt                          (1)

(A. Tarantola, Geophysics 49, 1259 (1984)). By d'Alembert ``p = S(t - |x - x0|) / 2`` with s = S', and ``l_t = -r(t + |x
- x1|) / 2`` with the misfit r: (1) is a closed form. No wave reaches an end of the line and comes back in time.

The discrete gradient is that of the program by complex steps (W. Squire, G. Trapp, SIAM Rev. 40, 110 (1998)): it knows
no adjoint.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.verification.consistency.comparison import Sample

LEFT, RIGHT, END = -1.0, 2.2, 1.9
RECEIVER, SOURCE, BETWEEN = 1.0, 0.4, 1 / 3
"""`SOURCE` is a node where a length has 5 k cells; `BETWEEN` is a third of a cell beyond one where it has 3 k + 1."""
BLOCKS = ((0.45, 0.95), (1.05, 1.45))
"""Before and behind the receiver: density alone only reflects."""
COURANT = 0.6
_TINY = 1e-30


def pulse(t: np.ndarray) -> np.ndarray:
    """S: what the wave looks like."""
    return np.exp(-(((t - 0.45) / 0.1) ** 2))


def rate(t: np.ndarray) -> np.ndarray:
    """s = S'."""
    return -2 * (t - 0.45) / 0.1**2 * pulse(t)


def data(t: np.ndarray) -> np.ndarray:
    """What was heard: a later and weaker wave, and an echo."""
    return 0.4 * pulse(t - 0.65) + 0.25 * pulse(t - 1.0)


def directions(x: np.ndarray) -> np.ndarray:
    """Smooth changes of the medium, (directions, places)."""
    rows = []
    for low, high in BLOCKS:
        u = np.clip((x - low) / (high - low), 0.0, 1.0)
        rows += [np.sin(np.pi * u) ** 4 * np.cos(j * (u + 0.3)) for j in range(1, 4)]
    return np.stack(rows)


class Line:
    """The line with ``n`` cells a length."""

    def __init__(self, n: float):
        self.h = 1 / n
        self.x = LEFT + self.h * np.arange(round((RIGHT - LEFT) * n) + 1)
        self.middle = (self.x[1:] + self.x[:-1]) / 2
        self.steps = round(END / (COURANT * self.h))
        self.dt = END / self.steps
        self.t = self.dt * np.arange(self.steps + 1)
        self.heard = round((RECEIVER - LEFT) * n)

    def spread(self, place, smooth: bool) -> np.ndarray:
        """A unit source at a place (complex in a complex step): by linear interpolation, or by cubic B-splines."""
        first = int(np.floor((np.real(place) - LEFT) / self.h + 1e-9))
        u = (place - self.x[first]) / self.h
        weights = np.zeros(self.x.size, dtype=np.result_type(place, float))
        if smooth:
            splines = [(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3]
            weights[first - 1 : first + 3] = np.array(splines) / 6
        else:
            weights[first : first + 2] = [1 - u, u]
        return weights / self.h

    def run(self, source: np.ndarray, where: np.ndarray, m=1.0, b=1.0) -> np.ndarray:
        """Leapfrog from rest: p at every time, (times, ..., nodes); ``source`` at every time, (times,)."""
        kind = np.result_type(where, m, b, float)
        shape = np.broadcast_shapes(where.shape, np.shape(m), np.shape(b)[:-1] + (1,))
        p = np.zeros((self.steps + 1, *shape), dtype=kind)
        force = np.zeros(shape, dtype=kind)
        for k in range(self.steps):
            force[:] = source[k] * where
            flux = b * np.diff(p[k], axis=-1) / self.h
            force[..., 1:-1] += np.diff(flux, axis=-1) / self.h
            before = p[k - 1] if k else 0.0
            p[k + 1] = 2 * p[k] - before + self.dt**2 / m * force
            p[k + 1, ..., [0, -1]] = 0.0
        return p

    def misfit(self, p: np.ndarray) -> np.ndarray:
        """r at every time."""
        return p[..., self.heard] - data(self.t).reshape(-1, *(1,) * (p.ndim - 2))

    def objective(self, p: np.ndarray):
        """J."""
        return 0.5 * self.dt * np.sum(self.misfit(p) ** 2, axis=0)

    def adjoint(self, p: np.ndarray, late: int = 0) -> np.ndarray:
        """l at every time: the same run backward, from the last time or by a planted mistake some steps later."""
        where = np.zeros(self.x.size)
        where[self.heard] = 1 / self.h
        back = self.run(self.misfit(p)[::-1], where)[::-1]
        return np.concatenate([back[late:], np.zeros_like(back[:late])])


def medium(n: float, products: str = "scheme", late: int = 0) -> Sample:
    """Both gradients in velocity and density; ``products``: "scheme", or "centered" differences at the nodes."""
    line = Line(n)
    h, dt, where = line.h, line.dt, line.spread(SOURCE, smooth=False)
    at_nodes, at_middles = directions(line.x), directions(line.middle)
    p = line.run(rate(line.t), where)
    adjoint = line.adjoint(p, late)
    if products == "scheme":
        kinetic = -np.einsum("tx,tx->x", adjoint[1:-1], p[2:] - 2 * p[1:-1] + p[:-2]) / dt
        elastic = dt / h**2 * np.einsum("tx,tx->x", np.diff(p, axis=1), np.diff(adjoint, axis=1))
        places = at_middles
    else:
        kinetic = dt * np.einsum("tx,tx->x", *(np.gradient(f, dt, axis=0) for f in (p, adjoint)))
        elastic = dt * np.einsum("tx,tx->x", *(np.gradient(f, h, axis=1) for f in (p, adjoint)))
        places = at_nodes
    continuous = np.concatenate([-2 * h * at_nodes @ kinetic, h * (places @ elastic - at_nodes @ kinetic)])
    return Sample(
        by_complex_steps(line, where), continuous, closed_medium(), float(line.objective(p)), closed_objective(SOURCE)
    )


def by_complex_steps(line: Line, where: np.ndarray) -> np.ndarray:
    """Gradient of the program in velocity and in density, rho c^2 and rho at the nodes and between them."""
    at_nodes, at_middles = 1j * _TINY * directions(line.x), 1j * _TINY * directions(line.middle)
    m = np.concatenate([1 / (1 + at_nodes) ** 2, 1 / (1 + at_nodes)])
    b = np.concatenate([np.ones_like(at_middles), 1 / (1 + at_middles)])
    return line.objective(line.run(rate(line.t), where, m, b)).imag / _TINY


def position(n: float, smooth: bool) -> Sample:
    """Both derivatives in the place of the source, which the program spreads over its neighbors."""
    line = Line(n)
    s = rate(line.t)
    p = line.run(s, line.spread(BETWEEN, smooth))
    moved = line.run(s, line.spread(BETWEEN + 1j * _TINY, smooth))
    slope = np.gradient(line.adjoint(p), line.h, axis=1)
    first = int(np.floor((BETWEEN - LEFT) / line.h))
    u = (BETWEEN - line.x[first]) / line.h
    continuous = line.dt * s @ ((1 - u) * slope[:, first] + u * slope[:, first + 1])
    t, weight = _times(0.0, END)
    r = pulse(t - RECEIVER + BETWEEN) / 2 - data(t)
    exact = weight @ (r * rate(t - RECEIVER + BETWEEN)) / 2
    return Sample(
        np.atleast_1d(line.objective(moved).imag / _TINY), np.atleast_1d(continuous), np.atleast_1d(exact),
        float(line.objective(p)), closed_objective(BETWEEN),
    )  # fmt: skip


def closed_objective(source: float) -> float:
    """J of the equations."""
    t, weight = _times(0.0, END)
    return float(weight @ (pulse(t - RECEIVER + source) / 2 - data(t)) ** 2 / 2)


def closed_medium() -> np.ndarray:
    """(1) in closed form, in velocity and in density."""
    in_velocity, in_density = 0.0, 0.0
    for low, high in BLOCKS:
        x, weight = _places(low, high)
        ahead, back = x[:, None] - SOURCE, np.abs(x[:, None] - RECEIVER)
        t, dt = _times(0.0, END)
        misfit = pulse(t + back - RECEIVER + SOURCE) / 2 - data(t + back)
        kinetic = np.where(t + back < END, -rate(t - ahead) * misfit / 4, 0.0) @ dt
        # Both waves run to the right before the receiver (in their own time), against each other behind it.
        elastic = kinetic if high < RECEIVER else -kinetic
        in_velocity = in_velocity - 2 * directions(x) @ (weight * kinetic)
        in_density = in_density + directions(x) @ (weight * (elastic - kinetic))
    return np.concatenate([in_velocity, in_density])


def _times(start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    t, dt = np.linspace(start, end, 2001, retstep=True)
    return t, np.full(t.size, dt)


def _places(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    points, weights = np.polynomial.legendre.leggauss(60)
    return low + (points + 1) * (high - low) / 2, weights * (high - low) / 2
