"""Diffusion by finite elements of degree p: who gets the order 2p, and whose discrete adjoint is no adjoint.

An objective that is linear in the solution converges with order 2p if the scheme is consistent *and* adjoint
consistent: if the transposed scheme, applied to the adjoint solution of the equations, leaves no residual. Continuous
Galerkin and symmetric interior penalty are both, with a flux read as the scheme balances it. The non-symmetric and the
incomplete method leave a residual on every face, and a flux read as a slope leaves one on the boundary.
"""

from __future__ import annotations

from functools import partial

from adjointdesign.solvers import load
from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.comparison import Sample

LOW, MIDDLE, HIGH = (8.0, 16.0, 32.0, 64.0), (4.0, 8.0, 16.0, 32.0), (3.0, 4.0, 6.0, 8.0, 12.0)
FINE, LONG = (16.0, 24.0, 32.0, 48.0), (12.0, 24.0, 36.0, 48.0)
SCHEMES = {
    "cg": ("continuous Galerkin", {"method": "strong"}),
    "sipg": ("symmetric interior penalty", {"method": "symmetric", "discontinuous": True}),
    # A large penalty would hide what these two lose.
    "nipg": ("non-symmetric interior penalty", {"method": "nonsymmetric", "discontinuous": True, "penalty": 0.7}),
    "iipg": ("incomplete interior penalty", {"method": "incomplete", "discontinuous": True, "penalty": 0.7}),
    "nitsche-symmetric": ("continuous Galerkin, Nitsche's symmetric conditions", {"method": "symmetric"}),
    "nitsche-nonsymmetric": ("continuous Galerkin, Nitsche's non-symmetric conditions", {"method": "nonsymmetric"}),
}
"""Name and choices for `FemDiffusion`."""
_REPRESENTATIONS = {
    "values": "values of the L2 Riesz representatives of the gradients with respect to f",
    "slopes": "slopes, on the cells, of the L2 Riesz representatives of the gradients with respect to f",
}
_ALONG = "directional derivatives along fixed smooth directions"


def measure(cells: float, compared: str = "directions", jumps: tuple[str, ...] = (), **problem) -> Sample:
    """Both gradients on a mesh: see `diffusion_fem.Problem`, and its methods for what is compared."""
    fem = load("adjointdesign.verification.consistency.families.diffusion_fem")
    compare = getattr(fem.Problem(int(cells), **problem), compared)
    return compare(jumps) if jumps else compare()


def _case(scheme, degree, suffix, text, theory, expected, orders, ladder, compared="directions", without=None, **more):
    """``without``: by source of the difference, what is otherwise when it is switched off."""
    title, method = SCHEMES[scheme]
    choices = {**method, "degree": degree, "compared": compared, **more}
    return Case(
        f"diffusion-{scheme}-{degree}{suffix}", "diffusion", f"{title}, p = {degree}; {text}", theory,
        partial(measure, **choices), ladder, expected, orders, _REPRESENTATIONS.get(compared, _ALONG),
        needs="firedrake",
        terms={name: partial(measure, **(choices | change)) for name, change in (without or {}).items()},
    )  # fmt: skip


def _orders(*orders):
    return dict(zip(("difference", "discrete", "continuous", "objective"), orders, strict=False))


def _all(order):
    return {"discrete": order, "continuous": order, "objective": order}


_ARNOLD = "Arnold, Brezzi, Cockburn, Marini 2002: "
_HARRIMAN = "Harriman, Gavaghan, Suli 2004: "
_HARTMANN = "Hartmann 2007: "
_SYMMETRIC = "symmetric and consistent, so adjoint consistent: order 2p"
_FACES = "adjoint residual on every face: order p, or p + 1 for odd p on uniform meshes"
_WALL = "adjoint residual on the boundary alone, where the error is O(h^(p+1)): order p + 1"
_NAIVE = _HARTMANN + "a flux without the scheme's own terms is not adjoint consistent: order p"
_CONSISTENT = _HARTMANN + "a flux with the scheme's own terms is adjoint consistent: order 2p"
_LAYER = "the discrete adjoint is 0 on the boundary, not -psi: wrong by O(1) in a layer of O(h)"
_WAVY = "the transposed scheme's solution jumps by O(h) at faces: order 1 for every p"
_IRREGULAR = _HARTMANN + "the discrete adjoint of NIPG is not regular: jumps O(h) are slopes O(1) in a cell"
_FORMULA = "the formula is the derivative of the form"
_LACKS = "the formula leaves out jumps O(h^(p+1)) on O(1/h) faces: order p for even p"
_LACKS_MORE = "jumps O(h) of the transposed scheme's solution on O(1/h) faces, which the formula leaves out"

_J, _Q, _K = "J = int g u", "J = int psi k du/dn", "J = int g u; with respect to k, -int dk grad u . grad w"
_AS_SLOPE = {"flux read as a slope": {"objective": "flux"}}
_ON_FACES = {name: {"jumps": (name,)} for name in ("jumps of u", "jumps of w", "penalty")}

CASES = (
    _case("cg", 2, "", _J, _SYMMETRIC, "identical", _all(4), MIDDLE),
    _case("cg", 3, "", _J, _SYMMETRIC, "identical", _all(6), HIGH),
    _case("sipg", 1, "", _J, _ARNOLD + _SYMMETRIC, "identical", _all(2), LOW),
    _case("sipg", 2, "", _J, _HARRIMAN + _SYMMETRIC, "identical", _all(4), MIDDLE),
    _case("sipg", 3, "", _J, _HARRIMAN + _SYMMETRIC, "identical", _all(6), HIGH),
    _case("nipg", 1, "", _J, _HARRIMAN + _FACES, "convergent", _orders(2, 2, 2, 2), LONG),
    _case("nipg", 2, "", _J, _HARRIMAN + _FACES, "convergent", _orders(2, 2, 2, 2), MIDDLE),
    _case("nipg", 3, "", _J, _HARRIMAN + _FACES, "convergent", _orders(4, 4, 4, 4), HIGH),
    _case("iipg", 2, "", _J, _ARNOLD + _FACES, "convergent", _orders(2, 2, 2, 2), MIDDLE),
    _case("nipg", 2, "-values", f"{_J}; the gradient as a function", _WAVY, "convergent", _orders(1, 1, 2), MIDDLE,
          "values"),
    _case("nipg", 2, "-slopes", f"{_J}; slopes of the gradient", _IRREGULAR, "inconsistent", _orders(0, 0, 2), FINE,
          "slopes"),
    _case("nitsche-symmetric", 2, "", _J, _ARNOLD + _SYMMETRIC, "identical", _all(4), MIDDLE),
    _case("nitsche-nonsymmetric", 2, "", _J, _WALL, "convergent", _all(3), LOW),
    _case("cg", 2, "-naive-flux", f"{_Q}, read as a slope", _NAIVE, "convergent", _orders(2, 2, 4, 2), LOW,
          objective="naive flux", without=_AS_SLOPE),
    _case("cg", 2, "-naive-flux-values", f"{_Q}, read as a slope; the gradient as a function", _LAYER, "convergent",
          _orders(0.5, 0.5, 3), MIDDLE, "values", objective="naive flux"),
    _case("cg", 2, "-flux", f"{_Q}, read as a residual", _CONSISTENT, "identical", _all(4), MIDDLE, objective="flux"),
    _case("sipg", 2, "-naive-flux", f"{_Q}, read as a slope", _NAIVE, "convergent", _orders(2, 2, 4, 2), FINE,
          objective="naive flux", without=_AS_SLOPE),
    _case("sipg", 2, "-flux", f"{_Q}, read with the penalty", _CONSISTENT, "identical", _all(4), MIDDLE,
          objective="flux"),
    _case("cg", 2, "-diffusivity", _K, _FORMULA, "identical", _all(4), MIDDLE, "by_diffusivity", varied=True),
    _case("sipg", 2, "-diffusivity", f"{_K} on the cells", _LACKS, "convergent", _orders(2, 4, 2, 4), MIDDLE,
          "by_diffusivity", varied=True, without=_ON_FACES),
    _case("nipg", 2, "-diffusivity-transposed", f"{_K} with w of the transposed scheme", _LACKS_MORE, "inconsistent",
          _orders(0, 2, 0, 2), MIDDLE, "by_diffusivity_transposed", varied=True),
)  # fmt: skip
