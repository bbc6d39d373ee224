"""Decibels, misses and the smooth maximum."""

import numpy as np
import pytest

from adjointdesign.objectives.decibels import LEAST_AMPLITUDE, LEAST_POWER, amplitude_decibels
from adjointdesign.objectives.s_parameters import decibels, ratio, smooth_maximum, violations
from adjointdesign.problem import Target
from adjointdesign.tape import Array, Control, ReducedFunctional, recording
from adjointdesign.verification.taylor import taylor_test


def test_decibels_are_those_of_power():
    # 20 log10 of the amplitude: 0.1 is -20 dB, and 1/sqrt(2) is -3.0103 dB
    assert decibels(np.array([1.0, 0.1j, -1 / np.sqrt(2)])) == pytest.approx([0.0, -20.0, -3.010299957], abs=1e-8)


def test_decibels_have_a_floor():
    assert decibels(np.array([0.0 + 0j])) == pytest.approx([-120.0])
    assert LEAST_AMPLITUDE**2 == pytest.approx(LEAST_POWER)


def test_decibels_for_people_are_those_of_the_objective():
    s = np.array([1.0, 0.3 - 0.2j, 1e-3j])
    assert amplitude_decibels(s) == pytest.approx(decibels(s), abs=1e-5)
    assert amplitude_decibels(0.0) == pytest.approx(-120.0)


def test_violations_have_the_sign_of_a_miss():
    passing = Target("S21", 1, -0.5, np.array([0, 2]))
    stopping = Target("S11", -1, -20.0, np.array([1]))
    values = [np.array([-0.2, -9.0, -1.5]), np.array([0.0, -17.0, 0.0])]
    assert violations(values, (passing, stopping)) == pytest.approx([-0.3, 1.0, 3.0])


def test_smooth_maximum_lies_between_mean_and_maximum_and_tends_to_both():
    values = np.array([-3.0, 1.0, 0.2, -20.0])
    assert values.mean() < smooth_maximum(values, 1.0) < values.max()
    assert smooth_maximum(values, 1e-3) == pytest.approx(values.max(), abs=2e-3)
    assert smooth_maximum(values, 1e5) == pytest.approx(values.mean(), abs=1e-3)


def test_smooth_maximum_does_not_overflow():
    assert np.isfinite(smooth_maximum(np.array([1e4, -1e4]), 0.1))


def test_whole_chain_is_differentiable_to_second_order():
    rng = np.random.default_rng(3)
    target = Target("S21", 1, -0.5, np.arange(5))
    start, direction = (Array(rng.normal(size=5) + 1j * rng.normal(size=5)) for _ in range(2))
    with recording() as tape:
        s = ratio(start, Array(rng.normal(size=5) + 2.0))
        functional = smooth_maximum(violations([decibels(s)], (target,)), 1.0)
        reduced = ReducedFunctional(functional, Control(start), tape=tape)
    assert taylor_test(reduced, start, direction).passed
    assert taylor_test(reduced, start, direction, order=2).passed
