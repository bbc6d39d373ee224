"""One objective, two formulas for it: -u'' = f on (0, 1) with u = 0 at both ends, and the flux u'(0) into the wall.

The equations' own gradient in f is known: dJ = integral of w df with -w'' = 0, w(0) = 1, w(1) = 0, so w = 1 - x.
"""

import numpy as np

from adjointdesign.verification.consistency import compare

FLUX = {"two points": np.array([-1.0, 1.0]), "three points": np.array([-1.5, 2.0, -0.5])}
"""Differences for u'(0), times the spacing: the first is of order 1, the second of order 2."""


def program(formula, n):
    """Gradient of the program in f at the inner nodes, as a function of place: A^T w = dJ/du, over the spacing."""
    h = 1 / n
    a = (2 * np.eye(n - 1) - np.eye(n - 1, k=1) - np.eye(n - 1, k=-1)) / h**2
    slope = np.zeros(n - 1)
    inner = FLUX[formula][1:]
    slope[: len(inner)] = inner / h
    return np.linalg.solve(a.T, slope) / h


def equations(n):
    """The same of the equations: 1 - x."""
    return 1 - np.arange(1, n) / n


for formula in FLUX:
    found = compare(lambda n: program(formula, n), equations, (16, 32, 64, 128), weights=lambda n: np.full(n - 1, 1 / n))
    print(f"{formula}: {found.verdict.name}; {found.verdict.reason}")
