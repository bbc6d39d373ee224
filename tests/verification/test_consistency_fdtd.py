"""FDTD against the product of two runs' Fourier fields: the cases, their discrete gradients, budget, planted errors."""

from dataclasses import replace

import numpy as np
import pytest

from adjointdesign.verification.consistency import Sample, run_case
from adjointdesign.verification.consistency.families import fdtd, fdtd_product as products
from adjointdesign.verification.consistency.case import REST, error_budget
from adjointdesign.verification.consistency.families.fdtd import CASES, HABITS, PROJECTED, habitual, without
from adjointdesign.verification.consistency.families.fdtd_interface import moving
from adjointdesign.verification.consistency.families.fdtd_product import Layout, Level, Product, by_adjoint, by_product, measure

SLOW = ("fdtd-3d-product", "fdtd-ez-as-elsewhere")


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=[pytest.mark.slow] if c.name in SLOW else [], id=c.name) for c in CASES]
)
def test_case_ends_as_theory_says(case):
    outcome = run_case(case)
    assert outcome.passed, outcome.wrong


def changed(layout, step):
    """The objective in a medium changed by a step along the second direction."""

    def permittivity(component, h, *places):
        start = 1.0 if layout.permittivity is None else layout.permittivity(component, h, *places)
        return start + step * layout.changes(component, h, *places)[1]

    return by_adjoint(Level(replace(layout, permittivity=permittivity), 20))[1]


@pytest.mark.parametrize("layout", [PROJECTED, Layout("hz", "ey", permittivity=lambda c, h, x, y: 1.5 + 0.3 * x)])
def test_the_discrete_gradient_is_that_of_the_objective(layout):
    found = by_adjoint(Level(layout, 20))[0][1]
    assert found == pytest.approx((changed(layout, 1e-4) - changed(layout, -1e-4)) / 2e-4, rel=1e-6)


@pytest.mark.parametrize("polarization,average", [("ez", "hat"), ("ez", "box"), ("hz", "box"), ("hz", "harmonic")])
def test_the_discrete_gradient_is_that_of_a_moved_interface(polarization, average):
    """Held against an interface that has moved, which knows nothing of the chain rule through the averages."""
    found = by_adjoint(Level(moving(20, polarization, average)[0], 20))[0][2]
    step = 1e-5
    ahead, back = (by_adjoint(Level(moving(20, polarization, average, s, 2)[0], 20))[1] for s in (step, -step))
    assert found == pytest.approx((ahead - back) / (2 * step), rel=1e-5)


def conjugated(monkeypatch):
    right = Level.spectrum
    monkeypatch.setattr(Level, "spectrum", lambda *args: np.conj(right(*args)))


def half_a_step_late(monkeypatch):
    def late(level, dt, steps):
        t = (np.arange(steps) + 0.5) * dt
        return dt * np.exp(2j * np.pi * np.outer(products.FREQUENCIES, t + dt / 2)) @ np.real(level.layout.pulse(t))

    monkeypatch.setattr(Level, "spectrum", late)


@pytest.mark.parametrize("fault,verdict,order", [(conjugated, "inconsistent", 0), (half_a_step_late, "convergent", 1)])
def test_planted_error_is_classed(fault, verdict, order, monkeypatch):
    fault(monkeypatch)
    outcome = run_case(CASES[0])
    assert not outcome.passed and outcome.comparison.verdict.name == verdict
    assert outcome.comparison.verdict.fit.order == pytest.approx(order, abs=0.2)


def test_each_source_of_the_budget_is_found_when_it_is_planted_alone():
    """With one habit alone the whole difference is its; those that were never there have no part in it."""
    right = habitual(20, ())
    assert right.norm(right.discrete - right.continuous) < 1e-9 * right.scale
    for name in HABITS:
        full = habitual(20, (name,))
        assert full.norm(full.discrete - full.continuous) > 1e-9 * full.scale
        shares, _ = error_budget(full, {name: right, "another": full})
        assert shares == pytest.approx({name: 1.0, "another": 0.0, REST: 0.0}, abs=1e-2)


@pytest.mark.slow
def test_the_budget_adds_up_and_shows_what_has_no_name():
    terms = {name: without(name)(40) for name in HABITS}
    full = habitual(40)
    shares, sizes = error_budget(full, terms)
    assert sum(shares.values()) == pytest.approx(1)
    assert abs(shares[REST]) < 0.05 and max(shares, key=shares.get).startswith("fields half a cell aside")
    assert max(sizes, key=sizes.get).startswith("fields half a cell aside")

    # A run that ends earlier: what its end contributes grows.
    end = next(iter(HABITS))
    assert error_budget(planted(periods=13.0), {end: terms[end]})[1][end] > 10 * sizes[end]
    # A medium half a cell aside, which no habit names: what is left grows.
    without_one = {name: planted(name, aside=0.5) for name in HABITS}
    assert error_budget(planted(aside=0.5), without_one)[0][REST] > 0.5


def test_the_sharper_the_projection_the_more_it_costs_to_average_before_it(monkeypatch):
    name, found = next(name for name in HABITS if "projection" in name), []
    for sharpness in (2.0, 8.0):
        monkeypatch.setattr(fdtd, "SHARPNESS", sharpness)
        sample = habitual(30, (name,))
        found.append(sample.norm(sample.discrete - sample.continuous) / sample.scale)
    assert found[1] > 4 * found[0]


def planted(but: str = "", **faults):
    """`habitual` with faults in its choices, and one habit switched off."""
    choices = {key: value for name in HABITS if name != but for key, value in HABITS[name].items()}
    return measure(40, PROJECTED, Product(**(choices | faults)))


def test_budget_of_plain_numbers():
    gradient = np.array([3.0, 4.0])
    full = Sample(gradient, gradient - [0.1, 0.2])
    shares, sizes = error_budget(
        full, {"first": Sample(gradient, gradient - [0.0, 0.2]), "second": Sample(gradient, gradient - [0.1, 0.0])}
    )
    assert shares == pytest.approx({"first": 0.2, "second": 0.8, REST: 0.0}, abs=1e-12)
    assert sizes == pytest.approx({"first": 0.1 / 5, "second": 0.2 / 5, REST: 0.0}, abs=1e-12)
    # two that cancel: shares beyond one, and sizes that say so
    shares, sizes = error_budget(
        Sample(gradient, gradient - [0.1, 0]),
        {"up": Sample(gradient, gradient + [0.9, 0]), "down": Sample(gradient, gradient - [1.0, 0])},
    )
    assert shares == pytest.approx({"up": 10, "down": -9, REST: 0}) and sizes["up"] > 0.19
    assert error_budget(Sample(gradient, gradient), {"none": full}) == ({}, {})


def test_the_product_does_not_depend_on_the_solvers_adjoint(monkeypatch):
    from adjointdesign.solvers.fdtd_maxwell import FdtdMaxwell

    monkeypatch.setattr(FdtdMaxwell, "adjoint", None)
    assert np.all(np.isfinite(by_product(Level(Layout(), 20))))
