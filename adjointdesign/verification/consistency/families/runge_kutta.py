"""Explicit Runge-Kutta schemes as tables, and the orders that conditions on their coefficients promise.

With ``c_i = sum_j a_ij`` and ``d_j = sum_i b_i a_ij`` the conditions are those of W. W. Hager, Numer. Math. 87, 247
(2000), Table 1, for an optimal control whose control values are free at every stage. They hold the classical ones of
J. C. Butcher (for given controls) and, from order 3 on, more: what is linear in d_i is classical, what is divided by
a b_i is not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

ROUNDING = 1e-14


@dataclass(frozen=True)
class Tableau:
    """Coefficients ``a`` (s, s), strictly lower triangular, and ``b`` (s,) of an explicit scheme of s stages."""

    name: str
    a: np.ndarray
    b: np.ndarray

    @property
    def c(self) -> np.ndarray:
        """Where in the step the stages lie."""
        return self.a.sum(axis=1)


def _tableau(name: str, rows, weights) -> Tableau:
    a = np.zeros((len(weights), len(weights)))
    for i, row in enumerate(rows, start=1):
        a[i, : len(row)] = row
    return Tableau(name, a, np.array(weights, dtype=float))


SCHEMES = {
    "euler": _tableau("Euler", [], [1]),
    "midpoint": _tableau("explicit midpoint rule", [[1 / 2]], [0, 1]),
    "heun": _tableau("Heun, order 2", [[1]], [1 / 2, 1 / 2]),
    "kutta3": _tableau("Kutta, order 3", [[1 / 2], [-1, 2]], [1 / 6, 2 / 3, 1 / 6]),
    "ssprk3": _tableau("SSPRK3 (Shu and Osher)", [[1], [1 / 4, 1 / 4]], [1 / 6, 1 / 6, 2 / 3]),
    "rk4": _tableau("classical Runge-Kutta, order 4", [[1 / 2], [0, 1 / 2], [0, 0, 1]], [1 / 6, 1 / 3, 1 / 3, 1 / 6]),
}


def classical_order(scheme: Tableau) -> int:
    """Order for a differential equation, at most 4."""
    a, b, c = scheme.a, scheme.b, scheme.c
    return _order(
        [
            [b.sum() - 1],
            [b @ c - 1 / 2],
            [b @ c**2 - 1 / 3, b @ a @ c - 1 / 6],
            [b @ c**3 - 1 / 4, (b * c) @ a @ c - 1 / 8, b @ a @ c**2 - 1 / 12, b @ a @ a @ c - 1 / 24],
        ]
    )


def control_order(scheme: Tableau) -> int:
    """Order of the solution of a control problem whose controls are free at each stage, at most 4.

    Zero when a weight is not positive: then the discrete solution need not come near the continuous one at all.
    """
    a, b, c = scheme.a, scheme.b, scheme.c
    if np.any(b <= 0):
        return 0
    d = b @ a
    return _order(
        [
            [b.sum() - 1],
            [d.sum() - 1 / 2],
            [c @ d - 1 / 6, b @ c**2 - 1 / 3, np.sum(d**2 / b) - 1 / 3],
            [
                b @ c**3 - 1 / 4, (b * c) @ a @ c - 1 / 8, d @ c**2 - 1 / 12, d @ a @ c - 1 / 24,
                np.sum(c * d**2 / b) - 1 / 12, np.sum(d**3 / b**2) - 1 / 4,
                (b * c) @ a @ (d / b) - 5 / 24, d @ a @ (d / b) - 1 / 8,
            ],
        ]
    )  # fmt: skip


def stage_order(scheme: Tableau) -> int:
    """Order of the gradient at the stages, for given controls; zero when a weight is not positive.

    Stage i of the transposed scheme stands for the time ``1 - d_i / b_i`` of the step. Where that is not ``c_i`` the
    costate is off by O(h); where it is, stages are of order 2, as those of any explicit scheme.
    """
    if np.any(scheme.b <= 0):
        return 0
    matched = np.max(np.abs(1 - (scheme.b @ scheme.a) / scheme.b - scheme.c)) < ROUNDING
    return min(classical_order(scheme), 2 if matched else 1)


def _order(residuals: list[list[float]]) -> int:
    """How many of the successive sets of conditions hold."""
    order = 0
    while order < len(residuals) and max(map(abs, residuals[order])) < ROUNDING:
        order += 1
    return order
