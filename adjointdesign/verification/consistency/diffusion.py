"""Diffusion by continuous and discontinuous finite elements of degree p: who gets the order 2p, and whose adjoint is none.

An objective that is linear in the solution converges with order 2p if the scheme is consistent *and* adjoint consistent: if the
transposed scheme, applied to the adjoint solution of the equations, leaves no residual. Symmetric interior penalty is both, with
a flux read as the scheme balances it. The non-symmetric and the incomplete method leave a residual on every face, and a flux read
as a slope leaves one on the boundary.
"""

from __future__ import annotations

from functools import partial

from adjointdesign.solvers import load
from adjointdesign.verification.consistency.case import Case
from adjointdesign.verification.consistency.comparison import Sample

LOW, MIDDLE, HIGH = (8.0, 16.0, 32.0, 64.0), (4.0, 8.0, 16.0, 32.0), (3.0, 4.0, 6.0, 8.0, 12.0)
FINE, LONG = (16.0, 24.0, 32.0, 48.0), (12.0, 24.0, 36.0, 48.0)
_CG = {"method": "strong"}
_SIPG, _NIPG, _IIPG = (
    {"method": method, "discontinuous": True, "penalty": penalty}
    # A large penalty would hide what the last two lose.
    for method, penalty in (("symmetric", 2.0), ("nonsymmetric", 0.7), ("incomplete", 0.7))
)
_VALUES = "values of the L2 Riesz representatives of the gradients with respect to f"
_SLOPES = "slopes, on the cells, of the L2 Riesz representatives of the gradients with respect to f"


def measure(cells: float, compared: str = "directions", **problem) -> Sample:
    """Both gradients on a mesh: see `diffusion_fem.Problem`, and its methods for what is compared."""
    fem = load("adjointdesign.verification.consistency.diffusion_fem")
    return getattr(fem.Problem(int(cells), **problem), compared)()


def _case(name, text, source, expected, orders, ladder, scheme, degree, compared="directions", **more):
    problem = {**scheme, "degree": degree, **more}
    return Case(
        f"diffusion-{name}", "diffusion", text, source, partial(measure, compared=compared, **problem), ladder, expected, orders,
        needs="firedrake", **({"representation": {"values": _VALUES, "slopes": _SLOPES}[compared]} if compared in ("values", "slopes") else {}),
    )  # fmt: skip


def _all(order):
    return {"discrete": order, "continuous": order, "objective": order}


_ARNOLD = "Arnold, Brezzi, Cockburn, Marini 2002, sections 3 and 4: "
_HARRIMAN = "Harriman, Gavaghan, Suli 2004: "
_HARTMANN = "Hartmann 2007: "
_RESIDUAL = "adjoint residual of 2 (IIPG: 1) times [v] dw/dn on every face, jumps O(h^(p+1)): order p, p + 1 for odd p on uniform meshes"
_NAIVE = _HARTMANN + "a flux without the scheme's own terms is not adjoint consistent, order p"
_CONSISTENT = _HARTMANN + "a flux with the scheme's own terms is adjoint consistent, order 2p"
_SYMMETRIC = "symmetric, so the transposed scheme is that of the adjoint problem; order 2p"
_J, _Q = "J = int g u", "J = int psi k du/dn"

CASES = (
    _case("cg-2", f"continuous Galerkin, p = 2; {_J}", _SYMMETRIC, "identical", _all(4), MIDDLE, _CG, 2),
    _case("cg-3", f"continuous Galerkin, p = 3; {_J}", _SYMMETRIC, "identical", _all(6), HIGH, _CG, 3),
    _case("sipg-1", f"symmetric interior penalty, p = 1; {_J}", _ARNOLD + _SYMMETRIC, "identical", _all(2), LOW, _SIPG, 1),
    _case("sipg-2", f"symmetric interior penalty, p = 2; {_J}", _HARRIMAN + _SYMMETRIC, "identical", _all(4), MIDDLE, _SIPG, 2),
    _case("sipg-3", f"symmetric interior penalty, p = 3; {_J}", _HARRIMAN + _SYMMETRIC, "identical", _all(6), HIGH, _SIPG, 3),
    _case("nipg-1", f"non-symmetric interior penalty, p = 1; {_J}", _HARRIMAN + _RESIDUAL, "convergent",
          {"difference": 2} | _all(2), LONG, _NIPG, 1),
    _case("nipg-2", f"non-symmetric interior penalty, p = 2; {_J}", _HARRIMAN + _RESIDUAL, "convergent",
          {"difference": 2} | _all(2), MIDDLE, _NIPG, 2),
    _case("nipg-3", f"non-symmetric interior penalty, p = 3; {_J}", _HARRIMAN + _RESIDUAL, "convergent",
          {"difference": 4} | _all(4), HIGH, _NIPG, 3),
    _case("iipg-2", f"incomplete interior penalty, p = 2; {_J}", _ARNOLD + _RESIDUAL, "convergent",
          {"difference": 2} | _all(2), MIDDLE, _IIPG, 2),
    _case("nipg-2-values", f"non-symmetric interior penalty, p = 2; {_J}; the gradient as a function",
          "the transposed scheme's solution jumps by about 2 h dw/dn / penalty: order 1 for every p", "convergent",
          {"difference": 1, "discrete": 1, "continuous": 2}, MIDDLE, _NIPG, 2, "values"),
    _case("nipg-2-slopes", f"non-symmetric interior penalty, p = 2; {_J}; slopes of the gradient",
          _HARTMANN + "the discrete adjoint of NIPG is not a regular function: jumps O(h) are slopes O(1) in a cell", "inconsistent",
          {"difference": 0, "discrete": 0, "continuous": 2}, FINE, _NIPG, 2, "slopes"),
    _case("nitsche-symmetric-2", f"continuous Galerkin, p = 2, Nitsche's symmetric conditions; {_J}", _ARNOLD + _SYMMETRIC,
          "identical", _all(4), MIDDLE, {"method": "symmetric"}, 2),
    _case("nitsche-nonsymmetric-2", f"continuous Galerkin, p = 2, Nitsche's non-symmetric conditions; {_J}",
          "adjoint residual of 2 v dw/dn on the boundary alone, where the error is O(h^(p+1)): order p + 1", "convergent", _all(3),
          MIDDLE, {"method": "nonsymmetric"}, 2),
    _case("cg-2-naive-flux", f"continuous Galerkin, p = 2; {_Q}, read as a slope", _NAIVE, "convergent",
          {"difference": 2, "discrete": 2, "continuous": 4, "objective": 2}, LOW, _CG, 2, objective="naive flux"),
    _case("cg-2-naive-flux-values", f"continuous Galerkin, p = 2; {_Q}, read as a slope; the gradient as a function",
          "the discrete adjoint is zero on the boundary, not -psi: wrong by O(1) in a layer of width O(h)", "convergent",
          {"difference": 0.5, "discrete": 0.5, "continuous": 3}, MIDDLE, _CG, 2, "values", objective="naive flux"),
    _case("cg-2-flux", f"continuous Galerkin, p = 2; {_Q}, read as residual", _CONSISTENT, "identical", _all(4), MIDDLE, _CG, 2,
          objective="flux"),
    _case("sipg-2-naive-flux", f"symmetric interior penalty, p = 2; {_Q}, read as a slope", _NAIVE, "convergent",
          {"difference": 2, "discrete": 2, "continuous": 4, "objective": 2}, FINE, _SIPG, 2, objective="naive flux"),
    _case("sipg-2-flux", f"symmetric interior penalty, p = 2; {_Q}, read with the penalty", _CONSISTENT, "identical", _all(4),
          MIDDLE, _SIPG, 2, objective="flux"),
    _case("cg-2-diffusivity", f"continuous Galerkin, p = 2; {_J}; with respect to k, -int dk grad u . grad w",
          "the formula is the derivative of the form", "identical", _all(4), MIDDLE, _CG, 2, "by_diffusivity", varied=True),
    _case("sipg-2-diffusivity", f"symmetric interior penalty, p = 2; {_J}; with respect to k, -int dk grad u . grad w on cells",
          "the formula leaves out the jumps, O(h^(p+1)) on O(1/h) faces: order p for even p", "convergent",
          {"difference": 2, "discrete": 4, "continuous": 2, "objective": 4}, MIDDLE, _SIPG, 2, "by_diffusivity", varied=True),
    _case("nipg-2-diffusivity-transposed", f"non-symmetric interior penalty, p = 2; {_J}; with respect to k, the formula with the "
          "transposed scheme's solution", "jumps O(h) of the transposed scheme's solution, on O(1/h) faces, which the formula leaves out",
          "inconsistent", {"difference": 0, "discrete": 2, "continuous": 0, "objective": 2}, MIDDLE, _NIPG, 2,
          "by_diffusivity_transposed", varied=True),
)  # fmt: skip
