"""Two gradients of an FDTD reading: by our solver's adjoint, and by the product of two runs' Fourier fields.

A dipole of current moment one at ``source`` is read at ``receiver``: ``J = sum over frequencies of |R / S|^2``, with R
the running Fourier transform of the reading and S the spectrum of the pulse. The control changes the permittivity by
``d eps(x)``, smooth functions of position in a block. In the frequency domain ``curl H = -i w eps0 eps E + j``, so that
a change of eps acts as the current ``-i w eps0 d eps E``, and by reciprocity (J. A. Kong, Electromagnetic Wave Theory,
ch. 5)

    dR / S = -i w eps0 integral of d eps E . A / S,                                                                (1)

with A the field of a dipole of unit spectrum at the receiver: a second run of the same solver, forward in time. The
other codes do so. What is exact for the scheme: with E at ``n dt`` and currents at ``(n + 1/2) dt`` its ``-i w`` is
``-i (2 / dt) sin(w dt / 2)``, and its integral is the sum over every component's own places; its absorbing layer
divides differences by a diagonal stretch, which leaves the operator symmetric up to diagonal factors that are one
outside the layer, so the *forward* layer serves both runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from adjointdesign.constants import C0, EPS0
from adjointdesign.grid.yee import OFFSETS, YeeGrid
from adjointdesign.monitors.fields import FieldMonitor
from adjointdesign.sources.currents import point_dipole
from adjointdesign.sources.waveforms import GaussianPulse
from adjointdesign.verification.consistency.comparison import Sample

WAVELENGTH = 1e-6
F0 = C0 / WAVELENGTH
FREQUENCIES = F0 * np.array([1.0, 1.15])
DIRECTIONS = 4
STRONG = 10.0
"""Cells in an absorbing layer at which it has its usual strength, which it keeps in physical units on all grids."""


@dataclass(frozen=True)
class Layout:
    """Where everything is, in wavelengths.

    Parameters
    ----------
    polarization, component : str
        Of the grid; of dipole and reading.
    inner : tuple of float
        Domain without absorbing layers, from 0.
    source, receiver : tuple of float
        Places of dipole and reading.
    block : tuple of pairs of float
        Where the permittivity changes, low and high.
    permittivity : callable, optional
        Background, of component, cell size and positions; one by default.
    change : callable, optional
        ``d eps`` of the same along each direction, ``(directions, *shape)``; `directions` by default.
    layer : float
        Thickness of the absorbing layers; without them there are conducting walls.
    loss : float
        By how much the logarithm of all fields falls in a period, by a uniform conductivity.
    periods : float
        Length of a run.
    """

    polarization: str = "ez"
    component: str = "ez"
    inner: tuple[float, ...] = (1.6, 1.2)
    source: tuple[float, ...] = (0.2, 0.4)
    receiver: tuple[float, ...] = (1.4, 0.7)
    block: tuple[tuple[float, float], ...] = ((0.4, 1.2), (0.3, 0.9))
    permittivity: Callable[..., np.ndarray] | None = None
    change: Callable[..., np.ndarray] | None = None
    layer: float = 0.5
    loss: float = 0.0
    periods: float = 24.0

    @property
    def pulse(self) -> GaussianPulse:
        """The waveform of both runs: so narrow that neither its start nor a static field is seen."""
        return GaussianPulse(F0, 0.3 * F0, 9.4 / F0)

    def changes(self, component: str, h: float, *places) -> np.ndarray:
        """``d eps`` of a component in cells of size h at places, all in wavelengths."""
        return directions(self.block, *places) if self.change is None else self.change(component, h, *places)


@dataclass(frozen=True)
class Product:
    """How formula (1) is discretized; as it stands, exactly as the scheme is.

    Parameters
    ----------
    periods : float, optional
        Length of its runs, the layout's by default.
    derivative : {"scheme", "equation"}
        Of time: ``(2 / dt) sin(w dt / 2)``, or ``w``.
    fields : {"own", "centers"}
        Where both fields are multiplied: at each component's own places, or at the centers of cells after linear
        interpolation.
    change : callable, optional
        What it takes for `Layout.change`.
    aside : float
        How far ``d eps`` is from its place, cells.
    every : int
        One in so many points along each axis is recorded.
    layer : float, optional
        Thickness of the absorbing layers of the adjoint run, wavelengths.
    stretched : bool
        Whether the integral is over stretched lengths within the absorbing layer.
    precision : {"double", "single"}
        Of what is recorded.
    """

    periods: float | None = None
    derivative: str = "scheme"
    fields: str = "own"
    change: Callable[..., np.ndarray] | None = None
    aside: float = 0.0
    every: int = 1
    layer: float | None = None
    stretched: bool = False
    precision: str = "double"


def directions(block, *places) -> np.ndarray:
    """Smooth functions that end smoothly at the sides of a block, (directions, *shape); none is symmetric."""
    window, phase = 1.0, 0.0
    for axis, ((low, high), x) in enumerate(zip(block, places)):
        u = np.clip((x - low) / (high - low), 0.0, 1.0)
        window, phase = window * np.sin(np.pi * u) ** 4, phase + (1 + 0.7 * axis) * u
    return np.stack([window * np.cos(j * (phase + 0.3)) for j in range(1, DIRECTIONS + 1)])


class Level:
    """A layout on a grid of ``n`` cells a wavelength."""

    def __init__(self, layout: Layout, n: float, layer: float | None = None):
        from adjointdesign.solvers.fdtd_maxwell import Box, Cpml, Medium, Pec

        self.layout, self.h = layout, WAVELENGTH / n
        thickness = layout.layer if layer is None else layer
        thick = round(thickness * n)
        cells = tuple(round(length * n) + 2 * thick for length in layout.inner)
        self.grid = grid = YeeGrid(cells, (self.h,) * len(cells), (-thick * self.h,) * len(cells), layout.polarization)
        self.face = Cpml(thick, strength=STRONG / (n * thickness)) if thick else Pec()
        permittivity, lost = {}, 2 * EPS0 * F0 * layout.loss
        for c in grid.electric:
            places = [grid.coordinates(c, a) / WAVELENGTH for a in range(grid.ndim)]
            given = (
                1.0
                if layout.permittivity is None
                else layout.permittivity(c, 1 / n, *np.meshgrid(*places, indexing="ij"))
            )
            permittivity[c] = np.broadcast_to(given, grid.shape)
        self.medium = Medium(grid, permittivity, {c: np.full(grid.shape, lost) for c in grid.electric} if lost else {})
        sides = [[WAVELENGTH * side[k] for side in layout.block] for k in range(2)]
        self.box = Box.covering(self.grid, *sides)

    def solver(self, at, monitors, steps: int | None = None, periods: float | None = None):
        """A solver with the dipole at a place."""
        from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell, Steps

        dipole = point_dipole("dipole", tuple(WAVELENGTH * x for x in at), self.layout.component, self.layout.pulse)
        solver = FdtdMaxwell(
            self.medium, [dipole], monitors, boundaries=[self.face] * self.grid.ndim, run_length=Steps(1), box=self.box,
            courant=0.9, minimum_permittivity=1.0, schedule="memory",
        )  # fmt: skip
        solver.steps = steps or round((periods or self.layout.periods) / F0 / solver.dt)
        return solver

    def reading(self) -> FieldMonitor:
        """The reading of the objective."""
        place = tuple(WAVELENGTH * x for x in self.layout.receiver)
        return FieldMonitor("reading", place, (0.0,) * len(place), (self.layout.component,), FREQUENCIES)

    def recorders(self) -> list[FieldMonitor]:
        """Each electric component at its own places in the block."""
        block = WAVELENGTH * np.array(self.layout.block)
        center, size = tuple(block.mean(axis=1)), tuple(block[:, 1] - block[:, 0])
        return [FieldMonitor(c, center, size, (c,), FREQUENCIES, colocate=False) for c in self.grid.electric]

    def stretch(self, axis: int, places: np.ndarray, dt: float) -> np.ndarray:
        """The scheme's stretch of the absorbing layers at places along an axis, m: (frequencies, places)."""
        thick, far = self.face.cells * self.h, WAVELENGTH * self.layout.inner[axis]
        kappa, b, a = self.face.profile(np.maximum(-places, places - far) / thick, self.h, dt)
        return 1 / (1 / kappa + a / (1 - b * np.exp(2j * np.pi * FREQUENCIES[:, None] * dt)))

    def spectrum(self, dt: float, steps: int) -> np.ndarray:
        """Spectrum of the pulse as the scheme meets it: the sum over its steps."""
        t = (np.arange(steps) + 0.5) * dt
        return dt * np.exp(2j * np.pi * np.outer(FREQUENCIES, t)) @ np.real(self.layout.pulse(t))


def measure(
    n: float, layout: Layout = Layout(), product: Product = Product(), exact: Callable[[Layout], tuple] | None = None
) -> Sample:
    """Both gradients at ``n`` cells a wavelength; ``exact`` gives gradient and objective in closed form."""
    level = Level(layout, n)
    known = (None, None) if exact is None else exact(layout)
    discrete, objective = by_adjoint(level)
    return Sample(discrete, by_product(level, product), known[0], objective, known[1])


def by_adjoint(level: Level) -> tuple[np.ndarray, float]:
    """Gradient by the solver's own adjoint, and the objective."""
    layout, grid = level.layout, level.grid
    solver = level.solver(layout.source, [level.reading()])
    inputs = {"permittivity_" + c[1]: level.medium.permittivity[c][level.box.slices[c]] for c in grid.electric}
    transform = solver.forward(inputs)["reading"]
    spectrum = layout.pulse.spectrum(FREQUENCIES).reshape(-1, *(1,) * (transform.ndim - 1))
    gradient = solver.adjoint(inputs, {"reading": 2 * transform / np.abs(spectrum) ** 2})
    total = 0.0
    for c in grid.electric:
        places = [grid.coordinates(c, a)[s] / WAVELENGTH for a, s in enumerate(level.box.slices[c])]
        total = total + summed(
            layout.changes(c, level.h / WAVELENGTH, *np.meshgrid(*places, indexing="ij"))
            * gradient["permittivity_" + c[1]]
        )
    return total, float(np.sum(np.abs(transform / spectrum) ** 2))


def by_product(level: Level, product: Product = Product()) -> np.ndarray:
    """Gradient by formula (1)."""
    layout, grid = level.layout, level.grid
    recorders = level.recorders()
    forward = level.solver(layout.source, [level.reading(), *recorders], periods=product.periods)
    other = level if product.layer is None else Level(layout, WAVELENGTH / level.h, product.layer)
    adjoint = other.solver(layout.receiver, recorders, forward.steps)
    dt, steps = forward.dt, forward.steps
    ahead, back = forward.evaluate({}), adjoint.evaluate({})
    spectrum = layout.pulse.spectrum(FREQUENCIES)
    w = 2 * np.pi * FREQUENCIES
    rate = w if product.derivative == "equation" else 2 / dt * np.sin(w * dt / 2)
    factor = -1j * rate * EPS0 * level.h**grid.ndim / level.spectrum(dt, steps)
    factor = factor * 2 * np.conj(ahead["reading"].ravel()) / np.abs(spectrum) ** 2
    total = 0.0
    for recorder in recorders:
        c = recorder.name
        pair = [
            run[c][:, 0].astype(np.complex64 if product.precision == "single" else complex) for run in (ahead, back)
        ]
        total = total + _integral(
            level, product, c, pair, list(recorder.place(level.medium, dt).coordinates), dt, factor
        )
    return total


def _integral(level: Level, product: Product, component: str, pair, places, dt: float, factor) -> np.ndarray:
    """Sum over the places of one component of ``d eps F A``, times the factor of each frequency."""
    axes = range(level.grid.ndim)
    if product.stretched:
        for a in axes:
            shape = (-1, *(len(places[a]) if b == a else 1 for b in axes))
            pair[0] = pair[0] * level.stretch(a, places[a], dt).reshape(shape)
    places = [x / WAVELENGTH for x in places]
    if product.fields == "centers":
        for a in axes:
            if OFFSETS[component][a] == 0.0:
                places[a] = _middle(places[a], 0)
                pair = [_middle(values, 1 + a) for values in pair]
    thinned = (slice(None, None, product.every),) * len(axes)
    step = level.h / WAVELENGTH
    change = level.layout.changes if product.change is None else product.change
    change = change(component, step, *np.meshgrid(*(x + product.aside * step for x in places), indexing="ij"))
    both = (pair[0] * pair[1])[(slice(None), *thinned)]
    change = change[(slice(None), *thinned)] * product.every ** len(axes)
    letters = "xyz"[: len(axes)]
    return np.real(np.einsum(f"d{letters},f{letters},f->d", change, both, factor))


def _middle(values: np.ndarray, axis: int) -> np.ndarray:
    """Means of neighbors along an axis."""
    upper, lower = (np.take(values, np.arange(values.shape[axis] - 1) + k, axis) for k in (1, 0))
    return (upper + lower) / 2


def summed(values: np.ndarray) -> np.ndarray:
    """Over everything but the first axis."""
    return values.sum(axis=tuple(range(1, values.ndim)))
