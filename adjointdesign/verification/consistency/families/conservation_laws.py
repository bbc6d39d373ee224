"""Gradients through conservation laws: Burgers' equation before and with a shock, and advection by a wind that turns.

A scheme that holds a shock in a fixed number of cells has an objective that converges and a gradient that does not:
see `burgers`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from adjointdesign.verification.consistency.families.advection import advection
from adjointdesign.verification.consistency.families.burgers import SHOCK, STEP, burgers
from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.families.finite_volume import Scheme, central, engquist_osher, minmod, viscous

LADDER = (50.0, 100.0, 200.0, 400.0, 800.0)
ODD = (51.0, 101.0, 201.0, 401.0, 801.0)
NODES = (40.0, 80.0, 160.0, 320.0, 640.0)
ALPHA = 0.75
"""Giles and Ulbrich: convergent for viscosities O(h^alpha) with alpha between 2/3 and 1."""
UPWIND = Scheme(engquist_osher)
LAX_FRIEDRICHS = Scheme(viscous, viscosity=lambda h: 0.5)
SMEARED = Scheme(viscous, viscosity=lambda h: 0.5 * (50 * h) ** (ALPHA - 1))
SECOND = Scheme(engquist_osher, central)
LIMITED = Scheme(engquist_osher, minmod)

_BEFORE, _WITH = (
    "Burgers before the shock, J = integral of phi u^3/3; ",
    "Burgers with a shock, J = integral of phi u^3/3; ",
)
_FIRST = {"difference": 1, "discrete": 1, "continuous": 1, "objective": 1}
_TWO = {name: 2 for name in _FIRST}
_GILES = "Giles and Ulbrich 2010: "


def _case(name: str, title: str, source: str, measure: Callable, ladder, expected: str, orders, **more) -> Case:
    return Case(name, "conservation-laws", title, source, measure, ladder, expected, orders, **more)


CASES = (
    _case(
        "burgers-smooth-upwind",
        _BEFORE + "Engquist-Osher flux",
        "monotone schemes are of first order, and so are their transposes where u is smooth",
        partial(burgers, scheme=UPWIND),
        LADDER,
        "convergent",
        _FIRST,
    ),
    _case(
        "burgers-smooth-lax-friedrichs",
        _BEFORE + "Lax-Friedrichs flux",
        "as with the upwind flux",
        partial(burgers, scheme=LAX_FRIEDRICHS),
        LADDER,
        "convergent",
        _FIRST,
    ),
    _case(
        "burgers-smooth-no-limiter",
        _BEFORE + "second order, no limiter",
        "a smooth scheme of second order, and its transpose",
        partial(burgers, scheme=SECOND),
        LADDER,
        "convergent",
        _TWO,
    ),
    _case(
        "burgers-smooth-no-limiter-pointwise",
        _BEFORE + "second order, no limiter; the gradient as a function",
        "a smooth scheme of second order, and its transpose",
        partial(burgers, scheme=SECOND, pointwise=True),
        LADDER,
        "convergent",
        _TWO,
        representation="Riesz representative in L2",
    ),
    _case(
        "burgers-smooth-limiter",
        _BEFORE + "second order, minmod limiter",
        "the limiter changes sides in few cells, and what it does there to a smooth change weighs O(h^2)",
        partial(burgers, scheme=LIMITED),
        LADDER,
        "convergent",
        _TWO,
    ),
    _case(
        "burgers-smooth-limiter-pointwise",
        _BEFORE + "second order, minmod limiter; the gradient as a function",
        "Liu and Sandu 2008: inconsistent where the limiter changes; that follows the flow, and disperses to h^(2/3)",
        partial(burgers, scheme=LIMITED, pointwise=True),
        LADDER,
        "convergent",
        {"difference": 1, "discrete": 1, "continuous": 5 / 3, "objective": 2},
        representation="Riesz representative in L2",
    ),
    _case(
        "burgers-shock-upwind-on-face",
        _WITH + "Engquist-Osher flux, the shock on a cell's face",
        _GILES + "a shock in a fixed number of cells, two of u^2 = b^2/2, whose G' stands for [G]/[u] = b^2/3",
        partial(burgers, scheme=UPWIND, flow=SHOCK),
        LADDER,
        "inconsistent",
        {"difference": 0, "discrete": 0, "continuous": 1, "objective": 1},
    ),
    _case(
        "burgers-shock-upwind-in-cell",
        _WITH + "Engquist-Osher flux, the shock in the middle of a cell",
        _GILES + "a shock in a fixed number of cells, one of u = 0, whose G' = 0 stands for [G]/[u] = b^2/3",
        partial(burgers, scheme=UPWIND, flow=SHOCK),
        ODD,
        "inconsistent",
        {"difference": 0, "discrete": 0, "continuous": 1, "objective": 1},
    ),
    _case(
        "burgers-shock-limiter",
        _WITH + "second order, minmod limiter, the shock on a cell's face",
        _GILES + "a shock in a fixed number of cells",
        partial(burgers, scheme=LIMITED, flow=SHOCK),
        LADDER,
        "inconsistent",
        {"difference": 0, "discrete": 0, "continuous": 1},
    ),
    _case(
        "burgers-shock-lax-friedrichs",
        "Burgers with a shock, J = integral of phi tanh(5 u); Lax-Friedrichs flux, viscosity O(h)",
        _GILES + "a shock in a fixed number of cells, which sample G' too coarsely at any h",
        partial(burgers, scheme=LAX_FRIEDRICHS, flow=SHOCK, density=STEP),
        LADDER,
        "inconsistent",
        {"difference": 0, "discrete": 0, "continuous": 1, "objective": 1},
    ),
    _case(
        "burgers-shock-smeared",
        _WITH + f"viscosity O(h^{ALPHA}): ever more cells in the shock",
        _GILES + "convergent for 2/3 < alpha < 1; the viscosity itself is an error of O(h^alpha)",
        partial(burgers, scheme=SMEARED, flow=SHOCK),
        LADDER,
        "convergent",
        dict.fromkeys(("difference", "discrete", "continuous"), ALPHA),
        tolerance=0.1,
    ),
    _case(
        "advection-source-pointwise",
        "u_t + a u_x = 0, a = sin(2 pi x)/(2 pi), upwind; the gradient at points, stagnant ones too",
        "Liu and Sandu 2008: inconsistent where the upwind side changes: twice the growth at a source, none at a sink",
        partial(advection, pointwise=True),
        NODES,
        "inconsistent",
        {"difference": 0, "discrete": 0, "continuous": 1, "objective": 1},
        representation="Riesz representative at eight points",
    ),
    _case(
        "advection-source",
        "u_t + a u_x = 0, a = sin(2 pi x)/(2 pi), upwind",
        "the two points where the transposed scheme is inconsistent weigh O(h) in an integral",
        advection,
        NODES,
        "convergent",
        _FIRST,
    ),
)
