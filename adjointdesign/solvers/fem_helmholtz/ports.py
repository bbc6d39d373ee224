"""Ports of guides in `FemHelmholtz`: one mode launched in one direction, and amplitudes of a mode that pass either way.

Let ``m+-`` be a mode along and against the axis, and ``chi`` rise from 0 to 1 across a strip of the guide. The field that is the
mode's beyond the strip and nothing before it, ``chi m+``, plus what comes back, solves the problem with the source

    W(m, v) = int alpha grad chi . (m grad v - v grad m) dx,                                                      (1)

since ``a(chi m, v) - a(m, chi v) = W(m, v)`` and the mode itself solves the equation, ``a(m, chi v) = 0``. Lorentz's reciprocity reads
the amplitudes of a field ``u`` by the same form: ``W(m-, m+) = 2 i b N`` and ``W(m+, m+) = 0`` with ``N = int alpha m+ m- dt``, and
neither depends on chi. So launch and reading are each other's transpose; chi is a function of the elements, whose slope integrates
to one on any mesh; and amplitudes, weighted means of a smooth field, converge with twice the elements' degree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from firedrake import Constant, Function, FunctionSpace, VectorFunctionSpace, dx, grad

from adjointdesign.constants import C0
from adjointdesign.errors import InputError
from adjointdesign.solvers.fem_helmholtz.guided_modes import GuidedMode, guided_modes
from adjointdesign.solvers.fem_linear import Complex
from adjointdesign.tape import stop_annotating

FINER = 2
"""By how much the interpolated mode's degree is above the field's, so that it adds no error of its own."""


@dataclass(frozen=True, eq=False)
class Port:
    """A line across a guide, where a mode is launched or read.

    The guide is uniform across the strip ``position - width / 2`` to ``position + width / 2``, which lies outside of absorbing
    layers; a launch and a reading have strips that do not overlap. The mode is one of the given permittivity: derivatives
    of a solver hold it fixed, and with ``shape`` it moves with the nodes, so that those of the strip are to be left in place.

    Parameters
    ----------
    axis : {0, 1}
        Of propagation; for a body of revolution 1 (z).
    position : float
        Of the line along the axis, m; phases are those there.
    window : tuple of float
        Low and high end of the line, m.
    permittivity : callable
        ``t -> relative permittivity`` of an array of places across the guide, m.
    width : float
        Of the strip, m: a few cells. Best a quarter of the guided wavelength or more.
    order : int
        Of the mode by falling effective index, from 0.
    faces, walls
        As of `adjointdesign.solvers.fem_helmholtz.guided_modes.guided_modes`.

    Raises
    ------
    InputError
        When a value is out of range.
    """

    axis: int
    position: float
    window: tuple[float, float]
    permittivity: Callable
    width: float
    order: int = 0
    faces: Sequence[float] = ()
    walls: tuple[str, str] = ("electric", "electric")
    _kept: dict = field(default_factory=dict, repr=False)

    def __post_init__(self):
        if self.axis not in (0, 1):
            raise InputError("axis", "0 or 1", self.axis, "name the axis of propagation")
        if not (math.isfinite(self.position) and self.width > 0):
            raise InputError("position and width", "a place and a positive length, m", (self.position, self.width), "correct them")
        if not self.window[0] < self.window[1]:
            raise InputError("window", "the low and the high end of the line, in this order", self.window, "swap them")
        if not (isinstance(self.order, (int, np.integer)) and self.order >= 0):
            raise InputError("order", "an integer from 0", self.order, "count from 0")
        if len(self.walls) != 2 or any(wall not in ("electric", "magnetic") for wall in self.walls):
            raise InputError("walls", "two of electric, magnetic", self.walls, "choose one for either end")

    @property
    def strip(self) -> tuple[float, float]:
        """Where launch and reading act along the axis, m."""
        return self.position - self.width / 2, self.position + self.width / 2

    def mode(self, frequency: float, polarization: str = "ez") -> GuidedMode:
        """The mode at a frequency (Hz)."""
        # curl H = -i w eps E: for a wave along +x Ey has the sign of Hz, along +y Ex the opposite, along +z Er that of Hphi.
        along = -1 if polarization == "hz" and self.axis == 1 else 1
        return guided_modes(
            frequency, self.permittivity, self.window, self.order + 1, polarization=polarization, faces=self.faces,
            walls=self.walls, along=along,
        )[self.order]  # fmt: skip

    def _fields(self, setting):
        """The mode, both ways, and chi as functions on the mesh; made once for each mesh and frequency."""
        frequency = float(setting.wavenumber) * C0 / (2 * math.pi)
        key = (id(setting.mesh), setting.polarization, setting.degree, frequency)
        if key not in self._kept:
            _require(self, setting)
            mode = self.mode(frequency, setting.polarization)
            with stop_annotating():
                # The mesh is held with what was made on it, so that its identity stays taken.
                self._kept[key] = setting.mesh, mode, *_interpolated(self, setting, mode)
        return self._kept[key][1:]

    def _product(self, setting, direction: int, function: Complex) -> Complex:
        """Integrand of ``W(m, function)``, eq. (1), with the mode of a direction."""
        _, forward, backward, chi = self._fields(setting)
        mode = forward if direction > 0 else backward
        across = grad(chi)
        slope, other = mode.map(lambda w: _dot(across, grad(w))), function.map(lambda w: _dot(across, grad(w)))
        return setting.alpha * (mode * other - function * slope) * setting.measure


def launch(port: Port, direction: int, amplitude: complex = 1.0):
    """A mode of power ``|amplitude|^2`` (W/m; W for a body of revolution) from a port along (1) or against (-1) its axis.

    Nothing goes the other way but what the device sends back, through the strip and on: absorb it beyond.
    """
    _check_direction(direction)

    def excitation(setting, v):
        return (Complex.of(direction * amplitude) * port._product(setting, direction, v)).integrate(dx)

    return excitation


def amplitude(port: Port, direction: int):
    """Amplitude (sqrt(W/m); sqrt(W) for a body of revolution) of a port's mode that passes it along (1) or against (-1) its axis.

    Complex and linear in the field. Its squared magnitude is the power that the mode carries, in a lossless guide.
    """
    _check_direction(direction)

    def reading(setting, u):
        mode = port._fields(setting)[0]
        factor = direction / (2j * complex(mode.beta) * complex(mode.norm))
        # Constants, not numbers: the forms of all frequencies are then compiled as one.
        scaled = Complex(Constant(factor.real), Constant(factor.imag)) * port._product(setting, -direction, u)
        return scaled.integrate(dx)

    return reading


def _interpolated(port: Port, setting, mode: GuidedMode):
    """The mode forward and backward and chi as `Complex` pairs and a function, by their values at nodes."""
    mesh, x, degree = setting.mesh, setting.x, setting.degree + FINER
    family = "CG" if mesh.ufl_cell().cellname == "triangle" else "Q"
    space = VectorFunctionSpace(mesh, family, degree, dim=2)
    places = Function(VectorFunctionSpace(mesh, family, degree)).interpolate(x).dat.data_ro
    along, across = places[:, port.axis] - port.position, places[:, 1 - port.axis]
    profile = mode(across)
    found = []
    for direction in (1, -1):
        # No farther than the strip: chi has no slope beyond, and a lossy mode would grow.
        values = profile * np.exp(1j * direction * mode.beta * np.clip(along, -port.width, port.width))
        function = Function(space)
        function.dat.data_wo[...] = np.stack([values.real, values.imag], axis=1)
        found.append(Complex(function[0], function[1]))
    chi = Function(FunctionSpace(mesh, family, 2))
    steps = Function(VectorFunctionSpace(mesh, family, 2)).interpolate(x).dat.data_ro[:, port.axis]
    s = np.clip((steps - port.position) / port.width + 0.5, 0.0, 1.0)
    chi.dat.data_wo[...] = s - np.sin(2 * np.pi * s) / (2 * np.pi)
    return *found, chi


def _require(port: Port, setting) -> None:
    """Refuse a port that the mesh, the layers or the polarization do not allow."""
    if setting.polarization == "hphi" and port.axis != 1:
        raise InputError("axis", "1, along z, for a body of revolution", port.axis, "guide the wave along z")
    mesh = setting.mesh
    places = mesh.coordinates.dat.data_ro
    low = np.min(mesh.comm.allgather(places.min(axis=0, initial=np.inf)), axis=0)
    high = np.max(mesh.comm.allgather(places.max(axis=0, initial=-np.inf)), axis=0)
    for axis, ends in ((port.axis, port.strip), (1 - port.axis, port.window)):
        slack = 1e-6 * (high[axis] - low[axis])
        inner = next((layer.inner for layer in setting.layers if layer.axis == axis and axis == port.axis), (-math.inf, math.inf))
        least, most = max(low[axis], inner[0]), min(high[axis], inner[1])
        if ends[0] < least - slack or ends[1] > most + slack:
            raise InputError(
                "port", f"its {'strip' if axis == port.axis else 'window'} between {least:.4g} and {most:.4g} m, inside the mesh "
                "and outside of absorbing layers", f"{ends[0]:.4g} to {ends[1]:.4g} m", "move the port or enlarge the mesh",
            )  # fmt: skip


def _dot(a, b):
    return a[0] * b[0] + a[1] * b[1]


def _check_direction(direction) -> None:
    if direction not in (1, -1):
        raise InputError("direction", "1 (along the axis) or -1 (against it)", direction, "choose one of these")
