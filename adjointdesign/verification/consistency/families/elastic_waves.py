"""Elastic waves in the plane by spectral elements: the solver's adjoint against the product of two runs' seismograms on
a grid.

``rho u_tt - div(lambda (div u) 1 + 2 mu e(u)) = f(t) delta(x - x0)`` with e the strain, and ``J = 1/2 integral of
u_x(x1, t)^2 dt``. Its adjoint w solves the same equation backward from rest, driven by the force ``(u_x, 0)`` at the
receiver (J. Tromp, C. Tape, Q. Liu, Geophys. J. Int. 160, 195 (2005)):

    dJ = integral of drho u_t . w_t - dlambda (div u) (div w) - 2 dmu e(u) : e(w),    dJ/dx0 = integral of f . grad
    w(x0, t) dt  (1)

Both runs are heard on a regular grid as fine as the elements, where (1) takes central differences in space and time and
sums: the scheme of other codes that keep their imaging apart from their solver.
"""

from __future__ import annotations

import numpy as np

from adjointdesign.verification.consistency.comparison import Sample

DENSITY, P_VELOCITY, S_VELOCITY = 1.0, 1.0, 0.6
SOURCE, RECEIVER, FORCE = (0.21, 0.34), (0.81, 0.57), (1.0, 0.5)
BLOCK = ((0.35, 0.65), (0.25, 0.75))
DURATION, DEGREE, POINTS = 1.6, 4, 3
"""`POINTS`: of the grid along the side of an element."""


def pulse(t: np.ndarray) -> np.ndarray:
    """Time dependence of the force."""
    x = (t - 0.3) / 0.13
    return -2 * x * np.exp(-(x**2))


def directions(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Smooth changes of a property, (directions, *shape)."""
    u, v = (np.clip((z - low) / (high - low), 0.0, 1.0) for z, (low, high) in zip((x, y), BLOCK))
    window = (np.sin(np.pi * u) * np.sin(np.pi * v)) ** 4
    return np.stack([window * np.cos(j * (u + 0.7 * v + 0.3)) for j in range(1, 4)])


class Square:
    """The unit square with open sides, ``n`` elements a side."""

    def __init__(self, n: float):
        from firedrake import Function, FunctionSpace, UnitSquareMesh, VectorFunctionSpace

        self.n = int(n)
        self.mesh = UnitSquareMesh(self.n, self.n, quadrilateral=True)
        space = FunctionSpace(self.mesh, "Q", DEGREE)
        values = {"density": DENSITY, "p_velocity": P_VELOCITY, "s_velocity": S_VELOCITY}
        self.medium = {name: Function(space).assign(value) for name, value in values.items()}
        places = VectorFunctionSpace(self.mesh, "Q", DEGREE)
        self.places = Function(places).interpolate(self.mesh.coordinates).dat.data_ro.T
        self.steps = 28 * self.n

    def solver(self, sources, receivers):
        """A solver with its readings at every step."""
        from adjointdesign.solvers.fem_elastodynamics import FemElastodynamics

        return FemElastodynamics(
            self.mesh, self.medium, sources, receivers, duration=DURATION, time_step=DURATION / self.steps,
            degree=DEGREE, absorbing=(1, 2, 3, 4),
        )  # fmt: skip

    def program(self):
        """The solver of the objective."""
        from adjointdesign.solvers.fem_elastodynamics import PointForce

        return self.solver([PointForce(SOURCE, FORCE, pulse)], [RECEIVER])

    def heard(self, points) -> tuple[np.ndarray, np.ndarray, float]:
        """u and w at points and at times 0, dt, ..., each (points, components, times), and dt."""
        from adjointdesign.solvers.fem_elastodynamics import PointForce

        forward = self.solver([PointForce(SOURCE, FORCE, pulse)], [RECEIVER, *points])
        u = forward.evaluate({})["seismograms"]
        backward = self.solver([PointForce(RECEIVER, (1.0, 0.0))], points)
        # Driven by u at T, T - dt, ..., dt, it gives w at T - dt, ..., 0.
        w = backward.evaluate({"source": u[0, :1, ::-1].copy()})["seismograms"][:, :, ::-1]
        rest = np.zeros((len(points), 2, 1))
        return np.concatenate([rest, u[1:]], axis=2), np.concatenate([w, rest], axis=2), forward.dt


def medium(n: float, late: int = 0) -> Sample:
    """Both gradients in density and both velocities; ``late``: by how many steps, by a planted mistake, w is late."""
    square = Square(n)
    solver = square.program()
    inputs = {name: function.dat.data_ro.copy() for name, function in square.medium.items()}
    gradient = by_adjoint(solver, inputs)[0]
    along = directions(*square.places)
    return Sample(np.concatenate([along @ gradient[name] for name in square.medium]), by_imaging(square, late))


def by_adjoint(solver, inputs) -> tuple[dict[str, np.ndarray], float]:
    """Gradient by the solver's own adjoint, and the objective."""
    heard = solver.forward(inputs)["seismograms"] * np.array([1.0, 0.0])[:, None]
    return solver.adjoint(inputs, {"seismograms": solver.dt * heard}), float(solver.dt * np.sum(heard**2) / 2)


def by_imaging(square: Square, late: int = 0) -> np.ndarray:
    """Gradient by (1) on the grid."""
    step = 1 / (POINTS * square.n)
    axes = [np.arange(round(low / step) - 1, round(high / step) + 2) * step for low, high in BLOCK]
    x, y = np.meshgrid(*axes, indexing="ij")
    u, w, dt = square.heard(np.stack([x.ravel(), y.ravel()], axis=1))
    if late:
        w = np.concatenate([w[..., late:], np.zeros_like(w[..., :late])], axis=2)
    u, w = (f.reshape(*x.shape, 2, -1) for f in (u, w))
    velocities = [np.gradient(f, dt, axis=3) for f in (u, w)]
    # slopes[i, j]: derivative of component j along axis i
    slopes = [np.stack(np.gradient(f, step, axis=(0, 1))).transpose(0, 3, 1, 2, 4) for f in (u, w)]
    strains = [(g + g.swapaxes(0, 1)) / 2 for g in slopes]
    kinetic = dt * np.einsum("xyit,xyit->xy", *velocities)
    volume = dt * np.einsum("xyt,xyt->xy", *(np.trace(g) for g in slopes))
    shear = 2 * dt * np.einsum("ijxyt,ijxyt->xy", *strains)
    # lambda = rho (vp^2 - 2 vs^2), mu = rho vs^2
    in_density = kinetic - (P_VELOCITY**2 - 2 * S_VELOCITY**2) * volume - S_VELOCITY**2 * shear
    in_p, in_s = (
        -2 * DENSITY * P_VELOCITY * volume,
        4 * DENSITY * S_VELOCITY * volume - 2 * DENSITY * S_VELOCITY * shear,
    )
    along = directions(x, y)
    return step**2 * np.concatenate([np.einsum("dxy,xy->d", along, kernel) for kernel in (in_density, in_p, in_s)])


def position(n: float) -> Sample:
    """Both derivatives in the place of the source."""
    square = Square(n)
    solver = square.program()
    inputs = {"source_positions": solver.settings["source_positions"]}
    discrete = by_adjoint(solver, inputs)[0]["source_positions"].ravel()
    step = 1 / (POINTS * square.n)
    points = np.array([np.array(SOURCE) + sign * step * np.eye(2)[axis] for axis in range(2) for sign in (1, -1)])
    _, w, dt = square.heard(points)
    along = np.einsum("i,pit->pt", FORCE, w)
    slopes = (along[0::2] - along[1::2]) / (2 * step)
    return Sample(discrete, dt * slopes @ pulse(dt * np.arange(w.shape[2])))
