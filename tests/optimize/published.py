"""Published test problems: start, optimum and functions.

HS: W. Hock and K. Schittkowski, Test Examples for Nonlinear Programming Codes, Springer 1981, by problem number.
CB2, CB3, MAD1: L. Luksan and J. Vlcek, Test Problems for Nonsmooth Unconstrained and Linearly Constrained
Optimization, report 798, Institute of Computer Science, Prague 2000, problems 2.1, 2.2 and 4.1.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Case:
    name: str
    start: tuple
    optimum: float
    objective: object
    bounds: tuple | None = None
    constraints: tuple = ()


def hs1(x):
    a, b = x
    return 100 * (b - a**2) ** 2 + (1 - a) ** 2, [-400 * a * (b - a**2) - 2 * (1 - a), 200 * (b - a**2)]


def hs4(x):
    a, b = x
    return (a + 1) ** 3 / 3 + b, [(a + 1) ** 2, 1]


def hs5(x):
    a, b = x
    value = np.sin(a + b) + (a - b) ** 2 - 1.5 * a + 2.5 * b + 1
    return value, [np.cos(a + b) + 2 * (a - b) - 1.5, np.cos(a + b) - 2 * (a - b) + 2.5]


def hs45(x):
    return 2 - np.prod(x) / 120, [-np.prod(np.delete(x, i)) / 120 for i in range(5)]


def hs10(x):
    return x[0] - x[1], [1, -1]


def hs10_g(x):
    a, b = x
    return 3 * a**2 - 2 * a * b + b**2 - 1, [6 * a - 2 * b, 2 * b - 2 * a]


def hs12(x):
    a, b = x
    return 0.5 * a**2 + b**2 - a * b - 7 * a - 7 * b, [a - b - 7, 2 * b - a - 7]


def hs12_g(x):
    a, b = x
    return 4 * a**2 + b**2 - 25, [8 * a, 2 * b]


def hs43(x):
    a, b, c, d = x
    value = a**2 + b**2 + 2 * c**2 + d**2 - 5 * a - 5 * b - 21 * c + 7 * d
    return value, [2 * a - 5, 2 * b - 5, 4 * c - 21, 2 * d + 7]


def hs43_g(x):
    a, b, c, d = x
    values = [
        a**2 + b**2 + c**2 + d**2 + a - b + c - d - 8,
        a**2 + 2 * b**2 + c**2 + 2 * d**2 - a - d - 10,
        2 * a**2 + b**2 + c**2 + 2 * a - b - d - 5,
    ]
    rows = [
        [2 * a + 1, 2 * b - 1, 2 * c + 1, 2 * d - 1],
        [2 * a - 1, 4 * b, 2 * c, 4 * d - 1],
        [4 * a + 2, 2 * b - 1, 2 * c, -1],
    ]
    return values, rows


def hs100(x):
    a, b, c, d, e, f, g = x
    value = (a - 10) ** 2 + 5 * (b - 12) ** 2 + c**4 + 3 * (d - 11) ** 2 + 10 * e**6
    value += 7 * f**2 + g**4 - 4 * f * g - 10 * f - 8 * g
    slope = [2 * (a - 10), 10 * (b - 12), 4 * c**3, 6 * (d - 11), 60 * e**5]
    return value, [*slope, 14 * f - 4 * g - 10, 4 * g**3 - 4 * f - 8]


def hs100_g(x):
    a, b, c, d, e, f, g = x
    values = [
        2 * a**2 + 3 * b**4 + c + 4 * d**2 + 5 * e - 127,
        7 * a + 3 * b + 10 * c**2 + d - e - 282,
        23 * a + b**2 + 6 * f**2 - 8 * g - 196,
        4 * a**2 + b**2 - 3 * a * b + 2 * c**2 + 5 * f - 11 * g,
    ]
    rows = [
        [4 * a, 12 * b**3, 1, 8 * d, 5, 0, 0],
        [7, 3, 20 * c, 1, -1, 0, 0],
        [23, 2 * b, 0, 0, 0, 12 * f, -8],
        [8 * a - 3 * b, 2 * b - 3 * a, 4 * c, 0, 0, 5, -11],
    ]
    return values, rows


def cb2(x):
    a, b = x
    e = 2 * np.exp(b - a)
    values = [a**2 + b**4, (2 - a) ** 2 + (2 - b) ** 2, e]
    return values, [[2 * a, 4 * b**3], [2 * a - 4, 2 * b - 4], [-e, e]]


def cb3(x):
    a, b = x
    e = 2 * np.exp(b - a)
    values = [a**4 + b**2, (2 - a) ** 2 + (2 - b) ** 2, e]
    return values, [[4 * a**3, 2 * b], [2 * a - 4, 2 * b - 4], [-e, e]]


def mad1(x):
    a, b = x
    values = [a**2 + b**2 + a * b - 1, np.sin(a), -np.cos(b)]
    return values, [[2 * a + b, 2 * b + a], [np.cos(a), 0], [0, np.sin(b)]]


def mad1_g(x):
    return 0.5 - x[0] - x[1], [-1, -1]


BOUNDED = [
    Case("HS1", (-2, 1), 0.0, hs1, ((-np.inf, -1.5), (np.inf, np.inf))),
    Case("HS4, both bounds active", (1.125, 0.125), 8 / 3, hs4, ((1, 0), (np.inf, np.inf))),
    Case("HS5", (0, 0), -np.sqrt(3) / 2 - np.pi / 3, hs5, ((-1.5, -3), (4, 3))),
    Case("HS45, all bounds active", (0.5, 1, 1, 1, 1), 1.0, hs45, (np.zeros(5), np.arange(1.0, 6.0))),
]
CONSTRAINED = [
    Case("HS10, infeasible start", (-10, 10), -1.0, hs10, None, (hs10_g,)),
    Case("HS12", (0, 0), -30.0, hs12, None, (hs12_g,)),
    Case("HS43", (0, 0, 0, 0), -44.0, hs43, None, (hs43_g,)),
    Case("HS100", (1, 2, 0, 4, 0, 1, 1), 680.6300573, hs100, None, (hs100_g,)),
]
MINIMAX = [
    Case("CB2", (2, 2), 1.9522245, cb2),
    Case("CB3", (2, 2), 2.0, cb3),
    Case("MAD1", (1, 2), -0.38965952, mad1, None, (mad1_g,)),
    Case("MAD1, infeasible start", (-2, -1), -0.38965952, mad1, None, (mad1_g,)),
]
