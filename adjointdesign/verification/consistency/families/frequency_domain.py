"""Helmholtz and Maxwell by finite elements: density gradients, absorbing layers, and two formulas for a shape gradient.

The forms are complex symmetric, so a density gradient is the product of the forward field and of the field that the
adjoint source drives, and the program's transposed system is that of the adjoint problem. It stays so within absorbing
layers, which are media in stretched coordinates: the stretching belongs into the product's integral.
"""

from __future__ import annotations

from functools import partial

from adjointdesign.solvers import load
from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.comparison import Sample

_MODULE = "adjointdesign.verification.consistency.families.frequency_fem"
GUIDE, SQUARE, CUBE = (8.0, 12.0, 16.0, 24.0), (8.0, 16.0, 32.0, 48.0), (4.0, 6.0, 8.0, 10.0)


def guide(cells: float, adjoint_degree: int = 2, **fault) -> Sample:
    """Both gradients of the open guide: see `frequency_fem.Guide`."""
    return load(_MODULE).Guide(int(cells), 2, adjoint_degree).sample(**fault)


def square(cells: float, degree: int, boundary: bool = False) -> Sample:
    """Both shape gradients of the closed square: see `frequency_fem.Square`."""
    return load(_MODULE).Square(int(cells), degree).sample(boundary)


def cube(cells: float) -> Sample:
    """Both gradients of the closed cube: see `frequency_fem.Cube`."""
    return load(_MODULE).Cube(int(cells)).sample()


def _case(name, text, theory, measure, ladder, expected, orders, **more):
    return Case(
        f"frequency-domain-{name}", "frequency-domain", text, theory, measure, ladder, expected, orders,
        needs="firedrake", **more,
    )  # fmt: skip


def _orders(*orders):
    return dict(zip(("difference", "discrete", "continuous", "objective"), orders, strict=True))


def _all(order):
    return {"discrete": order, "continuous": order, "objective": order}


_OPEN = "Helmholtz, p = 2, absorbing layers; J = int W |u|^2, permittivity, in the layers too; "
_CUBE = "Maxwell in a closed lossy cube, edge elements of lowest degree; J = |int g . E|^2, permittivity"
_SQUARE = "Helmholtz in a closed square, p = {}; J = int g u, shape; integral "
_HIPTMAIR = "Hiptmair, Paganini, Sargheini 2015 (p = 1; the same reasoning for others): "
_MOVES = "directional derivatives along displacements that are linear along the sides"


def _shape(degree):
    volume, boundary = (partial(square, degree=degree, boundary=where) for where in (False, True))
    text = _SQUARE.format(degree)
    return (
        _case(f"shape-volume-{degree}", text + "over the volume",
              _HIPTMAIR + "order 2p; it is the derivative of the program when its nodes move",
              volume, SQUARE, "identical", _all(2 * degree), representation=_MOVES),
        _case(f"shape-boundary-{degree}", text + "of (V . n) du/dn dw/dn over the boundary",
              _HIPTMAIR + "order p, that of slopes on the boundary", boundary, SQUARE, "convergent",
              _orders(degree, 2 * degree, degree, 2 * degree), representation=_MOVES,
              terms={"slopes on the boundary": volume}),
    )  # fmt: skip


CASES = (
    _case("helmholtz", _OPEN + "2 Re int k^2 deps u w sx sy", "the form is complex symmetric, layers too: order 2p",
          guide, GUIDE, "identical", _all(4)),
    _case("helmholtz-unstretched", _OPEN + "the formula without the layers' stretching sx sy",
          "in the layers the integrand lacks a factor that no mesh brings back", partial(guide, stretched=False), GUIDE,
          "inconsistent", _orders(0, 4, 0, 4)),
    _case("helmholtz-unconjugated", _OPEN + "the adjoint source W u in place of W conj(u)",
          "the derivative of |u|^2 is 2 Re(conj(u) du)", partial(guide, conjugated=False), GUIDE, "inconsistent",
          _orders(0, 4, 0, 4)),
    _case("helmholtz-lower-elements", _OPEN + "the adjoint problem with p = 1",
          "the adjoint solution's error against smooth functions is O(h^2)", partial(guide, adjoint_degree=1), GUIDE,
          "convergent", _orders(2, 4, 2, 4), terms={"elements of the adjoint problem": guide}),
    _case("maxwell", _CUBE, "the form is complex symmetric: order 2", cube, CUBE, "identical", _all(2)),
    *_shape(1), *_shape(2),
)  # fmt: skip
