"""FDTD for Maxwell's equations: the solver's adjoint against the product of two runs' Fourier fields."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import numpy as np

from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.comparison import Sample
from adjointdesign.verification.consistency.families.fdtd_closed import free_space
from adjointdesign.verification.consistency.families.fdtd_interface import measure as interface
from adjointdesign.verification.consistency.families.fdtd_product import Layout, Product, directions, measure

LADDER = (20.0, 30.0, 40.0, 50.0)

PLANE = Layout()
ACROSS = Layout("hz", "ey")
SPACE = Layout(
    "3d", "ez", (1.0, 0.5, 0.5), (0.0, 0.0, 0.25), (1.0, 0.5, 0.25), ((0.25, 0.75), (0, 0.5), (0, 0.5)), periods=19.5
)
IN_LAYER = Layout(source=(0.2, 0.8), receiver=(1.4, 1.0), block=((0.4, 1.2), (1.1, 1.6)))

_DECADE = 20.0
RINGING = Layout(
    inner=(0.6, 0.9),
    source=(0.2, 0.3),
    receiver=(0.4, 0.6),
    block=((0.1, 0.5), (0.2, 0.7)),
    layer=0.0,
    loss=np.log(10) / _DECADE,
)
"""A lossy cavity with a resonance at the first frequency, whose fields fall by ten in so many periods."""


def ring_down(cut: float) -> Sample:
    """Both gradients of a run that ends when ``1 / cut`` of the change of a ringing mode is still to come.

    A mode that decays as exp(-x) changes with its medium as x exp(-x), of which (1 + x) exp(-x) comes after x.
    """
    from scipy.special import lambertw  # a slow import

    x = -1 - lambertw(-1 / (np.e * cut), -1).real
    periods = RINGING.pulse.delay * RINGING.pulse.frequency + x / RINGING.loss
    return measure(20, replace(RINGING, periods=periods))


SHARPNESS, _HALF, _MOST = 4.0, 0.5, 2.0
"""Of a projected density (F. Wang, B. S. Lazarov and O. Sigmund, Struct. Multidiscip. Optim. 43, 767 (2011), eq. 9)."""


def _density(*places) -> np.ndarray:
    """A spot in the middle of the block, of density 0.9."""
    middles = [(low + high) / 2 for low, high in PLANE.block]
    return 0.9 * np.exp(-sum((x - m) ** 2 for x, m in zip(places, middles)) / 0.2**2)


def _projected(component: str, h: float, *places) -> np.ndarray:
    ends = 2 * np.tanh(SHARPNESS * _HALF)
    return 1 + _MOST * (np.tanh(SHARPNESS * _HALF) + np.tanh(SHARPNESS * (_density(*places) - _HALF))) / ends


def _projected_change(component: str, h: float, *places) -> np.ndarray:
    return _slope(_density(*places)) * directions(PLANE.block, *places)


def _projected_mean_change(component: str, h: float, *places) -> np.ndarray:
    """The change where the density is averaged over a cell before it is projected, by its corners."""
    corners = itertools.product((-h / 2, h / 2), repeat=len(places))
    density = np.mean([_density(*(x + s for x, s in zip(places, corner))) for corner in corners], axis=0)
    return _slope(density) * directions(PLANE.block, *places)


def _slope(density: np.ndarray) -> np.ndarray:
    return _MOST * SHARPNESS / np.cosh(SHARPNESS * (density - _HALF)) ** 2 / (2 * np.tanh(SHARPNESS * _HALF))


PROJECTED = replace(PLANE, permittivity=_projected, change=_projected_change)
HABITS = {
    "end of the running transforms": {"periods": 15.5},
    "time derivative of the equations": {"derivative": "equation"},
    "fields half a cell aside, interpolated": {"fields": "centers"},
    "density averaged over a cell before its sharp projection": {"change": _projected_mean_change},
    "absorbing layer half as thick in the adjoint run": {"layer": 0.25},
    "every second point recorded": {"every": 2},
    "single precision of what is recorded": {"precision": "single"},
}
"""What other codes do, each of which makes the product another than that of the scheme."""


def habitual(n: float, habits: tuple[str, ...] = tuple(HABITS)) -> Sample:
    """Both gradients of a projected density, the product taken with some of `HABITS`."""
    return measure(n, PROJECTED, Product(**{key: value for name in habits for key, value in HABITS[name].items()}))


def without(name: str, habits: tuple[str, ...] = tuple(HABITS)):
    """`habitual` with one of them switched off."""
    return partial(habitual, habits=tuple(other for other in habits if other != name))


_RECIPROCITY = "reciprocity of the discrete operator, whose absorbing layers are diagonal stretches: "
_FREE = "FDTD, {}, dipole to dipole around an empty block: adjoint against the product of two runs' Fourier fields; "
_EZ, _HZ, _3D = (_FREE.format(what) for what in ("2D, E along z", "2D, H along z", "3D"))
_SLAB = "FDTD, 2D, {}, an interface that moves: adjoint of the program against the integral over the interface; "
_AVERAGE = "A. Farjadpour et al., Opt. Lett. 31, 2972 (2006); S. G. Johnson et al., Phys. Rev. E 65, 066611 (2002): "


def _case(name: str, title: str, source: str, measured, expected: str, orders=None, ladder=LADDER, **rest) -> Case:
    return Case("fdtd-" + name, "fdtd", title, source, measured, ladder, expected, orders or {}, **rest)


def _free(layout: Layout, **choices):
    return partial(measure, layout=layout, product=Product(**choices), exact=free_space)


_SECOND = {"discrete": 2, "continuous": 2, "objective": 2}

CASES = (
    _case("ez-product", _EZ + "places and time derivative of the scheme", _RECIPROCITY + "the product is the adjoint",
          _free(PLANE), "identical", _SECOND),
    _case("hz-product", _HZ + "places and time derivative of the scheme", _RECIPROCITY + "the product is the adjoint",
          _free(ACROSS), "identical", _SECOND),
    _case("3d-product", _3D + "places and time derivative of the scheme", _RECIPROCITY + "the product is the adjoint",
          _free(SPACE), "identical", _SECOND, (12.0, 16.0, 20.0, 24.0)),
    _case("ez-time-derivative", _EZ + "i w for the scheme's difference in time",
          "2 / dt sin(w dt / 2) = w (1 - (w dt)^2 / 24 ...)", _free(PLANE, derivative="equation"), "convergent",
          {"difference": 2} | _SECOND),
    _case("ez-centers", _EZ + "fields interpolated to the centers of cells", "linear interpolation is of second order",
          _free(PLANE, fields="centers"), "convergent", {"difference": 2} | _SECOND),
    _case("hz-centers", _HZ + "fields interpolated to the centers of cells", "linear interpolation is of second order",
          _free(ACROSS, fields="centers"), "convergent", {"difference": 2} | _SECOND),
    _case("ez-half-cell", _EZ + "the medium half a cell aside of the fields",
          "a shift by h / 2 changes the integral by O(h)", _free(PLANE, aside=0.5), "convergent",
          {"difference": 1, "discrete": 2, "objective": 2}),
    _case("ez-run-length",
          "FDTD, 2D, E along z, a ringing cavity: both runs end early; refined: the part of the change still to come",
          "both gradients lack what comes after the end: the difference falls with it, exponentially in its length",
          ring_down, "convergent", {"difference": 1}, tuple(10.0**k for k in range(1, 7))),
    _case("ez-in-layer", _EZ + "the block reaches into an absorbing layer, whose stretch the product leaves out",
          "W. C. Chew, W. H. Weedon (1994): within the layer lengths are stretched, at every resolution",
          _free(IN_LAYER), "inconsistent", {"difference": 0, "objective": 2}, (20.0, 30.0, 40.0, 60.0, 80.0)),
    _case("ez-in-layer-stretched", _EZ + "the block reaches into an absorbing layer, whose stretch the product knows",
          _RECIPROCITY + "within the layer too, with the area that it stretches",
          _free(IN_LAYER, stretched=True), "identical", {"objective": 2}),
    _case("ez-interface", _SLAB.format("E along the interface") + "permittivity by the share of a cell",
          _AVERAGE + "the change acts at the cell's node, up to h / 2 from the interface",
          partial(interface, polarization="ez", average="box"), "convergent", {"difference": 1, "objective": 2}),
    _case("ez-interface-hat", _SLAB.format("E along the interface") + "permittivity by weights over two cells",
          _AVERAGE + "both of second order, and nearer to each other than to the right one: no one order fits to that",
          partial(interface, polarization="ez", average="hat"), "undecided",
          {"discrete": 2, "continuous": 2, "objective": 2}),
    _case("ez-staircase", _SLAB.format("E along the interface") + "permittivity of the node alone",
          "a hard threshold does not change where it is flat: the program's gradient is zero",
          partial(interface, polarization="ez", average="none"), "inconsistent", {"difference": 0, "discrete": 0}),
    _case("hz-interface", _SLAB.format("E across the interface") + "permittivity by the share of a cell",
          _AVERAGE + "across it the mean of 1 / eps counts; with that of eps the reading wiggles by O(h) within a cell",
          partial(interface, polarization="hz", average="box"), "inconsistent", {"objective": 1}),
    _case("hz-interface-harmonic", _SLAB.format("E across the interface") + "1 / permittivity by the share of a cell",
          _AVERAGE + "the right mean, at the cell's node, up to h / 2 from the interface",
          partial(interface, polarization="hz", average="harmonic"), "convergent",
          {"difference": 1, "discrete": 1, "objective": 2}, (30.0, 40.0, 60.0, 80.0, 120.0)),
    _case("ez-as-elsewhere",
          "FDTD, 2D, E along z, a projected density: adjoint of the program against the product as other codes take it",
          "every habit named in the error budget is of second order, or small", habitual, "convergent",
          {"difference": 2}, (20.0, 30.0, 40.0, 60.0, 80.0), terms={name: without(name) for name in HABITS}),
)  # fmt: skip
"""Each with the verdict that theory gives."""
