"""The lattice's Green's function against closed forms."""

import math

import numpy as np
import pytest

from adjointdesign.media.lattice import bare_radius, resistance


def test_resistances_of_the_square_lattice():
    """1/4, 1/pi and 1/2 - 1/pi ... of the ideal lattice (Spitzer, sec. 15; half the resistances of the resistor problem)."""
    assert resistance(1, 0, 1.0) == pytest.approx(1 / 4, rel=1e-9)
    assert resistance(1, 1, 1.0) == pytest.approx(1 / math.pi, rel=1e-9)
    assert resistance(2, 0, 1.0) == pytest.approx(1 - 2 / math.pi, rel=1e-9)


def test_it_solves_the_equations_of_the_lattice():
    """A unit current leaves its node through four links, and none is left over elsewhere; on oblong cells."""
    r = 2.5

    def leaves(m, n):
        here = resistance(m, n, r)
        return sum(g * (resistance(abs(m + i), abs(n + j), r) - here) for g, i, j in ((r, 1, 0), (r, -1, 0), (1 / r, 0, 1), (1 / r, 0, -1)))

    assert leaves(0, 0) == pytest.approx(1.0, rel=1e-9)
    assert leaves(2, 1) == pytest.approx(0.0, abs=1e-9) and leaves(0, 3) == pytest.approx(0.0, abs=1e-9)


def test_radius_of_a_node():
    assert bare_radius(1.0) == pytest.approx(math.exp(-np.euler_gamma - 1.5 * math.log(2)), rel=1e-5)
