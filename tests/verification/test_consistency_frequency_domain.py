"""Frequency domain: the cases of the checker, the closed forms that they rest on, and errors planted in them."""

from importlib.util import find_spec

import numpy as np
import pytest

from adjointdesign.verification.consistency import cases, compare, run_case
from adjointdesign.verification.consistency.families import closed_waves as closed

NEEDS_FIREDRAKE = pytest.mark.skipif(find_spec("firedrake") is None, reason="needs Firedrake")


def second(function, x, step=1e-3):
    return (function(x + step) - 2 * function(x) + function(x - step)) / step**2


def test_the_open_guide_solves_its_equation_and_lets_waves_go_out():
    guide = closed.Guide()
    u = guide.radiated(guide.source)
    x = np.array([0.2, 0.9, 1.1, 2.0])
    left = -second(lambda t: u(t, t), x) - guide.beta**2 * u(x, x)
    assert np.abs(left - guide.source(x)).max() < 1e-4
    # Outward on both sides; in the layers the same function of the stretched coordinate, which decays.
    for at, sign in ((2.9, 1), (0.1, -1)):
        assert u(at + 0.01 * sign, at + 0.01 * sign) / u(at, at) == pytest.approx(np.exp(0.01j * guide.beta), abs=1e-10)
    beyond = np.array([3.0, 3.25, 3.5])
    s, stretch = guide.stretched(beyond)
    assert np.diff(np.abs(u(beyond, s))).max() < 0 and np.abs(u(beyond, s))[-1] < 1e-4 * np.abs(u(beyond, s))[0]
    assert stretch[1] == pytest.approx((guide.stretched(3.25 + 1e-6)[0] - guide.stretched(3.25 - 1e-6)[0]) / 2e-6)


def test_the_closed_square_solves_its_equation():
    square, x, y = closed.Square(), 0.3, 0.6

    def field(x, y):
        return closed.bump(x, square.state[0])[0] * closed.bump(y, square.state[1])[0]

    laplacian = second(lambda t: field(t, y), x, 3e-4) + second(lambda t: field(x, t), y, 3e-4)
    assert square.source(x, y, square.state) == pytest.approx(-laplacian - square.k**2 * field(x, y), rel=1e-5)


@NEEDS_FIREDRAKE
@pytest.mark.parametrize("case", cases("frequency-domain"), ids=lambda case: case.name)
def test_every_case_ends_as_declared(case):
    outcome = run_case(case)
    assert outcome.passed, outcome.wrong


@NEEDS_FIREDRAKE
@pytest.mark.parametrize("name", ["Guide", "Square", "Cube"])
def test_the_discrete_gradients_are_those_of_the_program(name):
    from adjointdesign.verification.consistency.families import frequency_fem

    problem = {
        "Guide": frequency_fem.Guide,
        "Square": lambda n: frequency_fem.Square(n, 1),
        "Cube": frequency_fem.Cube,
    }[name](4)
    value = (lambda change: abs(problem.reading(change)) ** 2) if name == "Cube" else problem.value
    direction, step = problem.moved()[1].dat.data_ro, 1e-4
    difference = (value(step * direction) - value(-step * direction)) / (2 * step)
    assert problem.discrete()[1] == pytest.approx(difference, rel=1e-6)


@pytest.mark.slow
@NEEDS_FIREDRAKE
def test_errors_in_the_shape_formula_are_inconsistent(monkeypatch):
    """Sources that would move along with the nodes, and a sign of the boundary form: neither vanishes with the mesh."""
    from adjointdesign.verification.consistency.families.frequency_fem import Square

    def found(**form):
        return compare(
            lambda n: Square(n, 1).discrete(), lambda n: Square(n, 1).continuous(**form), (16, 24, 32)
        ).verdict.name

    assert found() == "identical"
    right = Square._on_boundary
    monkeypatch.setattr(Square, "_on_boundary", lambda *arguments: -right(*arguments))
    assert found(boundary=True) == "inconsistent"
    right_volume = Square._in_volume
    monkeypatch.setattr(
        Square, "_in_volume", lambda self, u, w, v: right_volume(self, u, w, v) - self.source_term(self.g, u, v)
    )
    assert found() == "inconsistent"
