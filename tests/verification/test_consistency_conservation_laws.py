"""Conservation laws: declared verdicts, transposed programs by Taylor tests, the exact adjoint, and what goes wrong
where."""

import numpy as np
import pytest
from scipy.optimize import fsolve

from adjointdesign.verification.consistency import run_case
from adjointdesign.verification.consistency.families import advection, burgers, conservation_laws
from adjointdesign.verification.consistency.families.burgers import CUBE, SHOCK, SMOOTH, STEP
from adjointdesign.verification.consistency.families.conservation_laws import LAX_FRIEDRICHS, LIMITED, SECOND, SMEARED, UPWIND
from adjointdesign.verification.consistency.families.finite_volume import _rate, _rate_transposed, solve, transposed
from adjointdesign.verification.taylor import taylor_along

CASES = {case.name: case for case in conservation_laws.CASES}
SCHEMES = {"upwind": UPWIND, "lax-friedrichs": LAX_FRIEDRICHS, "second": SECOND, "limited": LIMITED, "smeared": SMEARED}


@pytest.mark.parametrize("name", CASES)
def test_every_case_ends_as_declared(name):
    outcome = run_case(CASES[name])
    assert outcome.passed, outcome.wrong


@pytest.mark.parametrize("flow", [SMOOTH, SHOCK], ids=["smooth", "shock"])
@pytest.mark.parametrize("name", SCHEMES)
def test_transposed_programs(name, flow):
    """At a start and along a change without symmetry, where no cell sits on a switch of the scheme."""
    scheme, x = SCHEMES[name], (np.arange(60) + 0.5) / 60
    start = flow.initial(x) + 0.05 * np.cos(4 * np.pi * x + 1)
    change = np.cos(2 * np.pi * x + 0.4) + 0.3 * np.sin(6 * np.pi * x)

    def path(h):
        states, _, _ = solve(scheme, start + h * change, 0.3, 1.2)
        return float(np.sum(burgers.weight(x) * CUBE.value(states[-1])))

    states, dt, kept = solve(scheme, start, 0.3, 1.2)
    slope = change @ transposed(scheme, kept, burgers.weight(x) * CUBE.slope(states[-1]), dt)
    assert taylor_along(path, slope, largest_step=1e-4).passed
    assert not taylor_along(path, 1.001 * slope, largest_step=1e-4).passed


def test_transposed_advection():
    change = np.random.default_rng(0).standard_normal(40)
    start = advection.initial(np.arange(40) / 40)
    difference = advection.program(start + change) - advection.program(start)
    assert np.mean(advection.reverse(40) * change) == pytest.approx(difference, rel=1e-12)


@pytest.mark.parametrize("density", [CUBE, STEP], ids=["cube", "step"])
def test_the_exact_adjoint_across_the_shock(density):
    """Against the entropy solution by the formula of Lax: the shock is where two characteristics have one potential."""
    points, weights = np.polynomial.legendre.leggauss(60)

    def objective(size, j):
        angle = 0.3 * j
        u0 = lambda x: SHOCK.initial(x) + size * np.cos(2 * np.pi * j * x + angle)
        slope = lambda x: SHOCK.slope(x) - size * 2 * np.pi * j * np.sin(2 * np.pi * j * x + angle)
        wave = lambda x: np.sin(2 * np.pi * j * x + angle) / (2 * np.pi * j) if j else x
        potential = lambda x: -np.cos(2 * np.pi * x) / (2 * np.pi) + size * wave(x) + SHOCK.time * u0(x) ** 2 / 2
        meet = lambda ends: [
            ends[0] + SHOCK.time * u0(ends[0]) - ends[1] - SHOCK.time * u0(ends[1]),
            potential(ends[0]) - potential(ends[1]),
        ]
        left, right = fsolve(meet, [SHOCK.rim(), 1 - SHOCK.rim()], xtol=1e-12)
        xi, w = right - 1 + (left - right + 1) * (points + 1) / 2, (left - right + 1) * weights / 2
        u = u0(xi)
        return w @ (burgers.weight(xi + SHOCK.time * u) * density.value(u) * (1 + SHOCK.time * slope(xi)))

    slopes, exact = burgers.exact(SHOCK, density)
    assert objective(0, 1) == pytest.approx(exact, rel=1e-9)
    for j in range(burgers.DIRECTIONS):
        assert (objective(1e-5, j) - objective(-1e-5, j)) / 2e-5 == pytest.approx(slopes[j], rel=1e-5)


def test_what_the_shocks_of_the_upwind_flux_take_for_the_jump():
    """Two cells of u = b/sqrt 2 and -b/sqrt 2 give 3/2 of the right value, a cell of u = 0 gives none."""
    for cells, share in ((800, 1.5), (801, 0.0)):
        x = (np.arange(cells) + 0.5) / cells
        states, dt, kept = solve(UPWIND, SHOCK.initial(x), SHOCK.time, SHOCK.speed)
        p = transposed(UPWIND, kept, burgers.weight(x) * CUBE.slope(states[-1]), dt)
        exact = burgers.exact_gradient(SHOCK, CUBE, x)
        assert p[cells // 2] / exact[cells // 2] == pytest.approx(share, abs=0.02)


def test_where_the_limiter_changes_its_transpose_is_inconsistent():
    """Applied to a straight line, the transpose gives u as its velocity, but u/2 and 3u/2 in the cells where minmod
    changes sides."""
    for cells in (100, 400):
        x = (np.arange(cells) + 0.5) / cells
        u = 2 + np.sin(2 * np.pi * (x - 0.013))
        _, partials = _rate(LIMITED, u, 1 / cells)
        inner = slice(cells // 10, -cells // 10)
        speed = (_rate_transposed(partials, x, 1 / cells) / u)[inner]
        off = np.abs(speed - 1) > 0.2
        assert off.sum() == 2 and np.all(np.abs(x[inner][off] - 0.513) < 2 / cells)
        assert np.sort(speed[off]) == pytest.approx([0.5, 1.5], abs=6 / cells)


def test_faults_are_classed_otherwise(monkeypatch):
    """An adjoint that knows no shock condition, a program transposed with one wrong neighbor, and no limiter where
    one is declared."""
    smeared = CASES["burgers-shock-smeared"]
    with monkeypatch.context() as patch:
        good = burgers.along_characteristics
        unaware = lambda flow, *rest: good(SMOOTH, *rest)
        patch.setattr(burgers, "along_characteristics", unaware)
        assert run_case(smeared).comparison.verdict.name == "inconsistent"
    with monkeypatch.context() as patch:
        good = burgers.transposed
        patch.setattr(burgers, "transposed", lambda *which: np.roll(good(*which), 1))
        outcome = run_case(CASES["burgers-smooth-no-limiter"])
    assert outcome.comparison.orders["discrete"].order == pytest.approx(1, abs=0.2) and not outcome.passed
    swapped = {
        **vars(CASES["burgers-smooth-limiter-pointwise"]),
        "measure": CASES["burgers-smooth-no-limiter-pointwise"].measure,
    }
    assert not run_case(type(smeared)(**swapped)).passed
