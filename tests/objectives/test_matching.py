"""Return loss, standing wave ratio and bandwidth of reflections whose values are known."""

import numpy as np
import pytest
from autograd.test_util import check_grads

from adjointdesign.errors import InputError
from adjointdesign.objectives.matching import (
    band_edges,
    fractional_bandwidth,
    isolation,
    mismatch_efficiency,
    return_loss,
    smooth_bandwidth,
    standing_wave_ratio,
    worst_reflection,
)
from adjointdesign.tape import Array, Control, ReducedFunctional, recording
from adjointdesign.verification.taylor import taylor_test

F = np.linspace(1e9, 3e9, 41)


def series_resonance(f, quality=8.0, at=2e9):
    """Of a matched series resonance, ``S11 = x / (x + 2)`` with ``x = -i Q (f/f0 - f0/f)``."""
    x = -1j * quality * (f / at - at / f)
    return x / (x + 2)


def test_a_load_of_twice_the_impedance():
    """|S11| = 1/3: 9.542 dB, eight ninths go in, standing wave ratio two (Pozar, section 2.3)."""
    s = np.array([1j / 3, 0.0])
    assert return_loss(s)[0] == pytest.approx(9.542425, abs=1e-5)
    assert isolation(s)[0] == return_loss(s)[0]
    assert return_loss(s)[1] == pytest.approx(120.0)
    assert mismatch_efficiency(s) == pytest.approx([8 / 9, 1.0])
    assert standing_wave_ratio(s) == pytest.approx([2.0, 1.0])
    assert standing_wave_ratio(np.array([1.0, 1.1])) == pytest.approx([2e6, 2.1e6])


def test_worst_reflection_lies_at_or_under_the_maximum():
    s = series_resonance(F)
    highest = 20 * np.log10(np.abs(s).max())
    assert highest - 2 < worst_reflection(s, 0.5) < highest
    assert worst_reflection(s, 1e-3) == pytest.approx(highest, abs=0.01)


def test_edges_of_a_band_are_those_of_the_closed_form():
    """|S11|^2 = 1/10 at x^2 = 4/9, so ``f2 - f1 = f0 2 / (3 Q)`` and ``f1 f2 = f0^2``; linear between samples to second order."""
    exact_width = 2e9 * 2 / (3 * 8.0)
    errors = []
    for n in (100, 200):
        total = 0.0
        for shift in np.linspace(0, 0.7e9 / n, 11)[:-1]:  # the error depends on where samples lie in the cell
            f = 1.7e9 + shift + np.arange(n) * 0.7e9 / n
            low, high = band_edges(series_resonance(f), f)
            total += abs(high - low - exact_width) + abs(low * high / 2e9 - 2e9)
        errors.append(total)
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)
    straight = 10 ** ((-20 + 15e-9 * np.abs(F - 2e9)) / 20)
    assert band_edges(straight, F) == pytest.approx([2e9 - 2e9 / 3, 2e9 + 2e9 / 3], rel=1e-9)
    edges = band_edges(series_resonance(F), F, -10.0, 2.1e9)
    assert fractional_bandwidth(edges) == pytest.approx((edges[1] - edges[0]) / edges.mean())
    assert fractional_bandwidth(np.array([1.0, 2.0])) == pytest.approx(2 / 3)


def test_bands_end_at_the_last_sample_and_may_be_empty():
    assert band_edges(np.full(F.size, 0.1), F) == pytest.approx([1e9, 3e9])
    assert band_edges(np.full(F.size, 0.9), F, -10.0, 2e9) == pytest.approx([2e9, 2e9])
    two = np.where((np.abs(F - 1.5e9) < 0.22e9) | (np.abs(F - 2.5e9) < 0.12e9), 0.1, 0.9)
    low, high = band_edges(two, F, -10.0, 2.5e9)
    assert 2.3e9 < low < 2.4e9 and 2.6e9 < high < 2.7e9  # the narrower one, asked for
    assert smooth_bandwidth(two, F, -10.0, 0.01) == pytest.approx(0.4e9 + 0.2e9 + 4 * 0.025e9)
    assert smooth_bandwidth(np.where(F < 2.02e9, 0.1, 0.9), F, -10.0, 0.01) == pytest.approx(1e9 + 0.025e9)
    assert smooth_bandwidth(np.full(F.size, 0.1), F, -20.0, 1.0) == pytest.approx(1e9)


def test_frequencies_must_ascend_and_fit():
    for f in (F[::-1], F[1:], F[:1]):
        with pytest.raises(InputError, match="frequencies"):
            band_edges(np.full(F.size, 0.1), f)


def test_all_are_differentiable():
    """Central differences for those that choose samples; the others on the tape to second order."""
    s = series_resonance(F + 3e6)
    check_grads(lambda x: band_edges(x, F) / 1e9, modes=["rev"], order=1)(s)
    check_grads(lambda x: band_edges(x, F, -10.0, 1.5e9) / 1e9, modes=["rev"], order=1)(s)
    rng = np.random.default_rng(2)
    start, direction = Array(s), Array(0.1 * (rng.normal(size=F.size) + 1j * rng.normal(size=F.size)))
    for function in (lambda x: smooth_bandwidth(x, F, -10.0, 2.0) * 1e-9, lambda x: worst_reflection(x, 0.5),
                     lambda x: standing_wave_ratio(x).mean(), lambda x: mismatch_efficiency(x).sum(),
                     lambda x: fractional_bandwidth(band_edges(x, F))):  # fmt: skip
        with recording() as tape:
            reduced = ReducedFunctional(function(start), Control(start), tape=tape)
        assert taylor_test(reduced, start, direction).passed
        assert taylor_test(reduced, start, direction, order=2).passed
